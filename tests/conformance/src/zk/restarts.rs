//! The tour of trellis's own client through lost connections and restarts. It says when its server is to end and to begin
//! again, and fails by itself.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::server::{Program, Server};

/// How long a tour may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs the tour with a driver of the client.
pub(super) fn tour(program: &Program, sessions: &Path, driver: &str) -> Result<String> {
    let mut server = Server::start_lasting(program)?;
    let mut command = Command::new(sessions);
    command.arg(driver).arg(server.address().to_string());
    let (output, input) = io::pipe()?;
    command.stdin(Stdio::piped()).stdout(input.try_clone()?).stderr(input);
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let mut answers = child.stdin.take().context("its standard input is a pipe")?;
    // The command holds the other end; without it the lines end with the tour.
    drop(command);
    let (sender, lines) = mpsc::channel();
    let reader = thread::spawn(move || {
        // Whoever has given up needs no more lines.
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let deadline = Instant::now() + DEADLINE;
    let mut text = String::new();
    let outcome = loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Disconnected) => break Ok(()),
            Err(RecvTimeoutError::Timeout) => break Err(format!("not finished after {DEADLINE:?}")),
            Ok(line) => {
                match line.as_str() {
                    "stop" => server.kill()?,
                    "start" => server.start_again()?,
                    line => {
                        text += &format!("{line}\n");
                        continue;
                    }
                }
                writeln!(answers, "done")?;
            }
        }
    };
    if outcome.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    // It ends with the tour's output, however that has ended.
    let _ = reader.join();
    match outcome {
        Err(problem) => bail!("{problem}\n{text}"),
        Ok(()) if !status.success() => bail!("{status}\n{text}"),
        Ok(()) => Ok(format!("{} parts", text.lines().count())),
    }
}
