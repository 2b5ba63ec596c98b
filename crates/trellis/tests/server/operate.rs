//! Starting, stopping and signalling, and the messages when that cannot be done.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::Client;
use crate::server::{DEADLINE, Server, refusal, serve};

/// How long a clean stop may take.
const STOP_MAX: Duration = Duration::from_secs(1);

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for the data")
}

fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "there is no {part:?} in:\n{text}");
}

#[test]
fn a_second_server_on_the_same_directory_refuses() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (code, messages) = refusal(serve(directory.path()).args(["--beanstalk", "127.0.0.1:0"]));
    assert_ne!(code, 0);
    assert_contains(&messages, &directory.path().display().to_string());
    assert_contains(&messages, "in use");
    assert_eq!(server.connect().put("0 0 100", "a"), 1, "the first one goes on");
}

#[test]
fn who_comes_and_goes_at_the_limit_does_not_fill_the_log() {
    let began = Instant::now();
    let server = Server::in_memory(&["--max-connections", "1"]);
    for _ in 0..50 {
        // The end of the one before is noticed soon, but who knows when.
        let deadline = Instant::now() + DEADLINE;
        let _first = loop {
            let mut client = server.connect();
            if client.try_ask("list-tube-used").is_ok_and(|answer| answer == "USING default") {
                break client;
            }
            assert!(Instant::now() < deadline, "there is still no room");
        };
        let farewell = server.connect().rest();
        assert!(farewell.is_empty() || farewell == b"OUT_OF_MEMORY\r\n", "there is no room");
    }
    server.signal(Signal::TERM);
    let (_, messages) = server.end_within(DEADLINE);
    let said = messages.matches("connections are refused").count() as u64;
    assert!((1..=1 + began.elapsed().as_secs() / 60).contains(&said), "{messages}");
}

#[test]
fn a_port_in_use_is_named() {
    let directory = directory();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("it has an address").to_string();
    for protocol in ["beanstalk", "zookeeper"] {
        let flag = format!("--{protocol}");
        let mut command = serve(&directory.path().join("data"));
        let (code, messages) = refusal(command.env("TRELLIS_BEANSTALK", "off").args([&flag, &address]));
        assert_ne!(code, 0);
        assert_contains(&messages, &format!("cannot listen on {address} for the {protocol} protocol"));
        assert_contains(&messages, &format!("another address with {flag}"));
        for line in messages.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line} is not JSON");
        }
    }
}

#[test]
fn a_path_that_is_no_directory_is_told_as_that() {
    let parent = directory();
    let (file, link) = (parent.path().join("file"), parent.path().join("link"));
    std::fs::write(&file, "not a directory").expect("a file");
    std::os::unix::fs::symlink(parent.path().join("nowhere"), &link).expect("a link");
    for (obstacle, what) in [(&file, "is a file, not a directory"), (&link, "is a symbolic link to nothing")]
    {
        for data_dir in [obstacle.clone(), obstacle.join("data")] {
            let (code, messages) = refusal(serve(&data_dir).args(["--beanstalk", "127.0.0.1:0"]));
            assert_ne!(code, 0);
            assert_contains(&messages, &format!("--data-dir {} cannot be used", data_dir.display()));
            assert_contains(&messages, &format!("{} {what}", obstacle.display()));
        }
    }
}

#[test]
fn a_relative_directory_is_made_with_its_parents_and_named_in_full() {
    let working = directory();
    let mut command = serve(Path::new("not/yet/there"));
    let mut server = Server::spawn(command.args(["--beanstalk", "127.0.0.1:0"]).current_dir(working.path()));
    let message = server.wait_for("there is no log: an empty one is made");
    let made = working.path().join("not/yet/there");
    assert_contains(&message, &made.display().to_string());
    server.listening();
    assert!(made.join("manifest").is_file());
}

#[test]
fn a_setting_that_makes_no_sense_is_named() {
    let directory = directory();
    for (flag, value) in [
        ("--no-such-flag", "1"),
        ("--durability", "perhaps"),
        ("--max-job-size", "many"),
        ("--max-job-size", "0"),
        ("--beanstalk", "127.0.0.1"),
        ("--max-connections", "0"),
    ] {
        let (code, messages) = refusal(serve(&directory.path().join("data")).args([flag, value]));
        assert_eq!(code, 2, "{flag} {value}: {messages}");
        assert_contains(&messages, flag);
        assert!(!directory.path().join("data").exists(), "nothing was made for {flag} {value}");
    }
}

#[test]
fn sigterm_ends_it_within_a_second() {
    for signal in [Signal::TERM, Signal::INT] {
        let directory = directory();
        let server = Server::start(directory.path());
        let (mut waiting, mut holding, mut sending) = (server.connect(), server.connect(), server.connect());
        let id = holding.put("0 0 100", "a");
        assert!(holding.body("reserve").is_some());
        waiting.send("reserve\r\n");
        sending.send("put 0 0 100 1000\r\nhalf");
        holding.round_trip();
        server.signal(signal);
        let (status, messages) = server.end_within(STOP_MAX);
        assert_eq!(status.code(), Some(0), "{messages}");
        assert!(holding.try_ask("list-tube-used").is_err(), "the connection has ended");

        let server = Server::start(directory.path());
        let mut client = server.connect();
        assert_eq!(
            client.ask("reserve-with-timeout 5"),
            format!("RESERVED {id} 1"),
            "the job is there again"
        );
    }
}

