//! A single question: whether all jobs are there.

use anyhow::{Result, ensure};

use crate::beanstalk::{self, Beanstalk, Reply};
use crate::network::{Exchange, Workload};

/// Asks for the statistics; anything but so many ready jobs is an error.
pub(crate) struct AllReady {
    jobs: usize,
    answered: bool,
}

impl AllReady {
    pub(crate) fn new(jobs: usize) -> AllReady {
        AllReady { jobs, answered: false }
    }
}

impl Workload for AllReady {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        beanstalk::stats(exchange.request(0));
    }

    fn reply(&mut self, _: usize, reply: Reply<'_>, _: &mut Exchange) -> Result<()> {
        let Reply::Statistics(text) = reply else { return reply.refused() };
        let ready = beanstalk::statistic(text, "current-jobs-ready")?;
        ensure!(ready == self.jobs as u64, "{ready} jobs are ready where {} should be", self.jobs);
        self.answered = true;
        Ok(())
    }

    fn finished(&self) -> bool {
        self.answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_job_is_an_error() {
        let mut exchange = Exchange::new(1).unwrap();
        let mut ready = AllReady::new(2);
        let statistics = |count: usize| format!("current-jobs-ready: {count}\n");
        let missing = ready.reply(0, Reply::Statistics(statistics(1).as_bytes()), &mut exchange);
        assert_eq!(missing.unwrap_err().to_string(), "1 jobs are ready where 2 should be");
        assert!(!ready.finished());
        ready.reply(0, Reply::Statistics(statistics(2).as_bytes()), &mut exchange).unwrap();
        assert!(ready.finished());
    }
}
