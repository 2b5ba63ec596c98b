//! `trellis zk`: the scripts, and what a script cannot say.

mod fake;
mod recorder;
mod script;
mod server;
mod terminal;
mod words;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Output;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use rustix::process::{Pid, Signal, kill_process};

use self::fake::{Fake, Step};
use self::script::{check_script, check_script_against, real_server};
use self::server::Server;
use crate::{testdata, trellis};

/// The scripts of a folder, in the order in which they are to be run.
fn scripts(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(testdata(folder)).expect("the scripts");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .filter(|name| name.ends_with(".txt"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn what_any_server_answers() {
    let names = scripts("zk");
    assert!(names.len() > 5, "{names:?}");
    names.iter().for_each(|name| check_script(name));
}

#[test]
fn what_trellis_answers() {
    let server = Server::start();
    scripts("zk").iter().for_each(|name| check_script_against(name, &server.address));
}

#[test]
fn what_only_a_fake_server_does() {
    // A real one can't be told to hang up.
    if real_server().is_some() {
        return;
    }
    let names = scripts("zk/fake");
    assert!(!names.is_empty());
    names.iter().for_each(|name| check_script(name));
}

fn run(server: &str, args: &[&str]) -> Output {
    trellis().args(["zk", "--server", server]).args(args).output().expect("trellis runs")
}

fn check_failure(output: &Output, exit: i32, expected: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(output.status.code(), Some(exit));
}

/// An address at which nothing listens, as long as the socket is there: the port is taken, but not listened to.
fn nobody() -> (OwnedFd, String) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = getsockname(&socket).expect("an address");
    let address = SocketAddr::try_from(address).expect("an address of the internet");
    (socket, address.to_string())
}

#[test]
fn nothing_listens() {
    let (_socket, server) = nobody();
    let hint = "hint: start a server with `trellis serve`, or name another one with --server\n";
    let expected = format!("error: nothing listens on {server} (connection refused)\n{hint}");
    check_failure(&run(&server, &["ls", "/"]), 3, &expected);
    // The shell does not begin, either.
    check_failure(&run(&server, &[]), 3, &expected);
    let (servers, other) = (format!("{server},{server}/app"), &server);
    let why = format!("{other}: connection refused; {other}: connection refused");
    let expected = format!("error: none of {servers} can be reached ({why})\n{hint}");
    check_failure(&run(&servers, &["ls", "/"]), 3, &expected);
}

#[test]
fn the_first_server_that_answers_is_taken() {
    let fake = Fake::start(vec![
        Step::Expect("Sync { path: \"/\" }".to_owned()),
        Step::Answer("{\"path\":\"/\"}".to_owned()),
    ]);
    let (_socket, nobody) = nobody();
    let output = run(&format!("{nobody},{}", fake.address), &["sync", "/"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Sync is OK\n");
    assert_eq!(fake.finish(), Ok(true));
}

#[test]
fn a_silent_server_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = silent.local_addr().expect("an address").to_string();
    let expected = format!(
        "error: no session with {server} within 1 s\n\
         hint: check the address and what stands between, or allow more time with --timeout\n"
    );
    check_failure(&run(&server, &["--timeout", "1", "ls", "/"]), 3, &expected);
}

#[test]
fn a_server_of_another_protocol_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = other.local_addr().expect("an address").to_string();
    let thread = std::thread::spawn(move || {
        let mut stream = other.accept().expect("a client").0;
        stream.read_exact(&mut [0; 4]).expect("a length");
        stream.write_all(b"UNKNOWN_COMMAND\r\n").expect("an answer");
    });
    let output = run(&server, &["ls", "/"]);
    thread.join().expect("no panic");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.starts_with(&format!("error: {server} does not speak ZooKeeper's protocol: ")),
        "{message}"
    );
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn a_request_that_is_too_large_is_named() {
    let fake = Fake::start(vec![Step::HangUpBefore(1 << 20)]);
    let data = "x".repeat(100_000);
    let script = format!("set /a {}\n", data.repeat(11));
    let mut child = trellis()
        .args(["zk", "--server", &fake.address.to_string()])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("trellis starts");
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("a reader");
    let output = child.wait_with_output().expect("trellis runs");
    let message = String::from_utf8_lossy(&output.stderr);
    let hint = "(the request has 1100026 bytes, and servers take less than 1 MiB unless they are told otherwise \
                (jute.maxbuffer))\n";
    assert!(message.contains("was lost before it answered\n") && message.contains(hint), "{message}");
    assert_eq!(fake.finish(), Ok(false));
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let fake = Fake::start(vec![
        Step::Expect("GetChildren2 { path: \"/\", watch: false }".to_owned()),
        Step::Answer("{\"children\":[\"a\"],\"stat\":{}}".to_owned()),
    ]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = trellis()
        .args(["zk", "--server", &fake.address.to_string(), "ls", "/"])
        .stdout(writer)
        .output()
        .expect("trellis runs");
    check_failure(&output, 0, "");
    assert_eq!(fake.finish(), Ok(true));
}

#[test]
fn ctrl_c_ends_a_watch_and_its_session() {
    let fake = Fake::start(vec![
        Step::Expect("AddWatch { path: \"/\", mode: PersistentRecursive }".to_owned()),
        Step::Answer("{}".to_owned()),
        Step::Event("{\"event\":\"NodeCreated\",\"path\":\"/a\"}".to_owned()),
    ]);
    let mut child = trellis()
        .args(["zk", "--server", &fake.address.to_string(), "watch"])
        .spawn()
        .expect("trellis starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "created /a");
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).expect("the watch is there");
    assert_eq!(child.wait().expect("trellis runs").code(), Some(0));
    assert_eq!(fake.finish(), Ok(true));
}
