//! The machine's scripts in `testdata/machine`: what goes in at which second, and what comes out.
//!
//! ```text
//! settings a:1,b:1/x read-only     the connection string and flags; the session lives for 3 s, requests wait 10 s
//! 0.5 opened                       the wanted connection is there
//! 0.5 granted 7 3000 [read-only]   the server's answer to the handshake: session and time-out in ms; 0 0 is none
//! 0.5 lost closed                  the connection has ended, or could not be made: refused, closed, silent
//! 0.5 call 1 get /a watch          a request with its ticket: get, set, create, exists, children, follow, whoami
//! 0.5 auth 2 digest:x              an identity, with its ticket
//! 0.5 close 3                      the session is to end
//! 0.5 disown 1 /a                  nobody waits for this watch any more
//! 0.5 reply 1 9 [NoNode]           the answer to request number 1, with a zxid, and an error
//! 0.5 authenticated [AuthFailed]   the answer to an identity
//! 0.5 pong                         the answer to a ping
//! 0.5 event NodeDeleted /a         an event
//! 0.5 nonsense                     bytes that are no answer
//! 0.5 stuffed, 0.5 drained         the system takes no bytes from now on; and takes them again
//! 1.5                              nothing; time passes
//! ```
//!
//! What comes out stands below, indented. `UPDATE=1` rewrites it.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use trellis_zk_codec::{
    AddWatchMode, ConnectRequest, ConnectResponse, Create, CreateMode, ErrorCode, Event, EventKind,
    KeeperState, List, Op, Reply, ReplyHeader, Request, Stat, take_frame, xid,
};

use super::{Machine, Outcome, Wanted};
use crate::error::{Error, Loss};
use crate::limits::{INPUT_BYTES_KEPT, UNSENT_BYTES_MAX};
use crate::settings::{Identity, SessionKey, Settings};

#[test]
fn scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/machine");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a script is text");
        let found = run(&text);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, found).expect("a script can be written");
        } else {
            assert_eq!(found, text, "{}; UPDATE=1 rewrites it", path.display());
        }
        checked += 1;
    }
    assert!(checked >= 5, "{checked} scripts");
}

/// Runs a script, and writes down what comes out.
fn run(text: &str) -> String {
    let mut found = String::new();
    let mut bench: Option<Bench> = None;
    for line in text.lines().filter(|line| !line.starts_with("    ")) {
        found.push_str(line);
        found.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        if let ["settings", words @ ..] = words.as_slice() {
            bench = Some(Bench::new(words));
        } else {
            bench.as_mut().expect("a script begins with its settings").step(&words);
        }
        for line in bench.as_mut().expect("a script begins with its settings").outcome() {
            writeln!(found, "    {line}").expect("memory");
        }
    }
    found
}

/// A machine, and what a driver and a server would know.
struct Bench {
    machine: Machine,
    begin: Instant,
    wanted: Option<Wanted>,
    deadline: String,
    confirmed: Option<Instant>,
    stuffed: bool,
    /// The kinds of requests by their number.
    ops: Vec<Op>,
    shaken: bool,
}

impl Bench {
    fn new(words: &[&str]) -> Bench {
        let mut settings = Settings {
            shuffle: false,
            session_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(4),
            ..Settings::new(words[0]).expect("a connection string")
        };
        for word in &words[1..] {
            match *word {
                "read-only" => settings.read_only = true,
                "fail-fast" => settings.fail_fast = true,
                "resumed" => settings.session = Some(SessionKey { id: 7, password: b"secret".to_vec() }),
                "identified" => settings.identities = vec![identity("digest:me")],
                word => panic!("there is no setting {word}"),
            }
        }
        let begin = Instant::now();
        Bench {
            machine: Machine::new(&settings, 7, begin),
            begin,
            wanted: None,
            deadline: String::new(),
            confirmed: None,
            stuffed: false,
            ops: vec![Op::Ping],
            shaken: false,
        }
    }

