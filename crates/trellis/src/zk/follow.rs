//! `watch`: follows the changes of a subtree, in a session of its own.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use clap::Args;
use trellis_zk_codec::{AddWatchMode, EventKind, KeeperState};

use super::client::{Client, Happening, Settings};
use super::failure::{Error, connect_failed};
use super::interrupt::Interrupt;
use super::nodes::Nodes;
use super::path;
use super::servers::Servers;
use crate::exit::{Exit, Failure};
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
    servers: &Servers,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    path::check(&args.path).map_err(Error::from)?;
    let mut left = args.count.map(NonZero::get);
    loop {
        let (sender, happenings) = channel();
        // Who does not read any more does not want to be told.
        let listener = Box::new(move |happening| drop(sender.send(happening)));
        let client = Client::connect(settings.clone(), listener)
            .map_err(|error| connect_failed(error, servers, settings.timeout))?;
        let nodes = Nodes::new(&client, servers.chroot.clone());
        let outcome = follow(&args.path, &nodes, &happenings, &settings.interrupt, &mut left, output);
        client.close();
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
            Ok(Happening { kind: EventKind::None, state, .. }) => match state {
                KeeperState::Expired => return Ok(End::Expired),
                KeeperState::AuthFailed => {
                    return Err(Failure::new(Exit::Refused, "the server does not accept this identity"));
                }
                state => connection_changed(state),
            },
            Ok(happening) => {
                show(&happening, nodes, output)?;
                *left = left.map(|left| left - 1);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::new(Exit::Internal, "the session has no thread any more"));
            }
        }
    }
    Ok(End::Enough)
}

fn connection_changed(state: KeeperState) {
    match state {
        KeeperState::Disconnected => note("no answer, trying again"),
        _ => note("connected again; changes meanwhile are not shown"),
    }
}

fn show(happening: &Happening, nodes: &Nodes<'_>, output: &mut Output) -> Result<(), Failure> {
    let event = match happening.kind {
        EventKind::NodeCreated => "created",
        EventKind::NodeDeleted => "deleted",
        EventKind::NodeDataChanged => "changed",
        // Such a watch has no other events.
        _ => return Ok(()),
    };
    let path = nodes.chroot().to_user(happening.path.as_deref().unwrap_or_default());
    match output.json() {
        true => output.value(&serde_json::json!({ "event": event, "path": path }))?,
        false => output.line(format!("{event} {path}"))?,
    }
    output.flush()
}

fn count(text: &str) -> Result<NonZero<u64>, String> {
    text.parse().map_err(|_| format!("not a whole number from 1 to {}", u64::MAX))
}
