//! The four-letter words: both servers must answer each with the same lines and fields; values are left out.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};

use super::client::Client;
use super::connection::{Connection, DEADLINE};
use super::operation::Operation;
use super::request::Meaning;
use super::requests;
use super::server::{Pace, Program, Server};
use super::side;

/// Every word for operators. `mntr` has rules of its own.
const WORDS: &[&str] = &[
    "conf", "cons", "dirs", "dump", "envi", "hash", "isro", "ruok", "srvr", "stat", "wchc", "wchp", "wchs",
    "crst", "srst", "none",
];
/// The words without fields: their answers must be equal.
const PLAIN: &[&str] = &["crst", "hash", "isro", "none", "ruok", "srst"];
const MONITORING: &str = "mntr";

/// What monitoring reads of `mntr`. The real server has 500 fields more, which tell of its inside.
const MONITORED: &[&str] = &[
    "zk_version",
    "zk_server_state",
    "zk_avg_latency",
    "zk_max_latency",
    "zk_min_latency",
    "zk_packets_received",
    "zk_packets_sent",
    "zk_num_alive_connections",
    "zk_outstanding_requests",
    "zk_znode_count",
    "zk_watch_count",
    "zk_ephemerals_count",
    "zk_approximate_data_size",
    "zk_open_file_descriptor_count",
    "zk_max_file_descriptor_count",
    "zk_uptime",
    "zk_global_sessions",
];

/// Compares the answers of fresh servers that have a session with an ephemeral node and watches.
pub(super) fn compare(trellis: &Program) -> Result<String> {
    let reference = Prepared::start(&Program::ZooKeeper)?;
    let trellis = Prepared::start(trellis)?;
    let mut differences = Vec::new();
    for word in WORDS {
        let (a, b) = (reference.ask(word)?, trellis.ask(word)?);
        let same = if PLAIN.contains(word) { a == b } else { shapes(&a) == shapes(&b) };
        if !same {
            differences.push(format!("{word}\n  zookeeper\n{a}\n  trellis\n{b}"));
        }
    }
    let (real, ours) = (fields(&reference.ask(MONITORING)?), fields(&trellis.ask(MONITORING)?));
    for name in MONITORED {
        if !ours.contains(*name) {
            differences.push(format!("{MONITORING}: trellis lacks {name}"));
        }
    }
    for name in ours.difference(&real) {
        differences.push(format!("{MONITORING}: the real server has no {name}"));
    }
    if !differences.is_empty() {
        bail!("{} words differ\n{}", differences.len(), differences.join("\n"));
    }
    Ok(format!("{} words, {} of {} fields of {MONITORING}", WORDS.len() + 1, ours.len(), real.len()))
}

/// A server with something to tell.
struct Prepared {
    server: Server,
    _client: Client,
}

impl Prepared {
    fn start(program: &Program) -> Result<Prepared> {
        let server = Server::start(program, Pace::SLOW)?;
        let mut client = side::client(server.address()).context("cannot open a session")?;
        let meaning = Meaning { own_node: "", newest_zxid: 0 };
        // Of watches for children, the real server's words say nothing, and those of trellis do.
        for request in [
            requests::create("/ephemeral", Some(b"x"), 1),
            requests::read(Operation::GetData, "/ephemeral", true),
        ] {
            let (header, _) = client.ask(&request, meaning)?;
            if header.error != 0 {
                bail!("{request} is refused with {}", header.error);
            }
        }
        Ok(Prepared { server, _client: client })
    }

    fn ask(&self, word: &str) -> Result<String> {
        ask(self.server.address(), word).with_context(|| format!("cannot ask for {word}"))
    }
}

/// What a server answers to a word.
pub(super) fn ask(address: SocketAddr, word: &str) -> Result<String> {
    let mut connection = Connection::open(address)?;
    connection.send(word.as_bytes())?;
    Ok(String::from_utf8_lossy(&connection.read_to_end(DEADLINE)?).into_owned())
}

/// The names of the fields of `mntr`.
fn fields(answer: &str) -> BTreeSet<String> {
    answer.lines().filter_map(|line| Some(line.split_once('\t')?.0.to_string())).collect()
}

/// The kinds of lines that there are, in any order, since connections and sessions come in any.
fn shapes(answer: &str) -> BTreeSet<String> {
    answer.lines().map(shape).collect()
}

/// A line without what is a value: behind `=` and `: `, a date, and everything with a digit in it.
fn shape(line: &str) -> String {
    let line = line.split_once(" at ").map_or(line, |(what, _)| what);
    if !line.contains('(') {
        let named = line.split_once(": ").or_else(|| line.split_once('='));
        if let Some((name, _)) = named {
            return name.into();
        }
    }
    let name = |part: &str| part.split_once('=').map_or(part, |(name, _)| name).to_string();
    let names: Vec<String> = line.split(',').map(name).collect();
    let mut shape = String::new();
    for run in names.join(",").split_inclusive(|letter: char| !is_of_value(letter)) {
        let value = run.trim_end_matches(|letter: char| !is_of_value(letter));
        let is_number = value.contains(|letter: char| letter.is_ascii_digit());
        shape.push_str(if is_number { "#" } else { value });
        shape.push_str(&run[value.len()..]);
    }
    shape
}

/// Whether a letter may stand in a number, an id or an address.
fn is_of_value(letter: char) -> bool {
    letter.is_alphanumeric() || ".:/".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_names_and_no_values() {
        for (line, expected) in [
            ("dataDir=/tmp/data", "dataDir"),
            ("Latency min/avg/max: 0/1.5/2", "Latency min/avg/max"),
            (" /127.0.0.1:46[1](queued=0,sid=0x5,to=10)", " #[#](queued,sid,to"),
            ("2 expire at Sun Nov 22 18:23:49 UTC 2026:", "# expire"),
            ("Session Sets (1)/(1):", "Session Sets (#)/(#):"),
            ("\t0x100010308d30000", "\t#"),
            ("Environment:", "Environment:"),
        ] {
            assert_eq!(shape(line), expected);
        }
    }
}
