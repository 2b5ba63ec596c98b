//! Damage to every byte of a small log in turn, and to whole files. What must happen is stated here by what the
//! test knows of the log's making, not by asking the log.

mod support;

use support::built::{Built, Frame};
use support::{FRAME_HEAD_BYTES, MANIFEST_COPY_BYTES, Record, SEGMENT_HEAD_BYTES, State, files, id, open};
use trellis_wal::testing::MemDisk;
use trellis_wal::{Wal, WalError};

/// What has to happen.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// The log does not open and nothing is changed. Offset of the record to be named, if it is one.
    Refused(Option<usize>),
    /// The record and all behind it are cut off.
    Cut(usize),
    /// All records are there.
    Whole { tail_reported: bool },
    /// All records are there, and so is again what was damaged. Offset of the copy that was made again.
    Repaired(usize),
}

/// The rule, for a change of one byte.
///
/// - A copy of the manifest: made again from the other one.
/// - The segments' heads: refused.
/// - A record of any segment but the last: refused, since a segment is synced before the next begins.
/// - A record of the last segment: refused if a later record was made when that one had been synced, else cut.
/// - A spare, which is a file behind the last segment, and everything else holds no data. A change of the end mark can't be told from a torn record.
fn expected(built: &Built, name: &str, position: usize) -> Expected {
    if name == "manifest" {
        return Expected::Repaired(position / MANIFEST_COPY_BYTES * MANIFEST_COPY_BYTES);
    }
    let segment = Built::number_of(name);
    if segment > built.last_segment {
        return Expected::Whole { tail_reported: false };
    }
    if position < SEGMENT_HEAD_BYTES {
        return Expected::Refused(None);
    }
    let Some(number) = built.frame_at(segment, position) else {
        let end = built.end_of(segment);
        let in_mark = segment == built.last_segment && (end..end + FRAME_HEAD_BYTES).contains(&position);
        return Expected::Whole { tail_reported: in_mark };
    };
    let start = built.frames[number].start;
    let proved = built.frames[number + 1..].iter().any(|later| later.synced > start);
    if segment != built.last_segment || proved {
        Expected::Refused(Some(start))
    } else {
        Expected::Cut(number)
    }
}

/// The rule for a file that is missing, or not as long as it was: only spares are not needed.
fn without_the_whole(built: &Built, name: &str) -> Expected {
    if name != "manifest" && Built::number_of(name) > built.last_segment {
        Expected::Whole { tail_reported: false }
    } else {
        Expected::Refused(None)
    }
}

