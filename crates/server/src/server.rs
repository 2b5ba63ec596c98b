//! One server: started with complete settings, stopped on request.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;
use trellis_replica::{LogGauge, Replica};

use crate::connection::Connection;
use crate::connections::Connections;
use crate::listen::{ListenError, Listener};
use crate::outgoing::Outgoing;
use crate::outlet::{Outlet, Touched};
use crate::reminder::Reminder;
use crate::settings::Settings;
use crate::socket::Socket;
use crate::tube::{self, Facts, TubeReplies};
use crate::zk::{self, Hub, ZkReplies};

/// Why a server has not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The log, or the state in it.
    #[error(transparent)]
    Replica(#[from] trellis_replica::StartError),
}

/// A running server. Dropping it without [`Server::stop`] is like killing the process.
pub struct Server {
    parts: Parts,
    /// What accepts connections, and what looks after sessions.
    tasks: JoinSet<()>,
    addresses: Vec<(Protocol, String)>,
}

/// What connections need.
#[derive(Clone)]
struct Parts {
    replica: Replica,
    connections: Arc<Connections>,
    facts: Arc<Facts>,
    hub: Arc<Hub>,
}

/// What is spoken at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// beanstalkd's.
    Beanstalk,
    /// ZooKeeper's.
    ZooKeeper,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Beanstalk => "beanstalk",
            Protocol::ZooKeeper => "zookeeper",
        })
    }
}

/// Listeners that are bound but not yet served: clients that connect already wait in the system's queue.
pub struct Bound(Vec<(Protocol, Listener)>);

impl Bound {
    /// The files of the Unix sockets that were made. Those that a service manager has passed are not among them.
    pub fn socket_files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|(_, listener)| listener.file())
    }
}

impl Server {
    /// Binds all addresses, and takes over the sockets that a service manager has passed. Several servers may run
    /// side by side, each with addresses and a data directory of its own.
    ///
    /// # Errors
    /// An address that can't be had, or none at all.
    pub async fn bind(settings: &Settings) -> Result<Bound, ListenError> {
        let inherited = Listener::inherited()?;
        let mut listeners: Vec<_> =
            inherited.into_iter().map(|listener| (Protocol::Beanstalk, listener)).collect();
        // A service manager's sockets stand for the work queue's addresses, as they do for beanstalkd.
        if listeners.is_empty() {
            for address in &settings.beanstalk {
                listeners.push((Protocol::Beanstalk, Listener::bind(Protocol::Beanstalk, address).await?));
            }
        }
        for address in &settings.zookeeper {
            listeners.push((Protocol::ZooKeeper, Listener::bind(Protocol::ZooKeeper, address).await?));
        }
        if listeners.is_empty() { Err(ListenError::Nothing) } else { Ok(Bound(listeners)) }
    }

    /// Recovers the state, then serves the clients of `bound`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// A log that can't be opened, read or written.
    pub async fn start(bound: Bound, settings: Settings) -> Result<Server, StartError> {
        let connections = Arc::new(Connections::new(settings.replica.node, settings.connections_max));
        let memory_bytes_max = settings.memory_bytes_max.unwrap_or(u64::MAX);
        let facts = Arc::new(Facts::new(settings.job_bytes_max, memory_bytes_max, Arc::clone(&connections)));
        let gauge = Arc::new(LogGauge::default());
        let hub = Arc::new(Hub::new(settings.zk));
        let (touched, later) = Touched::new();
        let outlet = Outlet {
            connections: Arc::clone(&connections),
            tube: TubeReplies::new(Arc::clone(&connections), Arc::clone(&facts), Arc::clone(&gauge)),
            zk: ZkReplies::new(Arc::clone(&hub), Arc::clone(&connections)),
            touched,
        };
        let replica = Replica::start(settings.replica, gauge, Box::new(outlet)).await?;

        let parts = Parts { replica, connections, facts, hub };
        // Not one of those that a stop ends: there may be replies in its hands.
        tokio::spawn(later.run());
        let mut server = Server { parts, tasks: JoinSet::new(), addresses: Vec::new() };
        for (protocol, listener) in bound.0 {
            let address = listener.address();
            tracing::info!(%protocol, address, "listening");
            server.addresses.push((protocol, address));
            server.tasks.spawn(server.accept(protocol, listener));
        }
        server.tasks.spawn(zk::look_after(server.parts.replica.clone(), Arc::clone(&server.parts.hub)));
        Ok(server)
    }

    /// The addresses that are served, in the order of the settings, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> &[(Protocol, String)] {
        &self.addresses
    }

    /// Takes no new jobs from now on; what is there is still served. There is no way back but a restart.
    pub fn drain(&self) {
        tracing::info!("draining: new jobs are refused from now on");
        self.parts.facts.drain();
    }

    /// Resolves if the log fails, with the reason. Nothing has been acknowledged since, and every client that
    /// waits for a reply has been told.
    pub async fn failed(&self) -> String {
        let reason = self.parts.replica.failed().await;
        self.parts.connections.for_each(Outgoing::abandon);
        reason
    }

    /// Stops: no new connections, the batch in flight is seen through and its replies are sent, the log is synced.
    ///
    /// # Errors
    /// The reason, if the log has failed.
    pub async fn stop(mut self) -> Result<(), String> {
        self.tasks.shutdown().await;
        self.parts.replica.stop().await
    }

    /// Accepts what `listener` gives.
    fn accept(&self, protocol: Protocol, listener: Listener) -> impl Future<Output = ()> + use<> {
        let parts = self.parts.clone();
        async move {
            let mut refusals = Reminder::default();
            loop {
                let socket = listener.accept().await;
                if !parts.connections.has_room() {
                    refuse(protocol, &socket, &mut refusals);
                    continue;
                }
                tracing::debug!(%protocol, address = %socket.peer_address(), "a client has connected");
                match protocol {
                    Protocol::Beanstalk => parts.serve_tube(socket),
                    Protocol::ZooKeeper => parts.serve_zk(socket),
                }
            }
        }
    }
}

impl Parts {
    fn serve_tube(&self, socket: Socket) {
        let mut outgoing = Outgoing::new(socket, self.connections.unsent());
        outgoing.last_words = tube::LAST_WORDS;
        let outgoing = Arc::new(outgoing);
        let client = tube::Client::open(
            Arc::clone(&outgoing),
            self.replica.clone(),
            Arc::clone(&self.facts),
            Arc::clone(&self.connections),
        );
        tokio::spawn(Connection::new(client, outgoing).run());
    }

    fn serve_zk(&self, socket: Socket) {
        let address = socket.peer_address();
        if !self.hub.has_room(address.ip()) {
            return;
        }
        let outgoing = Arc::new(Outgoing::new(socket, self.connections.unsent()));
        let client = zk::Client::open(
            Arc::clone(&outgoing),
            address,
            self.replica.clone(),
            Arc::clone(&self.hub),
            Arc::clone(&self.connections),
        );
        tokio::spawn(Connection::new(client, outgoing).run());
    }
}

/// Says why before hanging up, as far as a new socket takes it. In the log it is said now and then.
fn refuse(protocol: Protocol, socket: &Socket, refusals: &mut Reminder) {
    if protocol == Protocol::Beanstalk {
        let mut reply = Vec::new();
        tube::refuse(&mut reply);
        let _ = socket.try_write(&reply);
    }
    if refusals.is_due() {
        tracing::warn!("connections are refused: the limit is reached (--max-connections, or open files)");
    }
}
