//! Threads that write: a disk or a terminal that is slow holds up those who write to it, and not the supervisor. Nothing
//! here knows of lines.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::file::Place;
use super::files::Files;
use crate::limits::LOG_BLOCKS_MAX;

/// One thing to write, or to do when all that came before is written.
pub(super) enum Job {
    /// Append these bytes.
    Write {
        /// The file; standard output if there is none.
        place: Option<Arc<Place>>,
        /// Whole lines.
        bytes: Vec<u8>,
    },
    /// Open all files again when they are next used: somebody may have moved them.
    Reopen,
    /// Say that everything is written.
    Flush(oneshot::Sender<()>),
}

/// A thread's queue. What finds no room waits.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Starts a thread.
    pub(super) fn start(name: &str) -> io::Result<Writer> {
        let (sender, mut jobs) = mpsc::channel(LOG_BLOCKS_MAX);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let mut files = Files::default();
            while let Some(job) = jobs.blocking_recv() {
                match job {
                    Job::Write { place: None, bytes } => print(&bytes),
                    Job::Write { place: Some(place), bytes } => files.append(&place, &bytes, Instant::now()),
                    Job::Reopen => files.reopen(),
                    // If nobody waits any more, nobody needs to know.
                    Job::Flush(done) => drop(done.send(())),
                }
            }
        })?;
        Ok(Writer(sender))
    }

    /// Hands a job over, as soon as there is room for it.
    pub(super) async fn send(&self, job: Job) {
        // The thread ends after its senders.
        let _ = self.0.send(job).await;
    }
}

/// Standard output may have gone, and there is nobody to tell that.
fn print(bytes: &[u8]) {
    let mut output = io::stdout().lock();
    let _ = output.write_all(bytes).and_then(|()| output.flush());
}
