//! The language of the scripts in `testdata`, and the one switch that runs it.
//!
//! A script is a list of blocks with an empty line between them. A block is some directives, one a line, then
//! `----`, then everything that they cause, in the order in which it comes out. Lines that begin with `#` are
//! comments and stand before the directives of a block.
//!
//! Everything after a name in capitals is optional. `c1` is connection 1 of node 1; `n2c5` is connection 5 of
//! node 2.
//!
//! ```text
//! at SECONDS                   the time of what follows, as 12.5s; the clock starts at 0s
//! tick                         time passes, and nothing else happens
//! due                          shows when something is due next
//! close-node NODE              a node is given up
//! c1 open | close | half-close
//! c1 put "BODY" PRI=0 DELAY=0 TTR=60
//! c1 skip-id
//! c1 use TUBE | watch TUBE | ignore TUBE
//! c1 reserve TIMEOUT=SECONDS   without a timeout it waits for ever
//! c1 reserve-job ID | delete ID | touch ID | kick-job ID
//! c1 release ID PRI=0 DELAY=0
//! c1 bury ID PRI=0
//! c1 kick BOUND
//! c1 pause-tube TUBE SECONDS
//! c1 peek ID | peek-ready | peek-delayed | peek-buried
//! c1 stats | stats-job ID | stats-tube TUBE
//! c1 list-tubes | list-tube-used | list-tubes-watched
//! snapshot                     begins one
//! snapshot-next SLOTS          reads on, and shows what was read
//! snapshot-abort               gives it up
//! restore                      reads the rest, and goes on with the state that was restored from it
//! ```
//!
//! In statistics, what is zero is left out.
//!
//! `z1` is a connection of node 1 that speaks ZooKeeper's protocol; `n2z5` one of node 2. Options may stand in any
//! order. Data that isn't there is none at all, which is not the same as `""`. What comes out begins with `#` and the
//! number of the transaction.
//!
//! ```text
//! z1 as SCHEME:ID ...          who asks from now on; nobody in particular at first
//! z1 create-session ID TIMEOUT=10000
//! z1 attach-session ID TIMEOUT=10000 WRONG-PASSWORD
//! z1 close-session
//! expire-session ID
//! sessions | totals            shows them
//! z1 create PATH "DATA" SEQUENTIAL EPHEMERAL CONTAINER TTL=MILLISECONDS ACL=... STAT
//! z1 delete PATH VERSION=-1
//! z1 set PATH "DATA" VERSION=-1
//! z1 set-acl PATH ACL=... VERSION=-1
//! z1 check PATH VERSION=-1
//! z1 multi OPERATION ; OPERATION ; ...
//!                              any operation with LAX: hard quotas are not enforced
//! z1 refuse CODE
//! z1 get PATH | exists PATH | children PATH | children2 PATH | number PATH | get-acl PATH | sync PATH
//! z1 ephemerals "PREFIX"
//! z1 multi-read get PATH ; children PATH ; ...
//! z1 list PATH                 begins to list children in pieces
//! list-next NAMES | list-end   goes on with the last such list, or gives it up
//! z1 set-watches ZXID DATA=PATH ... EXIST=PATH ... CHILD=PATH ...
//! ```
//!
//! An access control list is `PERMISSIONS:SCHEME:ID` with commas between the entries, where permissions are some
//! of the letters `rwcda`. In an operation of `z1`, `\0` stands for the character that ends strings in C.

mod tube;
mod zk;

use std::collections::BTreeMap;
use std::fmt::Write;

use trellis_core::snapshot::{Record, Standing};
use trellis_core::tube::{JobCounts, Reply};
use trellis_core::zk::{Event, ListingId, QuotaExcess, SessionId, Zxid};
use trellis_core::{Command as Any, ConnectionId, Outbox, Restore, State, Time};

/// Runs a script and gives it back with what really came out.
pub(crate) fn run(text: &str) -> Result<String, String> {
    let mut runner = Runner {
        state: State::new(),
        at: Time(0),
        restore: Restore::new(),
        identities: BTreeMap::new(),
        listing: None,
        out: Shown::default(),
    };
    let mut result = Vec::new();
    for block in text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty()) {
        let directives: Vec<&str> = block.lines().take_while(|line| *line != "----").collect();
        if directives.iter().all(|line| line.starts_with('#')) {
            result.push(format!("{}\n", directives.join("\n")));
            continue;
        }
        for directive in directives.iter().filter(|line| !line.starts_with('#')) {
            runner.run(directive).map_err(|trouble| format!("{directive}: {trouble}"))?;
            runner.state.check().map_err(|trouble| format!("after {directive}: {trouble}"))?;
        }
        let out = std::mem::take(&mut runner.out.0);
        result.push(format!("{}\n----\n{out}", directives.join("\n")));
    }
    Ok(result.join("\n"))
}

