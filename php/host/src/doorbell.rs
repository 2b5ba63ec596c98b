//! The doorbell: how another thread gets PHP's own to call what is registered here, at the next statement and also while
//! the script sleeps. It knows nothing of what is delivered.
//!
//! ```text
//! any thread    push to a queue of one's own, then Bell::ring
//! PHP's thread  the engine sees the interrupt, or a sleep sees the descriptor ─▶ dispatch ─▶ each module's `deliver`
//! ```
//!
//! All modules share one doorbell, that of the module loaded first, since there is one engine to interrupt.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use crate::sys::bell::{self, Shared};
use crate::sys::exception::{Aside, put_aside};
use crate::sys::fall::{fall_on, guarded};
use crate::{Owner, Taken, Turn, sleep};

/// Delivers one event, and tells whether there was one.
pub type Deliver = extern "C" fn() -> bool;

/// What rings. It may be given to any thread of the process that got it.
#[derive(Clone, Copy, Debug)]
pub struct Bell(bell::Bell);

impl Bell {
    /// The bell of this process and thread, made when it is first asked for. A child of a fork has another.
    ///
    /// # Errors
    ///
    /// If the system has no descriptor left.
    pub fn of_this_process() -> io::Result<Bell> {
        Ok(Bell(bell::with((bell::shared().descriptor)())?))
    }

    /// Has PHP's thread call every module's `deliver` soon. What is to be delivered must be in its queue already.
    pub fn ring(self) {
        self.0.ring();
    }
}

/// Has `deliver` called in PHP's thread when the bell has rung; in a module's start-up. It calls PHP for one event, if it
/// has one, and tells whether it had.
pub fn attach(deliver: Deliver) {
    (bell::shared().attach)(deliver);
}

/// Delivers what there is, at once. Does nothing in a callback: what comes meanwhile is delivered after it. What callbacks
/// throw goes on its way when all have been called; `exit` in one ends the script at once.
pub fn dispatch() {
    (bell::shared().dispatch)();
}

/// Lets a call that waits wait for the bell, too: `wait` is given what becomes readable when it rings, and must not call PHP.
/// When it has rung, [`dispatch`] is due. None: nobody can ring, or a callback is under way.
pub fn while_listening<R>(wait: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
    wait(bell::borrow((bell::shared().awaited)()))
}

/// Forgets that a callback was under way, in a fiber that was never resumed; at the end of a request.
pub fn reset() {
    (bell::shared().reset)();
}

/// This module's doorbell, which is the one if the module was loaded first.
pub(crate) static OURS: Shared = Shared {
    descriptor,
    attach: attach_here,
    dispatch: dispatch_here,
    reset: reset_here,
    awaited: awaited_here,
};

thread_local! {
    /// The descriptor, and the process that made it. It is closed with the thread, whose last request is over then, so that
    /// nobody rings any more.
    static DESCRIPTOR: RefCell<Option<(OwnedFd, Owner)>> = const { RefCell::new(None) };
    /// The time in which callbacks are called, each after the other.
    static ROUND: Turn = const { Turn::new() };
}

static DELIVERIES: Mutex<Vec<Deliver>> = Mutex::new(Vec::new());

/// The descriptor on which a sleep is to wait, too. None: nobody rings in this process, or a callback is under way already.
pub(crate) fn awaited() -> Option<i32> {
    ours().filter(|_| !ROUND.with(Turn::is_taken))
}

/// The descriptor of this process, if it has made one.
fn ours() -> Option<i32> {
    DESCRIPTOR.with_borrow(|made| {
        let made = made.as_ref().filter(|(_, owner)| owner.is_this_process());
        made.map(|(descriptor, _)| descriptor.as_raw_fd())
    })
}

extern "C" fn awaited_here() -> i32 {
    awaited().unwrap_or(-1)
}

extern "C" fn descriptor() -> i32 {
    if ours().is_none() {
        // A parent's is closed here: this process has only a copy.
        DESCRIPTOR.set(bell::open().map(|descriptor| (descriptor, Owner::this_process())));
    }
    ours().unwrap_or(-1)
}

extern "C" fn attach_here(deliver: Deliver) {
    let mut deliveries = DELIVERIES.lock().unwrap_or_else(PoisonError::into_inner);
    bell::chain_interrupts();
    sleep::wrap();
    // The engine may start its modules again in the same process.
    if !deliveries.iter().any(|known| *known as usize == deliver as usize) {
        deliveries.push(deliver);
    }
}

extern "C" fn dispatch_here() {
    let Some(descriptor) = ours() else { return };
    let Some(round) = ROUND.with(Turn::take) else { return };
    bell::silence(descriptor);
    let mut is_whole = false;
    let has_returned = guarded(|| is_whole = deliver_all(round));
    let is_last = ROUND.with(|turn| turn.give_back(round));
    // Who has rung during a callback has interrupted that, and the module that is meant may have been asked before. After the
    // end of the script, its shutdown functions are called; there, who was not asked is. This may be a child that a callback
    // has forked, and that has made a bell of its own since, or none.
    if let Some(descriptor) = ours().filter(|_| is_last)
        && (!is_whole || bell::has_rung(descriptor))
    {
        bell::ring(descriptor);
    }
    if !has_returned {
        fall_on();
    }
}

/// Calls what is to be called, and tells whether that is all. `exit` in a callback leaves the others for later. So does a
/// fatal error elsewhere while a callback's fiber was suspended.
fn deliver_all(round: Taken) -> bool {
    let mut aside: Option<Aside> = None;
    let mut exit = false;
    let mut next = 0;
    while let Some(deliver) = delivery(next).filter(|_| !exit && ROUND.with(|turn| turn.is(round))) {
        if !deliver() {
            next += 1;
        }
        // What a callback throws waits until all have been called: nobody would ring for the rest once it is caught.
        if let Some(thrown) = put_aside() {
            exit = thrown.is_exit();
            thrown.put_back();
            if let Some(before) = aside.take() {
                before.put_back();
            }
            if !exit {
                aside = put_aside();
            }
        }
    }
    if let Some(aside) = aside {
        aside.put_back();
    }
    !exit
}

extern "C" fn reset_here() {
    ROUND.with(Turn::reset);
}

fn delivery(index: usize) -> Option<Deliver> {
    DELIVERIES.lock().unwrap_or_else(PoisonError::into_inner).get(index).copied()
}
