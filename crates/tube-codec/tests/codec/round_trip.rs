//! What one side writes is what the other reads.

use proptest::prelude::*;
use trellis_tube_codec::limits::RESERVE_SECONDS_MAX;
use trellis_tube_codec::{Decoded, Decoder, Rejection, Reply, Request};

proptest! {
    #[test]
    fn requests(
        numbers in (any::<u64>(), any::<u32>(), any::<u32>(), any::<u32>()),
        seconds in 0..=RESERVE_SECONDS_MAX,
        tube in "[a-zA-Z0-9+/;.$_()][a-zA-Z0-9+/;.$_()-]{0,199}",
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let requests = every_request(numbers, seconds, &tube, &body);
        let mut bytes = Vec::new();
        for request in &requests {
            request.encode(&mut bytes);
        }
        let mut decoder = Decoder::new(300);
        let mut input = bytes.as_slice();
        for request in requests {
            prop_assert_eq!(decoder.decode(&mut input), Some(Decoded::Request(request)));
        }
        prop_assert!(input.is_empty());
    }

    #[test]
    fn replies(
        id: u64,
        tube in "[a-zA-Z0-9+/;.$_()][a-zA-Z0-9+/;.$_()-]{0,199}",
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let replies = every_reply(id, &tube, &body);
        let mut bytes = Vec::new();
        for reply in &replies {
            reply.encode(&mut bytes);
        }
        let mut input = bytes.as_slice();
        for reply in replies {
            prop_assert_eq!(Reply::decode(&mut input, 300), Ok(Some(reply)));
        }
        prop_assert!(input.is_empty());
    }
}

fn every_request<'a>(
    (id, priority, delay, ttr): (u64, u32, u32, u32),
    seconds: u32,
    tube: &'a str,
    body: &'a [u8],
) -> [Request<'a>; 25] {
    [
        Request::Put { priority, delay, ttr, body },
        Request::Use { tube },
        Request::Reserve,
        Request::ReserveWithTimeout { seconds },
        Request::ReserveJob { id },
        Request::Delete { id },
        Request::Release { id, priority, delay },
        Request::Bury { id, priority },
        Request::Touch { id },
        Request::Watch { tube },
        Request::Ignore { tube },
        Request::Peek { id },
        Request::PeekReady,
        Request::PeekDelayed,
        Request::PeekBuried,
        Request::Kick { bound: priority },
        Request::KickJob { id },
        Request::Stats,
        Request::StatsJob { id },
        Request::StatsTube { tube },
        Request::ListTubes,
        Request::ListTubeUsed,
        Request::ListTubesWatched,
        Request::PauseTube { tube, delay },
        Request::Quit,
    ]
}

fn every_reply<'a>(id: u64, tube: &'a str, body: &'a [u8]) -> [Reply<'a>; 25] {
    [
        Reply::Inserted { id },
        Reply::InsertedBuried { id },
        Reply::Buried,
        Reply::Using { tube },
        Reply::Reserved { id, body },
        Reply::DeadlineSoon,
        Reply::TimedOut,
        Reply::Deleted,
        Reply::Released,
        Reply::Touched,
        Reply::Watching { count: id },
        Reply::NotIgnored,
        Reply::NotFound,
        Reply::Found { id, body },
        Reply::Kicked { count: id },
        Reply::KickedJob,
        Reply::Paused,
        Reply::Ok { body },
        Reply::Draining,
        Reply::OutOfMemory,
        Reply::InternalError,
        Rejection::ExpectedCrlf.into(),
        Rejection::JobTooBig.into(),
        Rejection::BadFormat.into(),
        Rejection::UnknownCommand.into(),
    ]
}

#[test]
fn every_kind_is_counted_at_a_place_of_its_own() {
    let mut counts = [0; trellis_tube_codec::Op::COUNT];
    for request in every_request((0, 0, 0, 0), 0, "tube", b"") {
        counts[request.op() as usize] += 1;
    }
    assert!(counts.iter().all(|&count| count == 1));
}
