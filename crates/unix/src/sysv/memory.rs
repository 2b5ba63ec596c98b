//! Shared memory as bytes that are copied in and out. What they mean is others' business.

use super::Open;
use super::error::IpcError;
use super::key::Key;
use super::list::Kind;
use crate::sys::shm::{self, Attached};

const KIND: Kind = Kind::Memory;

/// A segment of shared memory that this process is attached to. After a fork, parent and child both are.
///
/// # Example
///
/// ```
/// use trellis_unix::sysv::{Key, Open, SharedMemory};
///
/// let memory = SharedMemory::open(Key::PRIVATE, 100, Open::OrCreate(0o600))?;
/// memory.write(7, b"hello")?;
/// let mut bytes = [0; 5];
/// memory.read(7, &mut bytes)?;
/// assert_eq!(&bytes, b"hello");
/// memory.remove()?;
/// # Ok::<(), trellis_unix::sysv::IpcError>(())
/// ```
#[derive(Debug)]
pub struct SharedMemory {
    id: i32,
    name: String,
    attached: Attached,
}

/// What the system says of shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStatus {
    /// Its size.
    pub bytes: usize,
    /// How many attachments there are, this one included.
    pub attached: u64,
    /// The process that made it.
    pub creator: i32,
    /// The process that attached or detached last.
    pub last: i32,
}

impl SharedMemory {
    /// Attaches to the segment with this key, and makes it before, with so many bytes, if `open` says so. One that is
    /// there has at least so many bytes; zero accepts any.
    ///
    /// # Errors
    ///
    /// It is missing, exists, is too small, not permitted, or there is no room.
    pub fn open(key: Key, bytes: usize, open: Open) -> Result<SharedMemory, IpcError> {
        let name = key.to_string();
        let id = shm::get(key.0, bytes, open.flags()).map_err(|error| IpcError::of(KIND, &name, error))?;
        SharedMemory::attach(id, name, true)
    }

    /// Attaches to the segment with this key, whatever its size, to read only; the permission to write is not needed.
    /// Each write is [`IpcError::Denied`].
    ///
    /// # Errors
    ///
    /// It is missing, or not permitted.
    pub fn open_to_read(key: Key) -> Result<SharedMemory, IpcError> {
        let name = key.to_string();
        let id = shm::get(key.0, 0, Open::Existing.flags());
        SharedMemory::attach(id.map_err(|error| IpcError::of(KIND, &name, error))?, name, false)
    }

    fn attach(id: i32, name: String, writable: bool) -> Result<SharedMemory, IpcError> {
        let attached =
            Attached::new(id, writable).map_err(|error| IpcError::of_opened(KIND, &name, error))?;
        Ok(SharedMemory { id, name, attached })
    }

