//! Programs that are started under conditions.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit};
use trellis_unix::process::{Conditions, spawn, start};
use trellis_unix::{BootTime, Pid, Signal};

use crate::helpers::wait_until_gone;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("program: a program has its own session umask and limit", a_program_has_its_own_session_umask_and_limit),
    ("program: descriptors are passed as systemd does it", descriptors_are_passed_as_systemd_does_it),
    ("program: what cannot be started is an error", what_cannot_be_started_is_an_error),
    ("program: what comes too late does not begin", what_comes_too_late_does_not_begin),
    ("program: a program ends with its parent", a_program_ends_with_its_parent),
];

/// What a shell's commands print under these conditions.
fn printed(commands: &str, conditions: Conditions) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", commands]).env_clear().env("PATH", "/usr/bin:/bin").stdout(Stdio::piped());
    let mut child = start(&mut command, conditions).unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{commands}: {text}");
    text
}

fn a_program_has_its_own_session_umask_and_limit() {
    let limit = Rlimit { current: Some(77), maximum: getrlimit(Resource::Nofile).maximum };
    let conditions =
        Conditions { own_session: true, umask: Some(0o27), open_files: Some(limit), ..Conditions::default() };
    let text = printed("echo $$ $(cut -d' ' -f5,6 /proc/$$/stat) $(umask) $(ulimit -n)", conditions);
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(words[1..], [words[0], words[0], "0027", "77"], "{text}");
}

fn descriptors_are_passed_as_systemd_does_it() {
    // Places are free or taken, and what is passed lies where it must not stay.
    for others in 0..4 {
        let taken: Vec<OwnedFd> =
            (0..others).map(|_| std::fs::File::open("/dev/null").unwrap().into()).collect();
        let (one, mut other) = UnixStream::pair().unwrap();
        let (two, mut another) = UnixStream::pair().unwrap();
        let conditions = Conditions {
            descriptors: vec![two.into(), one.into()],
            announced: true,
            ..Conditions::default()
        };
        let text = printed("echo two >&3; echo one >&4; echo $LISTEN_FDS $(($LISTEN_PID - $$))", conditions);
        drop(taken);
        assert_eq!(text, "2 0\n");
        let mut said = [0; 4];
        other.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"one\n");
        another.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"two\n");
        // Nobody else holds the other ends any more.
        assert_eq!((other.read(&mut said).unwrap(), another.read(&mut said).unwrap()), (0, 0));
    }
}

fn what_comes_too_late_does_not_begin() {
    let not_after = |at| Conditions { not_after: Some(at), ..Conditions::default() };
    let error = start(&mut Command::new("true"), not_after(BootTime::now())).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(printed("echo here", not_after(BootTime::now() + Duration::from_secs(600))), "here\n");
}

fn what_cannot_be_started_is_an_error() {
    let (one, _other) = UnixStream::pair().unwrap();
    let with_descriptor =
        Conditions { descriptors: vec![one.into()], announced: true, ..Conditions::default() };
    for conditions in [Conditions::default(), with_descriptor] {
        let error = start(Command::new("no-such-program").env("PATH", "/bin"), conditions).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    }
    let (one, _other) = UnixStream::pair().unwrap();
    let conditions = Conditions { descriptors: vec![one.into()], announced: true, ..Conditions::default() };
    let error = start(&mut Command::new("/dev/null"), conditions).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
}

fn a_program_ends_with_its_parent() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let parent = spawn(move || {
        let conditions = Conditions {
            signal_without_parent: Some(Signal::KILL),
            own_session: true,
            ..Conditions::default()
        };
        let mut child = start(Command::new("sleep").arg("1000"), conditions).unwrap();
        let told = writer.write_all(&child.id().to_be_bytes());
        u8::from(child.wait().is_err() || told.is_err())
    })
    .unwrap();
    let mut pid = [0; 4];
    reader.read_exact(&mut pid).unwrap();
    parent.signal(Signal::KILL).unwrap();
    wait_until_gone(Pid::from_raw(i32::from_be_bytes(pid)).unwrap());
}
