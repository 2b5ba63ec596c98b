//! `trellis tube stats`: the statistics of the server, a tube or a job.

use clap::Args;
use trellis_tube_client::blocking::Client;

use super::argument::{job_id, tube_name};
use super::statistics::Statistics;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis tube stats`.
#[derive(Args)]
pub(super) struct StatsArgs {
    /// The tube; without it and without --job, the server's statistics
    #[arg(value_parser = tube_name)]
    tube: Option<String>,

    /// A job instead of a tube
    #[arg(long, value_name = "ID", value_parser = job_id, allow_negative_numbers = true, conflicts_with = "tube")]
    job: Option<u64>,
}

/// Prints them as keys and values.
pub(super) fn run(args: &StatsArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let statistics = match (&args.tube, args.job) {
        (Some(tube), _) => Statistics::of_tube(client, tube)?
            .ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no tube {tube}")))?,
        (None, Some(id)) => Statistics::of_job(client, id)?
            .ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no job {id}")))?,
        (None, None) => Statistics::of_server(client)?,
    };
    statistics.print(output)
}
