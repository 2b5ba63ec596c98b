//! A limit on the size of files, as set by `ulimit -f`: it is told as what it is, and waited out.

use rustix::process::{Resource, Rlimit, Signal, prlimit};

use crate::server::{DEADLINE, Server};

/// The size of the log's files, and a limit under which what is there can be written to and no other can be made.
const SEGMENT_BYTES: u64 = 1 << 20;
const LIMIT_BYTES: u64 = SEGMENT_BYTES - 64;

fn limit(server: &Server, bytes: Option<u64>) {
    let new = Rlimit { current: bytes, maximum: None };
    prlimit(Some(server.process()), Resource::Fsize, new).expect("one's own processes can be limited");
}

#[test]
fn a_limit_on_the_size_of_files_is_told_and_ends_nothing() {
    let directory = tempfile::tempdir().expect("a directory for the data");
    let settings = ["--log-segment-bytes", "1M", "--max-job-size", "65535"];
    let mut server = Server::start_with(directory.path(), &settings);
    let mut client = server.connect();
    limit(&server, Some(LIMIT_BYTES));
    let body = "x".repeat(60_000);
    let put = format!("put 0 0 100 {}\r\n{body}\r\n", body.len());
    let refused = (0..100).find_map(|_| {
        client.send(&put);
        Some(client.line()).filter(|line| !line.starts_with("INSERTED"))
    });
    assert_eq!(refused.as_deref(), Some("OUT_OF_MEMORY"));
    let message = server.wait_for("another file");
    assert!(message.contains("File too large") && !message.contains("space"), "{message}");
    assert_eq!(client.ask("delete 1"), "DELETED", "what is there can be worked off");

    limit(&server, None);
    server.wait_for("has another file again");
    client.send(&put);
    let line = client.line();
    assert!(line.starts_with("INSERTED"), "{line}");
    server.signal(Signal::TERM);
    assert_eq!(server.end_within(DEADLINE).0.code(), Some(0));
}