    /// Its id, as `ipcs` shows it.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.attached.len()
    }

    /// Whether it has no bytes; there is none such.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `into` with the bytes at an offset. What others write at the same time may be seen in part.
    ///
    /// # Errors
    ///
    /// [`IpcError::Outside`] if they are not all there.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), IpcError> {
        let there = self.attached.read(offset, into);
        self.inside(there, offset, into.len())
    }

    /// Writes bytes at an offset.
    ///
    /// # Errors
    ///
    /// [`IpcError::Outside`] if there is no room for all, [`IpcError::Denied`] if it was opened to read only.
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<(), IpcError> {
        self.writable()?;
        let there = self.attached.write(offset, from);
        self.inside(there, offset, from.len())
    }

    /// Copies bytes from one offset to another; the two places may overlap.
    ///
    /// # Errors
    ///
    /// [`IpcError::Outside`] if one of the places is not all there, [`IpcError::Denied`] if it was opened to read only.
    pub fn move_within(&self, from: usize, to: usize, bytes: usize) -> Result<(), IpcError> {
        self.writable()?;
        let there = self.attached.move_within(from, to, bytes);
        self.inside(there, from.max(to), bytes)
    }

    /// What the system says of it.
    ///
    /// # Errors
    ///
    /// Not permitted.
    pub fn status(&self) -> Result<MemoryStatus, IpcError> {
        let stat = shm::stat(self.id).map_err(|error| IpcError::of_opened(KIND, &self.name, error))?;
        Ok(MemoryStatus {
            bytes: stat.shm_segsz,
            attached: stat.shm_nattch,
            creator: stat.shm_cpid,
            last: stat.shm_lpid,
        })
    }

    /// Removes the segment with this id, as [`list`](super::list()) shows it: the only way to one whose key is private.
    ///
    /// # Errors
    ///
    /// It is missing, or not permitted.
    pub fn remove_id(id: i32) -> Result<(), IpcError> {
        shm::remove(id).map_err(|error| IpcError::of_id(KIND, id, error))
    }

    /// Removes it: nobody finds it any more, and it goes with the last process that is attached.
    ///
    /// # Errors
    ///
    /// Not permitted, or removed before.
    pub fn remove(&self) -> Result<(), IpcError> {
        shm::remove(self.id).map_err(|error| IpcError::of_opened(KIND, &self.name, error))
    }

    fn writable(&self) -> Result<(), IpcError> {
        match self.attached.is_writable() {
            true => Ok(()),
            false => Err(IpcError::Denied { kind: KIND, name: self.name.clone() }),
        }
    }

    fn inside(&self, there: bool, offset: usize, bytes: usize) -> Result<(), IpcError> {
        if there {
            Ok(())
        } else {
            Err(IpcError::Outside { kind: KIND, name: self.name.clone(), offset, bytes })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_is_refused() {
        let memory = SharedMemory::open(Key::PRIVATE, 10, Open::OrCreate(0o600)).unwrap();
        memory.remove().unwrap();
        memory.write(0, b"0123456789").unwrap();
        memory.move_within(0, 2, 8).unwrap();
        let mut bytes = [0; 10];
        memory.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"0101234567");
        for (offset, length) in [(0, 11), (10, 1), (11, 0), (usize::MAX, 2), (5, usize::MAX)] {
            let length_of_slice = length.min(20);
            let refused = memory.read(offset, &mut vec![0; length_of_slice]);
            assert!(matches!(refused, Err(IpcError::Outside { .. })), "{offset} {length}");
            assert!(memory.write(offset, &vec![0; length_of_slice]).is_err());
            assert!(memory.move_within(offset, 0, length).is_err());
            assert!(memory.move_within(0, offset, length).is_err());
        }
        memory.read(10, &mut []).unwrap();
    }

    #[test]
    fn what_is_opened_to_read_is_not_written() {
        let key = crate::sysv::testing::free_key();
        assert!(matches!(SharedMemory::open_to_read(key), Err(IpcError::Missing { .. })));
        let writer = SharedMemory::open(key, 10, Open::Create(0o600)).unwrap();
        let reader = SharedMemory::open_to_read(key).unwrap();
        writer.write(3, b"seen").unwrap();
        let mut bytes = [0; 10];
        reader.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"\0\0\0seen\0\0\0");
        assert!(matches!(reader.write(0, b"x"), Err(IpcError::Denied { .. })));
        assert!(matches!(reader.move_within(3, 0, 4), Err(IpcError::Denied { .. })));
        writer.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"\0\0\0seen\0\0\0");
        reader.remove().unwrap();
    }

    #[test]
    fn it_is_found_by_its_key_until_it_is_removed() {
        let key = crate::sysv::testing::free_key();
        let missing = SharedMemory::open(key, 0, Open::Existing).unwrap_err();
        assert_eq!(missing.to_string(), format!("there is no shared memory {key}"));
        let one = SharedMemory::open(key, 100, Open::Create(0o600)).unwrap();
        let exists = SharedMemory::open(key, 100, Open::Create(0o600)).unwrap_err();
        assert!(matches!(exists, IpcError::Exists { .. }), "{exists}");
        let too_small = SharedMemory::open(key, 1000, Open::OrCreate(0o600)).unwrap_err();
        assert!(matches!(too_small, IpcError::WrongSize { .. }), "{too_small}");
        let other = SharedMemory::open(key, 0, Open::Existing).unwrap();
        one.write(99, b"x").unwrap();
        let mut byte = [0];
        other.read(99, &mut byte).unwrap();
        assert_eq!((&byte, other.status().unwrap().attached, other.len()), (b"x", 2, 100));
        one.remove().unwrap();
        assert!(matches!(SharedMemory::open(key, 0, Open::Existing), Err(IpcError::Missing { .. })));
        one.write(0, b"still there").unwrap();
    }
}
