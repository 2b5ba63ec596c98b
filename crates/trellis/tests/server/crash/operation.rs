//! What a worker of the crash test asks for, and how it looks on the wire.

use crate::client::Client;

/// The delay of a job that is delayed, in seconds; it never falls due in the test.
const DELAY: u32 = 100_000;

/// An operation that changes a tube.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Put { priority: u32, delayed: bool, body: String },
    Reserve { id: u64 },
    Delete { id: u64 },
    Release { id: u64, priority: u32, delayed: bool },
    Bury { id: u64, priority: u32 },
    Kick { bound: usize },
    KickJob { id: u64 },
    Pause { seconds: u32 },
}

impl Operation {
    /// Asks for it on the tube `tube`, which the client uses. Returns the line that answers it.
    ///
    /// # Errors
    ///
    /// If the connection ends before the answer; nobody knows then whether it has happened.
    pub(super) fn ask(&self, client: &mut Client, tube: &str) -> std::io::Result<String> {
        let delay = |delayed: bool| if delayed { DELAY } else { 0 };
        let line = match self {
            Operation::Put { priority, delayed, body } => {
                format!("put {priority} {} {DELAY} {}\r\n{body}", delay(*delayed), body.len())
            }
            Operation::Reserve { id } => format!("reserve-job {id}"),
            Operation::Delete { id } => format!("delete {id}"),
            Operation::Release { id, priority, delayed } => {
                format!("release {id} {priority} {}", delay(*delayed))
            }
            Operation::Bury { id, priority } => format!("bury {id} {priority}"),
            Operation::Kick { bound } => format!("kick {bound}"),
            Operation::KickJob { id } => format!("kick-job {id}"),
            Operation::Pause { seconds } => format!("pause-tube {tube} {seconds}"),
        };
        let answer = client.try_ask(&line)?;
        if let Some(length) = answer.strip_prefix("RESERVED ").and_then(|rest| rest.split(' ').nth(1)) {
            client.try_body(length.parse().expect("a length"))?;
        }
        Ok(answer)
    }
}
