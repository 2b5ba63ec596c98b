//! What one side writes is what the other reads.

use proptest::prelude::*;
use trellis_zk_codec::{
    Acl, ClientInfo, ConnectRequest, ConnectResponse, CreateMode, ErrorCode, Event, EventKind, KeeperState,
    List, Op, Operation, OperationResult, Reply, ReplyHeader, Request, ResultsEncoder, Stat, encode_children,
    take_frame,
};

use super::samples::{self, Parts};

const FRAME_BYTES_MAX: u32 = 1_000_000;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "/[a-z]{0,8}(/[a-z]{1,8}){0,3}", 1 => "\\PC{0,20}", 1 => Just(String::new())]
}

fn stat() -> impl Strategy<Value = Stat> {
    (any::<[i64; 6]>(), any::<[i32; 5]>()).prop_map(|(long, int)| Stat {
        czxid: long[0],
        mzxid: long[1],
        ctime: long[2],
        mtime: long[3],
        version: int[0],
        cversion: int[1],
        aversion: int[2],
        ephemeral_owner: long[4],
        data_length: int[3],
        num_children: int[4],
        pzxid: long[5],
    })
}

/// The parts of a sample, owned.
#[derive(Clone, Debug)]
struct Owned {
    path: String,
    data: Option<Vec<u8>>,
    number: i32,
    long: i64,
    flag: bool,
    mode: CreateMode,
    code: ErrorCode,
    acl: Vec<(i32, String, String)>,
    paths: Vec<String>,
    stat: Stat,
}

fn owned() -> impl Strategy<Value = Owned> {
    let scalars = (any::<i32>(), any::<i64>(), any::<bool>());
    let words = (prop::sample::select(CreateMode::ALL), prop::sample::select(ErrorCode::ALL));
    let data = prop::option::of(prop::collection::vec(any::<u8>(), 0..300));
    let acl = prop::collection::vec((any::<i32>(), text(), text()), 0..4);
    (text(), data, scalars, words, acl, prop::collection::vec(text(), 0..5), stat()).prop_map(
        |(path, data, (number, long, flag), (mode, code), acl, paths, stat)| Owned {
            path,
            data,
            number,
            long,
            flag,
            mode,
            code,
            acl,
            paths,
            stat,
        },
    )
}

/// Gives `check` the parts of a sample, borrowed.
fn with_parts<R>(owned: &Owned, check: impl FnOnce(&Parts<'_>) -> R) -> R {
    let acl: Vec<Acl<'_>> = owned
        .acl
        .iter()
        .map(|(permissions, scheme, id)| Acl { permissions: *permissions, scheme, id })
        .collect();
    let paths: Vec<&str> = owned.paths.iter().map(String::as_str).collect();
    check(&Parts {
        path: &owned.path,
        data: owned.data.as_deref(),
        number: owned.number,
        long: owned.long,
        flag: owned.flag,
        mode: owned.mode,
        code: owned.code,
        acl: &acl,
        paths: &paths,
        stat: owned.stat,
    })
}

fn frame<'a>(input: &mut &'a [u8]) -> &'a [u8] {
    take_frame(input, FRAME_BYTES_MAX).expect("a length").expect("a whole frame")
}

