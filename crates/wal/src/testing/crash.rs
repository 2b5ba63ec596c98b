//! What a crash leaves of a disk, chosen by a seed.

use std::sync::{Arc, Mutex};

use super::file::Inode;
use super::{MemDisk, apply, lock};

/// The sizes that disks write as a whole. Most keep their promise of 512 or 4096 bytes when the power fails; the
/// smallest stands for one that does not.
const SECTOR_BYTES: [usize; 3] = [8, 512, 4096];

impl MemDisk {
    /// The disk as it is found after a crash at this moment; this one is left as it is.
    ///
    /// Of the changes to the directory since its last sync, some are there, in their order, with others missing
    /// between them. Of the unsynced writes to a file, each sector has the first few. The seed decides which and
    /// how many, and whether a sector has 8, 512 or 4096 bytes. The new disk has no faults.
    #[must_use]
    pub fn crash(&self, seed: u64) -> MemDisk {
        let mut random = Random(seed);
        let sector_bytes = SECTOR_BYTES[random.up_to(SECTOR_BYTES.len() - 1)];
        let shared = self.lock();
        let mut files = shared.synced_files.clone();
        for change in &shared.unsynced_files {
            if random.up_to(1) == 1 {
                apply(&mut files, change);
            }
        }
        let after = MemDisk::new();
        for (name, inode) in files {
            after.put(&name, contents(&inode, sector_bytes, &mut random));
        }
        after
    }
}

fn contents(inode: &Arc<Mutex<Inode>>, sector_bytes: usize, random: &mut Random) -> Vec<u8> {
    // Now and then all or nothing: with many sectors, pure chance hardly ever comes to that.
    let mode = random.up_to(3);
    lock(inode).after_crash(sector_bytes, &mut |most| match mode {
        0 => 0,
        1 => most,
        _ => random.up_to(most),
    })
}

/// The generator splitmix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    /// A number from 0 to `most`.
    fn up_to(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let value = value ^ (value >> 31);
        usize::try_from(value % (most as u64 + 1)).unwrap_or(most)
    }
}
