//! Turns any bytes into commands for the state machine, for random tests and for the fuzzer, which includes this
//! very file. It knows nothing of the state; it only prefers what is likely to meet something: few connections,
//! few tubes, short times, and ids of the last jobs.

use trellis_core::tube::{Command, Query};
use trellis_core::{Command as Any, ConnectionId};

/// One step of a run.
#[derive(Clone, Debug)]
pub enum Step {
    /// A command, so many microseconds after the last one.
    Apply(u64, Any<'static>),
    /// A question.
    Ask(ConnectionId, Query),
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
const PASSING_MICROSECONDS: [u64; 8] = [0, 0, 0, 1, 250_000, 500_000, 1_000_000, 4_000_000];
const BODIES: [&[u8]; 4] = [b"", b"x", b"hello", &[0; 300]];

/// The steps that `bytes` say.
pub fn steps(bytes: &[u8]) -> Vec<Step> {
    let mut reader = Reader { bytes: bytes.iter(), puts: 0 };
    std::iter::from_fn(|| reader.step()).collect()
}

struct Reader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    /// About how many ids were given away.
    puts: u64,
}

impl Reader<'_> {
    fn step(&mut self) -> Option<Step> {
        let kind = *self.bytes.next()?;
        let step = match kind {
            0..3 => Step::SnapshotBegin,
            3..14 => Step::SnapshotNext(usize::from(self.byte() % 8)),
            14 => Step::SnapshotAbort,
            15..40 => Step::Ask(self.connection(), self.query()),
            40..60 => Step::Apply(self.pick(&PASSING_MICROSECONDS), Any::Tick),
            60 => Step::Apply(0, Any::CloseNode { node: u16::from(self.byte() % 3) }),
            _ => {
                let connection = self.connection();
                let passing = if kind % 4 == 0 { self.pick(&PASSING_MICROSECONDS) } else { 0 };
                Step::Apply(passing, Any::Tube { connection, command: self.command() })
            }
        };
        Some(step)
    }

    fn command(&mut self) -> Command<'static> {
        match self.byte() % 48 {
            0..5 => Command::Open,
            5 => Command::Close,
            6 => Command::HalfClose,
            7..17 => {
                self.puts += 1;
                Command::Put {
                    priority: self.pick(&PRIORITIES),
                    delay: self.pick(&SECONDS),
                    ttr: self.pick(&SECONDS),
                    body: self.pick(&BODIES),
                }
            }
            17 => {
                self.puts += 1;
                Command::SkipId
            }
            18..21 => Command::Use { tube: self.pick(&TUBES) },
            21..24 => Command::Watch { tube: self.pick(&TUBES) },
            24 => Command::Ignore { tube: self.pick(&TUBES) },
            25..34 => Command::Reserve {
                timeout: if self.byte() % 4 == 0 { None } else { Some(self.pick(&SECONDS)) },
            },
            34 => Command::ReserveJob { id: self.id() },
            35..37 => Command::Delete { id: self.id() },
            37..40 => Command::Release {
                id: self.id(),
                priority: self.pick(&PRIORITIES),
                delay: self.pick(&SECONDS),
            },
            40..43 => Command::Bury { id: self.id(), priority: self.pick(&PRIORITIES) },
            43 => Command::Touch { id: self.id() },
            44 => Command::Kick { bound: u32::from(self.byte() % 4) },
            45 => Command::KickJob { id: self.id() },
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
