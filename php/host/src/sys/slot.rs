//! Where a registered class is remembered.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ext_php_rs::args::ArgInfoTables;
use ext_php_rs::zend::{ClassEntry, ZendObjectHandlers};

/// Where a registered class is remembered, for the life of the process.
#[derive(Default)]
pub struct Slot {
    entry: AtomicPtr<ClassEntry>,
    handlers: OnceLock<Handlers>,
    tables: Mutex<Vec<Tables>>,
}

/// The parameters of the class's methods. The engine's functions point at them for the life of the process; a process that
/// starts the module again makes others.
struct Tables {
    _kept: ArgInfoTables,
}

// SAFETY: nobody reads them by this, and what they point to is never changed.
unsafe impl Send for Tables {}

/// How the engine treats a class's objects.
struct Handlers(ZendObjectHandlers);

// SAFETY: they are function pointers and an offset, and nobody changes them once they are made.
unsafe impl Send for Handlers {}
// SAFETY: as above.
unsafe impl Sync for Handlers {}

impl Slot {
    /// A place for one class.
    #[must_use]
    pub const fn new() -> Slot {
        Slot { entry: AtomicPtr::new(null_mut()), handlers: OnceLock::new(), tables: Mutex::new(Vec::new()) }
    }

    /// The class, if it has been registered.
    pub(crate) fn entry(&self) -> Option<&'static ClassEntry> {
        let entry = self.entry.load(Ordering::Acquire);
        // SAFETY: what was kept is a registered class, which lives as long as the module; its code runs no longer.
        unsafe { entry.as_ref() }
    }

    pub(crate) fn keep(&self, entry: &'static mut ClassEntry, tables: ArgInfoTables) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).push(Tables { _kept: tables });
        self.entry.store(entry, Ordering::Release);
    }

    pub(crate) fn handlers(&self, make: impl FnOnce() -> ZendObjectHandlers) -> &ZendObjectHandlers {
        &self.handlers.get_or_init(|| Handlers(make())).0
    }
}
