//! Runs the tours of foreign clients. A tour is a script in the client's own language that fails by itself; this
//! file only starts them.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::report::Report;
use crate::server::{Durability, Program, Server, Settings};

/// How long a tour may take; a server that never answers would hold it for ever.
const TOUR_DEADLINE: Duration = Duration::from_secs(60);

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
        report.check("client: node-beanstalk", || tour(trellis, &mut command))?;
    }
    Ok(())
}

fn tour(trellis: &Program, command: &mut Command) -> Result<String> {
    let (server, _) =
        Server::start(trellis, Settings { durability: Durability::Strict, job_bytes_max: None })?;
    command.arg(server.address().port().to_string());
    let (mut output, input) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(input.try_clone()?).stderr(input);
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    // The command holds the pipe's other end; without it the output ends with the tour.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        let result = output.read_to_end(&mut text);
        // The receiver waits or has given up; either way there is nobody else to tell.
        let _ = sender.send(());
        result.map(|_| String::from_utf8_lossy(&text).trim().to_string())
    });
    let in_time = receiver.recv_timeout(TOUR_DEADLINE).is_ok();
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    let text = reader.join().map_err(|_| anyhow!("cannot read what the tour writes"))??;
    if !in_time {
        bail!("not finished after {TOUR_DEADLINE:?}\n{text}");
    }
    if !status.success() {
        bail!("{status}\n{text}");
    }
    Ok(text)
}
