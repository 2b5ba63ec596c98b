//! `trellis tube reserve`: takes one job, prints its body, and decides what becomes of it.

use std::time::Duration;

use clap::{Args, ValueEnum};
use trellis_tube_client::{Error, blocking::Client};

use super::argument::tube_name;
use super::job;
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
    client.watch_only(&args.tube)?;
    let wait = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let Some(job) = client.reserve(wait)? else {
        return Err(Failure::new(Exit::NotFound, "no job came in time"));
    };
    job::print(job.id, &job.body, output)?;
    // If the body did not get out, the job must not be lost: ending here makes it ready again.
    output.flush()?;
    finish(args.then, client, job.id)
}

fn finish(then: Then, client: &mut Client, id: u64) -> Result<(), Failure> {
    let (done, outcome) = match then {
        Then::Delete => ("deleted", client.delete(id)),
        Then::Release => {
            let priority = priority(client, id)?;
            ("released", client.release(id, priority, Duration::ZERO))
        }
        Then::Bury => {
            let priority = priority(client, id)?;
            ("buried", client.bury(id, priority))
        }
    };
    match outcome {
        // A release without memory is answered so; the job is where it can be kicked.
        Err(Error::BuriedInstead) => return finished("buried", id),
        Err(Error::NotFound) => return Err(lost(id)),
        outcome => outcome?,
    }
    finished(done, id)
}

fn finished(done: &str, id: u64) -> Result<(), Failure> {
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
