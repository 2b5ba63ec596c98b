//! `trellis ipc ftok`: the key of a file.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use trellis_unix::sysv;

use super::argument::project;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis ipc ftok`.
#[derive(Args)]
pub(super) struct FtokArgs {
    /// A file that is there; its content does not matter
    path: PathBuf,

    /// A letter, as of PHP's ftok, or a number from 0 to 255: a digit is a number, so PHP's "5" is 53 here
    #[arg(value_parser = project)]
    id: u8,
}

/// A key in both ways of writing it.
#[derive(Serialize)]
struct KeyJson {
    key: i32,
    hex: String,
}

/// Prints the key.
pub(super) fn run(args: &FtokArgs, output: &mut Output) -> Result<(), Failure> {
    let key = sysv::ftok(&args.path, args.id).map_err(|error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Internal,
        };
        Failure::new(exit, format!("{} has no key: {error}", args.path.display()))
    })?;
    match output.json() {
        true => output.value(&KeyJson { key: key.0, hex: key.to_string() }),
        false => output.line(key.to_string()),
    }
}
