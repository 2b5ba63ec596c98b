//! The supervisor at work: signals, ends of processes, requests and time go into the machines, and what these want is
//! carried out. One thread, one loop; nothing is decided here that a machine could decide.

mod answers;
mod begin;
mod cluster;
pub mod control;
mod doubts;
mod goals;
mod guardian;
mod jobs;
mod listen;
mod log;
mod names;
mod notify;
mod orders;
mod orphans;
mod own_server;
mod places;
mod reap;
mod scaling;
mod signals;
mod socket_file;
mod spawn;
mod status;
mod timetable;
mod tube;
mod tube_servers;
mod tubes;
mod user;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::sync::mpsc;
use trellis_unix::Pid;
use trellis_unix::process::{Status as EndStatus, adopt_orphans};

use self::answers::Waiting;
use self::begin::take_socket;
use self::cluster::Cluster;
use self::control::server::{Asked, Socket};
use self::guardian::Guardian;
use self::listen::Sockets;
use self::log::Logs;
use self::notify::{Notice, Notifications, Words};
use self::orphans::Orphans;
use self::signals::{Meaning, Signals};
use self::spawn::Spawner;
use self::timetable::Timetables;
use crate::Moment;
use crate::config::{Config, ConfigError, OwnServer};
use crate::fleet::{Fleet, Name, Target};
use crate::limits::FLUSH_MAX;
use crate::process::Event as ProcessEvent;

pub use self::begin::{RunError, look_for_another};
pub use self::doubts::doubts;
pub use self::guardian::Guard;
pub use self::own_server::Beside;

/// What a supervisor is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file that says what to run.
    pub config: PathBuf,
    /// Where to listen for requests.
    pub socket: PathBuf,
    /// With a server in this process: its addresses as its settings have them. The file may name no others.
    pub own_server: Option<OwnServer>,
    /// Whether messages are JSON: those of the guardian, a process of its own, are to look alike.
    pub json: bool,
}

/// Runs what the file says until a signal or a request ends it. `ready` is called once when nothing can go wrong any more
/// that is not a program's fault.
///
/// It has to be called by the main thread: programs are tied to the thread that starts them, so that none outlives it.
/// The program's `main` has to ask for the life of a [`Guard`] first of all, as the guardian is a process of the same
/// program.
///
/// # Errors
///
/// If it cannot begin; what goes wrong later is told, and it goes on.
pub fn run(options: &Options, ready: impl FnOnce()) -> Result<(), RunError> {
    Prepared::new(options)?.run(None, ready)
}

/// A supervisor that has done what has to be done before there are other threads, and has started nothing yet.
#[derive(Debug)]
pub struct Prepared {
    options: Options,
    config: Config,
    mark: String,
    guardian: Guardian,
    socket: Socket,
    open_files: Option<Rlimit>,
}

impl Prepared {
    /// Reads the file, starts the guardian and takes the control socket, which says that it is the only one. Threads may
    /// be started from now on.
    ///
    /// # Errors
    ///
    /// The first that makes it impossible to begin.
    pub fn new(options: &Options) -> Result<Prepared, RunError> {
        let config = Config::load_with(&options.config, options.own_server.as_ref())?;
        let mark = format!("{}-{:016x}", std::process::id(), fastrand::u64(..));
        // Before anything is opened that it would hold open, too.
        let guardian = Guardian::start(&mark, options.json).map_err(RunError::Guardian)?;
        let socket = take_socket(&options.socket)?;
        adopt_orphans().map_err(|source| RunError::System { what: "adopt orphans", source })?;
        let open_files = raise_open_files();
        Ok(Prepared { options: options.clone(), config, mark, guardian, socket, open_files })
    }

