//! Listening sockets of either family: bound, inherited, and accepted from.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::sockopt::socket_acceptconn;
use tokio::net::{TcpListener, UnixListener};

use crate::limits::ACCEPT_PAUSE_MS;
use crate::server::Protocol;
use crate::settings::Address;
use crate::socket::Socket;

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address can't be had.
    #[error("cannot listen on {address} for the {protocol} protocol: {}", explain(.source, *protocol))]
    Bind {
        /// The address as it was given.
        address: Address,
        /// What was to be spoken there.
        protocol: Protocol,
        /// What the system said.
        source: io::Error,
    },
    /// A socket passed by the service manager is of no use.
    #[error("the socket passed as file descriptor {descriptor} cannot be used: {source}")]
    Inherited {
        /// The descriptor's number.
        descriptor: usize,
        /// What the system said.
        source: io::Error,
    },
    /// Neither an address nor an inherited socket.
    #[error(
        "there is nothing to listen on: give --beanstalk or --zookeeper an address, or pass a socket as systemd does (LISTEN_FDS)"
    )]
    Nothing,
}

fn explain(error: &io::Error, protocol: Protocol) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another process is listening there; end it, or choose another address with --{protocol} (off is none)"
        ),
        io::ErrorKind::PermissionDenied => {
            format!("{error}; ports below 1024 and foreign directories need more rights")
        }
        io::ErrorKind::AddrNotAvailable => format!("{error}; this machine does not have that address"),
        _ => error.to_string(),
    }
}

/// A service manager may also pass a client's socket, as systemd does with `Accept=yes`.
fn must_listen(socket: impl AsFd) -> io::Result<()> {
    if socket_acceptconn(socket)? {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it doesn't listen (with systemd: Accept=no, not Accept=yes)",
    ))
}

/// A bound socket.
pub(crate) enum Listener {
    Tcp(TcpListener),
    /// The file goes with the listener, unless a service manager owns it.
    Unix(UnixListener, Option<SocketFile>),
}

/// A socket's file, removed with its listener.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody else may have removed it; there is nothing to do about any failure.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    pub(crate) async fn bind(protocol: Protocol, address: &Address) -> Result<Self, ListenError> {
        let bound = match address {
            Address::Tcp(name) => TcpListener::bind(name).await.map(Listener::Tcp),
            Address::Unix(path) => bind_unix(path),
        };
        bound.map_err(|source| ListenError::Bind { address: address.clone(), protocol, source })
    }

    /// The sockets that the service manager has passed, as `sd_listen_fds(3)` describes.
    pub(crate) fn inherited() -> Result<Vec<Self>, ListenError> {
        let mut passed = listenfd::ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..passed.len() {
            let inherited = |source| ListenError::Inherited { descriptor: index + 3, source };
            let listener = match passed.take_tcp_listener(index) {
                Ok(Some(tcp)) => {
                    must_listen(&tcp).map_err(inherited)?;
                    tcp.set_nonblocking(true).map_err(inherited)?;
                    Listener::Tcp(TcpListener::from_std(tcp).map_err(inherited)?)
                }
                Ok(None) => continue,
                Err(_) => {
                    let Some(unix) = passed.take_unix_listener(index).map_err(inherited)? else { continue };
                    must_listen(&unix).map_err(inherited)?;
                    unix.set_nonblocking(true).map_err(inherited)?;
                    Listener::Unix(UnixListener::from_std(unix).map_err(inherited)?, None)
                }
            };
            listeners.push(listener);
        }
        Ok(listeners)
    }

    /// The file that is made for it, if it is one of ours.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Listener::Unix(_, Some(SocketFile(path))) => Some(path),
            Listener::Unix(_, None) | Listener::Tcp(_) => None,
        }
    }

    /// The address that it is bound to, as a client would name it.
    pub(crate) fn address(&self) -> String {
        match self {
            Listener::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| "unknown".to_owned(), |address| address.to_string())
            }
            Listener::Unix(listener, _) => {
                let path = listener.local_addr().ok();
                let path = path.as_ref().and_then(|address| address.as_pathname());
                path.map_or_else(|| "unix:unnamed".to_owned(), |path| format!("unix:{}", path.display()))
            }
        }
    }

    /// The next client. Trouble of one client or of the system is waited out, never fatal.
    pub(crate) async fn accept(&self) -> Socket {
        let mut failed = false;
        loop {
            let accepted = match self {
                Listener::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                    // Without it a reply may wait for the acknowledgement of the one before.
                    let _ = stream.set_nodelay(true);
                    // A worker whose machine has vanished is noticed in the end, and its job is ready again.
                    let _ = rustix::net::sockopt::set_socket_keepalive(&stream, true);
                    Socket::Tcp(stream)
                }),
                Listener::Unix(listener, _) => {
                    listener.accept().await.map(|(stream, _)| Socket::Unix(stream))
                }
            };
            match accepted {
                Ok(socket) => return socket,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if !std::mem::replace(&mut failed, true) {
                        tracing::warn!(%error, "cannot accept connections; trying again until it works");
                    }
                    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
        }
    }
}

/// Binds a path; a socket there that nobody listens on is left over from a server that was killed.
fn bind_unix(path: &Path) -> io::Result<Listener> {
    let is_socket = match std::fs::metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            let what = "there is something else, not a socket: remove it or choose another path";
            return Err(io::Error::other(what));
        }
        found => found.is_ok(),
    };
    let abandoned = || {
        let connected = std::os::unix::net::UnixStream::connect(path);
        connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if is_socket && abandoned() {
        std::fs::remove_file(path)?;
    }
    Ok(Listener::Unix(UnixListener::bind(path)?, Some(SocketFile(path.to_owned()))))
}