    fn step(&mut self, words: &[&str]) {
        let now = self.begin + Duration::from_secs_f64(words[0].parse().expect("a time"));
        let machine = &mut self.machine;
        match words[1..] {
            [] => machine.tick(now),
            ["opened"] => machine.opened(now),
            ["lost", "refused"] => machine.lost(Loss::Refused, now),
            ["lost", "closed"] => machine.lost(Loss::Closed, now),
            ["granted", session, timeout, ref rest @ ..] => {
                let response = ConnectResponse {
                    protocol_version: 0,
                    timeout_ms: timeout.parse().expect("a time"),
                    session: session.parse().expect("a session"),
                    password: b"secret",
                    read_only: Some(!rest.is_empty()),
                };
                let mut bytes = Vec::new();
                response.encode(&mut bytes);
                self.shaken = true;
                machine.received(&bytes, now);
            }
            ["call", ticket, ref request @ ..] => {
                let request = request_of(request);
                self.ops.push(request.op());
                machine.submit(ticket.parse().expect("a ticket"), &request, now);
            }
            ["auth", ticket, text] => {
                machine.authenticate(ticket.parse().expect("a ticket"), identity(text), now);
            }
            ["close", ticket] => {
                self.ops.push(Op::CloseSession);
                machine.close(ticket.parse().expect("a ticket"), now);
            }
            ["disown", ticket, path] => machine.disown(ticket.parse().expect("a ticket"), path),
            ["stuffed"] => self.stuffed = true,
            ["drained"] => self.stuffed = false,
            _ => {
                let bytes = self.server_bytes(&words[1..]);
                self.machine.received(&bytes, now);
            }
        }
    }

    /// What a server sends.
    fn server_bytes(&self, words: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match *words {
            ["reply", number, zxid, ref error @ ..] => {
                let number: usize = number.parse().expect("a number");
                let error = error.first().map(|name| code(name));
                let xid = i32::try_from(number).expect("a small number");
                let header = ReplyHeader { xid, zxid: zxid.parse().expect("a zxid"), error };
                let stat = Stat::default();
                let reply = match self.ops[number] {
                    _ if error.is_some() => Reply::Empty,
                    Op::GetData => Reply::Data { data: Some(b"data"), stat },
                    Op::GetChildren2 => Reply::ChildrenAndStat { children: List::EMPTY, stat },
                    Op::Create => Reply::Path { path: "/created" },
                    Op::SetData | Op::Exists => Reply::Stat(stat),
                    _ => Reply::Empty,
                };
                reply.encode(header, &mut bytes);
            }
            ["authenticated", ref error @ ..] => {
                let error = error.first().map(|name| code(name));
                Reply::Empty.encode(ReplyHeader { xid: xid::AUTH, zxid: 0, error }, &mut bytes);
            }
            ["pong"] => {
                Reply::Empty.encode(ReplyHeader { xid: xid::PING, zxid: 0, error: None }, &mut bytes);
            }
            ["event", kind, path] => {
                let kind = EventKind::ALL.iter().find(|known| format!("{known:?}") == kind);
                let kind = *kind.expect("a kind of event");
                Event { kind, state: KeeperState::SyncConnected, path }.encode(-1, &mut bytes);
            }
            ["nonsense"] => bytes = b"UNKNOWN_COMMAND\r\n".to_vec(),
            _ => panic!("what is {words:?}?"),
        }
        bytes
    }

    /// What has come out since the last time.
    fn outcome(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(outcome) = self.machine.take_outcome() {
            lines.push(outcome_text(&outcome));
        }
        let wanted = self.machine.wanted();
        if wanted.map(|wanted| wanted.number) != self.wanted.map(|wanted| wanted.number) {
            lines.push(match wanted {
                None => "disconnect".to_owned(),
                Some(wanted) => {
                    self.shaken = false;
                    format!("connect to {} until {}", self.machine.server(), self.second(wanted.until))
                }
            });
            self.wanted = wanted;
        }
        if !self.stuffed {
            let bytes = self.machine.output().to_vec();
            lines.extend(self.sent(&bytes));
            self.machine.taken(bytes.len());
        }
        if let Some(confirmed) = self.machine.confirmed().filter(|at| Some(*at) != self.confirmed) {
            lines.push(format!("confirmed since {}", self.second(confirmed)));
            self.confirmed = Some(confirmed);
        }
        let deadline = self.machine.deadline().map_or("never".to_owned(), |at| self.second(at));
        if deadline != self.deadline {
            lines.push(format!("due {deadline}"));
            self.deadline = deadline;
        }
        lines
    }

    fn sent(&self, bytes: &[u8]) -> Vec<String> {
        let mut rest = bytes;
        let mut lines = Vec::new();
        while let Some(frame) = take_frame(&mut rest, u32::MAX).expect("frames") {
            lines.push(if self.shaken {
                let (xid, request) = Request::decode(frame).expect("a request");
                format!("> {xid} {request:?}")
            } else {
                let request = ConnectRequest::decode(frame).expect("a handshake");
                let ConnectRequest { session, last_zxid_seen, timeout_ms, read_only, .. } = request;
                let read_only = if read_only == Some(true) { " read-only" } else { "" };
                format!("> session {session} zxid {last_zxid_seen} timeout {timeout_ms}{read_only}")
            });
        }
        assert!(rest.is_empty(), "whole frames");
        lines
    }

