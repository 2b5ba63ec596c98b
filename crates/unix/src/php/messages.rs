//! PHP's messages: those of `msg_send` and `msg_receive` with a serialized value, which is their default.

use thiserror::Error;

use super::parse::{ParseError, unserialize};
use super::value::PhpValue;
use super::write::{WriteError, serialize};
use crate::sysv::{IpcError, MessageQueue, Select, Wait};

/// Why a value can't be sent or received.
#[derive(Debug, Error)]
pub enum MessageError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] IpcError),
    /// The message is no value, as one that was sent with `serialize: false`. It is gone from the queue, and here.
    #[error("a message of type {kind} is no serialized value: {source}")]
    Parse {
        /// Its type.
        kind: i64,
        /// Its bytes.
        body: Vec<u8>,
        /// What is wrong with them.
        source: ParseError,
    },
    /// The value.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Sends a value, for PHP's `msg_receive`.
///
/// # Errors
///
/// As of [`MessageQueue::send`].
///
/// # Example
///
/// ```
/// use trellis_unix::php::{PhpValue, receive_value, send_value};
/// use trellis_unix::sysv::{Key, MessageQueue, Open, Select, Wait};
///
/// let queue = MessageQueue::open(Key::PRIVATE, Open::OrCreate(0o600))?;
/// send_value(&queue, 1, &PhpValue::Float(0.5), Wait::No)?;
/// assert_eq!(receive_value(&queue, Select::Any, 100, Wait::No)?, Some((1, PhpValue::Float(0.5))));
/// queue.remove()?;
/// # Ok::<(), trellis_unix::php::MessageError>(())
/// ```
pub fn send_value(queue: &MessageQueue, kind: i64, value: &PhpValue, wait: Wait) -> Result<(), MessageError> {
    Ok(queue.send(kind, &serialize(value)?, wait)?)
}

/// Takes a value that PHP's `msg_send` has sent, with its type; `None` if there is none and it was not to be waited for.
///
/// # Errors
///
/// As of [`MessageQueue::receive`], and [`MessageError::Parse`] if the message is no value.
pub fn receive_value(
    queue: &MessageQueue,
    select: Select,
    bytes_max: usize,
    wait: Wait,
) -> Result<Option<(i64, PhpValue)>, MessageError> {
    let Some(message) = queue.receive(select, bytes_max, wait)? else { return Ok(None) };
    match unserialize(&message.body) {
        Ok(value) => Ok(Some((message.kind, value))),
        Err(source) => Err(MessageError::Parse { kind: message.kind, body: message.body, source }),
    }
}
