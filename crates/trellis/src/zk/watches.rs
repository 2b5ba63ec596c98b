//! `addWatch` and `removewatches`: watches that stay, and the end of watches.

use clap::{Args, ValueEnum};
use trellis_zk_codec::{AddWatchMode, WatcherKind};

use super::context::Context;
use crate::exit::Failure;

/// Arguments of `addWatch`.
#[derive(Args)]
pub(super) struct AddWatchArgs {
    /// What to watch
    #[arg(short, value_name = "MODE", value_enum, ignore_case = true, default_value_t = Mode::PersistentRecursive)]
    mode: Mode,

    /// The node, which need not exist
    path: String,
}

/// How far a watch reaches.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The node, and its children's coming and going
    #[value(name = "PERSISTENT")]
    Persistent,
    /// The node and all below it
    #[value(name = "PERSISTENT_RECURSIVE")]
    PersistentRecursive,
}

/// Arguments of `removewatches`.
#[derive(Args)]
pub(super) struct RemoveWatchesArgs {
    /// The node
    path: String,

    /// Those of its children
    #[arg(short, group = "kind")]
    children: bool,

    /// Those of its data
    #[arg(short, group = "kind")]
    data: bool,

    /// All, which is also meant if nothing else is said
    #[arg(short, group = "kind")]
    any: bool,

    /// Forget them even if the server can't be told
    #[arg(short)]
    local: bool,
}

/// Sets a watch that stays.
pub(super) fn add(args: &AddWatchArgs, context: &Context<'_>) -> Result<(), Failure> {
    let mode = match args.mode {
        Mode::Persistent => AddWatchMode::Persistent,
        Mode::PersistentRecursive => AddWatchMode::PersistentRecursive,
    };
    context.warn_of_watches();
    Ok(context.nodes.add_watch(&args.path, mode)?)
}

/// Takes watches away. An event tells of each kind that it is gone.
pub(super) fn remove(args: &RemoveWatchesArgs, context: &Context<'_>) -> Result<(), Failure> {
    let kind = match (args.children, args.data) {
        (true, _) => WatcherKind::Children,
        (_, true) => WatcherKind::Data,
        _ => WatcherKind::Any,
    };
    Ok(context.nodes.remove_watches(&args.path, kind, args.local)?)
}
