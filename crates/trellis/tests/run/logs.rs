//! Logs that cannot be written: the disk is full, or the file may not grow. What is lost is told, others' logs go on, and
//! so does the log itself once there is room.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, prlimit};

use crate::supervisor::{DEADLINE, Supervisor};

/// A program that never stops writing, and one that writes a line for each that it is given.
const FILE: &str = "[defaults]\nstop = { timeout = \"1s\" }\n\
     [program.chatty]\ncommand = [\"yes\", \"a line of so many bytes\"]\nprocesses = 2\n\
     log = { to = \"{program}.{index}\", max_size = \"1M\", files = 2 }\n\
     [program.quiet]\ncommand = [\"sh\", \"-c\", \"exec cat pipe\"]\nlog = { to = \"quiet.log\" }\n";
const LINE: &str = "a line of so many bytes\n";

/// A folder with the programs' file, and the pipe that `quiet` reads.
fn prepared() -> (tempfile::TempDir, trellis_unix::fifo::Fifo) {
    let folder = tempfile::tempdir().expect("a folder");
    crate::supervisor::write_file(folder.path(), FILE);
    let fifo = trellis_unix::fifo::Fifo::create(folder.path().join("pipe"), 0o600).expect("a pipe");
    (folder, fifo)
}

/// Waits until a file is as wanted.
#[track_caller]
fn wait_for_file(path: &Path, wanted: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if wanted(&text) {
            return;
        }
        let newest = text.lines().last().unwrap_or_default();
        assert!(Instant::now() < deadline, "{} ends with {newest:?}", path.display());
        std::thread::yield_now();
    }
}

/// What the supervisor says of a log: how often it cannot be written, and how often it can again.
fn told(lines: &[String], file: &str) -> (usize, usize) {
    let count = |what: &str| lines.iter().filter(|line| line.contains(what) && line.contains(file)).count();
    (count("a log cannot be written"), count("a log is written again"))
}

#[test]
fn a_full_disk_is_told_once_for_each_log_and_waited_out() {
    let (folder, fifo) = prepared();
    // The device that is always full stands for the disk.
    for name in ["chatty.0", "chatty.1"] {
        symlink("/dev/full", folder.path().join(name)).expect("a link");
    }
    let mut supervisor = Supervisor::start_in(folder, &[]);
    let mut quiet = fifo.waiting_writer().expect("somebody reads");
    for name in ["chatty.0", "chatty.1"] {
        let line = supervisor.wait_for("a log cannot be written");
        assert!(line.contains("No space left on device"), "{name}: {line}");
    }
    // The logs of others are written meanwhile, while it is tried again and again.
    let log = supervisor.folder().join("quiet.log");
    for number in 0..100 {
        quiet.write_all(format!("{number}\n").as_bytes()).expect("somebody reads");
        wait_for_file(&log, |text| text.ends_with(&format!("{number}\n")));
    }
    for name in ["chatty.0", "chatty.1"] {
        fs::remove_file(supervisor.folder().join(name)).expect("the link was there");
    }
    for _ in 0..2 {
        let line = supervisor.wait_for("a log is written again");
        let lost = line.split("lost_bytes=").nth(1).and_then(|rest| rest.split(' ').next());
        let lost: u64 = lost.and_then(|lost| lost.parse().ok()).expect("it says how much is lost");
        assert!(lost > 0 && lost.is_multiple_of(LINE.len() as u64), "{line}");
    }
    wait_for_file(&supervisor.folder().join("chatty.0.2"), |text| {
        text.len() > 900 << 10 && text.lines().all(|line| line == LINE.trim_end())
    });
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    assert_eq!(told(&supervisor.rest(), "chatty"), (0, 0), "it was told once");
}

#[test]
fn a_line_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    crate::supervisor::write_file(folder.path(), &FILE[FILE.find("[program.quiet]").expect("it is there")..]);
    let fifo = trellis_unix::fifo::Fifo::create(folder.path().join("pipe"), 0o600).expect("a pipe");
    let mut supervisor = Supervisor::start_in(folder, &[]);
    let mut quiet = fifo.waiting_writer().expect("somebody reads");
    let log = supervisor.folder().join("quiet.log");
    let pid = supervisor.pid();
    let limit = |bytes| {
        let new = Rlimit { current: bytes, maximum: None };
        prlimit(Some(pid), Resource::Fsize, new).expect("one's own processes can be limited");
    };
    // A limit in the middle of a line. A write up to it succeeds in part, and the next one has a signal that would end the
    // supervisor.
    let whole = LINE.repeat(20);
    limit(Some(whole.len() as u64 + 5));
    quiet.write_all(LINE.repeat(40).as_bytes()).expect("somebody reads");
    let line = supervisor.wait_for("a log cannot be written");
    assert!(line.contains("File too large"), "{line}");
    assert_eq!(fs::read_to_string(&log).expect("it is there"), whole);

    limit(None);
    let deadline = Instant::now() + DEADLINE;
    while fs::read_to_string(&log).expect("it is there") == whole {
        assert!(Instant::now() < deadline, "it is not tried again");
        quiet.write_all(b"now\n").expect("somebody reads");
    }
    let line = supervisor.wait_for("a log is written again");
    assert!(line.contains("lost_bytes="), "{line}");
    drop(quiet);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    let text = fs::read_to_string(supervisor.folder().join("quiet.log")).expect("it is there");
    let rest = text.strip_prefix(&whole).expect("what was written stays");
    assert!(rest.lines().all(|line| line == "now"), "{rest}");
}