    /// Runs as [`run`] does, by the main thread. With a server beside it, programs are started when that serves; when it
    /// ends by itself, everything is stopped in order.
    ///
    /// # Errors
    ///
    /// If it cannot begin. That the server has ended is no error of this.
    pub fn run(self, beside: Option<Beside>, ready: impl FnOnce()) -> Result<(), RunError> {
        let system = |what| move |source| RunError::System { what, source };
        let Prepared { options, mut config, mark, guardian, socket, open_files } = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(system("start the runtime"))?;
        runtime.block_on(async {
            let (sender, mut events) = mpsc::unbounded_channel();
            let asked = sender.clone();
            // The loop is there as long as anybody can ask.
            let serving = socket.serve(move |request| drop(asked.send(Event::Asked(request))));
            serving.map_err(system("serve the control socket"))?;
            let mut signals = Signals::new().map_err(system("take signals"))?;
            let (mut own, mut watched) = (None, None);
            if let Some(mut beside) = beside {
                own = beside.begin(&mut signals, &mut events, &sender).await;
                let Some(own) = &own else {
                    beside.end().await;
                    return Ok(());
                };
                own.replace(&mut config.server);
                watched = Some(beside.watched(sender.clone()));
            }
            let supervisor = Supervisor {
                config_path: options.config,
                named: options.own_server,
                own,
                start: Instant::now(),
                fleet: Fleet::new(fastrand::u64(..)),
                spawner: Spawner::new(&mark, open_files),
                logs: Logs::start().map_err(system("start threads for output"))?,
                guardian,
                orphans: Orphans::default(),
                sockets: Sockets::default(),
                timetables: Timetables::default(),
                cluster: Cluster::new(&mark, sender.clone()),
                owners: HashMap::new(),
                tubes: tubes::Tubes::default(),
                tube_servers: tube_servers::TubeServers::default(),
                scaling: scaling::Scaling::default(),
                job_processes: BTreeMap::new(),
                records: BTreeMap::new(),
                waiting: Vec::new(),
                sender,
                ending: false,
            };
            ready();
            supervisor.run(&config, events, signals).await;
            if let Some(server) = watched {
                server.end().await;
            }
            Ok(())
        })
    }
}

/// Each process costs descriptors, and the usual limit is low. Returns what it was.
fn raise_open_files() -> Option<Rlimit> {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    setrlimit(Resource::Nofile, raised).is_ok().then_some(before)
}

/// What can happen.
enum Event {
    /// A signal has come.
    Signal(Meaning),
    /// Somebody asks for something.
    Asked(Asked),
    /// A process says something about itself: the start with this number of those of its name.
    Notice(Name, u64, Notice),
    /// Something has happened to a program's jobs.
    Tube(String, tube::Happening),
    /// The server of tubes in this place has been asked.
    TubeServer(usize, tube_servers::Look),
    /// Something has been agreed on with other machines, about a program.
    Cluster(String, u64, cluster::Happening),
    /// The server in this process has ended.
    ServerEnded,
    /// It is time, or there is more to do.
    Time,
}

/// Whose process it is.
enum Owner {
    /// One that lives on.
    Member(Name),
    /// One that runs for one job.
    Job(Name),
    /// One that runs for one tick of a schedule.
    Run(Name),
}

impl Owner {
    fn name(&self) -> &Name {
        match self {
            Owner::Member(name) | Owner::Job(name) | Owner::Run(name) => name,
        }
    }
}

/// What is known of a process besides its state.
#[derive(Default)]
struct Record {
    /// While it runs.
    pid: Option<Pid>,
    /// When it was started.
    since: Moment,
    starts: u64,
    /// Whether it was killed for its jobs, which was told.
    is_killed: bool,
    last_end: Option<String>,
    /// What it says about itself.
    text: Option<String>,
    /// The socket on which it says so.
    notifications: Option<Notifications>,
}

