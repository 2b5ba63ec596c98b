//! The log and the machine against openraft's own storage test suite, on a real directory.

use std::sync::{Arc, Mutex};

use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;
use trellis_core::{ConnectionId, Outbox, tube, zk};
use trellis_wal::RealDisk;

use crate::applied::{Applied, Deliver};
use crate::fault::Fault;
use crate::gauge::LogGauge;
use crate::log_store::LogStore;
use crate::machine::Machine;
use crate::settings::{Durability, Settings};
use crate::snapshot::Snapshots;
use crate::types::{StorageError, Types};

struct Nowhere;

impl Outbox for Nowhere {
    fn tube(&mut self, _to: ConnectionId, _reply: tube::Reply<'_>) {}
    fn zk(&mut self, _to: ConnectionId, _zxid: zk::Zxid, _reply: zk::Reply<'_>) {}
    fn zk_event(&mut self, _event: zk::Event<'_>) {}
    fn zk_quota_exceeded(&mut self, _excess: zk::QuotaExcess<'_>) {}
    fn zk_connection_lost(&mut self, _session: zk::SessionId, _connection: ConnectionId) {}
    fn zk_session_ended(&mut self, _session: zk::SessionId, _connection: Option<ConnectionId>) {}
}

impl Deliver for Nowhere {
    fn flush(&mut self) {}
    fn refuse(&mut self, _to: ConnectionId) {}
    fn refuse_zk(&mut self, _to: ConnectionId) {}
}

struct Directories(Durability);

impl StoreBuilder<Types, LogStore, Machine, TempDir> for Directories {
    async fn build(&self) -> Result<(TempDir, LogStore, Machine), StorageError> {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            node: 1,
            data_dir: directory.path().to_owned(),
            durability: self.0,
            segment_bytes: 64 << 10,
            salt_seed: 1,
        };
        let gauge = Arc::new(LogGauge::default());
        let disk: Arc<dyn trellis_wal::Disk> = Arc::new(RealDisk::open(directory.path()).unwrap());
        let snapshots = Snapshots::open(Some(Arc::clone(&disk)), &settings, Arc::clone(&gauge)).unwrap();
        let log =
            LogStore::open(Some(disk), &settings, Arc::clone(&gauge), Arc::new(Fault::default())).unwrap();
        let applied = Arc::new(Mutex::new(Applied::new(&settings, Box::new(Nowhere))));
        Ok((directory, log, Machine::new(applied, snapshots, gauge, Arc::default())))
    }
}

fn run(durability: Durability) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Suite::test_all(Directories(durability))).unwrap();
}

#[test]
fn the_store_passes_openrafts_suite_when_every_entry_is_synced() {
    run(Durability::Strict);
}

#[test]
fn the_store_passes_openrafts_suite_when_syncs_have_an_interval() {
    run(Durability::Interval { sync: None });
}
