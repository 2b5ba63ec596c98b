//! A server that is started with a zoo.cfg, and one that refuses to.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;
use trellis_zk_codec::{ErrorCode, List, Operation, Request};

use super::client::{Client, create};
use super::wire::Wire;
use super::words::ask;
use crate::server::{Server, refusal};

/// Starts nothing yet; the file's `DIR` is that directory.
fn serve(directory: &Path, zoo_cfg: &str) -> Command {
    let path = directory.join("zoo.cfg");
    let zoo_cfg = zoo_cfg.replace("DIR", &directory.display().to_string());
    fs::write(&path, zoo_cfg).expect("the file can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.env_clear().stdin(Stdio::null()).args(["serve", "--log-format", "json", "--zoo-cfg"]).arg(path);
    command
}

/// A server on a port of the system's choice, whatever the file says.
fn start(directory: &Path, zoo_cfg: &str) -> Server {
    let mut server = Server::spawn(serve(directory, zoo_cfg).args(["--zookeeper", "127.0.0.1:0"]));
    server.finish_start_of_zookeeper();
    server
}

#[test]
fn a_server_does_what_the_file_says() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("data")).expect("it can be made");
    fs::write(directory.path().join("data/myid"), "7\n").expect("it can be written");
    let server = start(
        directory.path(),
        "tickTime=100\ndataDir=DIR/data\nclientPort=2181\nmaxSessionTimeout=5000\nmaxClientCnxns=3\n\
         jute.maxbuffer=5000\n4lw.commands.whitelist=conf, ruok\nserver.1=localhost:2888:3888\n\
         DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU=\n",
    );
    let address = server.zookeeper();
    let conf = ask(address, "conf");
    let data = directory.path().join("data").display().to_string();
    let expected = format!(
        "dataDir={data}\ndataLogDir={data}\ntickTime=100\nmaxClientCnxns=3\nminSessionTimeout=200\n\
         maxSessionTimeout=5000\nserverId=7"
    );
    for line in expected.lines() {
        assert!(conf.lines().any(|told| told == line), "{line} in\n{conf}");
    }
    assert_eq!(ask(address, "ruok"), "imok");
    assert!(ask(address, "srvr").starts_with("Zookeeper version: "));
    assert!(ask(address, "stat").contains("not in the whitelist"));

    let short = Client::open_for(address, 1);
    let mut long = Client::open_for(address, 60_000);
    assert_eq!((short.session.timeout_ms, long.session.timeout_ms), (200, 5000));
    let third = Wire::connect(address);
    long.ping();
    Wire::connect(address).assert_ended();
    drop(third);
    long.create("/large", &[0; 4900]).expect("it fits");
    long.send(&create("/too-large", &[0; 5000]));
    long.wire.assert_ended();
    drop((server, short));

    // The directory is this node's now.
    fs::remove_file(directory.path().join("data/myid")).expect("it is there");
    let (code, messages) = refusal(
        serve(directory.path(), "dataDir=DIR/data\nclientPort=2181\n").args(["--zookeeper", "127.0.0.1:0"]),
    );
    assert_ne!(code, 0);
    assert!(messages.contains("belongs to node 7"), "{messages}");
}

#[test]
fn the_super_user_may_do_everything() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = start(
        directory.path(),
        "dataDir=DIR/data\nzookeeper.DigestAuthenticationProvider.superDigest : super:D/InIHSb7yEEbrWz8b9l71RjZJU=\n",
    );
    let mut client = Client::open(server.zookeeper());
    // Its list lets everybody read, and nobody write.
    assert_eq!(client.set("/zookeeper/config", b"x").map(drop), Err(ErrorCode::NoAuth));
    let auth = Request::Auth { kind: 0, scheme: "digest", credentials: Some(b"super:test") };
    client.ask(&auth).expect("it is accepted");
    client.set("/zookeeper/config", b"x").expect("the super user may");
}

