//! What is on its way to one client: the only part of a connection that others than its own task may touch.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use crate::limits::{
    REPLY_BUFFER_BYTES_KEPT, REPLY_BYTES_MOVED_MAX, REPLY_BYTES_SENT_AT_ONCE, REPLY_BYTES_UNSENT_MAX,
    REPLY_BYTES_UNSENT_TOTAL_MAX, REQUESTS_AWAITING_MAX,
};
use crate::socket::Socket;

/// The memory of the replies that clients have not taken, of all of them. Touched only when something is left over.
#[derive(Default)]
pub(crate) struct Unsent(AtomicUsize);

impl Unsent {
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn is_over_limit(&self) -> bool {
        self.bytes() > REPLY_BYTES_UNSENT_TOTAL_MAX
    }

    fn change(&self, from: usize, to: usize) {
        self.0.fetch_add(to, Ordering::Relaxed);
        self.0.fetch_sub(from, Ordering::Relaxed);
    }
}

/// A connection's socket and the replies for it.
pub(crate) struct Outgoing {
    pub(crate) socket: Socket,
    /// What a client is told that awaits a reply when the server fails.
    pub(crate) last_words: &'static [u8],
    queue: Mutex<Queue>,
}

/// What an entry has for a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Added {
    Nothing,
    /// Only what nobody has asked for.
    News,
    /// A reply, at least.
    Reply,
}

/// Replies, and the requests that await them.
pub(crate) struct Queue {
    buffer: Vec<u8>,
    /// How much of `buffer` the socket has taken.
    sent: usize,
    /// What of `buffer` is counted in `total`: its memory, as long as something is left over.
    counted: usize,
    total: Arc<Unsent>,
    /// When the socket has last taken something, if something is left over.
    taken_at: Instant,
    /// Requests that await a reply.
    pub(crate) awaiting: u32,
    /// Replies and events that there were for the client, for statistics.
    pub(crate) packets: u64,
    /// What the present entry has added; see [`Outgoing::add`].
    added: Added,
    /// The socket is beyond use: what is added is dropped.
    broken: bool,
    /// The connection is to be closed once everything is sent.
    closing: bool,
    /// The connection's task, and whether it has stopped until replies have gone.
    task: Option<Waker>,
    stopped: bool,
}

impl Queue {
    /// Whether the connection may make one more request.
    pub(crate) fn has_room(&self) -> bool {
        let unsent = self.unsent();
        let little = unsent == 0 || (unsent <= REPLY_BYTES_UNSENT_MAX && !self.total.is_over_limit());
        self.awaiting < REQUESTS_AWAITING_MAX && little
    }

    /// Counts a request.
    pub(crate) fn expect(&mut self) {
        self.awaiting += 1;
    }

    pub(crate) fn unsent(&self) -> usize {
        self.buffer.len() - self.sent
    }

    /// Has the connection closed once everything that is there for it is sent.
    pub(crate) fn close_when_sent(&mut self) {
        self.closing = true;
        self.wake();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Notes the connection's task before it rests: it is woken when replies are left over, and, if it has
    /// `stopped` taking requests, by every reply.
    pub(crate) fn rest(&mut self, waker: &Waker, stopped: bool) {
        self.stopped = stopped;
        if !self.task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            self.task = Some(waker.clone());
        }
        self.count();
    }

    /// Appends a reply that the server gives by itself. Only when nothing is awaited, or it would overtake.
    pub(crate) fn answer(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        debug_assert_eq!(self.awaiting, 0, "a reply overtakes those that are awaited");
        self.packets += 1;
        if !self.broken {
            encode(&mut self.buffer);
        }
    }