fn check(built: &Built, disk: &MemDisk, name: &str, expected: Expected, what: &str) {
    let before = files(disk);
    let opened = open(disk);
    match (expected, opened) {
        (Expected::Refused(start), Err(error)) => {
            assert_eq!(files(disk), before, "{what}: nothing may be changed");
            assert_eq!(disk.operations(), 0, "{what}: nothing may be changed");
            match (start, &error) {
                (Some(start), WalError::Corrupt { file, offset, .. }) => {
                    assert_eq!((&file["memory/".len()..], *offset), (name, start as u64), "{what}");
                }
                (
                    None,
                    WalError::Corrupt { file, .. }
                    | WalError::Shortened { file, .. }
                    | WalError::Missing { file, .. },
                ) => assert_eq!(&file["memory/".len()..], name, "{what}"),
                _ => panic!("{what}: {error}"),
            }
        }
        (Expected::Cut(number), Ok((mut wal, recovered))) => {
            assert_eq!(State::of(&wal), built.state_after(number), "{what}");
            let tail = recovered.tail.unwrap_or_else(|| panic!("{what}: the cut must be reported"));
            assert_eq!(tail.offset, built.frames[number].start as u64, "{what}");
            assert!(tail.file.ends_with(name), "{what}: {}", tail.file);
            let index = State::of(&wal).next_index();
            wal.append_entry(id(index), &[b"after the cut"]).expect(what);
            wal.sync().expect(what);
            let (again, recovered) = open(&disk.crash(0)).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(recovered.tail, None, "{what}");
            assert_eq!(again.last(), Some(id(index)), "{what}");
        }
        (Expected::Whole { tail_reported }, Ok((wal, recovered))) => {
            assert_eq!(State::of(&wal), built.state_after(built.frames.len()), "{what}");
            assert_eq!(recovered.tail.is_some(), tail_reported, "{what}: {:?}", recovered.tail);
            assert_eq!(recovered.damaged_copy, None, "{what}");
        }
        (Expected::Repaired(copy), Ok((wal, recovered))) => {
            assert_eq!(State::of(&wal), built.state_after(built.frames.len()), "{what}");
            let damaged = recovered.damaged_copy.unwrap_or_else(|| panic!("{what}: it must be reported"));
            assert_eq!((&damaged.file["memory/".len()..], damaged.offset), (name, copy as u64), "{what}");
            assert_eq!(disk.crash(0).contents(name), built.disk.contents(name), "{what}");
            let (_, recovered) = open(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(recovered.damaged_copy, None, "{what}");
        }
        (expected, Err(error)) => panic!("{what}: expected {expected:?}, but {error}"),
        (expected, Ok((_, recovered))) => panic!("{what}: expected {expected:?}, but {recovered:?}"),
    }
}

#[test]
fn every_damaged_byte_is_refused_or_cut_as_the_rule_says() {
    let built = Built::new();
    let mut outcomes = [0; 4];
    for (name, contents) in files(&built.disk) {
        for position in 0..contents.len() {
            let old = contents[position];
            for new in [!old, old ^ 1, 0].into_iter().filter(|new| *new != old) {
                let expected = expected(&built, &name, position);
                outcomes[match expected {
                    Expected::Refused(_) => 0,
                    Expected::Cut(_) => 1,
                    Expected::Whole { .. } => 2,
                    Expected::Repaired(_) => 3,
                }] += 1;
                let disk = built.disk.copy();
                let mut damaged = contents.clone();
                damaged[position] = new;
                disk.put(&name, damaged);
                check(
                    &built,
                    &disk,
                    &name,
                    expected,
                    &format!("byte {position} of {name} from {old} to {new}"),
                );
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 500), "every kind of outcome was met: {outcomes:?}");
}

/// A crash shortens no file, since each has all of its bytes before it is put to use. So also the last segment, whose
/// end may be torn, is refused when it was cut: nobody can tell what was in the rest.
#[test]
fn every_file_of_another_length_is_refused() {
    let built = Built::new();
    for (name, contents) in files(&built.disk) {
        let longer = [&contents[..], &[0]].concat();
        let shortened = (0..contents.len()).map(|length| contents[..length].to_vec());
        for changed in shortened.chain([longer]) {
            let what = format!("{name} with {} instead of {} bytes", changed.len(), contents.len());
            let disk = built.disk.copy();
            disk.put(&name, changed);
            check(&built, &disk, &name, without_the_whole(&built, &name), &what);
        }
    }
}

#[test]
fn a_cut_last_segment_opens_with_what_is_left_once_it_is_filled_up_as_the_error_says() {
    let built = Built::new();
    let name = Built::name_of(built.last_segment);
    let whole = built.disk.contents(&name).expect("the file");
    for length in SEGMENT_HEAD_BYTES..whole.len() {
        let disk = built.disk.copy();
        disk.put(&name, whole[..length].to_vec());
        let refused = open(&disk).err().map(|error| error.to_string()).expect("it was cut");
        let advice = format!("`truncate -s {} memory/{name}`", whole.len());
        assert!(
            refused.contains(&format!("has only {length} of its")) && refused.contains(&advice),
            "{refused}"
        );

        let mut filled = whole[..length].to_vec();
        filled.resize(whole.len(), 0);
        disk.put(&name, filled.clone());
        let what = format!("{name} cut to {length} bytes and filled up");
        let (wal, recovered) = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
        let kept =
            |frame: &&Frame| frame.segment != built.last_segment || filled[..frame.end] == whole[..frame.end];
        let kept = built.frames.iter().filter(kept).count();
        assert_eq!(State::of(&wal), built.state_after(kept), "{what}: {recovered:?}");
    }
}

#[test]
fn a_missing_file_is_refused() {
    let built = Built::new();
    for name in files(&built.disk).into_keys() {
        let disk = built.disk.copy();
        disk.take(&name);
        check(&built, &disk, &name, without_the_whole(&built, &name), &format!("without {name}"));
    }
}

#[test]
fn a_missing_file_is_told_with_what_is_there() {
    let built = Built::new();
    let refusal_without = |names: &[&str]| {
        let disk = built.disk.copy();
        for name in names {
            disk.take(name);
        }
        assert!(Wal::exists(&disk).expect("a list"), "there is more of a log without {names:?}");
        let refused = open(&disk).err().map(|error| error.to_string()).expect("something is missing");
        assert_eq!(disk.operations(), 0);
        refused
    };
    let [second, third, fourth, spare] = [2, 3, 4, 5].map(Built::name_of);

    let refused = refusal_without(&["manifest"]);
    let missing = "memory/manifest is missing, although there are files of a log: ";
    let there = format!("{missing}{second} to {spare} (4 files). ");
    assert!(refused.contains(&there), "{refused}");
    let refused = refusal_without(&["manifest", &second, &fourth, &spare]);
    assert!(refused.contains(&format!("{missing}{third}. ")), "{refused}");
    let refused = refusal_without(&["manifest", &second, &third, &fourth]);
    assert!(refused.contains(&format!("{missing}{spare}. ")), "{refused}");
    let refused = refusal_without(&[&third]);
    let there = format!("memory/{third} is missing, although the manifest names segments 2 to 4");
    assert!(refused.contains(&there), "{refused}");
    assert!(refused.contains("Nothing was changed. ") && refused.contains("from a copy"), "{refused}");
}

#[test]
fn a_segment_in_the_place_of_another_is_refused() {
    let built = Built::new();
    for (from, to) in [(2, 3), (3, 2), (3, 4), (4, 3)] {
        let disk = built.disk.copy();
        disk.put(&Built::name_of(to), built.disk.contents(&Built::name_of(from)).expect("the file"));
        let what = format!("segment {from} in the place of {to}");
        check(&built, &disk, &Built::name_of(to), Expected::Refused(None), &what);
    }
}

/// A log of four segments in which `first_vote` is the only thing that differs.
fn with_vote(first_vote: &[u8]) -> (MemDisk, Wal) {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    wal.save_vote(first_vote).expect("a vote");
    for index in 0.. {
        wal.append_entry(id(index), &[&[1; 300]]).expect("an append");
        if *wal.segment_numbers().end() == 4 {
            break;
        }
    }
    wal.sync().expect("a sync");
    (disk, wal)
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let (disk, _) = with_vote(b"one");
    let (other, _) = with_vote(b"two");
    for segment in 1..=4 {
        let mixed = disk.copy();
        let name = Built::name_of(segment);
        mixed.put(&name, other.contents(&name).expect("the file"));
        let refused = open(&mixed).err().map(|error| error.to_string()).expect("it does not fit");
        assert!(refused.contains("does not go on where the segment before ends"), "{refused}");
        assert_eq!(mixed.operations(), 0);
    }
}

#[test]
fn a_manifest_that_leaves_records_out_is_refused() {
    let (disk, _) = with_vote(b"one");
    let (other, mut wal) = with_vote(b"one");
    wal.purge(id(20)).expect("a purge");
    assert_eq!(wal.segment_numbers(), 3..=4);
    let mixed = disk.copy();
    mixed.put("manifest", other.contents("manifest").expect("the manifest"));
    let refused = open(&mixed).err().map(|error| error.to_string()).expect("entries are missing");
    assert!(refused.contains("entries before that are needed"), "{refused}");
    assert_eq!(mixed.operations(), 0);
}

#[test]
fn an_old_manifest_does_not_let_newer_records_go() {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk).expect("an empty log");
    let mut model = support::Model::default();
    model.tell(&mut wal, Record::Entry(id(0), vec![1; 3000])).expect("an append");
    model.sync(&mut wal).expect("a sync");
    let old = disk.contents("manifest").expect("the manifest");
    model.tell(&mut wal, Record::Entry(id(1), vec![2; 3000])).expect("an append");
    model.sync(&mut wal).expect("a sync");
    drop(wal);

    let disk = disk.copy();
    disk.put("manifest", old);
    let refused = open(&disk).err().map(|error| error.to_string()).expect("segment 2 holds a record");
    assert!(refused.contains("should not hold records"), "{refused}");
    assert_eq!(disk.operations(), 0);
}
