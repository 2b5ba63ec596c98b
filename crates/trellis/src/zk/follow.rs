//! `watch`: follows the changes of a subtree, in a session of its own.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use clap::Args;
use trellis_zk_client::{AddWatchMode, EventKind, Happening, Settings, State, WatchEvent, path};

use super::failure::{self, Error};
use super::nodes::Nodes;
use super::session;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::limits::INTERRUPT_POLL;
use crate::output::{Output, note};

/// Arguments of `watch`.
#[derive(Args)]
pub(super) struct WatchArgs {
    /// The node, which need not exist
    #[arg(default_value = "/")]
    path: String,

    /// End after so many changes
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    count: Option<NonZero<u64>>,
}

/// Prints one change a line until the user has seen enough.
pub(super) fn run(
    args: &WatchArgs,
    settings: &Settings,
    interrupt: &Interrupt,
    output: &mut Output,
) -> Result<(), Failure> {
    path::check(&args.path).map_err(Error::from)?;
    let mut left = args.count.map(NonZero::get);
    loop {
        let (sender, happenings) = channel();
        let client = failure::connect(settings)?;
        // Who does not read any more does not want to be told.
        client.listen(Box::new(move |happening| drop(sender.send(happening.clone()))));
        let outcome =
            follow(&args.path, &Nodes::new(&client, interrupt), &happenings, interrupt, &mut left, output);
        session::close(&client, interrupt);
        match outcome? {
            End::Enough => return Ok(()),
            End::Expired => note("the session has expired, another one begins"),
        }
    }
}

/// Why a session is not followed any longer.
enum End {
    /// The user has seen enough.
    Enough,
    /// It is over.
    Expired,
}

/// Follows one session.
fn follow(
    path: &str,
    nodes: &Nodes<'_>,
    happenings: &Receiver<Happening>,
    interrupt: &Interrupt,
    left: &mut Option<u64>,
    output: &mut Output,
) -> Result<End, Failure> {
    nodes.add_watch(path, AddWatchMode::PersistentRecursive)?;
    while *left != Some(0) && !interrupt.is_raised() {
        match happenings.recv_timeout(INTERRUPT_POLL) {
            Ok(Happening::State(State::Expired)) => return Ok(End::Expired),
            Ok(Happening::State(State::AuthFailed)) => {
                return Err(Failure::new(Exit::Refused, "the server does not accept this identity"));
            }
            Ok(Happening::State(state)) => connection_changed(state),
            Ok(Happening::Event(event)) => {
                show(&event, output)?;
                *left = left.map(|left| left - 1);
            }
            Ok(Happening::Unreachable(_)) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::new(Exit::Internal, "the session has no thread any more"));
            }
        }
    }
    Ok(End::Enough)
}

fn connection_changed(state: State) {
    match state {
        State::Connecting => note("no answer, trying again"),
        state if state.is_connected() => note("connected again; changes meanwhile are not shown"),
        _ => {}
    }
}

fn show(event: &WatchEvent, output: &mut Output) -> Result<(), Failure> {
    let path = &event.path;
    let event = match event.kind {
        EventKind::NodeCreated => "created",
        EventKind::NodeDeleted => "deleted",
        EventKind::NodeDataChanged => "changed",
        // Such a watch has no other events.
        _ => return Ok(()),
    };
    match output.json() {
        true => output.value(&serde_json::json!({ "event": event, "path": path }))?,
        false => output.line(format!("{event} {path}"))?,
    }
    output.flush()
}

fn count(text: &str) -> Result<NonZero<u64>, String> {
    text.parse().map_err(|_| format!("not a whole number from 1 to {}", u64::MAX))
}
