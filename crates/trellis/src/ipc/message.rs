//! `trellis ipc msg`: message queues.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde::Serialize;
use trellis_unix::php::{serialize, unserialize};
use trellis_unix::sysv::{IpcError, Key, Message, MessageQueue, Open, QueueStatus, Select, Wait};

use super::argument::{Doomed, key, kind, mode};
use super::failure::of_object;
use super::value::{self, Json, ValueArgs};
use crate::exit::{Exit, Failure};
use crate::limits::IPC_MESSAGE_BYTES_MAX;
use crate::output::Output;
use crate::table::two_columns;

/// Arguments of `trellis ipc msg`.
#[derive(Args)]
pub(super) struct MsgArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send a message
    ///
    /// The queue is made if it is not there.
    Send(SendArgs),

    /// Take the oldest message and print it: a string as it is, anything else as JSON
    ///
    /// A message that PHP has not serialized is printed as it is. It is taken before it is printed, so one that can't be
    /// printed is lost.
    Receive(ReceiveArgs),

    /// Show what is in a queue
    Stat {
        /// The queue's key
        #[arg(value_parser = key, allow_negative_numbers = true)]
        key: Key,
    },

    /// Delete a queue with its messages
    Delete(Doomed),
}

#[derive(Args)]
struct SendArgs {
    /// The queue's key
    #[arg(value_parser = key, allow_negative_numbers = true)]
    key: Key,

    #[command(flatten)]
    value: ValueArgs,

    /// The message's type
    #[arg(long = "type", value_name = "N", value_parser = kind, allow_negative_numbers = true, default_value = "1")]
    kind: i64,

    /// Send the value's own bytes, as PHP does without serialization
    #[arg(long, conflicts_with = "as_json")]
    raw: bool,

    /// If the queue is full, wait for room
    #[arg(long)]
    wait: bool,

    /// The queue's permissions if it is made
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = mode)]
    mode: u16,
}

#[derive(Args)]
struct ReceiveArgs {
    /// The queue's key
    #[arg(value_parser = key, allow_negative_numbers = true)]
    key: Key,

    /// Only a message of this type
    #[arg(long = "type", value_name = "N", value_parser = kind, allow_negative_numbers = true)]
    kind: Option<i64>,

    /// Print the message's own bytes
    #[arg(long)]
    raw: bool,

    /// If there is no message, wait for one
    #[arg(long)]
    wait: bool,
}

/// Runs the command.
pub(super) fn run(args: MsgArgs, output: &mut Output) -> Result<(), Failure> {
    match args.command {
        Command::Send(args) => send(&args),
        Command::Receive(args) => receive(&args, output),
        Command::Stat { key } => {
            let status = existing(key)?.status().map_err(of_object)?;
            stat(status, output)
        }
        Command::Delete(doomed) => {
            let by_key = |key| MessageQueue::open(key, Open::Existing)?.remove();
            doomed.delete(by_key, MessageQueue::remove_id)
        }
    }
}

fn send(args: &SendArgs) -> Result<(), Failure> {
    let body = match args.raw {
        true => args.value.bytes()?,
        false => {
            let value = args.value.value()?;
            serialize(&value).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?
        }
    };
    let is_new = matches!(MessageQueue::open(args.key, Open::Existing), Err(IpcError::Missing { .. }));
    let queue = MessageQueue::open(args.key, Open::OrCreate(args.mode)).map_err(of_object)?;
    let sent = queue.send(args.kind, &body, wait(args.wait)).map_err(of_object);
    // A queue that was made for a message that it does not take would stay.
    if sent.is_err() && is_new && queue.status().is_ok_and(|status| status.messages == 0) {
        queue.remove().map_err(of_object)?;
    }
    sent
}

fn receive(args: &ReceiveArgs, output: &mut Output) -> Result<(), Failure> {
    let select = args.kind.map_or(Select::Any, Select::Only);
    let message = existing(args.key)?.receive(select, IPC_MESSAGE_BYTES_MAX, wait(args.wait));
    let Some(Message { kind, body }) = message.map_err(of_object)? else {
        let of_type = args.kind.map(|kind| format!(" of type {kind}")).unwrap_or_default();
        let message = format!("there is no message{of_type} in queue {}", args.key);
        return Err(Failure::new(Exit::NotFound, message).hint("with --wait it is waited for"));
    };
    let value = if args.raw { None } else { unserialize(&body).ok() };
    if !output.json() {
        return match value {
            Some(value) => value::print(&value, output),
            None => value::print_bytes(&body, output),
        };
    }
    let text = str::from_utf8(&body).ok().filter(|_| value.is_none());
    let base64 = (value.is_none() && text.is_none()).then(|| STANDARD.encode(&body));
    output.value(&MessageJson { kind, value: value.as_ref().map(Json), body: text, body_base64: base64 })
}

/// A message as JSON: a value, or what was sent without serialization as text, or in base64 if it is no text.
#[derive(Serialize)]
struct MessageJson<'a> {
    #[serde(rename = "type")]
    kind: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// A queue's statistics as JSON. Processes and times are those of the last message, and missing if there was none.
#[derive(Serialize)]
struct StatusJson {
    messages: u64,
    bytes: u64,
    bytes_max: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sender: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_receiver: Option<i32>,
}

fn stat(status: QueueStatus, output: &mut Output) -> Result<(), Failure> {
    let some = |pid: i32| (pid != 0).then_some(pid);
    let status = StatusJson {
        messages: status.messages,
        bytes: status.bytes,
        bytes_max: status.bytes_max,
        last_sender: some(status.last_sender),
        last_receiver: some(status.last_receiver),
    };
    if output.json() {
        return output.value(&status);
    }
    let process = |pid: Option<i32>| pid.map_or_else(|| "none".to_owned(), |pid| format!("process {pid}"));
    let pairs = [
        ("messages", status.messages.to_string()),
        ("bytes", status.bytes.to_string()),
        ("bytes-max", status.bytes_max.to_string()),
        ("last-sender", process(status.last_sender)),
        ("last-receiver", process(status.last_receiver)),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    two_columns(&pairs).iter().try_for_each(|line| output.line(line))
}

fn existing(key: Key) -> Result<MessageQueue, Failure> {
    MessageQueue::open(key, Open::Existing).map_err(of_object)
}

fn wait(wait: bool) -> Wait {
    if wait { Wait::Forever } else { Wait::No }
}
