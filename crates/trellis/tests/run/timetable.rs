//! Programs with a schedule on one machine.

use rustix::process::Signal;

use crate::supervisor::{Supervisor, wait_until_gone};

/// A program that runs every second.
fn every_second(script: &str, more: &str) -> String {
    format!(
        "[program.report]\n\
         command = [\"sh\", \"-c\", \"{script}\"]\n\
         schedule = \"* * * * * *\"\n{more}\n"
    )
}

#[test]
fn it_runs_at_each_tick() {
    let mut supervisor = Supervisor::start(&every_second("echo run of $TRELLIS_TICK; exit 3", ""));
    let mut ticks = Vec::new();
    for _ in 0..2 {
        let line = supervisor.wait_for("report.0 | run of ");
        let tick: jiff::Timestamp = line.rsplit(' ').next().expect("a word").parse().expect("a time");
        assert_eq!(tick.subsec_nanosecond(), 0);
        ticks.push(tick);
        supervisor.wait_for("ended process=report.0");
    }
    assert!(ticks[0] < ticks[1], "{ticks:?}");
    let report = supervisor.status("report");
    assert_eq!((&report["state"], &report["last_end"]), (&"scheduled".into(), &"exit code 3".into()));
    assert!(report["starts"].as_u64() >= Some(2), "{report}");
    let next = report["text"].as_str().and_then(|text| text.strip_prefix("next at ")).expect("the next tick");
    assert!(next.parse::<jiff::Timestamp>().expect("a time") > ticks[1]);
    assert!(supervisor.ask(&["logs", "report"]).contains("report.0 | run of "));
}

#[test]
fn runs_do_not_overlap_unless_allowed() {
    let mut supervisor = Supervisor::start(&every_second("echo here; exec sleep 1000", ""));
    supervisor.wait_for("report.0 | here");
    let first = supervisor.pid_of("report.0");
    // A file that allows it holds at once.
    supervisor.write(&every_second("echo here; exec sleep 1000", "overlap = \"allow\"\nprocesses = 2"));
    supervisor.ask(&["reload"]);
    supervisor.wait_for("report.1 | here");
    assert_eq!(supervisor.pid_of("report.0"), first);
    supervisor.ask(&["signal", "KILL", "report"]);
    wait_until_gone(first);
    supervisor.wait_for("ended process=report.0");
    supervisor.wait_for("ended process=report.1");
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.end().code(), Some(0));
}

#[test]
fn it_is_stopped_and_started_by_hand() {
    let mut supervisor = Supervisor::start(&every_second("echo here; exec sleep 1000", ""));
    supervisor.wait_for("report.0 | here");
    let run = supervisor.pid_of("report.0");
    supervisor.ask(&["stop", "report"]);
    wait_until_gone(run);
    let report = supervisor.status("report");
    assert_eq!((&report["state"], &report["last_end"]), (&"stopped".into(), &"killed by SIGTERM".into()));
    supervisor.ask(&["start", "report"]);
    assert_eq!(supervisor.status("report")["state"], "scheduled");
    supervisor.wait_for("report.0 | here");
    // The end ends its run, too.
    let run = supervisor.pid_of("report.0");
    supervisor.ask(&["stop"]);
    wait_until_gone(run);
    assert_eq!(supervisor.end().code(), Some(0));
}

#[test]
fn a_run_that_cannot_be_started_is_told() {
    let mut supervisor =
        Supervisor::start("[program.report]\ncommand = \"no-such-program\"\nschedule = \"* * * * * *\"\n");
    let what = "cannot be started: there is no program \"no-such-program\" to be run process=report.0";
    // The next tick is another chance.
    supervisor.wait_for(what);
    supervisor.wait_for(what);
    let report = supervisor.status("report");
    assert!(report["last_end"].as_str().expect("words").starts_with("not started: there is no program"));
}
