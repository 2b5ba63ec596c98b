//! Operating a supervisor: its commands, a changed file, logs, the background.

use std::fs;

use rustix::process::Signal;

use crate::supervisor::{Supervisor, text, trellis, wait_until_gone, write_file};

const SLEEPERS: &str = "[program.sleeper]\ncommand = \"sleep 1000\"\nprocesses = 2\n";

#[test]
fn programs_and_processes_are_stopped_started_and_restarted() {
    let mut supervisor = Supervisor::start(SLEEPERS);
    supervisor.ask(&["start"]);
    let (zero, one) = (supervisor.pid_of("sleeper.0"), supervisor.pid_of("sleeper.1"));
    supervisor.ask(&["stop", "sleeper.0"]);
    wait_until_gone(zero);
    assert_eq!(supervisor.status("sleeper.0")["state"], "stopped");
    assert_eq!(supervisor.pid_of("sleeper.1"), one);
    supervisor.ask(&["start", "sleeper"]);
    assert_ne!(supervisor.pid_of("sleeper.0"), zero);
    let zero = supervisor.pid_of("sleeper.0");
    supervisor.ask(&["restart", "sleeper"]);
    wait_until_gone(zero);
    wait_until_gone(one);
    supervisor.ask(&["stop", "sleeper"]);
    assert_eq!(supervisor.status("sleeper")["state"], "stopped");
    // Without a name, it is the supervisor that ends.
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
}

#[test]
fn status_is_a_table() {
    let supervisor = Supervisor::start(SLEEPERS);
    supervisor.ask(&["start"]);
    supervisor.ask(&["stop", "sleeper.1"]);
    let table = supervisor.ask(&["status"]);
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["process", "state", "pid", "for", "starts", "last", "end"], "{table}");
    let pid = supervisor.pid_of("sleeper.0").as_raw_nonzero().to_string();
    assert_eq!(words[1][..3], ["sleeper.0", "running", &pid], "{table}");
    assert_eq!(words[2], ["sleeper.1", "stopped", "-", "-", "1", "killed", "by", "SIGTERM"], "{table}");
    assert_eq!(words.len(), 3, "{table}");
}

#[test]
fn rows_are_in_one_order_whatever_they_are() {
    let supervisor = Supervisor::start(
        "[program.c]\ncommand = \"sleep 1000\"\nprocesses = 2\n[program.a]\ncommand = \"sleep 1000\"\nafter = \"c\"\n\
         [program.b]\ncommand = \"true\"\nschedule = \"@yearly\"\n[program.d]\ncommand = \"true\"\nprocesses = 0\n",
    );
    supervisor.ask(&["start"]);
    let table = supervisor.ask(&["status"]);
    let names: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["a.0", "b", "c.0", "c.1", "d"], "{table}");
}

