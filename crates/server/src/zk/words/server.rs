//! What is told of the server as a whole: its version, its figures, its settings.

use std::time::Duration;

use super::super::statistics::Latency;
use super::sheet::Sheet;
use super::{Asked, system};

/// The version of ZooKeeper whose behaviour this is, which monitoring parses, and this server's own behind it. Builds
/// are reproducible and have no date; the one that is there is that version's.
pub(super) const VERSION: &str =
    concat!("3.8.0-trellis-", env!("CARGO_PKG_VERSION"), ", built on 2022-02-25 08:49 UTC");

/// A server without others.
const MODE: &str = "standalone";

/// What stands for the size of a reply when there was none, and for a port when there is none.
const NONE: i64 = -1;

pub(super) fn version(sheet: &mut Sheet) {
    sheet.line(format_args!("Zookeeper version: {VERSION}"));
}

/// What `srvr` and `stat` have in common.
pub(super) fn state(asked: &Asked, sheet: &mut Sheet) {
    let (totals, outstanding) = {
        let statistics = asked.hub.statistics();
        (statistics.totals, statistics.outstanding)
    };
    let latency = totals.latency();
    let (min, mean, max) = (latency.min_ms(), latency.mean_ms(), latency.max_ms());
    let (zxid, tree) = asked.replica.zk_facts();
    sheet.line(format_args!("Latency min/avg/max: {min}/{mean:?}/{max}"));
    sheet.line(format_args!("Received: {}", totals.received));
    sheet.line(format_args!("Sent: {}", totals.sent));
    sheet.line(format_args!("Connections: {}", asked.hub.peers().len()));
    sheet.line(format_args!("Outstanding: {outstanding}"));
    sheet.line(format_args!("Zxid: {zxid:#x}"));
    sheet.line(format_args!("Mode: {MODE}"));
    sheet.line(format_args!("Node count: {}", znodes(tree.znodes)));
}

/// The real server has the root twice, as `/` and as nothing, and counts it so.
fn znodes(count: u64) -> u64 {
    count + 1
}

/// What `mntr` tells: a name and a value a line.
pub(super) async fn monitor(asked: &Asked, sheet: &mut Sheet) {
    let files = system::away(system::files).await;
    let (totals, outstanding) = {
        let statistics = asked.hub.statistics();
        (statistics.totals, statistics.outstanding)
    };
    let latency = totals.latency();
    let (_, tree) = asked.replica.zk_facts();
    let size = |size: Option<u64>| size.map_or(NONE.to_string(), |size| size.to_string());
    let mut tell = |name: &str, value: &dyn std::fmt::Display| sheet.line(format_args!("zk_{name}\t{value}"));

    tell("version", &VERSION);
    tell("server_state", &MODE);
    tell("ephemerals_count", &tree.ephemerals);
    tell("num_alive_connections", &asked.hub.peers().len());
    tell("avg_latency", &format_args!("{:?}", latency.mean_ms()));
    tell("outstanding_requests", &outstanding);
    tell("znode_count", &znodes(tree.znodes));
    tell("global_sessions", &tree.sessions);
    tell("non_mtls_remote_conn_count", &0);
    tell("last_client_response_size", &size(totals.reply_bytes.map(|sizes| sizes.last)));
    tell("packets_sent", &totals.sent);
    tell("packets_received", &totals.received);
    tell("max_client_response_size", &size(totals.reply_bytes.map(|sizes| sizes.max)));
    tell("connection_drop_probability", &"0.0");
    tell("watch_count", &asked.hub.watches().count_as_real());
    tell("auth_failed_count", &totals.authentications_failed);
    tell("min_latency", &latency.min_ms());
    tell("max_file_descriptor_count", &files.max);
    tell("approximate_data_size", &(tree.data_bytes + tree.path_bytes));
    tell("open_file_descriptor_count", &files.open);
    tell("local_sessions", &0);
    tell("uptime", &asked.hub.heartbeats.now());
    tell("max_latency", &latency.max_ms());
    tell("outstanding_tls_handshake", &0);
    tell("min_client_response_size", &size(totals.reply_bytes.map(|sizes| sizes.min)));
    tell("non_mtls_local_conn_count", &0);
    tell("connection_rejected", &totals.connections_refused);
    tell("bytes_received_count", &totals.received_bytes);
    tell("connection_request_count", &totals.sessions_wanted);
    tell("stale_sessions_expired", &totals.sessions_expired);
    monitor_latency("updatelatency", &totals.writes, &mut tell);
    monitor_latency("readlatency", &totals.reads, &mut tell);
}

fn monitor_latency(name: &str, latency: &Latency, tell: &mut dyn FnMut(&str, &dyn std::fmt::Display)) {
    tell(&format!("avg_{name}"), &format_args!("{:?}", latency.mean_ms()));
    tell(&format!("min_{name}"), &latency.min_ms());
    tell(&format!("max_{name}"), &latency.max_ms());
    tell(&format!("cnt_{name}"), &latency.count);
    tell(&format!("sum_{name}"), &latency.total_ms());
}

/// What `conf` tells. Log and snapshots share a directory.
pub(super) async fn settings(asked: &Asked, sheet: &mut Sheet) {
    let settings = &asked.hub.settings;
    let bytes = bytes_on_disk(asked).await;
    let directory = settings.data_dir.display();
    let port = asked.peer.outgoing.socket.local_port().map_or(NONE, i64::from);
    let milliseconds = |duration: Duration| duration.as_millis();
    sheet.line(format_args!("clientPort={port}"));
    sheet.line(format_args!("secureClientPort={NONE}"));
    sheet.line(format_args!("dataDir={directory}"));
    sheet.line(format_args!("dataDirSize={bytes}"));
    sheet.line(format_args!("dataLogDir={directory}"));
    sheet.line(format_args!("dataLogSize={bytes}"));
    sheet.line(format_args!("tickTime={}", milliseconds(settings.tick)));
    sheet.line(format_args!("maxClientCnxns={}", settings.connections_per_address_max));
    sheet.line(format_args!("minSessionTimeout={}", milliseconds(settings.session_timeout_min)));
    sheet.line(format_args!("maxSessionTimeout={}", milliseconds(settings.session_timeout_max)));
    sheet.line(format_args!("clientPortListenBacklog={NONE}"));
    sheet.line(format_args!("serverId={}", asked.peer.id.node()));
}

/// What `dirs` tells.
pub(super) async fn directories(asked: &Asked, sheet: &mut Sheet) {
    let bytes = bytes_on_disk(asked).await;
    sheet.line(format_args!("datadir_size: {bytes}"));
    sheet.line(format_args!("logdir_size: {bytes}"));
}

async fn bytes_on_disk(asked: &Asked) -> u64 {
    let directory = asked.hub.settings.data_dir.clone();
    system::away(move || system::bytes_in(&directory)).await
}
