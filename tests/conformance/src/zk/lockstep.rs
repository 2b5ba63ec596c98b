//! Does the steps of a sequence to both servers, one after the other, and compares what comes back after each, and
//! what is left in the end. Every sequence has a node of its own, so the servers need not be started again.

use std::collections::VecDeque;
use std::thread;

use anyhow::{Result, anyhow, bail};

use super::answer::View;
use super::client::Observed;
use super::operation::Operation;
use super::request::{OWN_NODE, Request};
use super::requests;
use super::sequence::{Action, Sequence, Step};
use super::side::{Events, JANITOR, Side, is_silent};
use super::transcript::Transcript;

/// Where the quotas of the sequence's node are.
const QUOTAS: &str = "/zookeeper/quota~";

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

    /// Does a step to one after the other, or to both at once if that takes its time, since clients must not be silent
    /// for long.
    fn step(&mut self, step: &Step) -> Result<(Events, Events)> {
        let (reference, trellis) = (&mut self.reference, &mut self.trellis);
        if !matches!(step.action, Action::Await(_)) {
            return Ok((reference.step(step)?, trellis.step(step)?));
        }
        thread::scope(|scope| {
            let reference = scope.spawn(|| reference.step(step));
            let trellis = trellis.step(step)?;
            let reference = reference.join().map_err(|_| anyhow!("the check itself has failed"))??;
            Ok((reference, trellis))
        })
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
