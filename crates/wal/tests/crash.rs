//! Power failures and ends of the process at every single operation on the disk, and random histories of them.
//! The rule: what was reported safe is there, and what is there is the beginning of what was told, in order.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use support::{Model, Random, Record, State, id, open};
use trellis_wal::testing::{MemDisk, Operation};
use trellis_wal::{Wal, WalError};

/// Every kind of record, several changes of segment with a spare and without one, an oversize record, a purge in
/// the middle and one beyond the end.
fn script(wal: &mut Wal, model: &mut Model) -> Result<(), WalError> {
    model.tell(wal, Record::Vote(b"first".to_vec()))?;
    model.sync(wal)?;
    for index in 0..12 {
        let payload = index.to_string().repeat(600).into_bytes();
        model.tell(wal, Record::Entry(id(index), payload))?;
        match index % 3 {
            0 => {}
            1 => wal.flush()?,
            _ => model.sync(wal)?,
        }
        if let Some(job) = wal.spare_wanted().filter(|_| index % 2 == 0) {
            wal.supply_spare(job.run())?;
        }
    }
    model.tell(wal, Record::TruncateAfter(Some(8)))?;
    model.tell(wal, Record::Vote(b"second".to_vec()))?;
    model.tell(wal, Record::Entry(id(9), b"again".to_vec()))?;
    model.sync(wal)?;
    model.tell(wal, Record::Purge(id(6)))?;
    model.tell(wal, Record::Entry(id(10), vec![1; 20_000]))?;
    for index in 11..17 {
        model.tell(wal, Record::Entry(id(index), vec![2; 1_000]))?;
    }
    model.sync(wal)?;
    model.tell(wal, Record::Purge(id(12)))?;
    model.tell(wal, Record::Purge(id(40)))?;
    model.tell(wal, Record::Entry(id(41), b"after the gap".to_vec()))?;
    model.sync(wal)
}

/// Opens the disk, runs the script until the power fails, if it does.
fn run(disk: &MemDisk) -> (Model, Result<(), WalError>) {
    let mut model = Model::default();
    let outcome = open(disk).and_then(|(mut wal, _)| script(&mut wal, &mut model));
    (model, outcome)
}

#[test]
fn a_power_failure_at_any_operation_loses_nothing_safe() {
    let whole = MemDisk::new();
    let (_, outcome) = run(&whole);
    outcome.expect("the script runs without faults");
    let operations = whole.operations();
    assert!(operations > 100, "the script has to do something");

    for operation in 1..=operations {
        let disk = MemDisk::new();
        disk.power_off_at(operation);
        let (model, outcome) = run(&disk);
        assert!(outcome.is_err(), "operation {operation} must fail");
        // Others each time, since a seed always does the same to a disk's first file.
        for seed in 24 * operation..24 * operation + 24 {
            let after = disk.crash(seed);
            check_recovery(
                &after,
                &model,
                &format!("power failure at operation {operation}, crash seed {seed}"),
            );
        }
    }
}

