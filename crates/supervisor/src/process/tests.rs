//! Walks the table of `docs/process-states.md` cell by cell, and what it leaves out: policies and times.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::{Action, Event, Policy, Process, State};
use crate::Moment;
use crate::config::{Backoff, GiveUp, Ready, ReadyWhen, Restart, Signal, Stop};

const HEAD: &str = "\
# The states of a process

<!-- Generated from crates/supervisor/src/process/; `UPDATE=1 cargo test -p trellis-supervisor` rewrites it. -->

What becomes of a process in each state (rows) with each event (columns), and what is done then, after a colon. A dot is
where nothing changes. This is for `restart = \"always\"` and `ready = { when = \"notified\" }`: with `started`, *spawned*
leads to Running at once, and with `after`, *time* does. With `restart = \"never\"` a process that ends by itself is Ended,
with `on-failure` one that exits with 0. When there were too many failures, Waiting is GivenUp. *Time* is the time that the
state may take: until it is ready, until it is started again, until it is killed; or, when it has *closed* the socket that its
jobs come from, until it is asked to end. *Forbidden* is a singleton that was ended, or not
started, as it may not run here at that time: no failure, whatever `restart` and `give_up` say.

";

const STATES: [State; 10] = [
    State::Idle,
    State::Starting,
    State::Running,
    State::Closing,
    State::Waiting,
    State::Stopping,
    State::Restarting,
    State::Failing,
    State::Ended,
    State::GivenUp,
];

const EVENTS: [(&str, Event); 11] = [
    ("start", Event::Start),
    ("stop", Event::Stop),
    ("restart", Event::Restart),
    ("spawned", Event::Spawned),
    ("not spawned", Event::NotSpawned),
    ("notified", Event::Notified),
    ("closed", Event::Closed),
    ("exit 0", Event::Exited { success: true }),
    ("other exit", Event::Exited { success: false }),
    ("forbidden", Event::Forbidden),
    ("time", Event::Time),
];

const POLICY: Policy = Policy {
    restart: Restart::Always,
    backoff: Backoff { first: Duration::from_secs(1), max: Duration::from_secs(8) },
    give_up: None,
    stop: Stop { signal: Signal::Term, timeout: Duration::from_secs(10) },
    ready: Ready { when: ReadyWhen::Notified, timeout: Duration::from_secs(30) },
};

fn at(seconds: u64) -> Moment {
    Moment(Duration::from_secs(seconds))
}

/// A process that came to a state by way of events.
fn in_state(state: State) -> Process {
    let events: &[Event] = match state {
        State::Idle => &[],
        State::Starting => &[Event::Start, Event::Spawned],
        State::Running => &[Event::Start, Event::Spawned, Event::Notified],
        State::Closing => &[Event::Start, Event::Spawned, Event::Closed],
        State::Waiting => &[Event::Start, Event::NotSpawned],
        State::Stopping => &[Event::Start, Event::Spawned, Event::Stop],
        State::Restarting => &[Event::Start, Event::Spawned, Event::Restart],
        State::Failing => &[Event::Start, Event::Spawned],
        State::Ended | State::GivenUp => &[Event::Start, Event::Spawned, Event::Exited { success: false }],
    };
    let policy = match state {
        State::Ended => Policy { restart: Restart::Never, ..POLICY },
        State::GivenUp => {
            Policy { give_up: Some(GiveUp { failures: 1, within: Duration::from_secs(1) }), ..POLICY }
        }
        _ => POLICY,
    };
    let mut process = Process::new(policy, 1);
    for event in events {
        process.on(at(0), *event);
    }
    if state == State::Failing {
        process.on(at(30), Event::Time);
    }
    assert_eq!(process.state(), state);
    process
}

#[test]
fn the_table_is_what_the_machine_does() {
    let mut page = format!("{HEAD}| |");
    for (name, _) in EVENTS {
        let _ = write!(page, " {name} |");
    }
    let _ = writeln!(page, "\n|---|{}", "---|".repeat(EVENTS.len()));
    for state in STATES {
        let _ = write!(page, "| **{state:?}** |");
        for (_, event) in EVENTS {
            let mut process = in_state(state);
            let before = (process.due(), process.state());
            let action = process.on(at(1000), event);
            let cell = match action {
                Some(action) => format!("{:?}: {}", process.state(), words(action)),
                None if (process.due(), process.state()) == before => "·".to_owned(),
                None => format!("{:?}", process.state()),
            };
            let _ = write!(page, " {cell} |");
        }
        page.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/process-states.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), page, "UPDATE=1 rewrites the page");
}

fn words(action: Action) -> &'static str {
    match action {
        Action::Spawn => "spawn",
        Action::Signal => "signal",
        Action::Kill => "kill",
        Action::GiveUp => "tell",
    }
}

