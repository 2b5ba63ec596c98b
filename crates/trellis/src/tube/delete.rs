//! `trellis tube delete`: removes jobs.

use clap::Args;
use serde::Serialize;
use trellis_tube_client::{Answer, blocking::Client, codec::Request};

use super::argument::job_id;
use crate::exit::{Exit, Failure};
use crate::output::{Output, report};

/// Arguments of `trellis tube delete`.
#[derive(Args)]
pub(super) struct DeleteArgs {
    /// The jobs
    #[arg(value_name = "ID", required = true, value_parser = job_id, allow_negative_numbers = true)]
    ids: Vec<u64>,
}

#[derive(Default, Serialize)]
struct Outcome {
    deleted: Vec<u64>,
    not_found: Vec<u64>,
}

/// Deletes each job, also after one was not found.
pub(super) fn run(args: &DeleteArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let requests: Vec<Request<'_>> = args.ids.iter().map(|&id| Request::Delete { id }).collect();
    let mut outcome = Outcome::default();
    for (&id, answer) in args.ids.iter().zip(client.call_all(&requests)) {
        match answer? {
            Answer::NotFound => outcome.not_found.push(id),
            _ => outcome.deleted.push(id),
        }
    }
    if output.json() {
        output.value(&outcome)?;
    } else {
        outcome.deleted.iter().try_for_each(|id| output.line(format!("deleted job {id}")))?;
    }
    output.flush()?;
    if outcome.not_found.is_empty() {
        return Ok(());
    }
    for id in &outcome.not_found {
        let message = format!("job {id} does not exist, or another client holds it");
        report(&Failure::new(Exit::NotFound, message));
    }
    Err(Failure::silent(Exit::NotFound))
}
