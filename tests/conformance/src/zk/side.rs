//! One of the two servers with the clients that a sequence has on it. It does steps, and judges nothing.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};

use super::answer::View;
use super::client::{CLOSED, Client, Observed, SILENCE, Session};
use super::operation::Operation;
use super::request::{Field, Meaning, OWN_NODE, Request, write_fields, write_frame};
use super::requests;
use super::sequence::{Action, CONNECTIONS, Connect, Step, Wanted};
use super::server::{SUPER_USER, Server};

/// The number of a session that no server gives out.
const UNKNOWN_SESSION: i64 = 0x0123_4567_89ab_cdef;
/// How the client that cleans up appears in a transcript: behind those of the sequence.
pub(super) const JANITOR: usize = CONNECTIONS;

/// What a server did to which connection.
pub(super) type Events = Vec<(usize, Observed)>;

/// A server with the clients of a sequence.
#[derive(Debug)]
pub(super) struct Side {
    _server: Server,
    address: SocketAddr,
    clients: [Option<Client>; CONNECTIONS],
    /// The sessions of the sequence in the order in which they were opened, and which of them each connection had
    /// last.
    sessions: Vec<Session>,
    of_connection: [Option<usize>; CONNECTIONS],
    /// Cleans up. Nothing is forbidden to it.
    janitor: Client,
    own_node: String,
    first_zxid: i64,
    /// The newest transaction that the server has told of.
    newest_zxid: i64,
}

impl Side {
    /// Talks to a server at an address, which is its own or that of something before it.
    pub(super) fn new(server: Server, address: SocketAddr) -> Result<Side> {
        let janitor = client(address)?;
        let mut side = Side {
            _server: server,
            address,
            clients: [const { None }; CONNECTIONS],
            sessions: Vec::new(),
            of_connection: [None; CONNECTIONS],
            janitor,
            own_node: String::new(),
            first_zxid: 0,
            newest_zxid: 0,
        };
        let (scheme, credentials) = SUPER_USER;
        side.ask_as_janitor(&requests::auth(scheme, credentials))?;
        Ok(side)
    }

    /// Makes a node for a sequence.
    pub(super) fn begin(&mut self, number: u64) -> Result<()> {
        // As long for every number, so that no name is the beginning of another.
        self.own_node = format!("/s{number:08}");
        self.sessions.clear();
        self.of_connection = [None; CONNECTIONS];
        let create = requests::create(&OWN_NODE.to_string(), Some(b""), 0);
        let (answer, ..) = self.ask_as_janitor(&create)?;
        if !answer.starts_with("ok ") {
            bail!("cannot make {}: {answer}", self.own_node);
        }
        self.first_zxid = self.janitor.newest_zxid;
        self.newest_zxid = self.first_zxid;
        Ok(())
    }

    /// Does a step, and waits for everything that it brings, to all clients. Of what time brings, it takes what is there.
    pub(super) fn step(&mut self, step: &Step) -> Result<Events> {
        let connection = step.connection;
        let mut events = Events::new();
        match &step.action {
            Action::Connect(connect) => self.connect(connection, connect, &mut events)?,
            Action::Disconnect => self.clients[connection] = None,
            // The others are heard of below.
            Action::Await(_) => drop(self.ask_as_janitor(&Request::new(Operation::Ping, vec![]))?),
            Action::Send { requests, cuts } => {
                if self.clients[connection].is_none() {
                    self.connect(connection, &Connect::to(Wanted::New), &mut events)?;
                }
                let meaning = Meaning { own_node: &self.own_node, newest_zxid: self.newest_zxid };
                if let Some(client) = &mut self.clients[connection] {
                    client.send(requests, cuts, meaning)?;
                }
                self.receive(connection, &mut events)?;
            }
        }
        if step.changes_something() {
            self.settle(&mut events)?;
        }
        if ends_a_session(step) {
            put_runs_of_events_in_order(&mut events);
        }
        Ok(events)
    }

    /// Waits until a connection has something to take, but not longer than so.
    pub(super) fn wait(&mut self, connection: usize, patience: Duration) -> Result<()> {
        self.clients[connection].as_mut().map_or(Ok(()), |client| client.wait(patience))
    }

    /// The sessions that the sequence has opened, in their order.
    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Takes over one of the sequence's sessions with its first connection, whoever has it, and closes it.
    pub(super) fn close_session(&mut self, place: usize) -> Result<Events> {
        let mut events = Events::new();
        self.of_connection[0] = Some(place);
        self.connect(0, &Connect::to(Wanted::Of(0)), &mut events)?;
        let close =
            Action::Send { requests: vec![Request::new(Operation::CloseSession, vec![])], cuts: vec![] };
        if self.clients[0].is_some() {
            events.extend(self.step(&Step { connection: 0, action: close })?);
        }
        Ok(events)
    }

    /// Drops all connections.
    pub(super) fn disconnect(&mut self) {
        self.clients = [const { None }; CONNECTIONS];
    }

    /// Makes a request as somebody to whom nothing is forbidden. Gives the answer as text, and its body.
    pub(super) fn ask_as_janitor(&mut self, request: &Request) -> Result<(String, Vec<u8>)> {
        let meaning = Meaning { own_node: &self.own_node, newest_zxid: self.newest_zxid };
        let (header, body) = self.janitor.ask(request, meaning)?;
        Ok((self.view(&ids(&self.sessions)).answer(request.operation, header, &body), body))
    }

