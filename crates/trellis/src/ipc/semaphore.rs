//! `trellis ipc sem`: semaphores.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use trellis_unix::sysv::{Key, Open, Semaphore, SemaphoreStatus};

use super::argument::{Doomed, key, mode, permits, seconds};
use super::failure::of_object;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::table::two_columns;

/// Arguments of `trellis ipc sem`.
#[derive(Args)]
pub(super) struct SemArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a command that holds a permit as long as it lives
    ///
    /// The semaphore is made if it is not there. The permit is released when the command ends, however it does; the exit
    /// code is the command's. A permit can't be held without a command: the next one who opens a semaphore that nobody
    /// has open sets its permits anew.
    Acquire(AcquireArgs),

    /// Add a permit, in place of one that was not released
    Release {
        /// The semaphore's key
        #[arg(value_parser = key, allow_negative_numbers = true)]
        key: Key,
    },

    /// Show how many permits are left, and who has it open
    Get {
        /// The semaphore's key
        #[arg(value_parser = key, allow_negative_numbers = true)]
        key: Key,
    },

    /// Delete a semaphore
    ///
    /// Whoever waits for it is told.
    Delete(Doomed),
}

#[derive(Args)]
struct AcquireArgs {
    /// The semaphore's key
    #[arg(value_parser = key, allow_negative_numbers = true)]
    key: Key,

    /// The longest wait for a permit; 0 does not wait [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    timeout: Option<Duration>,

    /// How many permits there are, if nobody else has it open
    #[arg(long, value_name = "N", value_parser = permits, allow_negative_numbers = true, default_value = "1")]
    permits: u16,

    /// The semaphore's permissions if it is made
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = mode)]
    mode: u16,

    /// The command and its arguments
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

/// Runs the command.
pub(super) fn run(args: SemArgs, output: &mut Output) -> Result<(), Failure> {
    match args.command {
        Command::Acquire(args) => acquire(&args),
        Command::Release { key } => Semaphore::add_permit(key).map_err(of_object),
        Command::Get { key } => status(Semaphore::status_of(key).map_err(of_object)?, output),
        Command::Delete(doomed) => doomed.delete(Semaphore::remove_key, Semaphore::remove_id),
    }
}

/// Becomes the command once there is a permit. What is undone when this process ends is undone when the command does.
fn acquire(args: &AcquireArgs) -> Result<(), Failure> {
    let mut semaphore =
        Semaphore::open(args.key, args.permits, Open::OrCreate(args.mode)).map_err(of_object)?;
    if !semaphore.acquire(args.timeout).map_err(of_object)? {
        return Err(Failure::new(
            Exit::NotFound,
            format!("no permit of semaphore {} came in time", args.key),
        ));
    }
    let Some((program, arguments)) = args.command.split_first() else { return Ok(()) };
    let error = process::Command::new(program).args(arguments).exec();
    let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Internal };
    Err(Failure::new(exit, format!("cannot run {}: {error}", program.display())))
}

/// A semaphore's state as JSON.
#[derive(Serialize)]
struct StatusJson {
    permits: i32,
    users: i32,
    waiting: i32,
}

fn status(status: SemaphoreStatus, output: &mut Output) -> Result<(), Failure> {
    let SemaphoreStatus { permits, users, waiting, .. } = status;
    if output.json() {
        return output.value(&StatusJson { permits, users, waiting });
    }
    let pairs = [("permits", permits), ("users", users), ("waiting", waiting)];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_string()));
    two_columns(&pairs).iter().try_for_each(|line| output.line(line))
}
