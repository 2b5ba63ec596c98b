//! Does the steps of a sequence to both servers, one after the other, and compares what comes back after each.
//!
//! No step begins before the effects of the one before have arrived, and no reply is waited for by sleeping:
//! where a step may bring no reply, round trips of another connection show that the server is done with it.

use std::fmt::{self, Display, Formatter};

use anyhow::Result;

use crate::compare::{different_lines, same};
use crate::connection::{Connection, Event};
use crate::sequence::{Action, CONNECTIONS, Request, Sequence, Step, Waiting};
use crate::server::{Program, Server, Settings};

/// The round trips in a row in which nothing arrives before a server counts as done with a step.
const QUIET_ROUNDS: usize = 3;
/// beanstalkd reads 1024 bytes at a time of a body that it throws away, and takes turns between connections.
const BYTES_PER_ROUND: usize = 512;
/// How many requests may stand behind a waiting reserve for another one to follow.
const QUEUED_MAX: usize = 4;
/// The connection that makes the round trips and cleans up; it stands behind those of the sequences.
const JANITOR: usize = CONNECTIONS;
/// A command that changes nothing, not even a counter, and takes its place among the commands that change things.
const ROUND_TRIP: &[u8] = b"kick-job 0\r\n";

/// How much of an event a transcript shows.
const SHOWN_BYTES_MAX: usize = 150;

/// What a server did to which connection.
pub(crate) type Events = Vec<(usize, Event)>;

/// One step and what both servers did.
#[derive(Debug)]
pub(crate) struct Entry {
    label: String,
    reference: Events,
    trellis: Events,
}

impl Entry {
    fn is_equal(&self) -> bool {
        self.reference.len() == self.trellis.len()
            && self
                .reference
                .iter()
                .zip(&self.trellis)
                .all(|((place_a, a), (place_b, b))| place_a == place_b && same(a, b))
    }

    /// The lines that differ, if all that differs is within one dictionary.
    fn different_lines(&self) -> Option<(String, String)> {
        if self.reference.len() != self.trellis.len() {
            return None;
        }
        let mut pairs = self.reference.iter().zip(&self.trellis);
        let ((place_a, a), (place_b, b)) = pairs.find(|((_, a), (_, b))| !same(a, b))?;
        if place_a == place_b { different_lines(a, b) } else { None }
    }
}

/// What happened in a sequence, up to its end or to the first difference.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    entries: Vec<Entry>,
    /// Whether the last entry differs.
    pub(crate) different: bool,
    /// How many requests were sent to each server.
    pub(crate) requests: usize,
}

impl Display for Transcript {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(formatter, "  {}", entry.label)?;
            if entry.is_equal() {
                write_events(formatter, "both      ", &entry.reference)?;
            } else if let Some((reference, trellis)) = entry.different_lines() {
                writeln!(formatter, "      beanstalkd   ... {reference} ...")?;
                writeln!(formatter, "      trellis      ... {trellis} ...")?;
            } else {
                write_events(formatter, "beanstalkd", &entry.reference)?;
                write_events(formatter, "trellis   ", &entry.trellis)?;
            }
        }
        Ok(())
    }
}

fn write_events(formatter: &mut Formatter<'_>, who: &str, events: &Events) -> fmt::Result {
    if events.is_empty() {
        return writeln!(formatter, "      {who}   (nothing)");
    }
    for (connection, event) in events {
        let text = event.to_string();
        let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
        let dots = if end < text.len() { " ..." } else { "" };
        writeln!(formatter, "      {who} {connection} < {}{dots}", &text[..end])?;
    }
    Ok(())
}

/// A server with the connections to it.
#[derive(Debug)]
struct Side {
    server: Server,
    connections: [Option<Connection>; CONNECTIONS],
    janitor: Connection,
}

impl Side {
    fn start(program: &Program, settings: Settings) -> Result<Side> {
        let (server, janitor) = Server::start(program, settings)?;
        Ok(Side { server, connections: [const { None }; CONNECTIONS], janitor })
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) -> Result<()> {
        match &mut self.connections[connection] {
            Some(open) => open.send(bytes),
            None => Ok(()),
        }
    }

