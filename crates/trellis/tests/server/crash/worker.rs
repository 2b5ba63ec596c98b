//! One worker of the crash test: does random operations on a tube of its own until the server is killed, and
//! compares after the restart.

use std::ops::Range;

use fastrand::Rng;

use super::Executioner;
use super::model::{Job, Model, Observed, State};
use super::operation::Operation;
use crate::client::Client;

/// The jobs that a worker keeps at most.
const JOBS_MAX: usize = 40;
/// How many deleted jobs are looked for after each crash; at the end, all are.
const DELETED_LOOKED_FOR: usize = 10;

pub(super) struct Worker {
    tube: String,
    rng: Rng,
    /// What was acknowledged.
    model: Model,
    /// What was asked for when the server was killed.
    unknown: Option<Operation>,
    deleted: Vec<u64>,
    operations: u64,
}

impl Worker {
    pub(super) fn new(number: usize, rng: Rng) -> Worker {
        let (model, tube) = (Model::default(), format!("tube-{number}"));
        Worker { tube, rng, model, unknown: None, deleted: Vec::new(), operations: 0 }
    }

    /// How many operations were acknowledged.
    pub(super) fn operations(&self) -> u64 {
        self.operations
    }

    /// Works until the connection ends.
    pub(super) fn work(&mut self, mut client: Client, executioner: &Executioner) {
        if client.try_ask(&format!("use {}", self.tube)).is_err() {
            return;
        }
        loop {
            let operation = self.choose();
            let Ok(answer) = operation.ask(&mut client, &self.tube) else {
                self.unknown = Some(operation);
                return;
            };
            executioner.count();
            self.operations += 1;
            let new_id = answer.strip_prefix("INSERTED ").and_then(|id| id.parse().ok()).unwrap_or(0);
            assert_eq!(answer, self.model.apply(&operation, new_id), "{operation:?} in {}", self.tube);
            if let Operation::Delete { id } = operation {
                self.deleted.push(id);
            }
        }
    }

    fn choose(&mut self) -> Operation {
        let (priority, delayed) = (self.rng.u32(0..2000), self.rng.u8(0..4) == 0);
        let ids: Vec<u64> = self.model.jobs.keys().copied().collect();
        let reserved: Vec<u64> = self.model.reserved.iter().copied().collect();
        let kind = self.rng.u8(0..100);
        let (Some(&id), true) = (self.rng.choice(&ids), ids.len() < JOBS_MAX) else {
            return match self.rng.choice(&ids) {
                Some(&id) => Operation::Delete { id },
                None => Operation::Put { priority, delayed, body: self.body() },
            };
        };
        match (kind, self.rng.choice(&reserved)) {
            (0..=39, _) => Operation::Put { priority, delayed, body: self.body() },
            (40..=54, Some(&id)) => Operation::Bury { id, priority },
            (55..=69, Some(&id)) => Operation::Release { id, priority, delayed },
            (70..=79, _) => Operation::Delete { id },
            (80..=85, _) => Operation::Kick { bound: self.rng.usize(0..4) },
            (86..=89, _) => Operation::KickJob { id },
            (90..=92, _) => Operation::Pause { seconds: self.rng.u32(1..3) * 100_000 },
            _ if reserved.contains(&id) => Operation::Delete { id },
            _ => Operation::Reserve { id },
        }
    }

    fn body(&mut self) -> String {
        let length = if self.rng.u8(0..20) == 0 { self.rng.usize(0..20_000) } else { self.rng.usize(0..200) };
        std::iter::repeat_with(|| self.rng.alphanumeric()).take(length).collect()
    }

    /// Compares what the server shows after a restart with what must be there. `new_ids` begins after the newest
    /// id of the last check.
    pub(super) fn check(&mut self, client: &mut Client, new_ids: Range<u64>) {
        let observed = self.observe(client, new_ids);
        let unknown = self.unknown.take();
        if let Err(difference) = self.model.agrees(&observed) {
            let Some(operation) = unknown else { panic!("in {}: {difference}", self.tube) };
            // It was not acknowledged, but may have happened. A new job is the one that the model does not have.
            let new_id = observed.jobs.keys().find(|id| !self.model.jobs.contains_key(id)).copied();
            let mut other = self.model.clone();
            other.apply(&operation, new_id.unwrap_or(0));
            if let Err(other_difference) = other.agrees(&observed) {
                panic!(
                    "in {}: without {operation:?}, {difference}; and with it, {other_difference}",
                    self.tube
                );
            }
            self.model = other;
            if let Operation::Delete { id } = operation {
                self.deleted.push(id);
            }
        }
        self.model.settle(&observed);
        let deleted = self.deleted.iter().rev().take(DELETED_LOOKED_FOR);
        deleted.for_each(|id| assert_eq!(client.ask(format!("peek {id}")), "NOT_FOUND", "job {id} is back"));
        if self.rng.u8(0..4) == 0 {
            self.check_orders(client);
        }
    }

    fn observe(&self, client: &mut Client, new_ids: Range<u64>) -> Observed {
        let mut observed = Observed::default();
        let start = new_ids.start;
        let known = self.model.jobs.keys().copied().filter(|id| *id < start);
        for id in known.chain(new_ids) {
            let Some(facts) = client.facts(&format!("stats-job {id}")) else { continue };
            if facts["tube"] != self.tube {
                continue;
            }
            let body = client.body(&format!("peek {id}")).expect("the job is there");
            let state = match facts["state"].as_str() {
                "ready" => State::Ready,
                "delayed" => State::Delayed,
                "buried" => State::Buried,
                other => panic!("job {id} is {other} after a restart"),
            };
            let priority = facts["pri"].parse().expect("a number");
            observed.jobs.insert(id, Job { state, priority, body: String::from_utf8(body).expect("ASCII") });
        }
        assert_eq!(client.ask(format!("use {}", self.tube)), format!("USING {}", self.tube));
        observed.first_buried = first(client, "peek-buried");
        observed.first_delayed = first(client, "peek-delayed");
        let facts = client.facts(&format!("stats-tube {}", self.tube)).expect("it is used");
        observed.pause = Some(facts["pause"].parse().expect("a number"));
        assert_eq!(client.ask("use default"), "USING default");
        observed
    }

    /// Takes all buried and delayed jobs out one by one, to see whether they are in order.
    pub(super) fn check_orders(&mut self, client: &mut Client) {
        assert_eq!(client.ask(format!("use {}", self.tube)), format!("USING {}", self.tube));
        let (buried, delayed) = (self.model.buried().to_vec(), self.model.delayed().to_vec());
        for (list, peek) in [(buried, "peek-buried"), (delayed, "peek-delayed")] {
            for id in list {
                assert_eq!(first(client, peek), Some(id), "{peek} in {}", self.tube);
                assert_eq!(client.ask("kick 1"), self.model.apply(&Operation::Kick { bound: 1 }, 0));
            }
            assert_eq!(first(client, peek), None);
        }
        assert_eq!(client.ask("use default"), "USING default");
    }

    /// Looks for everything that was ever deleted.
    pub(super) fn check_all_deleted(&self, client: &mut Client) {
        for id in &self.deleted {
            assert_eq!(client.ask(format!("peek {id}")), "NOT_FOUND", "job {id} is back");
        }
    }
}

/// The job that a peek shows.
fn first(client: &mut Client, peek: &str) -> Option<u64> {
    let answer = client.ask(peek);
    let rest = answer.strip_prefix("FOUND ")?;
    let (id, length) = rest.split_once(' ').expect("an id and a length");
    client.try_body(length.parse().expect("a length")).expect("a body comes");
    Some(id.parse().expect("an id"))
}