#[test]
fn sigusr1_makes_it_run_empty() {
    let mut server = Server::in_memory(&[]);
    let mut client = server.connect();
    let id = client.put("0 0 100", "a");
    assert_eq!(client.facts("stats").expect("facts")["draining"], "false");
    server.signal(Signal::USR1);
    server.wait_for("drain");
    assert_eq!(client.facts("stats").expect("facts")["draining"], "true");
    for mut client in [server.connect(), client] {
        client.send("put 0 0 100 1\r\nb\r\n");
        assert_eq!(client.line(), "DRAINING");
        assert_eq!(client.ask("list-tube-used"), "USING default");
    }
    let mut worker = server.connect();
    assert_eq!(worker.body("reserve"), Some(b"a".to_vec()));
    assert_eq!(worker.ask(format!("delete {id}")), "DELETED");
}

#[test]
fn it_listens_on_unix_sockets_and_ports_at_once() {
    let directory = directory();
    let path = directory.path().join("socket");
    let unix = format!("unix:{}", path.display());
    let mut command = serve(&directory.path().join("data"));
    command.args(["--beanstalk", "127.0.0.1:0", "--beanstalk", &unix]);
    // A socket that a crash has left behind is no obstacle.
    for _ in 0..2 {
        let mut server = Server::spawn(&mut command);
        let addresses = [server.listening(), server.listening()];
        assert!(
            addresses.iter().any(|address| address.contains(&path.display().to_string())),
            "{addresses:?}"
        );
        let port = addresses.iter().find_map(|address| address.parse().ok()).expect("a port");
        let id = Client::connect(port).put("0 0 100", "through the port");

        let mut stream = UnixStream::connect(&path).expect("it listens there");
        stream.write_all(format!("delete {id}\r\n").as_bytes()).expect("the server reads");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("a reply comes");
        assert_eq!(line, "DELETED\r\n");
        server.kill();
    }
}

#[test]
fn a_unix_socket_on_which_a_server_listens_is_left_alone() {
    let directory = directory();
    let path = directory.path().join("socket");
    let unix = format!("unix:{}", path.display());
    let command = || {
        let mut command = serve(&directory.path().join("data"));
        command.args(["--durability", "memory", "--beanstalk", &unix]);
        command
    };
    let mut server = Server::spawn(&mut command());
    server.listening();
    let (code, messages) = refusal(&mut command());
    assert_ne!(code, 0);
    assert_contains(&messages, &format!("cannot listen on {unix}"));
    assert_contains(&messages, "another process is listening there");
    UnixStream::connect(&path).expect("the first one still listens there");
}

/// A server that is passed a socket.
fn activated(directory: &Path, socket: OwnedFd) -> Command {
    // What systemd does: the sockets are the descriptors from 3 on, and the variables are for this process.
    let script = r#"LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0 </dev/null"#;
    let arguments = serve(directory);
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("TRELLIS_ZOOKEEPER", "off").args(["-c", script, "sh"]);
    command.arg(arguments.get_program()).args(arguments.get_args());
    // Nothing else may listen here, or it would be in the way of other servers on this machine.
    command.args(["--beanstalk", "127.0.0.1:1"]).stdin(socket);
    command
}

#[test]
fn it_takes_the_sockets_that_systemd_has_opened() {
    let directory = directory();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("it has an address");
    // The client can connect at once: systemd listens already.
    let mut client = Client::connect(address);
    let mut server = Server::spawn(&mut activated(directory.path(), listener.into()));
    assert_eq!(client.put("0 0 100", "a"), 1);
    assert_eq!(server.listening(), address.to_string());
}

#[test]
fn a_socket_that_was_passed_and_does_not_listen_is_refused() {
    let directory = directory();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("it has an address");
    let tcp = TcpStream::connect(address).expect("it listens");
    let (unix, _other) = UnixStream::pair().expect("a pair");
    for socket in [OwnedFd::from(tcp), OwnedFd::from(unix)] {
        let (code, messages) = refusal(&mut activated(directory.path(), socket));
        assert_ne!(code, 0);
        assert_contains(&messages, "file descriptor 3 cannot be used: it doesn't listen");
    }
}

#[test]
fn servers_run_side_by_side() {
    let (one, other) = (directory(), directory());
    let (one, other) = (Server::start(one.path()), Server::start(other.path()));
    assert_eq!(one.connect().put("0 0 100", "a"), 1);
    assert_eq!(other.connect().ask("peek 1"), "NOT_FOUND");
}

#[test]
fn who_wants_to_know_is_told_of_clients_and_their_requests() {
    let mut server = Server::in_memory(&["--log-level", "trace"]);
    server.connect().put("0 0 100", "secret");
    let lines = ["a client has connected", "Put", "a client has gone"].map(|text| server.wait_for(text));
    assert!(lines.iter().all(|line| !line.contains("secret")), "{lines:?}");
}
