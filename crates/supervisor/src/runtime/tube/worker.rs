//! The socket of a worker that gets its jobs in frames. What it says means something elsewhere.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::buffer::spare_capacity;
use tokio::io::{AsyncReadExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use trellis_unix::all_is_read;

use crate::JobId;
use crate::limits::{FRAME_AT_ONCE_BYTES_MAX, WORKER_READ_BYTES};
use crate::stream::{Answer, LENGTH_BYTES, StreamError, decode_answer, encode_job};

/// What a worker says.
pub(in crate::runtime) enum Said {
    /// What became of a job.
    Answer(Answer),
    /// Nothing that can be understood. Nothing more is heard.
    Nonsense(StreamError),
    /// An answer, though it had none to give. Nothing more is heard, however much it says.
    Unasked(JobId),
    /// It has closed its socket, or has ended, and will never say anything more.
    Closed {
        /// Whether there is something in the socket that it has not read.
        is_unread: bool,
    },
    /// The same, but it could not help it: it may not run any longer.
    Forbidden,
}

/// A worker's socket. When this is dropped, the socket ends behind what was handed over.
pub(in crate::runtime) struct Worker {
    writer: Arc<OwnedWriteHalf>,
    /// What the socket has no room for yet. It is a few frames at most, since a worker is given a job when its answer to
    /// the one before is heard, and none is to a job of which the socket has nothing yet.
    frames: UnboundedSender<Frame>,
    common: Arc<Common>,
    start: u64,
}

/// A job on its way into the socket.
struct Frame {
    bytes: Vec<u8>,
    /// How many of them are there.
    written: usize,
}

/// What both directions of a socket have to know.
#[derive(Default)]
struct Common {
    /// Whether something that was handed over is not in the socket yet.
    is_writing: AtomicBool,
    /// Whether the socket was given something of the job that was handed over last.
    is_given: AtomicBool,
    /// Whether the worker has read something of that job for sure.
    is_begun: AtomicBool,
    /// Whether it has an answer to give: it was given a job, of which the socket has something.
    owes_answer: AtomicBool,
    /// Whether the last that is heard is on its way; what is handed over after that stays here.
    is_closed: AtomicBool,
    process_ended: Notify,
}

impl Worker {
    /// A socket; the other end is for the process.
    pub(in crate::runtime) fn new(
        start: u64,
        tell: impl Fn(Said) + Send + Sync + 'static,
    ) -> io::Result<(Worker, OwnedFd)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        let (reader, writer) = UnixStream::from_std(ours)?.into_split();
        let (frames, waiting) = unbounded_channel();
        let (writer, common) = (Arc::new(writer), Arc::new(Common::default()));
        tokio::spawn(write(Arc::clone(&writer), waiting, Arc::clone(&common)));
        tokio::spawn(read(reader, Arc::clone(&common), tell));
        Ok((Worker { writer, frames, common, start }, theirs.into()))
    }

    /// Which of the process's starts it belongs to.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Hands a job over: at once, if the socket has room, since the worker waits for it.
    pub(super) fn hand(&self, job: JobId, body: &[u8]) {
        let mut frame = Frame { bytes: Vec::new(), written: 0 };
        encode_job(job, body, &mut frame.bytes);
        let was_writing = self.common.is_writing.swap(true, Ordering::Relaxed);
        self.common.is_given.store(false, Ordering::Relaxed);
        self.common.is_begun.store(false, Ordering::Relaxed);
        if self.common.is_closed.load(Ordering::Relaxed) {
            return;
        }
        if !was_writing {
            self.common.owes_answer.store(true, Ordering::Relaxed);
            // What goes wrong shows in the task, too.
            frame.written = self.writer.try_write(frame.first_part()).unwrap_or(0);
            self.common.is_given.store(frame.written > 0, Ordering::Relaxed);
            if frame.written == frame.bytes.len() {
                self.common.is_writing.store(false, Ordering::Relaxed);
                return;
            }
        }
        // A worker that has died gives its jobs back when its end is seen.
        let _ = self.frames.send(frame);
    }

    /// Whether it had begun the job that was handed over last, when it has closed its socket: it has read some of a long
    /// one, or all of another.
    pub(super) fn has_begun(&self, is_unread: bool) -> bool {
        self.common.is_begun.load(Ordering::Relaxed)
            || self.common.is_given.load(Ordering::Relaxed) && !is_unread
    }

    /// The process has ended. What it has said before that is still told, and then [`Said::Closed`], even if another
    /// process has inherited its end of the socket.
    pub(super) fn process_ended(&self) {
        self.common.process_ended.notify_one();
    }
}

impl Frame {
    /// What can be written before the worker has read anything. Of a long job, that is the length: when a worker has died,
    /// the system only tells whether it has read everything, so it gets the rest when it has read this.
    fn first_part(&self) -> &[u8] {
        let is_long = self.bytes.len() > FRAME_AT_ONCE_BYTES_MAX;
        if is_long { &self.bytes[..LENGTH_BYTES] } else { &self.bytes }
    }
}

