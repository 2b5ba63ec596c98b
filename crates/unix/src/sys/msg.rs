//! The calls on System V message queues.

use std::io;
use std::mem::MaybeUninit;

use libc::{c_int, c_long, key_t};

use super::checked;

/// How many bytes a message's type has, which stands before the message.
const KIND_BYTES: usize = size_of::<c_long>();

/// The id of a queue; the flags say whether it is made.
pub(crate) fn get(key: key_t, flags: c_int) -> io::Result<c_int> {
    // SAFETY: it takes and returns numbers only.
    checked(unsafe { libc::msgget(key, flags) })
}

/// Sends a message.
pub(crate) fn send(id: c_int, kind: c_long, body: &[u8], flags: c_int) -> io::Result<()> {
    let mut message = Vec::with_capacity(KIND_BYTES + body.len());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(body);
    // SAFETY: the message has its type and then as many bytes as the length says.
    checked(unsafe { libc::msgsnd(id, message.as_ptr().cast(), body.len(), flags) }).map(drop)
}

/// Takes a message of up to so many bytes: its type and its body.
pub(crate) fn receive(
    id: c_int,
    kind: c_long,
    bytes_max: usize,
    flags: c_int,
) -> io::Result<(c_long, Vec<u8>)> {
    let mut message = vec![0; KIND_BYTES.saturating_add(bytes_max)];
    // SAFETY: there is room for the type and so many bytes.
    let bytes = unsafe { libc::msgrcv(id, message.as_mut_ptr().cast(), bytes_max, kind, flags) };
    let bytes = usize::try_from(bytes).map_err(|_| io::Error::last_os_error())?;
    let mut kind = [0; KIND_BYTES];
    kind.copy_from_slice(&message[..KIND_BYTES]);
    message.drain(..KIND_BYTES);
    message.truncate(bytes);
    Ok((c_long::from_ne_bytes(kind), message))
}

/// The queue's statistics.
pub(crate) fn stat(id: c_int) -> io::Result<libc::msqid_ds> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: IPC_STAT fills in the structure that it is given.
    checked(unsafe { libc::msgctl(id, libc::IPC_STAT, stat.as_mut_ptr()) })?;
    // SAFETY: it consists of integers, which were zero and then filled in.
    Ok(unsafe { stat.assume_init() })
}

/// Changes what may be changed: owner, mode and capacity.
pub(crate) fn set(id: c_int, stat: &mut libc::msqid_ds) -> io::Result<()> {
    // SAFETY: IPC_SET reads the structure.
    checked(unsafe { libc::msgctl(id, libc::IPC_SET, stat) }).map(drop)
}

/// Removes the queue.
pub(crate) fn remove(id: c_int) -> io::Result<()> {
    // SAFETY: IPC_RMID ignores the pointer.
    checked(unsafe { libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()) }).map(drop)
}
