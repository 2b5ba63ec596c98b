//! Failing writes and syncs, full disks, and what belongs to them: recycled files, oversize records.

mod support;

use std::sync::Arc;

use support::{
    FRAME_HEAD_BYTES, MANIFEST_COPY_BYTES, OPTIONS, SEGMENT_HEAD_BYTES, State, files, fill_segment, id, open,
    segment_name,
};
use trellis_wal::testing::{MemDisk, Operation};
use trellis_wal::{Options, Wal, WalError};

const SEGMENT: &str = "segment-00000000000000000001";

#[test]
fn the_first_failure_is_final_and_named() {
    for (operation, words) in [(Operation::Write, "writing"), (Operation::SyncData, "syncing")] {
        let disk = MemDisk::new();
        let (mut wal, _) = open(&disk).expect("an empty log");
        wal.append_entry(id(0), &[b"lost"]).expect("an append");
        disk.fail_after(operation, 0);
        let first = wal.sync().expect_err("it was told to fail").to_string();
        assert!(first.contains(words) && first.contains("memory/segment-"), "{first}");

        // The disk works again, but what it holds is not known.
        let later = [
            wal.append_entry(id(1), &[]).map(|_| ()),
            wal.save_vote(b"vote").map(|_| ()),
            wal.truncate_after(None).map(|_| ()),
            wal.purge(id(0)).map(|_| ()),
            wal.flush(),
            wal.sync(),
            wal.begin_sync().map(|_| ()),
            wal.read(0..1, 100).map(|_| ()),
        ];
        for outcome in later {
            match outcome {
                Err(WalError::Stopped { first: named }) => assert_eq!(named, first),
                other => panic!("{operation:?}: {other:?}"),
            }
        }
        assert!(wal.spare_wanted().is_none());
    }
}

#[test]
fn every_failing_operation_of_a_change_of_segment_stops_the_log_or_leaves_it_whole() {
    for operation in
        [Operation::Create, Operation::Rename, Operation::SyncDir, Operation::Write, Operation::SyncData]
    {
        for skip in 0.. {
            let disk = MemDisk::new();
            let (mut wal, _) = open(&disk).expect("an empty log");
            let before = disk.operations();
            disk.fail_after(operation, skip);
            let mut index = 0;
            let failed = loop {
                match wal.append_entry(id(index), &[&[1; 900]]) {
                    Err(error) => break Some(error),
                    Ok(_) if *wal.segment_numbers().end() > 1 => break None,
                    Ok(_) => index += 1,
                }
            };
            match failed {
                None => {
                    assert!(skip > 0, "{operation:?} is used in {} operations", disk.operations() - before);
                    break;
                }
                Some(error) if error.lacks_file() => {
                    assert!(
                        matches!(error, WalError::NoFile { .. }),
                        "nothing says that it is full: {error}"
                    );
                    wal.append_entry(id(index), &[&[1; 900]]).expect("the log goes on");
                    wal.sync().expect("a sync");
                }
                Some(_) => assert!(matches!(wal.flush(), Err(WalError::Stopped { .. }))),
            }
        }
    }
}

#[test]
fn what_a_failed_sync_lost_is_written_again_by_the_next_start() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    wal.append_entry(id(0), &[b"in the page cache only"]).expect("an append");
    disk.fail_after(Operation::SyncData, 0);
    wal.sync().expect_err("it was told to fail");
    drop(wal);

    // The system forgets that the pages are dirty: a sync alone would succeed and do nothing.
    let (wal, recovered) = open(&disk).expect("the log opens");
    assert_eq!(recovered.last, Some(id(0)));
    drop(wal);
    for seed in 0..20 {
        let (_, recovered) = open(&disk.crash(seed)).expect("the log opens");
        assert_eq!(recovered.last, Some(id(0)), "seed {seed}");
    }
}

