//! What holds where the file says nothing. `keys` shows the same values to people; a test compares the two.

use std::collections::BTreeMap;
use std::time::Duration;

use super::keys::Draft;
use super::{
    Backoff, Jobs, Log, LogTarget, Mode, Processes, Program, Ready, ReadyWhen, Restart, Scaling, Server,
    Signal, Stop, Work,
};
use crate::schedule::{Missed, Overlap};

/// The servers of whoever names none: those of this machine.
pub(super) fn server() -> Server {
    Server {
        zookeeper: vec!["127.0.0.1:2181".to_owned()],
        beanstalk: vec!["127.0.0.1:11300".to_owned()],
        session_timeout: Duration::from_secs(10),
        root: "/trellis".to_owned(),
    }
}

/// What a program is that says nothing.
pub(super) fn draft(name: String) -> Draft {
    let scaling = Scaling { jobs_per_process: 1, cooldown: Duration::from_secs(30) };
    Draft {
        program: Program {
            name,
            command: Vec::new(),
            processes: Processes { min: 1, max: 1, scaling },
            environment: BTreeMap::new(),
            directory: None,
            user: None,
            umask: None,
            restart: Restart::Always,
            backoff: Backoff { first: Duration::from_millis(250), max: Duration::from_secs(30) },
            give_up: None,
            stop: Stop { signal: Signal::Term, timeout: Duration::from_secs(10) },
            after: Vec::new(),
            log: Log { target: LogTarget::Standard, prefix: String::new() },
            ready: Ready { when: ReadyWhen::Started, timeout: Duration::from_secs(30) },
            singleton: false,
            work: Work::Service { listen: Vec::new() },
        },
        jobs: Jobs {
            tube: String::new(),
            mode: Mode::Exec,
            tries_max: 5,
            retry: Backoff { first: Duration::from_secs(1), max: Duration::from_secs(600) },
            prefetch: 4,
        },
        expression: None,
        zone: "UTC".to_owned(),
        missed: Missed::default(),
        overlap: Overlap::default(),
        listen: Vec::new(),
        give_up_failures: 0,
        give_up_within: Duration::from_secs(300),
        log_path: None,
        log_prefix: None,
        log_bytes_max: 10 << 20,
        log_files: 5,
    }
}
