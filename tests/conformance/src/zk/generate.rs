//! Makes random sequences from a seed. It follows no state of a server: what a step does, the servers say.

use fastrand::Rng;

use super::faults::Rules;
use super::operation::Operation;
use super::random;
use super::request::{Damage, Request};
use super::requests;
use super::sequence::{Action, CONNECTIONS, Connect, Sequence, Step, TIMEOUT_MS, Wanted};

const STEPS_MIN: usize = 4;
const STEPS_MAX: usize = 40;
/// The requests that are sent one behind the other.
const PIPELINE_MAX: usize = 8;
/// One planted node in so many has a list that is not open.
const CLOSED_LIST_IN: u8 = 5;
/// Lengths of frames at which a server hangs up.
const BAD_LENGTHS: &[i32] = &[0, -1, i32::MIN, 1_048_576, i32::MAX];
/// Numbers that no operation has. Some mean something to the real server, see `faults`.
const UNKNOWN_OPERATIONS: &[i32] = &[0, -1, 10, 23, 99, 108, 1000, i32::MIN, i32::MAX];
/// Session time-outs in milliseconds, all longer than a sequence takes.
const TIMEOUTS_MS: &[i32] = &[TIMEOUT_MS, TIMEOUT_MS, 30_000, 25_001, 40_001, i32::MAX];
/// Numbers of requests that mean something, or are rare.
const ODD_XIDS: &[i32] = &[0, -2, -4, -8, i32::MAX, i32::MIN];

/// The sequence of a seed.
pub(super) fn sequence(seed: u64) -> Sequence {
    let mut rng = Rng::with_seed(seed);
    let rules = Rules::choose(&mut rng);
    let mut writer = Writer { rng, rules, steps: Vec::new() };
    if writer.rules.has_quota {
        writer.set_quota();
    }
    writer.plant();
    for _ in 0..writer.rng.usize(STEPS_MIN..=STEPS_MAX) {
        writer.step();
    }
    Sequence { steps: writer.steps }
}

struct Writer {
    rng: Rng,
    rules: Rules,
    steps: Vec<Step>,
}

impl Writer {
    fn step(&mut self) {
        let connection = self.rng.usize(0..CONNECTIONS);
        let calm = self.rules.is_calm(connection);
        match self.rng.u8(0..100) {
            0..=5 if !calm => self.connect(connection),
            6..=7 if !calm => self.push(connection, Action::Disconnect),
            8..=12 if !calm => self.send_bad(connection),
            13..=30 if !self.rules.has_quota => self.send_pipeline(connection),
            31..=33 => self.send_cut(connection),
            _ => {
                let request = self.request(connection);
                self.send(connection, vec![request]);
            }
        }
    }

    fn connect(&mut self, connection: usize) {
        let session = match self.rng.u8(0..10) {
            0..=2 => Wanted::New,
            3..=6 => Wanted::Of(connection),
            7..=8 => Wanted::Of(self.rng.usize(0..CONNECTIONS)),
            _ => Wanted::Unknown,
        };
        if matches!(session, Wanted::Of(other) if self.rules.is_calm(other)) {
            return;
        }
        let connect = Connect {
            session,
            right_password: self.rng.u8(0..10) > 0,
            timeout_ms: self.pick(TIMEOUTS_MS),
            ahead: (self.rng.u8(0..4) == 0).then(|| self.pick(&[0, 0, -1, -5, 1, 1000])),
            read_only: match self.rng.u8(0..8) {
                0 => None,
                1 => Some(1),
                _ => Some(0),
            },
            damage: match self.rng.u8(0..30) {
                0 => Damage::Cut(self.rng.usize(1..46)),
                1 => Damage::Longer(self.rng.usize(1..9)),
                2 => Damage::Length(self.pick(BAD_LENGTHS)),
                _ => Damage::None,
            },
        };
        self.push(connection, Action::Connect(connect));
    }

