//! Which jobs were given back without having been tried. A server counts how often a job was reserved, whatever became of
//! that, so the tries are what is left. Nothing here decides what becomes of a job.

use std::collections::BTreeMap;

use crate::JobId;
use crate::limits::RETURNS_MAX;

/// How often each job was given back untried. Of too many jobs, the one with the lowest number is forgotten: it was put
/// first. Then the server's number is all that is known, as it is of what other machines gave back.
#[derive(Debug, Default)]
pub(super) struct Returns {
    counts: BTreeMap<JobId, u32>,
}

impl Returns {
    /// A job is given back untried.
    pub(super) fn note(&mut self, job: JobId) {
        let count = self.counts.entry(job).or_default();
        *count = count.saturating_add(1);
        if self.counts.len() > RETURNS_MAX {
            self.counts.pop_first();
        }
    }

    /// How often a job was tried that was reserved so often, this time included.
    pub(super) fn tries(&mut self, job: JobId, reserves: u32) -> u32 {
        match self.counts.get(&job) {
            Some(count) if *count < reserves => reserves - count,
            // The server has lost its jobs, and another one has this number now.
            Some(_) => {
                self.counts.remove(&job);
                reserves
            }
            None => reserves,
        }
    }

    /// A job is done, or nobody is to try it again.
    pub(super) fn forget(&mut self, job: JobId) {
        self.counts.remove(&job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: u64) -> JobId {
        JobId { server: 0, id }
    }

    #[test]
    fn what_was_given_back_untried_is_no_try() {
        let mut returns = Returns::default();
        assert_eq!(returns.tries(job(1), 4), 4);
        returns.note(job(1));
        returns.note(job(1));
        assert_eq!((returns.tries(job(1), 4), returns.tries(job(2), 4)), (2, 4));
        returns.forget(job(1));
        assert_eq!(returns.tries(job(1), 4), 4);
    }

    #[test]
    fn a_number_that_is_another_jobs_now_begins_anew() {
        let mut returns = Returns::default();
        (0..5).for_each(|_| returns.note(job(1)));
        // It would have been reserved more often than that.
        assert_eq!(returns.tries(job(1), 1), 1);
        assert_eq!(returns.tries(job(1), 9), 9);
    }

    #[test]
    fn no_more_are_kept_than_the_limit() {
        let mut returns = Returns::default();
        (1..=RETURNS_MAX as u64 + 1).for_each(|id| returns.note(job(id)));
        assert_eq!(returns.counts.len(), RETURNS_MAX);
        assert_eq!((returns.tries(job(1), 2), returns.tries(job(2), 2)), (2, 1));
    }
}
