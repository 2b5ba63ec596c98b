//! What the handles of a session and its driver share: the machine, the connection's socket, and everybody who waits
//! for something. One lock guards all of it, and nobody waits for anything while holding it.
//!
//! After a fork, the child must neither use the connection nor tell the server anything, as both are its parent's. So
//! the socket lies in here and nowhere else: it can be closed by whoever is left.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use super::inner::Inner;
use crate::error::{ConnectError, Loss};
use crate::machine::{Machine, Wanted};
use crate::path::Chroot;
use crate::servers::Server;
use crate::settings::Settings;

/// A connected socket that never blocks.
pub(crate) trait Link: Send {
    /// As [`io::Read::read`].
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// As [`io::Write::write`].
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// How a driver is called when it has something to do.
pub(crate) trait Rouse: Send + Sync {
    /// Has the driver take a [`Shared::turn`] soon.
    fn rouse(&self);
}

/// What a driver has to tell.
pub(crate) enum Input {
    /// Nothing; it may have been roused, or a time has come.
    Nothing,
    /// The wanted connection is there.
    Opened(Box<dyn Link>),
    /// There may be something to read.
    Readable,
    /// The connection has ended, or could not be made.
    Lost(Loss),
}

/// What a driver has to do.
pub(crate) struct Turn {
    /// The connection that there should be, and with whom. Another number is another connection.
    pub(crate) wanted: Option<(Wanted, Server)>,
    /// When the next turn is due.
    pub(crate) deadline: Option<Instant>,
    /// Whether a turn is due as soon as the socket takes bytes.
    pub(crate) writing: bool,
    /// Whether nobody has any use for the session any more.
    pub(crate) over: bool,
}

/// Something that is to be done without anybody waiting for it.
type Chore = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is shared.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    chores: Mutex<Vec<Chore>>,
    /// Whether a chore may be able to go on.
    chores_due: AtomicBool,
    rouse: Arc<dyn Rouse>,
    process: u32,
    /// The driver's clock.
    now: fn() -> Instant,
    pub(crate) chroot: Chroot,
}

impl Shared {
    /// A session that is to begin, driven by whoever is roused so.
    pub(crate) fn new(
        settings: &Settings,
        rouse: Arc<dyn Rouse>,
        now: fn() -> Instant,
    ) -> Result<Arc<Shared>, ConnectError> {
        let seed = getrandom::u64().map_err(|error| ConnectError::System(error.to_string()))?;
        // They are shown one by one, so that each is known to be accepted.
        let without = Settings { identities: Vec::new(), ..settings.clone() };
        let inner = Inner::new(Machine::new(&without, seed, now()));
        Ok(Arc::new(Shared {
            inner: Mutex::new(inner),
            chores: Mutex::new(Vec::new()),
            chores_due: AtomicBool::new(false),
            rouse,
            process: std::process::id(),
            now,
            chroot: settings.servers.chroot.clone(),
        }))
    }

    /// The driver's time.
    pub(crate) fn now(&self) -> Instant {
        (self.now)()
    }

