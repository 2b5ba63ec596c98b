//! What a server makes of the bytes of a client.

use proptest::prelude::*;
use trellis_tube_codec::limits::LINE_BYTES_MAX;
use trellis_tube_codec::{Decoded, Decoder, Request};

use super::{bytes, script};

/// beanstalkd's default.
const JOB_BYTES_MAX: u32 = 65_535;

#[test]
fn commands() {
    script::check("commands.txt", run);
}

#[test]
fn numbers() {
    script::check("numbers.txt", run);
}

#[test]
fn puts() {
    script::check("puts.txt", run);
}

#[test]
fn lines() {
    script::check("lines.txt", run);
}

#[test]
fn tube_names() {
    script::check("tube-names.txt", run);
}

/// The outcome of a script, after making sure that the same comes of it in any two packets and byte by byte.
fn run(input: &[u8], ends: &[usize]) -> Vec<Vec<String>> {
    let whole = decode(input, JOB_BYTES_MAX, [input.len()]);
    assert_eq!(whole, decode(input, JOB_BYTES_MAX, 1..=input.len()), "byte by byte");
    for first in 1..input.len() {
        let split = decode(input, JOB_BYTES_MAX, [first, input.len()]);
        assert_eq!(whole, split, "with {first} bytes in the first packet");
    }
    let mut connection = Connection::new(input, JOB_BYTES_MAX);
    let mut outcomes: Vec<Vec<String>> =
        ends.iter().map(|&end| connection.receive(end).iter().map(show).collect()).collect();
    let (kept, wanted) = connection.kept_and_wanted();
    if kept > 0 || wanted > 1 {
        outcomes.last_mut().expect("a packet").push(format!("keeps {kept}, wants {wanted}"));
    }
    outcomes
}

/// Decodes packets that end at `ends`: all that came of them, the bytes that were kept, and those wanted.
fn decode(
    input: &[u8],
    job_bytes_max: u32,
    ends: impl IntoIterator<Item = usize>,
) -> (Vec<Decoded<'_>>, (usize, usize)) {
    let mut connection = Connection::new(input, job_bytes_max);
    let decoded = ends.into_iter().flat_map(|end| connection.receive(end)).collect();
    (decoded, connection.kept_and_wanted())
}

/// A decoder, and the bytes that it gets one after another.
struct Connection<'a> {
    decoder: Decoder,
    input: &'a [u8],
    consumed: usize,
    received: usize,
    kept_max: usize,
}

impl<'a> Connection<'a> {
    fn new(input: &'a [u8], job_bytes_max: u32) -> Self {
        let kept_max = (LINE_BYTES_MAX - 1).max(job_bytes_max as usize + 1);
        Self { decoder: Decoder::new(job_bytes_max), input, consumed: 0, received: 0, kept_max }
    }

    /// Receives what comes up to `end`.
    fn receive(&mut self, end: usize) -> Vec<Decoded<'a>> {
        let mut packet = &self.input[self.consumed..end];
        let mut decoded = Vec::new();
        let mut before = packet.len();
        while let Some(found) = self.decoder.decode(&mut packet) {
            assert!(packet.len() < before, "no progress at {}", bytes::show(packet));
            before = packet.len();
            decoded.push(found);
        }
        (self.consumed, self.received) = (end - packet.len(), end);
        let (kept, wanted) = self.kept_and_wanted();
        assert!(kept <= self.kept_max, "{kept} bytes kept");
        assert!((1..=self.kept_max + 1).contains(&wanted), "{wanted} bytes wanted");
        decoded
    }

    fn kept_and_wanted(&self) -> (usize, usize) {
        let kept = self.received - self.consumed;
        (kept, self.decoder.bytes_wanted(kept))
    }
}

fn show(decoded: &Decoded<'_>) -> String {
    match decoded {
        Decoded::Request(Request::Put { priority, delay, ttr, body }) => {
            let body = bytes::show(body);
            format!("Put {{ priority: {priority}, delay: {delay}, ttr: {ttr}, body: \"{body}\" }}")
        }
        Decoded::Request(request) => bytes::show(format!("{request:?}").as_bytes()),
        Decoded::Rejected { op, uses_up_id, reply } => {
            let counted = op.map(|op| format!(", counted as {op:?}")).unwrap_or_default();
            let id = if *uses_up_id { ", uses up an id" } else { "" };
            format!("{reply:?}{counted}{id}")
        }
    }
}

/// The packets that are wanted are the packets that help: with one byte less, nothing more is found.
#[test]
fn wanted_bytes_are_needed_and_enough_for_a_body() {
    let input =
        b"put 0 0 0 1000\r\n".iter().copied().chain([b'x'; 1000]).chain(*b"\r\n").collect::<Vec<u8>>();
    let mut decoder = Decoder::new(JOB_BYTES_MAX);
    let mut packet = &input[..100];
    assert_eq!(decoder.decode(&mut packet), None);
    let start = 100 - packet.len();
    let end = 100 + decoder.bytes_wanted(packet.len());
    assert_eq!(decoder.decode(&mut &input[start..end - 1]), None);
    assert!(matches!(decoder.decode(&mut &input[start..end]), Some(Decoded::Request(Request::Put { .. }))));
}

/// Pieces that meet the decoder's every branch, in any order.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let line = "(put|delete|reserve|reserve-with-timeout|kick|stats|use|pause-tube|quit|x)( -?[0-9]{1,3}){0,4}(\r\n)?";
    prop_oneof![
        4 => line.prop_map(String::into_bytes),
        2 => "put 0 0 0 [0-9]{1,2}\r\n".prop_map(String::into_bytes),
        2 => "[\r\n]{1,3}".prop_map(String::into_bytes),
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
        job_bytes_max in prop_oneof![Just(0), Just(10), Just(400)],
    ) {
        let input = pieces.concat();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        ends.push(input.len());
        ends.sort_unstable();
        let whole = decode(&input, job_bytes_max, [input.len()]);
        prop_assert_eq!(&whole, &decode(&input, job_bytes_max, ends));
        prop_assert_eq!(&whole, &decode(&input, job_bytes_max, 1..=input.len()));
    }
}
