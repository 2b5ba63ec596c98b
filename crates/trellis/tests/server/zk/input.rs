//! Bad input: whoever sends it gets the right error or is hung up on, its session lives on, and the others notice
//! nothing.

use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;
use trellis_zk_codec::{
    Acl, ConnectRequest, Create, CreateMode, ErrorCode, List, Op, Operation, OperationResult, Reply, Request,
};

use super::client::{CONNECT, Client, LONG_MS, create, encode, encode_connect, set};
use super::others_go_on;
use super::pulse::{BUSY_MAX, Pulse};
use super::samples;
use super::wire::{Wire, framed};
use crate::server::Server;

const MEBIBYTE: usize = 1024 * 1024;
/// The bytes of the number and the operation that every request begins with.
const HEADER_BYTES: usize = 8;

/// Lengths that no frame has.
const LENGTHS: [i32; 6] = [0, -1, i32::MIN, i32::MIN + 1, 1 << 20, i32::MAX];

/// The session that a client was hung up on in is still there.
#[track_caller]
fn assert_session_lives(server: &Server, client: &Client) {
    Client::resume(server.zookeeper(), &client.session).expect("the session lives").close();
}

#[test]
fn frames_of_impossible_lengths_end_the_connection() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    for length in LENGTHS {
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(length.to_be_bytes());
        wire.assert_ended();

        let mut client = Client::open(server.zookeeper());
        let before =
            [encode(&create("/before", b""), 1), encode(&Request::Delete { path: "/before", version: 0 }, 2)];
        client
            .wire
            .send([before.concat(), length.to_be_bytes().to_vec(), encode(&Request::Ping, 3)].concat());
        for xid in [1, 2] {
            let answer = client.answer();
            assert_eq!((answer.header.xid, answer.header.error), (xid, None), "what came before is done");
        }
        client.wire.assert_ended();
        assert_session_lives(&server, &client);
        others_go_on(&mut others);
    }
}

#[test]
fn a_frame_may_be_as_long_as_the_limit() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/a", b"").expect("it is created");
    let around = encode(&set("/a", b""), 1).len() - 4;
    let data = vec![b'x'; FRAME_BYTES_MAX_DEFAULT as usize - around];
    for _ in 0..20 {
        client.set("/a", &data).expect("it fits");
        assert!(client.get("/a").expect("it is there") == data);
    }
    // A byte more shows in its length alone: the server hangs up before the rest could be sent.
    let frame = encode(&set("/a", &[data, vec![b'x']].concat()), 1);
    client.wire.send(&frame[..4]);
    client.wire.assert_ended();
    assert_session_lives(&server, &client);
}

#[test]
fn what_is_announced_and_does_not_come_takes_no_memory() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    others_go_on(&mut others);
    let before = server.resident_bytes();
    let mut clients: Vec<Client> = (0..50).map(|_| Client::open(server.zookeeper())).collect();
    for client in &mut clients {
        client.wire.send(FRAME_BYTES_MAX_DEFAULT.to_be_bytes());
        client.wire.send([0; 100]);
    }
    others_go_on(&mut others);
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < 8 * MEBIBYTE, "it grew by {growth} bytes");
}

#[test]
fn what_comes_of_unfinished_requests_has_a_bound() {
    /// What all of them may have, and about what the server may take besides.
    const UNFINISHED_BYTES_MAX: usize = 256 * MEBIBYTE;
    const GROWTH_MAX: usize = UNFINISHED_BYTES_MAX + 64 * MEBIBYTE;
    let mut server = Server::zookeeper_in_memory(&["--zookeeper-max-connections-per-address", "off"]);
    let mut others = Client::open(server.zookeeper());
    others.create("/a", b"").expect("it is created");
    let before = server.resident_bytes();
    let frame = encode(&set("/a", &vec![b'x'; 1_000_000]), 7);
    let (most, last) = frame.split_at(frame.len() - 1);
    let mut clients: Vec<Client> = (0..400).map(|_| Client::open(server.zookeeper())).collect();
    clients[0].wire.send(most);
    others_go_on(&mut others);
    for client in &mut clients[1..] {
        // It may be closed in the middle.
        let _ = client.wire.try_send(most);
    }
    server.wait_for("requests whose rest has not come");
    others_go_on(&mut others);
    let growth = server.peak_bytes().saturating_sub(before);
    assert!(growth < GROWTH_MAX, "it grew by {growth} bytes");

    // Who came first is not hung up on for others.
    clients[0].wire.send(last);
    assert_eq!(clients[0].answer().header.error, None);
    // Whoever was hung up on has its session, and there is room when the others have gone.
    let mut client = Client::resume(server.zookeeper(), &clients[399].session).expect("the session lives");
    clients.truncate(1);
    others_go_on(&mut others);
    client.set("/a", &vec![b'y'; 1_000_000]).expect("there is room");
}

