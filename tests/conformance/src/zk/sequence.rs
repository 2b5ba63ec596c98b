//! What is done to the servers: steps over several connections, as plain data that can be cut down and printed.

use std::fmt::{self, Display, Formatter};

use super::request::{Damage, Request};
use crate::shrink::Shrink;

/// How many connections a sequence uses.
pub(super) const CONNECTIONS: usize = 3;
/// A session time-out in milliseconds within which every sequence ends.
pub(super) const TIMEOUT_MS: i32 = 40_000;

/// Which session a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    New,
    /// The one that this connection has had last.
    Of(usize),
    /// One that no server has given out.
    Unknown,
}

/// How a client opens a connection. An open one is dropped first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connect {
    pub(super) session: Wanted,
    pub(super) right_password: bool,
    pub(super) timeout_ms: i32,
    /// How many transactions ahead of the server the client says to be; `None` if it has seen none.
    pub(super) ahead: Option<i64>,
    /// The last byte, which old clients do not send.
    pub(super) read_only: Option<u8>,
    pub(super) damage: Damage,
}

impl Connect {
    /// As clients of today do.
    pub(super) fn to(session: Wanted) -> Connect {
        Connect {
            session,
            right_password: true,
            timeout_ms: TIMEOUT_MS,
            ahead: None,
            read_only: Some(0),
            damage: Damage::None,
        }
    }
}

impl Display for Connect {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.session {
            Wanted::New => formatter.write_str("connects")?,
            Wanted::Of(connection) => write!(formatter, "goes on with the session of {connection}")?,
            Wanted::Unknown => formatter.write_str("asks for an unknown session")?,
        }
        if !self.right_password {
            formatter.write_str(", wrong password")?;
        }
        write!(formatter, ", for {} ms", self.timeout_ms)?;
        if let Some(ahead) = self.ahead {
            write!(formatter, ", has seen newest{ahead:+}")?;
        }
        match self.read_only {
            None => formatter.write_str(", without the last byte")?,
            Some(0) => {}
            Some(byte) => write!(formatter, ", last byte {byte}")?,
        }
        write!(formatter, "{}", self.damage)
    }
}

/// One thing that is done to both servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Connect(Connect),
    /// Sends requests one behind the other, and awaits all answers. A connection that is not open is opened with a
    /// new session.
    Send {
        requests: Vec<Request>,
        /// Where the bytes are cut into several writes, in thousandths of their length.
        cuts: Vec<usize>,
    },
    /// Drops the connection; the session lives on.
    Disconnect,
    /// Waits for events that time brings, in any order, while all clients let their servers know that they live.
    Await(Vec<String>),
}

/// An action on one of the connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) connection: usize,
    pub(super) action: Action,
}

impl Step {
    /// Whether anybody else can notice it.
    pub(super) fn changes_something(&self) -> bool {
        let Action::Send { requests, .. } = &self.action else { return true };
        requests.iter().any(|request| request.damage != Damage::None || request.operation.is_write())
    }
}

impl Display for Step {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.connection)?;
        match &self.action {
            Action::Connect(connect) => write!(formatter, "{connect}"),
            Action::Send { requests, cuts } => {
                let requests: Vec<String> = requests.iter().map(ToString::to_string).collect();
                write!(formatter, "> {}", requests.join(" | "))?;
                if !cuts.is_empty() {
                    write!(formatter, "  (cut at {cuts:?} thousandths)")?;
                }
                Ok(())
            }
            Action::Disconnect => formatter.write_str("disconnects"),
            Action::Await(events) => write!(formatter, "awaits {}", events.join(", ")),
        }
    }
}

/// Steps that begin with an empty node and no connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) steps: Vec<Step>,
}

impl Shrink for Sequence {
    fn steps(&self) -> usize {
        self.steps.len()
    }

    fn without_steps(&self, start: usize, count: usize) -> Sequence {
        let dropped = start..start.saturating_add(count);
        let steps = self.steps.iter().enumerate().filter(|(place, _)| !dropped.contains(place));
        Sequence { steps: steps.map(|(_, step)| step.clone()).collect() }
    }

    fn without_part(&self, step: usize, place: usize) -> Option<Sequence> {
        let mut smaller = self.clone();
        let Action::Send { requests, .. } = &mut smaller.steps[step].action else { return None };
        let parts = match requests.as_mut_slice() {
            [multi] => &mut multi.parts,
            _ => requests,
        };
        (place < parts.len()).then(|| parts.remove(place))?;
        Some(smaller)
    }
}