#[test]
fn what_is_not_used_is_said_once_for_each_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let zoo_cfg =
        "dataDir=DIR/data\nclientPort=2181\ninitLimit=10\nsyncLimit=5\nadmin.enableServer=false\nfoo=1\n";
    let mut server = Server::spawn(serve(directory.path(), zoo_cfg).args(["--zookeeper", "127.0.0.1:0"]));
    for expected in
        ["initLimit is not used: it is for the servers", "syncLimit is not used", "foo is not used"]
    {
        let line = server.wait_for(expected);
        assert!(line.contains("\"WARN\"") && line.contains("zoo.cfg"), "{line}");
    }
    let first = server.wait_for("\"fields\"");
    assert!(first.contains("starting"), "nothing else is said before the start: {first}");
    server.finish_start_of_zookeeper();
    Client::open(server.zookeeper()).close();
}

#[test]
fn beanstalk_is_on_only_if_its_flag_is_given() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = serve(directory.path(), "dataDir=DIR/data\n");
    let mut server =
        Server::spawn(command.args(["--zookeeper", "127.0.0.1:0", "--beanstalk", "127.0.0.1:0"]));
    server.finish_start();
    server.finish_start_of_zookeeper();
    assert_eq!(server.connect().put("0 0 100", "a"), 1);
    Client::open(server.zookeeper()).close();
    server.kill();

    // Otherwise its listener would come first.
    let server = start(directory.path(), "dataDir=DIR/data\n");
    Client::open(server.zookeeper()).close();
}

#[test]
fn what_would_be_unsafe_is_refused_before_anything_is_touched() {
    for (zoo_cfg, expected) in [
        (
            "dataDir=DIR/data\nclientPort=2181\nserver.1=a:1:2\nserver.2=b:1:2\n",
            "server.1, server.2 are an ensemble",
        ),
        ("dataDir=DIR/data\nsecureClientPort=2281\n", "secureClientPort alone is not possible"),
        (
            "dataDir=DIR/data\nclientPort=2181\nsessionRequireClientSASLAuth=true\n",
            "made to prove who they are",
        ),
        ("clientPort=2181\n", "dataDir is not set"),
        ("dataDir=DIR/data\n", "there is nothing to listen on"),
        ("dataDir=DIR/data\nclientPort=2181\ntickTime=fast\n", "tickTime: \"fast\" is not a whole number"),
        ("dataDir=DIR/real\nclientPort=2181\n", "version-2/snapshot.0 belongs to a ZooKeeper server"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let real = directory.path().join("real/version-2");
        fs::create_dir_all(&real).expect("it can be made");
        fs::write(real.join("snapshot.0"), "").expect("it can be written");
        let (code, messages) = refusal(&mut serve(directory.path(), zoo_cfg));
        assert_eq!(code, 2, "{messages}");
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
        assert!(!directory.path().join("data").exists());
        assert_eq!(fs::read_dir(directory.path().join("real")).expect("it is there").count(), 1);
    }
}

#[test]
fn another_directory_than_that_of_a_real_server_will_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let real = directory.path().join("real/version-2");
    fs::create_dir_all(&real).expect("it can be made");
    fs::write(real.join("log.1"), "").expect("it can be written");
    let mut command = serve(directory.path(), "dataDir=DIR/real\n");
    command.args(["--zookeeper", "127.0.0.1:0", "--data-dir"]).arg(directory.path().join("ours"));
    let mut server = Server::spawn(&mut command);
    server.finish_start_of_zookeeper();
    Client::open(server.zookeeper()).create("/a", b"").expect("it is created");
}

#[test]
fn larger_requests_are_taken_if_the_file_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = start(directory.path(), "dataDir=DIR/data\njute.maxbuffer=0x400000\n");
    let mut client = Client::open(server.zookeeper());
    let bytes = FRAME_BYTES_MAX_DEFAULT as usize * 3;
    client.create("/large", &vec![b'x'; bytes]).expect("it fits");
    assert_eq!(client.get("/large").map(|data| data.len()), Ok(bytes));
    let operations = [Operation::Check { path: "/large", version: 0 }];
    let answer = client.ask(&Request::Multi(List::from(&operations[..])));
    assert!(answer.is_ok(), "{answer:?}");
}
