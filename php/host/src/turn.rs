//! Things that call PHP code and are not to be begun again by that code.

use std::cell::Cell;

use crate::sys::fall::has_fallen;

/// Who may do such a thing. Its end may never come: a fatal error jumps past it, and what a suspended fiber was in the middle
/// of is not over when there is one elsewhere. So the shutdown functions, which are called then, have a turn of their own.
#[derive(Debug, Default)]
pub struct Turn(Cell<Option<Taken>>);

/// A turn under way, of those before a fatal error or of those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    has_fallen: bool,
}

impl Taken {
    fn now() -> Taken {
        Taken { has_fallen: has_fallen() }
    }
}

impl Turn {
    /// One that nobody has.
    #[must_use]
    pub const fn new() -> Turn {
        Turn(Cell::new(None))
    }

    /// Whether somebody has it.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.is(Taken::now())
    }

    /// Takes it; none if somebody has it.
    #[must_use]
    pub fn take(&self) -> Option<Taken> {
        let now = Taken::now();
        (!self.is(now)).then(|| {
            self.0.set(Some(now));
            now
        })
    }

    /// Whether it is still this one, and none that was taken after a fatal error.
    #[must_use]
    pub fn is(&self, taken: Taken) -> bool {
        self.0.get() == Some(taken)
    }

    /// Gives it back, and tells whether it was still this one.
    pub fn give_back(&self, taken: Taken) -> bool {
        let is_ours = self.is(taken);
        if is_ours {
            self.reset();
        }
        is_ours
    }

    /// Nobody has it any more.
    pub fn reset(&self) {
        self.0.set(None);
    }
}
