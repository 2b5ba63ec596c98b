//! Cuts a client's bytes into requests. Knows how long lines and bodies are, not what lines mean.

use crate::limits::LINE_BYTES_MAX;
use crate::line::{self, BadLine, Line, PutLine};
use crate::request::{Op, Request};

/// Reads one connection's requests.
///
/// The caller keeps the bytes that were not consumed and calls again with more behind them. However the bytes
/// are split, the outcome is the same. Nothing is allocated, and a `put` is delivered only when its whole body
/// is there, so the caller's buffer must be able to hold `job_bytes_max` and two more bytes, or
/// [`LINE_BYTES_MAX`], whichever is more; what is refused is consumed as it comes.
///
/// ```
/// use trellis_tube_codec::{Decoded, Decoder, Request};
///
/// let mut decoder = Decoder::new(65_535);
/// let mut input: &[u8] = b"use mail\r\nput 0 0 60 5\r\nhel";
/// assert_eq!(decoder.decode(&mut input), Some(Decoded::Request(Request::Use { tube: "mail" })));
/// assert_eq!(decoder.decode(&mut input), None);
/// assert_eq!((input, decoder.bytes_wanted(input.len())), (&b"hel"[..], 4));
/// assert!(decoder.awaits_body());
///
/// let mut input: &[u8] = b"hello\r\n";
/// let put = Request::Put { priority: 0, delay: 0, ttr: 60, body: b"hello" };
/// assert_eq!(decoder.decode(&mut input), Some(Decoded::Request(put)));
/// assert!(input.is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    job_bytes_max: u32,
    awaited: Awaited,
}

/// What [`Decoder::decode`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A request, to be carried out.
    Request(Request<'a>),
    /// Something that is answered without being carried out.
    Rejected {
        /// Set where beanstalkd counts the command although it is refused.
        op: Option<Op>,
        /// Whether beanstalkd has taken a job id for it, which no job will have.
        uses_up_id: bool,
        /// The answer.
        reply: Rejection,
    },
}

/// Why something is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The line is too long, or not as its command wants it.
    BadFormat,
    /// The line begins with no command.
    UnknownCommand,
    /// The body of a put is over the limit.
    JobTooBig,
    /// The body of a put is not followed by CR LF.
    ExpectedCrlf,
}

#[derive(Clone, Copy, Debug)]
enum Awaited {
    /// A line of at most [`LINE_BYTES_MAX`].
    Line,
    /// The body of a put whose line has been consumed.
    Body(PutLine),
    /// The end of a line that is too long.
    EndOfLongLine,
    /// The end of a body that is too big. Its CR LF is included, and not looked at.
    EndOfBigBody { bytes_left: u64 },
}

const CRLF: &[u8] = b"\r\n";

impl Decoder {
    /// For a new connection. Bodies may have `job_bytes_max` bytes.
    pub fn new(job_bytes_max: u32) -> Self {
        Self { job_bytes_max, awaited: Awaited::Line }
    }

    /// Takes the next thing from the front of `input`, and advances `input` over what was consumed. `None` asks
    /// for more bytes; it may have consumed some, too.
    pub fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Option<Decoded<'a>> {
        match self.awaited {
            Awaited::Line => self.decode_line(input),
            Awaited::Body(put) => self.decode_body(put, input),
            Awaited::EndOfLongLine => self.swallow_line(input),
            Awaited::EndOfBigBody { bytes_left } => self.swallow_body(bytes_left, input),
        }
    }

    /// After `None` that left `buffered` bytes: the least number of further bytes with which calling again can
    /// lead anywhere. At least 1, at most `job_bytes_max` and two more.
    pub fn bytes_wanted(&self, buffered: usize) -> usize {
        match self.awaited {
            Awaited::Body(put) => (put.body_bytes as usize + CRLF.len()).saturating_sub(buffered).max(1),
            Awaited::Line | Awaited::EndOfLongLine | Awaited::EndOfBigBody { .. } => 1,
        }
    }

    /// Whether the line of a put has been read, and not all of its body.
    pub fn awaits_body(&self) -> bool {
        matches!(self.awaited, Awaited::Body(_) | Awaited::EndOfBigBody { .. })
    }

    fn decode_line<'a>(&mut self, input: &mut &'a [u8]) -> Option<Decoded<'a>> {
        let bytes = *input;
        let Some(line_bytes) = find_crlf(&bytes[..bytes.len().min(LINE_BYTES_MAX)]) else {
            if bytes.len() < LINE_BYTES_MAX {
                return None;
            }
            self.awaited = Awaited::EndOfLongLine;
            return self.swallow_line(input);
        };
        *input = &bytes[line_bytes + CRLF.len()..];
        match line::parse(&bytes[..line_bytes], self.job_bytes_max) {
            Ok(Line::Request(request)) => Some(Decoded::Request(request)),
            Ok(Line::Put(put)) => {
                self.awaited = Awaited::Body(put);
                self.decode_body(put, input)
            }
            Ok(Line::PutTooBig { body_bytes }) => {
                self.swallow_body(u64::from(body_bytes) + CRLF.len() as u64, input)
            }
            Err(BadLine { counted, reply }) => {
                Some(Decoded::Rejected { op: counted, uses_up_id: false, reply })
            }
        }
    }

    fn decode_body<'a>(&mut self, put: PutLine, input: &mut &'a [u8]) -> Option<Decoded<'a>> {
        let PutLine { priority, delay, ttr, body_bytes } = put;
        let (body, rest) = input.split_at_checked(body_bytes as usize)?;
        let (end, rest) = rest.split_at_checked(CRLF.len())?;
        *input = rest;
        self.awaited = Awaited::Line;
        if end != CRLF {
            return Some(Decoded::Rejected {
                op: Some(Op::Put),
                uses_up_id: true,
                reply: Rejection::ExpectedCrlf,
            });
        }
        Some(Decoded::Request(Request::Put { priority, delay, ttr, body }))
    }

    fn swallow_line<'a>(&mut self, input: &mut &'a [u8]) -> Option<Decoded<'a>> {
        let bytes = *input;
        let Some(line_bytes) = find_crlf(bytes) else {
            // A CR at the end stays, since its LF may come next.
            let kept = usize::from(bytes.last() == Some(&b'\r'));
            *input = &bytes[bytes.len() - kept..];
            return None;
        };
        *input = &bytes[line_bytes + CRLF.len()..];
        self.awaited = Awaited::Line;
        Some(Decoded::Rejected { op: None, uses_up_id: false, reply: Rejection::BadFormat })
    }

    fn swallow_body<'a>(&mut self, bytes_left: u64, input: &mut &'a [u8]) -> Option<Decoded<'a>> {
        let Some(rest) = usize::try_from(bytes_left).ok().and_then(|bytes_left| input.get(bytes_left..))
        else {
            self.awaited = Awaited::EndOfBigBody { bytes_left: bytes_left - input.len() as u64 };
            *input = &[];
            return None;
        };
        *input = rest;
        self.awaited = Awaited::Line;
        Some(Decoded::Rejected { op: Some(Op::Put), uses_up_id: false, reply: Rejection::JobTooBig })
    }
}

/// Where the first CR LF starts. Neither byte counts without the other.
pub(crate) fn find_crlf(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).filter_map(|at| at.checked_sub(1)).find(|&at| bytes[at] == b'\r')
}