#[test]
fn a_sync_elsewhere_that_fails_is_not_covered_up_by_one_that_succeeds() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    wal.append_entry(id(0), &[b"first"]).expect("an append");
    let pending = wal.begin_sync().expect("a pending sync");
    disk.fail_after(Operation::SyncData, 0);
    let failed = pending.run();
    // The log does not know yet, and the disk works again.
    wal.append_entry(id(1), &[b"second"]).expect("an append");
    let before = wal.durable();
    wal.sync().expect_err("data of the same file was lost");
    assert_eq!(wal.durable(), before);
    assert!(matches!(wal.finish_sync(failed), Err(WalError::Stopped { .. })));
}

#[test]
fn syncs_on_another_thread_move_the_durable_mark() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    let first = wal.append_entry(id(0), &[b"first"]).expect("an append");
    let pending = wal.begin_sync().expect("a pending sync");
    assert_eq!(pending.position(), first);
    let second = wal.append_entry(id(1), &[b"second"]).expect("an append");
    let done = std::thread::spawn(move || pending.run()).join().expect("the thread ends");
    assert!(wal.durable() < first);
    wal.finish_sync(done).expect("the sync succeeded");
    assert!(wal.durable() == first && first < second);

    // One that was begun before a change of segment says nothing new.
    let pending = wal.begin_sync().expect("a pending sync");
    fill_segment(&mut wal, 500);
    let durable = wal.durable();
    wal.finish_sync(pending.run()).expect("the sync succeeded");
    assert_eq!(wal.durable(), durable);
    assert!(second < durable);
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_keeps_the_rest() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    let spare = wal.spare_wanted().expect("none is there").run();
    assert!(wal.spare_wanted().is_none(), "one is being made");
    let without = wal.space_left();
    wal.supply_spare(spare).expect("a spare");
    assert!(wal.space_left() > without + 3_500);
    disk.limit_capacity(Some(disk.used_bytes()));

    // All of the space that was promised can be used, without a free byte.
    let record = 8 + FRAME_HEAD_BYTES as u64;
    let mut index = 0;
    while wal.space_left() >= record {
        wal.append_entry(id(index), &[&[7; 8]]).expect("there is space left");
        wal.sync().expect("a sync");
        index += 1;
    }
    let refused = wal.append_entry(id(index), &[&[7; 8]]);
    assert!(matches!(refused, Err(WalError::NoSpace { .. })), "{refused:?}");
    let made = wal.spare_wanted().expect("none is there").run();
    assert!(matches!(wal.supply_spare(made), Err(WalError::NoSpace { .. })));
    assert!(files(&disk).keys().all(|name| name != "spare.tmp"), "what was made of it is removed");

    // A log can be opened on a full disk, and a purge needs no space and gives some back.
    drop(wal);
    let (mut wal, _) = open(&disk).expect("the log opens");
    wal.purge(id(index - 2)).expect("a purge");
    assert_eq!(wal.segment_numbers(), 2..=2);
    wal.append_entry(id(index), &[&[7; 8]]).expect("there is space again");
    wal.sync().expect("a sync");
    let (wal, recovered) = open(&disk.crash(3)).expect("the log opens");
    assert_eq!(recovered.last, Some(id(index)));
    assert_eq!(State::of(&wal).entries.len(), 2);
}

#[test]
fn old_records_in_a_recycled_file_are_not_read_again() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    let entries = fill_segment(&mut wal, 40);
    let old = disk.contents(SEGMENT).expect("segment 1");
    wal.purge(id(entries - 1)).expect("a purge");
    let name = segment_name(3);
    assert_eq!(disk.contents(&name).as_deref(), Some(&old[..]), "the old file waits as it is");
    fill_segment(&mut wal, 40);
    let (_, recovered) = open(&disk.crash(0)).expect("the log opens");
    assert_eq!(recovered.tail, None, "no record of the new segment was written yet");
    wal.sync().expect("a sync");
    let recycled = disk.contents(&name).expect("segment 3");
    let tail = SEGMENT_HEAD_BYTES + 1_000..7_000;
    assert_eq!(recycled[tail.clone()], old[tail], "the old records are still in the file");

    let expected = State::of(&wal);
    let last = wal.last();
    let (wal, recovered) = open(&disk.crash(1)).expect("the log opens");
    assert_eq!((recovered.last, recovered.tail), (last, None));
    assert_eq!(State::of(&wal), expected);

    // Even when the end mark that separates new from old is lost.
    let damaged = disk.crash(1);
    let mut contents = recycled;
    let end = usize::try_from(wal.position().offset).expect("a small offset");
    contents.splice(end..end + FRAME_HEAD_BYTES, old[end..end + FRAME_HEAD_BYTES].iter().copied());
    damaged.put(&name, contents);
    let (wal, recovered) = open(&damaged).expect("the log opens");
    assert_eq!(recovered.last, last);
    assert_eq!(recovered.tail.map(|tail| tail.frames), Some(0));
    assert_eq!(State::of(&wal), expected);
}

