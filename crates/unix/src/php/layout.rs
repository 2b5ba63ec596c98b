//! Where PHP keeps its variables in a segment: a head, and behind it one chunk a variable, without gaps. The segment is
//! behind a trait, so that all of this can be tried without one. Other processes write there, so no number is believed.
//!
//! ```text
//! head   8 bytes "PHP_SM\0\0", then start (40), end, free, total
//! chunk  key, length, next (the chunk's own size), the value's bytes, room up to the next multiple of 8
//! ```
//!
//! All numbers are of 64 bits in the machine's order. A variable that is replaced is removed and added at the end.

use thiserror::Error;

/// The bytes at the beginning, which PHP reads as a C string.
const MAGIC: &[u8; 7] = b"PHP_SM\0";
const MAGIC_BYTES: usize = 8;

/// The size of the head, which is where the first chunk begins.
pub(super) const HEAD_BYTES: usize = 40;

/// Key, length and next.
const CHUNK_HEAD_BYTES: usize = 24;

/// A segment's memory.
pub(super) trait Memory {
    /// How many bytes it has.
    fn len(&self) -> usize;
    /// Fills `into`; only asked for bytes that are there.
    fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), LayoutError>;
    /// Writes bytes; only where there is room.
    fn write(&mut self, offset: usize, from: &[u8]) -> Result<(), LayoutError>;
    /// Copies bytes downwards.
    fn move_within(&mut self, from: usize, to: usize, bytes: usize) -> Result<(), LayoutError>;
}

/// Why a variable can't be found or stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LayoutError {
    /// The segment was made by somebody else than PHP or us.
    #[error("the shared memory is not laid out as by PHP's shm_attach")]
    Foreign,
    /// It begins with zeros: it was made and not laid out yet, or is somebody else's.
    #[error("the shared memory is empty, or not laid out as by PHP's shm_attach")]
    Empty,
    /// It was opened to read only.
    #[error("the shared memory was opened to read only")]
    ReadOnly,
    /// It is too small for the head.
    #[error("the shared memory has {bytes} bytes, too few for variables")]
    TooSmall {
        /// How many it has.
        bytes: usize,
    },
    /// The numbers in it contradict each other.
    #[error(
        "the shared memory is damaged: {what}; two processes may have changed it at once, without a semaphore"
    )]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// There is no room for the value. The old one is still there.
    #[error("the shared memory is full: the variable needs {needed} bytes, and {free} are free")]
    Full {
        /// How many it needs, with what belongs to it.
        needed: usize,
        /// How many are free, those of its old value included.
        free: usize,
    },
    /// The value is longer than [`PHP_VARIABLE_BYTES_MAX`](crate::limits::PHP_VARIABLE_BYTES_MAX).
    #[error("the variable has {bytes} bytes, more than are read")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
}

/// The numbers in the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    start: usize,
    end: usize,
    free: usize,
    total: usize,
}

/// One variable's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) key: i64,
    /// Where the chunk begins.
    at: usize,
    /// How many bytes the value has.
    pub(super) length: usize,
    /// How many bytes the chunk has.
    size: usize,
}

/// Checks the head; a segment that is still empty gets one, as PHP gives it.
pub(super) fn prepare(memory: &mut impl Memory) -> Result<(), LayoutError> {
    match check(memory) {
        Err(LayoutError::Empty) => {}
        outcome => return outcome,
    }
    let total = memory.len();
    memory.write(0, b"PHP_SM\0\0")?;
    write_head(memory, Head { start: HEAD_BYTES, end: HEAD_BYTES, free: total - HEAD_BYTES, total })
}

/// Checks the head, and changes nothing.
pub(super) fn check(memory: &impl Memory) -> Result<(), LayoutError> {
    if memory.len() < HEAD_BYTES {
        return Err(LayoutError::TooSmall { bytes: memory.len() });
    }
    let mut magic = [0; MAGIC_BYTES];
    memory.read(0, &mut magic)?;
    if magic.starts_with(MAGIC) {
        return read_head(memory).map(drop);
    }
    Err(if magic == [0; MAGIC_BYTES] { LayoutError::Empty } else { LayoutError::Foreign })
}

