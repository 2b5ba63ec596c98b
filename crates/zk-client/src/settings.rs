//! With whom and how to connect.

use std::time::Duration;

use crate::limits::{CONNECT_TIMEOUT_DEFAULT, REQUEST_TIMEOUT_DEFAULT, SESSION_TIMEOUT_DEFAULT};
use crate::servers::{Servers, ServersError};

/// With whom and how to connect.
///
/// ```
/// use std::time::Duration;
/// use trellis_zk_client::Settings;
///
/// let settings =
///     Settings { session_timeout: Duration::from_secs(5), ..Settings::new("one:2181,two:2181/app")? };
/// assert!(!settings.read_only);
/// # Ok::<(), trellis_zk_client::ServersError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// The servers, and the node that stands for `/`.
    pub servers: Servers,
    /// Whether the servers are tried in an order that is drawn at random, so that many clients spread over them.
    pub shuffle: bool,
    /// For how long the session is to live without a sign of this client. The server may choose another time.
    pub session_timeout: Duration,
    /// How long all servers together may take to grant a session; each has its part.
    pub connect_timeout: Duration,
    /// How long a request may wait for a connection and its answer.
    pub request_timeout: Duration,
    /// Whether requests fail as soon as each server was tried once in vain, instead of waiting for a connection until
    /// their time is over.
    pub fail_fast: bool,
    /// Whether a server that only answers reads will do.
    pub read_only: bool,
    /// Who this client claims to be.
    pub identities: Vec<Identity>,
    /// A session to go on with, instead of a new one.
    pub session: Option<SessionKey>,
}

impl Settings {
    /// The defaults, with these servers.
    ///
    /// # Errors
    /// If `servers` is no connection string.
    pub fn new(servers: &str) -> Result<Settings, ServersError> {
        Ok(Settings {
            servers: servers.parse::<Servers>()?,
            shuffle: true,
            session_timeout: SESSION_TIMEOUT_DEFAULT,
            connect_timeout: CONNECT_TIMEOUT_DEFAULT,
            request_timeout: REQUEST_TIMEOUT_DEFAULT,
            fail_fast: false,
            read_only: false,
            identities: Vec::new(),
            session: None,
        })
    }
}

/// Who somebody claims to be, with the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The kind of identity, such as `digest`.
    pub scheme: String,
    /// For `digest`, user:password.
    pub credentials: Option<Vec<u8>>,
}

/// What a client must show to go on with a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey {
    /// The session's number.
    pub id: i64,
    /// Its password.
    pub password: Vec<u8>,
}
