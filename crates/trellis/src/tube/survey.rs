//! All tubes at once, as `list` and `watch` show them.

use serde::Serialize;
use trellis_tube_client::{blocking::Client, codec::Request};

use super::statistics::Statistics;
use crate::exit::Failure;

/// One tube.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tube {
    /// Its name.
    pub(super) tube: String,
    /// Ready jobs.
    pub(super) ready: u64,
    /// Jobs held by workers.
    pub(super) reserved: u64,
    /// Delayed jobs.
    pub(super) delayed: u64,
    /// Buried jobs.
    pub(super) buried: u64,
    /// Ready jobs with a priority below 1024.
    pub(super) urgent: u64,
    /// Connections that wait in a reserve.
    pub(super) waiting: u64,
    /// Connections that watch it.
    pub(super) watching: u64,
    /// Connections that use it.
    pub(super) using: u64,
    /// Seconds until its pause ends, or 0.
    pub(super) paused: u64,
    /// Jobs ever put into it.
    pub(super) puts: u64,
    /// Jobs ever deleted from it.
    pub(super) deletes: u64,
}

/// Every tube, by name. One that vanishes meanwhile is left out.
pub(super) fn tubes(client: &mut Client) -> Result<Vec<Tube>, Failure> {
    let mut names = client.list_tubes()?;
    names.sort_unstable();
    let requests: Vec<Request<'_>> = names.iter().map(|tube| Request::StatsTube { tube }).collect();
    let mut tubes = Vec::with_capacity(names.len());
    for answer in client.call_all(&requests) {
        tubes.extend(Statistics::from_tube_answer(&answer?).map(|statistics| tube(&statistics)));
    }
    Ok(tubes)
}

fn tube(statistics: &Statistics) -> Tube {
    Tube {
        tube: statistics.text("name").to_owned(),
        ready: statistics.number("current-jobs-ready"),
        reserved: statistics.number("current-jobs-reserved"),
        delayed: statistics.number("current-jobs-delayed"),
        buried: statistics.number("current-jobs-buried"),
        urgent: statistics.number("current-jobs-urgent"),
        waiting: statistics.number("current-waiting"),
        watching: statistics.number("current-watching"),
        using: statistics.number("current-using"),
        paused: statistics.number("pause-time-left"),
        puts: statistics.number("total-jobs"),
        deletes: statistics.number("cmd-delete"),
    }
}

/// The cell of a pause.
pub(super) fn paused(tube: &Tube) -> String {
    if tube.paused == 0 { "-".to_owned() } else { format!("{} s", tube.paused) }
}
