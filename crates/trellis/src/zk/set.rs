//! `set`: replaces a node's data.

use clap::Args;

use super::argument::{ANY_VERSION, version};
use super::context::Context;
use super::stat;
use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `set`.
#[derive(Args)]
pub(super) struct SetArgs {
    /// Print the node's record afterwards
    #[arg(short)]
    stat: bool,

    /// Only if the data has this version (dataVersion)
    #[arg(short, value_name = "VERSION", value_parser = version, allow_negative_numbers = true)]
    version: Option<i32>,

    /// The node
    path: String,

    /// Its new data
    #[arg(allow_hyphen_values = true)]
    data: String,
}

/// Replaces the data.
pub(super) fn run(args: &SetArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let stat =
        context.nodes.set_data(&args.path, args.data.as_bytes(), args.version.unwrap_or(ANY_VERSION))?;
    if args.stat { stat::print_or_json(&stat, output) } else { Ok(()) }
}
