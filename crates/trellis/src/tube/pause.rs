//! `trellis tube pause`: no job of the tube is handed out for a while.

use clap::Args;
use trellis_tube_codec::{Reply, Request};

use super::argument::{seconds, tube_name};
use super::client::Client;
use super::refusal::unexpected;
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
    match client.call(&Request::PauseTube { tube, delay: *seconds })? {
        Reply::Paused => {}
        Reply::NotFound => return Err(Failure::new(Exit::NotFound, format!("there is no tube {tube}"))),
        other => return Err(unexpected(&other)),
    }
    if output.json() {
        return output.value(&serde_json::json!({ "tube": tube, "paused": seconds }));
    }
    match seconds {
        0 => output.line(format!("resumed tube {tube}")),
        _ => output.line(format!("paused tube {tube} for {seconds} s")),
    }
}
