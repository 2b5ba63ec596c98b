//! Jobs whose workers are killed because they may not run any longer: that is no fault of the jobs', so it counts no try,
//! and none of them is buried.

use rustix::process::Signal;

use crate::host::Host;
use crate::jobs::{STREAM, put, wait_for_in};
use crate::supervisor::Supervisor;

/// A program whose jobs are buried when they fail once. It has more time for them than anybody waits here.
fn workers() -> String {
    format!(
        "[program.work]\ntube = \"work\"\n{STREAM}processes = 1\nmax_tries = 1\nstop = {{ timeout = \"1h\" }}\n"
    )
}

#[test]
fn the_second_signal_kills_and_buries_nothing() {
    let host = Host::forgetful();
    let client = &mut host.client();
    let mut supervisor = Supervisor::start(&host.file(&format!(
        "{}[program.exec]\ntube = \"exec\"\ncommand = [\"sh\", \"-c\", \"trap '' TERM; echo begun; sleep 1000\"]\n\
         max_tries = 1\nstop = {{ timeout = \"1h\" }}\n",
        workers()
    )));
    put(client, b"hold");
    client.use_tube("exec").expect("it answers");
    put(client, b"");
    supervisor.wait_for("holds 1");
    supervisor.wait_for("| begun");
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("INFO stopping");
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("as this was the second time");
    assert_eq!(supervisor.end().code(), Some(0));
    for tube in ["work", "exec"] {
        wait_for_in(client, tube, "current-jobs-ready", 1);
    }
}
