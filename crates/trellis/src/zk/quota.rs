//! `setquota`, `listquota` and `delquota`. A quota is kept in nodes of ZooKeeper's own, below `/zookeeper/quota`, always
//! under the path that the server knows the node by.

use std::collections::BTreeMap;
use std::fmt;

use clap::{ArgGroup, Args};
use serde::Serialize;
use trellis_zk_client::path;
use trellis_zk_codec::{Acl, CreateMode, ErrorCode};

use super::acl::OwnedAcl;
use super::context::Context;
use super::failure::Error;
use super::nodes::Nodes;
use super::walk::walk;
use crate::exit::{Exit, Failure};
use crate::output::{Output, note};

/// Arguments of `setquota`.
#[derive(Args)]
#[command(group = ArgGroup::new("limit").required(true).args(["count", "bytes", "count_hard", "bytes_hard"]))]
pub(super) struct SetQuotaArgs {
    /// How many nodes there may be before the server complains in its log
    #[arg(short = 'n', value_name = "NODES", value_parser = count, allow_negative_numbers = true)]
    count: Option<i64>,

    /// How many bytes of data there may be before the server complains in its log
    #[arg(short = 'b', value_name = "BYTES", value_parser = bytes, allow_negative_numbers = true)]
    bytes: Option<i64>,

    /// How many nodes there may be
    #[arg(short = 'N', value_name = "NODES", value_parser = count, allow_negative_numbers = true)]
    count_hard: Option<i64>,

    /// How many bytes of data there may be
    #[arg(short = 'B', value_name = "BYTES", value_parser = bytes, allow_negative_numbers = true)]
    bytes_hard: Option<i64>,

    /// The node whose subtree is limited, itself included
    path: String,
}

/// Arguments of `delquota`.
#[derive(Args)]
#[command(group = ArgGroup::new("limit").args(["count", "bytes", "count_hard", "bytes_hard"]))]
pub(super) struct DelQuotaArgs {
    /// Only the number of nodes that the server complains about
    #[arg(short = 'n')]
    count: bool,

    /// Only the bytes that the server complains about
    #[arg(short = 'b')]
    bytes: bool,

    /// Only the number of nodes
    #[arg(short = 'N')]
    count_hard: bool,

    /// Only the bytes
    #[arg(short = 'B')]
    bytes_hard: bool,

    /// The node
    path: String,
}

/// Arguments of `listquota`.
#[derive(Args)]
pub(super) struct ListQuotaArgs {
    /// The node
    path: String,
}

const QUOTAS: &str = "/zookeeper/quota";
const LIMITS: &str = "/zookeeper_limits";
const USAGE: &str = "/zookeeper_stats";

const COUNT: &str = "count";
const BYTES: &str = "bytes";
const COUNT_HARD: &str = "countHardLimit";
const BYTES_HARD: &str = "byteHardLimit";

/// Numbers by name: limits, or what is used of them. -1 is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct Numbers(BTreeMap<String, i64>);

impl Numbers {
    /// Reads what is in the node; what is no number there is left out.
    fn parse(data: &[u8]) -> Numbers {
        let text = String::from_utf8_lossy(data);
        let pairs = text.split([',', ';']).filter_map(|pair| {
            let mut parts = pair.split('=');
            Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?))
        });
        Numbers(pairs.collect())
    }

    fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(-1)
    }

    fn set(&mut self, name: &str, value: i64) {
        self.0.insert(name.to_owned(), value);
    }
}

/// The form that ZooKeeper writes, in which old versions find the two fields that they know.
impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{COUNT}={},{BYTES}={}", self.get(COUNT), self.get(BYTES))?;
        let mut others = self.0.iter().filter(|(name, _)| *name != COUNT && *name != BYTES).peekable();
        if others.peek().is_some() {
            f.write_str("=")?;
        }
        others.try_for_each(|(name, value)| write!(f, ";{name}={value}"))
    }
}

