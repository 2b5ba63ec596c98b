//! Commands about the session itself: `addauth`, `whoami`, `getEphemerals` and `sync`; and `version`, which needs none.

use clap::Args;
use serde::Serialize;
use trellis_zk_client::blocking::Wait;
use trellis_zk_client::{Client, Identity};

use super::context::Context;
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::limits::INTERRUPT_POLL;
use crate::output::Output;

/// Arguments of `addauth`.
#[derive(Args)]
pub(super) struct AddAuthArgs {
    /// The kind of identity, such as digest
    scheme: String,

    /// Who, and the proof; for digest, user:password
    #[arg(value_name = "AUTH", allow_hyphen_values = true)]
    credentials: Option<String>,
}

/// Arguments of `getEphemerals`.
#[derive(Args)]
pub(super) struct EphemeralsArgs {
    /// Only those whose paths begin so
    #[arg(default_value = "/", hide_default_value = true)]
    path: String,
}

/// Arguments of `sync`.
#[derive(Args)]
pub(super) struct SyncArgs {
    /// Any node
    path: String,
}

/// Reads an identity as `--auth` takes it, `scheme:credentials`.
pub(super) fn identity(text: &str) -> Result<Identity, String> {
    match text.split_once(':') {
        Some((scheme, credentials)) if !scheme.is_empty() => {
            Ok(Identity { scheme: scheme.to_owned(), credentials: Some(credentials.as_bytes().to_vec()) })
        }
        _ => Err("write scheme:credentials, as in digest:user:password".to_owned()),
    }
}

/// Claims to be somebody.
pub(super) fn add_auth(args: &AddAuthArgs, context: &Context<'_>) -> Result<(), Failure> {
    let credentials = args.credentials.as_ref().map(|text| text.as_bytes().to_vec());
    Ok(context.nodes.authenticate(Identity { scheme: args.scheme.clone(), credentials })?)
}

/// Prints who the server takes this session for.
pub(super) fn who_am_i(context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Found {
        scheme: String,
        user: String,
    }
    let identities = context.nodes.who_am_i()?;
    if output.json() {
        let found = identities.into_iter().map(|(scheme, user)| Found { scheme, user });
        return output.value(&serde_json::json!({ "identities": found.collect::<Vec<_>>() }));
    }
    output.line("Auth scheme: User")?;
    identities.iter().try_for_each(|(scheme, user)| output.line(format!("{scheme}: {user}")))
}

/// Prints the session's ephemeral nodes.
pub(super) fn ephemerals(
    args: &EphemeralsArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let paths = context.nodes.ephemerals(&args.path)?;
    if output.json() {
        return output.value(&serde_json::json!({ "ephemerals": paths }));
    }
    output.line(format!("[{}]", paths.join(", ")))
}

/// Waits until the server knows everything that was acknowledged before.
pub(super) fn sync(args: &SyncArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    context.nodes.sync(&args.path)?;
    if output.json() {
        return output.value(&serde_json::json!({ "synced": args.path }));
    }
    output.line("Sync is OK")
}

/// Ends a session, as far as a server can be told.
pub(super) fn close(client: &Client, interrupt: &Interrupt) {
    // Whatever the answer is, this client has done what it could.
    let _ = client.close().wait_while(INTERRUPT_POLL, || !interrupt.is_raised());
}

/// Prints which program this is.
pub(super) fn version(output: &mut Output) -> Result<(), Failure> {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    if output.json() {
        return output.value(&serde_json::json!({ "version": VERSION }));
    }
    output.line(format!("ZooKeeper CLI version: trellis {VERSION}"))
}
