//! Any bytes as frames of a ZooKeeper client, whole and in packets. The outcome must be the same, nothing may panic,
//! and a request that was read must be written as bytes that are read as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_zk_codec::{
    ConnectRequest, FourLetterWord, FrameError, Request, RequestError, frame_bytes_wanted, take_frame,
};

/// Small, so that frames over it are found soon.
const FRAME_BYTES_MAX: u32 = 300;

fuzz_target!(|data: (&[u8], u8)| {
    let (input, packet_bytes) = data;
    let whole = frames(input, input.len().max(1));
    assert_eq!(whole, frames(input, usize::from(packet_bytes).max(1)));
    let _ = FourLetterWord::detect(input);
    for frame in whole.0 {
        if let Ok(request) = ConnectRequest::decode(frame) {
            let mut out = Vec::new();
            request.encode(&mut out);
            assert_eq!(ConnectRequest::decode(&out[4..]), Ok(request));
        }
        match Request::decode(frame) {
            Ok((xid, request)) => {
                let mut out = Vec::new();
                request.encode(xid, &mut out);
                assert!(out.len() <= 4 + frame.len(), "what is read is no more than what was there");
                assert_eq!(Request::decode(&out[4..]), Ok((xid, request)));
            }
            Err(error) => assert_eq!(error.answer().is_none(), frame.len() < 8 || is_authentication(error)),
        }
    }
});

/// Whether the connection is closed without a word.
fn is_authentication(error: RequestError) -> bool {
    error.hangs_up() && matches!(error, RequestError::Malformed { .. })
}

fn frames(input: &[u8], packet_bytes: usize) -> (Vec<&[u8]>, Result<usize, FrameError>) {
    let mut frames = Vec::new();
    let (mut start, mut end) = (0, 0);
    while end < input.len() {
        end = input.len().min(end + packet_bytes);
        let mut packet = &input[start..end];
        loop {
            let before = packet.len();
            match take_frame(&mut packet, FRAME_BYTES_MAX) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => {
                    assert_eq!(packet.len(), before, "nothing is consumed before the frame is complete");
                    let wanted = frame_bytes_wanted(packet);
                    assert!((1..=4 + FRAME_BYTES_MAX as usize).contains(&wanted));
                    break;
                }
                Err(error) => return (frames, Err(error)),
            }
            assert!(packet.len() < before, "each frame consumes something");
        }
        start = end - packet.len();
    }
    (frames, Ok(input.len() - start))
}
