//! The name of a job. Nothing here knows what becomes of it.

use std::fmt;
use std::str::FromStr;

/// A job: the server's number for it, and which server, since each counts for itself.
///
/// As text it is `17`, or `17.2` if it comes from a server other than the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId {
    /// The server's place in the list of servers, from 0.
    pub server: u16,
    /// The server's number for the job.
    pub id: u64,
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.server {
            0 => write!(formatter, "{}", self.id),
            server => write!(formatter, "{}.{server}", self.id),
        }
    }
}

/// A text that is no job's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the number of a job: it is as in 17, or 17.2 for a job of another server")]
pub struct NotAJob;

impl FromStr for JobId {
    type Err = NotAJob;

    fn from_str(text: &str) -> Result<JobId, NotAJob> {
        let (id, server) = text.split_once('.').unwrap_or((text, "0"));
        let job =
            JobId { server: server.parse().map_err(|_| NotAJob)?, id: id.parse().map_err(|_| NotAJob)? };
        // One text for each job only: no signs, no leading zeros.
        if job.to_string() == text { Ok(job) } else { Err(NotAJob) }
    }
}
