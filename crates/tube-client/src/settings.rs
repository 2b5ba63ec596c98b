//! How patient a client is. Plain data with defaults; nothing is read from anywhere.

use std::time::Duration;

use crate::limits::{
    BACKOFF_MAX_DEFAULT, BACKOFF_MIN_DEFAULT, BODY_BYTES_MAX, CONNECT_TIMEOUT_DEFAULT, PATIENCE_DEFAULT,
    REPLY_TIMEOUT_DEFAULT,
};

/// Time-outs and the like, with defaults that suit most programs.
///
/// ```
/// use std::time::Duration;
/// use trellis_tube_client::Settings;
///
/// let settings = Settings { patience: Duration::ZERO, ..Settings::default() };
/// assert_eq!(settings.reply_timeout, Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long one try to connect may take. 5 s.
    pub connect_timeout: Duration,
    /// How long the server may take for a reply that it owes, or for each
    /// [16 KiB](crate::limits::PROGRESS_BYTES) of a long one, beyond the wait that a reserve asked for. After that the
    /// connection counts as lost. 10 s.
    pub reply_timeout: Duration,
    /// How long a request may wait for a connection before it fails; also how long one that can be repeated
    /// without harm is repeated after its connection died. With zero, every server is tried once. 10 s.
    pub patience: Duration,
    /// The wait between two rounds of tries, at first; each further one doubles it. 50 ms.
    pub backoff_min: Duration,
    /// The longest wait between two rounds. Each wait is shortened by up to a half at random, so that many
    /// clients don't come back in the same moment. 5 s.
    pub backoff_max: Duration,
    /// What this randomness starts from; without it, something different in each client.
    pub jitter_seed: Option<u64>,
    /// The largest body of a reply in bytes; an announcement of more ends the connection. 1 GiB.
    pub body_bytes_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT_DEFAULT,
            reply_timeout: REPLY_TIMEOUT_DEFAULT,
            patience: PATIENCE_DEFAULT,
            backoff_min: BACKOFF_MIN_DEFAULT,
            backoff_max: BACKOFF_MAX_DEFAULT,
            jitter_seed: None,
            body_bytes_max: BODY_BYTES_MAX,
        }
    }
}

impl Settings {
    /// The settings for one server of several that can take its place: it is not waited for.
    pub(crate) fn of_one_among(&self, servers: usize) -> Self {
        let patience = if servers > 1 { Duration::ZERO } else { self.patience };
        Self { patience, ..self.clone() }
    }
}
