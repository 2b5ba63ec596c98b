//! ZooKeeper's protocol as far as the workloads speak it, by bytes and independent of trellis's own codec: a mistake
//! there must not hide here.

use anyhow::{Context, Result, bail, ensure};

use crate::network::Protocol;

/// A reply that says it has more bytes than this shows that the server is not what we think it is.
const REPLY_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// The time-out that sessions ask for, in milliseconds: the longest that servers grant with their usual settings.
const SESSION_TIMEOUT_MS: i32 = 40_000;
/// Sessions must live this long in silence, in milliseconds: no workload sends pings.
const SESSION_TIMEOUT_MS_MIN: i32 = 30_000;
const PASSWORD_BYTES: usize = 16;

/// The number of a request that ends a session, which gets no other.
const CLOSE_XID: i32 = 0;

const CREATE: i32 = 1;
const DELETE: i32 = 2;
const EXISTS: i32 = 3;
const GET_DATA: i32 = 4;
const SET_DATA: i32 = 5;
const CLOSE_SESSION: i32 = -11;

/// Any version.
const ANY: i32 = -1;
/// Everything is permitted.
const ALL_PERMISSIONS: i32 = 31;
const PERSISTENT: i32 = 0;

/// Appends the request for a new session.
pub(crate) fn connect(out: &mut Vec<u8>) {
    frame(out, |out| {
        int(out, 0); // The protocol's version.
        out.extend_from_slice(&[0; 8]); // The last transaction seen.
        int(out, SESSION_TIMEOUT_MS);
        out.extend_from_slice(&[0; 8]); // No session yet.
        buffer(out, &[0; PASSWORD_BYTES]);
        out.push(0); // Not for reading only.
    });
}

/// Appends the end of a session.
pub(crate) fn close(out: &mut Vec<u8>) {
    request(out, CLOSE_XID, CLOSE_SESSION, |_| {});
}

/// Appends a create that lets everybody do everything.
pub(crate) fn create(out: &mut Vec<u8>, xid: i32, path: &[u8], data: &[u8]) {
    request(out, xid, CREATE, |out| {
        buffer(out, path);
        buffer(out, data);
        int(out, 1); // The length of the access control list.
        int(out, ALL_PERMISSIONS);
        buffer(out, b"world");
        buffer(out, b"anyone");
        int(out, PERSISTENT);
    });
}

/// Appends a delete.
pub(crate) fn delete(out: &mut Vec<u8>, xid: i32, path: &[u8]) {
    request(out, xid, DELETE, |out| {
        buffer(out, path);
        int(out, ANY);
    });
}

/// Appends a question for a znode's data.
pub(crate) fn get_data(out: &mut Vec<u8>, xid: i32, path: &[u8]) {
    question(out, xid, GET_DATA, path);
}

/// Appends a question whether a znode is there.
pub(crate) fn exists(out: &mut Vec<u8>, xid: i32, path: &[u8]) {
    question(out, xid, EXISTS, path);
}

/// Appends new data for a znode.
pub(crate) fn set_data(out: &mut Vec<u8>, xid: i32, path: &[u8], data: &[u8]) {
    request(out, xid, SET_DATA, |out| {
        buffer(out, path);
        buffer(out, data);
        int(out, ANY);
    });
}

/// The protocol before there is a session.
pub(crate) struct Handshake;

/// The server has begun a session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SessionBegun;

impl Protocol for Handshake {
    type Reply<'a> = SessionBegun;

    fn reply(input: &[u8]) -> Result<Option<(SessionBegun, usize)>> {
        let Some((mut body, length)) = framed(input)? else { return Ok(None) };
        let _version = take_int(&mut body)?;
        let timeout_ms = take_int(&mut body)?;
        let session = take_long(&mut body)?;
        let password = take_buffer(&mut body)?;
        let _read_only: [u8; 1] = take(&mut body)?;
        ensure!(session != 0, "the server refused a session");
        ensure!(
            password.len() == PASSWORD_BYTES && body.is_empty(),
            "a session has begun in an unknown form"
        );
        ensure!(timeout_ms >= SESSION_TIMEOUT_MS_MIN, "the server grants a session only {timeout_ms} ms");
        Ok(Some((SessionBegun, length)))
    }
}

/// The protocol within a session.
pub(crate) struct Zookeeper;

