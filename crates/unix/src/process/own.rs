//! Files that are this process's own: children of its forks close their copies, as a lock on an open file is held by all
//! who have it open.

use std::fs::File;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that is this process's own, by its number.
#[derive(Debug)]
pub(crate) struct OwnFile(u64);

/// The newest number, and the files.
static OWN: Mutex<(u64, Vec<(u64, File)>)> = Mutex::new((0, Vec::new()));

impl OwnFile {
    /// Has each child of a fork close its copy.
    pub(crate) fn new(file: File) -> OwnFile {
        let mut own = own();
        own.0 += 1;
        let number = own.0;
        own.1.push((number, file));
        OwnFile(number)
    }

    /// The file, which is an ordinary one again. `None`: this is a child, which has closed it.
    pub(crate) fn take(&self) -> Option<File> {
        let mut own = own();
        let index = own.1.iter().position(|(number, _)| *number == self.0)?;
        Some(own.1.swap_remove(index).1)
    }
}

/// What a child of a fork has to do first.
pub(super) fn close_copies() {
    // With other threads, one of them may have had it at the moment of the fork, and would never give it back.
    if let Ok(mut own) = OWN.try_lock() {
        own.1.clear();
    }
}

fn own() -> MutexGuard<'static, (u64, Vec<(u64, File)>)> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}
