//! `trellis tube pause`: no job of the tube is handed out for a while.

use std::time::Duration;

use clap::Args;
use trellis_tube_client::{Error, blocking::Client};

use super::argument::{seconds, tube_name};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis tube pause`.
#[derive(Args)]
pub(super) struct PauseArgs {
    /// The tube
    #[arg(value_parser = tube_name)]
    tube: String,

    /// For how long; 0 resumes at once
    #[arg(value_parser = seconds, allow_negative_numbers = true)]
    seconds: u32,
}

/// Pauses or resumes.
pub(super) fn run(args: &PauseArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let PauseArgs { tube, seconds } = args;
    client.pause(tube, Duration::from_secs((*seconds).into())).map_err(|error| match error {
        Error::NotFound => Failure::new(Exit::NotFound, format!("there is no tube {tube}")),
        other => other.into(),
    })?;
    if output.json() {
        return output.value(&serde_json::json!({ "tube": tube, "paused": seconds }));
    }
    match seconds {
        0 => output.line(format!("resumed tube {tube}")),
        _ => output.line(format!("paused tube {tube} for {seconds} s")),
    }
}
