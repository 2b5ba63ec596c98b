//! The two copies of the manifest: which one counts when they differ, and what becomes of a log whose copies are
//! damaged. The tests put a manifest of an earlier moment and one of a later moment together, as a crash between the
//! writes of the two copies does.

mod support;

use support::{MANIFEST_COPY_BYTES, Random, State, files, id, open};
use trellis_wal::testing::MemDisk;
use trellis_wal::{Wal, WalError};

/// A log before and after one change of the manifest.
struct Change {
    before: Vec<u8>,
    after: Vec<u8>,
    disk: MemDisk,
    wal: Wal,
}

fn manifest(disk: &MemDisk) -> Vec<u8> {
    disk.contents("manifest").expect("the manifest")
}

/// Appends an entry and syncs it.
fn append(wal: &mut Wal, bytes: usize) {
    let next = wal.last().map_or(0, |last| last.index + 1);
    wal.append_entry(id(next), &[&vec![1; bytes]]).expect("an append");
    wal.sync().expect("a sync");
}

/// A change to segment 3, of which the disk holds nothing but the header yet.
fn change_of_segment() -> Change {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    append(&mut wal, 3000);
    append(&mut wal, 3000);
    let before = manifest(&disk);
    // Begins the segment and stays in memory.
    wal.append_entry(id(2), &[&[1; 3000]]).expect("an append");
    assert_eq!(wal.segment_numbers(), 1..=3);
    Change { before, after: manifest(&disk), disk, wal }
}

/// A purge that gives segments 1 and 2 back.
fn purge() -> Change {
    let Change { after: before, disk, mut wal, .. } = change_of_segment();
    wal.sync().expect("a sync");
    wal.purge(id(1)).expect("a purge");
    assert_eq!(wal.segment_numbers(), 3..=3);
    Change { before, after: manifest(&disk), disk, wal }
}

impl Change {
    /// The disk with these copies in its manifest.
    fn with(&self, first: &[u8], second: &[u8]) -> MemDisk {
        let disk = self.disk.copy();
        let copies = [&first[..MANIFEST_COPY_BYTES], &second[MANIFEST_COPY_BYTES..]];
        disk.put("manifest", copies.concat());
        disk
    }

    /// The disk with the manifest from before the change in one copy and something else in the other, both ways round.
    fn with_older_beside(&self, other: &[u8]) -> [MemDisk; 2] {
        [self.with(&self.before, other), self.with(other, &self.before)]
    }
}

fn damaged(manifest: &[u8]) -> Vec<u8> {
    manifest.iter().map(|byte| byte ^ 1).collect()
}

/// The log must not open and nothing may be changed. Gives the reason.
fn refusal(disk: &MemDisk) -> WalError {
    let before = files(disk);
    let refused = open(disk).err().expect("it is damaged");
    assert_eq!(disk.operations(), 0, "{refused}");
    assert_eq!(files(disk), before, "{refused}");
    refused
}

#[test]
fn both_copies_are_the_same_at_rest_and_last_once_a_log_was_opened() {
    for change in [change_of_segment(), purge()] {
        for contents in [&change.before, &change.after, &manifest(&change.disk.copy())] {
            assert_eq!(contents[..MANIFEST_COPY_BYTES], contents[MANIFEST_COPY_BYTES..]);
        }
        assert_ne!(change.before, change.after);
        open(&change.disk).expect("the log opens");
        for seed in 0..20 {
            assert_eq!(manifest(&change.disk.crash(seed)), change.after, "seed {seed}");
        }
    }
}

#[test]
fn the_newer_of_two_copies_counts_and_the_older_one_is_brought_up_to_date() {
    for mut change in [change_of_segment(), purge()] {
        change.wal.sync().expect("a sync");
        for disk in change.with_older_beside(&change.after) {
            let (wal, recovered) = open(&disk).expect("the log opens");
            assert_eq!(State::of(&wal), State::of(&change.wal));
            assert_eq!(wal.segment_numbers(), change.wal.segment_numbers());
            assert_eq!(recovered.damaged_copy, None, "a crash between two writes is nothing to report");
            assert_eq!(manifest(&disk.crash(0)), change.after);
        }
    }
}

#[test]
fn a_change_whose_first_copy_is_torn_has_not_happened() {
    let change = change_of_segment();
    for disk in change.with_older_beside(&damaged(&change.after)) {
        let (mut wal, recovered) = open(&disk).expect("the log opens");
        assert_eq!((wal.last(), wal.segment_numbers()), (Some(id(1)), 1..=2));
        assert!(recovered.damaged_copy.is_some(), "it can't be told from damage");
        assert_eq!(manifest(&disk.crash(0)), change.before);
        let name = "segment-00000000000000000003";
        assert!(files(&disk).contains_key(name), "the file of segment 3 is used again");
        append(&mut wal, 3000);
        assert_eq!(wal.segment_numbers(), 1..=3);
        open(&disk.crash(1)).expect("the log opens");
    }
}

/// Two faults at once: power was lost right after the change, and the only copy of it is damaged.
#[test]
fn an_older_copy_alone_is_refused_when_the_segments_are_further() {
    let mut change = change_of_segment();
    change.wal.sync().expect("a sync");
    for disk in change.with_older_beside(&damaged(&change.after)) {
        let refused = refusal(&disk).to_string();
        assert!(refused.contains("segment-00000000000000000003 is damaged"), "{refused}");
        assert!(refused.contains("should not hold records"), "{refused}");
    }
    let change = purge();
    for disk in change.with_older_beside(&damaged(&change.after)) {
        let refused = refusal(&disk).to_string();
        assert!(refused.contains("segment-00000000000000000001 is missing"), "{refused}");
    }
}

#[test]
fn damage_to_both_copies_is_refused() {
    let seed = 5;
    let mut random = Random(seed);
    let change = purge();
    for position in 0..MANIFEST_COPY_BYTES {
        let mut contents = change.after.clone();
        let other = usize::try_from(random.below(MANIFEST_COPY_BYTES as u64)).expect("a small number");
        contents[position] ^= 1;
        contents[MANIFEST_COPY_BYTES + other] ^= 0x80;
        let disk = change.disk.copy();
        disk.put("manifest", contents);
        let refused = refusal(&disk);
        assert!(matches!(&refused, WalError::Corrupt { offset: 0, .. }), "seed {seed}: {refused}");
        let refused = refused.to_string();
        assert!(refused.contains("memory/manifest is damaged at byte 0: "), "seed {seed}: {refused}");
        assert!(refused.contains("its copy at byte 4096 is damaged, too: "), "seed {seed}: {refused}");
    }
}

#[test]
fn sound_copies_of_different_logs_are_refused() {
    let one = change_of_segment();
    // Another log with as many changes: its last one was a purge.
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    append(&mut wal, 3000);
    append(&mut wal, 3000);
    wal.purge(id(0)).expect("a purge");
    let refused = refusal(&one.with(&one.after, &manifest(&disk))).to_string();
    assert!(refused.contains("different segments under the same sequence number"), "{refused}");
}

#[test]
fn a_manifest_of_another_length_is_told_with_both_lengths() {
    let change = purge();
    for length in [0, 1, 40, 4095, 4096, 8191, 8193] {
        let disk = change.disk.copy();
        let mut contents = change.after.clone();
        contents.resize(length, 0);
        disk.put("manifest", contents);
        let refused = refusal(&disk).to_string();
        assert!(refused.contains(&format!("it has {length} bytes, but was made with 8192")), "{refused}");
    }
}
