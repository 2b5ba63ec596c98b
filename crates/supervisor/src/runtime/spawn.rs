//! Starting a process: what it finds in its environment, and where its output goes. What becomes of it is seen elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Rlimit, Signal};
use trellis_unix::BootTime;
use trellis_unix::process::{Conditions, start};

use super::Supervisor;
use super::cluster::no_lease;
use super::guardian::MARK;
use super::user::account;
use crate::config::{Program, Server};
use crate::fleet::Name;

/// Variables that are about the supervisor itself and would mislead a program.
const OWN_VARIABLES: [&str; 6] =
    ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];

/// What all processes have in common.
pub(super) struct Spawner {
    variables: BTreeMap<OsString, OsString>,
    mark: String,
    /// How many processes were started.
    starts: u64,
    /// The numbers of the starts of those that have not ended.
    living: HashMap<Pid, u64>,
    /// How many files a program may open: as many as the supervisor before it raised its own limit.
    open_files: Option<Rlimit>,
}

/// What one process gets besides.
#[derive(Default)]
pub(super) struct Extra {
    /// Variables.
    pub(super) variables: Vec<(&'static str, String)>,
    /// Descriptors, open as 3 and up.
    pub(super) descriptors: Vec<OwnedFd>,
    /// Whether these are sockets that listen, of which it is told.
    pub(super) announced: bool,
    /// Its standard input; nothing if there is none.
    pub(super) input: Option<OwnedFd>,
}

/// A process that was started.
pub(super) struct Started {
    /// Its pid, which is its group's and its session's, too.
    pub(super) pid: Pid,
    /// What it writes.
    pub(super) output: PipeReader,
}

impl Spawner {
    /// Takes this process's environment as it is now.
    pub(super) fn new(mark: &str, open_files: Option<Rlimit>) -> Spawner {
        let own = |name: &OsString| OWN_VARIABLES.iter().any(|own| name == own);
        let variables = std::env::vars_os().filter(|(name, _)| !own(name)).collect();
        Spawner { variables, mark: mark.to_owned(), starts: 0, living: HashMap::new(), open_files }
    }

    /// What the mark of all processes begins with; a dot and the number of the start follow.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// Whether the process of the start with this number has not ended.
    pub(super) fn lives(&self, start: u64) -> bool {
        self.living.values().any(|living| *living == start)
    }

    /// A process has ended; returns the number of its start.
    pub(super) fn ended(&mut self, pid: Pid) -> Option<u64> {
        self.living.remove(&pid)
    }

    /// The number of the start of a process.
    pub(super) fn start_of(&self, pid: Pid) -> Option<u64> {
        self.living.get(&pid).copied()
    }

    /// The number of another start.
    fn next_start(&mut self) -> u64 {
        self.starts += 1;
        self.starts
    }

    /// Tells programs from now on which servers there are, in the variables that `trellis tube` and `trellis zk` read.
    /// The former asks one server.
    pub(super) fn tell_servers(&mut self, server: &Server) {
        let variables = [
            ("TRELLIS_TUBE_SERVER", server.beanstalk.first().cloned()),
            ("TRELLIS_ZK_SERVER", Some(server.zookeeper.join(",")).filter(|servers| !servers.is_empty())),
        ];
        for (name, value) in variables {
            match value {
                Some(value) => self.variables.insert(name.into(), value.into()),
                None => self.variables.remove(OsStr::new(name)),
            };
        }
    }

    /// Starts a process of a program, unless it is too late for that. The number is that of this start.
    ///
    /// It is killed when this thread ends, however that happens, so this has to be the main thread.
    fn start(
        &mut self,
        number: u64,
        name: &Name,
        program: &Program,
        not_after: Option<BootTime>,
        extra: Extra,
    ) -> io::Result<Started> {
        let (output, writer) = io::pipe()?;
        let mut command = Command::new(&program.command[0]);
        command.args(&program.command[1..]).env_clear().envs(&self.variables);
        let mut identity = None;
        if let Some(user) = &program.user {
            let account = account(user)?;
            command.env("HOME", account.home).env("USER", &account.name).env("LOGNAME", account.name);
            identity = account.identity;
        }
        command.envs(&program.environment);
        command.env("TRELLIS_PROGRAM", &program.name).env("TRELLIS_PROCESS", name.index.to_string());
        command.envs(extra.variables);
        command.env(MARK, format!("{}.{number}", self.mark));
        if let Some(directory) = &program.directory {
            command.current_dir(directory);
        }
        command.stdin(extra.input.map_or_else(Stdio::null, Stdio::from));
        command.stdout(writer.try_clone()?).stderr(writer);
        let conditions = Conditions {
            own_session: true,
            signal_without_parent: Some(Signal::KILL),
            umask: program.umask,
            identity,
            open_files: self.open_files,
            not_after,
            descriptors: extra.descriptors,
            announced: extra.announced,
        };
        let child = start(&mut command, conditions).map_err(|error| explain(error, program))?;
        let pid = Pid::from_child(&child);
        self.living.insert(pid, number);
        Ok(Started { pid, output })
    }
}

impl Supervisor {
    /// Starts a process of a program. The guardian knows of it, and first of all until when it may live.
    pub(super) fn start_process(
        &mut self,
        name: &Name,
        program: &Program,
        extra: Extra,
    ) -> io::Result<Started> {
        let lease = if program.singleton { Some(self.cluster.lease(&program.name)?) } else { None };
        self.orphans.remember(program);
        let number = self.spawner.next_start();
        if lease.is_some() {
            self.guardian.lease(number, lease);
        }
        let started = self.spawner.start(number, name, program, lease, extra);
        match &started {
            Ok(started) => self.guardian.watch(number, started.pid),
            Err(_) => self.guardian.forget(number),
        }
        started
    }
}

/// The system's reason, with what it is about.
fn explain(error: io::Error, program: &Program) -> io::Error {
    let directory = program.directory.as_ref().filter(|directory| !directory.is_dir());
    match (directory, error.kind()) {
        (Some(directory), _) => io::Error::other(format!("there is no directory {}", directory.display())),
        (None, io::ErrorKind::NotFound) => {
            io::Error::other(format!("there is no program {:?} to be run", program.command[0]))
        }
        (None, io::ErrorKind::TimedOut) => no_lease(),
        (None, io::ErrorKind::PermissionDenied) => {
            io::Error::other(format!("{:?} may not be run: {error}", program.command[0]))
        }
        _ => error,
    }
}
