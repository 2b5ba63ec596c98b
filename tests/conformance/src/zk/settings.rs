//! What a client notices of a zoo.cfg's settings must be the same on both servers.
//!
//! Left out is what trellis is known to differ in, and warns of: `skipACL`, and `extendedTypesEnabled`, without which
//! the real server makes no nodes with a time to live. `globalOutstandingLimit` shows in nothing but speed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::client::Client;
use super::operation::{Operation, error_name};
use super::request::{Meaning, Request};
use super::requests;
use super::sequence::{Connect, Wanted};
use super::server::{Program, SUPER_USER, Server};
use super::side::{client, welcomed};
use super::words;

const MEANING: Meaning<'_> = Meaning { own_node: "", newest_zxid: 0 };
/// A server may take a moment until it knows that a connection has gone.
const GONE_DEADLINE: Duration = Duration::from_secs(30);
/// How often a connection that must be refused is tried.
const REFUSALS: usize = 3;
/// Bytes that a request may have, as `jute.maxbuffer` says.
const FRAME_BYTES_MAX: usize = 5000;

/// What shows a setting: it looks at a server and tells what it has seen.
type Look = fn(SocketAddr) -> Result<String>;

/// Lines of a zoo.cfg, how else the real server is told the same, and what shows it.
const CASES: &[(&str, &str, Look)] = &[
    ("", "", |address| Ok([time_outs(address)?, hard_quota(address)?, super_user(address)?].join(", "))),
    ("", "", |address| Ok([words(address)?, connections(address, 60)?].join(", "))),
    ("maxClientCnxns=3\n", "", |address| connections(address, 3)),
    ("maxClientCnxns=0\n", "", |address| sessions(address, 100).map(|clients| clients.len().to_string())),
    ("tickTime=1000\n", "", time_outs),
    ("tickTime=1000\nminSessionTimeout=3000\nmaxSessionTimeout=5000\n", "", time_outs),
    ("tickTime=1000\nmaxSessionTimeout=3000\n", "", time_outs),
    ("jute.maxbuffer=5000\n", "-Djute.maxbuffer=5000", frames),
    ("4lw.commands.whitelist=ruok, isro\n", "", words),
];

/// Looks at fresh servers with each setting.
pub(super) fn compare(trellis: &Program) -> Result<String> {
    for (settings, java_property, look) in CASES {
        let property = if java_property.is_empty() { "-Dnone=none" } else { java_property };
        let seen = |program| -> Result<String> {
            let server = Server::start_with(program, settings, property)?;
            look(server.address()).with_context(|| format!("{program:?} with {settings:?}"))
        };
        let (reference, trellis) = (seen(&Program::ZooKeeper)?, seen(trellis)?);
        if reference != trellis {
            bail!("with {settings:?}\n  zookeeper {reference}\n  trellis   {trellis}");
        }
    }
    Ok(format!("{} of them", CASES.len()))
}

/// So many clients with sessions.
fn sessions(address: SocketAddr, count: usize) -> Result<Vec<Client>> {
    let deadline = Instant::now() + GONE_DEADLINE;
    let mut clients = Vec::new();
    while clients.len() < count {
        match client(address) {
            Ok(client) => clients.push(client),
            Err(error) if Instant::now() > deadline => {
                return Err(error).with_context(|| format!("after {} connections", clients.len()));
            }
            Err(_) => {}
        }
    }
    Ok(clients)
}

/// Whether there are no more connections than the limit, and another one when one has gone.
fn connections(address: SocketAddr, limit: usize) -> Result<String> {
    let mut clients = sessions(address, limit)?;
    let refused = (0..REFUSALS).filter(|_| client(address).is_err()).count();
    clients.pop();
    clients.extend(sessions(address, 1)?);
    Ok(format!("{} connections, {refused} refused", clients.len()))
}

/// What becomes of the time-outs that clients ask for.
fn time_outs(address: SocketAddr) -> Result<String> {
    let mut seen = Vec::new();
    for timeout_ms in [i32::MIN, 0, 2500, 4000, 30_000, i32::MAX] {
        let (_, welcome) = welcomed(address, &Connect { timeout_ms, ..Connect::to(Wanted::New) })?;
        seen.extend(welcome.into_iter().map(|observed| observed.text));
    }
    Ok(seen.join(", "))
}

/// What comes of a request of the greatest length, and of one that is a byte longer.
fn frames(address: SocketAddr) -> Result<String> {
    let mut client = client(address)?;
    let mut empty = Vec::new();
    requests::create("/large", Some(b""), 0).encode(1, MEANING, &mut empty);
    let data = vec![b'x'; FRAME_BYTES_MAX + 4 - empty.len()];
    let fits = outcome(&mut client, &requests::create("/large", Some(&data), 0))?;
    let longer = client.ask(&requests::create("/longer", Some(&[data, vec![b'x']].concat()), 0), MEANING);
    Ok(format!("{fits}, {}", if longer.is_ok() { "an answer" } else { "no answer" }))
}

/// Whether a hard quota is enforced.
fn hard_quota(address: SocketAddr) -> Result<String> {
    let mut client = client(address)?;
    let limits = b"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=1";
    let paths: [(&str, &[u8]); 4] = [
        ("/a", b""),
        ("/zookeeper/quota/a", b""),
        ("/zookeeper/quota/a/zookeeper_limits", limits),
        ("/zookeeper/quota/a/zookeeper_stats", b"count=0,bytes=0"),
    ];
    for (path, data) in paths {
        outcome(&mut client, &requests::create(path, Some(data), 0))?;
    }
    outcome(&mut client, &requests::create("/a/b", Some(b""), 0))
}

/// Whether somebody may do everything.
fn super_user(address: SocketAddr) -> Result<String> {
    let mut client = client(address)?;
    let (scheme, credentials) = SUPER_USER;
    outcome(&mut client, &requests::auth(scheme, credentials))?;
    let list = [(1, "world", "anyone")];
    outcome(&mut client, &requests::create_as(Operation::Create, "/closed", Some(b""), &list, 0))?;
    outcome(&mut client, &requests::set_data("/closed", Some(b"x"), -1))
}

/// The name of the error in the answer to a request.
fn outcome(client: &mut Client, request: &Request) -> Result<String> {
    Ok(error_name(client.ask(request, MEANING)?.0.error).to_string())
}

/// The answers to words that may be forbidden.
fn words(address: SocketAddr) -> Result<String> {
    let answers: Result<Vec<String>> =
        ["ruok", "isro", "crst", "stat"].iter().map(|word| words::ask(address, word)).collect();
    Ok(answers?.join(", "))
}