/// Sets one limit of a node, and leaves its others as they are.
pub(super) fn set(args: &SetQuotaArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let path = &args.path;
    let server_path = context.nodes.chroot().to_server(path);
    path::check(path).map_err(Error::from)?;
    if server_path == "/" || server_path.starts_with(QUOTAS) {
        let where_not = if server_path == "/" { "/" } else { QUOTAS };
        return Err(Failure::new(Exit::Refused, format!("cannot set a quota under the path: {where_not}")));
    }
    if context.nodes.exists(path, false)?.is_none() {
        return Err(Failure::new(Exit::NotFound, format!("{path} does not exist.")));
    }
    let nodes = context.nodes.of_the_service();
    let quota_path = format!("{QUOTAS}{server_path}");
    refuse_nested(path, &server_path, &nodes)?;
    let (limits_path, usage_path) = (format!("{quota_path}{LIMITS}"), format!("{quota_path}{USAGE}"));
    let given = [
        (COUNT, args.count),
        (BYTES, args.bytes),
        (COUNT_HARD, args.count_hard),
        (BYTES_HARD, args.bytes_hard),
    ];
    let (mut limits, exist) = match read(&nodes, &limits_path)? {
        Some(limits) => (limits, true),
        None => (Numbers(given.iter().map(|(name, _)| ((*name).to_owned(), -1)).collect()), false),
    };
    for (name, value) in given {
        value.into_iter().for_each(|value| limits.set(name, value));
    }
    if exist {
        nodes.set_data(&limits_path, limits.to_string().as_bytes(), -1)?;
    } else {
        create_parents(&nodes, &quota_path)?;
        create(&nodes, &limits_path, Some(&limits.to_string()))?;
        create(&nodes, &usage_path, Some(&Numbers::parse(b"count=0,bytes=0").to_string()))?;
    }
    let usage = read(&nodes, &usage_path)?.unwrap_or_default();
    warn(&limits, &usage, output)
}

/// Prints the limits of a node, and what is used of them.
pub(super) fn list(args: &ListQuotaArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Found<'a> {
        path: &'a str,
        quota: &'a Numbers,
        usage: &'a Numbers,
    }
    let path = &args.path;
    path::check(path).map_err(Error::from)?;
    let nodes = context.nodes.of_the_service();
    let quota_path = format!("{QUOTAS}{}", context.nodes.chroot().to_server(path));
    let limits_path = format!("{}{LIMITS}", quota_path.trim_end_matches('/'));
    if !output.json() {
        note(&format!("absolute path is {limits_path}"));
    }
    let limits = read(&nodes, &limits_path)?;
    let quota = limits.ok_or_else(|| not_there(format!("quota for {path} does not exist.")))?;
    let usage = read(&nodes, &format!("{quota_path}{USAGE}"))?.unwrap_or_default();
    if output.json() {
        return output.value(&Found { path, quota: &quota, usage: &usage });
    }
    output.line(format!("Output quota for {path} {quota}"))?;
    output.line(format!("Output stat for {path} {usage}"))
}

/// Takes one limit of a node away, or all.
pub(super) fn delete(args: &DelQuotaArgs, context: &Context<'_>) -> Result<(), Failure> {
    let path = &args.path;
    path::check(path).map_err(Error::from)?;
    let nodes = context.nodes.of_the_service();
    let quota_path = format!("{QUOTAS}{}", context.nodes.chroot().to_server(path));
    let quota_path = quota_path.trim_end_matches('/');
    let limits_path = format!("{quota_path}{LIMITS}");
    let limits = read(&nodes, &limits_path)?;
    let mut limits = limits.ok_or_else(|| not_there(format!("Quota does not exist for {path}")))?;
    let given = [
        (COUNT, args.count),
        (BYTES, args.bytes),
        (COUNT_HARD, args.count_hard),
        (BYTES_HARD, args.bytes_hard),
    ];
    if given.iter().any(|(_, given)| *given) {
        given.iter().filter(|(_, given)| *given).for_each(|(name, _)| limits.set(name, -1));
        nodes.set_data(&limits_path, limits.to_string().as_bytes(), -1)?;
        return Ok(());
    }
    for path in [limits_path, format!("{quota_path}{USAGE}")] {
        ignore(ErrorCode::NoNode, nodes.delete(&path, -1))?;
    }
    trim(&nodes, quota_path)
}

/// Removes the nodes that led to a quota and lead to nothing else.
fn trim(nodes: &Nodes<'_>, quota_path: &str) -> Result<(), Failure> {
    let mut path = quota_path;
    while path != QUOTAS {
        match nodes.delete(path, -1) {
            Err(error) if error.is(ErrorCode::NotEmpty) => break,
            outcome => outcome?,
        }
        path = path.rsplit_once('/').map_or(QUOTAS, |(parent, _)| parent);
    }
    Ok(())
}