#[test]
fn records_that_a_cut_removed_do_not_come_back() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    for index in 0..3 {
        wal.append_entry(id(index), &[&[5; 100]]).expect("an append");
    }
    wal.flush().expect("a flush");
    drop(wal);
    let frame_bytes = FRAME_HEAD_BYTES + 104;
    // The first of three unsynced records is torn, or its sector was never written.
    let torn: [fn(&mut [u8]); 2] = [|frame| frame[60] ^= 1, |frame| frame.fill(0)];
    for (damage, seen) in torn.iter().zip([3, 2]) {
        let torn = disk.copy();
        let mut contents = disk.contents(SEGMENT).expect("segment 1");
        damage(&mut contents[SEGMENT_HEAD_BYTES..SEGMENT_HEAD_BYTES + frame_bytes]);
        torn.put(SEGMENT, contents);
        let (mut wal, recovered) = open(&torn).expect("the log opens");
        let tail = recovered.tail.expect("a cut");
        assert_eq!((tail.offset, tail.frames), (SEGMENT_HEAD_BYTES as u64, seen), "{tail}");
        assert_eq!(tail.bytes, 3 * frame_bytes as u64, "{tail}");

        // A new record of the same size would lead right to the old second one.
        wal.append_entry(id(0), &[&[6; 100]]).expect("an append");
        wal.sync().expect("a sync");
        let (_, recovered) = open(&torn.crash(0)).expect("the log opens");
        assert_eq!((recovered.last, recovered.tail), (Some(id(0)), None));
    }
}

#[test]
fn a_record_larger_than_a_segment_gets_one_of_its_own() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    wal.append_entry(id(0), &[b"small"]).expect("an append");
    wal.append_entry(id(1), &[&[9; 100_000]]).expect("an append");
    wal.append_entry(id(2), &[b"small"]).expect("an append");
    wal.sync().expect("a sync");
    assert_eq!(disk.contents("segment-00000000000000000002").map(|file| file.len() > 100_000), Some(true));
    let (mut wal, _) = open(&disk.crash(0)).expect("the log opens");
    let entries = wal.read(0..3, 1_000).expect("readable entries");
    assert_eq!(entries.len(), 1, "the second would exceed the limit");
    let entries = wal.read(1..3, 1_000).expect("readable entries");
    assert_eq!(entries[0].payload, vec![9; 100_000], "the first is read however large it is");

    wal.append_entry(id(3), &[&[0; 3_900]]).expect("an append");
    wal.purge(id(2)).expect("a purge");
    assert!(files(&disk).values().filter(|file| file.len() > 100_000).count() <= 1);
}

