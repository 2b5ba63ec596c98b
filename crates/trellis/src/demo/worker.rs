//! A worker of the demonstration: a program like any other that a supervisor gives jobs in frames. It also stands for
//! election. What it does is told line by line on standard output.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::stdio::stdin;
use trellis_unix::frame::{read_frame, write_frame};
use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::Election;
use trellis_zk_client::{Client, Settings};

use super::story::words;
use super::{ELECTION, SESSION_TIMEOUT};
use crate::exit::{Exit, Failure};

/// The bytes of a job or an answer, which are a few words.
const FRAME_BYTES_MAX: u32 = 1 << 10;

/// Does jobs until there are no more. The socket is its standard input.
pub(super) fn run() -> Result<(), Failure> {
    let variable = |name: &str| {
        let missing = |_| internal(&format!("{name} is not set: only a supervisor's process is a worker"));
        std::env::var(name).map_err(missing)
    };
    let (jobs, znodes) = (variable("TRELLIS_TUBE_SERVER")?, variable("TRELLIS_ZK_SERVER")?);
    let index = variable("TRELLIS_PROCESS")?;
    let mut socket = UnixStream::from(stdin().try_clone_to_owned().map_err(|error| internal(&error))?);
    say(&format!("{} {} {jobs} {znodes}", words::HERE, std::process::id()))?;
    std::thread::spawn(move || campaigns(&znodes, &index));
    while let Some(frame) = read_frame(&mut socket, FRAME_BYTES_MAX).map_err(|error| internal(&error))? {
        let text = String::from_utf8_lossy(&frame);
        let job = Job::parse(&text)
            .ok_or_else(|| internal(&format!("{text:?} is no job of this demonstration")))?;
        say(&format!("{} {}", words::BEGINS, job.number))?;
        std::thread::sleep(job.takes);
        say(&format!("{} {}", words::DID, job.number))?;
        let answer = format!("done {}", job.id);
        write_frame(&mut socket, answer.as_bytes(), FRAME_BYTES_MAX).map_err(|error| internal(&error))?;
    }
    Ok(())
}

/// A job, as it comes: the supervisor's line with its id, and the body.
struct Job<'a> {
    id: &'a str,
    number: u64,
    takes: Duration,
}

/// A job's body: its number, and how long it takes.
pub(super) fn body(number: u64, takes: Duration) -> String {
    format!("{number} {}", takes.as_millis())
}

impl Job<'_> {
    fn parse(frame: &str) -> Option<Job<'_>> {
        let (line, body) = frame.split_once('\n')?;
        let (number, milliseconds) = body.split_once(' ')?;
        let takes = Duration::from_millis(milliseconds.parse().ok()?);
        Some(Job { id: line.strip_prefix("job ")?, number: number.parse().ok()?, takes })
    }
}

/// A session at the server.
pub(super) fn connect(znodes: &str) -> Result<Client, Failure> {
    let settings = Settings::new(znodes).map_err(|error| internal(&error))?;
    let settings = Settings { session_timeout: SESSION_TIMEOUT, ..settings };
    blocking::connect(&settings).map_err(|error| internal(&error))
}

/// Stands for election again and again, with a new session when one is over, until there is no server.
fn campaigns(znodes: &str, index: &str) -> Result<(), Failure> {
    loop {
        let client = connect(znodes)?;
        let election = Election::new(&client, ELECTION, index);
        while let Ok(Some(leadership)) = election.campaign(None).wait() {
            say(words::LEADS)?;
            leadership.lost().wait();
            say(words::FOLLOWS)?;
        }
    }
}

fn say(text: &str) -> Result<(), Failure> {
    // One write a line, so that two threads' lines don't mix.
    let written = io::stdout().lock().write_all(format!("{text}\n").as_bytes());
    written.map_err(|error| internal(&error))
}

fn internal(error: &impl ToString) -> Failure {
    Failure::new(Exit::Internal, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_as_it_is_written() {
        let frame = format!("job 0:7\n{}", body(12, Duration::from_millis(250)));
        let job = Job::parse(&frame).expect("a job");
        assert_eq!((job.id, job.number, job.takes), ("0:7", 12, Duration::from_millis(250)));
        for nonsense in ["", "job 1", "job 1\n", "job 1\nx 1", "work 1\n1 1"] {
            assert!(Job::parse(nonsense).is_none(), "{nonsense}");
        }
    }
}
