//! Readiness: the socket on which a process says that it is ready, as systemd's services do. Each process has a socket of
//! its own, so what arrives is about that process, whichever of its children has sent it.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram as StdDatagram};

use tokio::net::UnixDatagram;
use tokio::task::JoinHandle;

/// A socket that is listened to as long as this is there.
pub(super) struct Notifications(JoinHandle<()>);

impl Drop for Notifications {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a process says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is ready.
    Ready,
    /// One line for people.
    Status(String),
}

/// Bytes of one message; more are cut off, as by systemd.
const MESSAGE_BYTES_MAX: usize = 4096;

/// Characters of a status that are kept.
const STATUS_CHARS_MAX: usize = 200;

/// Opens a socket; returns what the variable `NOTIFY_SOCKET` has to say. Its name is a secret, since anybody who knows it can
/// send to it, and it belongs to no folder, so that programs of other users can, too.
pub(super) fn listen(
    secret: u128,
    tell: impl Fn(Notice) + Send + 'static,
) -> io::Result<(String, Notifications)> {
    let name = format!("trellis-notify-{secret:032x}");
    let socket = StdDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    socket.set_nonblocking(true)?;
    let socket = UnixDatagram::from_std(socket)?;
    let task = tokio::spawn(async move {
        let mut buffer = vec![0; MESSAGE_BYTES_MAX];
        while let Ok(bytes) = socket.recv(&mut buffer).await {
            String::from_utf8_lossy(&buffer[..bytes]).lines().filter_map(notice).for_each(&tell);
        }
    });
    Ok((format!("@{name}"), Notifications(task)))
}

fn notice(line: &str) -> Option<Notice> {
    match line.split_once('=')? {
        ("READY", "1") => Some(Notice::Ready),
        ("STATUS", text) => Some(Notice::Status(text.chars().take(STATUS_CHARS_MAX).collect())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemds_services_say_is_understood() {
        let table = [
            ("READY=1", Some(Notice::Ready)),
            ("STATUS=all = well", Some(Notice::Status("all = well".to_owned()))),
            ("READY=0", None),
            ("MAINPID=7", None),
            ("READY", None),
            ("", None),
        ];
        for (line, wanted) in table {
            assert_eq!(notice(line), wanted, "{line}");
        }
    }
}
