//! Readiness: the socket on which a process says that it is ready, as systemd's services do. Each process has a socket of
//! its own, so what arrives is about that process, whichever of its children has sent it.

use std::convert::Infallible;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram as StdDatagram};

use tokio::net::UnixDatagram;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::limits::{NOTICE_PAUSE, NOTICES_AT_ONCE_MAX};

/// A socket that is listened to as long as this is there.
pub(super) struct Notifications(JoinHandle<()>);

impl Drop for Notifications {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a process says about itself, as far as it has not been told yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// It is ready.
    pub(super) ready: bool,
    /// One line for people: the last one.
    pub(super) status: Option<String>,
}

/// Words on their way to the loop. Until this is dropped, nothing more is heard of the process.
pub(super) struct Notice {
    pub(super) words: Words,
    _heard: oneshot::Sender<Infallible>,
}

/// Bytes of one message; more are cut off, as by systemd.
const MESSAGE_BYTES_MAX: usize = 4096;

/// Characters of a status that are kept.
const STATUS_CHARS_MAX: usize = 200;

/// Opens a socket; returns what the variable `NOTIFY_SOCKET` has to say. Its name is a secret, since anybody who knows it can
/// send to it, and it belongs to no folder, so that programs of other users can, too.
///
/// However much a process says, one notice of it is under way at most, and it has its turn once in a while only: it waits,
/// and not the supervisor.
pub(super) fn listen(
    secret: u128,
    tell: impl Fn(Notice) + Send + 'static,
) -> io::Result<(String, Notifications)> {
    let name = format!("trellis-notify-{secret:032x}");
    let socket = StdDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    socket.set_nonblocking(true)?;
    let socket = UnixDatagram::from_std(socket)?;
    let task = tokio::spawn(async move {
        while socket.readable().await.is_ok() {
            let words = hear(&socket);
            if words != Words::default() {
                let (heard, wait) = oneshot::channel();
                tell(Notice { words, _heard: heard });
                // It ends by being dropped.
                let _ = wait.await;
            }
            tokio::time::sleep(NOTICE_PAUSE).await;
        }
    });
    Ok((format!("@{name}"), Notifications(task)))
}

/// What the messages say that are there, taken together; some may be left.
fn hear(socket: &UnixDatagram) -> Words {
    let mut words = Words::default();
    let mut buffer = [0; MESSAGE_BYTES_MAX];
    for _ in 0..NOTICES_AT_ONCE_MAX {
        let Ok(bytes) = socket.try_recv(&mut buffer) else { break };
        words.take(&String::from_utf8_lossy(&buffer[..bytes]));
    }
    words
}

impl Words {
    fn take(&mut self, message: &str) {
        for line in message.lines() {
            match line.split_once('=') {
                Some(("READY", "1")) => self.ready = true,
                Some(("STATUS", text)) => self.status = Some(text.chars().take(STATUS_CHARS_MAX).collect()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn what_systemds_services_say_is_understood() {
        let table = [
            ("READY=1", true, None),
            ("STATUS=all = well", false, Some("all = well")),
            ("READY=0", false, None),
            ("MAINPID=7", false, None),
            ("READY", false, None),
            ("", false, None),
            ("STATUS=one\nREADY=1\nREADY=1\nSTATUS=two\nX=y", true, Some("two")),
            ("STATUS=one\nSTATUS=", false, Some("")),
        ];
        for (message, ready, status) in table {
            let mut words = Words::default();
            words.take(message);
            assert_eq!(words, Words { ready, status: status.map(str::to_owned) }, "{message}");
        }
    }

    #[test]
    fn one_notice_is_under_way_whatever_a_process_says() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let (sender, mut notices) = mpsc::unbounded_channel();
            let (name, _socket) =
                listen(fastrand::u128(..), move |notice| drop(sender.send(notice))).expect("a socket");
            let address = SocketAddr::from_abstract_name(&name[1..]).expect("a name");
            let flood = StdDatagram::unbound().expect("a socket");
            flood.set_nonblocking(true).expect("it can be set");
            let message = b"STATUS=\n".repeat(MESSAGE_BYTES_MAX / 8);
            let fill = || while flood.send_to_addr(&message, &address).is_ok() {};
            fill();
            let first = notices.recv().await.expect("a notice");
            // As long as it is not seen to, more finds no more room than one socket has, and is not told.
            for _ in 0..100 {
                fill();
                tokio::task::yield_now().await;
            }
            assert!(notices.try_recv().is_err());
            drop(first);
            let second = notices.recv().await.expect("a notice");
            assert_eq!(second.words, Words { ready: false, status: Some(String::new()) });
            assert!(notices.try_recv().is_err());
        });
    }
}
