//! Snapshot files: whole or absent after any crash, and never wrong without an error.

mod support;

use std::sync::Arc;

use support::{Random, files};
use trellis_wal::WalError;
use trellis_wal::snapshot::{SnapshotReader, Snapshots};
use trellis_wal::testing::{MemDisk, Operation};

const NAME: &str = "snapshot-00000000000000000009";

fn snapshots(disk: &MemDisk) -> Snapshots {
    Snapshots::open(Arc::new(disk.clone())).expect("a directory that can be read")
}

fn write(disk: &MemDisk, number: u64, chunks: &[Vec<u8>]) -> Result<u64, WalError> {
    let mut writer = Snapshots::open(Arc::new(disk.clone()))?.create(number, b"what it is")?;
    chunks.iter().try_for_each(|chunk| writer.write(chunk))?;
    writer.finish()
}

fn read(disk: &MemDisk, number: u64) -> Result<Vec<Vec<u8>>, WalError> {
    let reader = SnapshotReader::open(disk, number)?;
    assert_eq!(reader.meta(), b"what it is");
    reader.map(|chunk| Ok(chunk?.to_vec())).collect()
}

fn small_chunks() -> Vec<Vec<u8>> {
    vec![b"one".to_vec(), Vec::new(), vec![0; 40], b"four".to_vec()]
}

#[test]
fn chunks_of_all_sizes_are_read_back() {
    let mut random = Random(11);
    // Some lie across the pieces in which the file is read and written, and the last is larger than both.
    let mut chunks: Vec<Vec<u8>> = (0..400)
        .map(|_| {
            let length = random.below(12_000);
            random.bytes(length)
        })
        .collect();
    chunks.push(random.bytes(3 << 20));
    let disk = MemDisk::new();
    let size = write(&disk, 9, &chunks).expect("a snapshot");
    assert_eq!(disk.contents(NAME).map(|file| file.len() as u64), Some(size));
    assert_eq!(read(&disk, 9).expect("a whole snapshot"), chunks);
    write(&disk, 10, &[]).expect("an empty snapshot");
    assert_eq!(read(&disk, 10).expect("an empty snapshot"), Vec::<Vec<u8>>::new());
}

#[test]
fn every_damaged_byte_and_every_shortening_is_noticed() {
    let disk = MemDisk::new();
    write(&disk, 9, &small_chunks()).expect("a snapshot");
    let whole = disk.contents(NAME).expect("the file");
    let check = |damaged: Vec<u8>, what: String| {
        disk.put(NAME, damaged);
        let error = read(&disk, 9).expect_err(&what);
        assert!(matches!(error, WalError::Corrupt { .. }), "{what}: {error}");
        let error = error.to_string();
        assert!(error.contains(&format!("memory/{NAME} is damaged at byte ")), "{what}: {error}");
        assert!(error.contains("restore the whole directory from a copy"), "{what}: {error}");
    };
    for position in 0..whole.len() {
        for new in [!whole[position], whole[position] ^ 1, 0] {
            if new != whole[position] {
                let mut damaged = whole.clone();
                damaged[position] = new;
                check(damaged, format!("byte {position} as {new}"));
            }
        }
    }
    for length in 0..whole.len() {
        check(whole[..length].to_vec(), format!("{length} bytes"));
    }
    let longer = [&whole[..], b"more"].concat();
    check(longer, "a longer file".to_owned());
}

#[test]
fn a_newer_format_is_named() {
    let disk = MemDisk::new();
    write(&disk, 9, &small_chunks()).expect("a snapshot");
    let mut newer = disk.contents(NAME).expect("the file");
    newer[8] = 9;
    // The head with its description, but for the check itself.
    let check = crc32c::crc32c_append(crc32c::crc32c(&newer[..12]), &newer[16..32 + 10]);
    newer[12..16].copy_from_slice(&check.to_le_bytes());
    disk.put(NAME, newer);
    let error = read(&disk, 9).expect_err("it is not known");
    assert!(matches!(error, WalError::UnknownVersion { version: 9, known: 1, .. }), "{error}");
}

