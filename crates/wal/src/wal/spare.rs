//! Files that wait to become segments: new ones filled with zeros on another thread, and old segments whose
//! records were purged. Appending to a file that already has all its blocks makes a sync much cheaper.

use std::sync::Arc;

use super::{Options, Wal};
use crate::disk::zero_fill;
use crate::error::is_lack_of_space;
use crate::limits::SPARES_MAX;
use crate::{Disk, DiskFile, WalError};

/// The name of the file in a slot.
pub(crate) fn name(slot: usize) -> String {
    format!("spare-{slot}")
}

/// The slot of the file with that name, if it is a spare.
pub(crate) fn slot_of(name: &str) -> Option<usize> {
    (0..SPARES_MAX).find(|slot| self::name(*slot) == name)
}

/// The spare files, each in a slot that gives it its name.
pub(crate) struct Spares {
    slots: [Slot; SPARES_MAX],
}

enum Slot {
    Free,
    /// A [`SpareJob`] is out.
    Awaited,
    Ready(Arc<dyn DiskFile>),
}

/// A file that is ready to become a segment.
pub struct Spare {
    slot: usize,
    file: Arc<dyn DiskFile>,
}

/// The making of a spare file, to be run on any thread; see [`Wal::spare_wanted`].
#[must_use = "the log waits for the result"]
pub struct SpareJob {
    disk: Arc<dyn Disk>,
    slot: usize,
    bytes: u64,
}

impl SpareJob {
    /// Makes the file and fills it with zeros.
    ///
    /// # Errors
    /// [`WalError::NoSpace`]; what was made of the file is removed.
    pub fn run(self) -> Result<Spare, WalError> {
        let name = name(self.slot);
        let making = format!("{name}.tmp");
        let file = make_file(self.disk.as_ref(), &making, self.bytes)?;
        let failed = |action| {
            let file = self.disk.describe(&name);
            move |source| WalError::NoSpace { action, file, bytes: self.bytes, source }
        };
        if let Err(source) = self.disk.rename(&making, &name) {
            let _ = self.disk.remove(&making);
            return Err(failed("naming")(source));
        }
        self.disk.sync_dir().map_err(failed("syncing the directory of"))?;
        Ok(Spare { slot: self.slot, file })
    }
}

/// Makes a file of `bytes` zeros whose blocks are all on the disk.
pub(super) fn make_file(disk: &dyn Disk, name: &str, bytes: u64) -> Result<Arc<dyn DiskFile>, WalError> {
    let failed = |action| {
        let file = disk.describe(name);
        move |source| WalError::NoSpace { action, file, bytes, source }
    };
    let file = disk.create(name).map_err(failed("creating"))?;
    let filled = zero_fill(file.as_ref(), 0, bytes).map_err(failed("filling"));
    match filled.and_then(|()| file.sync_data().map_err(failed("syncing"))) {
        Ok(()) => Ok(file),
        Err(error) => {
            // The last free blocks are better left to the rest of the system. If even this fails, the file is
            // removed at the next start.
            let _ = disk.remove(name);
            Err(error)
        }
    }
}

impl Spares {
    pub(crate) fn new() -> Spares {
        Spares { slots: [const { Slot::Free }; SPARES_MAX] }
    }

    /// How many files are ready.
    pub(crate) fn ready(&self) -> usize {
        self.slots.iter().filter(|slot| matches!(slot, Slot::Ready(_))).count()
    }

    /// Takes a file over that is already in its slot.
    pub(crate) fn adopt(&mut self, slot: usize, file: Arc<dyn DiskFile>) {
        self.slots[slot] = Slot::Ready(file);
    }

    /// Turns the file `name`, which nobody needs, into a spare, or removes it, also if the directory has no room for
    /// the new name. The caller syncs the directory.
    pub(crate) fn recycle(
        &mut self,
        disk: &dyn Disk,
        options: &Options,
        name: &str,
        file: Arc<dyn DiskFile>,
    ) -> Result<(), WalError> {
        let size = file.size().map_err(WalError::io("measuring", disk.describe(name)))?;
        let free = self.slots.iter().position(|slot| matches!(slot, Slot::Free));
        if let Some(slot) = free.filter(|_| size == options.segment_bytes) {
            match disk.rename(name, &self::name(slot)) {
                Ok(()) => {
                    self.adopt(slot, file);
                    return Ok(());
                }
                Err(source) if is_lack_of_space(&source) => {}
                Err(source) => return Err(WalError::io("renaming", disk.describe(name))(source)),
            }
        }
        disk.remove(name).map_err(WalError::io("removing", disk.describe(name)))
    }

    /// A ready file and its slot, which it stays in until that is [freed](Spares::free).
    pub(super) fn first_ready(&self) -> Option<(usize, Arc<dyn DiskFile>)> {
        self.slots.iter().enumerate().find_map(|(slot, content)| match content {
            Slot::Ready(file) => Some((slot, Arc::clone(file))),
            Slot::Free | Slot::Awaited => None,
        })
    }

    /// Frees the slot of a file that has another name now.
    pub(super) fn free(&mut self, slot: usize) {
        self.slots[slot] = Slot::Free;
    }
}

impl Wal {
    /// The making of a spare file, if none is ready or being made. Run it on another thread and hand the result
    /// to [`Wal::supply_spare`]; then the change to the next segment need not make one itself.
    ///
    /// Ask after an append that moved [`Wal::segment_numbers`] on, and some time after a failure.
    #[must_use]
    pub fn spare_wanted(&mut self) -> Option<SpareJob> {
        let none = self.spares.slots.iter().all(|slot| matches!(slot, Slot::Free));
        if !none || self.failed.is_some() {
            return None;
        }
        self.spares.slots[0] = Slot::Awaited;
        Some(SpareJob { disk: Arc::clone(&self.disk), slot: 0, bytes: self.options.segment_bytes })
    }

    /// Takes the result of a [`SpareJob`].
    ///
    /// # Errors
    /// The job's own error, for the caller to report. The log itself is unharmed by it, and
    /// [`Wal::space_left`] says what it can still take.
    pub fn supply_spare(&mut self, made: Result<Spare, WalError>) -> Result<(), WalError> {
        match made {
            Ok(spare) => {
                self.spares.adopt(spare.slot, spare.file);
                Ok(())
            }
            Err(error) => {
                for slot in &mut self.spares.slots {
                    if matches!(slot, Slot::Awaited) {
                        *slot = Slot::Free;
                    }
                }
                Err(error)
            }
        }
    }
}
