//! Reads single arguments of the commands. Every error says what would be right.

use trellis_tube_client::{Address, PORT_DEFAULT};
use trellis_tube_codec::is_tube_name;
use trellis_tube_codec::limits::RESERVE_SECONDS_MAX;

use crate::address::Address as Listed;

/// The tube that every connection uses and watches at first.
pub(super) const DEFAULT_TUBE: &str = "default";

/// A server's address.
pub(super) fn server(text: &str) -> Result<Address, String> {
    Ok(match Listed::parse(text, Some(PORT_DEFAULT))? {
        Listed::Tcp { host, port } => Address::Tcp { host, port },
        Listed::Unix(path) => Address::Unix(path),
    })
}

/// A tube's name.
pub(super) fn tube_name(text: &str) -> Result<String, String> {
    if is_tube_name(text.as_bytes()) {
        return Ok(text.to_owned());
    }
    Err("a tube's name has 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ) and does not begin with -".into())
}

/// A job's id.
pub(super) fn job_id(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a job's id is a whole number, as put prints it".to_owned())
}

/// A priority, or how many jobs.
pub(super) fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("not a whole number from 0 to {}", u32::MAX))
}

/// A duration.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    seconds_up_to(text, u32::MAX)
}

/// A wait for a job.
pub(super) fn timeout(text: &str) -> Result<u32, String> {
    seconds_up_to(text, RESERVE_SECONDS_MAX)
}

fn seconds_up_to(text: &str, max: u32) -> Result<u32, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= max);
    seconds.ok_or_else(|| format!("not a whole number of seconds from 0 to {max}"))
}
