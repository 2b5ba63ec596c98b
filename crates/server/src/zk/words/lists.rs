//! What is told one by one: connections and watches.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::super::peer::Peer;
use super::super::watches::{Along, Place};
use super::Asked;
use super::sheet::Sheet;
use crate::limits::WORD_PIECE_ITEMS;

/// Whether a connection is watched for bytes that come, and for room for bytes that go.
const READS: u32 = 1;
const WRITES: u32 = 4;

/// Tells of all connections; in short, only what they have carried.
pub(super) async fn connections(asked: &Asked, sheet: &mut Sheet, brief: bool) {
    let mut from = 0;
    while let Some(peers) = next_peers(asked, &mut from) {
        for peer in peers {
            let asks = peer.id == asked.peer.id;
            sheet.line(Line { peer: &peer, asks, brief });
        }
        sheet.pause().await;
    }
    sheet.line("");
}

pub(super) async fn reset_connections(asked: &Asked, sheet: &mut Sheet) {
    let mut from = 0;
    while let Some(peers) = next_peers(asked, &mut from) {
        for peer in peers {
            peer.lock().record.reset();
            peer.outgoing.lock().packets = 0;
        }
        sheet.pause().await;
    }
}

/// The next piece of all connections; none at the end.
pub(super) fn next_peers(asked: &Asked, from: &mut u64) -> Option<Vec<Arc<Peer>>> {
    let peers = asked.hub.peers_from(*from, WORD_PIECE_ITEMS);
    *from = peers.last()?.id.number() + 1;
    Some(peers)
}

/// A connection in one line.
struct Line<'a> {
    peer: &'a Peer,
    /// Whether it is the one that asks, which is not watched any more.
    asks: bool,
    brief: bool,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.peer;
        let (sent, unsent) = {
            let queue = peer.outgoing.lock();
            (queue.packets, queue.unsent())
        };
        let (queued, session, timeout_ms, record) = {
            let state = peer.lock();
            (state.pending.len(), state.session, state.timeout_ms, state.record)
        };
        let interest = match (self.asks, unsent) {
            (true, _) => 0,
            (false, 0) => READS,
            (false, _) => READS | WRITES,
        };
        let address = Address(peer.address);
        write!(f, " {address}[{interest:x}](queued={queued},recved={},sent={sent}", record.received)?;
        if let (false, Some(session)) = (self.brief, session) {
            let opened = peer.opened.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            let last = record.last.as_ref();
            let operation = last.map_or("NA", |last| last.operation);
            write!(f, ",sid={session:#x},lop={operation},est={opened},to={timeout_ms}")?;
            if let Some(xid) = record.last_xid {
                write!(f, ",lcxid={xid:#x}")?;
            }
            let (zxid, at, us) = last.map_or((-1, 0, 0), |last| (last.zxid, last.at, last.latency_us));
            write!(f, ",lzxid={zxid:#x},lresp={},llat={}", at / 1000, us / 1000)?;
            let latency = &record.latency;
            let mean = latency.total_ms() / latency.count.max(1);
            write!(f, ",minlat={},avglat={mean},maxlat={}", latency.min_ms(), latency.max_ms())?;
        }
        write!(f, ")")
    }
}

/// An address as Java writes it: an IPv6 address with all its zeros.
pub(super) struct Address(pub(super) SocketAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.ip() {
            IpAddr::V4(address) => write!(f, "/{address}:{}", self.0.port()),
            IpAddr::V6(address) => {
                let groups = address.segments().map(|group| format!("{group:x}"));
                write!(f, "/[{}]:{}", groups.join(":"), self.0.port())
            }
        }
    }
}

pub(super) fn watches_in_short(asked: &Asked, sheet: &mut Sheet) {
    let counts = asked.hub.watches().counts();
    sheet.line(format_args!("{} connections watching {} paths", counts.clients, counts.paths));
    sheet.line(format_args!("Total watches:{}", counts.watches));
}

/// Tells of all watches: each client's paths, or each path's clients.
pub(super) async fn watches(asked: &Asked, sheet: &mut Sheet, along: Along) {
    let session = |number| {
        let peer = asked.hub.peers().get(&number).cloned();
        peer.and_then(|peer| peer.lock().session).unwrap_or(0)
    };
    // Whose watches were told last.
    let mut client = None;
    let mut path = None;
    let mut place = Some(Place::default());
    while let Some(from) = place {
        place = asked.hub.watches().list(along, from, &mut |watch| {
            match (along, watch) {
                (Along::Client, Some((number, path))) => {
                    if client != Some(number) {
                        client = Some(number);
                        sheet.line(format_args!("{:#x}", session(number)));
                    }
                    sheet.line(format_args!("\t{path}"));
                }
                (Along::Path, Some((number, watched))) => {
                    if path.as_deref() != Some(watched) {
                        path = Some(watched.to_owned());
                        sheet.line(watched);
                    }
                    sheet.line(format_args!("\t{:#x}", session(number)));
                }
                (_, None) => {}
            }
            sheet.has_room()
        });
        sheet.pause().await;
    }
    sheet.line("");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_java_writes_them() {
        let cases = [
            ("127.0.0.1:2181", "/127.0.0.1:2181"),
            ("[::1]:2181", "/[0:0:0:0:0:0:0:1]:2181"),
            ("[2001:db8::ff]:1", "/[2001:db8:0:0:0:0:0:ff]:1"),
        ];
        for (address, expected) in cases {
            assert_eq!(Address(address.parse().unwrap()).to_string(), expected);
        }
    }
}