    /// Sends what the socket takes of the next bytes. True if it may take more than those.
    fn send(&mut self, socket: &Socket) -> bool {
        let before = self.sent;
        let end = self.buffer.len().min(self.sent + REPLY_BYTES_SENT_AT_ONCE);
        while self.sent < end && !self.broken {
            match socket.try_write(&self.buffer[self.sent..end]) {
                Ok(0) => self.broken = true,
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        let taken = self.sent > before;
        let more = self.sent == end && end < self.buffer.len() && !self.broken;
        self.give_back();
        if taken && self.counted > 0 {
            self.taken_at = Instant::now();
        }
        more
    }

    /// Frees what is not needed any more. A buffer that shrank in its place would keep others from using what it left.
    fn give_back(&mut self) {
        let left = if self.broken { 0 } else { self.unsent() };
        if left == 0 {
            self.sent = 0;
            self.buffer.clear();
            if self.buffer.capacity() > REPLY_BUFFER_BYTES_KEPT {
                self.buffer = Vec::new();
            }
        } else if left <= self.sent.min(REPLY_BYTES_MOVED_MAX) {
            self.buffer = self.buffer[self.sent..].to_vec();
            self.sent = 0;
        } else if self.buffer.capacity() - self.buffer.len() > self.headroom() {
            self.buffer.shrink_to_fit();
        }
        self.count();
    }

    /// So much of a buffer may be unused. It grows by as much when little is added to much, or it would grow to double
    /// its size, and be made smaller again, with each event for a client that doesn't read.
    fn headroom(&self) -> usize {
        (self.unsent() / 8).max(REPLY_BUFFER_BYTES_KEPT)
    }

    fn make_room(&mut self) {
        let unused = self.buffer.capacity() - self.buffer.len();
        if self.buffer.len() > REPLY_BYTES_UNSENT_MAX && unused < REPLY_BUFFER_BYTES_KEPT {
            self.buffer.reserve_exact(self.headroom());
        }
    }

    /// Keeps the total up to date.
    fn count(&mut self) {
        let counted = if self.unsent() > 0 { self.buffer.capacity() } else { 0 };
        if counted != self.counted {
            if self.counted == 0 {
                self.taken_at = Instant::now();
            }
            self.total.change(self.counted, counted);
            self.counted = counted;
        }
    }

    fn wake(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.total.change(self.counted, 0);
    }
}

impl Outgoing {
    /// What is left over is counted in `total`.
    pub(crate) fn new(socket: Socket, total: Arc<Unsent>) -> Self {
        let queue = Queue {
            buffer: Vec::new(),
            sent: 0,
            counted: 0,
            total,
            taken_at: Instant::now(),
            awaiting: 0,
            packets: 0,
            added: Added::Nothing,
            broken: false,
            closing: false,
            task: None,
            stopped: false,
        };
        Outgoing { socket, last_words: b"", queue: Mutex::new(queue) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends what an entry has for the client: the reply to a request if one is `awaited`. True for the first of an
    /// entry, and for the first reply: the caller sees to it that [`Self::complete`] is called at the entry's end.
    pub(crate) fn add(&self, awaited: bool, encode: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut queue = self.lock();
        queue.awaiting = queue.awaiting.saturating_sub(u32::from(awaited));
        queue.packets += 1;
        if !queue.broken {
            queue.make_room();
            encode(&mut queue.buffer);
        }
        let added = if awaited { Added::Reply } else { Added::News };
        let first = added > queue.added;
        queue.added = queue.added.max(added);
        first
    }

    /// Sends what an entry has added, in one write if the socket takes it.
    pub(crate) fn complete(&self) {
        let mut queue = self.lock();
        queue.added = Added::Nothing;
        queue.send(&self.socket);
        if queue.stopped || queue.unsent() > 0 || queue.broken {
            queue.wake();
        }
    }

    /// Counts what an entry has added; [`Self::complete`] comes later, perhaps after other entries.
    pub(crate) fn postpone(&self) {
        self.lock().count();
    }

    /// Sends what the socket takes now, but no more than others can wait for. True if it may take more.
    pub(crate) fn send(&self) -> bool {
        self.lock().send(&self.socket)
    }

    /// Whether so many bytes more are a burden when there is no room for what clients don't read. A few are none if the
    /// client reads.
    pub(crate) fn is_burdened_by(&self, bytes: usize) -> bool {
        bytes > REPLY_BYTES_UNSENT_MAX || !self.socket.is_writable()
    }

    /// Whether much is left over after all that the socket takes now.
    pub(crate) fn is_behind(&self) -> bool {
        let mut queue = self.lock();
        if queue.unsent() > REPLY_BYTES_UNSENT_MAX {
            queue.send(&self.socket);
        }
        queue.unsent() > REPLY_BYTES_UNSENT_MAX
    }

    /// Since when the socket has taken nothing of what is left over, if anything is.
    pub(crate) fn waits_since(&self) -> Option<Instant> {
        let queue = self.lock();
        (queue.counted > 0).then_some(queue.taken_at)
    }

    /// Has the connection closed, unless the socket takes something now after all: then its task will see to it. True
    /// if it is closed.
    pub(crate) fn close_if_stuck(&self) -> bool {
        let stuck = !self.socket.is_writable();
        if stuck {
            let mut queue = self.lock();
            queue.broken = true;
            queue.give_back();
            queue.wake();
        }
        stuck
    }

    /// Tells a client that awaits a reply that there will be none, if its protocol has words for it.
    pub(crate) fn abandon(&self) {
        let mut queue = self.lock();
        if queue.awaiting > 0 {
            queue.awaiting = 0;
            queue.buffer.extend_from_slice(self.last_words);
            queue.send(&self.socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// One with a client at its other end, and where it counts what is left over.
    async fn connected() -> (Outgoing, UnixStream, Arc<Unsent>) {
        let (socket, client) = Socket::pair().await;
        let unsent = Arc::default();
        (Outgoing::new(socket, Arc::clone(&unsent)), client, unsent)
    }

    /// So many bytes that tell their place, in a buffer that has grown as it does for a list.
    fn reply(bytes: usize) -> impl FnOnce(&mut Vec<u8>) {
        move |out| (0..=250).cycle().take(bytes).for_each(|byte| out.push(byte))
    }

    /// Reads what there is.
    fn read(client: &mut UnixStream, into: &mut Vec<u8>) {
        let read = client.read_to_end(into);
        assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock, "the connection is open");
    }

    #[tokio::test]
    async fn what_is_taken_at_once_is_not_counted() {
        let (outgoing, mut client, unsent) = connected().await;
        assert!(outgoing.add(true, reply(10_000)));
        outgoing.complete();
        assert_eq!(unsent.bytes(), 0);
        assert_eq!(outgoing.waits_since(), None);
        let mut taken = Vec::new();
        read(&mut client, &mut taken);
        assert_eq!(taken.len(), 10_000);
    }

    #[tokio::test]
    async fn what_is_left_over_is_counted_until_it_is_taken() {
        const BYTES: usize = 5_000_000;
        let (outgoing, mut client, unsent) = connected().await;
        outgoing.add(true, reply(BYTES));
        outgoing.complete();
        assert_eq!(unsent.bytes(), BYTES, "the memory, and no more than is needed");
        let first = outgoing.waits_since().unwrap();

        let mut taken = Vec::new();
        while unsent.bytes() > 0 {
            read(&mut client, &mut taken);
            poll_fn(|context| outgoing.socket.poll_write_ready(context)).await.unwrap();
            outgoing.send();
            let left = outgoing.lock().unsent();
            assert!((left..=BYTES).contains(&unsent.bytes()));
            assert!(left > REPLY_BYTES_MOVED_MAX || unsent.bytes() <= REPLY_BYTES_MOVED_MAX);
            assert!(outgoing.waits_since().is_none_or(|since| since > first));
        }
        read(&mut client, &mut taken);
        let mut sent = Vec::new();
        reply(BYTES)(&mut sent);
        assert!(taken == sent, "every byte arrives in its place");
        assert!(outgoing.lock().buffer.capacity() <= REPLY_BUFFER_BYTES_KEPT);
    }

    #[tokio::test]
    async fn what_the_server_answers_by_itself_is_counted_when_its_client_rests() {
        let (outgoing, _client, unsent) = connected().await;
        outgoing.lock().answer(reply(1000));
        outgoing.lock().rest(Waker::noop(), true);
        assert!(unsent.bytes() >= 1000);
    }

    #[tokio::test]
    async fn beyond_the_total_requests_wait_until_nothing_is_left_over() {
        let (outgoing, mut client, unsent) = connected().await;
        let mut bytes = 0;
        while outgoing.lock().unsent() == 0 {
            outgoing.add(true, reply(1000));
            outgoing.complete();
            bytes += 1000;
        }
        assert!(outgoing.lock().has_room(), "a little may be left over");
        unsent.change(0, REPLY_BYTES_UNSENT_TOTAL_MAX + 1);
        assert!(!outgoing.lock().has_room());

        let mut taken = Vec::new();
        read(&mut client, &mut taken);
        poll_fn(|context| outgoing.socket.poll_write_ready(context)).await.unwrap();
        outgoing.send();
        assert!(outgoing.lock().has_room());
        read(&mut client, &mut taken);
        assert_eq!(taken.len(), bytes);
    }

    #[tokio::test]
    async fn a_buffer_that_nobody_reads_is_not_made_anew_for_each_event() {
        let (outgoing, _client, _unsent) = connected().await;
        outgoing.add(false, reply(5_000_000));
        outgoing.complete();
        let mut capacities = std::collections::BTreeSet::new();
        for _ in 0..10_000 {
            assert!(outgoing.is_behind());
            outgoing.add(false, reply(100));
            capacities.insert(outgoing.lock().buffer.capacity());
        }
        assert!(capacities.len() < 10, "it grew to each of {capacities:?}");
    }

    #[tokio::test]
    async fn nothing_is_counted_of_a_connection_that_has_gone() {
        let (outgoing, client, unsent) = connected().await;
        outgoing.add(true, reply(1_000_000));
        outgoing.complete();
        assert!(unsent.bytes() > 0);
        drop(outgoing);
        assert_eq!(unsent.bytes(), 0);

        let (outgoing, other, unsent) = connected().await;
        outgoing.add(true, reply(1_000_000));
        outgoing.complete();
        drop((client, other));
        poll_fn(|context| outgoing.socket.poll_write_ready(context)).await.unwrap();
        outgoing.send();
        assert!(outgoing.lock().is_broken());
        assert_eq!(unsent.bytes(), 0);
    }
}
