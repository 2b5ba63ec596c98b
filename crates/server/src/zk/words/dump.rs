//! `dump`: sessions and connections by the time at which they expire, and ephemeral znodes by session.
//!
//! The sets of what expires together are told piece by piece, so a set of more than a piece is told in several parts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use trellis_core::zk::{EphemeralPlace, SessionId};

use super::Asked;
use super::lists::{Address, next_peers};
use super::sheet::Sheet;
use super::system::date;
use crate::limits::{SESSIONLESS_MS, WORD_PIECE_ITEMS};

/// Something that expires, at a time in milliseconds since the start, and a line about it.
type Expiry = (u64, String);

pub(super) async fn dump(asked: &Asked, sheet: &mut Sheet) {
    sheet.line("SessionTracker dump:");
    let sessions = || {
        let mut from = Some(SessionId::MIN);
        move || next_sessions(asked, &mut from)
    };
    sets("Session", sessions, asked, sheet).await;
    sheet.line("ephemeral nodes dump:");
    ephemerals(asked, sheet).await;
    sheet.line("Connections dump:");
    let connections = || {
        let mut from = 0;
        move || next_connections(asked, &mut from)
    };
    sets("Connections", connections, asked, sheet).await;
}

/// Tells what expires when. `begin` gives a way through all of it, piece by piece; it is gone twice, since the counts
/// come first.
async fn sets<P>(name: &str, begin: impl Fn() -> P, asked: &Asked, sheet: &mut Sheet)
where
    P: FnMut() -> Option<Vec<Expiry>>,
{
    let (mut times, mut count) = (BTreeSet::new(), 0);
    let mut next = begin();
    while let Some(piece) = next() {
        count += piece.len();
        times.extend(piece.into_iter().map(|(time, _)| time));
        sheet.pause().await;
    }
    sheet.line(format_args!("{name} Sets ({})/({count}):", times.len()));

    let started = SystemTime::now() - Duration::from_millis(asked.hub.heartbeats.now());
    let mut next = begin();
    while let Some(piece) = next() {
        let mut sets: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (time, line) in piece {
            sets.entry(time).or_default().push(line);
        }
        for (time, lines) in sets {
            let date = date(started + Duration::from_millis(time));
            sheet.line(format_args!("{} expire at {date}:", lines.len()));
            lines.iter().for_each(|line| sheet.line(format_args!("\t{line}")));
        }
        sheet.pause().await;
    }
}

fn next_sessions(asked: &Asked, from: &mut Option<SessionId>) -> Option<Vec<Expiry>> {
    let sessions = asked.replica.sessions_from((*from)?, WORD_PIECE_ITEMS);
    *from = sessions.last()?.session.checked_add(1);
    let heartbeats = &asked.hub.heartbeats;
    let expiry = |session| heartbeats.expiry(session).unwrap_or_else(|| heartbeats.now());
    let expiry = |session| (tick_after(expiry(session), asked), format!("{session:#x}"));
    Some(sessions.iter().map(|facts| expiry(facts.session)).collect())
}

fn next_connections(asked: &Asked, from: &mut u64) -> Option<Vec<Expiry>> {
    let peers = next_peers(asked, from)?;
    let expiry = |peer: &super::Peer| {
        let (session, timeout_ms) = {
            let state = peer.lock();
            (state.session, state.timeout_ms)
        };
        let timeout_ms = session.map_or(SESSIONLESS_MS, |_| timeout_ms.into());
        let session = session.unwrap_or(0);
        let line = format!("ip: {} sessionId: {session:#x}", Address(peer.address));
        (tick_after(peer.heard() + timeout_ms, asked), line)
    };
    Some(peers.iter().map(|peer| expiry(peer)).collect())
}

/// What expires within one tick expires together.
fn tick_after(time: u64, asked: &Asked) -> u64 {
    let tick = u64::try_from(asked.hub.settings.tick.as_millis()).unwrap_or(u64::MAX).max(1);
    (time / tick + 1).saturating_mul(tick)
}

/// Tells of ephemeral znodes by session. How many sessions have some comes first.
async fn ephemerals(asked: &Asked, sheet: &mut Sheet) {
    let (mut sessions, mut last) = (0, None);
    let mut place = Some(EphemeralPlace::FIRST);
    while let Some(from) = place {
        place = asked.replica.ephemerals_from(from, &mut |session, _| {
            sessions += u64::from(last != Some(session));
            last = Some(session);
            sheet.has_room()
        });
        sheet.pause().await;
    }
    sheet.line(format_args!("Sessions with Ephemerals ({sessions}):"));

    let mut last = None;
    let mut place = Some(EphemeralPlace::FIRST);
    while let Some(from) = place {
        place = asked.replica.ephemerals_from(from, &mut |session, path| {
            if last != Some(session) {
                last = Some(session);
                sheet.line(format_args!("{session:#x}:"));
            }
            sheet.line(format_args!("\t{path}"));
            sheet.has_room()
        });
        sheet.pause().await;
    }
}
