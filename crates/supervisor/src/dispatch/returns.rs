//! Which jobs were given back without having been tried. A server counts how often a job was reserved, whatever became of
//! that, so the tries are what is left. Nothing here decides what becomes of a job.

use std::collections::BTreeMap;

use crate::JobId;
use crate::limits::RETURNS_MAX;

/// How often each job was given back untried. Of too many jobs, the one for which that is longest ago is forgotten. Then the
/// server's number is all that is known, as it is of what other machines gave back.
#[derive(Debug, Default)]
pub(super) struct Returns {
    jobs: BTreeMap<JobId, Return>,
    /// The same jobs, as they were given back last.
    order: BTreeMap<u64, JobId>,
    /// The last one's place in that order.
    newest: u64,
}

/// What is known of one job.
#[derive(Debug, Default)]
struct Return {
    count: u32,
    /// How often in a row its worker had not begun it.
    unread: u32,
    place: u64,
}

impl Returns {
    /// A job is given back untried.
    pub(super) fn note(&mut self, job: JobId) {
        self.newest += 1;
        let noted = self.jobs.entry(job).or_default();
        self.order.remove(&noted.place);
        noted.count = noted.count.saturating_add(1);
        noted.place = self.newest;
        self.order.insert(self.newest, job);
        if self.jobs.len() > RETURNS_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.jobs.remove(&oldest);
        }
    }

    /// A job is given back untried, since its worker ended before it had begun it; how often in a row it was so.
    pub(super) fn note_unread(&mut self, job: JobId) -> u32 {
        self.note(job);
        let Some(noted) = self.jobs.get_mut(&job) else { return 0 };
        noted.unread = noted.unread.saturating_add(1);
        noted.unread
    }

    /// A job has been tried.
    pub(super) fn begun(&mut self, job: JobId) {
        if let Some(noted) = self.jobs.get_mut(&job) {
            noted.unread = 0;
        }
    }

    /// How often a job was tried that was reserved so often, this time included.
    pub(super) fn tries(&mut self, job: JobId, reserves: u32) -> u32 {
        match self.jobs.get(&job) {
            Some(noted) if noted.count < reserves => reserves - noted.count,
            // The server has lost its jobs, and another one has this number now.
            Some(_) => {
                self.forget(job);
                reserves
            }
            None => reserves,
        }
    }

    /// A job is done, or nobody is to try it again.
    pub(super) fn forget(&mut self, job: JobId) {
        if let Some(noted) = self.jobs.remove(&job) {
            self.order.remove(&noted.place);
        }
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
    fn what_is_unread_in_a_row_is_counted() {
        let mut returns = Returns::default();
        assert_eq!((returns.note_unread(job(1)), returns.note_unread(job(1))), (1, 2));
        // Nobody was there to read it.
        returns.note(job(1));
        assert_eq!(returns.note_unread(job(1)), 3);
        returns.begun(job(1));
        assert_eq!((returns.note_unread(job(1)), returns.tries(job(1), 6)), (1, 1));
    }

    #[test]
    fn no_more_are_kept_than_the_limit_and_the_newest_stay() {
        let mut returns = Returns::default();
        let of_another = JobId { server: 1, id: 1 };
        returns.note(of_another);
        (1..RETURNS_MAX as u64).for_each(|id| returns.note(JobId { server: 1, id: id + 1 }));
        returns.note(of_another);
        (1..=2).for_each(|id| returns.note(job(id)));
        assert_eq!((returns.jobs.len(), returns.order.len()), (RETURNS_MAX, RETURNS_MAX));
        assert_eq!(
            (returns.tries(job(1), 2), returns.tries(job(2), 2), returns.tries(of_another, 3)),
            (1, 1, 1)
        );
        assert_eq!(returns.tries(JobId { server: 1, id: 2 }, 2), 2);
        assert_eq!(returns.tries(JobId { server: 1, id: 3 }, 2), 2);
        assert_eq!(returns.tries(JobId { server: 1, id: 4 }, 2), 1);
    }
}
