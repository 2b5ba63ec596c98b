//! Message queues. What is in the messages is others' business.

use std::io;

use super::Open;
use super::error::IpcError;
use super::key::Key;
use super::list::Kind;
use crate::sys::msg;

const KIND: Kind = Kind::Queue;

/// A message queue.
///
/// # Example
///
/// ```
/// use trellis_unix::sysv::{Key, MessageQueue, Open, Select, Wait};
///
/// let queue = MessageQueue::open(Key::PRIVATE, Open::OrCreate(0o600))?;
/// queue.send(2, b"world", Wait::No)?;
/// queue.send(1, b"hello", Wait::No)?;
/// let first = queue.receive(Select::Only(1), 100, Wait::No)?.expect("it was sent");
/// assert_eq!((first.kind, first.body), (1, b"hello".to_vec()));
/// queue.remove()?;
/// # Ok::<(), trellis_unix::sysv::IpcError>(())
/// ```
#[derive(Debug)]
pub struct MessageQueue {
    id: i32,
    name: String,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its type, at least 1.
    pub kind: i64,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Whether to wait for room, or for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// No.
    No,
    /// As long as it takes. A signal that has a handler does not end it.
    Forever,
}

/// Which message to take; of several the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// Any.
    Any,
    /// One of this type.
    Only(i64),
    /// Not one of this type.
    Not(i64),
    /// One of the smallest type there is, up to this one.
    UpTo(i64),
}

/// What the system says of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// How many messages are in it.
    pub messages: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many bytes they may have.
    pub bytes_max: u64,
    /// The process that sent last; zero for none.
    pub last_sender: i32,
    /// The process that received last; zero for none.
    pub last_receiver: i32,
    /// When, in seconds since 1970; zero for never.
    pub last_sent: i64,
    /// When, in seconds since 1970; zero for never.
    pub last_received: i64,
}

impl MessageQueue {
    /// Opens the queue with this key, and makes it before if `open` says so.
    ///
    /// # Errors
    ///
    /// It is missing, exists, is not permitted, or there is no room.
    pub fn open(key: Key, open: Open) -> Result<MessageQueue, IpcError> {
        let name = key.to_string();
        let id = msg::get(key.0, open.flags()).map_err(|error| IpcError::of(KIND, &name, error))?;
        Ok(MessageQueue { id, name })
    }

    /// Its id, as `ipcs` shows it.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Sends a message of a type of at least 1.
    ///
    /// # Errors
    ///
    /// [`IpcError::TooBig`] if there can be no such message, [`IpcError::Full`] if it was not to be waited for room,
    /// [`IpcError::Invalid`] for another type.
    pub fn send(&self, kind: i64, body: &[u8], wait: Wait) -> Result<(), IpcError> {
        if kind < 1 {
            return Err(IpcError::Invalid { what: "a message's type is at least 1" });
        }
        match uninterrupted(|| msg::send(self.id, kind, body, flags(wait))) {
            Ok(()) => Ok(()),
            Err(error) => Err(match error.raw_os_error() {
                Some(libc::EAGAIN) => IpcError::Full { kind: KIND, name: self.name.clone() },
                // The system has one error for two causes; a queue that is there can't take the message.
                Some(libc::EINVAL) if self.status().is_ok() => {
                    IpcError::TooBig { kind: KIND, name: self.name.clone(), bytes: body.len() }
                }
                _ => self.error(error),
            }),
        }
    }

    /// Takes a message of up to so many bytes; `None` if there is none and it was not to be waited for.
    ///
    /// # Errors
    ///
    /// [`IpcError::TooBigToTake`] if it is bigger; it stays where it is. [`IpcError::Invalid`] for a type below 1.
    pub fn receive(&self, select: Select, bytes_max: usize, wait: Wait) -> Result<Option<Message>, IpcError> {
        let (kind, except) = match select {
            Select::Any => (0, 0),
            Select::Only(kind) => (kind, 0),
            Select::Not(kind) => (kind, libc::MSG_EXCEPT),
            Select::UpTo(kind) => (kind.saturating_neg(), 0),
        };
        if matches!(select, Select::Only(kind) | Select::Not(kind) | Select::UpTo(kind) if kind < 1) {
            return Err(IpcError::Invalid { what: "a message's type is at least 1" });
        }
        match uninterrupted(|| msg::receive(self.id, kind, bytes_max, flags(wait) | except)) {
            Ok((kind, body)) => Ok(Some(Message { kind, body })),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOMSG) => Ok(None),
                Some(libc::E2BIG) => {
                    Err(IpcError::TooBigToTake { kind: KIND, name: self.name.clone(), bytes_max })
                }
                _ => Err(self.error(error)),
            },
        }
    }

    /// What the system says of it.
    ///
    /// # Errors
    ///
    /// It was removed, or is not permitted.
    pub fn status(&self) -> Result<QueueStatus, IpcError> {
        let stat = msg::stat(self.id).map_err(|error| self.error(error))?;
        Ok(QueueStatus {
            messages: stat.msg_qnum,
            bytes: stat.__msg_cbytes,
            bytes_max: stat.msg_qbytes,
            last_sender: stat.msg_lspid,
            last_receiver: stat.msg_lrpid,
            last_sent: stat.msg_stime,
            last_received: stat.msg_rtime,
        })
    }

    /// Changes how many bytes the messages in it may have. Beyond the system's limit it takes a privilege.
    ///
    /// # Errors
    ///
    /// It was removed, or is not permitted.
    pub fn set_bytes_max(&self, bytes_max: u64) -> Result<(), IpcError> {
        let change = || {
            let mut stat = msg::stat(self.id)?;
            stat.msg_qbytes = bytes_max;
            msg::set(self.id, &mut stat)
        };
        change().map_err(|error| self.error(error))
    }

    /// Removes the queue with this id, as [`list`](super::list()) shows it: the only way to one whose key is private.
    ///
    /// # Errors
    ///
    /// It is missing, or not permitted.
    pub fn remove_id(id: i32) -> Result<(), IpcError> {
        msg::remove(id).map_err(|error| IpcError::of_id(KIND, id, error))
    }

    /// Removes it with its messages. Whoever waits for it is told.
    ///
    /// # Errors
    ///
    /// It was removed before, or is not permitted.
    pub fn remove(&self) -> Result<(), IpcError> {
        msg::remove(self.id).map_err(|error| self.error(error))
    }

    fn error(&self, source: io::Error) -> IpcError {
        IpcError::of_opened(KIND, &self.name, source)
    }
}

