//! Snapshots that are damaged must be refused or make a sound state, and those that are given up must leave no
//! trace.

use trellis_core::snapshot::{Record, Standing, ZnodeRecord};
use trellis_core::tube::{Command, Pause, Wait};
use trellis_core::zk::{Acl, Lease};
use trellis_core::{Command as Any, ConnectionId, Restore, RestoreError, State, Time};

use crate::bytes::{Step, steps};
use crate::outbox::Lines;
use crate::random::Random;

const START: Time = Time(1_700_000_000_000_000);

/// A state after some random steps.
fn busy_state(random: &mut Random) -> State {
    let mut state = State::new();
    go_on(&mut state, START, random, 1000);
    state
}

fn go_on(state: &mut State, mut at: Time, random: &mut Random, bytes: usize) {
    for step in steps(&random.bytes(bytes)) {
        if let Step::Apply(passing, command) = step {
            at.0 = at.0.saturating_add(passing);
            state.apply(at, command, &mut Lines::default());
            state.check().expect("the state is sound");
        }
    }
}

#[test]
fn damaged_snapshots_are_refused_or_make_a_sound_state() {
    let mut refused = 0;
    for seed in 0..1000 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let mut state = busy_state(&mut random);
        let now = state.now();
        match restore_damaged(&mut state, &mut random) {
            Ok(mut restored) => {
                restored.check().expect("what was accepted is sound");
                go_on(&mut restored, now, &mut random, 200);
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("snapshot"), "{error}");
            }
        }
    }
    assert!((300..1000).contains(&refused), "{refused} of 1000 damaged snapshots were refused");
}

fn restore_damaged(state: &mut State, random: &mut Random) -> Result<State, RestoreError> {
    let (mut restore, mut outcome) = (Restore::new(), Ok(()));
    state.snapshot_begin();
    while state.snapshot_next(10, 5, &mut |mut record| {
        let times = match random.next() % 60 {
            0 => 0,
            1 => 2,
            2..5 => {
                damage(&mut record, random);
                1
            }
            _ => 1,
        };
        for _ in 0..times {
            if outcome.is_ok() {
                outcome = restore.add(&record);
            }
        }
    }) {}
    outcome?;
    restore.finish()
}

/// Changes one thing in a record.
fn damage(record: &mut Record<'_>, random: &mut Random) {
    let small = random.next() % 4;
    let number = u32::try_from(small).expect("less than 4");
    let time = [Time(0), START, Time::NEVER, Time(START.0 + small * 1_000_000)][number as usize];
    let which = random.next() % 8;
    match record {
        Record::Header(header) => match which {
            0 => header.time = time,
            1 => header.next_job = small,
            2 => header.next_tube = [0, 1, 2, u64::MAX][number as usize],
            3 => header.next_arrival = small,
            4 => header.next_burial = small,
            5 => header.total_jobs = u64::MAX,
            6 => header.jobs = small,
            _ => header.tubes = small,
        },
        Record::Tube(tube) => match which {
            0 => tube.number = number,
            1 => tube.name = ["default", "a", "", "new"][number as usize],
            2 => tube.created = small,
            3 => tube.counts.puts = u64::MAX,
            _ => tube.pause = Some(Pause { seconds: number, until: time }),
        },
        Record::Connection(connection) => match which {
            0 => connection.id = ConnectionId::new(1, small),
            1 => connection.used = number,
            2 => connection.watched = [&[][..], &[0], &[0, 0], &[0, 1, 2]][number as usize],
            3 => connection.half_closed = true,
            4 => connection.producer = !connection.producer,
            _ => connection.wait = Some(Wait { until: time, arrival: small }),
        },
        Record::Tree(header) => match which {
            0 => header.zxid = i64::from(number),
            1 => header.zxid = -1,
            2 => header.next_birth = small,
            3 => header.next_birth = u64::MAX,
            4 => header.sessions = small,
            5 => header.timers_pause = time,
            _ => header.znodes = small,
        },
        Record::Session(session) => match which {
            0..2 => session.id = i64::from(number),
            2..4 => session.connection = Some(ConnectionId::new(1, small)),
            _ => session.timeout_ms = 0,
        },
        Record::Znode(znode) => damage_znode(znode, random),
        Record::Job(job) => match which {
            0 => job.id = small,
            1 => job.tube = number,
            2 => job.ttr = number,
            3 => job.created_milliseconds = u64::MAX,
            4 => job.counts.reserves = u32::MAX,
            5 => job.standing = Standing::Buried { number: small },
            6 => job.standing = Standing::Reserved { holder: ConnectionId::new(1, small), deadline: time },
            _ => job.standing = [Standing::Ready, Standing::Delayed { until: time }][number as usize % 2],
        },
    }
}

