//! Named pipes: files through which bytes go from writers to readers, in order. What they mean is others' business.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, mknodat};
use rustix::io::Errno;
use thiserror::Error;

use crate::poll::readable;

/// Why there is no named pipe, or nobody on its other side.
#[derive(Debug, Error)]
pub enum FifoError {
    /// There is something else with that name.
    #[error("{} is there, and is no named pipe", path.display())]
    NotAFifo {
        /// Its path.
        path: PathBuf,
    },
    /// Nobody reads from it.
    #[error("nobody reads from {}", path.display())]
    NoReader {
        /// Its path.
        path: PathBuf,
    },
    /// Anything else that the system says.
    #[error("cannot {what} {}: {source}", path.display())]
    System {
        /// What was tried.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A named pipe. It stays until its file is removed.
///
/// Up to 4096 bytes that are written at once stay together, however many write.
///
/// # Example
///
/// ```
/// use std::io::{Read, Write};
/// use std::time::Duration;
/// use trellis_unix::fifo::Fifo;
///
/// let directory = tempfile::tempdir()?;
/// let fifo = Fifo::create(directory.path().join("pipe"), 0o600)?;
/// assert!(fifo.writer().is_err(), "nobody reads yet");
/// let mut reader = fifo.reader()?;
/// fifo.writer()?.write_all(b"hello")?;
/// assert!(reader.wait(Some(Duration::from_secs(1)))?);
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fifo {
    path: PathBuf,
}

impl Fifo {
    /// Makes the pipe, with these permissions less the umask; one that is there is taken as it is.
    ///
    /// # Errors
    ///
    /// [`FifoError::NotAFifo`] if there is something else, or the system refuses.
    pub fn create(path: impl Into<PathBuf>, mode: u32) -> Result<Fifo, FifoError> {
        let path = path.into();
        match mknodat(CWD, &path, FileType::Fifo, Mode::from_bits_truncate(mode), 0) {
            Ok(()) => Ok(Fifo { path }),
            Err(Errno::EXIST) => Fifo::existing(path),
            Err(source) => {
                Err(FifoError::System { what: "make the named pipe", path, source: source.into() })
            }
        }
    }

    /// A pipe that is there.
    ///
    /// # Errors
    ///
    /// [`FifoError::NotAFifo`] if there is something else, or there is nothing.
    pub fn existing(path: impl Into<PathBuf>) -> Result<Fifo, FifoError> {
        let path = path.into();
        match std::fs::metadata(&path) {
            Ok(file) if file.file_type().is_fifo() => Ok(Fifo { path }),
            Ok(_) => Err(FifoError::NotAFifo { path }),
            Err(source) => Err(FifoError::System { what: "find the named pipe", path, source }),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for reading, without waiting for a writer. Reading waits; it ends when all writers have gone.
    ///
    /// # Errors
    ///
    /// Not permitted.
    pub fn reader(&self) -> Result<FifoReader, FifoError> {
        let open = || {
            let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(&self.path)?;
            block(&file)?;
            Ok(FifoReader { file })
        };
        open().map_err(|source| self.failed("read", source))
    }

    /// Opens it for reading by one that goes on: reading does not end when the last writer has gone, but waits for the
    /// next.
    ///
    /// # Errors
    ///
    /// Not permitted; it takes the permission to write, too.
    pub fn lasting_reader(&self) -> Result<FifoReader, FifoError> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path);
        file.map(|file| FifoReader { file }).map_err(|source| self.failed("read", source))
    }

    /// Opens it for writing, if there is a reader.
    ///
    /// # Errors
    ///
    /// [`FifoError::NoReader`], or not permitted.
    pub fn writer(&self) -> Result<File, FifoError> {
        let open = || {
            let file = OpenOptions::new().write(true).custom_flags(NONBLOCK).open(&self.path)?;
            block(&file)?;
            Ok(file)
        };
        open().map_err(|source: io::Error| match source.raw_os_error() {
            Some(libc::ENXIO) => FifoError::NoReader { path: self.path.clone() },
            _ => self.failed("write", source),
        })
    }

    /// Opens it for writing, and waits for a reader as long as it takes.
    ///
    /// # Errors
    ///
    /// Not permitted.
    pub fn waiting_writer(&self) -> Result<File, FifoError> {
        OpenOptions::new().write(true).open(&self.path).map_err(|source| self.failed("write", source))
    }

    fn failed(&self, what: &'static str, source: io::Error) -> FifoError {
        FifoError::System { what, path: self.path.clone(), source }
    }
}

/// The reading end of a named pipe.
#[derive(Debug)]
pub struct FifoReader {
    file: File,
}

impl FifoReader {
    /// Waits until there is something to read, or a writer has come and gone, at most so long; says whether.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<bool> {
        readable(self.file.as_fd(), timeout)
    }
}

impl io::Read for FifoReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl AsFd for FifoReader {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The open succeeds or fails at once; what follows may wait.
const NONBLOCK: i32 = libc::O_NONBLOCK;

fn block(file: &File) -> io::Result<()> {
    let flags = fcntl_getfl(file)?;
    Ok(fcntl_setfl(file, flags - OFlags::NONBLOCK)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pipe_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "text").unwrap();
        assert!(matches!(Fifo::create(&file, 0o600), Err(FifoError::NotAFifo { .. })));
        assert!(matches!(Fifo::existing(&file), Err(FifoError::NotAFifo { .. })));
        assert!(matches!(Fifo::existing(directory.path().join("none")), Err(FifoError::System { .. })));
        let fifo = Fifo::create(directory.path().join("pipe"), 0o600).unwrap();
        assert_eq!(Fifo::create(fifo.path(), 0o600).unwrap().path(), fifo.path());
        assert!(matches!(fifo.writer(), Err(FifoError::NoReader { .. })));
    }
}
