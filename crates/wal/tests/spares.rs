//! The files that wait to become segments: what they are named, that using one needs nothing of the disk, and what
//! becomes of them when something fails.

mod support;

use std::io::ErrorKind;

use support::{Model, OPTIONS, Record, State, files, fill_segment, id, open, segment_name};
use trellis_wal::testing::{MemDisk, Operation};
use trellis_wal::{Disk, Wal, WalError};

/// A log with a spare.
fn with_spare() -> (MemDisk, Wal) {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    supply(&mut wal).expect("a spare");
    (disk, wal)
}

fn supply(wal: &mut Wal) -> Result<(), WalError> {
    let made = wal.spare_wanted().expect("none is there").run();
    wal.supply_spare(made)
}

/// The numbers in the names of the segments' files, which must be all there are but for the manifest.
fn numbers(disk: &MemDisk) -> Vec<u64> {
    let names = files(disk).into_keys().filter(|name| name != "manifest");
    names.map(|name| name.strip_prefix("segment-").expect("a segment").parse().expect("a number")).collect()
}

/// Appends entries until there is an error.
fn append_until_refused(wal: &mut Wal) -> WalError {
    loop {
        let next = wal.last().map_or(0, |last| last.index + 1);
        if let Err(refused) = wal.append_entry(id(next), &[&[3; 500]]) {
            return refused;
        }
    }
}

#[test]
fn the_change_to_a_spare_changes_nothing_in_the_directory() {
    for operation in [Operation::Create, Operation::Rename, Operation::Remove, Operation::SyncDir] {
        let (disk, mut wal) = with_spare();
        disk.fail_after(operation, 0);
        fill_segment(&mut wal, 500);
        assert_eq!((wal.segment_numbers(), numbers(&disk)), (1..=2, vec![1, 2]));
        wal.sync().expect("a sync");

        let still_to_fail = match operation {
            Operation::Create => disk.create("file").map(|_| ()),
            Operation::Rename => disk.rename("manifest", "file"),
            Operation::Remove => disk.remove("manifest"),
            _ => disk.sync_dir(),
        };
        still_to_fail.expect_err("it was not used");
        let (after, recovered) = open(&disk.crash(0)).expect("the log opens");
        assert_eq!((State::of(&after), recovered.tail), (State::of(&wal), None));
    }
}

#[test]
fn the_change_to_a_spare_and_a_purge_need_no_space() {
    let (disk, mut wal) = with_spare();
    disk.limit_capacity(Some(disk.used_bytes()));
    for _ in 0..20 {
        let entries = fill_segment(&mut wal, 500);
        wal.sync().expect("a sync");
        let last = wal.last().expect("an entry").index;
        wal.purge(id(last - entries / 2)).expect("a purge");
        wal.purge(id(last - 1)).expect("a purge");
    }
    assert_eq!(wal.segment_numbers(), 21..=21);
    assert_eq!(numbers(&disk), [21, 22]);
    let (after, _) = open(&disk.crash(0)).expect("the log opens");
    assert_eq!(State::of(&after), State::of(&wal));
}

#[test]
fn a_spare_that_comes_after_the_change_it_was_made_for_is_there_for_the_next() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    let made = wal.spare_wanted().expect("none is there").run();
    fill_segment(&mut wal, 500);
    wal.sync().expect("a sync");
    assert!(files(&disk).contains_key("spare.tmp"));
    wal.supply_spare(made).expect("a spare");
    assert_eq!(numbers(&disk), [1, 2, 3]);
    fill_segment(&mut wal, 500);
    wal.sync().expect("a sync");
    let (after, _) = open(&disk.crash(0)).expect("the log opens");
    assert_eq!((State::of(&after), after.segment_numbers()), (State::of(&wal), 1..=3));
}

#[test]
fn an_oversize_segment_takes_the_name_of_a_spare() {
    let (disk, mut wal) = with_spare();
    let before = wal.space_left();
    wal.append_entry(id(0), &[&[9; 100_000]]).expect("an append");
    assert!(wal.space_left() < before - 3_500, "the spare is gone");
    wal.append_entry(id(1), &[&[9; 5_000]]).expect("an append");
    wal.sync().expect("a sync");
    assert_eq!((wal.segment_numbers(), numbers(&disk)), (1..=3, vec![1, 2, 3]));
    let (after, _) = open(&disk.crash(0)).expect("the log opens");
    assert_eq!(State::of(&after), State::of(&wal));
}

/// On a file system whose directories are full, a new name needs space.
#[test]
fn a_directory_without_room_for_a_name_is_a_full_disk() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    disk.fail_with(Operation::Rename, 0, ErrorKind::StorageFull);
    assert!(matches!(supply(&mut wal), Err(WalError::NoSpace { action: "naming", .. })));
    assert_eq!(numbers(&disk), [1], "what was made is removed");

    disk.fail_with(Operation::Rename, 0, ErrorKind::StorageFull);
    let refused = append_until_refused(&mut wal);
    assert!(matches!(refused, WalError::NoSpace { action: "naming", .. }), "{refused}");
    assert_eq!(numbers(&disk), [1], "what was made is removed");
    fill_segment(&mut wal, 500);
    wal.sync().expect("a sync");
    assert_eq!(wal.segment_numbers(), 1..=2);

    // A segment that can't get the name of a spare is removed.
    disk.fail_with(Operation::Rename, 0, ErrorKind::StorageFull);
    wal.purge(id(wal.last().expect("an entry").index - 1)).expect("a purge");
    assert_eq!(numbers(&disk), [2]);
    let (after, _) = open(&disk.crash(2)).expect("the log opens");
    assert_eq!(State::of(&after), State::of(&wal));
}

