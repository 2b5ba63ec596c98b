//! Runs steps on the state machine and on the model, compares what comes out, and verifies after each step what
//! must hold. The fuzzer includes this file too.
//!
//! When a snapshot is complete, a second state is made of it and catches up with the commands that came while it
//! was being read. From then on it takes the place of the first one: whatever a snapshot forgets shows as a
//! difference from the model sooner or later, and most of it at once, as a difference between the two states.

use std::collections::BTreeSet;

use trellis_core::zk::{ListingId, Query};
use trellis_core::{Restore, State, Time};

use crate::bytes::Step;
use crate::dump::dump;
use crate::model::Model;
use crate::outbox::Lines;

/// Runs all steps; panics at the first difference. Tells everything that came out.
pub fn run(steps: &[Step]) -> Vec<String> {
    let mut run = Run::new();
    for (index, step) in steps.iter().enumerate() {
        run.step(step);
        let lines = std::mem::take(&mut run.lines.0);
        assert_eq!(lines, std::mem::take(&mut run.model.out), "step {index}, {step:?}");
        run.state.check().unwrap_or_else(|trouble| panic!("after step {index}, {step:?}: {trouble}"));
        run.all.extend(lines);
    }
    run.all
}

struct Run {
    state: State,
    model: Model,
    at: Time,
    lines: Lines,
    all: Vec<String>,
    snapshot: Option<Snapshot>,
    listing: Option<Listing>,
}

/// A list of children that is being read.
struct Listing {
    id: ListingId,
    /// What it has to say.
    expected: BTreeSet<String>,
    found: BTreeSet<String>,
}

/// A snapshot that is being read.
struct Snapshot {
    restore: Restore,
    /// What came since it began, and with what outcome.
    later: Vec<(Time, Step, Vec<String>)>,
}

impl Run {
    fn new() -> Self {
        Run {
            state: State::new(),
            model: Model::new(),
            at: Time(1_700_000_000_000_000),
            lines: Lines::default(),
            all: Vec::new(),
            snapshot: None,
            listing: None,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Apply(passing, command) => {
                self.at.0 += passing;
                self.model.apply(self.at, command);
            }
            Step::Ask(connection, query) => self.model.ask(*connection, query),
            Step::AskZk(connection, identities, query) => {
                self.model.tree.ask(*connection, *identities, query);
                self.model.out.append(&mut self.model.tree.out);
            }
            Step::ListBegin(connection, identities, path) => {
                if let Some(listing) = self.listing.take() {
                    self.state.zk_listing_end(listing.id);
                }
                let start = self.state.zk_listing_begin(*connection, *identities, path);
                let expected = self.model.tree.list(*connection, *identities, path);
                assert_eq!(
                    start.map(|start| start.len),
                    expected.as_ref().map(Vec::len).map_err(|error| *error)
                );
                self.listing = start.ok().zip(expected.ok()).map(|(start, expected)| Listing {
                    id: start.id,
                    expected: expected.into_iter().collect(),
                    found: BTreeSet::new(),
                });
            }
            Step::ListNext(names) => self.go_on_with_listing(*names),
            Step::SnapshotBegin => {
                self.state.snapshot_begin();
                self.snapshot = Some(Snapshot { restore: Restore::new(), later: Vec::new() });
            }
            Step::SnapshotNext(slots) => self.go_on_with_snapshot(*slots),
            Step::SnapshotAbort => {
                self.state.snapshot_abort();
                self.snapshot = None;
            }
        }
        step_on(&mut self.state, self.at, step, &mut self.lines);
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.later.push((self.at, step.clone(), self.lines.0.clone()));
        }
    }

    fn go_on_with_listing(&mut self, names: usize) {
        let Some(mut listing) = self.listing.take() else { return };
        let found = &mut listing.found;
        let more = self.state.zk_listing_next(listing.id, names, &mut |name| {
            assert!(found.insert(name.to_owned()), "{name} is listed twice");
        });
        if more.expect("the listing is known") {
            self.listing = Some(listing);
        } else {
            assert_eq!(listing.found, listing.expected);
        }
    }

    fn go_on_with_snapshot(&mut self, slots: usize) {
        let Some(mut snapshot) = self.snapshot.take() else {
            assert!(
                !self.state.snapshot_next(slots, 3 * slots, &mut |record| panic!(
                    "no snapshot is running: {record:?}"
                ))
            );
            return;
        };
        let restore = &mut snapshot.restore;
        let more = self.state.snapshot_next(slots, 3 * slots, &mut |record| {
            restore.add(&record).unwrap_or_else(|error| panic!("{record:?}: {error}"));
        });
        if more {
            self.snapshot = Some(snapshot);
        } else {
            self.replace_state(snapshot);
        }
    }

    fn replace_state(&mut self, snapshot: Snapshot) {
        let mut restored = snapshot.restore.finish().expect("a snapshot that the state made itself is valid");
        restored.check().expect("a restored state is sound");
        for (at, step, expected) in snapshot.later {
            let mut lines = Lines::default();
            step_on(&mut restored, at, &step, &mut lines);
            assert_eq!(lines.0, expected, "the restored state at {step:?}");
        }
        assert_eq!(dump(&mut restored), dump(&mut self.state));
        assert_eq!(restored.next_due(), self.state.next_due());
        self.state = restored;
        if let Some(listing) = self.listing.take() {
            assert_eq!(self.state.zk_listing_next(listing.id, 1, &mut |_| {}), None);
        }
    }
}

fn step_on(state: &mut State, at: Time, step: &Step, lines: &mut Lines) {
    match step {
        Step::Apply(_, command) => state.apply(at, command.clone(), lines),
        Step::Ask(connection, query) => state.query(at, *connection, query, lines),
        Step::AskZk(connection, identities, query) => {
            if let Query::GetData { path } | Query::Exists { path } = query {
                // It changes nothing, whatever there is at these paths.
                state.zk_prefetch(&[path, "", "/", "//", "/none/x", "none", path]);
            }
            state.query_zk(*connection, *identities, query, lines);
        }
        Step::ListBegin(..) | Step::ListNext(_) => {}
        Step::SnapshotBegin | Step::SnapshotNext(_) | Step::SnapshotAbort => {}
    }
}
