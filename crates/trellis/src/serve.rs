//! The life of `trellis serve`: settings in, signals obeyed, an exit code out. What it serves is in `trellis-server`.

use std::io;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use trellis_replica::Settings as ReplicaSettings;
use trellis_server::{Address as ServerAddress, Server, Settings as ServerSettings, StartError, ZkSettings};

use crate::address::Address;
use crate::data_dir;
use crate::exit::{Exit, Failure};
use crate::messages;
use crate::settings::{Durability, LogFormat, ServeSettings};
use crate::user::User;

/// Serves until a signal or a failure of the log ends it. What is to be said of the settings is said first.
pub(crate) fn serve(settings: ServeSettings, warnings: &[String]) -> Result<(), Failure> {
    messages::start(settings.log_level, settings.log_format);
    messages::write_by_thread().map_err(|error| no_thread(&error))?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let format = settings.log_format;
    runtime().and_then(|runtime| runtime.block_on(run(settings))).map_err(|failure| told(failure, format))?;
    messages::flush();
    Ok(())
}

/// A failure of what has messages in this format; what the messages tell is not told a second time.
pub(crate) fn told(failure: Failure, format: LogFormat) -> Failure {
    match format {
        // What it has to say comes after the messages, if anybody reads them.
        LogFormat::Text if messages::flush() => failure,
        LogFormat::Text => Failure::silent(failure.exit),
        // Whoever collects the messages reads nothing else.
        LogFormat::Json => {
            tracing::error!(hint = failure.hint, "{}", failure.message);
            messages::flush();
            Failure::silent(failure.exit)
        }
    }
}

/// What is told of a thread that cannot be.
pub(crate) fn no_thread(error: &io::Error) -> Failure {
    internal(&format!("no thread can be started: {error}"))
}

/// One thread serves everything: handing a request from thread to thread costs more than carrying it out.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.event_interval(EVENT_INTERVAL).enable_all().build();
    runtime.map_err(|error| internal(&format!("the runtime cannot start: {error}")))
}

/// After so many turns of tasks the sockets are looked at again, if there are still tasks with something to do. Twice
/// what a batch of a hundred connections takes: looking earlier only splits batches that one sync could have carried.
const EVENT_INTERVAL: u32 = 256;

async fn run(settings: ServeSettings) -> Result<(), Failure> {
    // Before anything else, so that a signal during a long recovery is not the default one.
    let mut signals = Signals::new().map_err(|error| internal(&format!("signals cannot be had: {error}")))?;
    let mut starting = std::pin::pin!(start(settings));
    let mut drain = false;
    let server = loop {
        tokio::select! {
            // Signals first: one turn of the start may take long.
            biased;
            asked = signals.next() => match asked {
                Asked::End(signal) => {
                    tracing::info!(signal, "stopped before the start was complete");
                    return Ok(());
                }
                Asked::Drain => {
                    tracing::info!("SIGUSR1: draining as soon as the start is complete");
                    drain = true;
                }
                Asked::Reload => nothing_to_reload(),
            },
            started = &mut starting => break started?,
        }
    };
    if drain {
        // Before any client is served: none has had its turn yet.
        server.drain();
    }
    loop {
        tokio::select! {
            reason = server.failed() => return Err(internal(&reason)),
            asked = signals.next() => match asked {
                Asked::End(signal) => {
                    tracing::info!(signal, "stopping");
                    server.stop().await.map_err(|error| internal(&error))?;
                    tracing::info!("stopped");
                    return Ok(());
                }
                Asked::Drain => server.drain(),
                Asked::Reload => nothing_to_reload(),
            },
        }
    }
}

/// Binds the addresses, becomes the user that the settings name, and recovers the state. Must be called within a runtime.
pub(crate) async fn start(settings: ServeSettings) -> Result<Server, Failure> {
    // A write over a limit on the size of files fails then, which is told, instead of ending the process without a word.
    // It needs no listener.
    let over_size = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    drop(signal(over_size).map_err(|error| internal(&format!("signals cannot be had: {error}")))?);
    let max_connections = settings.max_connections.min(raise_descriptor_limit(settings.max_connections));
    let user = settings.user.as_deref().map(User::named).transpose()?;
    let settings =
        server_settings(ServeSettings { max_connections, ..settings }).map_err(|error| internal(&error))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        data_dir = %settings.replica.data_dir.display(),
        durability = ?settings.replica.durability,
        "starting"
    );
    let bound = Server::bind(&settings).await.map_err(|error| internal(&error))?;
    if let Some(user) = user {
        bound.socket_files().try_for_each(|path| user.take_over(path))?;
        user.enter()?;
    }
    let data_dir = settings.replica.data_dir.clone();
    if settings.replica.durability != trellis_replica::Durability::Memory {
        data_dir::check(&data_dir)?;
    }
    Server::start(bound, settings).await.map_err(|error| match &error {
        StartError::Replica(error) => data_dir::explain(error, &data_dir),
        StartError::Listen(error) => internal(error),
    })
}