/// All variables, in their order.
pub(super) fn chunks(memory: &impl Memory) -> Result<Vec<Chunk>, LayoutError> {
    let head = read_head(memory)?;
    let mut chunks = Vec::new();
    let mut at = head.start;
    while at < head.end {
        let chunk = read_chunk(memory, at, head.end)?;
        at += chunk.size;
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// The bytes of a variable's value.
pub(super) fn get(memory: &impl Memory, key: i64, bytes_max: usize) -> Result<Option<Vec<u8>>, LayoutError> {
    let Some(chunk) = find(memory, read_head(memory)?, key)? else { return Ok(None) };
    if chunk.length > bytes_max {
        return Err(LayoutError::TooLong { bytes: chunk.length });
    }
    let mut value = vec![0; chunk.length];
    memory.read(chunk.at + CHUNK_HEAD_BYTES, &mut value)?;
    Ok(Some(value))
}

/// Stores a variable, in place of its old value if it has one.
///
/// Unlike PHP, which has removed the old value by the time it finds that there is no room for the new one.
pub(super) fn put(memory: &mut impl Memory, key: i64, value: &[u8]) -> Result<(), LayoutError> {
    let mut head = read_head(memory)?;
    let old = find(memory, head, key)?;
    let size = chunk_size(value.len());
    let free = head.free + old.map_or(0, |old| old.size);
    if size > free {
        return Err(LayoutError::Full { needed: size, free });
    }
    if let Some(old) = old {
        head = remove_chunk(memory, head, old)?;
    }
    for (index, number) in [key.cast_unsigned(), value.len() as u64, size as u64].into_iter().enumerate() {
        memory.write(head.end + 8 * index, &number.to_ne_bytes())?;
    }
    memory.write(head.end + CHUNK_HEAD_BYTES, value)?;
    // Whoever reads without a semaphore sees the variable only when it is whole.
    write_head(memory, Head { end: head.end + size, free: head.free - size, ..head })
}

/// Removes a variable; says whether it was there.
pub(super) fn remove(memory: &mut impl Memory, key: i64) -> Result<bool, LayoutError> {
    let head = read_head(memory)?;
    let Some(chunk) = find(memory, head, key)? else { return Ok(false) };
    remove_chunk(memory, head, chunk)?;
    Ok(true)
}

fn remove_chunk(memory: &mut impl Memory, head: Head, chunk: Chunk) -> Result<Head, LayoutError> {
    let behind = chunk.at + chunk.size;
    memory.move_within(behind, chunk.at, head.end - behind)?;
    let head = Head { end: head.end - chunk.size, free: head.free + chunk.size, ..head };
    write_head(memory, head)?;
    Ok(head)
}

fn find(memory: &impl Memory, head: Head, key: i64) -> Result<Option<Chunk>, LayoutError> {
    let mut at = head.start;
    while at < head.end {
        let chunk = read_chunk(memory, at, head.end)?;
        if chunk.key == key {
            return Ok(Some(chunk));
        }
        at += chunk.size;
    }
    Ok(None)
}

/// The size of a chunk with a value of this length: there always are some bytes more than needed, as PHP counts.
fn chunk_size(length: usize) -> usize {
    length.saturating_add(CHUNK_HEAD_BYTES + 7) / 8 * 8 + 8
}

fn read_chunk(memory: &impl Memory, at: usize, end: usize) -> Result<Chunk, LayoutError> {
    if end - at < CHUNK_HEAD_BYTES {
        return Err(LayoutError::Damaged { what: "a variable begins where there is no room for one" });
    }
    let key = number(memory, at)?.cast_signed();
    let [length, size] = [number(memory, at + 8)?, number(memory, at + 16)?]
        .map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    if size > end - at || size < CHUNK_HEAD_BYTES || length > size - CHUNK_HEAD_BYTES {
        return Err(LayoutError::Damaged { what: "a variable is longer than its place" });
    }
    Ok(Chunk { key, at, length, size })
}

fn read_head(memory: &impl Memory) -> Result<Head, LayoutError> {
    let mut numbers = [0; 4];
    for (index, slot) in numbers.iter_mut().enumerate() {
        *slot = usize::try_from(number(memory, MAGIC_BYTES + 8 * index)?).unwrap_or(usize::MAX);
    }
    let [start, end, free, total] = numbers;
    let ordered = start >= HEAD_BYTES && start <= end && end <= total && total <= memory.len();
    if !ordered || free != total - end {
        return Err(LayoutError::Damaged { what: "the numbers in its head contradict each other" });
    }
    Ok(Head { start, end, free, total })
}

fn write_head(memory: &mut impl Memory, head: Head) -> Result<(), LayoutError> {
    let Head { start, end, free, total } = head;
    let mut bytes = [0; 32];
    for (slot, number) in bytes.chunks_exact_mut(8).zip([start, end, free, total]) {
        slot.copy_from_slice(&(number as u64).to_ne_bytes());
    }
    memory.write(MAGIC_BYTES, &bytes)
}

fn number(memory: &impl Memory, at: usize) -> Result<u64, LayoutError> {
    let mut bytes = [0; 8];
    memory.read(at, &mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Memory for Vec<u8> {
        fn len(&self) -> usize {
            Vec::len(self)
        }

        fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), LayoutError> {
            into.copy_from_slice(&self[offset..][..into.len()]);
            Ok(())
        }

        fn write(&mut self, offset: usize, from: &[u8]) -> Result<(), LayoutError> {
            self[offset..][..from.len()].copy_from_slice(from);
            Ok(())
        }

        fn move_within(&mut self, from: usize, to: usize, bytes: usize) -> Result<(), LayoutError> {
            self.copy_within(from..from + bytes, to);
            Ok(())
        }
    }

    fn segment(bytes: usize) -> Vec<u8> {
        let mut memory = vec![0; bytes];
        prepare(&mut memory).unwrap();
        memory
    }

    /// The head's numbers, and all variables.
    fn shown(memory: &Vec<u8>) -> String {
        let Head { start, end, free, total } = read_head(memory).unwrap();
        let mut text = format!("{start} {end} {free} {total}:");
        for chunk in chunks(memory).unwrap() {
            let value = get(memory, chunk.key, 1000).unwrap().unwrap();
            text += &format!(" {}={}@{}+{}", chunk.key, value.escape_ascii(), chunk.at, chunk.size);
        }
        text
    }

    #[test]
    fn variables_come_and_go_as_in_php() {
        let mut memory = segment(240);
        assert_eq!(shown(&memory), "40 40 200 240:");
        put(&mut memory, 1, b"i:1;").unwrap();
        put(&mut memory, -2, b"s:3:\"abc\";").unwrap();
        assert_eq!(shown(&memory), "40 128 112 240: 1=i:1;@40+40 -2=s:3:\\\"abc\\\";@80+48");
        put(&mut memory, 1, b"i:22;").unwrap();
        assert_eq!(shown(&memory), "40 128 112 240: -2=s:3:\\\"abc\\\";@40+48 1=i:22;@88+40");
        put(&mut memory, -2, &[b'x'; 150]).unwrap_err();
        let full = put(&mut memory, 3, &[b'x'; 97]).unwrap_err();
        assert_eq!(full, LayoutError::Full { needed: 136, free: 112 });
        assert_eq!(shown(&memory), "40 128 112 240: -2=s:3:\\\"abc\\\";@40+48 1=i:22;@88+40");
        put(&mut memory, 3, &[b'x'; 80]).unwrap();
        assert!(remove(&mut memory, -2).unwrap() && !remove(&mut memory, -2).unwrap());
        assert_eq!(shown(&memory), format!("40 192 48 240: 1=i:22;@40+40 3={}@80+112", "x".repeat(80)));
        put(&mut memory, 3, b"N;").unwrap();
        assert_eq!(get(&memory, 4, 9).unwrap(), None);
        assert_eq!(get(&memory, 3, 1), Err(LayoutError::TooLong { bytes: 2 }));
    }

    #[test]
    fn sizes_are_those_of_php() {
        // As shm_put_var has laid them out.
        for (length, size) in [(0, 32), (1, 40), (2, 40), (8, 40), (9, 48), (16, 48), (17, 56), (100, 136)] {
            assert_eq!(chunk_size(length), size, "{length}");
        }
    }

    #[test]
    fn foreign_and_small_segments_are_refused() {
        assert_eq!(prepare(&mut vec![0; 39]), Err(LayoutError::TooSmall { bytes: 39 }));
        assert_eq!(prepare(&mut vec![1; 100]), Err(LayoutError::Foreign));
        assert_eq!(check(&vec![0; 39]), Err(LayoutError::TooSmall { bytes: 39 }));
        assert_eq!(check(&vec![1; 100]), Err(LayoutError::Foreign));
        assert_eq!(check(&vec![0; 100]), Err(LayoutError::Empty));
        assert_eq!(check(&segment(100)), Ok(()));
        let mut memory = segment(40);
        assert_eq!(shown(&memory), "40 40 0 40:");
        prepare(&mut memory).unwrap();
        put(&mut memory, 1, b"").unwrap_err();
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic_or_an_endless_loop() {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        println!("seed {seed}");
        let mut whole = segment(200);
        put(&mut whole, 1, b"i:1;").unwrap();
        put(&mut whole, 2, b"i:2;").unwrap();
        for _ in 0..20_000 {
            let mut memory = whole.clone();
            for _ in 0..random.usize(1..4) {
                let at = 8 * random.usize(1..15);
                let values = [
                    0,
                    1,
                    8,
                    32,
                    39,
                    40,
                    80,
                    120,
                    199,
                    200,
                    u64::MAX,
                    i64::MAX as u64,
                    1 << 63,
                    u64::MAX - 7,
                ];
                memory[at..at + 8].copy_from_slice(&random.choice(values).unwrap().to_ne_bytes());
            }
            let _ = prepare(&mut memory);
            let _ = chunks(&memory);
            let _ = get(&memory, 2, 1000);
            let _ = put(&mut memory, 1, &[7; 30]);
            let _ = remove(&mut memory, 2);
        }
    }
}