#[test]
fn what_can_not_be_is_refused_and_changes_nothing() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    wal.append_entry(id(5), &[b"the first may have any index"]).expect("an append");
    let before = wal.position();
    let gap = wal.append_entry(id(7), &[]);
    assert!(matches!(gap, Err(WalError::NotNext { index: 7, expected: 6 })), "{gap:?}");
    let large = wal.save_vote(&[0; 65]);
    assert!(matches!(large, Err(WalError::TooLarge { bytes: 65, max: 64, .. })), "{large:?}");
    wal.truncate_after(Some(9)).expect("there is nothing to cut");
    assert_eq!(wal.position(), before);

    wal.purge(id(5)).expect("a purge");
    let cut = wal.truncate_after(Some(3));
    assert!(matches!(cut, Err(WalError::Purged { from: 4, purged: 5 })), "{cut:?}");
    assert_eq!((wal.first_index(), wal.last()), (6, Some(id(5))));

    for segment_bytes in [0, 4096, 10_000, 2 << 30] {
        let options = Options { segment_bytes, ..OPTIONS };
        let refused = Wal::open(Arc::new(MemDisk::new()), options).err();
        assert!(matches!(refused, Some(WalError::SegmentBytes { .. })), "{segment_bytes}");
    }
}

#[test]
fn live_bytes_are_counted_from_an_entry_on() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    for index in 0..20 {
        wal.append_entry(id(index), &[&[1; 952]]).expect("an append");
        if index == 15 {
            wal.flush().expect("a flush");
        }
    }
    assert!(*wal.segment_numbers().end() > 3);
    for index in 0..20 {
        assert_eq!(wal.bytes_since(index), (20 - index) * 1_000);
    }
    assert_eq!((wal.bytes_since(20), wal.live_bytes()), (0, 20_000));
    wal.purge(id(9)).expect("a purge");
    assert!(wal.live_bytes() < 15_000);
    assert_eq!(wal.bytes_since(3), wal.live_bytes());
}

/// What tells a newer version from a damaged one is the check, which is at the same place in all versions.
#[test]
fn a_newer_format_is_named_and_left_alone_and_damage_is_not_taken_for_one() {
    let disk = MemDisk::new();
    drop(open(&disk).expect("an empty log"));
    let manifest = disk.contents("manifest").expect("the manifest");
    let segment = disk.contents(SEGMENT).expect("the segment");
    // A newer manifest may well have another length.
    let longer = [&manifest[..], &[7; 100]].concat();
    let shorter = manifest[..100].to_vec();
    let second = MANIFEST_COPY_BYTES;
    let files = [
        ("manifest", manifest.clone(), 0..second, false),
        ("manifest", manifest, second..2 * second, false),
        ("manifest", longer, 0..second, true),
        ("manifest", shorter, 0..100, true),
        (SEGMENT, segment, 0..SEGMENT_HEAD_BYTES, true),
    ];
    for (name, mut contents, head, refused_if_damaged) in files {
        let changed = |contents: &[u8]| {
            let changed = disk.copy();
            changed.put(name, contents.to_vec());
            changed
        };
        let refusal = |contents: &[u8]| {
            let newer = changed(contents);
            let error = open(&newer).err().map(|error| error.to_string()).expect("it is not as it was");
            assert!(error.contains(&format!("memory/{name} ")), "{error}");
            assert_eq!(newer.operations(), 0);
            error
        };
        contents[head.start + 8] = 9;
        if refused_if_damaged {
            let error = refusal(&contents);
            assert!(error.contains("is damaged at byte ") && !error.contains("version"), "{error}");
        } else {
            let (_, recovered) = open(&changed(&contents)).expect("the other copy is sound");
            assert_eq!(recovered.damaged_copy.map(|copy| copy.offset), Some(head.start as u64));
        }

        let bytes = &contents[head.clone()];
        let check = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..]);
        contents[head.start + 12..head.start + 16].copy_from_slice(&check.to_le_bytes());
        let error = refusal(&contents);
        assert!(error.contains("format version 9") && error.contains("newer release"), "{error}");
    }
}

#[test]
fn the_log_and_its_jobs_can_go_to_other_threads() {
    fn is_send<T: Send>() {}
    is_send::<Wal>();
    is_send::<trellis_wal::PendingSync>();
    is_send::<trellis_wal::SyncDone>();
    is_send::<trellis_wal::SpareJob>();
    is_send::<trellis_wal::Spare>();
    is_send::<trellis_wal::snapshot::SnapshotWriter>();
    is_send::<trellis_wal::snapshot::SnapshotReader>();
}
