//! One server: started with complete settings, stopped on request.

use std::sync::Arc;

use tokio::task::JoinSet;
use trellis_replica::{LogGauge, Replica};

use crate::connection::Connection;
use crate::connections::Connections;
use crate::listen::{ListenError, Listener};
use crate::outgoing::Outgoing;
use crate::settings::Settings;
use crate::socket::Socket;
use crate::tube::{self, Facts, TubeOutbox};

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
    replica: Replica,
    connections: Arc<Connections>,
    facts: Arc<Facts>,
    accepting: JoinSet<()>,
    addresses: Vec<String>,
}

/// Listeners that are bound but not yet served: clients that connect already wait in the system's queue.
pub struct Bound(Vec<Listener>);

impl Server {
    /// Binds all addresses, and takes over the sockets that a service manager has passed. Several servers may run
    /// side by side, each with addresses and a data directory of its own.
    ///
    /// # Errors
    /// An address that can't be had, or none at all.
    pub async fn bind(settings: &Settings) -> Result<Bound, ListenError> {
        let mut listeners = Listener::inherited()?;
        // A service manager's sockets stand for the addresses, as they do for beanstalkd.
        if listeners.is_empty() {
            for address in &settings.beanstalk {
                listeners.push(Listener::bind(address).await?);
            }
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
        let outbox = TubeOutbox::new(Arc::clone(&connections), Arc::clone(&facts), Arc::clone(&gauge));
        let replica = Replica::start(settings.replica, gauge, Box::new(outbox)).await?;

        let mut server =
            Server { replica, connections, facts, accepting: JoinSet::new(), addresses: Vec::new() };
        for listener in bound.0 {
            let address = listener.address();
            tracing::info!(protocol = "beanstalk", address, "listening");
            server.addresses.push(address);
            server.accepting.spawn(server.accept(listener));
        }
        Ok(server)
    }

    /// The addresses that are served, in the order of the settings, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Takes no new jobs from now on; what is there is still served. There is no way back but a restart.
    pub fn drain(&self) {
        tracing::info!("draining: new jobs are refused from now on");
        self.facts.drain();
    }

    /// Resolves if the log fails, with the reason. Nothing has been acknowledged since, and every client that
    /// waits for a reply has been told.
    pub async fn failed(&self) -> String {
        let reason = self.replica.failed().await;
        let mut reply = Vec::new();
        tube::abandon(&mut reply);
        self.connections.for_each(|outgoing| outgoing.abandon(&reply));
        reason
    }

    /// Stops: no new connections, the batch in flight is seen through and its replies are sent, the log is synced.
    ///
    /// # Errors
    /// The reason, if the log has failed.
    pub async fn stop(mut self) -> Result<(), String> {
        self.accepting.shutdown().await;
        self.replica.stop().await
    }

    fn accept(&self, listener: Listener) -> impl Future<Output = ()> + use<> {
        let (replica, facts) = (self.replica.clone(), Arc::clone(&self.facts));
        let connections = Arc::clone(&self.connections);
        async move {
            let mut refused = 0_u64;
            loop {
                let socket = listener.accept().await;
                if !connections.has_room() {
                    refuse(&socket, refused);
                    refused += 1;
                    continue;
                }
                refused = 0;
                let outgoing = Arc::new(Outgoing::new(socket, connections.unsent()));
                let client = tube::Client::open(
                    Arc::clone(&outgoing),
                    replica.clone(),
                    Arc::clone(&facts),
                    Arc::clone(&connections),
                );
                tokio::spawn(Connection::new(client, outgoing).run());
            }
        }
    }
}

/// Says why before hanging up, as far as a new socket takes it. In the log it is said once, until there is room again.
fn refuse(socket: &Socket, before: u64) {
    let mut reply = Vec::new();
    tube::refuse(&mut reply);
    let _ = socket.try_write(&reply);
    if before == 0 {
        tracing::warn!("connections are refused: the limit is reached (--max-connections, or open files)");
    }
}