/// Everything that the loop has.
struct Supervisor {
    config_path: PathBuf,
    /// The addresses of the server in this process: as its settings have them, and as they are.
    named: Option<OwnServer>,
    own: Option<OwnServer>,
    start: Instant,
    fleet: Fleet,
    spawner: Spawner,
    logs: Logs,
    guardian: Guardian,
    orphans: Orphans,
    /// The sockets that listen for programs.
    sockets: Sockets,
    timetables: Timetables,
    cluster: Cluster,
    /// Whose process each pid is.
    owners: HashMap<Pid, Owner>,
    /// The programs with a tube.
    tubes: tubes::Tubes,
    /// Those of them whose number of processes follows the tube.
    tube_servers: tube_servers::TubeServers,
    scaling: scaling::Scaling,
    /// The processes that run for one job each.
    job_processes: BTreeMap<Name, places::JobProcess>,
    records: BTreeMap<Name, Record>,
    waiting: Vec<Waiting>,
    sender: mpsc::UnboundedSender<Event>,
    ending: bool,
}

impl Supervisor {
    async fn run(
        mut self,
        config: &Config,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut signals: Signals,
    ) {
        self.apply(config);
        tracing::info!(file = %self.config_path.display(), programs = config.programs.len(), "started");
        loop {
            let more = self.carry_out_some();
            self.carry_out_runs();
            if !more {
                self.keep_campaigns();
                self.answer_waiting();
                if self.ending && self.is_finished() {
                    break;
                }
            }
            let due = [self.fleet.due(), self.tubes.due(), self.timetables.due(self.now())];
            let due = due.into_iter().flatten().min();
            let due = due.map(|due| self.start + due.0);
            let others = [self.guardian.due(), self.orphans.due(), self.cluster.due()];
            let due = others.into_iter().chain([due]).flatten().min().map(Into::into);
            let event = tokio::select! {
                biased;
                meaning = signals.next() => Event::Signal(meaning),
                Some(event) = events.recv() => event,
                () = tokio::task::yield_now(), if more => Event::Time,
                () = sleep_until(due), if !more => Event::Time,
            };
            self.on(event).await;
        }
        self.end_orphans().await;
        self.flush_tubes().await;
        self.cluster.end().await;
        tracing::info!("stopped");
        self.logs.flush(FLUSH_MAX).await;
    }

    async fn on(&mut self, event: Event) {
        match event {
            Event::Signal(Meaning::Child) => self.reap(),
            Event::Signal(Meaning::End(signal)) => self.end(signal),
            Event::Signal(Meaning::Reload) => {
                // It was told in the log.
                let _ = self.reload().await;
            }
            Event::Signal(Meaning::Pass(signal)) => {
                tracing::info!(signal = signals::name(signal), "passed on to all programs");
                self.pass_on(signal);
            }
            Event::Asked(asked) => self.answer(asked).await,
            Event::Notice(name, start, notice) => self.noticed(&name, start, notice),
            Event::Tube(program, happening) => self.tube_happened(&program, happening),
            Event::TubeServer(place, look) => self.tube_server_looked(place, &look),
            Event::Cluster(program, number, happening) => self.cluster_happened(&program, number, happening),
            Event::ServerEnded => self.server_ended(),
            Event::Time => {
                self.keep_guardian();
                if self.orphans.due().is_some_and(|due| due <= Instant::now()) {
                    self.end_left_behind();
                }
                self.end_leases();
                self.fleet.time(self.now());
                self.tubes_time(self.now());
                self.timetables_time();
            }
        }
    }

    fn now(&self) -> Moment {
        Moment(self.start.elapsed())
    }

    /// Whether nothing is left that was asked to end.
    fn is_finished(&self) -> bool {
        let is_idle = self.tubes.are_finished() && self.job_processes.is_empty();
        is_idle && self.fleet.is_empty() && self.timetables.runs.is_empty()
    }

