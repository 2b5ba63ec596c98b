//! Which process something belongs to. It must not decide what a process that is not the owner does about it.

use std::process;

/// The process that made something: a connection, a thread, a session.
///
/// After a fork the child has a copy of everything but must leave its parent's things alone: it may close descriptors but
/// must not say a word on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(u32);

impl Owner {
    /// This process.
    #[must_use]
    pub fn this_process() -> Owner {
        Owner(process::id())
    }

    /// Whether this process is the owner, and no child of it.
    #[must_use]
    pub fn is_this_process(self) -> bool {
        self == Owner::this_process()
    }
}

impl Default for Owner {
    fn default() -> Owner {
        Owner::this_process()
    }
}
