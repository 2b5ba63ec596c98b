//! `trellis man`: the man pages, one for each command.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis man`.
#[derive(Args)]
#[command(after_long_help = "\
Example:
  trellis man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The directory; created if it does not exist
    #[arg(value_hint = ValueHint::DirPath)]
    dir: PathBuf,
}

/// Writes the pages and prints their paths.
pub(crate) fn run(args: &ManArgs) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Internal,
            format!("the man pages cannot be written to {}: {error}", args.dir.display()),
        )
    };
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    let mut output = Output::new(false);
    let mut definition = crate::cli::definition();
    definition.build();
    for page in pages(&definition) {
        let path = args.dir.join(page.get_filename());
        let mut roff = Vec::new();
        page.render(&mut roff).and_then(|()| std::fs::write(&path, roff)).map_err(failed)?;
        output.line(path.display().to_string())?;
    }
    output.flush()
}

/// The page of a command and of those below it, `help` excepted.
fn pages(command: &clap::Command) -> Vec<clap_mangen::Man> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let mut found = vec![clap_mangen::Man::new(command.clone())];
    found.extend(below.flat_map(pages));
    found
}
