//! What the listeners of ZooKeeper's protocol need to know.

use std::path::PathBuf;
use std::time::Duration;

use trellis_zk_codec::FourLetterWord;

/// Settings of ZooKeeper's protocol; names in parentheses are zoo.cfg's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes that a request may have (`jute.maxbuffer`).
    pub frame_bytes_max: u32,
    /// Connections that one address may hold; 0 is any number (`maxClientCnxns`).
    pub connections_per_address_max: usize,
    /// The unit of time in which sessions are measured (`tickTime`).
    pub tick: Duration,
    /// The shortest time-out that a session may have (`minSessionTimeout`), 2 ticks unless set.
    pub session_timeout_min: Duration,
    /// The longest time-out that a session may have (`maxSessionTimeout`), 20 ticks unless set.
    pub session_timeout_max: Duration,
    /// The super user's digest, `user:hash` (`DigestAuthenticationProvider.superDigest`).
    pub super_digest: Option<String>,
    /// Whether hard quotas are enforced (`enforceQuota`).
    pub enforce_quota: bool,
    /// The four-letter words that are answered (`4lw.commands.whitelist`), each of [`Settings::words_known`].
    pub words: Vec<String>,
    /// The directory that operators are told of (`dataDir`, `dataLogDir`); nothing without one.
    pub data_dir: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        let tick = Duration::from_secs(2);
        Settings {
            frame_bytes_max: trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT,
            connections_per_address_max: 60,
            tick,
            session_timeout_min: 2 * tick,
            session_timeout_max: 20 * tick,
            super_digest: None,
            enforce_quota: false,
            words: vec!["srvr".to_owned()],
            data_dir: PathBuf::new(),
        }
    }
}

impl Settings {
    /// All four-letter words, in alphabetical order.
    #[must_use]
    pub fn words_known() -> Vec<&'static str> {
        FourLetterWord::ALL.iter().map(|word| word.as_str()).collect()
    }

    /// Whether a four-letter word is answered.
    pub(super) fn allows_word(&self, word: FourLetterWord) -> bool {
        self.words.iter().any(|allowed| allowed == word.as_str())
    }

    /// The time-out that a session gets for the one that its client asks for, in milliseconds.
    pub(super) fn session_timeout_ms(&self, wanted: i32) -> u32 {
        let milliseconds = |duration: Duration| u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        let (min, max) = (milliseconds(self.session_timeout_min), milliseconds(self.session_timeout_max));
        u32::try_from(wanted).unwrap_or(0).clamp(min, max.max(min))
    }
}
