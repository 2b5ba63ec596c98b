//! The life of processes: start, order, readiness, restart, end, and what is left behind.

use std::fs;
use std::io::Write;

use rustix::process::{Signal, kill_process};

use crate::supervisor::{DEADLINE, Supervisor, wait_until_gone};

#[test]
fn output_is_prefixed_and_says_who_it_is() {
    let mut supervisor = Supervisor::start(
        "[program.hello]\n\
         command = [\"sh\", \"-c\", \"echo $GREETING $TRELLIS_PROGRAM $TRELLIS_PROCESS; exec sleep 1000\"]\n\
         environment = { GREETING = \"hello\" }\n\
         processes = 2\n",
    );
    supervisor.wait_for("hello.0 | hello hello 0");
    supervisor.wait_for("hello.1 | hello hello 1");
}

#[test]
fn a_program_waits_until_another_says_that_it_is_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let _fifo = trellis_unix::fifo::Fifo::create(&pipe, 0o600).expect("a pipe");
    let mut supervisor = Supervisor::start(&format!(
        "[program.database]\n\
         command = [HELPER]\n\
         environment = {{ DO = \"notify\", PIPE = {pipe:?} }}\n\
         ready = {{ when = \"notified\" }}\n\
         [program.web]\n\
         command = [\"sh\", \"-c\", \"echo here; exec sleep 1000\"]\n\
         after = \"database\"\n",
    ));
    supervisor.wait_for("started process=database.0");
    assert_eq!(supervisor.status("database")["state"], "starting");
    assert_eq!(supervisor.status("web")["state"], "none");
    fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("it is read")
        .write_all(b"all is well\n")
        .expect("it is read");
    supervisor.wait_for("web.0 | here");
    let database = supervisor.status("database");
    assert_eq!((&database["state"], &database["text"]), (&"running".into(), &"all is well".into()));
    // What needs another goes first.
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("ended process=web.0");
    supervisor.wait_for("ended process=database.0");
    assert_eq!(supervisor.end().code(), Some(0));
    assert!(!supervisor.folder().join("workers.sock").exists());
}

#[test]
fn what_is_killed_is_started_anew_until_it_is_too_often() {
    let mut supervisor = Supervisor::start(
        "[program.web]\n\
         command = \"sleep 1000\"\n\
         backoff = { first = \"1ms\", max = \"2ms\" }\n\
         give_up = { failures = 3, within = \"1m\" }\n",
    );
    for _ in 0..3 {
        supervisor.wait_for("started process=web.0");
        let pid = supervisor.pid_of("web.0");
        kill_process(pid, Signal::KILL).expect("it is there");
        supervisor.wait_for("ended process=web.0");
    }
    supervisor.wait_for("failed too often, and is tried no more");
    let web = supervisor.status("web");
    assert_eq!((&web["state"], &web["last_end"]), (&"failed".into(), &"killed by SIGKILL".into()));
    assert_eq!(web["starts"], 3);
    supervisor.ask(&["start", "web"]);
    assert_eq!(supervisor.status("web")["state"], "running");
}

#[test]
fn what_cannot_be_started_is_told() {
    let mut supervisor = Supervisor::start(
        "[program.a]\ncommand = \"no-such-program\"\n\
         [program.b]\ncommand = \"true\"\ndirectory = \"/no/such/folder\"\n\
         [program.c]\ncommand = \"true\"\nuser = \"no-such-user\"\n",
    );
    supervisor.wait_for("cannot be started: there is no program \"no-such-program\" to be run process=a.0");
    supervisor.wait_for("cannot be started: there is no directory /no/such/folder process=b.0");
    supervisor.wait_for("cannot be started: there is no user \"no-such-user\" on this machine process=c.0");
}

#[test]
fn one_that_does_not_end_is_killed_with_all_that_it_has_started() {
    let mut supervisor = Supervisor::start(
        "[program.stubborn]\n\
         command = [\"sh\", \"-c\", \"trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1000; done\"]\n\
         stop = { timeout = \"50ms\" }\n",
    );
    let line = supervisor.wait_for("stubborn.0 | ");
    let child =
        line.rsplit(' ').next().and_then(|pid| pid.parse().ok()).and_then(rustix::process::Pid::from_raw);
    supervisor.ask(&["stop", "stubborn"]);
    supervisor.wait_for("killed, since it took too long process=stubborn.0");
    wait_until_gone(child.expect("a pid"));
    assert_eq!(supervisor.status("stubborn")["state"], "stopped");
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let mut supervisor = Supervisor::start(
        "[program.stubborn]\n\
         command = [\"sh\", \"-c\", \"trap '' TERM; echo here; while :; do sleep 1000; done\"]\n\
         stop = { timeout = \"1h\" }\n",
    );
    supervisor.wait_for("stubborn.0 | here");
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("INFO stopping");
    supervisor.signal(Signal::INT);
    assert_eq!(supervisor.end().code(), Some(0));
}

#[test]
fn a_supervisor_that_is_killed_leaves_nothing_behind() {
    let mut supervisor = Supervisor::start(
        "[program.family]\n\
         command = [\"sh\", \"-c\", \"\"\"sleep 1000 & echo child $!; setsid sh -c 'echo child $$; exec sleep 1000' &\n\
         setsid sh -c '(sleep 1000 & echo child $!)'; echo child $$; exec sleep 1000\"\"\"]\n",
    );
    let pids: Vec<_> = (0..4)
        .map(|_| {
            let line = supervisor.wait_for("| child ");
            let pid = line.rsplit(' ').next().and_then(|pid| pid.parse().ok());
            pid.and_then(rustix::process::Pid::from_raw).expect("a pid")
        })
        .collect();
    supervisor.signal(Signal::KILL);
    supervisor.end();
    pids.into_iter().for_each(wait_until_gone);
    // Another one can begin at once, although nobody has removed the socket.
    assert!(supervisor.folder().join("workers.sock").exists());
    let mut again = Supervisor::start_in(supervisor.into_folder(), &[]);
    again.wait_for("| child ");
}

