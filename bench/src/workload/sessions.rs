//! The beginning and the end of ZooKeeper's sessions, one on each connection.

use anyhow::Result;

use crate::network::{Exchange, Workload};
use crate::zookeeper::{self, Handshake, SessionBegun, Zookeeper};

/// Begins a session on each connection.
#[derive(Default)]
pub(crate) struct Begin {
    begun: usize,
    wanted: usize,
}

impl Workload for Begin {
    type Protocol = Handshake;

    fn begin(&mut self, exchange: &mut Exchange) {
        self.wanted = exchange.connections();
        for connection in 0..self.wanted {
            zookeeper::connect(exchange.request(connection));
        }
    }

    fn reply(&mut self, _: usize, _: SessionBegun, _: &mut Exchange) -> Result<()> {
        self.begun += 1;
        Ok(())
    }

    fn finished(&self) -> bool {
        self.begun == self.wanted
    }
}

/// Ends the session of each connection. Its replies are not waited for: the connections are about to be closed.
pub(crate) struct End;

impl Workload for End {
    type Protocol = Zookeeper;

    fn begin(&mut self, exchange: &mut Exchange) {
        for connection in 0..exchange.connections() {
            zookeeper::close(exchange.waiting_request(connection));
        }
    }

    fn reply(&mut self, _: usize, _: zookeeper::Reply<'_>, _: &mut Exchange) -> Result<()> {
        Ok(())
    }
}
