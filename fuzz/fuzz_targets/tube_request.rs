//! Any bytes as requests of a beanstalk client, whole and in packets. The outcome must be the same, nothing may
//! panic, and what is kept must stay bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_tube_codec::limits::LINE_BYTES_MAX;
use trellis_tube_codec::{Decoded, Decoder};

/// Small, so that bodies over it are found soon.
const JOB_BYTES_MAX: u32 = 300;

fuzz_target!(|data: (&[u8], u8)| {
    let (input, packet_bytes) = data;
    let whole = decode(input, input.len().max(1));
    assert_eq!(whole, decode(input, usize::from(packet_bytes).max(1)));
});

fn decode(input: &[u8], packet_bytes: usize) -> (Vec<Decoded<'_>>, usize) {
    let mut decoder = Decoder::new(JOB_BYTES_MAX);
    let mut decoded = Vec::new();
    let (mut start, mut end) = (0, 0);
    while end < input.len() {
        end = input.len().min(end + packet_bytes);
        let mut packet = &input[start..end];
        let mut before = packet.len();
        while let Some(found) = decoder.decode(&mut packet) {
            assert!(packet.len() < before, "each step consumes something");
            before = packet.len();
            decoded.push(found);
        }
        assert!(packet.len() <= LINE_BYTES_MAX.max(JOB_BYTES_MAX as usize + 1), "what is kept is bounded");
        assert!((1..=JOB_BYTES_MAX as usize + 2).contains(&decoder.bytes_wanted(packet.len())));
        start = end - packet.len();
    }
    (decoded, input.len() - start)
}