/// What a signal asks for.
enum Asked {
    /// The end, by the signal of this name.
    End(&'static str),
    Drain,
    Reload,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    drain: Signal,
    reload: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            drain: signal(SignalKind::user_defined1())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End("SIGTERM"),
            _ = self.interrupt.recv() => Asked::End("SIGINT"),
            _ = self.drain.recv() => Asked::Drain,
            _ = self.reload.recv() => Asked::Reload,
        }
    }
}

/// Messages go to standard error, and no setting can change while it runs.
fn nothing_to_reload() {
    tracing::info!("SIGHUP: there is nothing to reload");
}

pub(crate) fn internal(error: &impl ToString) -> Failure {
    Failure::new(Exit::Internal, error.to_string())
}

fn server_settings(settings: ServeSettings) -> Result<ServerSettings, String> {
    let durability = match settings.durability {
        Durability::Strict => trellis_replica::Durability::Strict,
        Durability::Interval => trellis_replica::Durability::Interval { sync: settings.fsync_interval },
        Durability::Memory => trellis_replica::Durability::Memory,
    };
    // So that messages name it wherever they are read.
    let data_dir = std::path::absolute(&settings.data_dir)
        .map_err(|error| format!("--data-dir {}: {error}", settings.data_dir.display()))?;
    let salt_seed = random().map_err(|error| format!("/dev/urandom cannot be read: {error}"))?;
    let (session_timeout_min, session_timeout_max) = settings.zookeeper_session_timeouts();
    let zk = ZkSettings {
        frame_bytes_max: settings.max_znode_size_bytes,
        connections_per_address_max: settings.zookeeper_max_connections_per_address.unwrap_or(0) as usize,
        tick: settings.zookeeper_tick,
        session_timeout_min,
        session_timeout_max,
        super_digest: settings.zookeeper_super_digest,
        enforce_quota: settings.zookeeper_enforce_quota,
        words: settings.zookeeper_words,
        data_dir: data_dir.clone(),
    };
    // A protocol that is off asks for nothing.
    let znode_bytes_max = if settings.zookeeper.is_empty() { 0 } else { settings.max_znode_size_bytes };
    let largest_request = settings.max_job_size_bytes.max(znode_bytes_max);
    Ok(ServerSettings {
        beanstalk: settings.beanstalk.into_iter().map(server_address).collect(),
        zookeeper: settings.zookeeper.into_iter().map(server_address).collect(),
        zk,
        job_bytes_max: settings.max_job_size_bytes,
        connections_max: settings.max_connections as usize,
        memory_bytes_max: settings.max_memory_bytes,
        replica: ReplicaSettings {
            node: settings.node_id,
            data_dir,
            durability,
            segment_bytes: segment_bytes(settings.log_segment_bytes.into(), largest_request.into()),
            salt_seed,
        },
    })
}

/// A segment holds the largest job or request with what may come in one batch with it, so that no file has to be made for
/// a single one while others wait.
fn segment_bytes(wanted: u64, request_bytes_max: u64) -> u64 {
    if request_bytes_max < wanted / 2 {
        wanted
    } else {
        wanted.max((request_bytes_max + (8 << 20)).next_multiple_of(1 << 20))
    }
}

fn server_address(address: Address) -> ServerAddress {
    match address {
        Address::Tcp { .. } => ServerAddress::Tcp(address.to_string()),
        Address::Unix(path) => ServerAddress::Unix(path),
    }
}

fn random() -> io::Result<u64> {
    let mut bytes = [0; 8];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Descriptors that are not connections: the log, snapshots, listeners, the runtime.
const DESCRIPTORS_KEPT: u64 = 64;

/// Every connection needs a descriptor; the soft limit is often 1024 although more is allowed. Gives the number of
/// connections that the limit allows, and warns if that is less than `wanted`.
fn raise_descriptor_limit(wanted: u32) -> u32 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let allowed = u32::try_from(files.saturating_sub(DESCRIPTORS_KEPT)).unwrap_or(u32::MAX).max(1);
    if allowed < wanted {
        tracing::warn!(
            files,
            connections = allowed,
            wanted,
            "the limit of open files allows fewer connections"
        );
    }
    allowed
}
