//! Programs and people that, by malice or by mistake, would keep the supervisor from everybody else.

use crate::supervisor::Supervisor;

#[test]
fn one_that_says_how_it_is_without_end_hinders_nobody() {
    let mut supervisor = Supervisor::start(
        "[program.chatter]\ncommand = [HELPER]\nenvironment = { DO = \"chatter\" }\nready = { when = \"notified\" }\n\
         [program.good]\ncommand = \"sleep 1000\"\n",
    );
    supervisor.wait_for("has said 3000");
    assert_eq!(supervisor.status("chatter")["text"], "");
    supervisor.ask(&["restart", "good"]);
    let status = format!("/proc/{}/status", supervisor.pid().as_raw_nonzero());
    let status = std::fs::read_to_string(status).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kilobytes: u32 = resident.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 64 << 10, "it has {kilobytes} kB");
}
