//! Gets hold of one given job, since only its holder may release or bury it.

use trellis_tube_client::blocking::Client;

use super::statistics::Statistics;
use crate::exit::{Exit, Failure};

/// Reserves the job for this connection and returns its priority.
pub(super) fn hold(client: &mut Client, id: u64) -> Result<u32, Failure> {
    let held = client.reserve_job(id)?.is_some();
    let statistics = Statistics::of_job(client, id)?
        .ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no job {id}")))?;
    if held {
        return Ok(u32::try_from(statistics.number("pri")).unwrap_or(u32::MAX));
    }
    let left = statistics.number("time-left");
    Err(Failure::new(Exit::NotFound, format!("job {id} is held by another client for up to {left} s more"))
        .hint("only its holder can release or bury it; it is ready again when its time is over"))
}
