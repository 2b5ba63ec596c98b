//! Whether a request is under way, as a module sees it. PHP calls code of the script also after modules have ended the request:
//! sessions are written and streams closed then. What is kept for the script at that time would be given back by nobody, or
//! by the next request, when PHP has long taken the memory.

use std::cell::Cell;

thread_local! {
    static IS_UNDER_WAY: Cell<bool> = const { Cell::new(false) };
}

/// A request begins; in a module's hook for that.
pub fn begin() {
    IS_UNDER_WAY.set(true);
}

/// It is over; in a module's hook for that, before it gives back what it has kept, since that may call PHP code, too.
pub fn end() {
    IS_UNDER_WAY.set(false);
}

/// Whether PHP's values may be kept beyond a call. Otherwise they may only be held by objects of PHP's.
#[must_use]
pub fn is_under_way() -> bool {
    IS_UNDER_WAY.get()
}