async fn write(writer: Arc<OwnedWriteHalf>, mut frames: UnboundedReceiver<Frame>, common: Arc<Common>) {
    while let Some(frame) = frames.recv().await {
        common.owes_answer.store(true, Ordering::Relaxed);
        let Frame { bytes, written } = &frame;
        let first = frame.first_part().len();
        if write_all(&writer, &bytes[*written..first]).await.is_err() {
            return;
        }
        // Whoever answers a job that it has not read may have been handed another one.
        common.is_given.store(frames.is_empty(), Ordering::Relaxed);
        if first < bytes.len() {
            if read_by_worker(&writer).await.is_err() {
                return;
            }
            // There is room. One that has died has left nothing to be read, either, but takes nothing more.
            let Ok(count) = writer.try_write(&bytes[first..]) else { return };
            common.is_begun.store(frames.is_empty(), Ordering::Relaxed);
            if write_all(&writer, &bytes[first + count..]).await.is_err() {
                return;
            }
        }
        if frames.is_empty() {
            common.is_writing.store(false, Ordering::Relaxed);
        }
    }
}

/// Waits until the worker has read all that the socket has.
async fn read_by_worker(writer: &OwnedWriteHalf) -> io::Result<()> {
    loop {
        let ready = writer.ready(Interest::WRITABLE).await?;
        // The system tells that there is room each time that something was read.
        let read = writer.as_ref().try_io(Interest::WRITABLE, || match all_is_read(writer.as_ref()) {
            Ok(false) => Err(io::ErrorKind::WouldBlock.into()),
            // A system that can't tell makes nobody wait for ever.
            Ok(true) | Err(_) => Ok(()),
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !ready.is_write_closed() => {}
            other => return other,
        }
    }
}

async fn write_all(writer: &OwnedWriteHalf, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        writer.writable().await?;
        match writer.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn read(reader: OwnedReadHalf, common: Arc<Common>, tell: impl Fn(Said)) {
    let last = read_answers(reader, &common, &tell).await;
    common.is_closed.store(true, Ordering::Relaxed);
    tell(last);
}

/// Tells the answers, up to what is the last that is heard.
async fn read_answers(mut reader: OwnedReadHalf, common: &Common, tell: &impl Fn(Said)) -> Said {
    let mut bytes = Vec::with_capacity(WORKER_READ_BYTES);
    let mut is_last = false;
    loop {
        let count = tokio::select! {
            biased;
            count = reader.read_buf(&mut bytes) => count,
            () = common.process_ended.notified() => {
                is_last = true;
                read_rest(&reader, &mut bytes)
            }
        };
        let mut taken = 0;
        loop {
            match decode_answer(&bytes[taken..]) {
                Ok(Some((answer, length))) => {
                    taken += length;
                    if !common.owes_answer.swap(false, Ordering::Relaxed) {
                        return Said::Unasked(answer.job);
                    }
                    tell(Said::Answer(answer));
                }
                Ok(None) => break,
                Err(error) => return Said::Nonsense(error),
            }
        }
        bytes.drain(..taken);
        if is_last || count.as_ref().map_or(true, |count| *count == 0) {
            // The system says so when an end is closed with something in it that nobody has read; one that another process
            // has inherited is not closed.
            let is_unread = count.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
                || !all_is_read(reader.as_ref()).unwrap_or(true);
            return Said::Closed { is_unread };
        }
    }
}

/// Reads what is there, whether the runtime knows of it or not, and how it ends. One that has one job in hand has no
/// more than one answer to give.
fn read_rest(reader: &OwnedReadHalf, bytes: &mut Vec<u8>) -> io::Result<usize> {
    bytes.reserve(2 * WORKER_READ_BYTES);
    loop {
        let count = rustix::io::read(reader.as_ref(), spare_capacity(bytes))?;
        if count == 0 || bytes.len() > WORKER_READ_BYTES {
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::stream::{Verdict, encode_answer};

    /// More than a socket has room for.
    const BODY_BYTES: usize = 4 << 20;

    fn job(id: u64) -> JobId {
        JobId { server: 0, id }
    }

    fn done(id: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_answer(Answer { job: job(id), verdict: Verdict::Done }, &mut bytes);
        bytes
    }

    /// A worker, its end of the socket, and what it says.
    fn worker() -> (Worker, StdStream, UnboundedReceiver<Said>) {
        let (sender, said) = unbounded_channel();
        let (worker, theirs) = Worker::new(0, move |said| drop(sender.send(said))).expect("a socket");
        let theirs = StdStream::from(theirs);
        theirs.set_nonblocking(true).expect("it is open");
        (worker, theirs, said)
    }

    #[tokio::test]
    async fn of_a_flood_of_answers_one_too_many_is_heard() {
        let (worker, mut theirs, mut said) = worker();
        worker.hand(job(1), b"");
        let mut count = 0;
        let error = loop {
            match theirs.write_all(&done(1)) {
                Ok(()) => count += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(count > 100, "only {count} have room");
        assert!(matches!(said.recv().await, Some(Said::Answer(answer)) if answer.job == job(1)));
        assert!(matches!(said.recv().await, Some(Said::Unasked(unasked)) if unasked == job(1)));
        assert!(said.recv().await.is_none(), "nothing more is heard");
        // What it would be given now, it can't have begun.
        worker.hand(job(2), b"");
        assert!(!worker.has_begun(false));
    }

    #[tokio::test]
    async fn a_job_that_the_socket_has_nothing_of_has_no_answer() {
        let (worker, mut theirs, mut said) = worker();
        worker.hand(job(1), &vec![0; BODY_BYTES]);
        // It may have seen enough of the first, but it can have seen nothing of the second.
        theirs.write_all(&done(1)).expect("there is room");
        assert!(matches!(said.recv().await, Some(Said::Answer(_))));
        worker.hand(job(2), b"");
        theirs.write_all(&done(2)).expect("there is room");
        assert!(matches!(said.recv().await, Some(Said::Unasked(_))));
    }

    #[tokio::test]
    async fn the_rest_of_a_job_may_be_read_after_its_answer() {
        let (worker, mut theirs, mut said) = worker();
        worker.hand(job(1), &vec![0; BODY_BYTES]);
        theirs.write_all(&done(1)).expect("there is room");
        assert!(matches!(said.recv().await, Some(Said::Answer(_))));
        worker.hand(job(2), b"last");
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"job 2\nlast") {
            // What is read makes room for what is still to be written.
            let mut part = vec![0; 64 << 10];
            match theirs.read(&mut part) {
                Ok(count) => bytes.extend_from_slice(&part[..count]),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            tokio::task::yield_now().await;
        }
        theirs.write_all(&done(2)).expect("there is room");
        assert!(matches!(said.recv().await, Some(Said::Answer(answer)) if answer.job == job(2)));
        assert!(worker.has_begun(false));
    }

    /// Reads so many bytes.
    async fn read(theirs: &mut StdStream, count: usize) {
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while filled < count {
            match theirs.read(&mut bytes[filled..]) {
                Ok(count) => filled += count,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_has_read_enough_of_a_job_has_begun_it() {
        let (long, short) = (FRAME_AT_ONCE_BYTES_MAX, 100);
        let frame = |body: usize| LENGTH_BYTES + "job 2\n".len() + body;
        let table = [
            (short, 0, false),
            (short, LENGTH_BYTES, false),
            (short, frame(short), true),
            (long, 0, false),
            (long, LENGTH_BYTES - 1, false),
            (long, LENGTH_BYTES, true),
            (long, LENGTH_BYTES + 1, true),
            (long, frame(long), true),
            (BODY_BYTES, 0, false),
            (BODY_BYTES, LENGTH_BYTES, true),
            (BODY_BYTES, BODY_BYTES / 2, true),
            (BODY_BYTES, frame(BODY_BYTES), true),
        ];
        for (body, count, has_begun) in table {
            let (worker, mut theirs, mut said) = worker();
            worker.hand(job(1), b"");
            read(&mut theirs, frame(0)).await;
            theirs.write_all(&done(1)).expect("there is room");
            assert!(matches!(said.recv().await, Some(Said::Answer(_))));
            worker.hand(job(2), &vec![0; body]);
            read(&mut theirs, count).await;
            drop(theirs);
            let Some(Said::Closed { is_unread }) = said.recv().await else { panic!("it is closed") };
            assert_eq!(worker.has_begun(is_unread), has_begun, "{count} bytes of a job of {body}");
        }
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_seen_though_its_socket_is_open() {
        for (count, has_begun) in [(0, false), (LENGTH_BYTES, true)] {
            let (worker, mut theirs, mut said) = worker();
            worker.hand(job(1), &vec![0; BODY_BYTES]);
            read(&mut theirs, count).await;
            worker.process_ended();
            let Some(Said::Closed { is_unread }) = said.recv().await else { panic!("it has ended") };
            assert_eq!(worker.has_begun(is_unread), has_begun, "{count} bytes");
        }
    }

    #[tokio::test]
    async fn one_that_closes_its_socket_and_lives_on_leaves_nothing_running() {
        let (worker, theirs, mut said) = worker();
        worker.hand(job(1), &vec![0; BODY_BYTES]);
        theirs.shutdown(std::net::Shutdown::Both).expect("it is open");
        let Some(Said::Closed { is_unread }) = said.recv().await else { panic!("it is closed") };
        assert!(!worker.has_begun(is_unread));
        worker.frames.closed().await;
    }
}
