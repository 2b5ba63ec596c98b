//! Put, reserve, delete, and again, one request at a time on each connection. All connections that share a
//! tube take whatever job they get.

use anyhow::{Result, ensure};

use crate::beanstalk::{self, Beanstalk, Reply};
use crate::network::{Exchange, Workload};

/// The workload, with the body of its jobs.
pub(crate) struct Cycle(pub(crate) &'static [u8]);

impl Workload for Cycle {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        for connection in 0..exchange.connections() {
            beanstalk::put(exchange.request(connection), 0, self.0);
        }
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        match reply {
            Reply::Inserted => beanstalk::reserve(exchange.request(from)),
            Reply::Reserved { id, body } => {
                ensure!(body == self.0, "job {id} has come back with another body");
                beanstalk::delete(exchange.request(from), id);
            }
            Reply::Deleted => beanstalk::put(exchange.request(from), 0, self.0),
            other => return other.refused(),
        }
        Ok(())
    }
}
