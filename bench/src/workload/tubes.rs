//! A walk over very many tubes: each round of a connection uses a random tube, puts a job into it, watches it,
//! reserves and deletes a job of it, and ignores it again.

use anyhow::Result;

use super::BODY;
use super::random::Random;
use crate::beanstalk::{self, Beanstalk, Reply};
use crate::network::{Exchange, Workload};

/// The workload. Every tube must hold at least one job beforehand, so that it is there and stays.
pub(crate) struct Tubes {
    tubes: usize,
    /// The tube that each connection is at.
    at: Vec<usize>,
    /// Whether the tube was watched, and the reply to `ignore` is the next of its kind.
    watched: Vec<bool>,
    random: Random,
}

impl Tubes {
    /// Walks over `tubes` tubes, always in the same random order.
    pub(crate) fn new(tubes: usize, connections: usize) -> Tubes {
        Tubes { tubes, at: vec![0; connections], watched: vec![false; connections], random: Random::new() }
    }

    fn next_tube(&mut self, connection: usize, exchange: &mut Exchange) {
        self.at[connection] = self.random.below(self.tubes);
        self.watched[connection] = false;
        beanstalk::tube(exchange.request(connection), "use", self.at[connection]);
    }
}

impl Workload for Tubes {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        for connection in 0..exchange.connections() {
            self.next_tube(connection, exchange);
        }
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        match reply {
            Reply::Using => beanstalk::put(exchange.request(from), 0, BODY),
            Reply::Inserted => beanstalk::tube(exchange.request(from), "watch", self.at[from]),
            Reply::Watching if !self.watched[from] => {
                self.watched[from] = true;
                beanstalk::reserve(exchange.request(from));
            }
            Reply::Reserved { id, .. } => beanstalk::delete(exchange.request(from), id),
            Reply::Deleted => beanstalk::tube(exchange.request(from), "ignore", self.at[from]),
            Reply::Watching => self.next_tube(from, exchange),
            other => return other.refused(),
        }
        Ok(())
    }
}
