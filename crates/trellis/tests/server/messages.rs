//! Messages that nobody reads.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Instant;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::server::{DEADLINE, serve};

#[test]
fn a_standard_error_that_nobody_reads_hinders_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("jobs.sock");
    let mut command = serve(&folder.path().join("data"));
    command.args(["--zookeeper", "off", "--log-level", "debug", "--beanstalk"]);
    command.arg(format!("unix:{}", socket.display())).stderr(Stdio::piped());
    let mut server = command.spawn().expect("it can be started");
    // Kept open, and not read.
    let error = server.stderr.take().expect("a pipe");
    rustix::pipe::fcntl_setpipe_size(&error, 4096).expect("it can be smaller");
    let deadline = Instant::now() + DEADLINE;
    let mut answered = 0;
    // Each of them is worth two messages.
    while answered < 200 && Instant::now() < deadline {
        let Ok(mut client) = UnixStream::connect(&socket) else { continue };
        client.set_read_timeout(Some(DEADLINE)).expect("it can be set");
        let mut answer = [0; 12];
        let told = client.write_all(b"use jobs\r\n").and_then(|()| client.read_exact(&mut answer));
        answered += usize::from(told.is_ok() && answer == *b"USING jobs\r\n");
    }
    let process = pidfd_open(Pid::from_child(&server), PidfdFlags::empty()).expect("it runs");
    pidfd_send_signal(&process, Signal::TERM).expect("it runs");
    if !trellis_unix::readable(process.as_fd(), Some(DEADLINE)).expect("it can be waited for") {
        server.kill().expect("it runs");
    }
    let status = server.wait().expect("it is ours");
    assert_eq!((answered, status.code()), (200, Some(0)));
}
