//! `trellis tube kick`: makes buried or delayed jobs ready.

use clap::Args;
use trellis_tube_client::{Error, blocking::Client};

use super::argument::{DEFAULT_TUBE, job_id, number, tube_name};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis tube kick`.
#[derive(Args)]
pub(super) struct KickArgs {
    /// At most so many jobs of the tube
    #[arg(value_name = "N", value_parser = number, allow_negative_numbers = true, required_unless_present = "job")]
    bound: Option<u32>,

    /// The tube
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TUBE, value_parser = tube_name)]
    tube: String,

    /// One given job instead
    #[arg(long, value_name = "ID", value_parser = job_id, allow_negative_numbers = true, conflicts_with_all = ["bound", "tube"])]
    job: Option<u64>,
}

/// Kicks and says how many jobs are ready now.
pub(super) fn run(args: &KickArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let count = match args.job {
        Some(id) => kick_job(client, id)?,
        None => kick_tube(client, &args.tube, args.bound.unwrap_or(0))?,
    };
    match (output.json(), args.job) {
        (true, _) => output.value(&serde_json::json!({ "kicked": count }))?,
        (false, Some(id)) => output.line(format!("kicked job {id}"))?,
        (false, None) if count == 1 => output.line(format!("kicked 1 job of tube {}", args.tube))?,
        (false, None) => output.line(format!("kicked {count} jobs of tube {}", args.tube))?,
    }
    if count == 0 { Err(Failure::silent(Exit::NotFound)) } else { Ok(()) }
}

fn kick_tube(client: &mut Client, tube: &str, bound: u32) -> Result<u64, Failure> {
    client.use_tube(tube)?;
    Ok(client.kick(bound)?)
}

fn kick_job(client: &mut Client, id: u64) -> Result<u64, Failure> {
    client.kick_job(id).map_err(|error| match error {
        Error::NotFound => Failure::new(Exit::NotFound, format!("there is no buried or delayed job {id}")),
        other => other.into(),
    })?;
    Ok(1)
}
