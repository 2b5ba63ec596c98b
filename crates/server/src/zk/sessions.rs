//! When sessions were last heard of. Heartbeats stay on this node: only a session's end is everybody's business.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use trellis_core::ConnectionId;
use trellis_core::zk::{Command, SessionFacts, SessionId};
use trellis_replica::Replica;

use super::hub::Hub;
use super::statistics::Moment;

/// The sessions that live, and when their clients were last heard.
pub(crate) struct Heartbeats {
    started: Instant,
    sessions: Mutex<FxHashMap<SessionId, Heartbeat>>,
}

struct Heartbeat {
    timeout_ms: u64,
    /// Milliseconds since `started`; written by the session's connection.
    heard: Arc<AtomicU64>,
}

impl Heartbeats {
    pub(crate) fn new() -> Self {
        Heartbeats { started: Instant::now(), sessions: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<SessionId, Heartbeat>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present time as heartbeats are noted.
    pub(crate) fn now(&self) -> u64 {
        self.now_us() / 1000
    }

    /// The same in microseconds.
    pub(crate) fn now_us(&self) -> Moment {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// When a session expires if nothing more is heard of it.
    pub(super) fn expiry(&self, session: SessionId) -> Option<u64> {
        let sessions = self.lock();
        let heartbeat = sessions.get(&session)?;
        Some(heartbeat.heard.load(Relaxed) + heartbeat.timeout_ms)
    }

    /// Grants the sessions that a restart has brought one timeout to come back.
    pub(crate) fn grant(&self, sessions: impl IntoIterator<Item = SessionFacts>) {
        for facts in sessions {
            self.begin(facts.session, facts.timeout_ms, Arc::new(AtomicU64::new(self.now())));
        }
    }

    /// A session begins, or goes on with another connection, whose words are noted in `heard`.
    pub(crate) fn begin(&self, session: SessionId, timeout_ms: u32, heard: Arc<AtomicU64>) {
        heard.store(self.now(), Relaxed);
        self.lock().insert(session, Heartbeat { timeout_ms: timeout_ms.into(), heard });
    }

    pub(crate) fn end(&self, session: SessionId) {
        self.lock().remove(&session);
    }

    /// The sessions whose clients have been silent for too long at `now`. If they are still there then, they are told
    /// again after `again`.
    pub(crate) fn expired(&self, now: u64, again: Duration) -> Vec<SessionId> {
        let again = u64::try_from(again.as_millis()).unwrap_or(u64::MAX);
        let mut expired = Vec::new();
        for (session, heartbeat) in self.lock().iter() {
            let heard = heartbeat.heard.load(Relaxed);
            if now.saturating_sub(heard) > heartbeat.timeout_ms {
                heartbeat.heard.store(now.saturating_sub(heartbeat.timeout_ms) + again, Relaxed);
                expired.push(*session);
            }
        }
        // In an order that does not depend on a hash.
        expired.sort_unstable();
        expired
    }
}

/// How often sessions are looked after, in parts of a tick and at most.
const TICK_PARTS: u32 = 8;
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// A session that is expired and still there, as when the log is full, is expired again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// Watches of clients that are gone whose memory is given back at a time, between others' turns.
const WATCHES_CLEANED: usize = 1000;

/// Expires the sessions whose clients are silent, and clears away what clients leave behind.
pub(crate) async fn look_after(replica: Replica, hub: Arc<Hub>) {
    hub.heartbeats.grant(replica.sessions());
    let pause = (hub.settings.tick / TICK_PARTS).clamp(Duration::from_millis(1), PAUSE_MAX);
    let nobody = ConnectionId::new(0, 0);
    loop {
        tokio::time::sleep(pause).await;
        for session in hub.heartbeats.expired(hub.heartbeats.now(), AGAIN) {
            tracing::info!(session = %format_args!("{session:#x}"), "a session expires: its client is silent");
            hub.statistics().totals.sessions_expired += 1;
            replica.submit_zk(nobody, &Command::ExpireSession { session });
        }
        while hub.watches().clean(WATCHES_CLEANED) {
            tokio::task::yield_now().await;
        }
    }
}
