//! The socket of a worker that gets its jobs in frames. What it says means something elsewhere.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::JobId;
use crate::limits::WORKER_READ_BYTES;
use crate::stream::{Answer, StreamError, decode_answer, encode_job};

/// What a worker says.
pub(in crate::runtime) enum Said {
    /// What became of a job.
    Answer(Answer),
    /// Nothing that can be understood.
    Nonsense(StreamError),
    /// It has closed its socket, and will never say anything more.
    Closed,
}

/// A worker's socket. When this is dropped, the socket ends behind what was handed over.
pub(in crate::runtime) struct Worker {
    frames: UnboundedSender<Vec<u8>>,
    start: u64,
}

impl Worker {
    /// A socket; the other end is for the process.
    pub(in crate::runtime) fn new(
        start: u64,
        tell: impl Fn(Said) + Send + 'static,
    ) -> io::Result<(Worker, OwnedFd)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        let (reader, writer) = UnixStream::from_std(ours)?.into_split();
        let (frames, waiting) = unbounded_channel();
        tokio::spawn(write(writer, waiting));
        tokio::spawn(read(reader, tell));
        Ok((Worker { frames, start }, theirs.into()))
    }

    /// Which of the process's starts it belongs to.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Hands a job over. No more wait here than the worker may hold.
    pub(super) fn hand(&self, job: JobId, body: &[u8]) {
        let mut frame = Vec::new();
        encode_job(job, body, &mut frame);
        // A worker that has died gives its jobs back when its end is seen.
        let _ = self.frames.send(frame);
    }
}

async fn write(mut writer: OwnedWriteHalf, mut frames: UnboundedReceiver<Vec<u8>>) {
    while let Some(mut frame) = frames.recv().await {
        while let Ok(more) = frames.try_recv() {
            frame.extend(more);
        }
        if writer.write_all(&frame).await.is_err() {
            return;
        }
    }
}

async fn read(mut reader: OwnedReadHalf, tell: impl Fn(Said)) {
    let mut bytes = Vec::with_capacity(WORKER_READ_BYTES);
    while reader.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
        let mut taken = 0;
        loop {
            match decode_answer(&bytes[taken..]) {
                Ok(Some((answer, length))) => {
                    taken += length;
                    tell(Said::Answer(answer));
                }
                Ok(None) => break,
                Err(error) => return tell(Said::Nonsense(error)),
            }
        }
        bytes.drain(..taken);
    }
    tell(Said::Closed);
}