#[test]
fn a_snapshot_under_another_number_is_noticed() {
    let disk = MemDisk::new();
    write(&disk, 8, &small_chunks()).expect("a snapshot");
    disk.put(NAME, disk.contents("snapshot-00000000000000000008").expect("the file"));
    assert!(matches!(read(&disk, 9), Err(WalError::Corrupt { .. })));
}

#[test]
fn an_error_ends_the_chunks() {
    let disk = MemDisk::new();
    write(&disk, 9, &small_chunks()).expect("a snapshot");
    let mut damaged = disk.contents(NAME).expect("the file");
    // The content of the first chunk, behind the head, its description and the chunk's own head.
    let at = 32 + 10 + 32;
    damaged[at] ^= 1;
    disk.put(NAME, damaged);
    let mut reader = SnapshotReader::open(&disk, 9).expect("a sound head");
    match reader.next() {
        Some(Err(WalError::Corrupt { offset, .. })) => assert_eq!(offset, 32 + 10),
        other => panic!("{other:?}"),
    }
    assert!(reader.next().is_none());
}

#[test]
fn a_crash_at_any_operation_leaves_the_old_snapshot_and_a_whole_new_one_or_none() {
    let old = vec![b"old".to_vec()];
    let new = vec![vec![1; 300_000], vec![2; 700], vec![3; 300_000]];
    let prepared = MemDisk::new();
    write(&prepared, 8, &old).expect("a snapshot");
    let whole = prepared.copy();
    write(&whole, 9, &new).expect("a snapshot");
    let mut found_new = 0;
    for operation in 1..=whole.operations() {
        let disk = prepared.copy();
        disk.power_off_at(operation);
        write(&disk, 9, &new).expect_err("the power fails");
        for seed in 0..10 {
            let after = disk.crash(seed);
            let what = format!("operation {operation}, seed {seed}");
            let store = snapshots(&after);
            assert!(files(&after).keys().all(|name| !name.ends_with(".tmp")), "{what}");
            assert_eq!(read(&after, 8).expect(&what), old, "{what}");
            if store.latest().expect(&what) == Some(9) {
                assert_eq!(read(&after, 9).expect(&what), new, "{what}");
                found_new += 1;
            }
        }
    }
    assert!(found_new > 0, "a crash right at the end may keep the new one");
    // And once it is finished, it stays.
    assert_eq!(read(&whole.crash(1), 9).expect("a safe snapshot"), new);
}

#[test]
fn a_failed_or_abandoned_snapshot_leaves_nothing() {
    let chunks = vec![vec![1; 300_000]];
    for operation in [Operation::Create, Operation::Write, Operation::SyncData, Operation::Rename] {
        let disk = MemDisk::new();
        disk.fail_after(operation, 0);
        write(&disk, 9, &chunks).expect_err("it was told to fail");
        assert!(files(&disk).is_empty(), "{operation:?}");
    }
    let disk = MemDisk::new();
    disk.limit_capacity(Some(100_000));
    write(&disk, 9, &chunks).expect_err("the disk is full");
    assert!(files(&disk).is_empty());
    drop(snapshots(&disk).create(9, b"abandoned"));
    assert!(files(&disk).is_empty());
}

#[test]
fn older_snapshots_are_listed_and_removed() {
    let disk = MemDisk::new();
    let store = snapshots(&disk);
    assert_eq!(store.latest().expect("a list"), None);
    for number in [12, 3, 100] {
        write(&disk, number, &small_chunks()).expect("a snapshot");
    }
    disk.put("snapshot-notes.txt", b"someone else's".to_vec());
    assert_eq!(store.list().expect("a list"), [3, 12, 100]);
    store.remove_older(100).expect("a removal");
    assert_eq!(store.list().expect("a list"), [100]);
    assert_eq!(snapshots(&disk.crash(0)).list().expect("a list"), [100]);
    assert!(disk.contents("snapshot-notes.txt").is_some());
}

#[test]
fn what_is_too_large_is_refused() {
    let disk = MemDisk::new();
    let meta = vec![0; trellis_wal::limits::SNAPSHOT_META_BYTES_MAX + 1];
    assert!(matches!(snapshots(&disk).create(1, &meta), Err(WalError::TooLarge { .. })));
}