fn flags(wait: Wait) -> i32 {
    match wait {
        Wait::No => libc::IPC_NOWAIT,
        Wait::Forever => 0,
    }
}

/// Tries again when a handler has run.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> MessageQueue {
        MessageQueue::open(Key::PRIVATE, Open::OrCreate(0o600)).unwrap()
    }

    #[test]
    fn messages_are_chosen_by_their_types() {
        let queue = queue();
        for (kind, body) in [(5, "a"), (3, "b"), (5, "c"), (4, "d"), (9, "e")] {
            queue.send(kind, body.as_bytes(), Wait::No).unwrap();
        }
        let take = |select| {
            let message = queue.receive(select, 10, Wait::No).unwrap();
            message.map(|message| (message.kind, String::from_utf8(message.body).unwrap()))
        };
        assert_eq!(take(Select::Only(4)), Some((4, "d".into())));
        assert_eq!(take(Select::Only(4)), None);
        assert_eq!(take(Select::Not(5)), Some((3, "b".into())));
        assert_eq!(take(Select::UpTo(4)), None);
        assert_eq!(take(Select::UpTo(8)), Some((5, "a".into())));
        assert_eq!(take(Select::Any), Some((5, "c".into())));
        let status = queue.status().unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!((status.messages, status.bytes, status.last_sender, status.last_receiver), (1, 1, me, me));
        queue.remove().unwrap();
        assert!(matches!(queue.receive(Select::Any, 1, Wait::No), Err(IpcError::Removed { .. })));
        assert!(matches!(queue.send(1, b"", Wait::No), Err(IpcError::Removed { .. })));
    }

    #[test]
    fn too_big_and_full_are_errors() {
        let queue = queue();
        let status = queue.status().unwrap();
        let too_big = vec![0; usize::try_from(status.bytes_max).unwrap() + 1];
        assert!(matches!(queue.send(1, &too_big, Wait::No), Err(IpcError::TooBig { .. })));
        queue.set_bytes_max(10).unwrap();
        queue.send(1, b"12345678", Wait::No).unwrap();
        assert!(matches!(queue.send(1, b"123", Wait::No), Err(IpcError::Full { .. })));
        queue.send(1, b"12", Wait::No).unwrap();
        assert!(matches!(
            queue.receive(Select::Any, 7, Wait::No),
            Err(IpcError::TooBigToTake { bytes_max: 7, .. })
        ));
        assert_eq!(queue.receive(Select::Any, 8, Wait::No).unwrap().unwrap().body, b"12345678");
        for refused in [queue.send(0, b"", Wait::No), queue.send(-1, b"", Wait::No)] {
            assert!(matches!(refused, Err(IpcError::Invalid { .. })));
        }
        assert!(queue.receive(Select::Only(0), 1, Wait::No).is_err());
        queue.send(1, b"", Wait::No).unwrap();
        queue.remove().unwrap();
    }

    #[test]
    fn whoever_waits_is_woken() {
        let queue = queue();
        std::thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let first = queue.receive(Select::Only(7), 10, Wait::Forever).unwrap().unwrap().body;
                (first, queue.receive(Select::Any, 10, Wait::Forever))
            });
            queue.send(7, b"hello", Wait::Forever).unwrap();
            // It has taken the first before the queue goes.
            while queue.status().unwrap().messages > 0 {
                std::thread::yield_now();
            }
            queue.remove().unwrap();
            let (first, second) = receiver.join().unwrap();
            assert_eq!(first, b"hello");
            assert!(matches!(second, Err(IpcError::Removed { .. })), "{second:?}");
        });
    }
}
