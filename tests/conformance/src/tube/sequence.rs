//! What is sent: sequences of steps over several connections, as plain data that can be cut down and printed.

use std::fmt::{self, Display, Formatter};

use crate::shrink::Shrink;

/// How many connections a sequence uses.
pub(crate) const CONNECTIONS: usize = 4;
/// An id that no server gives out in a test; it stands for a job before there is one.
const ABSENT_JOB: &str = "999999999";

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These bytes.
    Text(Vec<u8>),
    /// The id of a job of this sequence, counted from 0 and around.
    Job(usize),
}

/// One request, with the body that may belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) pieces: Vec<Piece>,
    /// How many replies it brings sooner or later, if that is known.
    pub(crate) replies: Option<usize>,
    /// Whether it may wait for a job.
    pub(crate) waits: bool,
}

impl Request {
    /// A request that brings one reply at once.
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Request {
        Request { pieces: vec![Piece::Text(bytes.into())], replies: Some(1), waits: false }
    }

    /// Whether it is a kick that may make several jobs ready.
    pub(crate) fn kicks_several(&self) -> bool {
        let one = |text: &[u8]| matches!(text, b"kick 0\r\n" | b"kick 1\r\n");
        let kicks = |text: &[u8]| text.starts_with(b"kick ") && !one(text);
        self.pieces.first().is_some_and(|piece| matches!(piece, Piece::Text(text) if kicks(text)))
    }

    /// The bytes, with the ids of the jobs that there are so far.
    pub(crate) fn bytes(&self, ids: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text),
                Piece::Job(_) if ids.is_empty() => bytes.extend_from_slice(ABSENT_JOB.as_bytes()),
                Piece::Job(number) => bytes.extend_from_slice(ids[number % ids.len()].as_bytes()),
            }
        }
        bytes
    }
}

/// One thing that is done to both servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends requests in one write, or in several with a pause after each.
    Send {
        requests: Vec<Request>,
        /// Where the write is cut, in thousandths of its length.
        cuts: Vec<usize>,
    },
    /// Ends the sending direction of the connection.
    HalfClose,
    /// Closes the connection. A later step opens it anew.
    Close,
    /// Waits for one reply that time brings.
    Await,
}

/// An action on one of the connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) connection: usize,
    pub(crate) action: Action,
    /// Steps with the same number belong together, as the two halves of a request do.
    pub(crate) group: usize,
}

impl Display for Step {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.connection)?;
        match &self.action {
            Action::Send { requests, cuts } => {
                write!(formatter, "> ")?;
                for piece in requests.iter().flat_map(|request| &request.pieces) {
                    match piece {
                        Piece::Text(bytes) => write!(formatter, "{}", bytes.escape_ascii())?,
                        Piece::Job(number) => write!(formatter, "{{job {number}}}")?,
                    }
                }
                if !cuts.is_empty() {
                    write!(formatter, "  (cut at {cuts:?} thousandths)")?;
                }
                Ok(())
            }
            Action::HalfClose => formatter.write_str("half-closes"),
            Action::Close => formatter.write_str("closes"),
            Action::Await => formatter.write_str("waits for a reply"),
        }
    }
}

/// Which connections may wait for a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// One at a time.
    #[default]
    One,
    /// All, since no two of them watch the same tube.
    Private,
    /// All. A reply to a reserve that may wait is looked at only by [`Action::Await`], so it does not matter when
    /// it comes.
    Awaited,
}

/// Steps that start with no jobs and fresh connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) steps: Vec<Step>,
    pub(crate) waiting: Waiting,
}

impl Shrink for Sequence {
    fn steps(&self) -> usize {
        self.steps.len()
    }

    fn without_steps(&self, start: usize, count: usize) -> Sequence {
        let end = (start + count).min(self.steps.len());
        let groups: Vec<usize> = self.steps[start..end].iter().map(|step| step.group).collect();
        let steps = self.steps.iter().filter(|step| !groups.contains(&step.group)).cloned().collect();
        Sequence { steps, ..*self }
    }

    fn without_part(&self, step: usize, place: usize) -> Option<Sequence> {
        let mut smaller = self.clone();
        let Action::Send { requests, .. } = &mut smaller.steps[step].action else { return None };
        if requests.len() < 2 || place >= requests.len() {
            return None;
        }
        requests.remove(place);
        Some(smaller)
    }
}

#[cfg(test)]
mod tests {
    use super::super::generate;
    use super::*;
    use crate::shrink::shrink;

    #[test]
    fn what_matters_is_left_over() {
        let fails = |sequence: &Sequence| {
            let text: String = sequence.steps.iter().map(ToString::to_string).collect();
            Ok(text.contains("put ") && text.contains("kick "))
        };
        let mut failing = 0;
        for sequence in (0..100).map(generate::sequence) {
            if fails(&sequence).expect("cannot fail") {
                failing += 1;
                let smallest = shrink(sequence, fails).expect("cannot fail");
                assert!(fails(&smallest).expect("cannot fail"));
                // A put in two halves, and a kick.
                assert!(smallest.steps.len() <= 3, "{smallest:?}");
            }
        }
        assert!(failing > 10);
    }
}
