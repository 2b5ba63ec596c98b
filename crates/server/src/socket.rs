//! A client's socket, of either family.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};

/// TCP or Unix; both are used without blocking and by shared reference.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    pub(crate) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Socket::Tcp(stream) => stream.poll_read_ready(context),
            Socket::Unix(stream) => stream.poll_read_ready(context),
        }
    }

    pub(crate) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Socket::Tcp(stream) => stream.poll_write_ready(context),
            Socket::Unix(stream) => stream.poll_write_ready(context),
        }
    }

    /// Reads what is there, up to the buffer's size. A read that doesn't fill the buffer has emptied the socket: that
    /// is noted, which saves the read that would only have said so.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut taken = None;
        let size = buffer.len();
        let mut read = |socket: BorrowedFd<'_>| {
            let count = rustix::io::read(socket, &mut *buffer)?;
            taken = Some(count);
            if count > 0 && count < size { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
        };
        let result = match self {
            Socket::Tcp(stream) => stream.try_io(Interest::READABLE, || read(stream.as_fd())),
            Socket::Unix(stream) => stream.try_io(Interest::READABLE, || read(stream.as_fd())),
        };
        taken.map_or(result, Ok)
    }

    pub(crate) fn try_write(&self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.try_write(buffer),
            Socket::Unix(stream) => stream.try_write(buffer),
        }
    }
}
