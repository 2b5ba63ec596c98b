//! What is asked of programs of every kind: each request has an answer, and none is passed over in silence.

use std::io::Write;
use std::path::Path;

use crate::jobs::{STREAM, Server, put, wait_for};
use crate::server::Server as Coordination;
use crate::supervisor::{Supervisor, text, wait_until_gone};

/// One program of each kind, all of which can be signalled and none of which ends by itself.
fn every_kind(jobs: &Server, coordination: &Coordination, folder: &Path) -> String {
    let program = |name: &str, more: &str| format!("[program.{name}]\ncommand = \"sleep 1000\"\n{more}\n");
    let every_second = "schedule = \"* * * * * *\"";
    [
        format!("[server]\nbeanstalk = \"{}\"\nzookeeper = \"{}\"\n", jobs.address, coordination.address),
        program("web", ""),
        program("net", &format!("listen = \"unix:{}/net.sock\"", folder.display())),
        program("stream", "tube = \"stream\"\nmode = \"stream\""),
        program("exec", "tube = \"work\"\nprocesses = 4\nstop = { timeout = \"50ms\" }"),
        program("tick", every_second),
        program("later", "schedule = \"0 0 1 1 *\""),
        program("one", "singleton = true"),
    ]
    .concat()
}

/// What is asked | the exit code | what is said, among other things.
const ANSWERS: &str = "\
status web          | 0 | running
status net          | 0 | running
status stream       | 0 | running
status exec         | 0 | working 1
status tick         | 0 | scheduled
status later        | 0 | next at
status one          | 0 | running
status web.0        | 0 | running
status exec.0       | 0 | job 1
status exec.3       | 0 | idle
status tick.0       | 0 | the run of
status web.7        | 1 | web.7 is not there: web has 1 of them, from 0
status stream.7     | 1 | stream.7 is not there: stream has 1 of them, from 0
status exec.7       | 1 | exec.7 is not there: exec has 4 of them, from 0
status tick.7       | 1 | tick.7 is not there: no run of tick has that number now
status execc        | 1 | did you mean exec?
start               | 0 |
start tick.7        | 1 | tick.7 is not there
start exec.7        | 1 | exec.7 is not there
start excc          | 1 | did you mean exec?
restart net         | 0 |
restart stream.0    | 0 |
restart one         | 0 |
restart later       | 0 |
restart later.0     | 1 | later.0 is not there
restart exec.7      | 1 | exec.7 is not there
stop tick.7         | 1 | tick.7 is not there
stop web tick.7     | 1 | tick.7 is not there
status web          | 0 | running
stop exec.7         | 1 | exec.7 is not there
stop exec.3         | 0 |
status exec.3       | 0 | stopped
status exec         | 0 | working 1
signal WINCH exec   | 0 | sent to 1 process
signal WINCH exec.3 | 4 | nothing of that name runs
signal WINCH exec.7 | 1 | exec.7 is not there
signal WINCH tick   | 0 | sent to 1 process
signal WINCH tick.7 | 1 | tick.7 is not there
signal WINCH later  | 4 | nothing of that name runs
signal WINCH one    | 0 | sent to 1 process
logs web            | 0 |
logs exec           | 0 |
logs exec.0         | 4 | output is kept by program: ask for exec instead of exec.0
logs exec.7         | 1 | exec.7 is not there
logs nobody         | 1 | there is no program or process \"nobody\"
stop web net stream exec tick later one | 0 |
status web          | 0 | stopped
status net          | 0 | stopped
status stream       | 0 | stopped
status exec         | 0 | stopped
status exec.1       | 0 | stopped
status tick         | 0 | stopped
status later        | 0 | stopped
status one          | 0 | stopped
status web.0        | 1 | web.0 is not there: web has no processes now
signal WINCH exec   | 4 | nothing of that name runs
reload              | 0 | the file was read and is applied
status web          | 0 | stopped
status stream       | 0 | stopped
status exec         | 0 | stopped
status tick         | 0 | stopped
start stream exec   | 0 |
status stream       | 0 | running
status exec         | 0 | jobs: 0 done, 1 not done
status exec.3       | 0 | idle
restart tick        | 0 |
status tick         | 0 | scheduled
";

#[test]
fn each_request_has_an_answer_for_each_kind_of_program() {
    let (jobs, coordination) = (Server::start(), Coordination::start());
    let client = &mut jobs.client();
    let folder = tempfile::tempdir().expect("a folder");
    let mut supervisor = Supervisor::start(&every_kind(&jobs, &coordination, folder.path()));
    put(client, b"");
    for name in ["web", "net", "stream", "tick", "one"] {
        supervisor.wait_for(&format!("started process={name}.0"));
    }
    wait_for(client, "current-jobs-reserved", 1);
    for line in ANSWERS.lines() {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let output = supervisor.command(&columns[0].split(' ').collect::<Vec<_>>());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), columns[1].parse().ok(), "{line}: {said}");
        assert!(said.contains(columns[2]), "{line}: {said}");
        if columns[0].starts_with("status") && columns[1] == "0" {
            // JSON says the same.
            let json =
                supervisor.ask(&[&columns[0].split(' ').collect::<Vec<_>>()[..], &["--json"]].concat());
            assert!(json.contains(columns[2]), "{line}: {json}");
        }
    }
}