#[test]
fn whoever_begins_with_something_else_is_hung_up_on() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    let connect = encode_connect(&ConnectRequest { read_only: None, ..CONNECT })[4..].to_vec();
    let mut beginnings: Vec<Vec<u8>> = [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"put 0 0 10 1\r\nx\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ]
    .map(<[u8]>::to_vec)
    .into();
    beginnings.extend((1..connect.len()).map(|end| framed(&connect[..end])));
    for password_length in [17, -2, i32::MIN, i32::MAX] {
        let mut lying = connect.clone();
        lying[24..28].copy_from_slice(&i32::to_be_bytes(password_length));
        beginnings.push(framed(&lying));
    }
    for beginning in beginnings {
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(&beginning);
        wire.assert_ended();
        others_go_on(&mut others);
    }
}

#[test]
fn a_second_handshake_is_an_operation_that_does_not_exist() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.wire.send([encode_connect(&CONNECT), encode(&Request::Ping, 1)].concat());
    let answer = client.answer();
    assert_eq!((answer.header.xid, answer.header.error), (0, Some(ErrorCode::Unimplemented)));
    client.wire.assert_ended();
    assert_session_lives(&server, &client);
}

#[test]
fn operations_that_do_not_exist_end_the_connection_behind_an_answer() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    for number in [0, 10, 20, 23, 99, 108, 1000, -1, -10, -12, i32::MIN, i32::MAX] {
        let mut client = Client::open(server.zookeeper());
        let unknown = framed(&[7_i32.to_be_bytes(), number.to_be_bytes(), [1, 2, 3, 4]].concat());
        // It has its place behind what came before it, and nothing comes after it.
        client.wire.send([encode(&create("/a", b""), 6), unknown, encode(&Request::Ping, 8)].concat());
        assert_eq!(client.answer().header.xid, 6);
        let answer = client.answer();
        assert_eq!((answer.header.xid, answer.header.error), (7, Some(ErrorCode::Unimplemented)), "{number}");
        assert_eq!(answer.body, b"");
        client.wire.assert_ended();
        assert_session_lives(&server, &client);
        others_go_on(&mut others);
    }
}

#[test]
fn requests_that_are_cut_off_are_refused_and_no_more() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    let mut others = Client::open(server.zookeeper());
    for request in samples::requests() {
        let whole = encode(&request, 5)[4..].to_vec();
        for end in HEADER_BYTES..whole.len() {
            client.wire.send(framed(&whole[..end]));
            let answer = client.answer();
            let refused = (5, Some(ErrorCode::MarshallingError));
            assert_eq!((answer.header.xid, answer.header.error), refused, "{request:?}, cut at {end}");
        }
        client.ping();
    }
    for end in 0..HEADER_BYTES {
        let mut client = Client::open(server.zookeeper());
        client.wire.send(framed(&encode(&Request::Ping, 5)[4..4 + end]));
        client.wire.assert_ended();
        assert_session_lives(&server, &client);
    }
    for request in [
        Request::Auth { kind: 0, scheme: "digest", credentials: Some(b"a:b") },
        Request::Sasl { token: b"a token" },
    ] {
        let whole = encode(&request, 5)[4..].to_vec();
        for end in HEADER_BYTES..whole.len() {
            let mut client = Client::open(server.zookeeper());
            client.wire.send(framed(&whole[..end]));
            client.wire.assert_ended();
            assert_session_lives(&server, &client);
        }
    }
    others_go_on(&mut others);
    assert_eq!(others.children("/", false).expect("the root is there"), ["zookeeper"], "nothing was done");
}

