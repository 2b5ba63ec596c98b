//! `trellis php`: what somebody needs who writes a PHP module in Rust.

mod module_name;
mod skeleton;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::exit::{Exit, Failure};
use crate::output::{Output, note};
use module_name::module_name;

/// The exit codes as the help lists them; no server is asked here.
const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  2  the command line is wrong, or the folder is there already
  5  anything else, such as a failure to write";

/// Arguments of `trellis php`.
#[derive(Args)]
#[command(after_long_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct PhpArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the skeleton of a module in Rust, ready to build and to test
    ///
    /// It goes into a new folder of the module's name, with a README that has the three commands to build, test and use
    /// it. docs/php.md walks through such a module.
    #[command(after_long_help = "\
Example:
  trellis php new greeter
  cd greeter && sh tests/run")]
    New(NewArgs),
}

/// Arguments of `trellis php new`.
#[derive(Args)]
struct NewArgs {
    /// The module's name, as in php -m: lower-case letters, digits and underscores
    #[arg(value_parser = module_name)]
    name: String,

    /// The folder in which the module's own is made
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    dir: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &PhpArgs) -> Result<(), Failure> {
    let Command::New(args) = &args.command;
    let folder = skeleton::write(&args.name, &args.dir).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::new(Exit::Usage, error.to_string())
            .hint("choose another name or --dir, or move away what is there"),
        _ => Failure::new(Exit::Internal, error.to_string()),
    })?;
    let mut output = Output::new(false);
    output.line(folder.display().to_string())?;
    output.flush()?;
    note(&format!("build and test it with `cd {} && sh tests/run`; its README has more", folder.display()));
    Ok(())
}
