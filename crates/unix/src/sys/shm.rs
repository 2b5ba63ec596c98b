//! The calls on System V shared memory, and copying into it and out of it.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use libc::{c_int, key_t, size_t};

use super::checked;

/// The id of a segment of at least so many bytes; the flags say whether it is made.
pub(crate) fn get(key: key_t, bytes: size_t, flags: c_int) -> io::Result<c_int> {
    // SAFETY: it takes and returns numbers only.
    checked(unsafe { libc::shmget(key, bytes, flags) })
}

/// The segment's statistics.
pub(crate) fn stat(id: c_int) -> io::Result<libc::shmid_ds> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: IPC_STAT fills in the structure that it is given.
    checked(unsafe { libc::shmctl(id, libc::IPC_STAT, stat.as_mut_ptr()) })?;
    // SAFETY: it consists of integers, which were zero and then filled in.
    Ok(unsafe { stat.assume_init() })
}

/// Removes the segment, once nobody is attached to it.
pub(crate) fn remove(id: c_int) -> io::Result<()> {
    // SAFETY: IPC_RMID ignores the pointer.
    checked(unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

/// A segment in this process's memory. No reference into it is ever made, since other processes write to it at any time.
#[derive(Debug)]
pub(crate) struct Attached {
    start: NonNull<u8>,
    bytes: usize,
    writable: bool,
}

// SAFETY: it is memory that belongs to no thread, and every access copies bytes.
unsafe impl Send for Attached {}

impl Attached {
    /// Attaches to a segment, to read it and, if it is to be, to write it.
    pub(crate) fn new(id: c_int, writable: bool) -> io::Result<Attached> {
        let flags = if writable { 0 } else { libc::SHM_RDONLY };
        // SAFETY: the system chooses an address where nothing is.
        let start = unsafe { libc::shmat(id, ptr::null(), flags) };
        if start.addr() == usize::MAX {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("attached at address 0"))?;
        let mut attached = Attached { start, bytes: 0, writable };
        // While it is attached, its size can't change and it can't go.
        attached.bytes = stat(id)?.shm_segsz;
        Ok(attached)
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// Whether it was attached to be written, too.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Copies bytes out of it; `false` if it doesn't have them.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) -> bool {
        let Some(from) = self.at(offset, into.len()) else { return false };
        // SAFETY: so many bytes are there, and the two don't overlap. What another process writes meanwhile can only
        // change which bytes are copied, and any byte is a valid one.
        unsafe { ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        true
    }

    /// Copies bytes into it; `false` if there is no room for them, or it is not writable.
    pub(crate) fn write(&self, offset: usize, from: &[u8]) -> bool {
        let Some(into) = self.at(offset, from.len()).filter(|_| self.writable) else { return false };
        // SAFETY: as in `read`.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), into, from.len()) };
        true
    }

    /// Copies bytes within it, as if by way of a buffer; `false` if either place is not there, or it is not writable.
    pub(crate) fn move_within(&self, from: usize, to: usize, bytes: usize) -> bool {
        let (Some(from), Some(to)) = (self.at(from, bytes), self.at(to, bytes).filter(|_| self.writable))
        else {
            return false;
        };
        // SAFETY: both places have so many bytes, and may overlap.
        unsafe { ptr::copy(from, to, bytes) };
        true
    }

    /// Where so many bytes begin, if they are all there.
    fn at(&self, offset: usize, bytes: usize) -> Option<*mut u8> {
        let end = offset.checked_add(bytes)?;
        // SAFETY: the offset is within the segment or at its end.
        (end <= self.bytes).then(|| unsafe { self.start.as_ptr().add(offset) })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // SAFETY: it was attached at this address, and no reference into it exists.
        unsafe { libc::shmdt(self.start.as_ptr().cast()) };
    }
}
