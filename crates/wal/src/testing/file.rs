//! One file of the disk in memory: what it holds, and what of that would outlast a crash.

/// What a disk gives to a file at a time.
const BLOCK_BYTES: u64 = 4096;

/// A file without its name.
#[derive(Default)]
pub(super) struct Inode {
    current: Vec<u8>,
    /// What a crash leaves, apart from the unsynced writes.
    synced: Vec<u8>,
    unsynced: Vec<Write>,
}

/// A write that may be lost.
struct Write {
    offset: usize,
    bytes: Vec<u8>,
}

impl Inode {
    pub(super) fn synced(contents: Vec<u8>) -> Inode {
        Inode { current: contents.clone(), synced: contents, unsynced: Vec::new() }
    }

    pub(super) fn current(&self) -> &[u8] {
        &self.current
    }

    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let rest =
            usize::try_from(offset).ok().and_then(|offset| self.current.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        count
    }

    /// The bytes of its blocks.
    pub(super) fn allocated(&self) -> u64 {
        (self.current.len() as u64).next_multiple_of(BLOCK_BYTES)
    }

    /// How many of `length` bytes can be written at `offset` if the disk has `room` more bytes for blocks.
    pub(super) fn fitting(&self, offset: u64, length: usize, room: u64) -> usize {
        let end = self.allocated().saturating_add(room / BLOCK_BYTES * BLOCK_BYTES);
        usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(length)
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        put(&mut self.current, offset, bytes);
        self.unsynced.push(Write { offset, bytes: bytes.to_vec() });
    }

    pub(super) fn sync(&mut self) {
        // Not simply a copy of what is there now: a write lost in a failed sync stays lost.
        for Write { offset, bytes } in self.unsynced.drain(..) {
            put(&mut self.synced, offset, &bytes);
        }
    }

    /// A failed sync marks the data as clean all the same: later syncs don't try it again.
    pub(super) fn fail_sync(&mut self) {
        self.unsynced.clear();
    }

    /// What the file holds after a crash: of the unsynced writes, each sector has seen the first few, how many
    /// being up to `choose`, which is given the largest answer allowed.
    pub(super) fn after_crash(&self, sector_bytes: usize, choose: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
        let mut contents = self.synced.clone();
        // The size is part of what is lost or kept: as it was after the first few writes.
        let lengths = self.unsynced[..choose(self.unsynced.len())].iter();
        let length = lengths.map(|write| write.offset + write.bytes.len()).max().unwrap_or(0);
        contents.resize(length.max(contents.len()), 0);
        let first = self.unsynced.iter().map(|write| write.offset).min().unwrap_or(contents.len());
        for sector in first / sector_bytes..contents.len().div_ceil(sector_bytes) {
            let start = sector * sector_bytes;
            let end = (start + sector_bytes).min(contents.len());
            let touching: Vec<&Write> =
                self.unsynced.iter().filter(|write| write.touches(start, end)).collect();
            for write in &touching[..choose(touching.len())] {
                let from = start.max(write.offset);
                let to = end.min(write.offset + write.bytes.len());
                contents[from..to].copy_from_slice(&write.bytes[from - write.offset..to - write.offset]);
            }
        }
        contents
    }
}

impl Write {
    fn touches(&self, start: usize, end: usize) -> bool {
        self.offset < end && start < self.offset + self.bytes.len()
    }
}

fn put(contents: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if contents.len() < end {
        contents.resize(end, 0);
    }
    contents[offset..end].copy_from_slice(bytes);
}
