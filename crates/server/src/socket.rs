//! A client's socket, of either family.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};

use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};

/// TCP or Unix; both are used without blocking and by shared reference.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// The client's address. One on this machine that came through a file is known as the machine itself.
    pub(crate) fn peer_address(&self) -> SocketAddr {
        let address = match self {
            Socket::Tcp(stream) => stream.peer_addr().ok(),
            Socket::Unix(_) => None,
        };
        let known = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        address.map_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), known)
    }

    /// The port that the client has connected to, if it is one.
    pub(crate) fn local_port(&self) -> Option<u16> {
        match self {
            Socket::Tcp(stream) => stream.local_addr().ok().map(|address| address.port()),
            Socket::Unix(_) => None,
        }
    }

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
        let result = self.try_io(|socket| {
            let count = rustix::io::read(socket, &mut *buffer)?;
            taken = Some(count);
            if count > 0 && count < size { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
        });
        taken.map_or(result, Ok)
    }

    /// Reads without asking whether there is anything; see [`Socket::poll_end`].
    pub(crate) fn read_anyway(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.fd(), buffer)?)
    }

    /// Ready when the client has closed its half, however much it sent before and is not read yet. Until then the
    /// task is woken by its end. Afterwards the socket may hold bytes that only [`Socket::read_anyway`] finds.
    pub(crate) fn poll_end(&self, context: &mut Context<'_>) -> Poll<()> {
        while self.poll_read_ready(context).is_ready() {
            if self.is_now(PollFlags::RDHUP) {
                return Poll::Ready(());
            }
            // What is there already is not to be told again.
            let _ = self.try_io(|_| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        Poll::Pending
    }

    /// Whether it takes a good deal now, which the runtime may not know yet.
    pub(crate) fn is_writable(&self) -> bool {
        self.is_now(PollFlags::OUT)
    }

    /// Whether that, or its end, is to be told of the socket.
    fn is_now(&self, what: PollFlags) -> bool {
        let socket = self.fd();
        let mut events = [PollFd::new(&socket, what)];
        let asked = rustix::event::poll(&mut events, Some(&Timespec::default()));
        asked.is_err() || events[0].revents().intersects(what | PollFlags::HUP | PollFlags::ERR)
    }

    fn try_io<T>(&self, mut run: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        match self {
            Socket::Tcp(stream) => stream.try_io(Interest::READABLE, || run(stream.as_fd())),
            Socket::Unix(stream) => stream.try_io(Interest::READABLE, || run(stream.as_fd())),
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Tcp(stream) => stream.as_fd(),
            Socket::Unix(stream) => stream.as_fd(),
        }
    }

    pub(crate) fn try_write(&self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.try_write(buffer),
            Socket::Unix(stream) => stream.try_write(buffer),
        }
    }

    /// One that takes something already, and the client's end, which doesn't block.
    #[cfg(test)]
    pub(crate) async fn pair() -> (Socket, std::os::unix::net::UnixStream) {
        let (server, client) = UnixStream::pair().unwrap();
        server.writable().await.unwrap();
        (Socket::Unix(server), client.into_std().unwrap())
    }
}
