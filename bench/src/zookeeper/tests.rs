//! Requests and replies against bytes written out by hand.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// A frame with this body.
fn framed_bytes(hex: &str) -> Vec<u8> {
    let body = bytes(hex);
    let mut out = (body.len() as u32).to_be_bytes().to_vec();
    out.extend(body);
    out
}

fn check(request: impl FnOnce(&mut Vec<u8>), wanted: &str) {
    let mut out = Vec::new();
    request(&mut out);
    assert_eq!(out, framed_bytes(wanted));
}

/// Czxid 1, mzxid 9, two times, version 3, cversion 4, aversion 5, owner 6, 2 bytes, 7 children, pzxid 8.
const STAT: &str = "0000000000000001 0000000000000009 00000000000000aa 00000000000000bb
    00000003 00000004 00000005 0000000000000006 00000002 00000007 0000000000000008";

#[test]
fn requests_are_the_protocols_frames() {
    check(
        connect,
        "00000000 0000000000000000 00009c40 0000000000000000
         00000010 00000000000000000000000000000000 00",
    );
    check(
        |out| create(out, 7, b"/a", b"xy"),
        "00000007 00000001 00000002 2f61 00000002 7879
         00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000",
    );
    check(|out| delete(out, 7, b"/a"), "00000007 00000002 00000002 2f61 ffffffff");
    check(|out| get_data(out, 7, b"/a"), "00000007 00000004 00000002 2f61 00");
    check(|out| set_data(out, 7, b"/a", b"xy"), "00000007 00000005 00000002 2f61 00000002 7879 ffffffff");
    check(close, "00000000 fffffff5");
}

#[test]
fn replies_are_found_however_the_bytes_arrive() {
    let header = "0000000b 00000000000000ff 00000000";
    let wire = [
        framed_bytes(&format!("{header} 00000002 2f61")),
        framed_bytes(header),
        framed_bytes(&format!("{header} 00000002 7879 {STAT}")),
        framed_bytes(&format!("{header} {STAT}")),
    ]
    .concat();
    let stat = Stat { mzxid: 9, data_length: 2 };
    let mut found = 0;
    let mut begin = 0;
    for end in 0..=wire.len() {
        let Some((reply, length)) = Zookeeper::reply(&wire[begin..end]).unwrap() else { continue };
        assert_eq!(begin + length, end, "a reply is taken as soon as it is complete");
        assert_eq!((reply.xid, reply.zxid), (11, 255));
        match found {
            0 => assert_eq!(reply.path().unwrap(), b"/a"),
            1 => reply.nothing().unwrap(),
            2 => assert_eq!(reply.data().unwrap(), (&b"xy"[..], Stat { ..stat })),
            _ => assert_eq!(reply.stat().unwrap(), stat),
        }
        (begin, found) = (end, found + 1);
    }
    assert_eq!((begin, found), (wire.len(), 4));
}

#[test]
fn an_error_is_no_answer() {
    let wire = framed_bytes("00000001 0000000000000002 ffffff9b");
    let (reply, _) = Zookeeper::reply(&wire).unwrap().unwrap();
    assert_eq!(reply.nothing().unwrap_err().to_string(), "the server answered with error -101");
}

#[test]
fn nonsense_is_an_error() {
    assert!(Zookeeper::reply(&bytes("ffffffff")).is_err(), "a length that no reply has");
    assert!(Zookeeper::reply(&framed_bytes("00000001")).is_err(), "no whole header");
    let header = "00000001 0000000000000002 00000000";
    for body in ["00000003 2f61", "ffffffff", "00000002 2f6100"] {
        let wire = framed_bytes(&format!("{header} {body}"));
        let (reply, _) = Zookeeper::reply(&wire).unwrap().unwrap();
        assert!(reply.path().is_err(), "{body}");
    }
}

#[test]
fn a_session_begins_or_is_refused() {
    let begun = |timeout: &str, session: &str| {
        let password = "00000010 000102030405060708090a0b0c0d0e0f";
        let wire = framed_bytes(&format!("00000000 {timeout} {session} {password} 00"));
        assert_eq!(Handshake::reply(&wire[..wire.len() - 1]).unwrap(), None);
        Handshake::reply(&wire).map(|reply| reply.unwrap().1 == wire.len())
    };
    assert!(begun("00009c40", "0100000000000001").unwrap());
    assert!(begun("00000000", "0000000000000000").is_err());
    assert!(begun("00000fa0", "0100000000000001").is_err(), "too short to live in silence");
}
