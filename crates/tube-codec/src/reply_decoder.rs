//! Cuts a server's bytes into replies.

use thiserror::Error;

use crate::decoder::find_crlf;
use crate::limits::LINE_BYTES_MAX;
use crate::number::read_digits;
use crate::reply::Reply;
use crate::tube_name::tube_name;

/// Why a server's bytes are no reply. There is no telling where the next one starts: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// No line ends within the limit.
    #[error("the server's reply has no line end in its first {LINE_BYTES_MAX} bytes; is it a beanstalkd?")]
    LineTooLong,
    /// The line is none of the protocol's replies.
    #[error("the server's reply is not one of the beanstalk protocol; is it a beanstalkd?")]
    UnknownReply,
    /// The body is announced with more bytes than the caller takes.
    #[error("the server announces a body of {bytes} bytes, and the limit is {bytes_max}: raise the limit")]
    BodyTooBig {
        /// What was announced.
        bytes: u64,
        /// What the caller takes.
        bytes_max: u32,
    },
    /// The body is not followed by CR LF.
    #[error("the body in the server's reply does not end where it was announced to")]
    ExpectedCrlf,
}

impl<'a> Reply<'a> {
    /// Takes the next reply from the front of `input`, and advances `input` over it. `None` asks for more bytes
    /// and consumes nothing: the caller keeps them, and calls again with more behind them.
    ///
    /// `KICKED` and `BURIED` mean different things with a number and without.
    ///
    /// # Errors
    /// If the bytes can't become a reply, or its body would have more than `body_bytes_max` bytes; nothing is
    /// consumed then.
    pub fn decode(input: &mut &'a [u8], body_bytes_max: u32) -> Result<Option<Self>, ReplyError> {
        let bytes = *input;
        let Some(line_bytes) = find_crlf(&bytes[..bytes.len().min(LINE_BYTES_MAX)]) else {
            return if bytes.len() < LINE_BYTES_MAX { Ok(None) } else { Err(ReplyError::LineTooLong) };
        };
        let mut rest = &bytes[line_bytes + 2..];
        let reply = match parse(&bytes[..line_bytes]).ok_or(ReplyError::UnknownReply)? {
            Line::Complete(reply) => reply,
            Line::WithBody { kind, body_bytes } => {
                let Some(body) = take_body(&mut rest, body_bytes, body_bytes_max)? else { return Ok(None) };
                match kind {
                    BodyKind::Reserved { id } => Self::Reserved { id, body },
                    BodyKind::Found { id } => Self::Found { id, body },
                    BodyKind::Ok => Self::Ok { body },
                }
            }
        };
        *input = rest;
        Ok(Some(reply))
    }
}

enum Line<'a> {
    Complete(Reply<'a>),
    WithBody { kind: BodyKind, body_bytes: u64 },
}

enum BodyKind {
    Reserved { id: u64 },
    Found { id: u64 },
    Ok,
}

fn parse(line: &[u8]) -> Option<Line<'_>> {
    let Some(space) = memchr::memchr(b' ', line) else { return parse_word(line).map(Line::Complete) };
    let (word, mut rest) = (&line[..space], &line[space + 1..]);
    let with_body = |kind, body_bytes| Line::WithBody { kind, body_bytes };
    let parsed = match word {
        b"USING" => return Some(Line::Complete(Reply::Using { tube: tube_name(rest)? })),
        b"INSERTED" => Line::Complete(Reply::Inserted { id: read_digits(&mut rest)? }),
        b"BURIED" => Line::Complete(Reply::InsertedBuried { id: read_digits(&mut rest)? }),
        b"WATCHING" => Line::Complete(Reply::Watching { count: read_digits(&mut rest)? }),
        b"KICKED" => Line::Complete(Reply::Kicked { count: read_digits(&mut rest)? }),
        b"RESERVED" => with_body(BodyKind::Reserved { id: read_id(&mut rest)? }, read_digits(&mut rest)?),
        b"FOUND" => with_body(BodyKind::Found { id: read_id(&mut rest)? }, read_digits(&mut rest)?),
        b"OK" => with_body(BodyKind::Ok, read_digits(&mut rest)?),
        _ => return None,
    };
    rest.is_empty().then_some(parsed)
}

fn parse_word(word: &[u8]) -> Option<Reply<'static>> {
    Some(match word {
        b"BURIED" => Reply::Buried,
        b"DEADLINE_SOON" => Reply::DeadlineSoon,
        b"TIMED_OUT" => Reply::TimedOut,
        b"DELETED" => Reply::Deleted,
        b"RELEASED" => Reply::Released,
        b"TOUCHED" => Reply::Touched,
        b"NOT_IGNORED" => Reply::NotIgnored,
        b"NOT_FOUND" => Reply::NotFound,
        b"KICKED" => Reply::KickedJob,
        b"PAUSED" => Reply::Paused,
        b"EXPECTED_CRLF" => Reply::ExpectedCrlf,
        b"JOB_TOO_BIG" => Reply::JobTooBig,
        b"DRAINING" => Reply::Draining,
        b"OUT_OF_MEMORY" => Reply::OutOfMemory,
        b"INTERNAL_ERROR" => Reply::InternalError,
        b"BAD_FORMAT" => Reply::BadFormat,
        b"UNKNOWN_COMMAND" => Reply::UnknownCommand,
        _ => return None,
    })
}

/// Reads a job's id and the one space after it.
fn read_id(text: &mut &[u8]) -> Option<u64> {
    let id = read_digits(text)?;
    *text = text.strip_prefix(b" ")?;
    Some(id)
}

/// Takes the body and its CR LF from the front of `input`; `None` if not all of it is there yet.
fn take_body<'a>(input: &mut &'a [u8], bytes: u64, bytes_max: u32) -> Result<Option<&'a [u8]>, ReplyError> {
    let too_big = ReplyError::BodyTooBig { bytes, bytes_max };
    let body_bytes = u32::try_from(bytes).ok().filter(|&bytes| bytes <= bytes_max).ok_or(too_big)?;
    let Some((body, rest)) = input.split_at_checked(body_bytes as usize) else { return Ok(None) };
    match rest {
        [b'\r', b'\n', rest @ ..] => {
            *input = rest;
            Ok(Some(body))
        }
        [] | [b'\r'] => Ok(None),
        _ => Err(ReplyError::ExpectedCrlf),
    }
}
