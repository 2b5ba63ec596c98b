//! What is known of the connections of a sequence from the replies so far, and so which steps have a certain
//! outcome: one that depends neither on luck nor on a known fault of beanstalkd.

use super::connection::Event;
use super::sequence::{CONNECTIONS, Request, Waiting};

/// How many requests may stand behind a waiting reserve for another one to follow. TCP holds packets back when
/// ten are on their way to a server that does not read.
const QUEUED_MAX: usize = 4;

/// How many bytes may stand behind a waiting reserve. Beyond 64 KiB, TCP waits for the server to read.
const QUEUED_BYTES_MAX: usize = 8192;

/// What is known of all connections.
#[derive(Debug, Default)]
pub(crate) struct Certainty {
    connections: [Progress; CONNECTIONS],
}

/// What is known of a connection since it was opened.
#[derive(Debug, Default)]
struct Progress {
    /// Replies that are to come; more than none means that it waits for a job.
    outstanding: usize,
    /// The jobs that it has got, and may still hold.
    reserved: usize,
}

impl Certainty {
    /// Whether the outcome of a send is certain.
    ///
    /// - Two connections never wait for a job of one tube, since beanstalkd serves them out of turn.
    /// - What brings an unknown number of replies, or ends the connection, is not sent to one that waits or with a
    ///   request that may, as nobody could say afterwards whether it still does.
    /// - Requests that stand behind a waiting reserve are carried out as soon as it has its job; then no other
    ///   connection may have more than one request to carry out, or the order would be a matter of luck.
    /// - While somebody waits, no request may make several jobs ready: see [`Self::may_end`].
    pub(crate) fn may_send(
        &self,
        connection: usize,
        requests: &[Request],
        cuts: &[usize],
        waiting: Waiting,
    ) -> bool {
        let others = self.most_outstanding_of_others(connection);
        let Progress { outstanding, .. } = self.connections[connection];
        let waits = requests.iter().any(|request| request.waits);
        let unknown = requests.iter().any(|request| request.replies.is_none());
        let kicks = requests.iter().any(Request::kicks_several);
        let queues = requests.len() > 1 || outstanding > 0;
        let bytes: usize = requests.iter().map(|request| request.bytes(&[]).len()).sum();
        (!waits || others == 0 || waiting == Waiting::Private)
            && (!unknown || !waits && outstanding == 0 && self.may_end(connection))
            && (!queues || others <= 1)
            && (!kicks || others == 0 && outstanding == 0)
            && (outstanding == 0 && !waits || bytes < QUEUED_BYTES_MAX)
            && (outstanding == 0 || outstanding < QUEUED_MAX && cuts.is_empty())
    }

    /// Whether the connection may be closed. If that makes several jobs ready at once, beanstalkd gives the first
    /// of them to a worker that waits, and trellis the most urgent one.
    pub(crate) fn may_end(&self, connection: usize) -> bool {
        self.connections[connection].reserved < 2 || self.most_outstanding_of_others(connection) == 0
    }

    /// Whether any connection waits.
    pub(crate) fn somebody_waits(&self) -> bool {
        self.connections.iter().any(|progress| progress.outstanding > 0)
    }

    /// Whether requests stand behind a waiting reserve.
    pub(crate) fn has_queue(&self, connection: usize) -> bool {
        self.connections[connection].outstanding > 1
    }

    /// Takes note of requests that bring so many replies.
    pub(crate) fn sent(&mut self, connection: usize, replies: usize) {
        self.connections[connection].outstanding += replies;
    }

    /// Takes note of what has come.
    pub(crate) fn came(&mut self, connection: usize, event: &Event) {
        match event {
            Event::Reply { line, .. } => {
                let progress = &mut self.connections[connection];
                progress.outstanding = progress.outstanding.saturating_sub(1);
                progress.reserved += usize::from(line.starts_with("RESERVED "));
            }
            Event::Closed => self.ended(connection),
            Event::Fragment(_) | Event::Silence => {}
        }
    }

    /// Takes note that a connection has ended.
    pub(crate) fn ended(&mut self, connection: usize) {
        self.connections[connection] = Progress::default();
    }

    fn most_outstanding_of_others(&self, connection: usize) -> usize {
        let others = self.connections.iter().enumerate().filter(|(place, _)| *place != connection);
        others.map(|(_, progress)| progress.outstanding).max().unwrap_or(0)
    }
}
