//! A sequence of requests whose replies only have to be the expected ones: loads of puts, and the preparation
//! of other workloads.

use anyhow::Result;

use crate::beanstalk::{Beanstalk, Reply};
use crate::network::{Exchange, Workload};

/// Sends what `next` gives, several requests at a time on each connection.
pub(crate) struct Script<F> {
    depth: usize,
    next: F,
    request: Vec<u8>,
    open: usize,
}

impl<F: FnMut(usize, &mut Vec<u8>) -> bool> Script<F> {
    /// Keeps `depth` requests in flight on each connection. `next` appends the next request of a connection,
    /// or returns `false` when that connection has none left.
    pub(crate) fn new(depth: usize, next: F) -> Self {
        Script { depth, next, request: Vec::new(), open: 0 }
    }

    fn request(&mut self, connection: usize, exchange: &mut Exchange) {
        self.request.clear();
        if (self.next)(connection, &mut self.request) {
            exchange.request(connection).extend_from_slice(&self.request);
            self.open += 1;
        }
    }
}

impl<F: FnMut(usize, &mut Vec<u8>) -> bool> Workload for Script<F> {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        for connection in 0..exchange.connections() {
            for _ in 0..self.depth {
                self.request(connection, exchange);
            }
        }
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        match reply {
            Reply::Inserted | Reply::Using | Reply::Watching => {
                self.open -= 1;
                self.request(from, exchange);
                Ok(())
            }
            other => other.refused(),
        }
    }

    fn finished(&self) -> bool {
        self.open == 0
    }
}
