//! Runs the tours of foreign clients. A tour is a script in the client's own language that fails by itself; this
//! file only starts them.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::server::{Durability, Program, Server, Settings};

/// How long a tour may take; a server that never answers would hold it for ever.
const TOUR_DEADLINE: Duration = Duration::from_secs(60);
/// The pause between two looks at whether a tour has ended.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

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
    let server = Server::start(trellis, Settings { durability: Durability::Strict, job_bytes_max: None })?;
    command.arg(server.address().port().to_string());
    // Into a file, so that a talkative tour cannot block on a full pipe.
    let mut file = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?);
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let deadline = Instant::now() + TOUR_DEADLINE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(LOOK_PAUSE);
    };
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    match status {
        Some(status) if status.success() => Ok(text.trim().to_string()),
        Some(status) => bail!("{status}\n{text}"),
        None => bail!("not finished after {TOUR_DEADLINE:?}\n{text}"),
    }
}
