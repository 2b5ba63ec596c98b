//! `trellis tube peek`: looks at a job without touching it.

use clap::Args;
use trellis_tube_client::blocking::Client;

use super::argument::{DEFAULT_TUBE, job_id, tube_name};
use super::job;
use crate::exit::{Exit, Failure};
use crate::output::{Output, note};

/// Arguments of `trellis tube peek`.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(super) struct PeekArgs {
    /// The job
    #[arg(group = "which", value_parser = job_id, allow_negative_numbers = true)]
    id: Option<u64>,

    /// The job of the tube that is next to be reserved
    #[arg(long, group = "which")]
    ready: bool,

    /// The job of the tube whose delay is over first
    #[arg(long, group = "which")]
    delayed: bool,

    /// The job of the tube that was buried first
    #[arg(long, group = "which")]
    buried: bool,

    /// The tube
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TUBE, value_parser = tube_name, conflicts_with = "id")]
    tube: String,
}

/// Prints the job's body.
pub(super) fn run(args: &PeekArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    if args.id.is_none() {
        client.use_tube(&args.tube)?;
    }
    let (job, what) = match args.id {
        Some(id) => (client.peek(id)?, format!("job {id}")),
        None if args.ready => (client.peek_ready()?, format!("ready job in tube {}", args.tube)),
        None if args.delayed => (client.peek_delayed()?, format!("delayed job in tube {}", args.tube)),
        None => (client.peek_buried()?, format!("buried job in tube {}", args.tube)),
    };
    let Some(job) = job else {
        return Err(Failure::new(Exit::NotFound, format!("there is no {what}")));
    };
    if args.id.is_none() && !output.json() {
        note(&format!("job {}", job.id));
    }
    job::print(job.id, &job.body, output)
}
