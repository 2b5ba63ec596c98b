//! Turns any bytes into commands for the state machine, for random tests and for the fuzzer, which includes this
//! very file. It knows nothing of the state; it only prefers what is likely to meet something: few connections,
//! few tubes, short times, and ids of the last jobs.

mod zk;

use trellis_core::tube::{Command, Query};
use trellis_core::zk::{Identities, Query as ZkQuery};
use trellis_core::{Command as Any, ConnectionId};

/// One step of a run.
#[derive(Clone, Debug)]
pub enum Step {
    /// A command, so many microseconds after the last one.
    Apply(u64, Any<'static>),
    /// A question.
    Ask(ConnectionId, Query),
    /// A question of ZooKeeper's protocol.
    AskZk(ConnectionId, Identities<'static>, ZkQuery<'static>),
    /// Begin to list children in pieces; gives up a list that isn't complete.
    ListBegin(ConnectionId, Identities<'static>, &'static str),
    /// Go on with it, by so many names.
    ListNext(usize),
    /// Begin a snapshot.
    SnapshotBegin,
    /// Go on with it, by so many slots.
    SnapshotNext(usize),
    /// Give it up.
    SnapshotAbort,
}

const TUBES: [&str; 5] = ["default", "a", "b", "c", "d"];
const SECONDS: [u32; 8] = [0, 0, 1, 1, 2, 3, 10, u32::MAX];
const PRIORITIES: [u32; 6] = [0, 5, 5, 1023, 1024, u32::MAX];
const PASSING_MICROSECONDS: [u64; 9] = [0, 0, 0, 1, 250_000, 500_000, 1_000_000, 4_000_000, 33_000_000];
/// A walk that goes slowly over the first slots, where the jobs are, and then in one leap over the empty rest.
const SLOTS: [usize; 8] = [0, 1, 2, 3, 5, 8, 13, 2000];
const BODIES: [&[u8]; 4] = [b"", b"x", b"hello", &[0; 300]];

/// The steps that `bytes` say. The first byte says of what: of jobs, of znodes, or of both.
pub fn steps(bytes: &[u8]) -> Vec<Step> {
    let mut reader = Reader { bytes: bytes.iter(), puts: 0, steps: Vec::new() };
    let (jobs, znodes) = match reader.byte() % 4 {
        0 | 1 => (true, false),
        2 => (false, true),
        _ => (true, true),
    };
    if znodes {
        reader.open_sessions();
    }
    while let Some(kind) = reader.bytes.next() {
        let about_jobs = jobs && (!znodes || kind.is_multiple_of(2));
        reader.step(*kind, about_jobs);
    }
    reader.steps
}

struct Reader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    /// About how many ids were given away.
    puts: u64,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn step(&mut self, kind: u8, about_jobs: bool) {
        let step = match kind {
            0 => Step::SnapshotBegin,
            1..20 => Step::SnapshotNext(self.pick(&SLOTS)),
            20 => Step::SnapshotAbort,
            21 => return self.clean_up(),
            22..54 if about_jobs => Step::Ask(self.connection(), self.query()),
            22..46 => Step::AskZk(self.zk_connection(), self.identities(), self.zk_query()),
            46..48 => Step::ListBegin(self.zk_connection(), self.identities(), self.path()),
            48..54 => Step::ListNext(self.pick(&SLOTS)),
            54..74 => Step::Apply(self.pick(&PASSING_MICROSECONDS), Any::Tick),
            74 => Step::Apply(0, Any::CloseNode { node: u16::from(self.byte() % 3) }),
            _ if about_jobs => {
                let connection = self.connection();
                let passing = if kind.is_multiple_of(4) { self.pick(&PASSING_MICROSECONDS) } else { 0 };
                let command = if connection.number() < 2 { self.command() } else { self.lazy_command() };
                Step::Apply(passing, Any::Tube { connection, command })
            }
            _ => {
                let connection = self.zk_connection();
                let passing = if kind.is_multiple_of(8) { self.pick(&PASSING_MICROSECONDS) } else { 0 };
                Step::Apply(passing, Any::Zk { connection, command: self.zk_command(connection) })
            }
        };
        self.steps.push(step);
    }

    /// Deletes the last jobs as far as nobody holds them, so that tubes are empty now and then.
    fn clean_up(&mut self) {
        let connection = self.connection();
        for id in self.puts.saturating_sub(40)..=self.puts + 1 {
            self.steps.push(Step::Apply(0, Any::Tube { connection, command: Command::Delete { id } }));
        }
    }

    /// Mostly reserves, so that some connections wait: one that goes on talking gives up its wait.
    fn lazy_command(&mut self) -> Command<'static> {
        match self.byte() % 8 {
            0 => self.command(),
            1..4 => Command::Open,
            _ => self.reserve(),
        }
    }

    fn reserve(&mut self) -> Command<'static> {
        Command::Reserve {
            timeout: if self.byte().is_multiple_of(4) { None } else { Some(self.pick(&SECONDS)) },
        }
    }

    fn command(&mut self) -> Command<'static> {
        match self.byte() % 64 {
            0..6 => Command::Open,
            6..9 => Command::Close,
            9 => Command::HalfClose,
            10..20 => {
                self.puts += 1;
                Command::Put {
                    priority: self.pick(&PRIORITIES),
                    delay: self.pick(&SECONDS),
                    ttr: self.pick(&SECONDS),
                    body: self.pick(&BODIES),
                }
            }
            20 => {
                self.puts += 1;
                Command::SkipId
            }
            21..25 => Command::Use { tube: self.pick(&TUBES) },
            25..28 => Command::Watch { tube: self.pick(&TUBES) },
            28..31 => Command::Ignore { tube: self.pick(&TUBES) },
            31..40 => self.reserve(),
            40 => Command::ReserveJob { id: self.id() },
            41..54 => Command::Delete { id: self.id() },
            54..56 => Command::Release {
                id: self.id(),
                priority: self.pick(&PRIORITIES),
                delay: self.pick(&SECONDS),
            },
            56..58 => Command::Bury { id: self.id(), priority: self.pick(&PRIORITIES) },
            58 | 59 => Command::Touch { id: self.id() },
            60 => Command::Kick { bound: u32::from(self.byte() % 4) },
            61 => Command::KickJob { id: self.id() },
            _ => Command::PauseTube { tube: self.pick(&TUBES), delay: self.pick(&SECONDS) },
        }
    }

    fn query(&mut self) -> Query {
        match self.byte() % 12 {
            0 => Query::Peek { id: self.id() },
            1 => Query::PeekReady,
            2 => Query::PeekDelayed,
            3 => Query::PeekBuried,
            4 => Query::Stats,
            5..7 => Query::StatsJob { id: self.id() },
            7..9 => Query::StatsTube { tube: self.pick(&TUBES).into() },
            9 => Query::ListTubes,
            10 => Query::ListTubeUsed,
            _ => Query::ListTubesWatched,
        }
    }

    fn connection(&mut self) -> ConnectionId {
        let byte = self.byte();
        ConnectionId::new(u16::from(byte % 2) + 1, u64::from(byte / 2 % 4))
    }

    fn id(&mut self) -> u64 {
        let back = self.byte() % 16;
        (self.puts + 1).saturating_sub(u64::from(back))
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }
}
