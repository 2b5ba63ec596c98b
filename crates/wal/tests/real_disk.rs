//! The log and snapshots in a directory of the operating system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use trellis_wal::snapshot::Snapshots;
use trellis_wal::testing::MemDisk;
use trellis_wal::{Disk, LogId, Options, RealDisk, Wal, WalError};

const OPTIONS: Options = Options { segment_bytes: 64 << 10, salt_seed: 1 };

fn id(index: u64) -> LogId {
    LogId { term: 1, node: 1, index }
}

#[test]
fn a_log_goes_on_through_many_segments_and_starts() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut next: u64 = 0;
    for start in 0..3 {
        let disk = Arc::new(RealDisk::open(directory.path()).expect("a free directory"));
        let (mut wal, recovered) = Wal::open(disk, OPTIONS).expect("the log opens");
        assert_eq!((recovered.created, recovered.tail), (start == 0, None));
        assert_eq!(recovered.last, next.checked_sub(1).map(id));
        for _ in 0..200 {
            wal.append_entry(id(next), &[&next.to_le_bytes(), &[1; 2000]]).expect("an append");
            next += 1;
            if let Some(job) = wal.spare_wanted() {
                let made = std::thread::spawn(move || job.run()).join().expect("the thread ends");
                wal.supply_spare(made).expect("a spare");
            }
        }
        wal.save_vote(b"vote").expect("a vote");
        wal.sync().expect("a sync");
        let first = wal.first_index();
        for entry in wal.read(first..next, u64::MAX).expect("readable entries") {
            assert_eq!(entry.payload[..8], entry.id.index.to_le_bytes());
        }
        wal.purge(id(next - 50)).expect("a purge");
        assert_eq!(wal.first_index(), next - 49);
        assert!(wal.segment_numbers().count() <= 3);
    }
}

#[test]
fn a_directory_in_use_is_refused_by_name() {
    let parent = tempfile::tempdir().expect("a directory");
    let path = parent.path().join("deep").join("data");
    let disk = RealDisk::open(&path).expect("a new directory");
    for made in [&path, &parent.path().join("deep")] {
        assert_eq!(fs::metadata(made).expect("it was made").permissions().mode() & 0o777, 0o700);
    }
    disk.create("file").expect("a file");
    assert_eq!(fs::metadata(path.join("file")).expect("it was made").permissions().mode() & 0o777, 0o600);

    let refused = RealDisk::open(&path).expect_err("it is in use");
    assert!(matches!(refused, WalError::Locked { .. }), "{refused}");
    assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
    drop(disk);
    RealDisk::open(&path).expect("it is free again");
}

#[test]
fn no_name_in_a_directory_makes_it_free() {
    let parent = tempfile::tempdir().expect("a directory");
    let path = parent.path().join("data");
    let disk = RealDisk::open(&path).expect("a new directory");
    disk.create("file").expect("a file");
    for entry in fs::read_dir(&path).expect("a directory") {
        fs::remove_file(entry.expect("a file").path()).expect("it can be removed");
    }
    assert!(matches!(RealDisk::open(&path), Err(WalError::Locked { .. })), "its files are not its lock");

    let moved = parent.path().join("moved");
    fs::rename(&path, &moved).expect("it can be moved");
    assert!(matches!(RealDisk::open(&moved), Err(WalError::Locked { .. })), "nor is its name");
}

#[test]
fn a_file_by_the_name_of_lock_is_of_no_consequence() {
    // Earlier servers made one.
    let directory = tempfile::tempdir().expect("a directory");
    let lock = fs::File::create(directory.path().join("LOCK")).expect("a file");
    lock.lock().expect("nobody else has it");
    for created in [true, false] {
        let disk = Arc::new(RealDisk::open(directory.path()).expect("a free directory"));
        let (_, recovered) = Wal::open(disk, OPTIONS).expect("the log opens");
        assert_eq!(recovered.created, created);
    }
    assert!(directory.path().join("LOCK").exists(), "what isn't known is left alone");
}

#[test]
fn a_directory_that_can_not_be_made_is_named() {
    let parent = tempfile::tempdir().expect("a directory");
    let path = parent.path().join("file").join("data");
    fs::write(parent.path().join("file"), b"not a directory").expect("a file");
    let refused = RealDisk::open(&path).expect_err("a file is in the way").to_string();
    assert!(refused.contains(&path.display().to_string()), "{refused}");
}

#[test]
fn an_open_file_keeps_the_directory_while_the_log_lives() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk = Arc::new(RealDisk::open(directory.path()).expect("a free directory"));
    let (wal, _) = Wal::open(disk, OPTIONS).expect("the log opens");
    assert!(matches!(RealDisk::open(directory.path()), Err(WalError::Locked { .. })));
    drop(wal);
    RealDisk::open(directory.path()).expect("it is free again");
}

#[test]
fn files_take_from_what_is_free() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk = RealDisk::open(directory.path()).expect("a free directory");
    assert!(disk.free_bytes().expect("the system knows") > 0);

    let disk = MemDisk::new();
    assert_eq!(disk.free_bytes().expect("it knows"), u64::MAX);
    disk.limit_capacity(Some(20_000));
    disk.put("file", vec![0; 5000]);
    assert_eq!(disk.free_bytes().expect("it knows"), 20_000 - 8192);
}

#[test]
fn a_snapshot_lies_beside_the_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(directory.path()).expect("a free directory"));
    let (wal, _) = Wal::open(Arc::clone(&disk), OPTIONS).expect("the log opens");
    let snapshots = Snapshots::open(Arc::clone(&disk)).expect("the snapshots");
    let mut writer = snapshots.create(5, b"meta").expect("a writer");
    let finished = std::thread::spawn(move || {
        writer.write(b"chunk")?;
        writer.finish()
    });
    finished.join().expect("the thread ends").expect("a snapshot");
    drop(wal);
    Wal::open(disk, OPTIONS).expect("the log opens beside a snapshot");
    let chunks: Result<Vec<_>, _> = snapshots.read(5).expect("the snapshot").collect();
    assert_eq!(chunks.expect("sound chunks"), ["chunk"]);
}