#[test]
fn only_a_full_disk_is_called_full() {
    for operation in [Operation::Create, Operation::Write, Operation::SyncData, Operation::Rename] {
        let disk = MemDisk::new();
        let (mut wal, _) = open(&disk).expect("an empty log");
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            disk.fail_with(operation, 0, kind);
            let refused = supply(&mut wal).expect_err("it was told to fail");
            assert!(matches!(refused, WalError::NoSpace { .. }), "{operation:?}: {refused}");
            assert!(refused.to_string().contains("free some disk space"), "{refused}");
        }
        for kind in [ErrorKind::Other, ErrorKind::ReadOnlyFilesystem, ErrorKind::FileTooLarge] {
            disk.fail_with(operation, 0, kind);
            let refused = supply(&mut wal).expect_err("it was told to fail");
            assert!(matches!(refused, WalError::NoFile { .. }) && refused.lacks_file(), "{refused}");
            assert!(!refused.to_string().contains("space"), "{refused}");
        }
        disk.clear_faults();
        supply(&mut wal).expect("the log is unharmed");
    }
    // Without its directory there is nothing to wait for.
    for operation in [Operation::Create, Operation::Rename] {
        let disk = MemDisk::new();
        let (mut wal, _) = open(&disk).expect("an empty log");
        disk.fail_with(operation, 0, ErrorKind::NotFound);
        let gone = supply(&mut wal).expect_err("it was told to fail");
        assert!(matches!(gone, WalError::Io { .. }) && !gone.lacks_file(), "{gone}");
    }
}

/// The log does not know then whether the segment with that name is in use.
#[test]
fn after_a_failure_no_spare_gets_a_name() {
    // The first sync is that of the file that is made without a spare: if it fails, the log goes on.
    for skip in 1..4 {
        let disk = MemDisk::new();
        let (mut wal, _) = open(&disk).expect("an empty log");
        let mut model = Model::default();
        let made = wal.spare_wanted().expect("none is there").run();
        disk.fail_after(Operation::SyncData, skip);
        for index in 0.. {
            if model.tell(&mut wal, Record::Entry(id(index), vec![3; 500])).is_err() {
                break;
            }
        }
        let before = disk.copy();
        let refused = wal.supply_spare(made);
        assert!(matches!(refused, Err(WalError::Stopped { .. })), "{refused:?}");
        assert_eq!(files(&disk), files(&before));
        drop(wal);
        disk.clear_faults();
        for seed in 0..40 {
            let (wal, _) = open(&disk.crash(seed)).unwrap_or_else(|error| panic!("{skip}, {seed}: {error}"));
            model.clone().check_reopened(&wal, model.safe);
        }
        let (wal, _) = open(&disk).expect("the log opens");
        model.check_reopened(&wal, model.safe);
    }
}

#[test]
fn a_failed_sync_of_the_directory_stops_the_log() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    let made = wal.spare_wanted().expect("none is there").run();
    disk.fail_after(Operation::SyncDir, 0);
    assert!(matches!(wal.supply_spare(made), Err(WalError::Io { .. })));
    assert!(matches!(wal.flush(), Err(WalError::Stopped { .. })));
}

#[test]
fn spares_are_found_at_the_next_start_and_those_of_no_use_are_removed() {
    let built = |spares: &[(u64, usize)]| {
        let disk = MemDisk::new();
        let (mut wal, _) = open(&disk).expect("an empty log");
        fill_segment(&mut wal, 500);
        wal.sync().expect("a sync");
        for (number, bytes) in spares {
            disk.put(&segment_name(*number), vec![7; *bytes]);
        }
        disk.put("spare.tmp", vec![0; 100]);
        let state = State::of(&wal);
        let (wal, _) = open(&disk).expect("the log opens");
        assert_eq!((State::of(&wal), wal.segment_numbers()), (state, 1..=2));
        let numbers = numbers(&disk);
        assert_eq!(wal.space_left() > 7_000, numbers.len() > 2, "{numbers:?}");
        // They serve, in any case.
        let mut again = open(&disk.crash(0)).expect("the log opens").0;
        fill_segment(&mut again, 500);
        fill_segment(&mut again, 500);
        numbers
    };
    let right = usize::try_from(OPTIONS.segment_bytes).expect("a small number");
    assert_eq!(built(&[]), [1, 2]);
    assert_eq!(built(&[(3, right)]), [1, 2, 3]);
    assert_eq!(built(&[(3, right), (4, right)]), [1, 2, 3, 4]);
    assert_eq!(built(&[(3, right), (4, right), (5, right)]), [1, 2, 3, 4], "two are enough");
    assert_eq!(built(&[(3, right - 1)]), [1, 2]);
    assert_eq!(built(&[(3, right + 4096), (4, right)]), [1, 2, 3], "it moves up");
    assert_eq!(built(&[(5, right), (9, right)]), [1, 2, 3, 4], "both move up");
}