struct Runner {
    state: State,
    at: Time,
    restore: Restore,
    /// Who asks on the connections that speak ZooKeeper's protocol, encoded.
    identities: BTreeMap<ConnectionId, Vec<u8>>,
    listing: Option<ListingId>,
    out: Shown,
}

impl Runner {
    fn run(&mut self, directive: &str) -> Result<(), String> {
        let words = words(directive);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["at", seconds] => self.at = time(seconds)?,
            ["tick"] => self.state.apply(self.at, Any::Tick, &mut self.out),
            ["due"] => {
                let due = self.state.next_due().map_or("never".to_owned(), show_time);
                self.out.line(format_args!("due {due}"));
            }
            ["close-node", node] => {
                self.state.apply(self.at, Any::CloseNode { node: number(node)? }, &mut self.out);
            }
            ["snapshot"] => {
                self.restore = Restore::new();
                self.state.snapshot_begin();
            }
            ["snapshot-next", slots] => {
                self.snapshot_next(number(slots)?, true)?;
            }
            ["snapshot-abort"] => self.state.snapshot_abort(),
            ["restore"] => {
                while self.snapshot_next(1, false)? {}
                let restore = std::mem::take(&mut self.restore);
                self.state = restore.finish().map_err(|error| error.to_string())?;
            }
            ["sessions"] => zk::show_sessions(&self.state, &mut self.out),
            ["totals"] => zk::show_totals(&self.state, &mut self.out),
            ["list-next", names] => {
                let id = self.listing.ok_or("no list has begun")?;
                let (state, names, mut shown) = (&mut self.state, number(names)?, String::from("list"));
                let more = state.zk_listing_next(id, names, &mut |name| shown = format!("{shown} {name}"));
                let end = more.map_or(" is unknown", |more| if more { "" } else { " end" });
                self.out.line(format_args!("{shown}{end}"));
            }
            ["list-end"] => self.state.zk_listing_end(self.listing.ok_or("no list has begun")?),
            ["expire-session", id] => {
                let (connection, command) = (ConnectionId::new(0, 0), zk::expire(id)?);
                self.state.apply(self.at, Any::Zk { connection, command }, &mut self.out);
            }
            [name, verb, ref arguments @ ..] if name.contains('z') => self.client(name, verb, arguments)?,
            [name, verb, ref arguments @ ..] => self.connection(name, verb, arguments)?,
            _ => return Err("no such directive".into()),
        }
        Ok(())
    }

    fn connection(&mut self, name: &str, verb: &str, arguments: &[&str]) -> Result<(), String> {
        let connection = connection(name, 'c')?;
        let arguments: Vec<&str> = arguments.iter().map(|word| word.trim_start_matches('"')).collect();
        if let Some(query) = tube::query(verb, &arguments)? {
            self.state.query(self.at, connection, &query, &mut self.out);
        } else {
            let command = tube::command(verb, &arguments)?;
            self.state.apply(self.at, Any::Tube { connection, command }, &mut self.out);
        }
        Ok(())
    }

    /// A connection that speaks ZooKeeper's protocol.
    fn client(&mut self, name: &str, verb: &str, arguments: &[&str]) -> Result<(), String> {
        let connection = connection(name, 'z')?;
        let identities = self.identities.entry(connection).or_default();
        if verb == "as" {
            *identities = zk::identities(arguments)?;
            return Ok(());
        }
        let arguments: Vec<String> = arguments.iter().map(|word| word.replace("\\0", "\0")).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let asker = zk::decode_identities(identities);
        if verb == "list" {
            let path = arguments.first().ok_or("a path is missing")?;
            match self.state.zk_listing_begin(connection, asker, path) {
                Ok(start) => {
                    self.listing = Some(start.id);
                    self.out.line(format_args!("{}", zk::show_listing(&start)));
                }
                Err(error) => self.out.line(format_args!("{error:?} {}", error.code())),
            }
        } else if let Some(query) = zk::query(verb, &arguments)? {
            self.state.query_zk(connection, asker, &query, &mut self.out);
        } else {
            let encoded = zk::Encoded::new(&arguments)?;
            let command = zk::command(verb, &arguments, asker, &encoded)?;
            self.state.apply(self.at, Any::Zk { connection, command }, &mut self.out);
        }
        Ok(())
    }

    fn snapshot_next(&mut self, slots: usize, show: bool) -> Result<bool, String> {
        let (mut outcome, mut shown) = (Ok(()), Vec::new());
        let more = self.state.snapshot_next(slots, usize::MAX, &mut |record| {
            if outcome.is_ok() {
                outcome = self.restore.add(&record);
            }
            shown.push(show_record(&record));
        });
        for line in shown.into_iter().filter(|_| show) {
            self.out.line(format_args!("{line}"));
        }
        outcome.map(|()| more).map_err(|error| error.to_string())
    }
}

