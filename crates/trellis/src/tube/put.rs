//! `trellis tube put`: makes jobs, one of the argument or standard input, or one of each line.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use trellis_tube_client::{Error, Inserted, PutOptions, blocking::Client};

use super::argument::{DEFAULT_TUBE, number, seconds, tube_name};
use crate::exit::{Exit, Failure};
use crate::limits::{JOB_SIZE_BYTES_MAX, PIPELINE_BYTES_MAX, PIPELINE_REQUESTS_MAX};
use crate::output::{Output, note};

/// Arguments of `trellis tube put`.
#[derive(Args)]
pub(super) struct PutArgs {
    /// The job's body; - reads it from standard input, to the last byte
    #[arg(required_unless_present = "lines")]
    body: Option<OsString>,

    /// The tube; it comes into being with its first job
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TUBE, value_parser = tube_name)]
    tube: String,

    /// The priority: 0 is the most urgent, 4294967295 the least; below 1024 counts as urgent
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true, default_value_t = 1024)]
    pri: u32,

    /// Seconds until the job is ready
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true, default_value_t = 0)]
    delay: u32,

    /// Seconds that a worker may hold the job before it is given to another one; 0 counts as 1
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true, default_value_t = 60)]
    ttr: u32,

    /// Make one job of each line of standard input, without its line end
    #[arg(long, conflicts_with = "body")]
    lines: bool,
}

/// What became of a put.
#[derive(Serialize)]
struct Put {
    id: u64,
    buried: bool,
}

/// Puts and prints the ids of the new jobs.
pub(super) fn run(args: &PutArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    client.use_tube(&args.tube)?;
    if args.lines {
        return put_lines(args, client, output);
    }
    let body = match args.body.clone().unwrap_or_default() {
        dash if dash == "-" => read_body()?,
        body => body.into_vec(),
    };
    print(client.put(&body, &options(args)), output)
}

/// Reading stops here: no server takes such a body, so the rest need not fit into memory.
const READ_BYTES_MAX: u64 = JOB_SIZE_BYTES_MAX as u64 + 1;

fn options(args: &PutArgs) -> PutOptions {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    PutOptions { priority: args.pri, delay: seconds(args.delay), ttr: seconds(args.ttr) }
}

/// Prints the job's id.
fn print(put: Result<Inserted, Error>, output: &mut Output) -> Result<(), Failure> {
    let Inserted { id, buried } = put?;
    let put = Put { id, buried };
    match output.json() {
        true => output.value(&put)?,
        false => output.line(put.id.to_string())?,
    }
    if put.buried {
        let message = format!("the server had no memory to queue job {}: it is buried", put.id);
        return Err(Failure::new(Exit::Refused, message).hint("kick it when there is room again"));
    }
    Ok(())
}

fn read_body() -> Result<Vec<u8>, Failure> {
    explain_terminal("the body");
    let mut body = Vec::new();
    io::stdin().lock().take(READ_BYTES_MAX).read_to_end(&mut body).map_err(|error| read_failed(&error))?;
    if body.len() as u64 == READ_BYTES_MAX {
        return Err(Failure::new(
            Exit::Usage,
            "the body on standard input has more than 1 GiB, which no server takes",
        ));
    }
    Ok(body)
}

/// Puts each line, many at a time if they are there at once, and each at once if they come slowly.
///
/// A line that is refused does not keep the others back.
fn put_lines(args: &PutArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    explain_terminal("jobs, one a line,");
    // The rest of the input would be lost, and code 0 would say that it was put.
    output.outlive_reader();
    let mut input = BufReader::with_capacity(PIPELINE_BYTES_MAX, io::stdin().lock());
    let mut lines = Lines { bodies: Vec::new(), bytes: 0, answered: 0, refused: 0 };
    loop {
        let full = lines.bodies.len() >= PIPELINE_REQUESTS_MAX || lines.bytes >= PIPELINE_BYTES_MAX;
        if full || !input.buffer().contains(&b'\n') {
            lines.settle(args, client, output)?;
        }
        let mut line = Vec::new();
        let bytes = input.by_ref().take(READ_BYTES_MAX).read_until(b'\n', &mut line);
        if bytes.map_err(|error| read_failed(&error))? == 0 {
            break;
        }
        if line.len() as u64 == READ_BYTES_MAX && !line.ends_with(b"\n") {
            let number = lines.answered + lines.bodies.len() + 1;
            return Err(Failure::new(
                Exit::Usage,
                format!("line {number} has more than 1 GiB, which no server takes"),
            ));
        }
        if line.ends_with(b"\n") {
            line.pop();
        }
        lines.bytes += line.len();
        lines.bodies.push(line);
    }
    lines.settle(args, client, output)?;
    match lines.refused {
        0 => Ok(()),
        refused => {
            Err(Failure::new(Exit::Refused, format!("{refused} of {} lines were not put", lines.answered)))
        }
    }
}

/// How far a run of lines has come.
struct Lines {
    /// Those that were read and not put yet.
    bodies: Vec<Vec<u8>>,
    bytes: usize,
    answered: usize,
    refused: usize,
}

impl Lines {
    /// Puts all lines that were read, together.
    fn settle(&mut self, args: &PutArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
        self.bytes = 0;
        for put in client.put_all(&std::mem::take(&mut self.bodies), &options(args)) {
            self.answered += 1;
            match print(put, output) {
                Err(failure) if failure.exit == Exit::Refused => {
                    self.refused += 1;
                    note(&format!("line {}: {failure}", self.answered));
                }
                outcome => outcome?,
            }
        }
        output.flush()
    }
}

fn explain_terminal(what: &str) {
    if io::stdin().is_terminal() {
        note(&format!("reading {what} from the terminal; Ctrl-D ends"));
    }
}

fn read_failed(error: &io::Error) -> Failure {
    Failure::new(Exit::Internal, format!("standard input cannot be read: {error}"))
}
