//! Runs the tours of foreign clients. A tour is a program in the client's own language that fails by itself; this
//! file only runs it and keeps what it writes.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

/// Where the foreign clients are installed. Without the folder or the program of a client it is not tried.
#[derive(Debug, clap::Args)]
pub(crate) struct Runtimes {
    /// A Python that has greenstalk, beanstalkc3, kazoo and jsonschema; without it they are not tried.
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// A folder `node_modules` that has node-beanstalk and node-zookeeper-client; without it they are not tried.
    #[arg(long, value_name = "DIR")]
    pub(crate) node_modules: Option<PathBuf>,
    /// The tour of our own client of the work queue; without it, it is not tried.
    #[arg(long, value_name = "PATH")]
    pub(crate) tube_tour: Option<PathBuf>,
    /// The program that says PHP values again. There is PHP then, with its System V modules; without it, PHP is not tried.
    #[arg(long, value_name = "PATH")]
    pub(crate) php_echo: Option<PathBuf>,
    /// The example `recipes` of trellis's client, which meets kazoo; without it, it does not.
    #[arg(long, value_name = "PATH")]
    pub(crate) recipes: Option<PathBuf>,
    /// The example `sessions` of trellis's client, which goes over restarts of the servers; without it, it does not.
    #[arg(long, value_name = "PATH")]
    pub(crate) sessions: Option<PathBuf>,
    /// There is a C compiler, and ZooKeeper's library for C.
    #[arg(long)]
    pub(crate) c_clients: bool,
}

/// Runs a tour to its end and returns what it has written, to the standard output and to the standard error. One
/// that fails or is not finished after `deadline` is an error.
pub(crate) fn run(command: &mut Command, deadline: Duration) -> Result<String> {
    run_with(command, Stdio::null(), deadline)
}

/// The same for a tour that has something to read.
pub(crate) fn run_with(command: &mut Command, stdin: Stdio, deadline: Duration) -> Result<String> {
    let (mut output, input) = io::pipe()?;
    command.stdin(stdin).stdout(input.try_clone()?).stderr(input);
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    // The command holds the pipe's other end; without it the output ends with the tour.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        let result = output.read_to_end(&mut text);
        // The receiver waits or has given up; either way there is nobody else to tell.
        let _ = sender.send(());
        result.map(|_| String::from_utf8_lossy(&text).trim().to_string())
    });
    let in_time = receiver.recv_timeout(deadline).is_ok();
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    let text = reader.join().map_err(|_| anyhow!("cannot read what the tour writes"))??;
    if !in_time {
        bail!("not finished after {deadline:?}\n{text}");
    }
    if !status.success() {
        bail!("{status}\n{text}");
    }
    Ok(text)
}
