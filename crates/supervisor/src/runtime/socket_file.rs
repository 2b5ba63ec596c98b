//! The files of Unix sockets: what is found in the place of a new one, and what is removed. Nothing here says or hears
//! anything.

use std::fs::{self, File};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

use crate::limits::CONTROL_PATIENCE;

/// The file of a socket that this process has made. It is removed when this is dropped, unless another one has come into
/// its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number, if they can be had.
    identity: Option<(u64, u64)>,
}

impl SocketFile {
    /// The file that was just made.
    pub(super) fn at(path: &Path) -> SocketFile {
        SocketFile { path: path.to_owned(), identity: identity(path) }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some() && self.identity == identity(&self.path) {
            // If it stays, the next one sees that nobody listens there.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// A claim to the place of a socket: it holds as long as its process lives, whoever removes the file. It is a name that no
/// file goes with, of the folder and the file in it, so that processes with different folders never meet.
#[derive(Debug)]
pub(super) struct Claim {
    _name: UnixDatagram,
}

impl Claim {
    /// Lays claim to the place of `path`, which is in `folder`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] if another one has; others if the name is too long for the system.
    pub(super) fn lay(folder: &File, path: &Path) -> io::Result<Claim> {
        let folder = folder.metadata()?;
        let mut name = format!("trellis-run-{:x}-{:x}-", folder.dev(), folder.ino()).into_bytes();
        name.extend(path.file_name().unwrap_or_default().as_bytes());
        let address = SocketAddr::from_abstract_name(name)?;
        UnixDatagram::bind_addr(&address).map(|socket| Claim { _name: socket })
    }
}

/// Removes a socket on which nobody listens any more, and no other file; what else is in the way, binding says. Whether
/// somebody listens there.
///
/// # Errors
///
/// It is a socket, and the system doesn't say whether somebody listens on it: it may be another user's.
pub(super) fn make_room(path: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
        return Ok(false);
    }
    match connect(path, CONTROL_PATIENCE) {
        Ok(_) => Ok(true),
        // So many wait there that there is no room for one more.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map(|()| false)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Connects; a listener whose queue is full is waited for so long, and then the error is [`io::ErrorKind::WouldBlock`].
pub(super) fn connect(path: &Path, timeout: Duration) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(timeout))?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_abandoned_sockets_make_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        assert!(!make_room(&path).expect("nothing is there"));
        let listener = UnixListener::bind(&path).expect("a socket");
        assert!(make_room(&path).expect("somebody is there"));
        drop(listener);
        assert!(!make_room(&path).expect("nobody is there"));
        assert!(!path.exists());
        fs::write(&path, "precious").expect("it can be written");
        assert!(!make_room(&path).expect("it is no socket"));
        assert_eq!(fs::read(&path).expect("it is there"), b"precious");
        fs::remove_file(&path).expect("it is there");
        // One that can't be asked may be used by somebody.
        let _datagrams = UnixDatagram::bind(&path).expect("a socket");
        make_room(&path).expect_err("it is of another kind");
        assert!(path.exists());
    }

    #[test]
    fn a_listener_without_room_listens() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let socket = socket.expect("a socket");
        rustix::net::bind(&socket, &SocketAddrUnix::new(&path).expect("it is short")).expect("it is free");
        rustix::net::listen(&socket, 0).expect("it can listen");
        let _first = UnixStream::connect(&path).expect("it listens");
        let error = connect(&path, Duration::from_millis(1)).expect_err("there is no room");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_claim_is_to_one_place() {
        let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let lay = |folder: &Path, name: &str| {
            Claim::lay(&File::open(folder).expect("it is there"), &folder.join(name))
        };
        let claim = lay(one.path(), "a.sock").expect("nobody else has");
        let error = lay(one.path(), "a.sock").expect_err("somebody has");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        lay(one.path(), "b.sock").expect("it is another place");
        lay(other.path(), "a.sock").expect("it is another place");
        drop(claim);
        lay(one.path(), "a.sock").expect("nobody has any more");
    }

    #[test]
    fn the_file_of_another_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let _ours = UnixListener::bind(&path).expect("a socket");
        let file = SocketFile::at(&path);
        fs::remove_file(&path).expect("it is there");
        let _theirs = UnixListener::bind(&path).expect("a socket");
        drop(file);
        assert!(path.exists());
        drop(SocketFile::at(&path));
        assert!(!path.exists());
    }
}
