//! Creations whose flags say something else than their operation. By itself the operation counts, in a multi the flags
//! do; `tests/conformance` holds the same against the real server.

use trellis_zk_codec::{Acl, Create, CreateMode, ErrorCode, Op, Operation, OperationResult, Reply, Request};

use super::client::Client;
use crate::server::Server;

const OPEN: &[Acl<'static>] = &[Acl::OPEN];
const HOUR_MS: i64 = 3_600_000;

fn create(path: &str, mode: CreateMode) -> Create<'_> {
    Create { path, data: None, acl: OPEN.into(), mode }
}

/// What comes of each operation of a multi, or of the multi as a whole.
fn multi(client: &mut Client, operations: &[Operation<'_>]) -> Result<Vec<String>, ErrorCode> {
    let answer = client.ask(&Request::Multi(operations.into()))?;
    let Reply::Results(results) = answer.reply(Op::Multi) else { panic!("{answer:?} answers a multi") };
    let text = |result| match result {
        OperationResult::Create { path } => path.to_owned(),
        OperationResult::Create2 { path, .. } => format!("{path} and its stat"),
        other => format!("{other:?}"),
    };
    Ok(results.iter().map(text).collect())
}

#[test]
fn in_a_multi_the_flags_say_what_is_made() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    use CreateMode::{Container, Ephemeral, Persistent, PersistentSequential, Ttl};
    let operations = [
        Operation::Create2(create("/a", Persistent)),
        Operation::Create(create("/b", Container)),
        Operation::CreateContainer(create("/c", Persistent)),
        Operation::CreateContainer(create("/d", Ephemeral)),
        Operation::CreateTtl { create: create("/e", PersistentSequential), ttl_ms: HOUR_MS },
        Operation::CreateTtl { create: create("/f", Ttl), ttl_ms: HOUR_MS },
    ];
    let expected = ["/a", "/b and its stat", "/c", "/d", "/e0000000004", "/f and its stat"];
    assert_eq!(multi(&mut client, &operations).expect("all are made"), expected);
    let owner = client.exists("/d", false).expect("it is there").ephemeral_owner;
    assert_eq!(owner, client.session.id, "it is an ephemeral");
}

#[test]
fn what_fails_first_in_a_multi_is_told() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    let check = |path| Operation::Check { path, version: -1 };
    let modeless = |op| Operation::Modeless { op, flags: 7 };
    client.ping();
    let mortal = Operation::CreateContainer(create("/a", CreateMode::Ttl));
    for (operations, expected) in [
        (
            [check("/"), modeless(Op::Create), check("/none")],
            Ok(["Undone", "Error(BadArguments)", "Error(RuntimeInconsistency)"]),
        ),
        (
            [check("/none"), modeless(Op::CreateTtl), mortal],
            Ok(["Error(NoNode)", "Error(RuntimeInconsistency)", "Error(RuntimeInconsistency)"]),
        ),
        ([check("/"), mortal, check("/none")], Err(ErrorCode::MarshallingError)),
    ] {
        let zxid = client.zxid;
        assert_eq!(multi(&mut client, &operations), expected.map(|texts| texts.map(str::to_owned).to_vec()));
        assert_eq!(client.zxid, zxid + 1, "it was a transaction");
    }
    assert_eq!(client.children("/", false), Ok(vec!["zookeeper".to_owned()]));
}
