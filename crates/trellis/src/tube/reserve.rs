//! `trellis tube reserve`: takes one job, prints its body, and decides what becomes of it.

use std::time::Duration;

use clap::{Args, ValueEnum};
use trellis_tube_codec::{Reply, Request};

use super::argument::{DEFAULT_TUBE, tube_name};
use super::client::Client;
use super::job;
use super::refusal::unexpected;
use super::statistics::Statistics;
use crate::exit::{Exit, Failure};
use crate::output::{Output, note};

/// Arguments of `trellis tube reserve`.
#[derive(Args)]
pub(super) struct ReserveArgs {
    /// A tube to take the job from; may be repeated [default: default]
    #[arg(long, value_name = "NAME", value_parser = tube_name)]
    tube: Vec<String>,

    /// What to do with the job once its body is printed
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Then::Release)]
    then: Then,
}

/// What becomes of the job.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Then {
    /// Give it back: it is ready again
    Release,
    /// It is done
    Delete,
    /// Set it aside until it is kicked
    Bury,
}

/// Waits for a job for at most `seconds`, or for ever.
pub(super) fn run(
    args: &ReserveArgs,
    seconds: Option<u32>,
    client: &mut Client,
    output: &mut Output,
) -> Result<(), Failure> {
    watch(client, &args.tube)?;
    let request = match seconds {
        Some(seconds) => Request::ReserveWithTimeout { seconds },
        None => Request::Reserve,
    };
    let wait = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let id = match client.call_patiently(&request, wait)? {
        Reply::Reserved { id, body } => {
            job::print(id, body, output)?;
            id
        }
        Reply::TimedOut => return Err(Failure::new(Exit::NotFound, "no job came in time")),
        other => return Err(unexpected(&other)),
    };
    // If the body did not get out, the job must not be lost: ending here makes it ready again.
    output.flush()?;
    finish(args.then, client, id)
}

/// Makes the given tubes the only ones that are watched.
fn watch(client: &mut Client, tubes: &[String]) -> Result<(), Failure> {
    let mut requests: Vec<Request<'_>> = tubes.iter().map(|tube| Request::Watch { tube }).collect();
    if !tubes.is_empty() && !tubes.iter().any(|tube| tube == DEFAULT_TUBE) {
        requests.push(Request::Ignore { tube: DEFAULT_TUBE });
    }
    client.call_all(&requests, |reply| match reply {
        Reply::Watching { .. } => Ok(()),
        other => Err(unexpected(&other)),
    })
}

fn finish(then: Then, client: &mut Client, id: u64) -> Result<(), Failure> {
    let request = match then {
        Then::Delete => Request::Delete { id },
        Then::Release => Request::Release { id, priority: priority(client, id)?, delay: 0 },
        Then::Bury => Request::Bury { id, priority: priority(client, id)? },
    };
    let done = match client.call(&request)? {
        Reply::Deleted => "deleted",
        Reply::Released => "released",
        Reply::Buried => "buried",
        Reply::NotFound => return Err(lost(id)),
        other => return Err(unexpected(&other)),
    };
    note(&format!("{done} job {id}"));
    Ok(())
}

/// The priority that the job has and keeps.
fn priority(client: &mut Client, id: u64) -> Result<u32, Failure> {
    let statistics = Statistics::of_job(client, id)?.ok_or_else(|| lost(id))?;
    Ok(u32::try_from(statistics.number("pri")).unwrap_or(u32::MAX))
}

fn lost(id: u64) -> Failure {
    Failure::new(Exit::NotFound, format!("job {id} was no longer held when its body had been printed"))
        .hint("its time to run (ttr) was over before the output was taken")
}