#[test]
fn the_policy_decides_what_becomes_of_an_end() {
    let table = [
        (Restart::Always, true, State::Waiting),
        (Restart::Always, false, State::Waiting),
        (Restart::OnFailure, true, State::Ended),
        (Restart::OnFailure, false, State::Waiting),
        (Restart::Never, true, State::Ended),
        (Restart::Never, false, State::Ended),
    ];
    for (restart, success, wanted) in table {
        let mut process = Process::new(Policy { restart, ..POLICY }, 1);
        for event in [Event::Start, Event::Spawned, Event::Exited { success }] {
            process.on(at(0), event);
        }
        assert_eq!(process.state(), wanted, "{restart:?} {success}");
    }
}

#[test]
fn readiness_comes_with_the_start_or_with_time() {
    let ready = |when| Policy { ready: Ready { when, timeout: Duration::from_secs(30) }, ..POLICY };
    let mut process = Process::new(ready(ReadyWhen::Started), 1);
    process.on(at(0), Event::Start);
    process.on(at(0), Event::Spawned);
    assert_eq!((process.state(), process.due()), (State::Running, None));
    let mut process = Process::new(ready(ReadyWhen::After(Duration::from_secs(2))), 1);
    process.on(at(0), Event::Start);
    process.on(at(1), Event::Spawned);
    assert_eq!((process.state(), process.due()), (State::Starting, Some(at(3))));
    process.on(at(2), Event::Time);
    assert_eq!(process.state(), State::Starting);
    process.on(at(3), Event::Time);
    assert_eq!((process.state(), process.due()), (State::Running, None));
}

/// Lets a process end at once each time; returns how long it waits between.
fn waits(process: &mut Process, times: usize) -> Vec<Duration> {
    let mut now = at(0);
    process.on(now, Event::Start);
    let mut waits = Vec::new();
    for _ in 0..times {
        process.on(now, Event::Spawned);
        process.on(now, Event::Exited { success: false });
        let due = process.due().expect("it waits");
        waits.push(due.since(now));
        now = due;
        assert_eq!(process.on(now, Event::Time), Some(Action::Spawn));
    }
    waits
}

#[test]
fn the_wait_doubles_up_to_the_longest_less_a_drawn_quarter() {
    let seed = fastrand::u64(..);
    let found = waits(&mut Process::new(POLICY, seed), 6);
    for (wait, wanted) in found.iter().zip([1.0, 2.0, 4.0, 8.0, 8.0, 8.0]) {
        let part = wait.as_secs_f64() / wanted;
        assert!((0.75..=1.0).contains(&part), "{wait:?} of {wanted} s, with the seed {seed}");
    }
    assert_eq!(found, waits(&mut Process::new(POLICY, seed), 6), "the same seed waits as long");
    assert_ne!(found, waits(&mut Process::new(POLICY, !seed), 6), "another one doesn't");
}

#[test]
fn the_wait_begins_anew_after_a_long_run() {
    let mut process = Process::new(POLICY, 1);
    waits(&mut process, 5);
    let now = at(1000);
    process.on(now, Event::Exited { success: false });
    let wait = process.due().expect("it waits").since(now);
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
}

#[test]
fn too_many_failures_within_the_time_are_too_many() {
    let give_up = Some(GiveUp { failures: 3, within: Duration::from_secs(100) });
    let mut process = Process::new(Policy { give_up, ..POLICY }, 1);
    process.on(at(0), Event::Start);
    let mut fail = |seconds: u64| {
        process.on(at(seconds), Event::Spawned);
        let action = process.on(at(seconds), Event::Exited { success: false });
        process.on(at(seconds + 50), Event::Time);
        (action, process.state())
    };
    assert_eq!(fail(0), (None, State::Starting));
    assert_eq!(fail(90), (None, State::Starting));
    assert_eq!(fail(150), (None, State::Starting), "the first is too long ago");
    assert_eq!(fail(190), (Some(Action::GiveUp), State::GivenUp));
}

#[test]
fn what_is_forbidden_is_no_failure() {
    let give_up = Some(GiveUp { failures: 1, within: Duration::from_secs(100) });
    let mut process = Process::new(Policy { restart: Restart::Never, give_up, ..POLICY }, 1);
    for event in [Event::Start, Event::Spawned, Event::Notified, Event::Forbidden] {
        assert_ne!(process.on(at(0), event), Some(Action::GiveUp));
    }
    assert_eq!(process.on(at(1), Event::Time), Some(Action::Spawn));
}

#[test]
fn a_restart_does_not_move_the_time_of_the_kill() {
    let mut process = in_state(State::Stopping);
    assert_eq!(process.due(), Some(at(10)));
    assert_eq!(process.on(at(5), Event::Start), None);
    assert_eq!((process.state(), process.due()), (State::Restarting, Some(at(10))));
    assert_eq!(process.on(at(10), Event::Time), Some(Action::Kill));
    assert_eq!(process.on(at(11), Event::Time), None, "it is killed once");
    assert_eq!(process.on(at(11), Event::Exited { success: false }), Some(Action::Spawn));
}

#[test]
fn a_changed_policy_holds_from_the_next_event_on() {
    let mut process = in_state(State::Running);
    process.change(Policy { restart: Restart::Never, ..POLICY });
    process.on(at(1), Event::Exited { success: false });
    assert_eq!(process.state(), State::Ended);
}
