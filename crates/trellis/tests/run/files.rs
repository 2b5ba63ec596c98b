//! The files that a supervisor makes: none of them takes the place of somebody else's.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::supervisor::{Supervisor, text, trellis, write_file};

const SLEEPER: &str = "[program.sleeper]\ncommand = \"sleep 1000\"\n";

/// A start with these arguments is refused with this code and message, and changes no file.
fn check(folder: &Path, arguments: &[&str], code: i32, wanted: &str) {
    let files = || {
        let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
        let mut files: Vec<_> = files.map(|file| (fs::read(&file).unwrap_or_default(), file)).collect();
        files.retain(|(_, file)| file.extension().is_none_or(|extension| extension != "log"));
        files.sort();
        files
    };
    let before = files();
    let output = trellis(folder, arguments).output().expect("it runs");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    assert!(message.contains(wanted), "{arguments:?}: {message}");
    assert_eq!(files(), before, "{arguments:?}");
}

#[test]
fn files_of_something_else_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_file(folder, SLEEPER);
    fs::write(folder.join("notes.txt"), "precious").expect("it can be written");
    fs::copy(folder.join("workers.toml"), folder.join("cfg.sock")).expect("it can be copied");
    fs::hard_link(folder.join("workers.toml"), folder.join("other.toml")).expect("it can be linked");
    check(folder, &["--socket", "notes.txt"], 5, "there is something else of that name");
    check(folder, &["--config", "cfg.sock"], 2, "would be the configuration and the socket at once");
    let pid_file = |file| ["--daemon", "--pid-file", file];
    check(folder, &pid_file("workers.toml"), 2, "would be the configuration and the pid file at once");
    check(folder, &pid_file("other.toml"), 2, "would be the configuration and the pid file at once");
    check(folder, &pid_file("notes.txt"), 5, "notes.txt is something else than a pid file");
    check(
        folder,
        &["--daemon", "--output", "workers.pid"],
        2,
        "would be the pid file and the output at once",
    );
    check(
        folder,
        &["--daemon", "--socket", "workers.pid"],
        2,
        "would be the socket and the pid file at once",
    );
}

#[test]
fn a_supervisor_whose_socket_somebody_removes_stays_the_only_one() {
    let mut supervisor = Supervisor::start(SLEEPER);
    let socket = supervisor.folder().join("workers.sock");
    fs::remove_file(&socket).expect("it is there");
    check(supervisor.folder(), &[], 4, "a supervisor is running already");
    // What has come into its place is not its own.
    let _theirs = std::os::unix::net::UnixListener::bind(&socket).expect("it is free");
    supervisor.signal(rustix::process::Signal::TERM);
    assert_eq!(supervisor.end().code(), Some(0));
    UnixStream::connect(&socket).expect("somebody listens");
}
