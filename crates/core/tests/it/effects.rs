//! What a command is said to do beforehand must be what it does.

use std::collections::BTreeSet;

use trellis_core::tube::{Command, Effect};
use trellis_core::{Command as Any, Outbox, State, Time};

use crate::bytes::{Step, steps};
use crate::dump::dump;
use crate::outbox::Lines;
use crate::random::Random;

/// Everything but who counts as a worker.
fn dump_without_workers(state: &mut State) -> Vec<String> {
    dump(state).into_iter().map(|line| line.replace("worker: true", "worker: false")).collect()
}

#[test]
fn what_is_said_to_change_nothing_changes_nothing() {
    let (mut replies, mut worked_off) = (BTreeSet::new(), 0);
    for seed in 0..200 {
        println!("seed {seed}");
        let mut state = State::new();
        let mut at = Time(1_700_000_000_000_000);
        for step in steps(&Random(seed).bytes(3000)) {
            let Step::Apply(passing, command) = step else { continue };
            at.0 += passing;
            state.apply(at, Any::Tick, &mut Lines::default());
            let (mut expected, mut said) = (Lines::default(), Lines::default());
            let Any::Tube { connection, command: asked } = &command else {
                state.apply(at, command, &mut said);
                continue;
            };
            // One that is not open is judged as if it were, and one that is stays as it is.
            let open = Any::Tube { connection: *connection, command: Command::Open };
            match state.effect(at, *connection, asked) {
                Effect::Nothing(reply) => {
                    replies.insert(format!("{reply:?}"));
                    expected.tube(*connection, reply);
                    state.apply(at, open, &mut said);
                    let before = dump_without_workers(&mut state);
                    state.apply(at, command.clone(), &mut said);
                    assert_eq!(said.0, expected.0, "{command:?}");
                    assert_eq!(dump_without_workers(&mut state), before, "{command:?}");
                }
                Effect::WorksOff => {
                    worked_off += 1;
                    state.apply(at, open, &mut said);
                    state.apply(at, command.clone(), &mut said);
                    let said = said.0.concat();
                    assert!(said.contains("Deleted") || said.contains("Reserved"), "{command:?}: {said}");
                }
                Effect::Change => state.apply(at, command, &mut said),
            }
        }
    }
    let expected = ["DeadlineSoon", "Kicked { count: 0 }", "NotFound", "TimedOut"];
    assert!(replies.iter().eq(expected), "{replies:?}");
    assert!(worked_off > 1000, "only {worked_off} commands worked anything off");
}
