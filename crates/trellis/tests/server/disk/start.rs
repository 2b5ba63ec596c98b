//! Signals that come before the server is ready, while it is still reading a long log. How long it takes is up to a disk
//! that holds what it is asked for.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use rustix::process::Signal;

use super::{Disk, SETTINGS, held};
use crate::server::{DEADLINE, Server, files};

/// So many, and so large, that they are neither looked through nor carried out in one turn.
const JOBS: u64 = 150;
const BODY_BYTES: usize = 30_000;

/// A disk with that many jobs on it, each in an entry of its own.
fn disk_with_jobs() -> Disk {
    let disk = Disk::new();
    let server = disk.start(&["--durability", "interval"]);
    let mut client = server.connect();
    let body = "x".repeat(BODY_BYTES);
    for id in 1..=JOBS {
        assert_eq!(client.put("0 0 100", &body), id);
    }
    server.kill();
    disk
}

fn assert_ends_before_it_listens(server: Server) {
    let (status, messages) = server.end_within(DEADLINE);
    assert_eq!(status.code(), Some(0), "{messages}");
    assert!(messages.contains("stopped before the start was complete"), "{messages}");
    assert!(!messages.contains("listening"), "{messages}");
}

fn assert_complete(disk: &Disk) {
    let server = Server::start_with(&disk.data(), SETTINGS);
    let facts = server.connect().facts("stats").expect("facts");
    assert_eq!(facts["current-jobs-ready"], JOBS.to_string());
}

#[test]
fn sigterm_is_heard_while_the_log_is_checked() {
    for signal in [Signal::TERM, Signal::INT] {
        let disk = disk_with_jobs();
        let before = files(&disk.data());
        disk.order("read", "hold");
        let mut server = disk.begin(&[]);
        server.wait_for(&held("read"));
        server.signal(signal);
        assert_ends_before_it_listens(server);
        assert!(files(&disk.data()) == before, "something was changed");
        assert_complete(&disk);
    }
}

#[test]
fn sigterm_is_heard_after_each_read() {
    let disk = disk_with_jobs();
    // Once the log is known to be sound, the thread that hears signals reads it, too: to look through it, and then to
    // carry it out. Each round lets it come one read further.
    for reads in 0.. {
        disk.order("read", "hold main 0");
        let mut server = disk.begin(&[]);
        server.wait_for(&held("read"));
        for read in 1..=reads {
            disk.order("read", &format!("hold main {read}"));
            if server.wait_for_any(&[&held("read"), "listening"]).contains("listening") {
                assert!(reads > 2, "there were only {reads} reads");
                server.kill();
                return assert_complete(&disk);
            }
        }
        server.signal(Signal::TERM);
        disk.order("read", "hold main and no more");
        assert_ends_before_it_listens(server);
    }
}

#[test]
fn sigusr1_during_the_start_is_obeyed_after_it() {
    let disk = disk_with_jobs();
    let path = disk.data().with_file_name("socket");
    disk.order("read", "hold");
    let mut server = Server::spawn(disk.serve().arg("--beanstalk").arg(format!("unix:{}", path.display())));
    server.wait_for(&held("read"));
    // It has bound its addresses by now, so that clients can wait for it.
    let mut stream = UnixStream::connect(&path).expect("it listens there");
    stream.write_all(b"put 0 0 100 1\r\nb\r\ndelete 1\r\n").expect("the system takes it");
    server.signal(Signal::USR1);
    server.wait_for("SIGUSR1");
    disk.release("read");

    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a reply comes"));
    assert_eq!(lines.next().as_deref(), Some("DRAINING"));
    assert_eq!(lines.next().as_deref(), Some("DELETED"), "what is there is served");
}
