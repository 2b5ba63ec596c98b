//! Requests as types, and their bytes.

use crate::number::write_number;

/// One request of a client. Tube names have been checked: 1 to 200 bytes of the permitted characters, not
/// starting with a hyphen. Durations are in seconds; smaller priorities are more urgent.
///
/// A client writes requests with [`Request::encode`]; a server gets them from a [`Decoder`](crate::Decoder).
///
/// ```
/// use trellis_tube_codec::Request;
///
/// let mut out = Vec::new();
/// Request::Use { tube: "mail" }.encode(&mut out);
/// Request::Put { priority: 10, delay: 0, ttr: 60, body: b"hello" }.encode(&mut out);
/// assert_eq!(out, b"use mail\r\nput 10 0 60 5\r\nhello\r\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and fields are the protocol's words")]
pub enum Request<'a> {
    Put { priority: u32, delay: u32, ttr: u32, body: &'a [u8] },
    Use { tube: &'a str },
    Reserve,
    ReserveWithTimeout { seconds: u32 },
    ReserveJob { id: u64 },
    Delete { id: u64 },
    Release { id: u64, priority: u32, delay: u32 },
    Bury { id: u64, priority: u32 },
    Touch { id: u64 },
    Watch { tube: &'a str },
    Ignore { tube: &'a str },
    Peek { id: u64 },
    PeekReady,
    PeekDelayed,
    PeekBuried,
    Kick { bound: u32 },
    KickJob { id: u64 },
    Stats,
    StatsJob { id: u64 },
    StatsTube { tube: &'a str },
    ListTubes,
    ListTubeUsed,
    ListTubesWatched,
    PauseTube { tube: &'a str, delay: u32 },
    Quit,
}

impl Request<'_> {
    /// The kind of this request.
    pub fn op(&self) -> Op {
        match self {
            Self::Put { .. } => Op::Put,
            Self::Use { .. } => Op::Use,
            Self::Reserve => Op::Reserve,
            Self::ReserveWithTimeout { .. } => Op::ReserveWithTimeout,
            Self::ReserveJob { .. } => Op::ReserveJob,
            Self::Delete { .. } => Op::Delete,
            Self::Release { .. } => Op::Release,
            Self::Bury { .. } => Op::Bury,
            Self::Touch { .. } => Op::Touch,
            Self::Watch { .. } => Op::Watch,
            Self::Ignore { .. } => Op::Ignore,
            Self::Peek { .. } => Op::Peek,
            Self::PeekReady => Op::PeekReady,
            Self::PeekDelayed => Op::PeekDelayed,
            Self::PeekBuried => Op::PeekBuried,
            Self::Kick { .. } => Op::Kick,
            Self::KickJob { .. } => Op::KickJob,
            Self::Stats => Op::Stats,
            Self::StatsJob { .. } => Op::StatsJob,
            Self::StatsTube { .. } => Op::StatsTube,
            Self::ListTubes => Op::ListTubes,
            Self::ListTubeUsed => Op::ListTubeUsed,
            Self::ListTubesWatched => Op::ListTubesWatched,
            Self::PauseTube { .. } => Op::PauseTube,
            Self::Quit => Op::Quit,
        }
    }

    /// Appends the request's bytes.
    ///
    /// Tube names are written as they are: check foreign ones with [`is_tube_name`](crate::is_tube_name). The
    /// server answers `JOB_TOO_BIG` to a body over its limit, and `BAD_FORMAT` to a wait of more than
    /// [`RESERVE_SECONDS_MAX`](crate::limits::RESERVE_SECONDS_MAX).
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.op().prefix().as_bytes());
        match *self {
            Self::Put { priority, delay, ttr, body } => {
                write_numbers([priority, delay, ttr], out);
                out.push(b' ');
                write_number(body.len(), out);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(body);
            }
            Self::Use { tube } | Self::Watch { tube } | Self::Ignore { tube } | Self::StatsTube { tube } => {
                out.extend_from_slice(tube.as_bytes());
            }
            Self::PauseTube { tube, delay } => {
                out.push(b' ');
                out.extend_from_slice(tube.as_bytes());
                out.push(b' ');
                write_number(delay, out);
            }
            Self::Release { id, priority, delay } => {
                write_numbers([id, u64::from(priority), u64::from(delay)], out);
            }
            Self::Bury { id, priority } => write_numbers([id, u64::from(priority)], out),
            Self::ReserveJob { id }
            | Self::Delete { id }
            | Self::Touch { id }
            | Self::Peek { id }
            | Self::KickJob { id }
            | Self::StatsJob { id } => write_number(id, out),
            Self::ReserveWithTimeout { seconds: number } | Self::Kick { bound: number } => {
                write_number(number, out);
            }
            Self::Reserve
            | Self::PeekReady
            | Self::PeekDelayed
            | Self::PeekBuried
            | Self::Stats
            | Self::ListTubes
            | Self::ListTubeUsed
            | Self::ListTubesWatched
            | Self::Quit => {}
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// A kind of request, for counting: `op as usize` is below [`Op::COUNT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the protocol's words")]
pub enum Op {
    Put,
    Use,
    Reserve,
    ReserveWithTimeout,
    ReserveJob,
    Delete,
    Release,
    Bury,
    Touch,
    Watch,
    Ignore,
    Peek,
    PeekReady,
    PeekDelayed,
    PeekBuried,
    Kick,
    KickJob,
    Stats,
    StatsJob,
    StatsTube,
    ListTubes,
    ListTubeUsed,
    ListTubesWatched,
    PauseTube,
    Quit,
}

impl Op {
    /// How many kinds there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All kinds in the order in which a line is compared with their prefixes: where one prefix begins another,
    /// the longer comes first; beyond that, what is frequent comes first.
    pub(crate) const ALL: [Self; 25] = [
        Self::Put,
        Self::Delete,
        Self::ReserveWithTimeout,
        Self::ReserveJob,
        Self::Reserve,
        Self::Release,
        Self::Bury,
        Self::Touch,
        Self::Use,
        Self::Watch,
        Self::Ignore,
        Self::Peek,
        Self::PeekReady,
        Self::PeekDelayed,
        Self::PeekBuried,
        Self::Kick,
        Self::KickJob,
        Self::StatsJob,
        Self::StatsTube,
        Self::Stats,
        Self::ListTubesWatched,
        Self::ListTubeUsed,
        Self::ListTubes,
        Self::Quit,
        Self::PauseTube,
    ];

    /// The protocol's word for it.
    pub fn word(self) -> &'static str {
        self.prefix().trim_end()
    }

    /// What a line of this kind begins with, up to its first argument. `pause-tube` alone asks for no space.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Put => "put ",
            Self::Use => "use ",
            Self::Reserve => "reserve",
            Self::ReserveWithTimeout => "reserve-with-timeout ",
            Self::ReserveJob => "reserve-job ",
            Self::Delete => "delete ",
            Self::Release => "release ",
            Self::Bury => "bury ",
            Self::Touch => "touch ",
            Self::Watch => "watch ",
            Self::Ignore => "ignore ",
            Self::Peek => "peek ",
            Self::PeekReady => "peek-ready",
            Self::PeekDelayed => "peek-delayed",
            Self::PeekBuried => "peek-buried",
            Self::Kick => "kick ",
            Self::KickJob => "kick-job ",
            Self::Stats => "stats",
            Self::StatsJob => "stats-job ",
            Self::StatsTube => "stats-tube ",
            Self::ListTubes => "list-tubes",
            Self::ListTubeUsed => "list-tube-used",
            Self::ListTubesWatched => "list-tubes-watched",
            Self::PauseTube => "pause-tube",
            Self::Quit => "quit",
        }
    }
}

fn write_numbers<const COUNT: usize>(numbers: [impl itoa::Integer; COUNT], out: &mut Vec<u8>) {
    for (index, number) in numbers.into_iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write_number(number, out);
    }
}