fn damage_znode(znode: &mut ZnodeRecord<'_>, random: &mut Random) {
    let small = random.next() % 8;
    let number = u32::try_from(small).expect("less than 8");
    let due = [START, Time::NEVER][number as usize % 2];
    let lease = [
        Lease::None,
        Lease::Ephemeral { session: i64::from(number % 6), birth: small },
        Lease::Container { birth: small, due },
        Lease::Ttl { birth: small, ttl_ms: small * small, due },
    ];
    match random.next() % 12 {
        0 => znode.number = number,
        1 => znode.parent = Some(number),
        2 => znode.parent = [None, Some(u32::MAX)][number as usize % 2],
        3 => znode.name = ["a", "b", "", "x/y", ".", "\0", "zookeeper", "quota"][number as usize],
        4 => znode.acl = Acl::decode(b"").expect("an empty list is well-formed"),
        5 => znode.facts.czxid = i64::MAX,
        6 => znode.facts.mzxid = -1,
        7 => znode.facts.cversion = number.cast_signed(),
        8 => znode.facts.sequence = number.cast_signed(),
        9 => znode.facts.created_milliseconds = u64::MAX,
        _ => znode.facts.lease = lease[number as usize % 4],
    }
}

#[test]
fn snapshots_that_are_given_up_leave_no_trace() {
    let mut state = State::new();
    let mut lines = Lines::default();
    let connection = ConnectionId::new(1, 1);
    let put = Command::Put { priority: 0, delay: 0, ttr: 1, body: b"body" };
    state.apply(START, Any::Tube { connection, command: Command::Open }, &mut lines);
    // Marks are one byte, so that this goes round more than twice, with jobs of every age and some that change.
    for id in 1..=600 {
        state.apply(START, Any::Tube { connection, command: put.clone() }, &mut lines);
        state.snapshot_begin();
        state.snapshot_next(3 + id % 50, usize::MAX, &mut |_| {});
        let command = Command::ReserveJob { id: id as u64 / 2 };
        state.apply(START, Any::Tube { connection, command }, &mut lines);
        state.snapshot_abort();
        state.check().expect("the state is sound");
    }
    let mut jobs = Vec::new();
    state.snapshot_begin();
    // Steps of nothing get on nevertheless.
    while state.snapshot_next(0, 0, &mut |record| {
        if let Record::Job(job) = record {
            jobs.push(job.id);
        }
    }) {}
    jobs.sort_unstable();
    assert_eq!(jobs, (1..=600).collect::<Vec<u64>>());
}

#[test]
fn records_without_a_header_are_refused() {
    assert!(matches!(Restore::new().finish(), Err(RestoreError::HeaderMissing)));
    let (mut state, mut restore) = (State::new(), Restore::new());
    let mut errors = Vec::new();
    state.snapshot_begin();
    while state.snapshot_next(1, usize::MAX, &mut |record| {
        if !matches!(record, Record::Header(_)) {
            errors.push(restore.add(&record));
        }
    }) {}
    assert!(errors.len() > 1 && errors.iter().all(|error| *error == Err(RestoreError::HeaderMissing)));
}