    fn connect(&mut self, connection: usize, connect: &Connect, events: &mut Events) -> Result<()> {
        self.clients[connection] = None;
        let place = match connect.session {
            Wanted::Of(other) => self.of_connection[other],
            Wanted::New | Wanted::Unknown => None,
        };
        let session = place.map(|place| &self.sessions[place]);
        let handshake = handshake(connect, session, self.newest_zxid);
        self.clients[connection] = Some(Client::open(self.address, &handshake)?);
        self.receive(connection, events)?;
        // The answer does not tell the newest transaction, which may be that of the session.
        self.settle(events)?;
        if let Some(session) = self.clients[connection].as_ref().and_then(|client| client.session.clone()) {
            let known = self.sessions.iter().position(|other| other.id == session.id);
            self.of_connection[connection] = Some(known.unwrap_or(self.sessions.len()));
            if known.is_none() {
                self.sessions.push(session);
            }
        }
        Ok(())
    }

    /// Waits until all clients have what has been sent to them.
    fn settle(&mut self, events: &mut Events) -> Result<()> {
        for client in self.clients.iter_mut().flatten() {
            client.send_fence()?;
        }
        (0..CONNECTIONS).try_for_each(|connection| self.receive(connection, events))
    }

    fn receive(&mut self, connection: usize, events: &mut Events) -> Result<()> {
        let Some(client) = &mut self.clients[connection] else { return Ok(()) };
        let sessions = ids(&self.sessions);
        let view = View { own_node: &self.own_node, first_zxid: self.first_zxid, sessions: &sessions };
        let mut observed = Vec::new();
        client.receive(view, &mut observed)?;
        self.newest_zxid = self.newest_zxid.max(client.newest_zxid);
        if client.is_over {
            self.clients[connection] = None;
        }
        events.extend(observed.into_iter().map(|observed| (connection, observed)));
        Ok(())
    }

    fn view<'a>(&'a self, sessions: &'a [i64]) -> View<'a> {
        View { own_node: &self.own_node, first_zxid: self.first_zxid, sessions }
    }
}

/// A client with a new session.
pub(super) fn client(address: SocketAddr) -> Result<Client> {
    let (client, welcome) = welcomed(address, &Connect::to(Wanted::New))?;
    if client.session.is_none() {
        bail!("no session is granted: {welcome:?}");
    }
    Ok(client)
}

/// A client that has asked for a new session, and what the server has done.
pub(super) fn welcomed(address: SocketAddr, connect: &Connect) -> Result<(Client, Vec<Observed>)> {
    let mut client = Client::open(address, &handshake(connect, None, 0))?;
    let mut observed = Vec::new();
    client.receive(View { own_node: "", first_zxid: 0, sessions: &[] }, &mut observed)?;
    Ok((client, observed))
}

/// Whether something that was due did not come.
pub(super) fn is_silent(events: &Events) -> bool {
    events.iter().any(|(_, observed)| observed.text == SILENCE)
}

/// Whether a connection has had events that end so, or can't have any more.
pub(super) fn has_had(events: &Events, connection: usize, awaited: &[String]) -> bool {
    let own = events.iter().filter(|(place, _)| *place == connection).map(|(_, seen)| &seen.text);
    own.clone().any(|text| text == CLOSED)
        || awaited.iter().all(|event| own.clone().any(|text| text.ends_with(event)))
}

fn ids(sessions: &[Session]) -> Vec<i64> {
    sessions.iter().map(|session| session.id).collect()
}

/// The first frame of a client.
fn handshake(connect: &Connect, session: Option<&Session>, newest_zxid: i64) -> Vec<u8> {
    let (id, mut password) = match (connect.session, session) {
        (Wanted::New, _) => (0, vec![0; 16]),
        (_, Some(session)) => (session.id, session.password.clone()),
        (_, None) => (UNKNOWN_SESSION, vec![0; 16]),
    };
    if !connect.right_password {
        password.iter_mut().for_each(|byte| *byte ^= 0x55);
    }
    let mut fields = vec![
        Field::Int(0),
        Field::Long(connect.ahead.map_or(0, |ahead| newest_zxid + ahead)),
        Field::Int(connect.timeout_ms),
        Field::Long(id),
        Field::Data(Some(password)),
    ];
    fields.extend(connect.read_only.map(Field::Byte));
    let (mut body, mut frame) = (Vec::new(), Vec::new());
    write_fields(&fields, Meaning { own_node: "", newest_zxid }, &mut body);
    write_frame(body, connect.damage, &mut frame);
    frame
}

/// Whether ephemerals may go in this step. The real server deletes them in the order of a hash table.
fn ends_a_session(step: &Step) -> bool {
    let Action::Send { requests, .. } = &step.action else { return false };
    requests.iter().any(|request| request.operation == Operation::CloseSession)
}

pub(super) fn put_runs_of_events_in_order(events: &mut Events) {
    let same_run = |(connection_a, a): &(usize, Observed), (connection_b, b): &(usize, Observed)| {
        connection_a == connection_b && a.is_event && b.is_event
    };
    for run in events.chunk_by_mut(same_run) {
        run.sort_unstable();
    }
}