    fn second(&self, at: Instant) -> String {
        format!("{:.3}", (at - self.begin).as_secs_f64())
    }
}

fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered { ticket, result: Ok(_) } => format!("{ticket} is answered"),
        Outcome::Answered { ticket, result: Err(error) } => format!("{ticket} fails: {error}"),
        Outcome::Event { event, tickets } => format!("{:?} {} for {tickets:?}", event.kind, event.path),
        Outcome::Missed { tickets } => format!("missed by {tickets:?}"),
        Outcome::State(state) => format!("state {state:?}"),
        Outcome::Unreachable(attempts) => {
            let each = attempts.iter().map(|attempt| format!("{}: {}", attempt.server, attempt.loss));
            format!("unreachable: {}", each.collect::<Vec<_>>().join("; "))
        }
    }
}

fn request_of<'a>(words: &[&'a str]) -> Request<'a> {
    match *words {
        ["get", path] => Request::GetData { path, watch: false },
        ["get", path, "watch"] => Request::GetData { path, watch: true },
        ["set", path] => Request::SetData { path, data: Some(b"data"), version: -1 },
        ["exists", path, "watch"] => Request::Exists { path, watch: true },
        ["children", path, "watch"] => Request::GetChildren2 { path, watch: true },
        ["follow", path] => Request::AddWatch { path, mode: AddWatchMode::PersistentRecursive },
        ["whoami"] => Request::WhoAmI,
        ["create", path] => {
            Request::Create(Create { path, data: None, acl: List::EMPTY, mode: CreateMode::Ephemeral })
        }
        _ => panic!("what is {words:?}?"),
    }
}

fn identity(text: &str) -> Identity {
    let (scheme, credentials) = text.split_once(':').expect("scheme:credentials");
    Identity { scheme: scheme.to_owned(), credentials: Some(credentials.as_bytes().to_vec()) }
}

fn code(name: &str) -> ErrorCode {
    *ErrorCode::ALL.iter().find(|code| code.name() == name).expect("a code")
}

/// What a server promises takes no memory before it comes, and none when it has been taken.
#[test]
fn a_long_reply_takes_memory_only_while_it_comes() {
    let now = Instant::now();
    let mut bench = Bench::new(&["a:1"]);
    for words in [&["0", "opened"][..], &["0", "granted", "7", "3000"], &["0", "call", "1", "get", "/a"]] {
        bench.step(words);
    }
    let machine = &mut bench.machine;
    let data = vec![0; 2 * INPUT_BYTES_KEPT];
    let mut reply = Vec::new();
    let header = ReplyHeader { xid: 1, zxid: 1, error: None };
    Reply::Data { data: Some(&data), stat: Stat::default() }.encode(header, &mut reply);
    let (promise, rest) = reply.split_at(4);
    machine.received(promise, now);
    assert!(machine.input.capacity() < 1000, "{} bytes", machine.input.capacity());
    machine.received(rest, now);
    let answered = std::iter::from_fn(|| machine.take_outcome())
        .any(|outcome| matches!(outcome, Outcome::Answered { ticket: 1, result: Ok(_) }));
    assert!(answered);
    assert!(machine.input.capacity() <= INPUT_BYTES_KEPT, "{} bytes", machine.input.capacity());
}

/// What is refused for want of room never went out, and the end of the session still does.
#[test]
fn too_much_at_once_is_refused_until_there_is_room() {
    let now = Instant::now();
    let mut bench = Bench::new(&["a:1"]);
    let machine = &mut bench.machine;
    let data = vec![0; 1 << 20];
    let request = Request::SetData { path: "/a", data: Some(&data), version: -1 };
    let mut ticket = 0;
    let refused = loop {
        ticket += 1;
        machine.submit(ticket, &request, now);
        match machine.take_outcome() {
            None => assert!(ticket < 100, "there is no end of the room"),
            Some(outcome) => break outcome,
        }
    };
    assert!(matches!(refused, Outcome::Answered { result: Err(Error::Busy { unsent_bytes }), .. }
        if unsent_bytes > UNSENT_BYTES_MAX));
    assert!(!machine.has_room());
    machine.opened(now);
    let mut bytes = Vec::new();
    let response = ConnectResponse {
        protocol_version: 0,
        timeout_ms: 3000,
        session: 7,
        password: b"secret",
        read_only: Some(false),
    };
    response.encode(&mut bytes);
    machine.received(&bytes, now);
    assert!(!machine.has_room());
    machine.close(1000, now);
    assert!(machine.output().ends_with(&Op::CloseSession.number().to_be_bytes()), "it has its place");
    machine.taken(machine.output().len() - UNSENT_BYTES_MAX / 2);
    assert!(machine.has_room());
}
