//! Does the steps of a sequence to both servers, one after the other, and compares what comes back after each.
//!
//! No step begins before the effects of the one before have arrived, and no reply is waited for by sleeping:
//! where a step may bring no reply, round trips of another connection show that the server is done with it.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::certainty::Certainty;
use super::connection::Event;
use super::sequence::{Action, CONNECTIONS, Request, Sequence, Step, Waiting};
use super::server::{Program, Settings};
use super::side::Side;
use super::transcript::{Events, Outcome, Transcript};

/// The round trips in a row in which nothing arrives before a server counts as done with a step.
const QUIET_ROUNDS: usize = 3;
/// beanstalkd reads 1024 bytes at a time of a body that it throws away, and takes turns between connections.
const BYTES_PER_ROUND: usize = 512;
/// How the connection that makes round trips and cleans up appears in a transcript: behind those of the sequence.
const JANITOR: usize = CONNECTIONS;
/// A command that changes nothing, not even a counter, and takes its place among the commands that change things.
const ROUND_TRIP: &[u8] = b"kick-job 0\r\n";

/// Both servers.
#[derive(Debug)]
pub(crate) struct Pair {
    reference: Side,
    trellis: Side,
    certainty: Certainty,
    /// The ids of the jobs that the sequence has put.
    ids: Vec<String>,
    /// The largest id before the sequence.
    newest_id: u64,
}

impl Pair {
    /// Starts both servers.
    pub(crate) fn start(reference: (&Program, Settings), trellis: (&Program, Settings)) -> Result<Pair> {
        Ok(Pair {
            reference: Side::start(reference.0, reference.1)?,
            trellis: Side::start(trellis.0, trellis.1)?,
            certainty: Certainty::default(),
            ids: Vec::new(),
            newest_id: 0,
        })
    }

    /// Turns on the drain mode of both, and waits until they say so. Both are asked as often, since they count.
    pub(crate) fn drain(&mut self) -> Result<()> {
        self.reference.server.drain()?;
        self.trellis.server.drain()?;
        loop {
            let mut draining = true;
            for side in [&mut self.reference, &mut self.trellis] {
                side.janitor.send(b"stats\r\n")?;
                let Event::Reply { body: Some(body), .. } = side.janitor.next()? else {
                    bail!("a server does not answer after SIGUSR1");
                };
                draining &= String::from_utf8_lossy(&body).contains("\ndraining: true");
            }
            if draining {
                return Ok(());
            }
        }
    }

    /// Does all steps and cleans up. After a difference the servers are of no further use.
    pub(crate) fn run(&mut self, sequence: &Sequence) -> Result<Transcript> {
        let mut transcript = Transcript::default();
        let mut begun = BTreeSet::new();
        for step in &sequence.steps {
            // The second half of a request follows the first whatever has come in between.
            if !begun.contains(&step.group) && !self.is_certain(step, sequence.waiting) {
                continue;
            }
            begun.insert(step.group);
            let (label, outcome) = self.step(step, sequence.waiting, &mut transcript.requests)?;
            self.learn(&outcome);
            if transcript.push(format!("{} {label}", step.connection), outcome) {
                return Ok(transcript);
            }
        }
        // What is left when time has passed depends on the moment.
        if sequence.waiting != Waiting::Awaited {
            self.clean_up(&mut transcript)?;
        }
        Ok(transcript)
    }

    /// Whether the outcome of a step is certain at this point.
    fn is_certain(&self, step: &Step, waiting: Waiting) -> bool {
        match &step.action {
            // A script knows what it does.
            _ if waiting == Waiting::Awaited => true,
            Action::Send { requests, cuts } => {
                self.certainty.may_send(step.connection, requests, cuts, waiting)
            }
            Action::HalfClose | Action::Close => self.certainty.may_end(step.connection),
            Action::Await => true,
        }
    }

