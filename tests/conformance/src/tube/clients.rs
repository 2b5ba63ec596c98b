//! The tours of foreign clients of the work queue, and of our own, which has to get on with both servers.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::server::{Durability, Program, Server, Settings};
use crate::report::Report;
use crate::tours::{self, Runtimes};

/// How long a tour may take; a server that never answers would hold it for ever.
const TOUR_DEADLINE: Duration = Duration::from_secs(60);

/// Runs every tour whose runtime is there, each on a fresh server.
pub(super) fn run(trellis: &Program, runtimes: &Runtimes, report: &mut Report) -> Result<()> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/tube");
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
    if let Some(tube_tour) = &runtimes.tube_tour {
        let peer = Program::Beanstalkd;
        for (name, server) in [("on trellis", trellis), ("on beanstalkd", &peer)] {
            let mut command = Command::new(tube_tour);
            report.check(&format!("client: tube-client {name}"), || own_tour(server, &mut command))?;
        }
    }
    Ok(())
}

fn tour(trellis: &Program, command: &mut Command) -> Result<String> {
    let (server, _) =
        Server::start(trellis, Settings { durability: Durability::Strict, job_bytes_max: None })?;
    tours::run(command.arg(server.address().port().to_string()), TOUR_DEADLINE)
}

fn own_tour(server: &Program, command: &mut Command) -> Result<String> {
    let (server, _) =
        Server::start(server, Settings { durability: Durability::Memory, job_bytes_max: None })?;
    let steps = tours::run(command.arg(server.address().to_string()), TOUR_DEADLINE)?;
    Ok(format!("{} steps", steps.lines().count()))
}
