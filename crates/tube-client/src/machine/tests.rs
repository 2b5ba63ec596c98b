//! The machine's tables: scripts in `testdata/machine`, each case under a heading.
//!
//! ```text
//! ## heading          a new machine of the servers a:1 and b:1, or of those in `servers ...`; the time is 0
//! patience 0          settings, in milliseconds
//! ask delete 7        a request, as a line; `\n` parts a put's line from its body. They are #1, #2, ...
//! reserve 0.25        a reserve with this wait in seconds, or without one
//! abandon #1          give-back 7          hang-up
//! ok                  the connection has come about;  refused: it has not
//! wrote               the output was sent
//! < TOUCHED           the server answers; `\n` stands for CR LF
//! lost                the connection ends
//! +250                so many milliseconds pass
//! ```
//!
//! What comes out stands indented below each line; `UPDATE=1` rewrites it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use trellis_tube_codec::{Decoded, Decoder, Request};

use super::{Machine, Phase, Ticket};
use crate::limits::{INPUT_BYTES_KEPT, PROGRESS_BYTES};
use crate::settings::Settings;

#[test]
fn scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/machine");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let found = play(&text);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &found).unwrap();
        } else {
            assert_eq!(found, text, "{} (UPDATE=1 rewrites it)", path.display());
        }
        count += text.matches("## ").count();
    }
    assert!(count > 20, "{count} cases");
}

/// The script with what really comes out.
fn play(text: &str) -> String {
    let mut found = String::new();
    let mut player = Player::new();
    for line in text.lines().filter(|line| !line.starts_with("  ")) {
        found.push_str(line);
        found.push('\n');
        if line.starts_with("## ") {
            player = Player::new();
        } else if !line.is_empty() && !line.starts_with("//") {
            player.step(line);
            player.tell(&mut found);
        }
    }
    found
}

struct Player {
    machine: Machine,
    settings: Settings,
    servers: String,
    start: Instant,
    now: Instant,
    tickets: Vec<Ticket>,
    was_connected: bool,
    shown: usize,
}

impl Player {
    fn new() -> Self {
        let settings = Settings {
            patience: Duration::from_secs(5),
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_millis(400),
            jitter_seed: Some(1),
            ..Settings::default()
        };
        let now = Instant::now();
        let mut player = Self {
            machine: Machine::new(Vec::new(), &settings),
            settings,
            servers: "a:1 b:1".to_owned(),
            start: now,
            now,
            tickets: Vec::new(),
            was_connected: false,
            shown: 0,
        };
        player.renew();
        player
    }

    fn renew(&mut self) {
        let servers = self.servers.split(' ').map(|server| server.parse().unwrap()).collect();
        self.machine = Machine::new(servers, &self.settings);
    }

    fn step(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let now = self.now;
        let ticket = || self.tickets[rest[1..].parse::<usize>().unwrap() - 1];
        match word {
            "servers" => {
                self.servers = rest.to_owned();
                self.renew();
            }
            "patience" => {
                self.settings.patience = Duration::from_millis(rest.parse().unwrap());
                self.renew();
            }
            "assume" => self.machine.assume_tubes(Some(rest), &[rest]).unwrap(),
            "ask" => {
                let ticket = self.ask(rest);
                self.tickets.push(ticket);
            }
            "bad-tube" => self.tickets.push(self.machine.request(&Request::Use { tube: "a\r\nquit" }, now)),
            "reserve" => {
                let wait = (!rest.is_empty()).then(|| Duration::from_secs_f64(rest.parse().unwrap()));
                self.tickets.push(self.machine.reserve(wait, now));
            }
            "connect" => self.tickets.push(self.machine.connect(now)),
            "prefer-connection" => self.machine.prefer_connection(now),
            "abandon" => self.machine.abandon(ticket(), now),
            "give-back" => self.machine.give_back(rest.parse().unwrap(), now),
            "hang-up" => self.machine.hang_up(now),
            "ok" => self.machine.connected(now),
            "refused" => self.machine.connect_failed(io::ErrorKind::ConnectionRefused.into(), now),
            "wrote" => {
                let bytes = self.machine.output().len();
                self.machine.wrote(bytes, now);
                self.shown = 0;
            }
            "<" => self.machine.received(format!("{rest}\\n").replace("\\n", "\r\n").as_bytes(), now),
            "<part" => self.machine.received(rest.replace("\\n", "\r\n").as_bytes(), now),
            "lost" => self.machine.lost(io::ErrorKind::UnexpectedEof.into(), now),
            _ => {
                let passed = word.strip_prefix('+').unwrap_or_else(|| panic!("what is {line:?}?"));
                self.now += Duration::from_millis(passed.parse().unwrap());
                self.machine.advance(self.now);
            }
        }
    }

    fn ask(&mut self, text: &str) -> Ticket {
        let bytes = format!("{text}\\n").replace("\\n", "\r\n");
        let mut input = bytes.as_bytes();
        match Decoder::new(1000).decode(&mut input) {
            Some(Decoded::Request(request)) => self.machine.request(&request, self.now),
            other => panic!("{text:?} is no request: {other:?}"),
        }
    }