    /// Does one step. Returns its words for the transcript, too.
    fn step(&mut self, step: &Step, waiting: Waiting, sent: &mut usize) -> Result<(String, Outcome)> {
        let connection = step.connection;
        Ok(match &step.action {
            Action::Send { requests, cuts } => {
                *sent += requests.len();
                let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes(&self.ids)).collect();
                let label = format!("> {}", bytes.escape_ascii());
                (label, self.send(connection, requests, &bytes, cuts, waiting)?)
            }
            Action::HalfClose => ("half-closes".into(), self.half_close(connection)?),
            Action::Close => ("closes".into(), self.close(connection)?),
            Action::Await => ("waits for a reply".into(), self.next(connection)?),
        })
    }

    fn send(
        &mut self,
        connection: usize,
        requests: &[Request],
        bytes: &[u8],
        cuts: &[usize],
        waiting: Waiting,
    ) -> Result<Outcome> {
        self.reference.open(connection)?;
        self.trellis.open(connection)?;
        let nobody_waits = !self.certainty.somebody_waits();
        let waits = requests.iter().any(|request| request.waits);
        let known = requests.iter().all(|request| request.replies.is_some());
        let replies = requests.iter().filter_map(|request| request.replies).sum();
        self.certainty.sent(connection, replies);

        let mut outcome = Outcome::default();
        let mut start = 0;
        for end in cuts.iter().map(|cut| cut * bytes.len() / 1000).chain([bytes.len()]) {
            self.reference.send(connection, &bytes[start..end])?;
            self.trellis.send(connection, &bytes[start..end])?;
            if end < bytes.len() {
                outcome.extend(self.settle(end - start)?);
            }
            start = end;
        }
        if waiting == Waiting::Awaited && waits {
            // The reserve has its place in the order; what it brings is awaited later.
            (0..QUIET_ROUNDS).try_for_each(|_| self.round_trip().map(drop))?;
        } else if waiting == Waiting::Awaited || nobody_waits && known && !waits && cuts.is_empty() {
            for _ in 0..replies {
                outcome.extend(self.next(connection)?);
            }
        } else {
            outcome.extend(self.settle(bytes.len())?);
        }
        Ok(outcome)
    }

    /// Waits for the next event of a connection.
    fn next(&mut self, connection: usize) -> Result<Outcome> {
        Ok(Outcome {
            reference: vec![(connection, self.reference.next(connection)?)],
            trellis: vec![(connection, self.trellis.next(connection)?)],
        })
    }

    /// Makes round trips until both servers are done with bytes that were sent.
    fn settle(&mut self, bytes: usize) -> Result<Outcome> {
        let mut reference = [const { Vec::new() }; CONNECTIONS];
        let mut trellis = [const { Vec::new() }; CONNECTIONS];
        let mut janitor = Outcome::default();
        let mut quiet = 0;
        while quiet < QUIET_ROUNDS + bytes / BYTES_PER_ROUND {
            let answers = self.round_trip()?;
            let any = self.reference.arrived(&mut reference)? | self.trellis.arrived(&mut trellis)?;
            quiet = if any { 0 } else { quiet + 1 };
            let both = answers.reference.iter().chain(&answers.trellis);
            if both.into_iter().any(|(_, event)| !matches!(event, Event::Reply { .. })) {
                janitor = answers;
                break;
            }
        }
        self.reference.fragments(&mut reference);
        self.trellis.fragments(&mut trellis);
        let mut outcome = Outcome { reference: numbered(reference), trellis: numbered(trellis) };
        outcome.extend(janitor);
        Ok(outcome)
    }

    /// Has both servers answer the janitor.
    fn round_trip(&mut self) -> Result<Outcome> {
        self.ask_as_janitor(ROUND_TRIP)
    }

    fn ask_as_janitor(&mut self, request: &[u8]) -> Result<Outcome> {
        self.reference.janitor.send(request)?;
        self.trellis.janitor.send(request)?;
        Ok(Outcome {
            reference: vec![(JANITOR, self.reference.janitor.next()?)],
            trellis: vec![(JANITOR, self.trellis.janitor.next()?)],
        })
    }

    /// Takes note of new ids, of replies that have come and of closed connections. If the sides differ, nothing
    /// of this is used any more.
    fn learn(&mut self, outcome: &Outcome) {
        for (connection, event) in &outcome.reference {
            if *connection == JANITOR {
                continue;
            }
            self.certainty.came(*connection, event);
            match event {
                Event::Reply { line, .. } => {
                    self.ids.extend(line.strip_prefix("INSERTED ").map(String::from));
                }
                Event::Closed => self.drop_connection(*connection),
                Event::Fragment(_) | Event::Silence => {}
            }
        }
    }

    fn half_close(&mut self, connection: usize) -> Result<Outcome> {
        self.reference.half_close(connection);
        self.trellis.half_close(connection);
        let outcome = self.settle(0)?;
        self.drop_connection(connection);
        Ok(outcome)
    }

    /// Closes a connection. If requests still stand behind a waiting reserve, it depends on the moment how many of
    /// them a server carries out before it learns that nobody reads its replies; so it is only half-closed.
    fn close(&mut self, connection: usize) -> Result<Outcome> {
        if self.certainty.has_queue(connection) {
            return self.half_close(connection);
        }
        self.drop_connection(connection);
        self.settle(0)
    }

    fn drop_connection(&mut self, connection: usize) {
        self.reference.close(connection);
        self.trellis.close(connection);
        self.certainty.ended(connection);
    }

    /// Leaves both servers empty for the next sequence, and compares what is left on the way.
    fn clean_up(&mut self, transcript: &mut Transcript) -> Result<()> {
        if self.certainty.somebody_waits() && !self.pause_all(transcript)? {
            return Ok(());
        }
        for connection in 0..CONNECTIONS {
            let outcome = self.close(connection)?;
            if transcript.push(format!("{connection} closes"), outcome) {
                return Ok(());
            }
        }
        // Ids are counted up, so a new one tells which others there may be; a put that waited behind a reserve can
        // have made a job whose id nobody has heard of.
        let Some(newest) = self.janitor(transcript, "put 0 0 1000 0\r\n\r\n")? else { return Ok(()) };
        let newest = match newest {
            Event::Reply { line, .. } => line.strip_prefix("INSERTED ").and_then(|id| id.parse().ok()),
            _ => None,
        };
        let newest = newest.unwrap_or(self.newest_id);
        let deletes = (self.newest_id + 1..=newest).map(|id| format!("delete {id}\r\n"));
        let rest = ["pause-tube default 0\r\n", "list-tubes\r\n", "stats\r\n"].map(String::from);
        for request in deletes.chain(rest) {
            if self.janitor(transcript, &request)?.is_none() {
                return Ok(());
            }
        }
        self.newest_id = newest;
        self.ids.clear();
        Ok(())
    }

    /// Pauses all tubes, so that closing connections can give no job to those that still wait. Returns whether
    /// there was no difference.
    fn pause_all(&mut self, transcript: &mut Transcript) -> Result<bool> {
        let Some(tubes) = self.janitor(transcript, "list-tubes\r\n")? else { return Ok(false) };
        let Event::Reply { body: Some(tubes), .. } = tubes else { return Ok(true) };
        for tube in String::from_utf8_lossy(&tubes).lines().filter_map(|line| line.strip_prefix("- ")) {
            if self.janitor(transcript, &format!("pause-tube {tube} 1000\r\n"))?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes one request on the janitor's connection. Returns the reply if both gave the same.
    fn janitor(&mut self, transcript: &mut Transcript, request: &str) -> Result<Option<Event>> {
        let outcome = self.ask_as_janitor(request.as_bytes())?;
        let answer = outcome.reference.first().map(|(_, event)| event.clone());
        let different = transcript.push(format!("{JANITOR} > {}", request.escape_default()), outcome);
        Ok(answer.filter(|_| !different))
    }
}

fn numbered(events: [Vec<Event>; CONNECTIONS]) -> Events {
    let by_connection = events.into_iter().enumerate();
    by_connection.flat_map(|(place, events)| events.into_iter().map(move |event| (place, event))).collect()
}