    fn apply(&mut self, config: &Config) {
        for program in &config.programs {
            let doubts = doubts(program, config.server.beanstalk.len());
            doubts.iter().for_each(|doubt| tracing::warn!(program = program.name, "{doubt}"));
        }
        let held: Vec<Target> = self.held_programs().map(Target::Program).collect();
        self.spawner.tell_servers(&config.server);
        self.logs.apply(&config.programs);
        self.apply_tubes(config);
        self.apply_scaling(config);
        self.fleet.apply(&config.programs);
        self.keep_sockets();
        self.apply_timetables(config);
        self.apply_cluster(config);
        // What somebody has stopped stays so, even if it has become something of another kind.
        held.iter().for_each(|target| self.stop_target(target));
        self.records.retain(|name, record| {
            record.pid.is_some() || config.programs.iter().any(|program| *program.name == *name.program)
        });
    }

    /// Reads the file again; what is wrong with it changes nothing.
    async fn reload(&mut self) -> Result<(), ConfigError> {
        self.logs.reopen().await;
        match Config::load_with(&self.config_path, self.named.as_ref()) {
            Ok(_) if self.ending => Ok(()),
            Ok(mut config) => {
                if let Some(own) = &self.own {
                    own.replace(&mut config.server);
                }
                tracing::info!(file = %self.config_path.display(), "reloaded");
                self.apply(&config);
                Ok(())
            }
            Err(error) => {
                tracing::error!("nothing is changed, since the file is of no use:\n{error}");
                Err(error)
            }
        }
    }

    /// Begins the end; the second time, nobody is waited for.
    fn end(&mut self, why: &'static str) {
        if self.ending {
            tracing::warn!(why, "everything is killed, as this was the second time");
            return self.kill_all();
        }
        tracing::info!(why, "stopping");
        self.ending = true;
        self.fleet.end();
        self.end_tubes();
        self.keep_sockets();
        self.timetables.runs.end(self.now());
    }

    fn kill_all(&mut self) {
        for program in self.tubes.entries.keys().cloned().collect::<Vec<String>>() {
            self.abandon_workers(&program);
        }
        for pid in self.owners.keys() {
            orders::signal_group(*pid, Signal::KILL);
        }
    }

    fn reap(&mut self) {
        let mut ends = Vec::new();
        let reaped =
            reap::ended(|pid| self.owners.contains_key(&pid), |pid, status| ends.push((pid, status)));
        if let Err(error) = reaped {
            tracing::error!(%error, "the ends of processes cannot be seen");
        }
        for (pid, status) in ends {
            self.orphans.group_killed(pid);
            self.ended(pid, status);
        }
        self.end_stopped_guardian();
        self.end_left_behind();
    }

    fn ended(&mut self, pid: Pid, status: EndStatus) {
        if Some(pid) == self.guardian.pid() {
            return self.guardian_ended(status);
        }
        // Orphans that were taken over are nobody's.
        let Some(owner) = self.owners.remove(&pid) else { return };
        if let Some(start) = self.spawner.ended(pid) {
            self.guardian.forget(start);
        }
        let name = match owner {
            Owner::Member(name) => name,
            Owner::Job(name) => return self.job_ended(&name, pid, status),
            Owner::Run(name) => return self.run_ended(pid, &name, status),
        };
        tracing::info!(process = %name, pid = pid.as_raw_nonzero(), %status, "ended");
        if let Some(record) = self.records.get_mut(&name) {
            record.pid = None;
            record.text = None;
            record.notifications = None;
            record.last_end = Some(status.to_string());
        }
        self.worker_ended(name, status.success());
    }

    fn noticed(&mut self, name: &Name, start: u64, notice: Notice) {
        let current = |record: &&mut Record| record.starts == start && record.pid.is_some();
        let Some(record) = self.records.get_mut(name).filter(current) else { return };
        let Words { ready, status } = notice.words;
        if let Some(text) = status {
            record.text = Some(text);
        }
        if ready {
            self.fleet.on(self.now(), name, ProcessEvent::Notified);
        }
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    match due {
        // Its clock counts milliseconds: without one more it would wake up a moment early.
        Some(due) => tokio::time::sleep_until(due + Duration::from_millis(1)).await,
        None => std::future::pending().await,
    }
}