    /// Sends something that no client sends.
    fn send_bad(&mut self, connection: usize) {
        let mut request = self.request(connection);
        match self.rng.u8(0..10) {
            0 => request.operation = Operation::Other(self.pick(UNKNOWN_OPERATIONS)),
            1 => request.damage = Damage::Length(self.pick(BAD_LENGTHS)),
            2 => request.damage = Damage::Longer(self.rng.usize(1..9)),
            3 => request.xid = Some(self.pick(ODD_XIDS)),
            _ => request.damage = Damage::Cut(self.rng.usize(1..20)),
        }
        if self.rules.allow(connection, &request) {
            self.send(connection, vec![request]);
        }
    }

    fn send_pipeline(&mut self, connection: usize) {
        let mut pipeline: Vec<Request> = Vec::new();
        for _ in 0..self.rng.usize(2..=PIPELINE_MAX) {
            let request = self.request(connection);
            if !self.rules.may_follow(&pipeline, &request) {
                break;
            }
            pipeline.push(request);
        }
        self.send(connection, pipeline);
    }

    fn send_cut(&mut self, connection: usize) {
        let mut cuts: Vec<usize> = (0..self.rng.usize(1..4)).map(|_| self.rng.usize(1..1000)).collect();
        cuts.sort_unstable();
        let requests = vec![self.request(connection)];
        self.push(connection, Action::Send { requests, cuts });
    }

    /// Makes some nodes, so that there is something for the other requests.
    fn plant(&mut self) {
        for path in ["~/a", "~/b", "~/a/x", "~/a/x/deep", "~/a/y"] {
            if self.rng.u8(0..4) > 0 {
                let connection = self.rng.usize(0..CONNECTIONS);
                let data = super::arguments::data(&mut self.rng);
                let acl = super::arguments::acl(&mut self.rng, CLOSED_LIST_IN);
                let create = requests::create_as(Operation::Create, path, data, &acl, 0);
                self.send(connection, vec![create]);
            }
        }
    }

    /// Gives a node a quota, as the tools do: two nodes elsewhere.
    fn set_quota(&mut self) {
        let node = self.pick(&["~", "~/a"]);
        let limits = self.pick(&[
            "count=3,bytes=-1",
            "count=-1,bytes=10",
            "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3",
            "count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=-1",
            "count=2,bytes=5=;byteHardLimit=310;countHardLimit=4",
        ]);
        let quota = format!("/zookeeper/quota{node}");
        let parents = ["/zookeeper/quota~", &quota].into_iter().take(if node == "~" { 1 } else { 2 });
        let mut creates: Vec<Request> = parents.map(|path| requests::create(path, None, 0)).collect();
        for (name, data) in [("zookeeper_limits", limits), ("zookeeper_stats", "count=0,bytes=0")] {
            creates.push(requests::create(&format!("{quota}/{name}"), Some(data.as_bytes()), 0));
        }
        for create in creates {
            self.send(0, vec![create]);
        }
    }

    fn request(&mut self, connection: usize) -> Request {
        loop {
            let request = random::request(&mut self.rng, &self.rules, connection);
            if self.rules.allow(connection, &request) {
                return request;
            }
        }
    }

    fn send(&mut self, connection: usize, requests: Vec<Request>) {
        if !requests.is_empty() {
            self.push(connection, Action::Send { requests, cuts: Vec::new() });
        }
    }

    fn push(&mut self, connection: usize, action: Action) {
        self.steps.push(Step { connection, action });
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        super::arguments::pick(&mut self.rng, choices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_sequence() {
        for seed in 0..50 {
            assert_eq!(sequence(seed), sequence(seed));
        }
        assert_ne!(sequence(1), sequence(2));
    }

    #[test]
    fn every_operation_is_sent() {
        let mut sent = String::new();
        for seed in 0..1000 {
            for step in sequence(seed).steps {
                sent.push_str(&step.to_string());
            }
        }
        for operation in Operation::ALL {
            assert!(sent.contains(&format!("{operation} ")), "{operation}");
        }
    }
}
