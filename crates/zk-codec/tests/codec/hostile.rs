//! Bytes of somebody who means harm, or whose memory is bad: nothing panics, and what is read is sound.

use proptest::prelude::*;
use trellis_zk_codec::{
    Acl, ClientInfo, ConnectRequest, ConnectResponse, CreateMode, ErrorCode, Event, Op, Reply, ReplyHeader,
    Request, Stat, take_frame,
};

use super::samples::{self, Parts};

const PARTS: Parts<'static> = Parts {
    path: "/path",
    data: Some(b"data"),
    number: 7,
    long: 8,
    flag: true,
    mode: CreateMode::Ephemeral,
    code: ErrorCode::NoNode,
    acl: &[Acl::OPEN, Acl { permissions: 1, scheme: "ip", id: "127.0.0.1" }],
    paths: &["/a", "/b/c"],
    stat: Stat {
        czxid: 1,
        mzxid: 2,
        ctime: 3,
        mtime: 4,
        version: 5,
        cversion: 6,
        aversion: 7,
        ephemeral_owner: 8,
        data_length: 9,
        num_children: 10,
        pzxid: 11,
    },
};

/// What a frame's bytes may be replaced by: lengths and numbers of all sizes.
fn damage() -> impl Strategy<Value = [u8; 4]> {
    let number =
        prop_oneof![any::<i32>(), -3..20_i32, Just(i32::MAX), Just(i32::MIN), 1_048_500..1_048_600_i32];
    number.prop_map(i32::to_be_bytes)
}

fn damaged(out: &[u8], place: prop::sample::Index, damage: [u8; 4]) -> Vec<u8> {
    let mut frame = out[4..].to_vec();
    let start = place.index(frame.len());
    let end = frame.len().min(start + 4);
    frame[start..end].copy_from_slice(&damage[..end - start]);
    frame
}

/// Reads a request, and if it is one, writes and reads it again.
fn read_request(frame: &[u8]) {
    if let Ok((xid, request)) = Request::decode(frame) {
        let mut out = Vec::new();
        request.encode(xid, &mut out);
        assert!(out.len() <= frame.len() + 4, "what is read is no more than what was there");
        let again = take_frame(&mut out.as_slice(), i32::MAX as u32).expect("a length").expect("a frame");
        assert_eq!(Request::decode(again), Ok((xid, request)));
    }
}

/// Reads the body of a reply, and if it is one, writes and reads it again.
fn read_reply(op: Op, body: &[u8]) {
    if let Ok(reply) = Reply::decode(op, body) {
        let mut out = Vec::new();
        reply.encode(ReplyHeader { xid: 1, zxid: 2, error: None }, &mut out);
        let (_, again) = ReplyHeader::decode(&out[4..]).expect("a header");
        assert!(again.len() <= body.len(), "what is read is no more than what was there");
        assert_eq!(Reply::decode(op, again), Ok(reply));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn requests_with_damage(place: prop::sample::Index, damage in damage()) {
        let (operations, reads) = (samples::operations(&PARTS), samples::reads(&PARTS));
        for request in samples::requests(&PARTS, &operations, &reads) {
            let mut out = Vec::new();
            request.encode(1, &mut out);
            read_request(&damaged(&out, place, damage));
        }
    }

    #[test]
    fn replies_with_damage(place: prop::sample::Index, damage in damage()) {
        let results = samples::results(&PARTS);
        let clients = [ClientInfo { scheme: "ip", user: "127.0.0.1" }];
        for (op, reply) in samples::replies(&PARTS, &results, &clients) {
            let mut out = Vec::new();
            reply.encode(ReplyHeader { xid: 1, zxid: 2, error: None }, &mut out);
            if let Ok((_, body)) = ReplyHeader::decode(&damaged(&out, place, damage)) {
                read_reply(op, body);
            }
        }
    }

    #[test]
    fn any_bytes(
        op in prop::sample::select(Op::ALL),
        bytes in prop::collection::vec(prop_oneof![3 => 0..4_u8, 1 => any::<u8>()], 0..200),
    ) {
        let frame = [&[0, 0, 0, 1], op.number().to_be_bytes().as_slice(), &bytes].concat();
        read_request(&frame);
        read_request(&bytes);
        read_reply(op, &bytes);
        let _ = (ConnectRequest::decode(&bytes), ConnectResponse::decode(&bytes), Event::decode(&bytes));
    }
}
