//! `trellis tube drain`: makes a server on this machine refuse new jobs.
//!
//! The protocol has no command for it, only the server's process does: it takes SIGUSR1.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use trellis_tube_client::blocking::Client;

use super::statistics::Statistics;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Processes that understand the signal; any other one would be killed by it.
const SERVERS: [&str; 2] = ["trellis", "beanstalkd"];

/// How long to wait before asking again whether the server has noticed the signal.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

#[derive(Serialize)]
struct Outcome {
    pid: u64,
    draining: bool,
}

/// Sends the signal and waits until the server says that it is draining.
pub(super) fn run(client: &mut Client, timeout: Duration, output: &mut Output) -> Result<(), Failure> {
    let statistics = Statistics::of_server(client)?;
    let pid = statistics.number("pid");
    let draining = statistics.text("draining") == "true";
    if !draining {
        signal(&statistics, pid)?;
        wait(client, pid, timeout)?;
    }
    if output.json() {
        return output.value(&Outcome { pid, draining: true });
    }
    let already = if draining { "already " } else { "" };
    output.line(format!(
        "the server (process {pid}) is {already}draining: it refuses new jobs until it is restarted"
    ))
}

/// Sends SIGUSR1, if the process is certainly the server.
fn signal(statistics: &Statistics, pid: u64) -> Result<(), Failure> {
    let uname = rustix::system::uname();
    let (here, there) = (uname.nodename().to_string_lossy(), statistics.text("hostname"));
    let by_hand = |hint: &str| format!("{hint}: kill -USR1 {pid}");
    if here != there {
        return Err(Failure::new(Exit::Internal, format!("the server runs on {there}, and this is {here}"))
            .hint(by_hand("the protocol has no command for this; send the signal there")));
    }
    let missing = || {
        Failure::new(
            Exit::Internal,
            format!("the server is process {pid}, but there is no such process here"),
        )
        .hint(by_hand("does it run in a container? send the signal there"))
    };
    let target = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(missing)?;
    match std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) if !SERVERS.contains(&name.trim_end()) => {
            let name = name.trim_end();
            return Err(Failure::new(
                Exit::Internal,
                format!("process {pid} is here not the server but {name:?}"),
            )
            .hint(by_hand("does the server run in a container? send the signal there")));
        }
        // Without /proc the name is unknown; a missing process then shows when the signal is sent.
        Ok(_) | Err(_) => {}
    }
    kill_process(target, Signal::USR1).map_err(|error| match error {
        rustix::io::Errno::SRCH => missing(),
        rustix::io::Errno::PERM => {
            Failure::new(Exit::Internal, format!("process {pid} belongs to another user"))
                .hint(by_hand("send the signal as that user or as root"))
        }
        other => Failure::new(Exit::Internal, format!("process {pid} cannot be sent a signal: {other}")),
    })
}

fn wait(client: &mut Client, pid: u64, timeout: Duration) -> Result<(), Failure> {
    let start = Instant::now();
    while Statistics::of_server(client)?.text("draining") != "true" {
        if start.elapsed() > timeout {
            let seconds = timeout.as_secs();
            let message = format!("process {pid} was sent SIGUSR1 but does not drain after {seconds} s");
            return Err(Failure::new(Exit::Unreachable, message));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}
