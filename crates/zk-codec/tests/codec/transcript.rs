//! Transcripts of connections: frames with what they say, between comments.
//!
//! ```text
//! # Why this is here.
//! > 0000000f 00000007 00000004 00000002 "/a" 00
//! 7 GetData { path: "/a", watch: false }
//! < 00000010 00000007 00000000 0000000c ffffff9b
//! 7 at 12: NoNode
//! ```
//!
//! `>` stands before a client's frame and `<` before a server's; `>>` and `<<` before the first ones, the
//! handshake. The line below is what the codec reads; where it writes the same thing as other bytes, these follow.
//! `UPDATE=1` in the environment rewrites those lines instead of comparing them.

use std::path::Path;

use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;
use trellis_zk_codec::{
    ConnectError, ConnectRequest, ConnectResponse, Event, Op, Reply, ReplyError, ReplyHeader, Request,
    RequestError, take_frame, xid,
};

use super::bytes;

/// Every operation and every reply, written by hand after `zookeeper.jute`.
#[test]
fn operations() {
    check("operations.txt");
}

/// What the Python client kazoo 2.11 and ZooKeeper 3.8.0 have said to each other.
#[test]
fn kazoo() {
    check("kazoo.txt");
}

/// What the Java client and server of ZooKeeper 3.8.0 have said to each other.
#[test]
fn java() {
    check("java.txt");
}

/// Frames that can't be carried out, each with what ZooKeeper 3.8.0 answers.
#[test]
fn refused() {
    check("refused.txt");
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let actual = outcome(&expected);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, actual).expect("write the test data");
        return;
    }
    let difference = expected.lines().zip(actual.lines()).position(|(expected, actual)| expected != actual);
    assert!(
        expected == actual,
        "{name} differs from line {:?}; if this is right, run again with UPDATE=1:\n{actual}",
        difference.map(|index| index + 1),
    );
}

/// The transcript with the lines that are right now.
fn outcome(transcript: &str) -> String {
    let mut text = String::new();
    let mut pending: Vec<(i32, Op)> = Vec::new();
    for line in transcript.lines() {
        let (mark, frame) = line.split_once(' ').unwrap_or((line, ""));
        if !matches!(mark, "#" | ">" | "<" | ">>" | "<<" | "") {
            continue;
        }
        text += &format!("{line}\n");
        if matches!(mark, "#" | "") {
            continue;
        }
        let bytes = bytes::parse(frame);
        let frame = whole_frame(&bytes);
        let (read, written) = match mark {
            ">" => request(frame, &mut pending),
            "<" => reply(frame, &mut pending),
            ">>" => connect_request(frame),
            _ => connect_response(frame),
        };
        text += &format!("{}\n", bytes::readable(&read));
        if written.as_ref().is_some_and(|written| *written != bytes) {
            text += &format!("written as {}\n", bytes::show(&written.unwrap_or_default()));
        }
    }
    text
}

/// The one frame that the bytes are, after making sure that no part of it is one.
fn whole_frame(bytes: &[u8]) -> &[u8] {
    for length in 0..bytes.len() {
        assert_eq!(take_frame(&mut &bytes[..length], FRAME_BYTES_MAX_DEFAULT), Ok(None));
    }
    let mut input = bytes;
    let frame = take_frame(&mut input, FRAME_BYTES_MAX_DEFAULT).expect("a length").expect("a whole frame");
    assert!(input.is_empty(), "bytes are left over behind {}", bytes::show(bytes));
    frame
}

type ReadAndWritten = (String, Option<Vec<u8>>);

fn request(frame: &[u8], pending: &mut Vec<(i32, Op)>) -> ReadAndWritten {
    let (xid, request) = match Request::decode(frame) {
        Ok(decoded) => decoded,
        Err(error) => return (refusal(error), None),
    };
    for length in 0..frame.len() {
        let error = Request::decode(&frame[..length]).expect_err("a part of a request is none");
        assert!(matches!(error, RequestError::NoHeader | RequestError::Malformed { .. }), "{error:?}");
    }
    assert_eq!(
        Request::decode(&[frame, b"more"].concat()),
        Ok((xid, request)),
        "bytes behind it don't matter"
    );
    pending.push((xid, request.op()));
    let mut written = Vec::new();
    request.encode(xid, &mut written);
    (format!("{xid} {request:?}"), Some(written))
}

fn refusal(error: RequestError) -> String {
    let answer = error.answer().map_or("nothing".to_owned(), |(xid, code)| format!("{xid} {code:?}"));
    let then = if error.hangs_up() { "hangs up" } else { "goes on" };
    format!("{error:?}: answers {answer} and {then}")
}

fn reply(frame: &[u8], pending: &mut Vec<(i32, Op)>) -> ReadAndWritten {
    let (header, body) = ReplyHeader::decode(frame).expect("a header");
    for length in 0..frame.len() - body.len() {
        assert_eq!(ReplyHeader::decode(&frame[..length]), Err(ReplyError::NoHeader));
    }
    let mut written = Vec::new();
    let ReplyHeader { xid, zxid, error } = header;
    if xid == xid::NOTIFICATION {
        let event = Event::decode(body).expect("an event");
        check_cuts(body, Event::decode, &event, &ReplyError::BadEvent);
        event.encode(zxid, &mut written);
        return (format!("at {zxid}: {event:?}"), Some(written));
    }
    let place = pending.iter().position(|&(pending, _)| pending == xid).expect("a reply to a request");
    let (_, op) = pending.remove(place);
    let (reply, said) = match error {
        Some(code) => (Reply::Empty, format!("{code:?}")),
        None => {
            let decode = |body| Reply::decode(op, body);
            let reply = decode(body).expect("a reply");
            check_cuts(body, decode, &reply, &ReplyError::BadReply { op });
            (reply, format!("{reply:?}"))
        }
    };
    reply.encode(header, &mut written);
    (format!("{xid} at {zxid}: {said}"), Some(written))
}

fn connect_request(frame: &[u8]) -> ReadAndWritten {
    let request = ConnectRequest::decode(frame).expect("a connect request");
    let old = ConnectRequest { read_only: None, ..request };
    let record = &frame[..frame.len() - usize::from(request.read_only.is_some())];
    check_cuts(record, ConnectRequest::decode, &old, &ConnectError);
    let mut written = Vec::new();
    request.encode(&mut written);
    (format!("{request:?}"), Some(written))
}

fn connect_response(frame: &[u8]) -> ReadAndWritten {
    let response = ConnectResponse::decode(frame).expect("a connect response");
    let old = ConnectResponse { read_only: None, ..response };
    let record = &frame[..frame.len() - usize::from(response.read_only.is_some())];
    check_cuts(record, ConnectResponse::decode, &old, &ConnectError);
    let mut written = Vec::new();
    response.encode(&mut written);
    (format!("{response:?}"), Some(written))
}

/// Makes sure that no part of `record` is read, but the whole is.
fn check_cuts<'a, T, E>(record: &'a [u8], decode: impl Fn(&'a [u8]) -> Result<T, E>, whole: &T, error: &E)
where
    T: PartialEq + std::fmt::Debug,
    E: PartialEq + std::fmt::Debug,
{
    for length in 0..record.len() {
        assert_eq!(decode(&record[..length]).as_ref(), Err(error), "with {length} bytes");
    }
    assert_eq!(decode(record).as_ref(), Ok(whole));
}
