//! The worker of the rows about jobs in frames: it answers that each job is done and does nothing else. Its standard input
//! is the socket.
//!
//! It speaks the frames by bytes and independent of trellis's own code, as the load generator does.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// How many bytes are read at once.
const READ_BYTES: usize = 64 * 1024;
/// The length before each frame.
const HEADER_BYTES: usize = 4;

fn main() -> std::io::Result<()> {
    let mut socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let (mut jobs, mut answers) = (Vec::new(), Vec::new());
    let mut buffer = [0; READ_BYTES];
    loop {
        let length = socket.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        jobs.extend_from_slice(&buffer[..length]);
        let mut begin = 0;
        while let Some(bytes) = answer(&jobs[begin..], &mut answers) {
            begin += bytes;
        }
        jobs.drain(..begin);
        socket.write_all(&answers)?;
        answers.clear();
    }
}

/// Answers the first job, if it is whole, and returns the bytes of its frame.
fn answer(jobs: &[u8], answers: &mut Vec<u8>) -> Option<usize> {
    let (length, rest) = jobs.split_first_chunk::<HEADER_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    // A line `job ID`, and the body.
    let line = rest.get(..length)?.split(|byte| *byte == b'\n').next()?;
    let id = line.strip_prefix(b"job ")?;
    let length_of_answer = u32::try_from(b"done ".len() + id.len()).ok()?;
    answers.extend_from_slice(&length_of_answer.to_be_bytes());
    answers.extend_from_slice(b"done ");
    answers.extend_from_slice(id);
    Some(HEADER_BYTES + length)
}
