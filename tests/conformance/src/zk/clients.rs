//! The tours of foreign clients. Those that are programs fail by themselves; what ZooKeeper's own shell prints is
//! compared with what it prints on the real server.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::server::{Pace, Program, Server};
use super::{own_shell, restarts, shell};
use crate::report::Report;
use crate::tours::{self, Runtimes};

/// How long a tour may take; a server that never answers would hold it for ever.
const TOUR_DEADLINE: Duration = Duration::from_secs(300);
/// Where Debian's package has ZooKeeper's own shell.
const SHELL: &str = "/usr/share/zookeeper/bin/zkCli.sh";

/// Runs every tour whose client is there, each on a fresh server.
pub(super) fn run(trellis: &Program, runtimes: &Runtimes, report: &mut Report) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/zk");
    if let Some(python) = &runtimes.python {
        let mut command = Command::new(python);
        // The tours must not leave compiled files among the sources.
        command.arg("-B").arg(folder.join("kazoo_tour.py"));
        report.check("zookeeper client: kazoo", || tour(trellis, &mut command))?;
    }
    if let (Some(python), Some(recipes)) = (&runtimes.python, &runtimes.recipes) {
        // The original server shows that the two get along, whatever trellis makes of it.
        for (name, server) in [("zookeeper", &Program::ZooKeeper), ("trellis", trellis)] {
            let mut command = Command::new(python);
            command.arg("-B").arg(folder.join("recipes_tour.py")).arg(recipes);
            report.check(&format!("recipes with kazoo, on {name}"), || tour(server, &mut command))?;
        }
    }
    if let Some(sessions) = &runtimes.sessions {
        // The original server shows that the client is right, whatever trellis makes of it.
        for (name, server) in [("zookeeper", &Program::ZooKeeper), ("trellis", trellis)] {
            for driver in ["thread", "tokio"] {
                let name = format!("sessions of trellis's client, by {driver}, on {name}");
                report.check(&name, || restarts::tour(server, sessions, driver))?;
            }
        }
    }
    if let Some(node_modules) = &runtimes.node_modules {
        let mut command = Command::new("node");
        command.arg(folder.join("node_tour.mjs")).arg(node_modules);
        report.check("zookeeper client: node-zookeeper-client", || tour(trellis, &mut command))?;
    }
    if runtimes.c_clients {
        let target = tempfile::tempdir()?;
        report.check("zookeeper client: C", || {
            tour(trellis, &mut Command::new(compiled(&folder.join("c_tour.c"), &target)?))
        })?;
    }
    if Path::new(SHELL).is_file() {
        report.check("zookeeper client: zkCli.sh", || shell_tour(trellis, &folder.join("zkcli_tour.txt")))?;
        if let Program::Trellis(path) = trellis {
            for tour in ["zkcli_tour.txt", "zkcli_mistakes.txt"] {
                let commands = folder.join(tour);
                report.check(&format!("trellis zk: {tour}"), || own_shell_tour(trellis, path, &commands))?;
            }
        }
    }
    Ok(())
}

fn tour(trellis: &Program, command: &mut Command) -> Result<String> {
    let server = Server::start(trellis, Pace::SLOW)?;
    tours::run(command.arg(server.address().to_string()), TOUR_DEADLINE)
}

/// The C client's functions that wait are there only for programs with threads.
fn compiled(source: &Path, target: &TempDir) -> Result<PathBuf> {
    let program = target.path().join("c_tour");
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Werror", "-DTHREADED", "-o"]).arg(&program).arg(source).arg("-lzookeeper_mt");
    tours::run(&mut compiler, TOUR_DEADLINE)?;
    Ok(program)
}

fn shell_tour(trellis: &Program, commands: &Path) -> Result<String> {
    let reference = shell_output(&Program::ZooKeeper, &mut Command::new(SHELL), commands)?;
    shell::compare(&reference, &shell_output(trellis, &mut Command::new(SHELL), commands)?)
}

/// The shell of trellis, on the real server and on trellis, against ZooKeeper's own.
fn own_shell_tour(trellis: &Program, path: &Path, commands: &Path) -> Result<String> {
    let reference = shell_output(&Program::ZooKeeper, &mut Command::new(SHELL), commands)?;
    let there = shell_output(&Program::ZooKeeper, Command::new(path).arg("zk"), commands)?;
    own_shell::compare(&reference, &there).context("on zookeeper")?;
    let here = shell_output(trellis, Command::new(path).arg("zk"), commands)?;
    own_shell::compare(&reference, &here).context("on trellis")
}

/// What a shell prints to the end of these commands, on a fresh server.
fn shell_output(program: &Program, shell: &mut Command, commands: &Path) -> Result<String> {
    let server = Server::start(program, Pace::SLOW)?;
    let input = File::open(commands).with_context(|| format!("cannot open {}", commands.display()))?;
    shell.args(["-server", &server.address().to_string()]);
    let text = tours::run_with(shell, Stdio::from(input), TOUR_DEADLINE)?;
    if text.is_empty() {
        bail!("{shell:?} has written nothing");
    }
    Ok(text)
}
