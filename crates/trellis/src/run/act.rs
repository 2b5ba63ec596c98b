//! The commands of `trellis run` that have something done: they differ in their request only.

use std::path::Path;

use serde::Serialize;
use trellis_supervisor::runtime::control::{Reply, Request};

use super::{ask, refused, unanswered};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// What was done, as JSON.
#[derive(Serialize)]
struct Done {
    done: bool,
    text: String,
}

/// Asks, and waits until it is done.
pub(super) fn run(request: &Request, socket: &Path, output: &mut Output) -> Result<(), Failure> {
    let mut client = ask(socket, request)?;
    let text = match client.reply().map_err(unanswered)? {
        Some(Reply::Done { text }) => text,
        Some(other) => return Err(refused(other)),
        // A supervisor that was asked to end says so by ending.
        None if *request == Request::End => {
            client.wait_for_end();
            String::new()
        }
        None => return Err(Failure::new(Exit::Unreachable, "the supervisor has ended before it was done")),
    };
    if output.json() {
        output.value(&Done { done: true, text })
    } else if text.is_empty() {
        Ok(())
    } else {
        output.line(text)
    }
}