#[test]
fn requests_with_something_behind_them_are_done() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    let request = encode(&create("/a", b""), 5);
    client.wire.send(framed(&[&request[4..], b"something else"].concat()));
    assert_eq!(client.answer().header.error, None);
    client.exists("/a", false).expect("it is there");
}

#[test]
fn numbers_in_requests_that_cannot_be_are_refused() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    let get = encode(&Request::GetData { path: "/", watch: false }, 5)[4..].to_vec();
    let new = encode(&create("/a", b"b"), 5)[4..].to_vec();
    let watches = Request::SetWatches { zxid: 0, data: List::EMPTY, exist: List::EMPTY, child: List::EMPTY };
    let watches = encode(&watches, 5)[4..].to_vec();
    // Where the length of a string, of data, and of lists stand.
    for (request, places) in [(get, &[8][..]), (new, &[8, 14, 19][..]), (watches, &[16, 20, 24])] {
        for place in places {
            for number in [i32::MIN, -2, 1000, 1 << 20, i32::MAX] {
                let mut lying = request.clone();
                lying[*place..place + 4].copy_from_slice(&number.to_be_bytes());
                client.wire.send(framed(&lying));
                let answer = client.answer();
                // A list of fewer than no things has none, as in Java.
                let empty = number < 0 && (request.len() == 28 || *place == 19);
                match answer.header.error {
                    Some(error) => {
                        assert!(matches!(error, ErrorCode::MarshallingError | ErrorCode::BadArguments));
                    }
                    None => assert!(empty, "{number} at {place} is taken"),
                }
            }
        }
    }
    assert_eq!(client.children("/", false).expect("the root is there"), ["zookeeper"]);
}

#[test]
fn strings_that_are_not_utf8_are_refused() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    for request in samples::requests() {
        let mut bytes = encode(&request, 5);
        let Some(place) = bytes.windows(2).position(|pair| pair == b"/s" || pair == b"/a") else { continue };
        for damage in [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0"] {
            bytes[place..place + 2].copy_from_slice(damage);
            client.wire.send(&bytes);
            let answer = client.answer();
            let error = answer.header.error.expect("it is refused");
            assert!(
                matches!(error, ErrorCode::NoNode | ErrorCode::BadArguments | ErrorCode::NoWatcher),
                "{request:?} is answered {error:?}"
            );
        }
    }
    client.wire.send(
        encode(&Request::Auth { kind: 0, scheme: "digest", credentials: None }, 5)
            .iter()
            .map(|byte| if *byte == b'g' { 0xff } else { *byte })
            .collect::<Vec<u8>>(),
    );
    assert_eq!(client.answer().header.error, Some(ErrorCode::AuthFailed));
    client.wire.assert_ended();
    assert_session_lives(&server, &client);
}

/// A request of that operation whose first string is null.
fn with_null(op: Op, rest: &[u8]) -> Vec<u8> {
    framed(&[&5_i32.to_be_bytes()[..], &op.number().to_be_bytes(), &(-1_i32).to_be_bytes(), rest].concat())
}

#[test]
fn null_strings_are_answered_as_by_the_real_server() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    let number = [0, 0, 0, 3];
    for (op, rest, expected) in [
        (Op::Exists, &[0][..], Some(ErrorCode::MarshallingError)),
        (Op::Delete, &number, Some(ErrorCode::MarshallingError)),
        (Op::SetData, &[0; 8], Some(ErrorCode::BadArguments)),
        (Op::SetAcl, &[0; 8], Some(ErrorCode::BadArguments)),
        (Op::Check, &number, Some(ErrorCode::BadArguments)),
        (Op::CheckWatches, &number, Some(ErrorCode::MarshallingError)),
        (Op::RemoveWatches, &number, Some(ErrorCode::NoWatcher)),
        (Op::AddWatch, &[0; 4], None),
        (Op::Sync, &[], None),
        (Op::GetEphemerals, &[], None),
    ] {
        client.wire.send(with_null(op, rest));
        assert_eq!(client.answer().header.error, expected, "{op:?}");
    }
    client.send(&Request::Auth { kind: 0, scheme: "digest", credentials: None });
    assert_eq!(client.answer().header.error, Some(ErrorCode::AuthFailed));
    client.wire.assert_ended();
    assert_session_lives(&server, &client);
}

