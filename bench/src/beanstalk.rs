//! beanstalkd's protocol as far as the workloads speak it, by bytes and independent of trellis's own codec:
//! a mistake there must not hide here.

use std::io::Write;

use anyhow::{Context, Result, bail};

use crate::network::Protocol;

/// A reply may have this many bytes before its length is known, and this many after; past that, the server
/// is not what we think it is.
const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Appends a put with the usual priority, and a TTR that no workload reaches.
pub(crate) fn put(out: &mut Vec<u8>, delay: u32, body: &[u8]) {
    append(out, format_args!("put 1024 {delay} 600 {}\r\n", body.len()));
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
}

/// Appends a reservation that waits for ever.
pub(crate) fn reserve(out: &mut Vec<u8>) {
    out.extend_from_slice(b"reserve\r\n");
}

/// Appends a delete.
pub(crate) fn delete(out: &mut Vec<u8>, id: u64) {
    append(out, format_args!("delete {id}\r\n"));
}

/// Appends a command that names a tube: `use`, `watch` or `ignore`.
pub(crate) fn tube(out: &mut Vec<u8>, command: &str, number: usize) {
    append(out, format_args!("{command} tube-{number}\r\n"));
}

/// Appends a question for the server's statistics.
pub(crate) fn stats(out: &mut Vec<u8>) {
    out.extend_from_slice(b"stats\r\n");
}

/// The protocol, for the network.
pub(crate) struct Beanstalk;

/// A reply, as far as the workloads tell replies apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply<'a> {
    /// A put has made a job.
    Inserted,
    /// A job for this connection.
    Reserved { id: u64, body: &'a [u8] },
    /// The job is gone.
    Deleted,
    /// After `use`.
    Using,
    /// After `watch` and `ignore`.
    Watching,
    /// Statistics, as text.
    Statistics(&'a [u8]),
    /// Anything else, which no workload asks for.
    Unexpected(&'a [u8]),
}

impl Reply<'_> {
    /// The error for a reply that a workload has no use for.
    pub(crate) fn refused<T>(&self) -> Result<T> {
        match self {
            Reply::Unexpected(line) => bail!("the server answered `{}`", line.escape_ascii()),
            other => bail!("the server answered out of turn: {other:?}"),
        }
    }
}

impl Protocol for Beanstalk {
    type Reply<'a> = Reply<'a>;

    fn reply(input: &[u8]) -> Result<Option<(Reply<'_>, usize)>> {
        let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
            if input.len() > REPLY_BYTES_MAX {
                bail!("the server sent {} bytes without an end of line", input.len());
            }
            return Ok(None);
        };
        let line = input[..end].strip_suffix(b"\r").context("a reply's line does not end in CR LF")?;
        let after = &input[end + 1..];
        let (word, rest) = split(line);
        let reply = match word {
            b"INSERTED" => Reply::Inserted,
            b"DELETED" => Reply::Deleted,
            b"USING" => Reply::Using,
            b"WATCHING" => Reply::Watching,
            b"RESERVED" => {
                let (id, bytes) = split(rest);
                let Some((body, length)) = body(after, number(bytes)?)? else { return Ok(None) };
                let id = number(id)?;
                return Ok(Some((Reply::Reserved { id, body }, end + 1 + length)));
            }
            b"OK" => {
                let Some((body, length)) = body(after, number(rest)?)? else { return Ok(None) };
                return Ok(Some((Reply::Statistics(body), end + 1 + length)));
            }
            _ => Reply::Unexpected(line),
        };
        Ok(Some((reply, end + 1)))
    }
}

/// The value of a key in the server's statistics.
pub(crate) fn statistic(text: &[u8], key: &str) -> Result<u64> {
    let text = std::str::from_utf8(text).context("the server's statistics are not text")?;
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    let value = value.with_context(|| format!("the server's statistics lack `{key}`"))?;
    value.parse().with_context(|| format!("the statistic `{key}` is `{value}`"))
}

fn append(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = out.write_fmt(arguments);
}

/// A body and its length with the CR LF after it; `None` if it is not complete.
fn body(input: &[u8], bytes: u64) -> Result<Option<(&[u8], usize)>> {
    let bytes = usize::try_from(bytes)?;
    if bytes > REPLY_BYTES_MAX {
        bail!("the server announced a body of {bytes} bytes");
    }
    match input.get(bytes..bytes + 2) {
        None => Ok(None),
        Some(b"\r\n") => Ok(Some((&input[..bytes], bytes + 2))),
        Some(_) => bail!("a body of {bytes} bytes is not followed by CR LF"),
    }
}

fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b' ') {
        Some(space) => (&line[..space], &line[space + 1..]),
        None => (line, &[]),
    }
}

fn number(digits: &[u8]) -> Result<u64> {
    let text = std::str::from_utf8(digits).ok();
    let value = text.and_then(|text| text.parse().ok());
    value.with_context(|| format!("`{}` is not a number", digits.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_found_however_the_bytes_arrive() {
        let wire = b"INSERTED 7\r\nRESERVED 7 4\r\na\r\nb\r\nDELETED\r\nOK 6\r\na: 1\r\n\r\nNOT_FOUND\r\n";
        let wanted = [
            Reply::Inserted,
            Reply::Reserved { id: 7, body: b"a\r\nb" },
            Reply::Deleted,
            Reply::Statistics(b"a: 1\r\n"),
            Reply::Unexpected(b"NOT_FOUND"),
        ];
        let mut begin = 0;
        let mut replies = wanted.iter();
        for end in 0..=wire.len() {
            if let Some((reply, length)) = Beanstalk::reply(&wire[begin..end]).unwrap() {
                assert_eq!(Some(&reply), replies.next());
                assert_eq!(begin + length, end, "a reply is taken as soon as it is complete");
                begin = end;
            }
        }
        assert_eq!(replies.next(), None);
    }

    #[test]
    fn nonsense_is_an_error() {
        for wire in ["RESERVED 1 x\r\n", "RESERVED 1 1\r\nabc", "OK 99999999999\r\n", "DELETED\n"] {
            assert!(Beanstalk::reply(wire.as_bytes()).is_err(), "{wire:?}");
        }
    }

    #[test]
    fn statistics_are_read_by_key() {
        let text = b"---\ncurrent-waiting: 5\ncurrent-waiting-x: 6\n";
        assert_eq!(statistic(text, "current-waiting").unwrap(), 5);
        assert!(statistic(text, "waiting").is_err());
    }

    #[test]
    fn requests_are_the_protocols_lines() {
        let mut out = Vec::new();
        put(&mut out, 5, b"ab");
        reserve(&mut out);
        delete(&mut out, 3);
        tube(&mut out, "use", 9);
        stats(&mut out);
        let wanted = b"put 1024 5 600 2\r\nab\r\nreserve\r\ndelete 3\r\nuse tube-9\r\nstats\r\n";
        assert_eq!(out, wanted);
    }
}
