//! Put, reserve, delete, and again, one request at a time on each connection. All connections that share a
//! tube take whatever job they get.

use anyhow::{Result, ensure};

use crate::beanstalk::{self, BODY, Beanstalk, Reply};
use crate::network::{Exchange, Workload};

/// The workload.
#[derive(Default)]
pub(crate) struct Cycle;

impl Workload for Cycle {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        for connection in 0..exchange.connections() {
            beanstalk::put(exchange.request(connection), 0, BODY);
        }
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        match reply {
            Reply::Inserted => beanstalk::reserve(exchange.request(from)),
            Reply::Reserved { id, body } => {
                ensure!(body == BODY, "job {id} has come back with another body");
                beanstalk::delete(exchange.request(from), id);
            }
            Reply::Deleted => beanstalk::put(exchange.request(from), 0, BODY),
            other => return other.refused(),
        }
        Ok(())
    }
}
