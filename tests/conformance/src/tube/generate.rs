//! Makes random sequences from a seed. It follows no state of a server: what a step does, the servers say.

use fastrand::Rng;

use super::faults::Fault;
use super::requests::{harmless, malformed, mutated, put, request};
use super::sequence::{Action, CONNECTIONS, Piece, Request, Sequence, Step, Waiting};

/// The steps of one sequence, before the pairs that a request cut in two adds.
const STEPS_MIN: usize = 4;
const STEPS_MAX: usize = 40;
/// The requests that share one packet.
const JOINED_MAX: usize = 6;

/// The sequence of a seed.
pub(crate) fn sequence(seed: u64) -> Sequence {
    let mut writer = Writer {
        rng: Rng::with_seed(seed),
        sequence: Sequence::default(),
        groups: 0,
        half_sent: [const { None }; CONNECTIONS],
    };
    if writer.rng.u8(0..5) == 0 {
        writer.sequence.waiting = Waiting::Private;
        writer.watch_private_tubes();
    }
    for _ in 0..writer.rng.usize(STEPS_MIN..=STEPS_MAX) {
        writer.step();
    }
    for connection in 0..CONNECTIONS {
        writer.finish_half(connection);
    }
    writer.sequence
}

struct Writer {
    rng: Rng,
    sequence: Sequence,
    groups: usize,
    /// The rest of a request of which the start was sent, and the group of both.
    half_sent: [Option<(Vec<Piece>, usize)>; CONNECTIONS],
}

impl Writer {
    fn watch_private_tubes(&mut self) {
        for connection in 0..CONNECTIONS {
            let requests =
                vec![Request::new(format!("watch own-{connection}\r\n")), Request::new("ignore default\r\n")];
            self.push(connection, Action::Send { requests, cuts: Vec::new() });
        }
    }

    fn step(&mut self) {
        let connection = self.rng.usize(0..CONNECTIONS);
        if self.half_sent[connection].is_some() {
            self.finish_half(connection);
            return;
        }
        match self.rng.u8(0..100) {
            0..=1 if !self.has_private_tubes() => self.push(connection, Action::HalfClose),
            2..=4 if !self.has_private_tubes() => self.push(connection, Action::Close),
            5..=8 => self.start_half(connection),
            9..=22 => self.send_joined(connection),
            23..=30 => self.send_cut(connection),
            31..=42 if !self.has_private_tubes() => self.send_bad(connection),
            _ => {
                let requests = vec![self.request()];
                self.push(connection, Action::Send { requests, cuts: Vec::new() });
            }
        }
    }

    fn send_joined(&mut self, connection: usize) {
        let requests = (0..self.rng.usize(2..=JOINED_MAX)).map(|_| self.request()).collect();
        let cuts = if self.rng.u8(0..4) == 0 { vec![self.rng.usize(1..1000)] } else { Vec::new() };
        self.push(connection, Action::Send { requests, cuts });
    }

    fn send_cut(&mut self, connection: usize) {
        let requests = vec![self.request()];
        let mut cuts: Vec<usize> = (0..self.rng.usize(1..4)).map(|_| self.rng.usize(1..1000)).collect();
        cuts.sort_unstable();
        self.push(connection, Action::Send { requests, cuts });
    }

    fn send_bad(&mut self, connection: usize) {
        let bad = if self.rng.bool() {
            malformed(&mut self.rng)
        } else {
            mutated(&mut self.rng).unwrap_or_else(|| Request::new("\r\n"))
        };
        let mut requests = vec![bad];
        if self.rng.bool() {
            // What comes after it must be understood as on a fresh connection.
            requests.push(put(&mut self.rng));
        }
        self.push(connection, Action::Send { requests, cuts: Vec::new() });
    }

    /// Sends the start of a put; other connections go on before its rest follows.
    ///
    /// beanstalkd takes a job's id and counts the put when the line is complete, trellis when the job is. So from
    /// then on nothing may happen that could take another id or show the counters.
    fn start_half(&mut self, connection: usize) {
        let bytes = put(&mut self.rng).bytes(&[]);
        let line_end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let cut = self.rng.usize(1..bytes.len());
        let (start, rest) = bytes.split_at(cut);
        let request = Request { pieces: vec![Piece::Text(start.to_vec())], replies: None, waits: false };
        let group = self.groups;
        self.half_sent[connection] = Some((vec![Piece::Text(rest.to_vec())], group));
        self.push(connection, Action::Send { requests: vec![request], cuts: Vec::new() });
        if cut > line_end {
            for _ in 0..self.rng.usize(0..3) {
                let other = (connection + self.rng.usize(1..CONNECTIONS)) % CONNECTIONS;
                if self.half_sent[other].is_none() {
                    let requests = vec![harmless(&mut self.rng)];
                    self.push(other, Action::Send { requests, cuts: Vec::new() });
                }
            }
            self.finish_half(connection);
        }
    }

    fn finish_half(&mut self, connection: usize) {
        let Some((pieces, group)) = self.half_sent[connection].take() else { return };
        let request = Request { pieces, replies: None, waits: false };
        let action = Action::Send { requests: vec![request], cuts: Vec::new() };
        self.sequence.steps.push(Step { connection, action, group });
    }

    fn has_private_tubes(&self) -> bool {
        self.sequence.waiting == Waiting::Private
    }

    fn request(&mut self) -> Request {
        let private_tubes = self.has_private_tubes();
        request(&mut self.rng, private_tubes)
    }

    fn push(&mut self, connection: usize, mut action: Action) {
        if let Action::Send { requests, .. } = &mut action {
            requests.retain(|request| Fault::of_request(&request.bytes(&[])).is_none());
            // A server that hangs up before it has read everything makes TCP throw its replies away, or not.
            if let Some(end) = requests.iter().position(|request| request.bytes(&[]).starts_with(b"quit")) {
                requests.truncate(end + 1);
            }
        }
        self.sequence.steps.push(Step { connection, action, group: self.groups });
        self.groups += 1;
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
    fn every_command_is_sent() {
        let mut sent = String::new();
        for seed in 0..200 {
            for step in sequence(seed).steps {
                sent.push_str(&step.to_string());
            }
        }
        for command in [
            "put ",
            "use ",
            "reserve\\r",
            "reserve-with-timeout ",
            "reserve-job ",
            "delete ",
            "release ",
            "bury ",
            "touch ",
            "watch ",
            "ignore ",
            "peek ",
            "peek-ready",
            "peek-delayed",
            "peek-buried",
            "kick ",
            "kick-job ",
            "stats\\r",
            "stats-job ",
            "stats-tube ",
            "list-tubes\\r",
            "list-tube-used",
            "list-tubes-watched",
            "pause-tube ",
            "quit",
        ] {
            assert!(sent.contains(command), "{command}");
        }
    }
}
