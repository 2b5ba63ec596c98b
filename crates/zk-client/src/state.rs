//! How things stand with a session.

use std::fmt;

/// How things stand with a session.
///
/// ```text
/// Connecting ──▶ Connected ⇄ Connecting ──▶ Overdue ──▶ Connected, if a server still knows the session
///                                  └────────────┴─────▶ Expired, if none does
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// There is no connection; one is looked for. What the session holds is safe until its time-out.
    Connecting,
    /// Requests are answered.
    Connected,
    /// Requests are answered, but nothing can be changed.
    ConnectedReadOnly,
    /// There has been no word from a server for a whole time-out: the session must be taken for over, although only a
    /// server can say so. A connection is still looked for.
    Overdue,
    /// A server says that the session is over. For ever.
    Expired,
    /// The server does not believe who this client claims to be. For ever.
    AuthFailed,
    /// This client has ended the session. For ever.
    Closed,
}

impl State {
    /// Whether requests are answered now.
    pub const fn is_connected(self) -> bool {
        matches!(self, State::Connected | State::ConnectedReadOnly)
    }

    /// Whether the session is over, once and for all.
    pub const fn is_over(self) -> bool {
        matches!(self, State::Expired | State::AuthFailed | State::Closed)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            State::Connecting => "connecting",
            State::Connected => "connected",
            State::ConnectedReadOnly => "connected to a server that only answers reads",
            State::Overdue => "without word from a server for longer than it lives",
            State::Expired => "expired",
            State::AuthFailed => "ended because the server does not accept its identity",
            State::Closed => "closed",
        })
    }
}
