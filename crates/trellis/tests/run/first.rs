//! As process 1, as in a container: it waits for whatever is left to it, passes signals on, and ends with all.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::supervisor::{DEADLINE, Supervisor, trellis, wait_until_gone, write_file};

/// What makes a pid namespace with a `/proc` of its own, by root or as root of a namespace of users.
const WAYS: [&[&str]; 2] = [
    &["--pid", "--fork", "--kill-child", "--mount-proc"],
    &["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"],
];

/// A supervisor that is process 1; `None`, told loudly, where this machine makes no namespaces.
fn start(file: &str) -> Option<(Supervisor, Pid)> {
    let Some(way) = WAYS.into_iter().find(|way| is_open(way)) else {
        // Not by a macro, whose words a test that passes keeps to itself.
        let words = "\nNOT TESTED: this machine makes no pid namespaces (see unshare(1)), so `trellis run` as process 1 is \
                     not tested; containers need the right to do that (--cap-add SYS_ADMIN)\n";
        std::io::stderr().write_all(words.as_bytes()).expect("it is open");
        return None;
    };
    let folder = tempfile::tempdir().expect("a folder");
    write_file(folder.path(), file);
    let inner = trellis(folder.path(), &[]);
    let mut command = Command::new("unshare");
    command.args(way).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.path());
    let supervisor = Supervisor::start_as(folder, command);
    let first = children(supervisor.pid())[0];
    let status =
        fs::read_to_string(Path::new("/proc").join(first.to_string()).join("status")).expect("it is there");
    let numbers = status.lines().find(|line| line.starts_with("NSpid:")).expect("its numbers");
    assert!(numbers.ends_with("\t1"), "{numbers}");
    Some((supervisor, first))
}

fn is_open(way: &[&str]) -> bool {
    let mut command = Command::new("unshare");
    command.args(way).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The state and the parent of each process.
fn processes() -> Vec<(Pid, char, i32)> {
    let entries = fs::read_dir("/proc").expect("/proc is there").filter_map(Result::ok);
    let process = |entry: fs::DirEntry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        // It may have ended since.
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        Some((pid, fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
    };
    entries.filter_map(process).collect()
}

fn children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().get();
    processes().into_iter().filter(|(_, _, of)| *of == parent).map(|(pid, _, _)| pid).collect()
}

#[test]
fn it_waits_for_what_is_left_to_it() {
    let Some((mut supervisor, first)) = start(
        "[program.father]\n\
         command = [\"sh\", \"-c\", \"\"\"for i in 1 2 3 4 5 6 7 8 9 10; do \
         setsid sh -c '(env -i sh -c \"exec true\" &) ; (sh -c \"echo orphan\" &)'; done; exec sleep 1000\"\"\"]\n",
    ) else {
        return;
    };
    (0..10).for_each(|_| drop(supervisor.wait_for("father.0 | orphan")));
    let deadline = Instant::now() + DEADLINE;
    // The guardian and the program.
    while children(first).len() != 2 {
        let left: Vec<_> =
            processes().into_iter().filter(|(_, _, of)| *of == first.as_raw_nonzero().get()).collect();
        assert!(Instant::now() < deadline, "these are left: {left:?}");
    }
    assert!(supervisor.ask(&["status", "father"]).contains("running"));
}

#[test]
fn it_passes_signals_on_and_ends_with_all() {
    let Some((mut supervisor, first)) = start(
        "[program.one]\n\
         command = [\"sh\", \"-c\", \"\"\"trap 'echo usr1' USR1; trap 'echo usr2' USR2; trap 'echo term; exit' TERM; \
         setsid env -i sh -c 'trap \\\"\\\" TERM; exec sleep 1000' & \
         echo here; while :; do sleep 1000 & wait $!; done\"\"\"]\n",
    ) else {
        return;
    };
    supervisor.wait_for("one.0 | here");
    kill_process(first, Signal::USR1).expect("it is there");
    supervisor.wait_for("one.0 | usr1");
    kill_process(first, Signal::USR2).expect("it is there");
    supervisor.wait_for("one.0 | usr2");
    let mut all = children(first);
    all.extend(all.clone().into_iter().flat_map(children));
    assert!(all.len() >= 3, "the guardian, the program, and what it has put aside: {all:?}");
    kill_process(first, Signal::TERM).expect("it is there");
    supervisor.wait_for("one.0 | term");
    assert_eq!(supervisor.end().code(), Some(0));
    all.into_iter().for_each(wait_until_gone);
}

#[test]
fn whoever_kills_it_kills_all() {
    let Some((mut supervisor, first)) = start("[program.one]\ncommand = \"sleep 1000\"\nprocesses = 3\n")
    else {
        return;
    };
    supervisor.ask(&["start"]);
    let all = children(first);
    assert_eq!(all.len(), 4, "three, and the guardian: {all:?}");
    kill_process(first, Signal::KILL).expect("it is there");
    all.into_iter().for_each(wait_until_gone);
    assert_ne!(supervisor.end().code(), Some(0));
}
