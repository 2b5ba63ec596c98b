//! Does the steps of a sequence to both servers, one after the other, and compares what comes back after each, and
//! what is left in the end. Every sequence has a node of its own, so the servers need not be started again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::answer::View;
use super::client::{Observed, SILENCE};
use super::operation::Operation;
use super::request::{OWN_NODE, Request};
use super::requests;
use super::sequence::{Action, Sequence, Step};
use super::side::{Events, JANITOR, Side, has_had, is_silent, put_runs_of_events_in_order};
use super::transcript::Transcript;

/// Where the quotas of the sequence's node are.
const QUOTAS: &str = "/zookeeper/quota~";
/// How long an event that time brings may take, and how often clients let the servers know meanwhile that they live.
const AWAIT_DEADLINE: Duration = Duration::from_secs(90);
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(20);

/// Both servers.
#[derive(Debug)]
pub(super) struct Pair {
    reference: Side,
    trellis: Side,
    /// How many sequences there were.
    sequences: u64,
}

impl Pair {
    pub(super) fn new(reference: Side, trellis: Side) -> Pair {
        Pair { reference, trellis, sequences: 0 }
    }

    /// Makes the servers fit for other sequences after one with a difference: no session of it may end later. Fails
    /// if one of them has lost its way.
    pub(super) fn recover(&mut self) -> Result<()> {
        for side in [&mut self.reference, &mut self.trellis] {
            for place in 0..side.sessions() {
                let events = side.close_session(place)?;
                if is_silent(&events) {
                    bail!("a session can't be closed");
                }
            }
            side.disconnect();
        }
        Ok(())
    }

    /// Does all steps and cleans up. After a difference the servers have to recover.
    pub(super) fn run(&mut self, sequence: &Sequence) -> Result<Transcript> {
        let mut transcript = Transcript::default();
        self.sequences += 1;
        self.reference.begin(self.sequences)?;
        self.trellis.begin(self.sequences)?;
        for step in &sequence.steps {
            let (reference, trellis) = self.step(step)?;
            if !transcript.push(step.to_string(), reference, trellis) {
                return Ok(transcript);
            }
        }
        if self.close_sessions(&mut transcript)? && self.look_at_nodes(&mut transcript)? {
            self.reference.disconnect();
            self.trellis.disconnect();
        }
        Ok(transcript)
    }

    /// Does a step to one after the other.
    fn step(&mut self, step: &Step) -> Result<(Events, Events)> {
        let mut events = (self.reference.step(step)?, self.trellis.step(step)?);
        if let Action::Await(awaited) = &step.action {
            self.await_events(step, awaited, &mut events)?;
        }
        Ok(events)
    }

    /// Goes on until both have sent the events. No client of either is silent meanwhile.
    fn await_events(&mut self, step: &Step, awaited: &[String], events: &mut (Events, Events)) -> Result<()> {
        let deadline = Instant::now() + AWAIT_DEADLINE;
        let (reference, trellis) = events;
        loop {
            let done = |events: &Events| has_had(events, step.connection, awaited);
            if done(reference) && done(trellis) {
                break;
            }
            if Instant::now() > deadline {
                for events in [&mut *reference, &mut *trellis].into_iter().filter(|events| !done(events)) {
                    events.push((step.connection, Observed { is_event: false, text: SILENCE.into() }));
                }
                break;
            }
            self.reference.wait(step.connection, HEARTBEAT_INTERVAL)?;
            reference.extend(self.reference.step(step)?);
            trellis.extend(self.trellis.step(step)?);
        }
        put_runs_of_events_in_order(reference);
        put_runs_of_events_in_order(trellis);
        Ok(())
    }

    /// Goes on with every session that the sequence has opened and closes it, or learns that it has ended.
    fn close_sessions(&mut self, transcript: &mut Transcript) -> Result<bool> {
        for place in 0..self.reference.sessions() {
            let (reference, trellis) =
                (self.reference.close_session(place)?, self.trellis.close_session(place)?);
            if !transcript.push(format!("0 goes on with session {place} and closes it"), reference, trellis) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Compares every node that is left, and deletes it.
    fn look_at_nodes(&mut self, transcript: &mut Transcript) -> Result<bool> {
        let mut nodes = Vec::new();
        let mut found = VecDeque::from([OWN_NODE.to_string(), QUOTAS.to_string()]);
        while let Some(path) = found.pop_front() {
            let questions = [
                requests::read(Operation::GetChildren2, &path, false),
                requests::read(Operation::GetData, &path, false),
                requests::with_path(Operation::GetAcl, &path),
            ];
            for question in questions {
                let Some(body) = self.ask(&question, transcript)? else { return Ok(false) };
                if question.operation == Operation::GetChildren2 {
                    let mut children = View::children(&body);
                    children.sort_unstable();
                    found.extend(children.iter().map(|child| format!("{path}/{child}")));
                }
            }
            nodes.push(path);
        }
        for path in nodes.iter().rev() {
            let delete = requests::with_number(Operation::Delete, path, -1);
            if self.ask(&delete, transcript)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks both as the janitor. Gives the answer of the real server if that of trellis is the same.
    fn ask(&mut self, request: &Request, transcript: &mut Transcript) -> Result<Option<Vec<u8>>> {
        let (reference, body) = self.reference.ask_as_janitor(request)?;
        let (trellis, _) = self.trellis.ask_as_janitor(request)?;
        let events = |text| -> Events { vec![(JANITOR, Observed { is_event: false, text })] };
        let same = transcript.push(format!("{JANITOR} > {request}"), events(reference), events(trellis));
        Ok(same.then_some(body))
    }
}
