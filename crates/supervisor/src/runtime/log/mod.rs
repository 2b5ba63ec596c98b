//! What programs write: read from their pipes, cut into lines, and written where the file says. A program that writes
//! faster than that waits, as with any pipe.

mod file;
mod files;
mod journal;
mod lines;
mod writer;

use std::collections::HashMap;
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::sync::{broadcast, oneshot};
use trellis_unix::Pid;

use self::file::Place;
use self::journal::Journal;
use self::lines::Lines;
use self::writer::{Job, Writer};
use crate::config::{Log, LogTarget, Program};
use crate::fleet::Name;
use crate::limits::LOG_READ_BYTES;

/// Output of one program: what there is, and what comes.
pub(super) type Part = (Vec<u8>, broadcast::Receiver<Arc<[u8]>>);

/// The output of all programs.
pub(super) struct Logs {
    /// A thread for standard output, which a terminal may hold up, and one for files.
    standard: Writer,
    files: Writer,
    journals: HashMap<String, Arc<Journal>>,
}

impl Logs {
    /// Starts the threads that write.
    pub(super) fn start() -> io::Result<Logs> {
        Ok(Logs {
            standard: Writer::start("log-standard")?,
            files: Writer::start("log-files")?,
            journals: HashMap::new(),
        })
    }

    /// Takes what the file says now. Output of programs that are gone is kept as long as they write.
    pub(super) fn apply(&mut self, programs: &[Program]) {
        self.journals.retain(|name, _| programs.iter().any(|program| program.name == *name));
        for program in programs {
            match self.journals.get(&program.name) {
                Some(journal) => journal.change(&program.log),
                None => {
                    let journal = Arc::new(Journal::new(program.log.clone()));
                    self.journals.insert(program.name.clone(), journal);
                }
            }
        }
    }

    /// Reads what a process writes, until it and all that it has started have closed the pipe.
    pub(super) fn capture(
        &self,
        name: &Name,
        pid: Pid,
        output: PipeReader,
        program: &Program,
    ) -> io::Result<()> {
        let journal = self.journals.get(&*name.program).map(Arc::clone);
        let journal = journal.unwrap_or_else(|| Arc::new(Journal::new(program.log.clone())));
        let capture = Capture {
            name: name.clone(),
            pid: pid.as_raw_nonzero().get(),
            lines: Lines::default(),
            standard: self.standard.clone(),
            files: self.files.clone(),
            spelled: Spelled::new(journal.settings(), name, pid.as_raw_nonzero().get()),
            journal,
        };
        let output = Receiver::from_owned_fd(OwnedFd::from(output))?;
        tokio::spawn(capture.run(output));
        Ok(())
    }

    /// The newest lines of a program, so many at most, and what comes after them.
    pub(super) fn read(&self, program: &str, lines_max: usize) -> Option<Part> {
        Some(self.journals.get(program)?.read(lines_max))
    }

    /// Opens all files again: somebody may have moved them.
    pub(super) async fn reopen(&self) {
        self.files.send(Job::Reopen).await;
    }

    /// Waits until all is written, at most so long.
    pub(super) async fn flush(&self, timeout: Duration) {
        let flush = async {
            for writer in [&self.standard, &self.files] {
                let (done, wait) = oneshot::channel();
                writer.send(Job::Flush(done)).await;
                let _ = wait.await;
            }
        };
        // A terminal that is held up must not hold up the end.
        let _ = tokio::time::timeout(timeout, flush).await;
    }
}

/// One process's output.
struct Capture {
    name: Name,
    pid: i32,
    lines: Lines,
    standard: Writer,
    files: Writer,
    journal: Arc<Journal>,
    spelled: Spelled,
}

impl Capture {
    async fn run(mut self, output: Receiver) {
        // Reading fails only at the end, if at all.
        while output.readable().await.is_ok() {
            self.follow_settings();
            let mut block = Vec::new();
            let more = self.take(&output, &mut block);
            self.write(block).await;
            if !more {
                break;
            }
        }
        let mut block = Vec::new();
        self.lines.finish(&self.spelled.prefix, &mut block);
        self.write(block).await;
    }

    /// Reads once; false at the end. The buffer is none of the task's, since most processes are silent.
    fn take(&mut self, output: &Receiver, block: &mut Vec<u8>) -> bool {
        let mut buffer = [0; LOG_READ_BYTES];
        match output.try_read(&mut buffer) {
            Ok(0) => false,
            Ok(bytes) => {
                self.lines.take(&buffer[..bytes], &self.spelled.prefix, block);
                true
            }
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    async fn write(&self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        self.journal.note(&bytes);
        let place = self.spelled.place.clone();
        let writer = if place.is_some() { &self.files } else { &self.standard };
        writer.send(Job::Write { place, bytes }).await;
    }

    fn follow_settings(&mut self) {
        let settings = self.journal.settings();
        if !Arc::ptr_eq(&settings, &self.spelled.settings) {
            self.spelled = Spelled::new(settings, &self.name, self.pid);
        }
    }
}

/// What the settings mean for one process.
struct Spelled {
    settings: Arc<Log>,
    prefix: Vec<u8>,
    place: Option<Arc<Place>>,
}

impl Spelled {
    fn new(settings: Arc<Log>, name: &Name, pid: i32) -> Spelled {
        let spell = |text: &str| {
            let index = name.index.to_string();
            text.replace("{program}", &name.program)
                .replace("{index}", &index)
                .replace("{pid}", &pid.to_string())
        };
        let place = match &settings.target {
            LogTarget::Standard => None,
            LogTarget::File { path, bytes_max, files } => {
                let path = spell(&path.to_string_lossy()).into();
                Some(Arc::new(Place { path, bytes_max: *bytes_max, files: *files }))
            }
        };
        Spelled { prefix: spell(&settings.prefix).into_bytes(), place, settings }
    }
}
