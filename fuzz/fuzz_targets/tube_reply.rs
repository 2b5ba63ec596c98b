//! Any bytes as replies of a beanstalk server, whole and in packets. The outcome must be the same, nothing may
//! panic, and a reply that was read must be written as bytes that are read as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_tube_codec::{Reply, ReplyError, yaml};

/// Small, so that bodies over it are found soon.
const BODY_BYTES_MAX: u32 = 300;

fuzz_target!(|data: (&[u8], u8)| {
    let (input, packet_bytes) = data;
    let whole = decode(input, input.len().max(1));
    assert_eq!(whole, decode(input, usize::from(packet_bytes).max(1)));
    for reply in whole.0 {
        let mut out = Vec::new();
        reply.encode(&mut out);
        assert_eq!(Reply::decode(&mut out.as_slice(), BODY_BYTES_MAX), Ok(Some(reply)));
        if let Reply::Ok { body } = reply {
            assert!(yaml::parse_map(body).count() + yaml::parse_list(body).count() <= 2 * body.len());
        }
    }
});

fn decode(input: &[u8], packet_bytes: usize) -> (Vec<Reply<'_>>, Result<usize, ReplyError>) {
    let mut replies = Vec::new();
    let (mut start, mut end) = (0, 0);
    while end < input.len() {
        end = input.len().min(end + packet_bytes);
        let mut packet = &input[start..end];
        loop {
            let before = packet.len();
            match Reply::decode(&mut packet, BODY_BYTES_MAX) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => {
                    assert_eq!(packet.len(), before, "nothing is consumed before the reply is complete");
                    break;
                }
                Err(error) => return (replies, Err(error)),
            }
            assert!(packet.len() < before, "each reply consumes something");
        }
        start = end - packet.len();
    }
    (replies, Ok(input.len() - start))
}
