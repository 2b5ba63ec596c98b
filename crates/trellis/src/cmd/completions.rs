//! `trellis completions`: a script that teaches a shell the command line.

use clap::Args;
use clap_complete::Shell;

use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `trellis completions`.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  trellis completions bash > /etc/bash_completion.d/trellis
  trellis completions zsh  > \"${fpath[1]}/_trellis\"
  trellis completions fish > ~/.config/fish/completions/trellis.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::definition(), "trellis", &mut script);
    let mut output = Output::new(false);
    output.write(script)?;
    output.flush()
}
