//! Workers that are killed in the middle of their jobs, again and again: each job is done, none is lost or buried.

use crate::host::Host;
use crate::jobs::STREAM;
use crate::ledger::{Record, put_many, wait_until_empty};
use crate::supervisor::Supervisor;

const JOBS: usize = 2000;

/// Has many jobs done by a program with these variables in its environment.
fn survive(program: impl FnOnce(&str) -> String) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let (host, record) = (Host::start(), Record::new());
    let variables = format!("SEED = \"{seed}\", RECORD = {:?}", record.path());
    let _supervisor = Supervisor::start(&host.file(&program(&variables)));
    let client = &mut host.client();
    put_many(client, 0, JOBS);
    wait_until_empty(client);
    let done = record.check(JOBS);
    // Some have died between a job and their answer.
    assert!(done > JOBS, "nobody has died");
}

#[test]
fn of_workers_that_get_frames() {
    survive(|variables| {
        let stream = STREAM.replace("DO = \"work\"", &format!("DO = \"work\", {variables}"));
        format!(
            "[program.work]\ntube = \"work\"\n{stream}processes = 4\nmax_tries = 1000\nprefetch = 4\n\
                 give_up = {{ failures = 1000, within = \"1s\" }}\n"
        )
    });
}

#[test]
fn of_processes_for_one_job_each() {
    survive(|variables| {
        format!(
            "[program.work]\ntube = \"work\"\ncommand = [HELPER]\n\
             environment = {{ DO = \"job\", {variables} }}\nprocesses = {{ min = 0, max = 4 }}\n\
             max_tries = 1000\nretry = {{ first = \"0s\", max = \"0s\" }}\n"
        )
    });
}
