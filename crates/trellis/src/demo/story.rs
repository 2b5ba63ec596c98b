//! What is known of the demonstration: who does what, which jobs were done how often, and what has been told. It follows
//! from what the workers say; nothing here waits, draws or starts anything.

use std::collections::BTreeMap;
use std::time::Duration;

/// How many workers there are.
pub(super) const WORKERS: usize = 4;

/// What a worker says of itself, a line each, and what `Story::hear` understands.
pub(super) mod words {
    /// It is there: its pid, and the server's addresses for jobs and for znodes.
    pub(in crate::demo) const HERE: &str = "here";
    /// It has begun with a job of this number.
    pub(in crate::demo) const BEGINS: &str = "begins";
    /// It has done the job of this number.
    pub(in crate::demo) const DID: &str = "did";
    /// It was elected.
    pub(in crate::demo) const LEADS: &str = "leads";
    /// It isn't any more.
    pub(in crate::demo) const FOLLOWS: &str = "follows";
}

/// What is known of a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Worker {
    /// While it runs.
    pub(super) pid: Option<i32>,
    /// What it has begun with and not done.
    pub(super) job: Option<u64>,
    /// How many jobs it has done, whichever process it was.
    pub(super) done: u64,
    /// Whether it leads.
    pub(super) leads: bool,
}

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// The supervisor, which is the server, too.
    pub(super) server: Option<u32>,
    /// The server's addresses, for jobs and for znodes.
    pub(super) addresses: Option<(String, String)>,
    /// The workers, by their number.
    pub(super) workers: [Worker; WORKERS],
    /// How many jobs the server has acknowledged. They are numbered from 1.
    pub(super) acknowledged: u64,
    /// How often each job was done.
    pub(super) done: BTreeMap<u64, u32>,
    /// Whether everything has ended.
    pub(super) is_over: bool,
    /// What was told, and when.
    pub(super) told: Vec<(Duration, String)>,
}

impl Story {
    /// Takes a line of the supervisor's output; what is not a worker's word changes nothing.
    pub(super) fn hear(&mut self, line: &str) {
        let heard = line.strip_prefix("worker.").and_then(|rest| rest.split_once(" | "));
        let Some((index, said)) = heard else { return };
        let Some(worker) = index.parse().ok().and_then(|index: usize| self.workers.get_mut(index)) else {
            return;
        };
        let said: Vec<&str> = said.split(' ').collect();
        let number = said.get(1).and_then(|number| number.parse::<u64>().ok());
        match (said[0], number) {
            (words::HERE, Some(pid)) => {
                *worker = Worker { pid: i32::try_from(pid).ok(), done: worker.done, ..Worker::default() };
                if let [_, _, jobs, znodes] = *said.as_slice() {
                    self.addresses = Some((jobs.to_owned(), znodes.to_owned()));
                }
            }
            (words::BEGINS, Some(job)) => worker.job = Some(job),
            (words::DID, Some(job)) => {
                worker.job = None;
                worker.done += 1;
                *self.done.entry(job).or_default() += 1;
            }
            (words::LEADS, None) => worker.leads = true,
            (words::FOLLOWS, None) => worker.leads = false,
            _ => {}
        }
    }

    /// A worker was killed: what it has said of itself holds no longer.
    pub(super) fn killed(&mut self, index: usize) {
        self.workers[index] = Worker { done: self.workers[index].done, ..Worker::default() };
    }

    /// Everything has ended.
    pub(super) fn over(&mut self) {
        self.is_over = true;
        (0..WORKERS).for_each(|index| self.killed(index));
    }

    /// Whether all workers are there.
    pub(super) fn all_are_here(&self) -> bool {
        self.workers.iter().all(|worker| worker.pid.is_some())
    }

    /// Who leads, if exactly one does.
    pub(super) fn leader(&self) -> Option<usize> {
        let mut leaders = (0..WORKERS).filter(|index| self.workers[*index].leads);
        leaders.next().filter(|_| leaders.next().is_none())
    }

    /// Who works on a job.
    pub(super) fn holder(&self, job: u64) -> Option<usize> {
        self.workers.iter().position(|worker| worker.job == Some(job))
    }

    /// Whether a job was done.
    pub(super) fn is_done(&self, job: u64) -> bool {
        self.done.contains_key(&job)
    }

    /// How many jobs were done, each counted once.
    pub(super) fn done_count(&self) -> u64 {
        self.done.len() as u64
    }

    /// The jobs that were acknowledged and not done.
    pub(super) fn missing(&self) -> Vec<u64> {
        (1..=self.acknowledged).filter(|job| !self.is_done(*job)).collect()
    }

    /// The jobs that were done more than once.
    pub(super) fn repeated(&self) -> Vec<u64> {
        self.done.iter().filter(|(_, times)| **times > 1).map(|(job, _)| *job).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(lines: &[&str]) -> Story {
        let mut story = Story::default();
        lines.iter().for_each(|line| story.hear(line));
        story
    }

    #[test]
    fn workers_tell_what_they_do() {
        let mut story = story(&[
            "worker.0 | here 10 a:1 b:2",
            "worker.1 | here 11 a:1 b:2",
            "worker.1 | leads",
            "worker.0 | begins 1",
            "worker.1 | begins 2",
            "worker.1 | did 2",
        ]);
        story.acknowledged = 2;
        assert_eq!(story.addresses, Some(("a:1".to_owned(), "b:2".to_owned())));
        assert_eq!((story.leader(), story.holder(1), story.holder(2)), (Some(1), Some(0), None));
        assert_eq!((story.done_count(), story.missing(), story.all_are_here()), (1, vec![1], false));
    }

    #[test]
    fn what_a_killed_worker_held_is_anothers() {
        let mut story = story(&["worker.0 | here 10 a b", "worker.0 | leads", "worker.0 | begins 1"]);
        story.killed(0);
        assert_eq!((story.leader(), story.holder(1), story.workers[0].pid), (None, None, None));
        for line in ["worker.2 | begins 1", "worker.2 | did 1", "worker.0 | here 20 a b", "worker.0 | did 1"]
        {
            story.hear(line);
        }
        assert_eq!((story.repeated(), story.missing()), (vec![1], vec![]));
        assert_eq!(story.workers[0].pid, Some(20));
    }

    #[test]
    fn two_leaders_are_none() {
        let story = story(&["worker.0 | leads", "worker.1 | leads"]);
        assert_eq!(story.leader(), None);
    }

    #[test]
    fn other_lines_are_nothing() {
        let story = story(&[
            "",
            "worker.9 | did 1",
            "worker.0 | did",
            "worker.0 |",
            "worker.x | did 1",
            "worker.0 | ",
        ]);
        assert_eq!(story.done_count(), 0);
    }
}
