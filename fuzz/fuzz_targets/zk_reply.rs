//! Any bytes as a frame of a ZooKeeper server: nothing may panic, and what was read must be written as bytes that
//! are read as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_zk_codec::{ConnectResponse, Event, Op, Reply, ReplyHeader, xid};

fuzz_target!(|data: (u8, &[u8])| {
    let (op, frame) = data;
    if let Ok(response) = ConnectResponse::decode(frame) {
        let mut out = Vec::new();
        response.encode(&mut out);
        assert_eq!(ConnectResponse::decode(&out[4..]), Ok(response));
    }
    let Ok((header, body)) = ReplyHeader::decode(frame) else { return };
    let mut out = Vec::new();
    if header.xid == xid::NOTIFICATION {
        let Ok(event) = Event::decode(body) else { return };
        event.encode(header.zxid, &mut out);
        let (_, again) = ReplyHeader::decode(&out[4..]).expect("a header");
        assert_eq!(Event::decode(again), Ok(event));
    } else {
        let op = Op::ALL[usize::from(op) % Op::COUNT];
        let Ok(reply) = Reply::decode(op, body) else { return };
        reply.encode(header, &mut out);
        assert!(out.len() <= 4 + frame.len(), "what is read is no more than what was there");
        let (read, again) = ReplyHeader::decode(&out[4..]).expect("a header");
        assert_eq!((read, Reply::decode(op, again)), (header, Ok(reply)));
    }
});
