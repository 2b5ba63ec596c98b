//! `get`: a node's data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
use trellis_zk_codec::Stat;

use super::context::Context;
use super::stat::{self, StatJson};
use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `get`.
#[derive(Args)]
pub(super) struct GetArgs {
    /// Print the node's record, too
    #[arg(short)]
    stat: bool,

    /// Watch for the next change of its data, or for its going
    #[arg(short)]
    watch: bool,

    /// The node
    path: String,

    #[arg(hide = true)]
    old_watch: Option<String>,
}

/// Data as JSON: as text, or in base64 if it is no text. Null if the node was created without data.
#[derive(Serialize)]
pub(super) struct DataJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stat: Option<StatJson>,
}

impl DataJson {
    fn new(data: Option<Vec<u8>>, stat: Option<StatJson>) -> Self {
        match data.map(String::from_utf8).transpose() {
            Ok(data) => DataJson { data: Some(data), data_base64: None, stat },
            Err(error) => DataJson { data: None, data_base64: Some(STANDARD.encode(error.as_bytes())), stat },
        }
    }
}

/// Prints the data and a line end.
pub(super) fn run(args: &GetArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let watch = context.watches(args.watch, args.old_watch.as_deref(), "get", "get [-s] [-w] path");
    let (data, stat) = context.nodes.data(&args.path, watch)?;
    print(data, args.stat.then_some(stat), output)
}

/// Prints data, and a record if there is one. Null is told as `null`, as zkCli does.
pub(super) fn print(data: Option<Vec<u8>>, stat: Option<Stat>, output: &mut Output) -> Result<(), Failure> {
    if output.json() {
        return output.value(&DataJson::new(data, stat.map(StatJson::from)));
    }
    output.write(data.as_deref().unwrap_or(b"null"))?;
    output.write("\n")?;
    stat.map_or(Ok(()), |stat| stat::print(&stat, output))
}