    fn tell(&mut self, found: &mut String) {
        for (index, &ticket) in self.tickets.iter().enumerate() {
            match self.machine.take(ticket) {
                Some(Ok(answer)) => writeln!(found, "  #{} {answer:?}", index + 1).unwrap(),
                Some(Err(error)) => writeln!(found, "  #{} error: {error}", index + 1).unwrap(),
                None => {}
            }
        }
        if self.was_connected && !self.machine.is_connected() {
            writeln!(found, "  closed").unwrap();
            self.shown = 0;
        }
        self.was_connected = self.machine.is_connected();
        if let Some(address) = self.machine.wants_connection(self.now) {
            writeln!(found, "  connect to {address}").unwrap();
        }
        for line in String::from_utf8_lossy(&self.machine.output()[self.shown..]).split_terminator("\r\n") {
            writeln!(found, "  > {line}").unwrap();
        }
        self.shown = self.machine.output().len();
        let phase = match self.machine.phase {
            Phase::Apart { .. } => "apart",
            Phase::Connecting { .. } => "connecting",
            Phase::Connected { .. } => "connected",
        };
        match self.machine.deadline() {
            Some(deadline) => {
                let at = deadline.saturating_duration_since(self.start).as_millis();
                writeln!(found, "  {phase}, until {at} ms").unwrap();
            }
            None => writeln!(found, "  {phase}").unwrap(),
        }
    }
}

/// However the server's bytes are cut, the same comes out.
#[test]
fn pieces_make_no_difference() {
    let bytes = b"USING a\r\nRESERVED 7 5\r\nhello\r\nDELETED\r\nOK 7\r\n---\n- a\r\n";
    for cut in 0..bytes.len() {
        let now = Instant::now();
        let mut machine = Machine::new(vec!["a".parse().unwrap()], &Settings::default());
        let asked =
            [Request::Use { tube: "a" }, Request::Reserve, Request::Delete { id: 7 }, Request::ListTubes];
        let tickets = asked.map(|request| machine.request(&request, now));
        assert!(machine.wants_connection(now).is_some());
        machine.connected(now);
        machine.received(&bytes[..cut], now);
        machine.received(&bytes[cut..], now);
        for ticket in tickets {
            assert!(matches!(machine.take(ticket), Some(Ok(_))), "cut at {cut}");
        }
        assert!(!machine.holds(7));
    }
}

/// More than fits at once is sent as replies come, and everything is answered in its order.
#[test]
fn many_requests_flow_through_the_limits() {
    let now = Instant::now();
    let mut machine = Machine::new(vec!["a".parse().unwrap()], &Settings::default());
    let body = [b'x'; 4000];
    let put = Request::Put { priority: 0, delay: 0, ttr: 1, body: &body };
    let tickets: Vec<Ticket> = (0..5000).map(|_| machine.request(&put, now)).collect();
    assert!(machine.wants_connection(now).is_some());
    machine.connected(now);
    let mut most = 0;
    let mut id = 0;
    let mut sent = 0;
    while machine.is_pending(tickets[4999]) {
        while !machine.output().is_empty() {
            let bytes = machine.output().len();
            most = most.max(bytes);
            sent += bytes;
            machine.wrote(bytes, now);
        }
        assert!(machine.awaited.len() <= crate::limits::PIPELINE_REQUESTS_MAX);
        for _ in 0..machine.awaited.len() {
            id += 1;
            machine.received(format!("INSERTED {id}\r\n").as_bytes(), now);
        }
    }
    assert!(most <= crate::limits::PIPELINE_BYTES_MAX + 5000, "{most} bytes at once");
    assert!(sent >= 5000 * 4000);
    for (index, ticket) in tickets.into_iter().enumerate() {
        let inserted = machine.take(ticket).unwrap().unwrap().inserted().unwrap();
        assert_eq!(inserted.id, index as u64 + 1);
    }
}

/// A slow way is no fault of the server's. What it promises takes no memory before it comes, and none afterwards.
#[test]
fn a_long_reply_may_take_its_time() {
    let mut now = Instant::now();
    let settings = Settings { patience: Duration::ZERO, ..Settings::default() };
    let mut machine = Machine::new(vec!["a".parse().unwrap()], &settings);
    let ticket = machine.request(&Request::Peek { id: 7 }, now);
    assert!(machine.wants_connection(now).is_some());
    machine.connected(now);
    machine.wrote(machine.output().len(), now);
    let body = vec![b'x'; 100 * (PROGRESS_BYTES + 1)];
    machine.received(format!("FOUND 7 {}\r\n", body.len()).as_bytes(), now);
    assert!(machine.input.capacity() < 1000, "{} bytes", machine.input.capacity());
    for part in body.chunks(PROGRESS_BYTES + 1) {
        now += settings.reply_timeout * 9 / 10;
        machine.advance(now);
        let (much, little) = part.split_at(PROGRESS_BYTES);
        machine.received(much, now);
        assert_eq!(machine.silent_since(), Some(now));
        machine.received(little, now + settings.reply_timeout / 2);
        assert_eq!(machine.silent_since(), Some(now), "one byte is as good as none");
    }
    machine.received(b"\r\n", now);
    assert_eq!(machine.silent_since(), None);
    assert_eq!(machine.take(ticket).unwrap().unwrap().job().unwrap().body, body);
    assert!(machine.input.capacity() <= INPUT_BYTES_KEPT, "{} bytes", machine.input.capacity());
}
