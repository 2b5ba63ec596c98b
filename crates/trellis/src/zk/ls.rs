//! `ls`: a node's children, or all nodes below it; and `getAllChildrenNumber`, how many they are.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::stat::{self, StatJson};
use super::walk::walk;
use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `ls`.
#[derive(Args)]
pub(super) struct LsArgs {
    /// Print the node's record, too
    #[arg(short)]
    stat: bool,

    /// Watch for the next change of its children
    #[arg(short)]
    watch: bool,

    /// List the node and all below it, one path a line
    #[arg(short = 'R')]
    recursive: bool,

    /// The node
    path: String,

    #[arg(hide = true)]
    old_watch: Option<String>,
}

/// Arguments of `getAllChildrenNumber`.
#[derive(Args)]
pub(super) struct CountArgs {
    /// The node
    path: String,
}

#[derive(Serialize)]
struct Children {
    children: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stat: Option<StatJson>,
}

/// Lists children.
pub(super) fn run(args: &LsArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let watch = context.watches(args.watch, args.old_watch.as_deref(), "ls", "ls [-w] path");
    if args.recursive {
        return walk(&context.nodes, &args.path, watch, |path| match output.json() {
            true => output.value(&serde_json::json!({ "path": path })),
            false => output.line(path),
        });
    }
    let (children, stat) = context.nodes.children(&args.path, watch)?;
    if output.json() {
        return output.value(&Children { children, stat: args.stat.then(|| stat.into()) });
    }
    output.line(format!("[{}]", children.join(", ")))?;
    if args.stat { stat::print(&stat, output) } else { Ok(()) }
}

/// Counts all below a node.
pub(super) fn count(args: &CountArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let count = context.nodes.all_children_number(&args.path)?;
    if output.json() {
        return output.value(&serde_json::json!({ "count": count }));
    }
    output.line(count.to_string())
}