/// Quotas don't nest.
fn refuse_nested(path: &str, server_path: &str, nodes: &Nodes<'_>) -> Result<(), Failure> {
    let refused = |message: String| Err(Failure::new(Exit::Refused, message));
    let own = format!("{QUOTAS}{server_path}");
    if nodes.exists(&own, false)?.is_some() {
        walk(nodes, &own, false, |at| match at.strip_suffix(LIMITS) {
            Some(other) if other != own => {
                refused(format!("{path} has a child {} which has a quota", &other[QUOTAS.len()..]))
            }
            _ => Ok(()),
        })?;
    }
    for (at, _) in server_path.match_indices('/').skip(1) {
        let parent = &server_path[..at];
        if nodes.exists(&format!("{QUOTAS}{parent}{LIMITS}"), false)?.is_some() {
            return refused(format!("{path} has a parent {parent} which has a quota"));
        }
    }
    Ok(())
}

fn warn(limits: &Numbers, usage: &Numbers, output: &mut Output) -> Result<(), Failure> {
    let exceeds = |soft: &str, hard: &str| {
        let used = usage.get(soft);
        [limits.get(soft), limits.get(hard)].iter().any(|limit| (0..used).contains(limit)).then_some(used)
    };
    for (what, used) in [("count", exceeds(COUNT, COUNT_HARD)), ("bytes", exceeds(BYTES, BYTES_HARD))] {
        if let Some(used) = used {
            let text =
                format!("[Warning]: the {what} quota you create is less than the existing {what}:{used}");
            if output.json() { note(&text) } else { output.line(text)? }
        }
    }
    Ok(())
}

fn read(nodes: &Nodes<'_>, path: &str) -> Result<Option<Numbers>, Failure> {
    match nodes.data(path, false) {
        Ok((data, _)) => Ok(Some(Numbers::parse(&data.unwrap_or_default()))),
        Err(error) if error.is_no_node() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Creates the node of a quota and those above it, as far as they are not there.
fn create_parents(nodes: &Nodes<'_>, quota_path: &str) -> Result<(), Failure> {
    for (at, _) in quota_path.match_indices('/').filter(|(at, _)| *at > QUOTAS.len()) {
        create(nodes, &quota_path[..at], None)?;
    }
    create(nodes, quota_path, None)
}

fn create(nodes: &Nodes<'_>, path: &str, data: Option<&str>) -> Result<(), Failure> {
    let open: OwnedAcl = Acl::OPEN.into();
    let created = nodes.create(path, data.map(str::as_bytes), &[open], CreateMode::Persistent, None);
    ignore(ErrorCode::NodeExists, created.map(drop))
}

/// Success, if what was refused is what was wanted.
fn ignore(expected: ErrorCode, outcome: Result<(), Error>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.is(expected) => Ok(()),
        outcome => Ok(outcome?),
    }
}

fn not_there(message: String) -> Failure {
    Failure::new(Exit::NotFound, message)
}

fn count(text: &str) -> Result<i64, String> {
    let count: i32 = text.parse().map_err(|_| "not a whole number".to_owned())?;
    if count > 0 { Ok(count.into()) } else { Err("the num quota must be greater than zero".to_owned()) }
}

fn bytes(text: &str) -> Result<i64, String> {
    let bytes: i64 = text.parse().map_err(|_| "not a whole number".to_owned())?;
    if bytes >= 0 {
        Ok(bytes)
    } else {
        Err("the bytes quota must be greater than or equal to zero".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_left_out_and_the_rest_written_as_zookeeper_does() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Numbers::parse(text.as_bytes()).to_string(), expected, "{text}");
        };
        let full = "count=5,bytes=-1=;byteHardLimit=100;countHardLimit=7";
        check(full, full);
        check("count=2,bytes=7", "count=2,bytes=7");
        check("bytes=7,count=2,=", "count=2,bytes=7");
        check("", "count=-1,bytes=-1");
        check("count=x;byteHardLimit=3", "count=-1,bytes=-1=;byteHardLimit=3");
    }
}
