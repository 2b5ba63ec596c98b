//! A socket that never blocks, over TCP or Unix. Knows nothing of the protocol.
//!
//! Nothing here depends on who ignores SIGPIPE, and closing says nothing to the server beyond what the system
//! says: so it can be used in a library of any process, and dropped in a forked one.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv, send,
    socket_with, sockopt,
};

use crate::address::Address;
use crate::keep_alive::keep_alive;

/// An open connection.
#[derive(Debug)]
pub(super) struct Socket {
    descriptor: OwnedFd,
}

impl Socket {
    /// Reads what is there; `WouldBlock` if there is nothing, and zero bytes at the end.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (bytes, _) = recv(&self.descriptor, buffer, RecvFlags::empty())?;
        Ok(bytes)
    }

    /// Writes what can be written at once.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(&self.descriptor, bytes, SendFlags::NOSIGNAL)?)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// A connection on its way: one that is under way, and what else its name stands for.
#[derive(Debug)]
pub(super) struct Connecting {
    descriptor: OwnedFd,
    is_done: bool,
    rest: std::vec::IntoIter<SocketAddr>,
}

impl Connecting {
    /// Looks the name up, which may take the resolver's time, and begins.
    pub(super) fn start(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp { host, port } => {
                let addresses: Vec<SocketAddr> = (host.as_str(), *port).to_socket_addrs()?.collect();
                let none = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                Self::next(addresses.into_iter(), none)
            }
            Address::Unix(path) => {
                let address = SocketAddrUnix::new(path)?;
                let descriptor = open(AddressFamily::UNIX)?;
                connect(&descriptor, &address)?;
                Ok(Self { descriptor, is_done: true, rest: Vec::new().into_iter() })
            }
        }
    }

    /// Tries one address after the other, until one is under way.
    fn next(mut rest: std::vec::IntoIter<SocketAddr>, mut error: io::Error) -> io::Result<Self> {
        for address in rest.by_ref() {
            match begin(&address) {
                Ok((descriptor, is_done)) => return Ok(Self { descriptor, is_done, rest }),
                Err(another) => error = another.into(),
            }
        }
        Err(error)
    }

    /// Whether it needs no more waiting.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// What has come of it, once its descriptor can be written to: a socket, or the next try.
    pub(super) fn finish(self) -> io::Result<Result<Socket, Self>> {
        match sockopt::socket_error(&self.descriptor)? {
            Ok(()) => Ok(Ok(Socket { descriptor: self.descriptor })),
            Err(error) => Self::next(self.rest, error.into()).map(Err),
        }
    }
}

impl AsFd for Connecting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn begin(address: &SocketAddr) -> Result<(OwnedFd, bool), Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let descriptor = open(family)?;
    // Each write is complete requests: there is nothing to gather.
    sockopt::set_tcp_nodelay(&descriptor, true)?;
    keep_alive(&descriptor)?;
    match connect(&descriptor, address) {
        Ok(()) => Ok((descriptor, true)),
        Err(Errno::INPROGRESS) => Ok((descriptor, false)),
        Err(error) => Err(error),
    }
}

fn open(family: AddressFamily) -> Result<OwnedFd, Errno> {
    socket_with(family, SocketType::STREAM, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)
}
