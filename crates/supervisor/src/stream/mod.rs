//! The bytes between the supervisor and a worker of `mode = "stream"`. No I/O, and no state.
//!
//! Both directions are frames: a length of four bytes, the highest first, and as many bytes. They go over one socket,
//! which the worker has as descriptor 3.
//!
//! | from | a frame's bytes |
//! |---|---|
//! | the supervisor | `job ID`, a line feed, and the job's body as it was put |
//! | the worker | `done ID`: the job is deleted |
//! | | `retry ID`: not now; it comes again after a delay that grows, and this is no failure |
//! | | `retry ID SECONDS`: as before, after so many seconds |
//! | | `fail ID`: it failed; it comes again after a delay that grows, and after `max_tries` it is buried |
//! | | `bury ID`: it is buried at once |
//!
//! ID is a word without spaces that the worker gives back as it is. A worker gets a job when it has answered the one before.
//! A line feed at an answer's end is allowed. When the socket ends, there are no more jobs, and the worker should exit. A
//! worker that ends has failed at the job that it has not answered, if it has read it, or the length of a frame of more than
//! 8 KiB; one that closes its socket should exit right after that. One that sends anything else, or an answer that it was
//! not asked for, is killed.
//!
//! A frame comes in as many pieces as the system likes. Of one with more than 8 KiB, the rest comes when the worker has read
//! the length.

#[cfg(test)]
mod tests;

use crate::job::{JobId, NotAJob};
use crate::limits::{ANSWER_BYTES_MAX, FRAME_LINE_BYTES_MAX};

/// The bytes of a frame's length.
pub(crate) const LENGTH_BYTES: usize = 4;

/// What a worker says about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Done,
    /// Again later, after so many seconds if they are given; no failure.
    Retry(Option<u32>),
    /// It failed.
    Fail,
    /// Nobody should try again.
    Bury,
}

/// A worker's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The job.
    pub job: JobId,
    /// What became of it.
    pub verdict: Verdict,
}

/// A job as the worker gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job<'a> {
    /// Its number.
    pub job: JobId,
    /// Its body.
    pub body: &'a [u8],
}

/// Why bytes are no frame. Nothing after it can be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The frame is longer than it may be.
    #[error(
        "a frame of {bytes} bytes is longer than {bytes_max}: is it four bytes of length, the highest first?"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The length that it may have.
        bytes_max: usize,
    },
    /// An answer is none.
    #[error("{line:?} is not an answer: it is done, retry, fail or bury, a space, and the job's number")]
    NotAnAnswer {
        /// What was sent.
        line: String,
    },
    /// What should be a job is none.
    #[error("this is not a job: a frame begins with a line \"job ID\"")]
    NotAJob(#[from] NotAJob),
}

/// Appends the frame of a job.
///
/// ```
/// use trellis_supervisor::JobId;
/// use trellis_supervisor::stream::{decode_job, encode_job};
///
/// let job = JobId { server: 0, id: 17 };
/// let mut bytes = Vec::new();
/// encode_job(job, b"hello", &mut bytes);
/// assert_eq!(bytes, b"\0\0\0\x0cjob 17\nhello");
/// let (decoded, length) = decode_job(&bytes, 100)?.expect("a whole frame");
/// assert_eq!((decoded.job, decoded.body, length), (job, &b"hello"[..], 16));
/// # Ok::<(), trellis_supervisor::stream::StreamError>(())
/// ```
///
/// # Panics
///
/// If the body has 4 GiB or more, which no job has.
pub fn encode_job(job: JobId, body: &[u8], into: &mut Vec<u8>) {
    let line = format!("job {job}\n");
    frame_length(line.len() + body.len(), into);
    into.extend_from_slice(line.as_bytes());
    into.extend_from_slice(body);
}

/// Appends the frame of an answer.
pub fn encode_answer(answer: Answer, into: &mut Vec<u8>) {
    let job = answer.job;
    let line = match answer.verdict {
        Verdict::Done => format!("done {job}"),
        Verdict::Retry(None) => format!("retry {job}"),
        Verdict::Retry(Some(seconds)) => format!("retry {job} {seconds}"),
        Verdict::Fail => format!("fail {job}"),
        Verdict::Bury => format!("bury {job}"),
    };
    frame_length(line.len(), into);
    into.extend_from_slice(line.as_bytes());
}

/// The answer that `bytes` begin with, and the length of its frame; `None` if more bytes are needed.
///
/// # Errors
///
/// If the bytes are no answer: the worker cannot be understood any more.
pub fn decode_answer(bytes: &[u8]) -> Result<Option<(Answer, usize)>, StreamError> {
    let Some(frame) = frame(bytes, ANSWER_BYTES_MAX)? else { return Ok(None) };
    let wrong = || StreamError::NotAnAnswer { line: String::from_utf8_lossy(frame).into_owned() };
    let line = std::str::from_utf8(frame).map_err(|_| wrong())?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    let mut words = line.split(' ');
    let (verb, job, rest) = (words.next(), words.next(), words.next());
    let verdict = match (verb, rest) {
        (Some("done"), None) => Verdict::Done,
        (Some("retry"), seconds) => Verdict::Retry(seconds.map(number).transpose().map_err(|()| wrong())?),
        (Some("fail"), None) => Verdict::Fail,
        (Some("bury"), None) => Verdict::Bury,
        _ => return Err(wrong()),
    };
    let job = job.and_then(|job| job.parse().ok()).filter(|_| words.next().is_none()).ok_or_else(wrong)?;
    Ok(Some((Answer { job, verdict }, LENGTH_BYTES + frame.len())))
}

/// The job that `bytes` begin with, and the length of its frame; `None` if more bytes are needed. For workers in Rust.
///
/// # Errors
///
/// If the bytes are no job, or its body has more than `body_bytes_max` bytes.
pub fn decode_job(bytes: &[u8], body_bytes_max: usize) -> Result<Option<(Job<'_>, usize)>, StreamError> {
    let bytes_max = body_bytes_max.saturating_add(FRAME_LINE_BYTES_MAX);
    let Some(frame) = frame(bytes, bytes_max)? else { return Ok(None) };
    let end = frame.iter().take(FRAME_LINE_BYTES_MAX).position(|byte| *byte == b'\n').ok_or(NotAJob)?;
    let (line, body) = (&frame[..end], &frame[end + 1..]);
    if body.len() > body_bytes_max {
        return Err(StreamError::TooLong { bytes: frame.len(), bytes_max });
    }
    let line = std::str::from_utf8(line).map_err(|_| NotAJob)?;
    let job = line.strip_prefix("job ").ok_or(NotAJob)?.parse()?;
    Ok(Some((Job { job, body }, LENGTH_BYTES + frame.len())))
}

/// What is in the frame that `bytes` begin with, if it is whole. A length that is too large is noticed at once.
fn frame(bytes: &[u8], bytes_max: usize) -> Result<Option<&[u8]>, StreamError> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let bytes = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if bytes > bytes_max {
        return Err(StreamError::TooLong { bytes, bytes_max });
    }
    Ok(rest.get(..bytes))
}

fn frame_length(bytes: usize, into: &mut Vec<u8>) {
    let length = u32::try_from(bytes).expect("a job has less than 4 GiB");
    into.extend_from_slice(&length.to_be_bytes());
}

/// Digits and nothing else.
fn number(text: &str) -> Result<u32, ()> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().map_err(|_| ()) } else { Err(()) }
}
