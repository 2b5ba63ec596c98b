//! What a client makes of the bytes of a server.

use proptest::prelude::*;
use trellis_tube_codec::{Reply, ReplyError};

use super::{bytes, script};

const BODY_BYTES_MAX: u32 = 1000;

#[test]
fn replies() {
    script::check("replies.txt", run);
}

/// The outcome of a script, after making sure that the same comes of it in any two packets and byte by byte.
fn run(input: &[u8], ends: &[usize]) -> Vec<Vec<String>> {
    let whole = decode(input, [input.len()]);
    assert_eq!(whole, decode(input, 1..=input.len()), "byte by byte");
    for first in 1..input.len() {
        assert_eq!(whole, decode(input, [first, input.len()]), "with {first} bytes in the first packet");
    }
    let (mut start, mut failed) = (0, false);
    let mut outcomes: Vec<Vec<String>> = Vec::new();
    for &end in ends {
        let (replies, result) =
            if failed { (Vec::new(), Ok(0)) } else { decode(&input[start..], [end - start]) };
        let mut outcome: Vec<String> = replies.iter().map(show).collect();
        match result {
            Ok(kept) => start = end - kept,
            Err(error) => {
                failed = true;
                outcome.push(format!("error: {error}"));
            }
        }
        outcomes.push(outcome);
    }
    if !failed && start < input.len() {
        outcomes.last_mut().expect("a packet").push(format!("keeps {}", input.len() - start));
    }
    outcomes
}

/// Decodes packets that end at `ends`: the replies, and the bytes that were kept or the error that ended it.
fn decode(
    input: &[u8],
    ends: impl IntoIterator<Item = usize>,
) -> (Vec<Reply<'_>>, Result<usize, ReplyError>) {
    let mut replies = Vec::new();
    let (mut start, mut kept) = (0, 0);
    for end in ends {
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
            assert!(packet.len() < before, "no progress at {}", bytes::show(packet));
        }
        (start, kept) = (end - packet.len(), packet.len());
    }
    (replies, Ok(kept))
}

fn show(reply: &Reply<'_>) -> String {
    match reply {
        Reply::Reserved { id, body } => format!("Reserved {{ id: {id}, body: \"{}\" }}", bytes::show(body)),
        Reply::Found { id, body } => format!("Found {{ id: {id}, body: \"{}\" }}", bytes::show(body)),
        Reply::Ok { body } => format!("Ok {{ body: \"{}\" }}", bytes::show(body)),
        other => bytes::show(format!("{other:?}").as_bytes()),
    }
}

/// Pieces that meet the decoder's every branch, in any order.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let line = "(INSERTED|BURIED|KICKED|USING|OK|FOUND|RESERVED|DELETED)( [0-9]{1,3}){0,2}(\r\n)?";
    prop_oneof![
        4 => line.prop_map(String::into_bytes),
        2 => "(OK|FOUND 1|RESERVED 2) [0-3]\r\n[a-z]{0,3}\r\n".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::collection::vec(Just(b'a'), 200..260),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Nothing panics, every step makes progress, and packets don't matter.
    #[test]
    fn any_bytes_in_any_packets(
        pieces in prop::collection::vec(piece(), 0..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let input = pieces.concat();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        ends.push(input.len());
        ends.sort_unstable();
        let whole = decode(&input, [input.len()]);
        prop_assert_eq!(&whole, &decode(&input, ends));
        prop_assert_eq!(&whole, &decode(&input, 1..=input.len()));
    }
}
