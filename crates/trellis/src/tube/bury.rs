//! `trellis tube bury`: sets one given job aside.

use clap::Args;
use trellis_tube_client::{Error, blocking::Client};

use super::argument::{job_id, number};
use super::hold::hold;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis tube bury`.
#[derive(Args)]
pub(super) struct BuryArgs {
    /// The job
    #[arg(value_parser = job_id, allow_negative_numbers = true)]
    id: u64,

    /// Its new priority, smallest first; without it, it keeps the one it has
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pri: Option<u32>,
}

/// Reserves the job and buries it.
pub(super) fn run(args: &BuryArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let id = args.id;
    let current = hold(client, id)?;
    let priority = args.pri.unwrap_or(current);
    client.bury(id, priority).map_err(|error| match error {
        Error::NotFound => Failure::new(Exit::NotFound, format!("there is no job {id} any more")),
        other => other.into(),
    })?;
    if output.json() {
        return output.value(&serde_json::json!({ "buried": id }));
    }
    output.line(format!("buried job {id}"))
}
