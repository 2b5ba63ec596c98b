//! `delete` and `deleteall`: remove nodes.

use std::num::NonZero;

use clap::Args;

use trellis_zk_client::path::child;

use super::argument::{ANY_VERSION, version};
use super::context::Context;
use super::failure::Error;
use super::walk::Siblings;
use crate::exit::Failure;
use crate::limits::ZK_DELETE_BYTES_MAX;
use crate::output::Output;

/// Arguments of `delete`.
#[derive(Args)]
pub(super) struct DeleteArgs {
    /// Only if its data has this version (dataVersion)
    #[arg(short, value_name = "VERSION", value_parser = version, allow_negative_numbers = true)]
    version: Option<i32>,

    /// The node
    path: String,
}

/// Arguments of `deleteall`.
#[derive(Args)]
pub(super) struct DeleteAllArgs {
    /// The node
    path: String,

    /// How many nodes to delete at once, all of them or none; fewer if their paths are long
    #[arg(short, value_name = "BATCH", default_value = "1000", value_parser = batch, allow_negative_numbers = true)]
    batch: NonZero<usize>,
}

/// Deletes one node.
pub(super) fn one(args: &DeleteArgs, context: &Context<'_>) -> Result<(), Failure> {
    Ok(context.nodes.delete(&args.path, args.version.unwrap_or(ANY_VERSION))?)
}

/// Deletes a node and all below it, the deepest first.
pub(super) fn all(args: &DeleteAllArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let nodes = &context.nodes;
    let (names, _) = nodes.children(&args.path, false)?;
    let mut paths = vec![args.path.clone()];
    paths.extend(names.iter().map(|name| child(&args.path, name)));
    let mut siblings = Siblings::new(paths[1..].to_vec(), false);
    let mut next = 1;
    // Level by level, as a node must go before its parent.
    while next < paths.len() {
        let level = paths.len();
        while let Some(node) = siblings.next(nodes)? {
            let node = node.read()?;
            paths.extend(node.names.iter().map(|name| child(&node.path, name)));
        }
        siblings = Siblings::new(paths[level..].to_vec(), false);
        next = level;
    }
    let deleted = paths.len();
    while !paths.is_empty() {
        let batch = paths.split_off(paths.len() - batch_length(&paths, args.batch.get()));
        nodes.delete_all(batch.iter().rev()).map_err(|error| match error {
            Error::Client(trellis_zk_client::Error::Refused { .. }) => {
                let failure = Failure::from(error);
                Failure::new(failure.exit, "Failed to delete some node(s) in the subtree!")
                    .hint(failure.message)
            }
            error => error.into(),
        })?;
    }
    if output.json() { output.value(&serde_json::json!({ "deleted": deleted })) } else { Ok(()) }
}

/// How many of the last paths to delete at once: as many as asked for, if servers take so long a request.
fn batch_length(paths: &[String], most: usize) -> usize {
    let mut bytes = 0;
    let fits = |path: &&String| {
        bytes += path.len();
        bytes <= ZK_DELETE_BYTES_MAX
    };
    paths.iter().rev().take(most).take_while(fits).count().max(1)
}

fn batch(text: &str) -> Result<NonZero<usize>, String> {
    let size = text.parse::<i32>().ok().and_then(|size| usize::try_from(size).ok()).and_then(NonZero::new);
    size.ok_or_else(|| "-b argument must be an int value".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_by_number_and_bytes() {
        let paths = |count: usize, bytes: usize| vec!["x".repeat(bytes); count];
        assert_eq!(batch_length(&paths(10, 5), 4), 4);
        assert_eq!(batch_length(&paths(3, 5), 4), 3);
        assert_eq!(batch_length(&paths(10, ZK_DELETE_BYTES_MAX / 2), 4), 2);
        assert_eq!(batch_length(&paths(10, ZK_DELETE_BYTES_MAX + 1), 4), 1);
    }
}
