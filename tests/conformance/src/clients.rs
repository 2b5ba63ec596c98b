//! Runs the tours of foreign clients. A tour is a script in the client's own language that fails by itself; this
//! file only starts them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::server::{Durability, Program, Server, Settings};

/// Where the foreign clients are installed.
#[derive(Debug)]
pub(crate) struct Runtimes {
    pub(crate) python: Option<PathBuf>,
    pub(crate) node_modules: Option<PathBuf>,
}

/// Runs every tour whose runtime is there, each on a fresh server.
pub(crate) fn run(trellis: &Program, runtimes: &Runtimes, report: &mut Report) -> Result<()> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    if let Some(python) = &runtimes.python {
        for (name, script) in [("greenstalk", "greenstalk_tour.py"), ("beanstalkc3", "beanstalkc_tour.py")] {
            let mut command = Command::new(python);
            // The tours must not leave compiled files among the sources.
            command.arg("-B").arg(scripts.join(script));
            report.check(&format!("client: {name}"), || tour(trellis, &mut command))?;
        }
    }
    if let Some(node_modules) = &runtimes.node_modules {
        let mut command = Command::new("node");
        command.arg(scripts.join("node_tour.mjs")).arg(node_modules);
        report.check("client: jackd", || tour(trellis, &mut command))?;
    }
    Ok(())
}

fn tour(trellis: &Program, command: &mut Command) -> Result<String> {
    let server = Server::start(trellis, Settings { durability: Durability::Strict, job_bytes_max: None })?;
    command.arg(server.address().port().to_string());
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!("{}\n{}", output.status, String::from_utf8_lossy(&text));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}
