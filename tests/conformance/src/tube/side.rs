//! One of the two servers, with the connections to it.

use anyhow::Result;

use super::connection::{Connection, Event};
use super::sequence::CONNECTIONS;
use super::server::{Program, Server, Settings};

/// A server with the connections to it.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) server: Server,
    connections: [Option<Connection>; CONNECTIONS],
    /// The connection that makes round trips and cleans up.
    pub(crate) janitor: Connection,
}

impl Side {
    pub(crate) fn start(program: &Program, settings: Settings) -> Result<Side> {
        let (server, janitor) = Server::start(program, settings)?;
        Ok(Side { server, connections: [const { None }; CONNECTIONS], janitor })
    }

    /// Opens a connection unless it is open.
    pub(crate) fn open(&mut self, connection: usize) -> Result<()> {
        if self.connections[connection].is_none() {
            self.connections[connection] = Some(Connection::open(self.server.address())?);
        }
        Ok(())
    }

    /// Closes a connection if it is open.
    pub(crate) fn close(&mut self, connection: usize) {
        self.connections[connection] = None;
    }

    /// Ends the sending direction of a connection if it is open.
    pub(crate) fn half_close(&mut self, connection: usize) {
        if let Some(open) = &mut self.connections[connection] {
            open.half_close();
        }
    }

    pub(crate) fn send(&mut self, connection: usize, bytes: &[u8]) -> Result<()> {
        self.connections[connection].as_mut().map_or(Ok(()), |open| open.send(bytes))
    }

    /// Waits for the next event of a connection.
    pub(crate) fn next(&mut self, connection: usize) -> Result<Event> {
        self.connections[connection].as_mut().map_or(Ok(Event::Closed), Connection::next)
    }

    /// Takes what has arrived on all connections. Returns whether anything has.
    pub(crate) fn arrived(&mut self, events: &mut [Vec<Event>; CONNECTIONS]) -> Result<bool> {
        let mut any = false;
        for (connection, events) in self.connections.iter_mut().zip(events) {
            if let Some(connection) = connection {
                any |= connection.arrived(events)?;
            }
        }
        Ok(any)
    }

    /// Takes what has arrived and is no whole reply.
    pub(crate) fn fragments(&mut self, events: &mut [Vec<Event>; CONNECTIONS]) {
        for (connection, events) in self.connections.iter_mut().zip(events) {
            events.extend(connection.as_mut().and_then(Connection::take_fragment));
        }
    }
}
