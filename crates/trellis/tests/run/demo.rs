//! `trellis demo` from its beginning to its end, and when it is ended in between.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::supervisor::{text, wait_until_gone};

/// The demonstration, whose directory is made in this one. What a user may have set is none of its business.
fn demo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.arg("demo").env("TMPDIR", folder).current_dir(folder).stdin(Stdio::null());
    command
        .env("TRELLIS_DATA_DIR", "/no/such")
        .env("TRELLIS_BEANSTALK", "off")
        .env("TRELLIS_RUN_SOCKET", "/no/such");
    command
}

fn assert_empty(folder: &Path) {
    assert_eq!(std::fs::read_dir(folder).expect("it is there").count(), 0, "something is left");
}

#[test]
fn the_whole_story_is_told_and_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = demo(folder.path()).output().expect("it runs");
    let (told, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{told}{errors}");
    let mut lines = told.lines();
    for wanted in [
        "A server has started",
        "have elected a leader",
        "All are done",
        "with SIGKILL",
        "has taken the job over",
        "is killed while 1,000 more jobs are done",
        "leads no more",
        "All 3,002 jobs that the server took were done",
        "Everything has ended in order",
    ] {
        assert!(
            lines.any(|line| line.contains(wanted)),
            "{wanted:?} is not told, or not in its turn:\n{told}"
        );
    }
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    assert_empty(folder.path());
}

#[test]
fn when_it_is_interrupted_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child =
        demo(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line.contains("A server has started")));
    kill_process(Pid::from_child(&child), Signal::INT).expect("it is there");
    wait_until_gone(Pid::from_child(&child));
    assert_eq!(child.wait().expect("it is ours").code(), Some(1));
    assert_empty(folder.path());
}
