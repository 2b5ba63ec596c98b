//! Requests as types.

/// One request of a client. Tube names have been checked: 1 to 200 bytes of the permitted characters, not
/// starting with a hyphen.
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

/// A kind of request, for counting.
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
