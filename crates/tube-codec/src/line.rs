//! One line of a client, without its CR LF, as a request. Knows nothing of buffers and bodies.

use crate::decoder::Rejection;
use crate::limits::RESERVE_SECONDS_MAX;
use crate::number::{read_kick_bound, read_u32, read_u64};
use crate::request::{Op, Request};
use crate::tube_name::{is_name_byte, tube_name};

/// What a line asks for.
pub(crate) enum Line<'a> {
    /// A request that is complete with its line.
    Request(Request<'a>),
    /// A `put`, whose body follows.
    Put(PutLine),
    /// A `put` whose body is over the limit. What stands behind its numbers is of no interest.
    PutTooBig { body_bytes: u32 },
}

/// The numbers of a `put`, while its body is awaited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PutLine {
    pub(crate) priority: u32,
    pub(crate) delay: u32,
    pub(crate) ttr: u32,
    pub(crate) body_bytes: u32,
}

/// Why a line asks for nothing.
pub(crate) struct BadLine {
    /// Set where beanstalkd has counted the command before it finds the fault.
    pub(crate) counted: Option<Op>,
    pub(crate) reply: Rejection,
}

const BAD_FORMAT: BadLine = BadLine { counted: None, reply: Rejection::BadFormat };
const UNKNOWN_COMMAND: BadLine = BadLine { counted: None, reply: Rejection::UnknownCommand };

/// Reads a line. Commands match by their beginning, so that each decides for itself what may follow.
pub(crate) fn parse(line: &[u8], job_bytes_max: u32) -> Result<Line<'_>, BadLine> {
    if memchr::memchr(0, line).is_some() {
        return Err(BAD_FORMAT);
    }
    let (op, arguments) = split_command(line).ok_or(UNKNOWN_COMMAND)?;
    match op {
        Op::Put => parse_put(arguments, job_bytes_max),
        Op::PauseTube => parse_pause_tube(arguments).map(Line::Request),
        _ => parse_request(op, arguments).map(Line::Request).ok_or(BAD_FORMAT),
    }
}

/// Finds the command that the line begins with, and what stands after it.
fn split_command(line: &[u8]) -> Option<(Op, &[u8])> {
    Op::ALL.iter().find_map(|&op| Some((op, line.strip_prefix(op.prefix().as_bytes())?)))
}

fn parse_request(op: Op, arguments: &[u8]) -> Option<Request<'_>> {
    match op {
        // These have functions of their own, since they can fail after they were counted.
        Op::Put | Op::PauseTube => None,
        Op::Use => Some(Request::Use { tube: tube_name(arguments)? }),
        Op::Reserve => alone(arguments, Request::Reserve),
        Op::ReserveWithTimeout => parse_reserve_with_timeout(arguments),
        Op::ReserveJob => Some(Request::ReserveJob { id: parse_id(arguments)? }),
        Op::Delete => Some(Request::Delete { id: parse_id(arguments)? }),
        Op::Release => parse_release(arguments),
        Op::Bury => parse_bury(arguments),
        Op::Touch => Some(Request::Touch { id: parse_id(arguments)? }),
        Op::Watch => Some(Request::Watch { tube: tube_name(arguments)? }),
        Op::Ignore => Some(Request::Ignore { tube: tube_name(arguments)? }),
        Op::Peek => Some(Request::Peek { id: parse_id(arguments)? }),
        Op::PeekReady => alone(arguments, Request::PeekReady),
        Op::PeekDelayed => alone(arguments, Request::PeekDelayed),
        Op::PeekBuried => alone(arguments, Request::PeekBuried),
        Op::Kick => Some(Request::Kick { bound: read_kick_bound(arguments)? }),
        Op::KickJob => Some(Request::KickJob { id: parse_id(arguments)? }),
        Op::Stats => alone(arguments, Request::Stats),
        Op::StatsJob => Some(Request::StatsJob { id: parse_id(arguments)? }),
        Op::StatsTube => Some(Request::StatsTube { tube: tube_name(arguments)? }),
        Op::ListTubes => alone(arguments, Request::ListTubes),
        Op::ListTubeUsed => alone(arguments, Request::ListTubeUsed),
        Op::ListTubesWatched => alone(arguments, Request::ListTubesWatched),
        // `quit anything` quits.
        Op::Quit => Some(Request::Quit),
    }
}

/// A put is counted as soon as its numbers are read, and its size is judged before what follows them.
fn parse_put(arguments: &[u8], job_bytes_max: u32) -> Result<Line<'_>, BadLine> {
    let mut rest = arguments;
    let put = read_put(&mut rest).ok_or(BAD_FORMAT)?;
    if put.body_bytes > job_bytes_max {
        return Ok(Line::PutTooBig { body_bytes: put.body_bytes });
    }
    if !rest.is_empty() {
        return Err(BadLine { counted: Some(Op::Put), ..BAD_FORMAT });
    }
    Ok(Line::Put(put))
}

fn read_put(rest: &mut &[u8]) -> Option<PutLine> {
    Some(PutLine {
        priority: read_u32(rest)?,
        delay: read_u32(rest)?,
        ttr: read_u32(rest)?,
        body_bytes: read_u32(rest)?,
    })
}

/// The bytes of the name are cut out first and judged as a name after the command was counted. No space is
/// asked for before the name.
fn parse_pause_tube(arguments: &[u8]) -> Result<Request<'_>, BadLine> {
    let name_start = arguments.iter().take_while(|&&byte| byte == b' ').count();
    let arguments = &arguments[name_start..];
    let name_bytes = arguments.iter().take_while(|&&byte| is_name_byte(byte)).count();
    let (name, mut rest) = arguments.split_at(name_bytes);
    if name.is_empty() {
        return Err(BAD_FORMAT);
    }
    let delay = read_u32(&mut rest).ok_or(BAD_FORMAT)?;
    if !rest.is_empty() {
        return Err(BAD_FORMAT);
    }
    let tube = tube_name(name).ok_or(BadLine { counted: Some(Op::PauseTube), ..BAD_FORMAT })?;
    Ok(Request::PauseTube { tube, delay })
}

/// Anything may stand after the seconds.
fn parse_reserve_with_timeout(arguments: &[u8]) -> Option<Request<'_>> {
    let mut rest = arguments;
    let seconds = read_u32(&mut rest)?;
    (seconds <= RESERVE_SECONDS_MAX).then_some(Request::ReserveWithTimeout { seconds })
}

fn parse_release(arguments: &[u8]) -> Option<Request<'_>> {
    let mut rest = arguments;
    let id = read_u64(&mut rest)?;
    let priority = read_u32(&mut rest)?;
    let delay = read_u32(&mut rest)?;
    alone(rest, Request::Release { id, priority, delay })
}

fn parse_bury(arguments: &[u8]) -> Option<Request<'_>> {
    let mut rest = arguments;
    let id = read_u64(&mut rest)?;
    let priority = read_u32(&mut rest)?;
    alone(rest, Request::Bury { id, priority })
}

fn parse_id(arguments: &[u8]) -> Option<u64> {
    let mut rest = arguments;
    let id = read_u64(&mut rest)?;
    rest.is_empty().then_some(id)
}

/// The request, if nothing stands after it.
fn alone<'a>(rest: &[u8], request: Request<'a>) -> Option<Request<'a>> {
    rest.is_empty().then_some(request)
}
