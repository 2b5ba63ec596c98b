//! `trellis ipc shm`: PHP's shared variables.

use clap::{Args, Subcommand};
use serde::Serialize;
use trellis_unix::php::SharedVariables;
use trellis_unix::sysv::{IpcError, Key, Open, SharedMemory};

use super::argument::{Doomed, key, mode};
use super::failure::of_variable;
use super::value::{self, Json, ValueArgs};
use crate::exit::{Exit, Failure};
use crate::limits::IPC_SEGMENT_BYTES_DEFAULT;
use crate::output::Output;
use crate::table::Table;

/// Arguments of `trellis ipc shm`.
#[derive(Args)]
pub(super) struct ShmArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set a variable
    ///
    /// The segment is made if it is not there. If the variable does not fit, its old value stays.
    Send {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        value: ValueArgs,
        /// How many bytes the segment has if it is made
        #[arg(long, value_name = "BYTES", default_value_t = IPC_SEGMENT_BYTES_DEFAULT)]
        size: usize,
        /// The segment's permissions if it is made
        #[arg(long, value_name = "MODE", default_value = "600", value_parser = mode)]
        mode: u16,
    },

    /// Print a variable: a string as it is, anything else as JSON
    Get {
        #[command(flatten)]
        which: Which,
    },

    /// List a segment's variables
    List {
        /// The segment's key
        #[arg(value_parser = key, allow_negative_numbers = true)]
        key: Key,
    },

    /// Delete a segment, or a variable
    ///
    /// A segment goes for everybody; whoever is attached to it keeps what is there.
    Delete {
        #[command(flatten)]
        doomed: Doomed,
        /// Delete this variable only
        #[arg(long, value_name = "N", allow_negative_numbers = true, requires = "key")]
        variable: Option<i64>,
    },
}

/// A variable of a segment.
#[derive(Args)]
struct Which {
    /// The segment's key
    #[arg(value_parser = key, allow_negative_numbers = true)]
    key: Key,
    /// The variable's number
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1)]
    variable: i64,
}

/// Runs the command.
pub(super) fn run(args: ShmArgs, output: &mut Output) -> Result<(), Failure> {
    match args.command {
        Command::Send { which: Which { key, variable }, value, size, mode } => {
            // The value first: a segment that was made for one that is none would stay.
            let value = value.value()?;
            let is_new = matches!(SharedMemory::open_to_read(key), Err(IpcError::Missing { .. }));
            let mut variables = attach(key, size, Open::OrCreate(mode))?;
            let put = variables.put(variable, &value).map_err(of_variable(key));
            if put.is_err() && is_new && variables.list().is_ok_and(|others| others.is_empty()) {
                variables.remove_all().map_err(of_variable(key))?;
            }
            put
        }
        Command::Get { which: Which { key, variable } } => {
            let variables = read(key)?;
            let value = variables.get(variable).map_err(of_variable(key))?;
            let value = value.ok_or_else(|| missing(key, variable))?;
            match output.json() {
                true => output.value(&ValueJson { variable, value: Json(&value) }),
                false => value::print(&value, output),
            }
        }
        Command::List { key } => list(key, output),
        Command::Delete { doomed: Doomed { key: Some(key), .. }, variable: Some(variable) } => {
            let mut variables = attach(key, 0, Open::Existing)?;
            let was_there = variables.remove(variable).map_err(of_variable(key))?;
            if was_there { Ok(()) } else { Err(missing(key, variable)) }
        }
        Command::Delete { doomed, .. } => {
            // Whatever its content is.
            let by_key = |key| SharedMemory::open(key, 0, Open::Existing)?.remove();
            doomed.delete(by_key, SharedMemory::remove_id)
        }
    }
}

fn attach(key: Key, bytes: usize, open: Open) -> Result<SharedVariables, Failure> {
    SharedVariables::attach(key, bytes, open).map_err(of_variable(key))
}

fn read(key: Key) -> Result<SharedVariables, Failure> {
    SharedVariables::open_to_read(key).map_err(of_variable(key))
}

fn missing(key: Key, variable: i64) -> Failure {
    let message = format!("there is no variable {variable} in segment {key}");
    Failure::new(Exit::NotFound, message)
        .hint(format!("`trellis ipc shm list {key}` shows those that there are"))
}

/// A variable with its value as JSON.
#[derive(Serialize)]
struct ValueJson<'a> {
    variable: i64,
    value: Json<'a>,
}

/// A variable as JSON.
#[derive(Serialize)]
struct VariableJson {
    variable: i64,
    bytes: usize,
}

fn list(key: Key, output: &mut Output) -> Result<(), Failure> {
    let variables = read(key)?.list().map_err(of_variable(key))?;
    if output.json() {
        let json = variables.iter().map(|one| VariableJson { variable: one.number, bytes: one.bytes });
        return output.value(&json.collect::<Vec<_>>());
    }
    let mut table = Table::new(&["variable", "bytes"]);
    for variable in variables {
        table.row(vec![variable.number.to_string(), variable.bytes.to_string()]);
    }
    output.table(&table.lines(output.columns()))
}