    fn next(&mut self, connection: usize) -> Result<Event> {
        self.connections[connection].as_mut().map_or(Ok(Event::Closed), Connection::next)
    }

    fn arrived(&mut self, events: &mut [Vec<Event>; CONNECTIONS]) -> Result<bool> {
        let mut any = false;
        for (connection, events) in self.connections.iter_mut().zip(events) {
            if let Some(connection) = connection {
                any |= connection.arrived(events)?;
            }
        }
        Ok(any)
    }

    fn fragments(&mut self, events: &mut [Vec<Event>; CONNECTIONS]) {
        for (connection, events) in self.connections.iter_mut().zip(events) {
            events.extend(connection.as_mut().and_then(Connection::take_fragment));
        }
    }
}

/// Both servers.
#[derive(Debug)]
pub(crate) struct Pair {
    reference: Side,
    trellis: Side,
    /// Replies that are to come on each connection; more than none means that it waits for a job.
    outstanding: [usize; CONNECTIONS],
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
            outstanding: [0; CONNECTIONS],
            ids: Vec::new(),
            newest_id: 0,
        })
    }

    /// Turns on the drain mode of both, and waits until they say so.
    pub(crate) fn drain(&mut self) -> Result<()> {
        for side in [&mut self.reference, &mut self.trellis] {
            side.server.drain()?;
            let drains = |event: &Event| match event {
                Event::Reply { body: Some(body), .. } => {
                    body.windows(15).any(|part| part == b"\ndraining: true")
                }
                _ => true,
            };
            loop {
                side.janitor.send(b"stats\r\n")?;
                if drains(&side.janitor.next()?) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Does all steps and cleans up. After a difference the servers are of no further use.
    pub(crate) fn run(&mut self, sequence: &Sequence) -> Result<Transcript> {
        let mut transcript = Transcript::default();
        for step in &sequence.steps {
            if let Some(entry) = self.step(step, sequence.waiting, &mut transcript.requests)? {
                self.learn(&entry);
                if transcript.push(entry) {
                    return Ok(transcript);
                }
            }
        }
        // What is left when time has passed depends on the moment.
        if sequence.waiting != Waiting::Awaited {
            self.clean_up(&mut transcript)?;
        }
        Ok(transcript)
    }

    /// Does one step, or nothing if it makes no sense any more at this point.
    fn step(&mut self, step: &Step, waiting: Waiting, requests_sent: &mut usize) -> Result<Option<Entry>> {
        let Step { connection, action, .. } = step;
        let label = |what: String| format!("{connection} {what}");
        match action {
            Action::Send { requests, cuts } => {
                if waiting != Waiting::Awaited && !self.may_send(*connection, requests, cuts, waiting) {
                    return Ok(None);
                }
                *requests_sent += requests.len();
                let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes(&self.ids)).collect();
                let (reference, trellis) = self.send(*connection, requests, &bytes, cuts, waiting)?;
                Ok(Some(Entry { label: label(format!("> {}", bytes.escape_ascii())), reference, trellis }))
            }
            Action::HalfClose => {
                let (reference, trellis) = self.half_close(*connection)?;
                Ok(Some(Entry { label: label("half-closes".into()), reference, trellis }))
            }
            Action::Close => {
                let (reference, trellis) = self.close(*connection)?;
                Ok(Some(Entry { label: label("closes".into()), reference, trellis }))
            }
            Action::Await => {
                let reference = vec![(*connection, self.reference.next(*connection)?)];
                let trellis = vec![(*connection, self.trellis.next(*connection)?)];
                Ok(Some(Entry { label: label("waits for a reply".into()), reference, trellis }))
            }
        }
    }

    /// Whether the outcome of a send is certain.
    ///
    /// - Two connections never wait for a job of one tube, since beanstalkd serves them out of turn.
    /// - What brings an unknown number of replies is not sent to a connection that waits, as nobody could say
    ///   afterwards whether it still does.
    /// - Requests that stand behind a waiting reserve are carried out as soon as it has its job; then no other
    ///   connection may have more than one request to carry out, or the order would be a matter of luck.
    /// - TCP holds packets back when ten are on their way to a server that does not read.
    fn may_send(&self, connection: usize, requests: &[Request], cuts: &[usize], waiting: Waiting) -> bool {
        let others =
            (0..CONNECTIONS).filter(|other| *other != connection).map(|other| self.outstanding[other]);
        let most_outstanding = others.max().unwrap_or(0);
        let waits = requests.iter().any(|request| request.waits);
        let unknown = requests.iter().any(|request| request.replies.is_none());
        let outstanding = self.outstanding[connection];
        let queues = requests.len() > 1 || outstanding > 0;
        (!waits || most_outstanding == 0 || waiting == Waiting::Private)
            && (!unknown || outstanding == 0)
            && (!queues || most_outstanding <= 1)
            && (outstanding == 0 || outstanding < QUEUED_MAX && cuts.is_empty())
    }

    fn send(
        &mut self,
        connection: usize,
        requests: &[Request],
        bytes: &[u8],
        cuts: &[usize],
        waiting: Waiting,
    ) -> Result<(Events, Events)> {
        for side in [&mut self.reference, &mut self.trellis] {
            if side.connections[connection].is_none() {
                side.connections[connection] = Some(Connection::open(side.server.address())?);
            }
        }
        let nobody_waits = self.outstanding.iter().all(|count| *count == 0);
        let waits = requests.iter().any(|request| request.waits);
        let known = requests.iter().all(|request| request.replies.is_some());
        let replies = requests.iter().filter_map(|request| request.replies).sum();
        self.outstanding[connection] += replies;

        let (mut reference, mut trellis) = (Events::new(), Events::new());
        let mut start = 0;
        for end in cuts.iter().map(|cut| cut * bytes.len() / 1000).chain([bytes.len()]) {
            self.reference.send(connection, &bytes[start..end])?;
            self.trellis.send(connection, &bytes[start..end])?;
            if end < bytes.len() {
                let (early_reference, early_trellis) = self.settle(end - start)?;
                reference.extend(early_reference);
                trellis.extend(early_trellis);
            }
            start = end;
        }
        if waiting == Waiting::Awaited && waits {
            (0..QUIET_ROUNDS).try_for_each(|_| self.round_trip(&mut Default::default()).map(drop))?;
        } else if waiting == Waiting::Awaited || nobody_waits && known && !waits && cuts.is_empty() {
            for _ in 0..replies {
                reference.push((connection, self.reference.next(connection)?));
                trellis.push((connection, self.trellis.next(connection)?));
            }
        } else {
            let (late_reference, late_trellis) = self.settle(bytes.len())?;
            reference.extend(late_reference);
            trellis.extend(late_trellis);
        }
        Ok((reference, trellis))
    }

    /// Makes round trips until both servers are done with bytes that were sent.
    fn settle(&mut self, bytes: usize) -> Result<(Events, Events)> {
        let mut reference = [const { Vec::new() }; CONNECTIONS];
        let mut trellis = [const { Vec::new() }; CONNECTIONS];
        let mut janitor = <(Vec<Event>, Vec<Event>)>::default();
        let mut quiet = 0;
        while quiet < QUIET_ROUNDS + bytes / BYTES_PER_ROUND {
            let alive = self.round_trip(&mut janitor)?;
            let any = self.reference.arrived(&mut reference)? | self.trellis.arrived(&mut trellis)?;
            quiet = if any { 0 } else { quiet + 1 };
            if !alive {
                break;
            }
        }
        self.reference.fragments(&mut reference);
        self.trellis.fragments(&mut trellis);
        Ok((numbered(reference, janitor.0), numbered(trellis, janitor.1)))
    }

    /// Has both servers answer the janitor. Returns whether both did; what they did instead is added.
    fn round_trip(&mut self, instead: &mut (Vec<Event>, Vec<Event>)) -> Result<bool> {
        self.reference.janitor.send(ROUND_TRIP)?;
        self.trellis.janitor.send(ROUND_TRIP)?;
        let answers = (self.reference.janitor.next()?, self.trellis.janitor.next()?);
        let alive = [&answers.0, &answers.1].iter().all(|event| matches!(event, Event::Reply { .. }));
        if !alive {
            instead.0.push(answers.0);
            instead.1.push(answers.1);
        }
        Ok(alive)
    }

    /// Takes note of new ids, of replies that have come and of closed connections. The entry's sides may differ;
    /// then nothing of this is used any more.
    fn learn(&mut self, entry: &Entry) {
        for (connection, event) in entry.reference.iter().filter(|(connection, _)| *connection < CONNECTIONS)
        {
            match event {
                Event::Reply { line, .. } => {
                    self.outstanding[*connection] = self.outstanding[*connection].saturating_sub(1);
                    self.ids.extend(line.strip_prefix("INSERTED ").map(String::from));
                }
                Event::Closed => self.drop_connection(*connection),
                Event::Fragment(_) | Event::Silence => {}
            }
        }
    }

    fn half_close(&mut self, connection: usize) -> Result<(Events, Events)> {
        for side in [&mut self.reference, &mut self.trellis] {
            if let Some(open) = &mut side.connections[connection] {
                open.half_close();
            }
        }
        let events = self.settle(0)?;
        self.drop_connection(connection);
        Ok(events)
    }

    /// Closes a connection. If requests still stand behind a waiting reserve, it depends on the moment how many of
    /// them a server carries out before it learns that nobody reads its replies; so it is only half-closed.
    fn close(&mut self, connection: usize) -> Result<(Events, Events)> {
        if self.outstanding[connection] > 1 {
            return self.half_close(connection);
        }
        self.drop_connection(connection);
        self.settle(0)
    }

    fn drop_connection(&mut self, connection: usize) {
        self.reference.connections[connection] = None;
        self.trellis.connections[connection] = None;
        self.outstanding[connection] = 0;
    }

    /// Leaves both servers empty for the next sequence, and compares what is left on the way.
    fn clean_up(&mut self, transcript: &mut Transcript) -> Result<()> {
        for connection in 0..CONNECTIONS {
            let (reference, trellis) = self.close(connection)?;
            if transcript.push(Entry { label: format!("{connection} closes"), reference, trellis }) {
                return Ok(());
            }
        }
        // Ids are counted up, so a new one tells which others there may be; a put that waited behind a reserve can
        // have made a job whose id nobody has heard of.
        let Some(newest) = self.janitor(transcript, "put 0 0 1000 0\r\n\r\n")? else { return Ok(()) };
        let newest =
            newest.strip_prefix("INSERTED ").and_then(|id| id.parse().ok()).unwrap_or(self.newest_id);
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

    /// Makes one request on the janitor's connection. Returns the line of the reply if both gave the same.
    fn janitor(&mut self, transcript: &mut Transcript, request: &str) -> Result<Option<String>> {
        self.reference.janitor.send(request.as_bytes())?;
        self.trellis.janitor.send(request.as_bytes())?;
        let answer = self.reference.janitor.next()?;
        let entry = Entry {
            label: format!("{JANITOR} > {}", request.escape_default()),
            reference: vec![(JANITOR, answer.clone())],
            trellis: vec![(JANITOR, self.trellis.janitor.next()?)],
        };
        let different = transcript.push(entry);
        Ok(match answer {
            Event::Reply { line, .. } if !different => Some(line),
            _ => None,
        })
    }
}

impl Transcript {
    /// Whether a reply that was due did not come, from both servers.
    pub(crate) fn is_silent(&self) -> bool {
        let silence = |(_, event): &(usize, Event)| *event == Event::Silence;
        self.entries.iter().any(|entry| entry.reference.iter().any(silence))
    }

    /// Adds an entry and returns whether it differs.
    fn push(&mut self, entry: Entry) -> bool {
        self.different = !entry.is_equal();
        self.entries.push(entry);
        self.different
    }
}

fn numbered(events: [Vec<Event>; CONNECTIONS], janitor: Vec<Event>) -> Events {
    let by_connection = events.into_iter().chain([janitor]).enumerate();
    by_connection.flat_map(|(place, events)| events.into_iter().map(move |event| (place, event))).collect()
}