/// As many operations of a multi as there is room for, on a path of two bytes.
fn operations_that_fit(operation: Operation<'_>) -> usize {
    let one = encode(&Request::Multi((&[operation]).into()), 1).len();
    let each = one - encode(&Request::Multi(List::EMPTY), 1).len();
    FRAME_BYTES_MAX_DEFAULT as usize / each - 1
}

#[test]
fn a_multi_has_as_many_operations_as_fit_into_a_frame() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/a", b"").expect("it is created");
    let check = Operation::Check { path: "/a", version: 0 };
    let many = vec![check; 100_000];
    // The connection ends with the first bytes, so it need not take all of them.
    let _ = client.try_send(&Request::Multi(many.as_slice().into()));
    client.wire.rest();
    let mut client = Client::resume(server.zookeeper(), &client.session).expect("the session lives");

    let count = operations_that_fit(check);
    assert!(count > 50_000);
    let mut operations = vec![check; count];
    let (answer, pulse) =
        Pulse::during(&server, || client.ask(&Request::Multi(operations.as_slice().into())));
    println!("{count} operations in one: {pulse}");
    assert!(pulse.busiest() < BUSY_MAX, "{pulse}");
    let answer = answer.expect("it is done");
    assert_eq!(results(&answer.reply(Op::Multi)).len(), count);

    let missing = Operation::Delete { path: "/b", version: 0 };
    let change = Operation::SetData { path: "/a", data: None, version: -1 };
    operations = vec![change; operations_that_fit(change)];
    *operations.last_mut().expect("there are some") = missing;
    let (answer, pulse) =
        Pulse::during(&server, || client.ask(&Request::Multi(operations.as_slice().into())));
    println!("{} changes that are undone: {pulse}", operations.len());
    assert!(pulse.busiest() < BUSY_MAX, "{pulse}");
    let answer = answer.expect("the results are told");
    let reply = answer.reply(Op::Multi);
    let results = results(&reply);
    assert_eq!(results.len(), operations.len());
    assert_eq!(results.iter().last(), Some(OperationResult::Error(ErrorCode::NoNode)));
    assert_eq!(client.exists("/a", false).expect("it is there").version, 0, "nothing has changed");
}

fn results<'a>(reply: &Reply<'a>) -> List<'a, OperationResult<'a>> {
    match reply {
        Reply::Results(results) => *results,
        other => panic!("{other:?} answers a multi"),
    }
}

#[test]
fn whatever_comes_byte_by_byte_is_understood_and_holds_up_nobody() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    let connect = encode_connect(&CONNECT);
    let requests = [
        encode(&create("/slow", b"data"), 1),
        encode(&Request::GetData { path: "/slow", watch: true }, 2),
        encode(&Request::Delete { path: "/slow", version: 0 }, 3),
        encode(&Request::CloseSession, 4),
    ];
    let mut wire = Wire::connect(server.zookeeper());
    let slowly = |wire: &mut Wire, others: &mut Client, bytes: &[u8]| {
        for byte in bytes {
            wire.send([*byte]);
            // The server has read it before the next one comes.
            others_go_on(others);
        }
    };
    slowly(&mut wire, &mut others, &connect);
    let mut client = Client::welcomed(wire).expect("a session is begun");
    slowly(&mut client.wire, &mut others, &requests.concat());
    for (xid, body) in [(1, 9), (2, 76), (3, 0), (4, 0)] {
        let answer = client.answer();
        assert_eq!((answer.header.xid, answer.header.error, answer.body.len()), (xid, None, body));
    }
    client.wire.assert_ended();
}

#[test]
fn requests_may_be_cut_at_every_byte() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    let mut client = Client::open_for(server.zookeeper(), LONG_MS);
    let open = [Acl::OPEN];
    let create = Create { path: "/a", data: Some(b"b"), acl: (&open).into(), mode: CreateMode::Persistent };
    let requests =
        [encode(&Request::Create2(create), 1), encode(&Request::Delete { path: "/a", version: 0 }, 2)];
    let bytes = requests.concat();
    for cut in 1..bytes.len() {
        client.wire.send(&bytes[..cut]);
        others.ping();
        client.wire.send(&bytes[cut..]);
        for xid in [1, 2] {
            let answer = client.answer();
            assert_eq!((answer.header.xid, answer.header.error), (xid, None), "cut at {cut}");
        }
    }
}