/// The pids that a program tells of.
fn told(supervisor: &mut Supervisor, count: usize) -> Vec<rustix::process::Pid> {
    let pid = |line: String| line.rsplit(' ').next().and_then(|pid| pid.parse().ok());
    let lines = (0..count).map(|_| supervisor.wait_for("| child "));
    lines.map(|line| pid(line).and_then(rustix::process::Pid::from_raw).expect("a pid")).collect()
}

#[test]
fn what_has_left_its_session_ends_with_its_program() {
    let mut supervisor = Supervisor::start(
        "[program.family]\n\
         command = [\"sh\", \"-c\", \"\"\"setsid sh -c 'echo child $$; setsid sleep 1000 & echo child $!; wait' &\n\
         exec sleep 1000\"\"\"]\n\
         [program.other]\n\
         command = [\"sh\", \"-c\", \"(setsid sh -c 'echo other $$; exec sleep 1000' &); exec sleep 1000\"]\n",
    );
    let line = supervisor.wait_for("| other ");
    let first = told(&mut supervisor, 2);
    supervisor.ask(&["restart", "family"]);
    first.into_iter().for_each(wait_until_gone);
    let second = told(&mut supervisor, 2);
    supervisor.ask(&["stop", "family"]);
    second.into_iter().for_each(wait_until_gone);
    // What belongs to one that lives is let live.
    let other = line.rsplit(' ').next().expect("a word");
    assert!(fs::metadata(format!("/proc/{other}")).is_ok());
}

#[test]
fn what_has_left_its_session_is_asked_before_it_is_killed() {
    let mut supervisor = Supervisor::start(
        "[program.polite]\nstop = { signal = \"USR1\" }\n\
         command = [\"sh\", \"-c\", \"\"\"setsid sh -c 'trap \"echo good-bye; exit\" USR1; echo child $$; \
         while :; do sleep 0.01; done' & exec sleep 1000\"\"\"]\n\
         [program.stubborn]\n\
         command = [\"sh\", \"-c\", \"setsid sh -c 'trap : TERM; echo child $$; while :; do sleep 1; done' & exec sleep 1000\"]\n",
    );
    let pids = told(&mut supervisor, 2);
    supervisor.ask(&["stop", "polite", "stubborn"]);
    supervisor.wait_for("asked to end, since what has started it has ended program=\"stubborn\"");
    supervisor.wait_for("polite.0 | good-bye");
    supervisor.wait_for("killed, since what has started it has ended program=\"stubborn\"");
    pids.into_iter().for_each(wait_until_gone);
    // So are those that nothing is known of but at the end.
    supervisor.write(
        "[program.hidden]\n\
         command = [\"sh\", \"-c\", \"\"\"(env -i setsid sh -c 'trap \"echo farewell; exit\" TERM; echo child $$; \
         while :; do sleep 0.01; done' &) ; exec sleep 1000\"\"\"]\n",
    );
    supervisor.ask(&["reload"]);
    told(&mut supervisor, 1);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    assert!(supervisor.rest().iter().any(|line| line.ends_with("hidden.0 | farewell")));
}

#[test]
fn what_hides_from_its_program_ends_with_the_supervisor() {
    let mut supervisor = Supervisor::start(
        "[program.hidden]\n\
         command = [\"sh\", \"-c\", \"(env -i setsid sh -c 'echo child $$; exec sleep 1000' &); exec sleep 1000\"]\n",
    );
    let hidden = told(&mut supervisor, 1);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    hidden.into_iter().for_each(wait_until_gone);
}

#[test]
fn orphans_are_taken_over_and_waited_for() {
    let mut supervisor = Supervisor::start(
        "[program.father]\n\
         command = [\"sh\", \"-c\", \"(sh -c 'echo orphan $$; exec sleep 0.01' &); exec sleep 1000\"]\n",
    );
    let line = supervisor.wait_for("| orphan ");
    let orphan: i32 = line.rsplit(' ').next().and_then(|pid| pid.parse().ok()).expect("a pid");
    wait_until_gone(rustix::process::Pid::from_raw(orphan).expect("a pid"));
    // It has ended; that it was waited for shows in its being no zombie either.
    let stat = format!("/proc/{orphan}/stat");
    let deadline = std::time::Instant::now() + DEADLINE;
    while fs::metadata(&stat).is_ok() {
        assert!(std::time::Instant::now() < deadline, "it is a zombie");
        std::thread::yield_now();
    }
}

#[test]
fn what_has_stayed_in_the_group_ends_with_its_leader_and_no_word_is_lost_about_it() {
    let mut supervisor = Supervisor::start(
        "[program.father]\nrestart = \"never\"\n\
         command = [\"sh\", \"-c\", \"for i in 1 2 3 4 5 6 7 8; do sleep 1000 & echo child $!; done\"]\n",
    );
    told(&mut supervisor, 8).into_iter().for_each(wait_until_gone);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    let rest = supervisor.rest();
    assert!(!rest.iter().any(|line| line.contains("what has started it has ended")), "{rest:#?}");
}