#[test]
fn what_goes_wrong_has_its_exit_code() {
    let supervisor = Supervisor::start(
        "[program.sleeper]\ncommand = \"sleep 1000\"\n[program.bad]\ncommand = \"nobody\"\n\
         backoff = { first = \"1h\", max = \"1h\" }\n",
    );
    let check = |arguments: &[&str], code, wanted: &str| {
        let output = supervisor.command(arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
        assert!(message.contains(wanted), "{arguments:?}: {message}");
    };
    check(&["status", "sleepr"], 1, "there is no program or process \"sleepr\"; did you mean sleeper?");
    check(&["stop", "sleeper.7"], 1, "sleeper.7 is not there");
    check(&["restart", "bad"], 4, "bad.0 has failed (not started: there is no program");
    check(&["signal", "NO", "sleeper"], 4, "\"NO\" is not a signal");
    check(&[], 4, "a supervisor is running already");
    let folder = tempfile::tempdir().expect("a folder");
    let output = trellis(folder.path(), &["status"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    write_file(folder.path(), "[program.a]\n");
    let output = trellis(folder.path(), &[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn what_is_missing_on_this_machine_is_told_and_hinders_nobody_else() {
    let file = "[program.bad]\ncommand = \"no-such-program\"\ndirectory = \"/nowhere\"\nlog = { to = \"workers.toml/a\" }\n\
                [program.good]\ncommand = \"sleep 1000\"\n";
    let mut supervisor = Supervisor::start(file);
    supervisor.wait_for("there is no directory /nowhere program=\"bad\"");
    supervisor.ask(&["start", "good"]);
    let check = supervisor.command(&["--check"]);
    assert_eq!(
        (check.status.code(), &*text(&check.stdout)),
        (Some(0), "workers.toml is right: 2 programs\n")
    );
    let told = text(&check.stderr);
    assert!(
        told.starts_with("warning: program.bad.command: there is no program \"no-such-program\" in PATH"),
        "{told}"
    );
    assert!(told.ends_with("warning: program.bad.log.to: workers.toml is not a directory\n"), "{told}");
    supervisor.write("[program.good]\ncommand = \"sleep 1000\"\n");
    // What else it would do is not looked at.
    let check = supervisor.command(&["--daemon", "--check"]);
    assert_eq!((&*text(&check.stdout), &*text(&check.stderr)), ("workers.toml is right: 1 program\n", ""));
}

#[test]
fn a_changed_file_disturbs_only_what_has_changed() {
    let mut supervisor = Supervisor::start(
        "[program.same]\ncommand = \"sleep 1000\"\n[program.other]\ncommand = \"sleep 1001\"\n\
         [program.gone]\ncommand = \"sleep 1002\"\n",
    );
    supervisor.ask(&["start"]);
    let [same, other, gone] = ["same.0", "other.0", "gone.0"].map(|name| supervisor.pid_of(name));
    supervisor.write(
        "[program.same]\ncommand = \"sleep 1000\"\nstop = { timeout = \"1s\" }\nprocesses = 2\n\
         [program.other]\ncommand = \"sleep 1003\"\n[program.new]\ncommand = \"sleep 1004\"\n",
    );
    supervisor.signal(Signal::HUP);
    supervisor.wait_for("INFO reloaded");
    wait_until_gone(other);
    wait_until_gone(gone);
    supervisor.ask(&["start"]);
    assert_eq!(supervisor.pid_of("same.0"), same);
    for name in ["same.1", "other.0", "new.0"] {
        assert_eq!(supervisor.status(name)["state"], "running", "{name}");
    }
    // A file that is of no use changes nothing.
    supervisor.write("[program.same]\n");
    let output = supervisor.command(&["reload"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("workers.toml:1: program.same: the key command is missing"));
    assert_eq!(supervisor.pid_of("same.0"), same);
}

#[test]
fn output_goes_to_files_that_are_put_aside_when_full() {
    let mut supervisor = Supervisor::start(
        "[program.talker]\n\
         command = [\"sh\", \"-c\", \"i=0; while [ $i -lt 300 ]; do echo line $i of this process; i=$((i+1)); done\"]\n\
         restart = \"never\"\n\
         log = { to = \"logs/{program}-{index}.log\", max_size = \"4K\", files = 2, prefix = \"[{program}] \" }\n",
    );
    supervisor.wait_for("ended process=talker.0");
    supervisor.ask(&["stop"]);
    supervisor.end();
    let logs = supervisor.folder().join("logs");
    let read = |name: &str| fs::read_to_string(logs.join(name)).expect("the file is there");
    let whole = [read("talker-0.log.2"), read("talker-0.log.1"), read("talker-0.log")].concat();
    let wanted: String = (0..300).map(|line| format!("[talker] line {line} of this process\n")).collect();
    assert!(wanted.ends_with(&whole), "{whole}");
    assert!(
        ["talker-0.log.2", "talker-0.log.1", "talker-0.log"].iter().all(|name| read(name).len() <= 4 << 10)
    );
    assert_eq!(fs::read_dir(logs).expect("the folder").count(), 3);
}

#[test]
fn the_newest_output_can_be_read_and_followed() {
    let mut supervisor = Supervisor::start(
        "[program.a]\ncommand = [\"sh\", \"-c\", \"echo one; echo two; trap 'echo usr1' USR1; echo three; \
         while :; do sleep 1000 & wait; done\"]\n",
    );
    supervisor.wait_for("a.0 | three");
    assert_eq!(supervisor.ask(&["logs", "a", "-n", "2"]), "a.0 | two\na.0 | three\n");
    assert_eq!(supervisor.ask(&["logs", "--json", "-n", "1"]), "\"a.0 | three\"\n");
    assert_eq!(supervisor.ask(&["signal", "USR1", "a.0"]), "sent to 1 process\n");
    supervisor.wait_for("a.0 | usr1");
    supervisor.signal(Signal::USR1);
    supervisor.wait_for("a.0 | usr1");
    let mut follower = trellis(supervisor.folder(), &["logs", "-f", "-n", "1"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(follower.stdout.take().expect("a pipe")));
    assert_eq!(lines.next().expect("a line").expect("text"), "a.0 | usr1");
    supervisor.ask(&["signal", "usr1", "a"]);
    assert_eq!(lines.next().expect("a line").expect("text"), "a.0 | usr1");
    // It ends with the supervisor.
    supervisor.ask(&["stop"]);
    assert!(follower.wait().expect("it is ours").success());
}

#[test]
fn it_does_not_run_in_the_background_beside_one_that_does_in_the_foreground() {
    let supervisor = Supervisor::start(SLEEPERS);
    let begun = format!("a supervisor is running already, as process {}", supervisor.pid().as_raw_nonzero());
    // Nor if that does nothing, or cannot be asked any more.
    supervisor.signal(Signal::STOP);
    for arguments in [&["--daemon"][..], &[]] {
        let output = supervisor.command(arguments);
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).starts_with(&format!("error: {begun}: it answers at ")),
            "{}",
            text(&output.stderr)
        );
    }
    fs::remove_file(supervisor.folder().join("workers.sock")).expect("it is there");
    let output = supervisor.command(&["--daemon"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(!supervisor.folder().join("workers.log").exists(), "nothing was begun");
}

#[test]
fn it_runs_in_the_background() {
    let folder = tempfile::tempdir().expect("a folder");
    write_file(folder.path(), SLEEPERS);
    let run = |arguments: &[&str]| trellis(folder.path(), arguments).output().expect("it runs");
    let started = run(&["--daemon"]);
    assert!(started.status.success(), "{}", text(&started.stderr));
    let again = run(&["--daemon"]);
    assert_eq!(again.status.code(), Some(4), "{}", text(&again.stderr));
    let status: serde_json::Value = serde_json::from_slice(&run(&["status", "--json"]).stdout).expect("JSON");
    let pid = fs::read_to_string(folder.path().join("workers.pid")).expect("the file is there");
    assert_eq!(pid.trim(), status["pid"].to_string());
    assert!(run(&["start"]).status.success());
    assert!(run(&["stop"]).status.success());
    assert!(
        text(&fs::read(folder.path().join("workers.log")).expect("the file is there"))
            .contains("INFO stopped")
    );
    // What is wrong is told where somebody reads it.
    write_file(folder.path(), "[program.a]\n");
    let wrong = run(&["--daemon"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("the key command is missing"));
}