/// The reply to a request. What its body holds depends on what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply<'a> {
    /// The request's number.
    pub(crate) xid: i32,
    /// The newest transaction that the server has carried out.
    pub(crate) zxid: i64,
    error: i32,
    body: &'a [u8],
}

/// What the workloads look at of a znode's facts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// The transaction that last set its data.
    pub(crate) mzxid: i64,
    /// The length of its data.
    pub(crate) data_length: usize,
}

impl Protocol for Zookeeper {
    type Reply<'a> = Reply<'a>;

    fn reply(input: &[u8]) -> Result<Option<(Reply<'_>, usize)>> {
        let Some((mut body, length)) = framed(input)? else { return Ok(None) };
        let xid = take_int(&mut body)?;
        let zxid = take_long(&mut body)?;
        let error = take_int(&mut body)?;
        Ok(Some((Reply { xid, zxid, error, body }, length)))
    }
}

impl<'a> Reply<'a> {
    /// The reply to a create: the path that was made.
    pub(crate) fn path(&self) -> Result<&'a [u8]> {
        self.read(take_buffer)
    }

    /// The reply to a delete.
    pub(crate) fn nothing(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    /// The reply to a question for data.
    pub(crate) fn data(&self) -> Result<(&'a [u8], Stat)> {
        self.read(|body| Ok((take_buffer(body)?, take_stat(body)?)))
    }

    /// The reply to new data, and to a question whether a znode is there.
    pub(crate) fn stat(&self) -> Result<Stat> {
        self.read(take_stat)
    }

    /// Reads the whole body, of a reply that is no error.
    fn read<T>(&self, what: impl FnOnce(&mut &'a [u8]) -> Result<T>) -> Result<T> {
        ensure!(self.error == 0, "the server answered with error {}", self.error);
        let mut body = self.body;
        let value = what(&mut body)?;
        ensure!(body.is_empty(), "a reply has {} bytes too many", body.len());
        Ok(value)
    }
}

fn frame(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    int(out, 0);
    body(out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn request(out: &mut Vec<u8>, xid: i32, operation: i32, body: impl FnOnce(&mut Vec<u8>)) {
    frame(out, |out| {
        int(out, xid);
        int(out, operation);
        body(out);
    });
}

fn question(out: &mut Vec<u8>, xid: i32, operation: i32, path: &[u8]) {
    request(out, xid, operation, |out| {
        buffer(out, path);
        out.push(0); // No watch.
    });
}

fn int(out: &mut Vec<u8>, value: i32) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn buffer(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The body of the first frame in `input` and the length of the whole frame; `None` if it is not complete.
fn framed(input: &[u8]) -> Result<Option<(&[u8], usize)>> {
    let Some((length, rest)) = input.split_first_chunk() else { return Ok(None) };
    let length = u32::from_be_bytes(*length);
    if length > REPLY_BYTES_MAX {
        bail!("the server announced a reply of {length} bytes");
    }
    Ok(rest.get(..length as usize).map(|body| (body, 4 + body.len())))
}

fn take<const BYTES: usize>(input: &mut &[u8]) -> Result<[u8; BYTES]> {
    let (taken, rest) = input.split_first_chunk().context("a reply is too short")?;
    *input = rest;
    Ok(*taken)
}

fn take_int(input: &mut &[u8]) -> Result<i32> {
    take(input).map(i32::from_be_bytes)
}

fn take_long(input: &mut &[u8]) -> Result<i64> {
    take(input).map(i64::from_be_bytes)
}

fn take_buffer<'a>(input: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = usize::try_from(take_int(input)?).context("a reply has nothing where bytes should be")?;
    let (taken, rest) = input.split_at_checked(length).context("a reply is too short")?;
    *input = rest;
    Ok(taken)
}

/// Sixty-eight bytes: creation and change by transaction and time, three versions, the owner, the length of the data,
/// the number of children, the last change among these.
fn take_stat(input: &mut &[u8]) -> Result<Stat> {
    let _czxid = take_long(input)?;
    let mzxid = take_long(input)?;
    let _times_and_versions_and_owner: [u8; 36] = take(input)?;
    let data_length = usize::try_from(take_int(input)?).context("a znode has data of negative length")?;
    let _children_and_pzxid: [u8; 12] = take(input)?;
    Ok(Stat { mzxid, data_length })
}

#[cfg(test)]
mod tests;