proptest! {
    #[test]
    fn requests(owned in owned(), xid: i32) {
        with_parts(&owned, |parts| {
            let (operations, reads) = (samples::operations(parts), samples::reads(parts));
            let requests = samples::requests(parts, &operations, &reads);
            let mut out = Vec::new();
            for request in &requests {
                request.encode(xid, &mut out);
            }
            let mut input = out.as_slice();
            for request in requests {
                assert_eq!(Request::decode(frame(&mut input)), Ok((xid, request)));
            }
            assert!(input.is_empty());
        });
    }

    #[test]
    fn replies(owned in owned(), xid: i32, zxid: i64) {
        with_parts(&owned, |parts| {
            let results = samples::results(parts);
            let clients = [ClientInfo { scheme: parts.path, user: "" }];
            let replies = samples::replies(parts, &results, &clients);
            let header = ReplyHeader { xid, zxid, error: None };
            let mut out = Vec::new();
            for (_, reply) in &replies {
                reply.encode(header, &mut out);
            }
            let mut input = out.as_slice();
            for (op, reply) in replies {
                let (read, body) = ReplyHeader::decode(frame(&mut input)).expect("a header");
                assert_eq!((read, Reply::decode(op, body)), (header, Ok(reply)));
            }
            assert!(input.is_empty());
        });
    }

    #[test]
    fn lists_that_are_walked_and_not_kept(owned in owned(), xid: i32, zxid: i64) {
        with_parts(&owned, |parts| {
            let header = ReplyHeader { xid, zxid, error: None };
            let children = List::from(parts.paths);
            let results = samples::results(parts);
            let (mut kept, mut walked) = (Vec::new(), Vec::new());
            Reply::Children { children }.encode(header, &mut kept);
            Reply::ChildrenAndStat { children, stat: parts.stat }.encode(header, &mut kept);
            Reply::Results(results.as_slice().into()).encode(header, &mut kept);

            encode_children(header, children, None, &mut walked);
            encode_children(header, &owned.paths, Some(&parts.stat), &mut walked);
            let mut encoder = ResultsEncoder::begin(header, &mut walked);
            for result in &results {
                match result {
                    OperationResult::GetChildren { children } => encoder.push_children(*children),
                    other => encoder.push(other),
                }
            }
            encoder.end();
            assert_eq!(walked, kept);
        });
    }

    #[test]
    fn handshakes(numbers: [i32; 2], longs: [i64; 2], password: Vec<u8>, read_only: Option<bool>) {
        let [protocol_version, timeout_ms] = numbers;
        let [last_zxid_seen, session] = longs;
        let password = password.as_slice();
        let mut out = Vec::new();
        let request =
            ConnectRequest { protocol_version, last_zxid_seen, timeout_ms, session, password, read_only };
        let response = ConnectResponse { protocol_version, timeout_ms, session, password, read_only };
        request.encode(&mut out);
        response.encode(&mut out);
        let mut input = out.as_slice();
        prop_assert_eq!(ConnectRequest::decode(frame(&mut input)), Ok(request));
        prop_assert_eq!(ConnectResponse::decode(frame(&mut input)), Ok(response));
    }

    #[test]
    fn events(
        kind in prop::sample::select(EventKind::ALL),
        state in prop::sample::select(KeeperState::ALL),
        path in text(),
        zxid: i64,
    ) {
        let event = Event { kind, state, path: &path };
        let mut out = Vec::new();
        event.encode(zxid, &mut out);
        let (header, body) = ReplyHeader::decode(frame(&mut out.as_slice())).expect("a header");
        prop_assert_eq!(header, ReplyHeader { xid: trellis_zk_codec::xid::NOTIFICATION, zxid, error: None });
        prop_assert_eq!(Event::decode(body), Ok(event));
    }

    #[test]
    fn error_codes(number: i32) {
        let code = ErrorCode::from_number(number);
        prop_assert_eq!(code.map_or(0, ErrorCode::number), number);
    }
}

#[test]
fn every_request_is_among_the_samples() {
    let parts = Parts {
        path: "",
        data: None,
        number: 0,
        long: 0,
        flag: false,
        mode: CreateMode::Persistent,
        code: ErrorCode::NoNode,
        acl: &[],
        paths: &[],
        stat: Stat::default(),
    };
    let mut counts = [0; Op::COUNT];
    for request in samples::requests(&parts, &[], &[]) {
        counts[request.op() as usize] += 1;
    }
    assert_eq!(counts, [1; Op::COUNT]);
}

#[test]
fn numbers_and_names_belong_together() {
    for &op in Op::ALL {
        assert_eq!(Op::from_number(op.number()), Some(op));
    }
    for &code in ErrorCode::ALL {
        assert_eq!(ErrorCode::from_number(code.number()), Some(code));
        assert_eq!(code.name(), format!("{code:?}"));
    }
    assert_eq!(ErrorCode::from_number(0), None);
    assert_eq!(Op::from_number(20), None, "servers delete containers, clients don't");
}

#[test]
fn a_multi_of_100_thousand_operations_is_read_where_it_lies() {
    let operations: Vec<Operation<'_>> =
        (0..100_000).map(|version| Operation::Check { path: "/a", version }).collect();
    let mut out = Vec::new();
    Request::Multi(operations.as_slice().into()).encode(1, &mut out);
    let bytes_max = u32::try_from(out.len()).expect("some megabytes");
    let mut input = out.as_slice();
    let frame = take_frame(&mut input, bytes_max).expect("a length").expect("a whole frame");
    let Ok((1, Request::Multi(read))) = Request::decode(frame) else { panic!("a multi") };
    assert_eq!(read.len(), operations.len());
    assert!(read.iter().eq(operations));
}