#[test]
fn a_program_with_a_process_for_each_job_is_stopped_and_started() {
    let server = Server::start();
    let client = &mut server.client();
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let fifo = trellis_unix::fifo::Fifo::create(&pipe, 0o600).expect("a pipe");
    let go_on = || fifo.waiting_writer().expect("somebody reads").write_all(b"go on\n").expect("it is read");
    let file = server.file(&format!(
        "command = [\"sh\", \"-c\", \"echo begun $TRELLIS_PROCESS; read line < {}\"]\nprocesses = 2\nstop = {{ timeout = \"1h\" }}\n",
        pipe.display()
    ));
    let mut supervisor = Supervisor::start(&file);
    put(client, b"");
    supervisor.wait_for("| begun");
    let mut stop =
        crate::supervisor::trellis(supervisor.folder(), &["stop", "work"]).spawn().expect("it runs");
    // Its job may be finished, and no other is begun.
    wait_for(client, "current-watching", 1);
    put(client, b"");
    assert_eq!(supervisor.status("work")["state"], "stopping");
    go_on();
    assert!(stop.wait().expect("it is ours").success());
    wait_for(client, "cmd-delete", 1);
    let stopped = supervisor.status("work");
    assert_eq!(
        (&stopped["state"], &stopped["text"]),
        (&"stopped".into(), &"jobs: 1 done, 0 not done".into())
    );
    // It stays so when the file is read again, even as a program of another kind.
    supervisor.ask(&["reload"]);
    supervisor.write(&server.file(STREAM));
    supervisor.ask(&["reload"]);
    assert_eq!(supervisor.status("work")["state"], "stopped");
    supervisor.write(&file);
    supervisor.ask(&["reload"]);
    assert_eq!(supervisor.status("work")["state"], "stopped");
    wait_for(client, "current-jobs-ready", 1);
    supervisor.ask(&["start", "work"]);
    supervisor.wait_for("| begun");
    // Started anew, it waits for that job and goes on.
    let mut restart = crate::supervisor::trellis(supervisor.folder(), &["restart"]).spawn().expect("it runs");
    wait_for(client, "current-watching", 2);
    go_on();
    assert!(restart.wait().expect("it is ours").success());
    put(client, b"");
    supervisor.wait_for("| begun");
    go_on();
    wait_for(client, "cmd-delete", 3);
}

#[test]
fn a_run_is_started_anew_for_the_same_time() {
    let mut supervisor = Supervisor::start(
        "[program.report]\ncommand = [\"sh\", \"-c\", \"echo run of $TRELLIS_TICK; exec sleep 1000\"]\n\
         schedule = \"* * * * * *\"\n",
    );
    let run = supervisor.wait_for("report.0 | run of ");
    let pid = supervisor.pid_of("report.0");
    supervisor.ask(&["restart", "report"]);
    wait_until_gone(pid);
    assert_eq!(supervisor.wait_for("report.0 | run of "), run);
    assert_ne!(supervisor.pid_of("report.0"), pid);
    supervisor.ask(&["restart", "report.0"]);
    assert_eq!(supervisor.wait_for("report.0 | run of "), run);
    // What was stopped follows its schedule again.
    supervisor.ask(&["stop", "report"]);
    supervisor.ask(&["restart", "report"]);
    assert_ne!(supervisor.wait_for("report.0 | run of "), run);
}

#[test]
fn what_waits_to_be_started_again_is_started_at_once() {
    let mut supervisor = Supervisor::start(
        "[program.web]\ncommand = [\"sh\", \"-c\", \"[ -e second ] && exec sleep 1000; touch second; exit 1\"]\n\
         backoff = { first = \"1h\", max = \"1h\" }\n",
    );
    supervisor.wait_for("ended process=web.0");
    assert_eq!(supervisor.status("web.0")["state"], "waiting");
    supervisor.ask(&["start", "web"]);
    assert_eq!(supervisor.status("web.0")["state"], "running");
}

#[test]
fn whoever_waits_for_what_somebody_else_prevents_is_told() {
    let mut supervisor = Supervisor::start(
        "[program.web]\ncommand = [\"sh\", \"-c\", \"trap '' TERM; echo here; while :; do sleep 1000; done\"]\n\
         processes = 2\nstop = { timeout = \"1h\" }\n",
    );
    supervisor.wait_for("| here");
    supervisor.wait_for("| here");
    // The reply to the second wish comes when the processes have ended and run again.
    let wish = |arguments: &[&str], begun: &str| {
        let mut command = crate::supervisor::trellis(supervisor.folder(), arguments);
        let child = command.stderr(std::process::Stdio::piped()).spawn().expect("it runs");
        let deadline = std::time::Instant::now() + crate::supervisor::DEADLINE;
        while supervisor.status("web.0")["state"] != begun {
            assert!(std::time::Instant::now() < deadline, "{}", supervisor.status("web.0"));
        }
        child
    };
    let stop = wish(&["stop", "web"], "stopping");
    let start = wish(&["start", "web"], "restarting");
    let stopped = stop.wait_with_output().expect("it is ours");
    assert_eq!(stopped.status.code(), Some(4), "{}", text(&stopped.stderr));
    let message = text(&stopped.stderr);
    assert!(message.contains("web was started again before it was done"), "{message}");
    drop(wish(&["stop", "web.0"], "stopping"));
    let started = start.wait_with_output().expect("it is ours");
    assert_eq!(started.status.code(), Some(4), "{}", text(&started.stderr));
    assert!(text(&started.stderr).contains("web.0 was stopped again"), "{}", text(&started.stderr));
}
