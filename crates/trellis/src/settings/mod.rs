//! The settings of `trellis serve`: from text in flags, environment and file to one checked struct.
//!
//! [`table`] is the only list of settings; help, completions, man page, the keys of the file and
//! `docs/settings.md` all come from it. [`raw`] merges what the user gave, [`value`] reads single values, [`zoo`] makes
//! settings of a ZooKeeper server's configuration.
//! Nothing here opens a port or touches the data directory.

mod page;
mod raw;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod zoo;
mod zookeeper;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use crate::address::Address;

pub(crate) use raw::{Origin, Raw, SettingsError};
pub(crate) use table::{Complete, SETTINGS, Setting};
pub(crate) use zoo::ZooCfg;

/// Complete, checked settings of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServeSettings {
    /// The directory of log and snapshots. Not touched when `durability` is `Memory`.
    pub(crate) data_dir: PathBuf,
    /// Where beanstalkd's protocol is spoken; none when it is off.
    pub(crate) beanstalk: Vec<Address>,
    /// Where ZooKeeper's protocol is spoken; none when it is off.
    pub(crate) zookeeper: Vec<Address>,
    /// When a change is acknowledged.
    pub(crate) durability: Durability,
    /// The longest time between two fsyncs with `Durability::Interval`; `None` leaves it to the system.
    pub(crate) fsync_interval: Option<Duration>,
    /// The largest job body, 1 to 1008 MiB.
    pub(crate) max_job_size_bytes: u32,
    /// The largest request of ZooKeeper's protocol, 1 KiB to 1008 MiB.
    pub(crate) max_znode_size_bytes: u32,
    /// How many clients may be connected at once, at least 1.
    pub(crate) max_connections: u32,
    /// How much memory job bodies may take before puts are refused; `None` is no limit.
    pub(crate) max_memory_bytes: Option<u64>,
    /// The unit of the time-outs of ZooKeeper's sessions, 1 ms to 1 h.
    pub(crate) zookeeper_tick: Duration,
    /// The shortest time-out of such a session; `None` is 2 ticks.
    pub(crate) zookeeper_session_timeout_min: Option<Duration>,
    /// The longest time-out of such a session; `None` is 20 ticks.
    pub(crate) zookeeper_session_timeout_max: Option<Duration>,
    /// How many clients of that protocol an address may have, at least 1; `None` is no limit.
    pub(crate) zookeeper_max_connections_per_address: Option<u32>,
    /// The four-letter words that are answered.
    pub(crate) zookeeper_words: Vec<String>,
    /// The user that may do everything, and the hash of its password.
    pub(crate) zookeeper_super_digest: Option<String>,
    /// Whether hard quotas are enforced.
    pub(crate) zookeeper_enforce_quota: bool,
    /// The size of one file of the log, 1 MiB to 1 GiB.
    pub(crate) log_segment_bytes: u32,
    /// The form of the server's own messages.
    pub(crate) log_format: LogFormat,
    /// The least important message that is still written.
    pub(crate) log_level: LogLevel,
    /// Whom to become once the ports are bound.
    pub(crate) user: Option<String>,
    /// This node's number, 1 to 65535.
    pub(crate) node_id: u16,
}

impl Default for ServeSettings {
    /// What `trellis serve` does without any setting; a test holds it against the defaults in the table.
    fn default() -> Self {
        ServeSettings {
            data_dir: PathBuf::from("./trellis-data"),
            beanstalk: vec![Address::Tcp { host: "127.0.0.1".to_owned(), port: 11300 }],
            zookeeper: vec![Address::Tcp { host: "127.0.0.1".to_owned(), port: 2181 }],
            durability: Durability::Strict,
            fsync_interval: Some(Duration::from_millis(50)),
            max_job_size_bytes: 65535,
            max_znode_size_bytes: 0xf_ffff,
            max_connections: 16384,
            max_memory_bytes: None,
            zookeeper_tick: Duration::from_millis(2000),
            zookeeper_session_timeout_min: None,
            zookeeper_session_timeout_max: None,
            zookeeper_max_connections_per_address: Some(60),
            zookeeper_words: vec!["srvr".to_owned()],
            zookeeper_super_digest: None,
            zookeeper_enforce_quota: false,
            log_segment_bytes: 64 << 20,
            log_format: LogFormat::Text,
            log_level: LogLevel::Info,
            user: None,
            node_id: 1,
        }
    }
}

impl ServeSettings {
    /// The shortest and the longest time-out that a session of ZooKeeper's may have.
    pub(crate) fn zookeeper_session_timeouts(&self) -> (Duration, Duration) {
        let min = self.zookeeper_session_timeout_min.unwrap_or(self.zookeeper_tick * 2);
        (min, self.zookeeper_session_timeout_max.unwrap_or(self.zookeeper_tick * 20))
    }
}

/// When a change is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// After its fsync.
    Strict,
    /// After it is written to the log; fsync follows within the interval.
    Interval,
    /// At once; nothing is ever written.
    Memory,
}

/// The form of the server's own messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// Something failed.
    Error,
    /// Something may fail soon.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}
