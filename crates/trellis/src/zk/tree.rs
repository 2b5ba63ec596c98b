//! `tree`: a subtree, drawn.

use clap::Args;
use serde::Serialize;
use trellis_zk_codec::Stat;

use trellis_zk_client::path::child;

use super::context::Context;
use super::nodes::Listed;
use super::stat::StatJson;
use super::walk::Siblings;
use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `tree`.
#[derive(Args)]
pub(super) struct TreeArgs {
    /// The node
    #[arg(default_value = "/")]
    path: String,

    /// How many levels to show below the node; all, if it is left out
    #[arg(long, value_name = "LEVELS", value_parser = depth, allow_negative_numbers = true)]
    depth: Option<usize>,
}

/// What was shown.
#[derive(Default)]
struct Totals {
    nodes: u64,
    bytes: u64,
}

/// Draws the node and what is below it.
pub(super) fn run(args: &TreeArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let nodes = &context.nodes;
    let (names, stat) = nodes.children(&args.path, false)?;
    let mut totals = Totals::default();
    let root = Listed { path: args.path.clone(), names, stat, readable: true };
    show(&root, "", &root.path, &mut totals, output)?;
    let deepest = args.depth.unwrap_or(usize::MAX);
    // The levels above the next node, and for each how its lines begin.
    let mut levels = vec![];
    if deepest > 0 {
        levels.push((below(&root), String::new()));
    }
    while let Some((siblings, prefix)) = levels.last_mut() {
        let Some(node) = siblings.next(nodes)? else {
            levels.pop();
            continue;
        };
        let is_last = siblings.is_at_end(nodes)?;
        let (branch, stem) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let name = node.path.rsplit('/').next().unwrap_or_default();
        show(&node, &format!("{prefix}{branch}"), name, &mut totals, output)?;
        if !node.names.is_empty() && levels.len() < deepest {
            let prefix = levels.last().map(|(_, prefix)| format!("{prefix}{stem}")).unwrap_or_default();
            levels.push((below(&node), prefix));
        }
    }
    if output.json() {
        return Ok(());
    }
    output.line(format!("\n{}, {}", counted(totals.nodes, "node", "nodes"), bytes(totals.bytes)))
}

fn below(node: &Listed) -> Siblings {
    Siblings::new(node.names.iter().map(|name| child(&node.path, name)).collect(), false)
}

/// Shows one node: its name, and in a few words what there is to know.
fn show(
    node: &Listed,
    prefix: &str,
    name: &str,
    totals: &mut Totals,
    output: &mut Output,
) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Shown<'a> {
        path: &'a str,
        /// Null if it may not be read.
        stat: Option<StatJson>,
    }
    let length = u64::try_from(node.stat.data_length).unwrap_or(0);
    totals.nodes += 1;
    totals.bytes += length;
    if output.json() {
        let stat = node.readable.then_some(node.stat);
        return output.value(&Shown { path: &node.path, stat: stat.map(StatJson::from) });
    }
    let mut facts = Vec::new();
    if !node.names.is_empty() {
        facts.push(counted(node.names.len() as u64, "child", "children"));
    }
    if length > 0 {
        facts.push(bytes(length));
    }
    facts.extend(kind(&node.stat).map(str::to_owned));
    facts.extend((!node.readable).then(|| "not readable".to_owned()));
    let gap = if facts.is_empty() { "" } else { "  " };
    output.line(format!("{prefix}{name}{gap}{}", facts.join(", ")))
}

/// What becomes of the node by itself, as the owner tells it: containers and nodes with a time to live have special
/// ones.
fn kind(stat: &Stat) -> Option<&'static str> {
    match stat.ephemeral_owner {
        0 => None,
        i64::MIN => Some("container"),
        owner if owner.to_be_bytes()[0] == 0xff => Some("ttl"),
        _ => Some("ephemeral"),
    }
}

fn bytes(count: u64) -> String {
    counted(count, "byte", "bytes")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn depth(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "not a whole number of levels".to_owned())
}
