//! Threads that write: a disk or a terminal that is slow holds up those who write to it, and not the supervisor. Nothing
//! here knows of lines.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::file::{LogFile, Place};
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
                    Job::Write { place: Some(place), bytes } => files.append(&place, &bytes),
                    Job::Reopen => files.open.clear(),
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

/// The files that are open.
#[derive(Default)]
struct Files {
    open: HashMap<PathBuf, LogFile>,
    /// The file that could not be written to the last time, which was told.
    failed: Option<PathBuf>,
}

impl Files {
    fn append(&mut self, place: &Place, bytes: &[u8]) {
        match self.try_append(place, bytes) {
            Ok(()) if self.failed.as_ref() == Some(&place.path) => self.failed = None,
            Ok(()) => {}
            Err(error) => {
                self.open.remove(&place.path);
                if self.failed.as_ref() != Some(&place.path) {
                    tracing::error!(file = %place.path.display(), %error, "a log cannot be written, and output is lost");
                    self.failed = Some(place.path.clone());
                }
            }
        }
    }

    fn try_append(&mut self, place: &Place, bytes: &[u8]) -> io::Result<()> {
        if !self.open.contains_key(&place.path) {
            self.open.insert(place.path.clone(), LogFile::open(&place.path)?);
        }
        match self.open.get_mut(&place.path) {
            Some(file) => file.append(bytes, place),
            None => Ok(()),
        }
    }
}