/// Splits at spaces, but not within quotes; what was within quotes begins with one.
fn words(directive: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in directive.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(format!("\"{part}"));
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn option<T: std::str::FromStr>(options: &[&str], name: &str) -> Result<Option<T>, String> {
    let value = options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    value.map(number).transpose()
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number, or too large"))
}

fn connection(word: &str, kind: char) -> Result<ConnectionId, String> {
    let (node, name) = match word.strip_prefix('n') {
        Some(rest) => rest.split_once(kind).ok_or("a connection is c1 or n2c1, z1 or n2z1")?,
        None => ("1", word.strip_prefix(kind).ok_or("no such directive")?),
    };
    Ok(ConnectionId::new(number(node)?, number(name)?))
}

/// Seconds with up to six decimals.
fn time(word: &str) -> Result<Time, String> {
    let digits = word.strip_suffix('s').ok_or("a time ends with s")?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let microseconds: u64 = number(&format!("{fraction:0<6}"))?;
    Ok(Time(number::<u64>(whole)? * 1_000_000 + microseconds))
}

fn show_time(time: Time) -> String {
    let (whole, fraction) = (time.0 / 1_000_000, time.0 % 1_000_000);
    let shown = format!("{whole}.{fraction:06}");
    format!("{}s", shown.trim_end_matches('0').trim_end_matches('.'))
}

fn show_connection(id: ConnectionId, kind: char) -> String {
    match id.node() {
        1 => format!("{kind}{}", id.number()),
        node => format!("n{node}{kind}{}", id.number()),
    }
}

/// An outbox as text, a line each.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }
}

impl Outbox for Shown {
    fn tube(&mut self, to: ConnectionId, reply: Reply<'_>) {
        self.line(format_args!("{} {}", show_connection(to, 'c'), tube::show_reply(&reply)));
    }

    fn zk(&mut self, to: ConnectionId, zxid: Zxid, reply: trellis_core::zk::Reply<'_>) {
        self.line(format_args!("#{zxid} {} {}", show_connection(to, 'z'), zk::show_reply(&reply)));
    }

    fn zk_event(&mut self, event: Event<'_>) {
        self.line(format_args!("#{} {} {}", event.zxid, zk::show_event(event.kind), event.path));
    }

    fn zk_quota_exceeded(&mut self, excess: QuotaExcess<'_>) {
        self.line(format_args!("{}", zk::show_excess(&excess)));
    }

    fn zk_connection_lost(&mut self, session: SessionId, connection: ConnectionId) {
        self.line(format_args!("{} has lost session {session}", show_connection(connection, 'z')));
    }

    fn zk_session_ended(&mut self, session: SessionId, connection: Option<ConnectionId>) {
        let connection = connection.map_or("nobody".to_owned(), |id| show_connection(id, 'z'));
        self.line(format_args!("session {session} of {connection} has ended"));
    }
}

fn show_body(body: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(body))
}

/// Numbers that aren't 0, each behind its name.
fn show_numbers<T: Default + PartialEq + std::fmt::Display>(numbers: &[(&str, T)]) -> String {
    let shown = numbers.iter().filter(|(_, value)| *value != T::default());
    shown.map(|(name, value)| format!(" {name}={value}")).collect()
}

fn show_record(record: &Record<'_>) -> String {
    match record {
        Record::Header(header) => {
            format!(
                "header: {} tubes, {} connections, {} jobs",
                header.tubes, header.connections, header.jobs
            )
        }
        Record::Tube(tube) => format!("tube {}", tube.name),
        Record::Connection(connection) => format!("connection {}", show_connection(connection.id, 'c')),
        Record::Tree(header) => {
            format!("header #{}: {} sessions, {} znodes", header.zxid, header.sessions, header.znodes)
        }
        Record::Session(session) => format!("session {}", session.id),
        Record::Znode(znode) => zk::show_znode(znode),
        Record::Job(job) => {
            let standing = match job.standing {
                Standing::Ready => "ready".into(),
                Standing::Reserved { holder, deadline } => {
                    format!("reserved by {} until {}", show_connection(holder, 'c'), show_time(deadline))
                }
                Standing::Delayed { until } => format!("delayed until {}", show_time(until)),
                Standing::Buried { number } => format!("buried as number {number}"),
            };
            let JobCounts { reserves, .. } = job.counts;
            format!("job {} {}, {standing}, reserves={reserves}", job.id, show_body(job.body))
        }
    }
}