    /// Whether this is not the process that began the session.
    pub(crate) fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }

    /// The lock. Everything in it is whole between two statements, so a panic elsewhere does not spoil it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and does what follows from it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Inner, Instant) -> T) -> T {
        let now = self.now();
        let mut inner = self.lock();
        let outcome = change(&mut inner, now);
        let wakers = inner.settle(&self.chroot);
        let rouse = inner.news();
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        if rouse {
            self.rouse.rouse();
        }
        outcome
    }

    /// Takes in what a driver has to tell, and tells it what to do. Only the driver calls this.
    pub(crate) fn turn(self: &Arc<Self>, mut input: Input) -> Turn {
        loop {
            let now = self.now();
            let mut inner = self.lock();
            let more = inner.take(&mut input, now);
            let mut wakers = inner.fire_timers(now);
            wakers.extend(inner.settle(&self.chroot));
            let turn = inner.tell();
            drop(inner);
            wakers.into_iter().for_each(Waker::wake);
            if !more {
                self.do_chores();
                return turn;
            }
        }
    }

    /// There is no driver any more: whoever waits has waited in vain.
    pub(crate) fn stop(&self) {
        let timers = self.change(|inner, _| {
            inner.machine.abandon();
            inner.link = None;
            std::mem::take(&mut inner.timers)
        });
        timers.into_values().for_each(Waker::wake);
        self.drop_chores();
    }

    /// There is no handle any more.
    pub(crate) fn abandon(&self) {
        if self.is_forked() {
            // The parent's threads are not here, and may have left the lock taken.
            if let Ok(mut inner) = self.inner.try_lock() {
                inner.link = None;
            }
            return;
        }
        self.lock().abandoned = true;
        self.rouse.rouse();
    }

    /// Has something done that nobody waits for. It must not keep a handle, or the session would never be abandoned.
    pub(crate) fn spawn(&self, chore: impl Future<Output = ()> + Send + 'static) {
        self.lock_chores().push(Box::pin(chore));
        self.chores_due.store(true, Ordering::Release);
        if self.lock().machine.state().is_over() {
            self.drop_chores();
        } else {
            self.rouse.rouse();
        }
    }

    fn do_chores(self: &Arc<Self>) {
        if !self.chores_due.swap(false, Ordering::AcqRel) {
            return;
        }
        let waker = Waker::from(Arc::new(ChoreWaker(Arc::downgrade(self))));
        let mut context = Context::from_waker(&waker);
        let mut chores = std::mem::take(&mut *self.lock_chores());
        chores.retain_mut(|chore| chore.as_mut().poll(&mut context).is_pending());
        self.lock_chores().append(&mut chores);
        if self.chores_due.load(Ordering::Acquire) {
            self.rouse.rouse();
        }
    }

    /// The session is over: chores see that, and are dropped. They are without their lock, and without the other one,
    /// which they may take.
    fn drop_chores(&self) {
        let mut context = Context::from_waker(Waker::noop());
        for mut chore in std::mem::take(&mut *self.lock_chores()) {
            // Most have nothing left to wait for; what one waits for all the same, will never be.
            let _ = chore.as_mut().poll(&mut context);
        }
    }

    fn lock_chores(&self) -> MutexGuard<'_, Vec<Chore>> {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct ChoreWaker(std::sync::Weak<Shared>);

impl Wake for ChoreWaker {
    fn wake(self: Arc<Self>) {
        if let Some(shared) = self.0.upgrade() {
            shared.chores_due.store(true, Ordering::Release);
            shared.rouse.rouse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    struct Nobody;

    impl Rouse for Nobody {
        fn rouse(&self) {}
    }

    /// A socket that says whether anything was written.
    struct Witness(Arc<AtomicBool>);

    impl Link for Witness {
        fn read(&self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }

        fn write(&self, bytes: &[u8]) -> io::Result<usize> {
            self.0.store(true, Ordering::Relaxed);
            Ok(bytes.len())
        }
    }

    /// Whether a handshake goes out over a connection that is there after this.
    fn greets(before: impl FnOnce(Client)) -> bool {
        let settings = Settings::new("a").expect("an address");
        let shared = Shared::new(&settings, Arc::new(Nobody), Instant::now).expect("random numbers");
        assert!(shared.turn(Input::Nothing).wanted.is_some());
        before(Client::new(Arc::clone(&shared)));
        let has_written = Arc::new(AtomicBool::new(false));
        shared.turn(Input::Opened(Box::new(Witness(Arc::clone(&has_written)))));
        has_written.load(Ordering::Relaxed)
    }

    /// The session may have gone on elsewhere by then.
    #[test]
    fn a_session_that_nobody_uses_is_not_asked_for_again() {
        let mut kept = None;
        assert!(greets(|client| kept = Some(client)));
        assert!(!greets(drop));
    }
}
