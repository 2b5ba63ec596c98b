//! `trellis tube release`: makes one given job ready or delayed.

use std::time::Duration;

use clap::Args;
use trellis_tube_client::{Error, blocking::Client};

use super::argument::{job_id, number, seconds};
use super::hold::hold;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis tube release`.
#[derive(Args)]
pub(super) struct ReleaseArgs {
    /// The job
    #[arg(value_parser = job_id, allow_negative_numbers = true)]
    id: u64,

    /// Its new priority, smallest first; without it, it keeps the one it has
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pri: Option<u32>,

    /// Seconds until it is ready
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = seconds, allow_negative_numbers = true)]
    delay: u32,
}

/// Reserves the job and releases it.
pub(super) fn run(args: &ReleaseArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let id = args.id;
    let current = hold(client, id)?;
    let priority = args.pri.unwrap_or(current);
    let delay = Duration::from_secs(args.delay.into());
    client.release(id, priority, delay).map_err(|error| match error {
        Error::NotFound => Failure::new(Exit::NotFound, format!("there is no job {id} any more")),
        other => other.into(),
    })?;
    if output.json() {
        return output.value(&serde_json::json!({ "released": id }));
    }
    match args.delay {
        0 => output.line(format!("released job {id}")),
        delay => output.line(format!("released job {id}; it is ready in {delay} s")),
    }
}
