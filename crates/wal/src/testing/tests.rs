//! The disk in memory must really lose what it may lose: a test on a disk that is too kind proves nothing.

use std::collections::BTreeSet;

use super::{MemDisk, Operation};
use crate::Disk;

/// The distinct contents of the file after crashes under many seeds; none where there is no such file.
fn outcomes(disk: &MemDisk, name: &str) -> BTreeSet<Option<Vec<u8>>> {
    (0..200).map(|seed| disk.crash(seed).contents(name)).collect()
}

#[test]
fn synced_bytes_stay_and_unsynced_sectors_go_either_way() {
    let disk = MemDisk::new();
    let file = disk.create("file").expect("a file");
    file.write_at(0, &[1; 8192]).expect("a write");
    file.sync_data().expect("a sync");
    disk.sync_dir().expect("a sync");
    assert_eq!(outcomes(&disk, "file"), BTreeSet::from([Some(vec![1; 8192])]));

    file.write_at(512, &[2; 7000]).expect("a write");
    file.write_at(1024, &[3; 1]).expect("a write");
    let found = outcomes(&disk, "file");
    let sectors: BTreeSet<[u8; 3]> =
        found.iter().flatten().map(|contents| [contents[512], contents[1024], contents[1600]]).collect();
    for sector in [[1, 1, 1], [2, 3, 2], [2, 1, 2], [1, 2, 1], [2, 2, 1]] {
        assert!(sectors.contains(&sector), "{sector:?} never happens");
    }
    assert!(found.iter().flatten().all(|contents| contents[..512] == [1; 512]));
}

#[test]
fn a_name_lasts_after_a_sync_of_the_directory() {
    let disk = MemDisk::new();
    let file = disk.create("old").expect("a file");
    file.sync_data().expect("a sync");
    assert_eq!(outcomes(&disk, "old"), BTreeSet::from([None, Some(Vec::new())]));
    disk.sync_dir().expect("a sync");
    disk.rename("old", "new").expect("a renaming");
    for seed in 0..50 {
        let after = disk.crash(seed);
        assert_eq!(after.list().expect("a list").len(), 1, "a renaming is done or not");
    }
    disk.sync_dir().expect("a sync");
    assert_eq!(outcomes(&disk, "new"), BTreeSet::from([Some(Vec::new())]));
}

#[test]
fn a_failed_sync_loses_the_data_though_it_can_be_read() {
    let disk = MemDisk::new();
    let file = disk.create("file").expect("a file");
    disk.sync_dir().expect("a sync");
    file.write_at(0, b"lost").expect("a write");
    disk.fail_after(Operation::SyncData, 0);
    file.sync_data().expect_err("it was told to fail");
    file.sync_data().expect("the next one wrongly succeeds");
    assert_eq!(disk.contents("file").as_deref(), Some(&b"lost"[..]));
    assert_eq!(outcomes(&disk, "file"), BTreeSet::from([Some(Vec::new())]));
}

#[test]
fn a_full_disk_takes_what_fits_in_whole_blocks() {
    let disk = MemDisk::new();
    let file = disk.create("file").expect("a file");
    disk.limit_capacity(Some(8191));
    let error = file.write_at(4, &[1; 10_000]).expect_err("there is one block");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(disk.contents("file").map(|contents| contents.len()), Some(4096));
    assert_eq!(disk.used_bytes(), 4096);
    file.write_at(0, &[2; 4096]).expect("bytes that have their place");

    let small = disk.create("small").expect("a file");
    small.write_at(0, &[3]).expect_err("there is no other block");
    disk.limit_capacity(Some(8192));
    small.write_at(0, &[3]).expect("now there is");
    assert_eq!(disk.used_bytes(), 8192);
    small.write_at(4000, &[3; 96]).expect("it is in the same block");
    small.write_at(4000, &[3; 97]).expect_err("the last byte is not");
}

#[test]
fn without_power_nothing_works() {
    let disk = MemDisk::new();
    let file = disk.create("file").expect("a file");
    disk.power_off_at(2);
    assert!(!disk.is_off());
    file.write_at(0, b"x").expect_err("the power fails");
    assert!(disk.is_off());
    file.read_at(0, &mut [0]).expect_err("the power is off");
    disk.clear_faults();
    file.sync_data().expect_err("and stays off");
}

#[test]
fn an_operation_fails_once_and_as_it_was_told() {
    let disk = MemDisk::new();
    disk.fail_with(Operation::Create, 1, std::io::ErrorKind::StorageFull);
    disk.create("one").expect("a file");
    disk.rename("one", "two").expect("another operation");
    let error = disk.create("one").err().expect("it was told to fail");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(disk.list().expect("a list"), ["two"]);
    disk.create("one").expect("a file");
}