/// Opens the disk, with a second power failure at each operation of the opening, and goes on with the log.
fn check_recovery(disk: &MemDisk, model: &Model, what: &str) {
    let untouched = disk.copy();
    let (mut wal, _) = open(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut reopened = model.clone();
    reopened.check_reopened(&wal, model.safe);
    let operations = disk.operations();

    let next = reopened.state().next_index();
    reopened.tell(&mut wal, Record::Entry(id(next), b"goes on".to_vec())).expect(what);
    reopened.sync(&mut wal).expect(what);
    let (wal, recovered) = open(&disk.crash(1)).unwrap_or_else(|error| panic!("{what}, then again: {error}"));
    reopened.check_reopened(&wal, reopened.safe);
    assert_eq!(recovered.tail, None, "{what}: everything was synced");

    for operation in 1..=operations {
        let twice = untouched.copy();
        twice.power_off_at(operation);
        assert!(open(&twice).is_err());
        let after = twice.crash(operation);
        let (wal, _) = open(&after).unwrap_or_else(|error| panic!("{what}, opening at {operation}: {error}"));
        model.clone().check_reopened(&wal, model.safe);
    }
}

/// What can be read after a failed sync need not be on the disk. The next start sees it all the same, since only the
/// process has ended, and must not rely on it before it has written it again.
#[test]
fn a_power_failure_in_the_start_after_a_failed_sync_loses_nothing_safe() {
    for operation in [Operation::SyncData, Operation::SyncDir] {
        for skip in 0.. {
            // The disk after the failure, which is the same each time, and how often it can be used before.
            let failed = || {
                let disk = MemDisk::new();
                disk.fail_after(operation, skip);
                let (model, outcome) = run(&disk);
                disk.clear_faults();
                outcome.err().map(|_| (disk, model))
            };
            let Some((disk, model)) = failed() else {
                assert!(skip > 10, "the script has to do something");
                break;
            };
            let before = disk.operations();
            let what = format!("failed {operation:?} {skip}");
            let (mut wal, _) = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
            let operations = before + 1..=disk.operations();
            let mut reopened = model.clone();
            reopened.check_reopened(&wal, model.safe);
            let next = reopened.state().next_index();
            reopened.tell(&mut wal, Record::Entry(id(next), b"goes on".to_vec())).expect(&what);
            reopened.sync(&mut wal).expect(&what);
            for seed in 0..12 {
                let (wal, _) = open(&disk.crash(seed)).unwrap_or_else(|error| panic!("{what}: {error}"));
                reopened.clone().check_reopened(&wal, reopened.safe);
            }
            for at in operations {
                let (disk, _) = failed().expect("it fails each time");
                disk.power_off_at(at);
                assert!(open(&disk).is_err(), "{what}, operation {at}");
                for seed in 12 * at..12 * at + 12 {
                    let what = format!("{what}, power failure at operation {at}, crash seed {seed}");
                    let (wal, _) = open(&disk.crash(seed)).unwrap_or_else(|error| panic!("{what}: {error}"));
                    model.clone().check_reopened(&wal, model.safe);
                }
            }
        }
    }
}

#[test]
fn random_histories_keep_what_is_safe() {
    for seed in 0..1000 {
        let history = AssertUnwindSafe(|| random_history(seed));
        if let Err(panic) = catch_unwind(history) {
            eprintln!("the seed is {seed}");
            resume_unwind(panic);
        }
    }
}

fn random_history(seed: u64) {
    let mut random = Random(seed);
    let mut disk = MemDisk::new();
    let mut model = Model::default();
    for _ in 0..6 {
        let (mut wal, _) = open(&disk).expect("a log that opens");
        model.check_reopened(&wal, model.safe);
        match random.below(5) {
            4 => disk.fail_after(Operation::SyncDir, random.below(6)),
            0 => disk.power_off_at(disk.operations() + random.below(150)),
            1 => disk.fail_after(Operation::SyncData, random.below(30)),
            2 => disk.fail_after(Operation::Write, random.below(60)),
            _ => disk.limit_capacity(Some(disk.used_bytes() + random.below(30_000))),
        }
        // Every failure but the lack of a file ends the process, as it must.
        for _ in 0..random.below(120) {
            match random_step(&mut random, &mut wal, &mut model) {
                Ok(()) => {}
                Err(error) if error.lacks_file() => {}
                Err(_) => break,
            }
        }
        disk.clear_faults();
        // The machine stops, or only the process: then all that was written is still there.
        if random.below(2) == 0 || disk.is_off() {
            disk = disk.crash(random.below(u64::MAX));
        } else {
            model.safe = model.safe.max(model.written);
        }
    }
    let (wal, _) = open(&disk).expect("a log that opens");
    model.check_reopened(&wal, model.safe);
}

fn random_step(random: &mut Random, wal: &mut Wal, model: &mut Model) -> Result<(), WalError> {
    let State { entries, purged, .. } = model.state();
    let next = model.state().next_index();
    let first = purged.map_or(0, |purged| purged.index + 1).max(entries.keys().next().copied().unwrap_or(0));
    match random.below(20) {
        0..9 => {
            let length = if random.below(30) == 0 { 12_000 } else { random.below(1_500) };
            let payload = random.bytes(length);
            model.tell(wal, Record::Entry(id(next), payload))
        }
        9 => {
            let length = random.below(65);
            let vote = random.bytes(length);
            model.tell(wal, Record::Vote(vote))
        }
        10 if next > first => {
            let after = first + random.below(next - first);
            model.tell(wal, Record::TruncateAfter(after.checked_sub(1)))
        }
        11 if random.below(3) == 0 => {
            let up_to = first + random.below(next - first + 3);
            model.tell(wal, Record::Purge(id(up_to)))
        }
        12 | 13 => {
            wal.flush()?;
            model.written = model.told();
            Ok(())
        }
        14 => model.sync(wal),
        15 | 16 => {
            let pending = wal.begin_sync()?;
            model.written = model.told();
            let covered = model.told();
            // More is told while the sync runs elsewhere.
            model.tell(wal, Record::Vote(b"meanwhile".to_vec()))?;
            wal.finish_sync(pending.run())?;
            model.safe = model.safe.max(covered);
            Ok(())
        }
        17 => match wal.spare_wanted() {
            Some(job) => wal.supply_spare(job.run()),
            None => Ok(()),
        },
        _ => {
            wal.read(0..u64::MAX, 0)?;
            wal.read(first..first + 1, 0)?;
            let state = model.state();
            assert_eq!(State::of(wal), state, "what is read is what was told, synced or not");
            Ok(())
        }
    }
}
