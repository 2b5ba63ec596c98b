//! `trellis version`: which build this is.

use clap::Args;
use serde::Serialize;

use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `trellis version`.
#[derive(Args)]
pub(crate) struct VersionArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the build script has found out.
#[derive(Serialize)]
struct Version {
    version: &'static str,
    commit: &'static str,
    target: &'static str,
    profile: &'static str,
    compiler: &'static str,
}

const VERSION: Version = Version {
    version: env!("CARGO_PKG_VERSION"),
    commit: env!("TRELLIS_COMMIT"),
    target: env!("TRELLIS_TARGET"),
    profile: env!("TRELLIS_PROFILE"),
    compiler: env!("TRELLIS_COMPILER"),
};

/// Prints the version.
pub(crate) fn run(args: &VersionArgs) -> Result<(), Failure> {
    let mut output = Output::new(args.json);
    if output.json() {
        output.value(&VERSION)?;
    } else {
        output.line(format!("trellis {}", VERSION.version))?;
        output.line(format!("commit    {}", VERSION.commit))?;
        output.line(format!("target    {}", VERSION.target))?;
        output.line(format!("profile   {}", VERSION.profile))?;
        output.line(format!("compiler  {}", VERSION.compiler))?;
    }
    output.flush()
}
