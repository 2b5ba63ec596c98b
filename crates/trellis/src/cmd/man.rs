//! `trellis man`: the man pages, one for each command.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Command, ValueHint};
use clap_mangen::Man;

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
    let failed = |error: io::Error| {
        let message = format!("the man pages cannot be written to {}: {error}", args.dir.display());
        Failure::new(Exit::Internal, message)
    };
    fs::create_dir_all(&args.dir).map_err(failed)?;
    let mut output = Output::new(false);
    let mut definition = crate::cli::definition().disable_help_subcommand(true);
    definition.build();
    for command in with_subcommands(&definition) {
        let page = Man::new(command.clone())
            .source(concat!("trellis ", env!("CARGO_PKG_VERSION")))
            .manual("trellis");
        let path = args.dir.join(page.get_filename());
        let mut roff = Vec::new();
        render(&page, command, &mut roff).and_then(|()| fs::write(&path, roff)).map_err(failed)?;
        output.line(path.display().to_string())?;
    }
    output.flush()
}

fn with_subcommands(command: &Command) -> Vec<&Command> {
    let mut commands = vec![command];
    commands.extend(command.get_subcommands().flat_map(with_subcommands));
    commands
}

/// The same sections as `Man::render`, but what follows the help has its own headings.
fn render(page: &Man, command: &Command, roff: &mut Vec<u8>) -> io::Result<()> {
    page.render_title(roff)?;
    page.render_name_section(roff)?;
    page.render_synopsis_section(roff)?;
    page.render_description_section(roff)?;
    page.render_options_section(roff)?;
    if command.has_subcommands() {
        page.render_subcommands_section(roff)?;
    }
    match command.get_after_long_help() {
        Some(text) => write_section(&text.to_string(), roff),
        None => Ok(()),
    }
}

/// Writes text whose first line is the heading; the others keep their line ends and indentation.
fn write_section(text: &str, roff: &mut Vec<u8>) -> io::Result<()> {
    let (heading, body) = text.split_once('\n').unwrap_or((text, ""));
    writeln!(roff, ".SH \"{}\"\n.nf", heading.trim_end_matches(':').to_uppercase())?;
    for line in body.lines() {
        // A dot or quote at the beginning of a line would be a request.
        writeln!(roff, "\\&{}", line.replace('\\', "\\e"))?;
    }
    writeln!(roff, ".fi")
}
