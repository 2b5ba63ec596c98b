//! Counting semaphores, which are undone when their holder dies, in the three-semaphore layout that PHP's `sem_get` makes;
//! so both languages exclude each other.

use std::io;
use std::time::Duration;

use libc::{c_int, sembuf};
use rustix::process::{Pid, getpid};

use super::Open;
use super::error::IpcError;
use super::key::Key;
use super::list::{Kind, list};
use crate::poll::Deadline;
use crate::sys::sem;

const KIND: Kind = Kind::Semaphore;

/// The semaphores of a set: the permits that are left, how many have opened it, and one that is 1 while the first of them
/// sets the permits.
const PERMITS: u16 = 0;
const USERS: u16 = 1;
const SETTING: u16 = 2;
const SET: c_int = 3;

/// The most permits that the system can count.
const PERMITS_MAX: u16 = 32767;

/// A counting semaphore. What its holder has not released is released when it ends, however it does.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use trellis_unix::sysv::{Key, Open, Semaphore};
///
/// let mut semaphore = Semaphore::open(Key::PRIVATE, 1, Open::OrCreate(0o600))?;
/// assert!(semaphore.acquire(None)?);
/// assert!(!semaphore.acquire(Some(Duration::from_millis(5)))?, "there is one permit only");
/// semaphore.release()?;
/// semaphore.remove()?;
/// # Ok::<(), trellis_unix::sysv::IpcError>(())
/// ```
#[derive(Debug)]
pub struct Semaphore {
    id: i32,
    name: String,
    /// The process that counts as a user of it, once there is one. A fork copies this value, but not the place.
    user: Option<Pid>,
    /// The permits that were acquired and not released, and the process that holds them.
    held: u16,
    holder: Pid,
}

/// What the system says of a semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemaphoreStatus {
    /// The permits that are left.
    pub permits: i32,
    /// How many have opened it.
    pub users: i32,
    /// How many wait for a permit.
    pub waiting: i32,
    /// The process that acquired or released last; zero for none.
    pub last: i32,
}

impl Semaphore {
    /// Opens the semaphore with this key, and makes it before if `open` says so. Whoever opens it while nobody else has
    /// it open sets how many permits there are, from 1 to 32767.
    ///
    /// # Errors
    ///
    /// It is missing, exists, is not permitted, there is no room, or [`IpcError::NotPhp`]: a set with this key has more or
    /// less than three semaphores.
    pub fn open(key: Key, permits: u16, open: Open) -> Result<Semaphore, IpcError> {
        if !(1..=PERMITS_MAX).contains(&permits) {
            return Err(IpcError::Invalid { what: "a semaphore has from 1 to 32767 permits" });
        }
        let mut semaphore = Semaphore::find(key, open)?;
        let join = || {
            let mut enter = [change(SETTING, 0), undone(SETTING, 1), undone(USERS, 1)];
            operate(semaphore.id, &mut enter, None)?;
            if sem::ask(semaphore.id, USERS.into(), libc::GETVAL)? == 1 {
                sem::set(semaphore.id, PERMITS.into(), permits.into())?;
            }
            operate(semaphore.id, &mut [undone(SETTING, -1)], None)
        };
        join().map_err(|error| semaphore.error(error))?;
        semaphore.user = Some(getpid());
        Ok(semaphore)
    }

    /// What the system says of the semaphore with this key, without opening it.
    ///
    /// # Errors
    ///
    /// It is missing, not permitted, or no set of three.
    pub fn status_of(key: Key) -> Result<SemaphoreStatus, IpcError> {
        Semaphore::find(key, Open::Existing)?.status()
    }

    /// Removes the semaphore with this key, without opening it. Whoever waits for it is told.
    ///
    /// # Errors
    ///
    /// It is missing, or not permitted.
    pub fn remove_key(key: Key) -> Result<(), IpcError> {
        let name = key.to_string();
        let id = sem::get(key.0, 0, 0).map_err(|error| IpcError::of(KIND, &name, error))?;
        sem::remove(id).map_err(|error| IpcError::of_opened(KIND, &name, error))
    }

    /// Adds a permit to the semaphore with this key, for good: it is not undone when this process ends. For one that was
    /// acquired by a process that neither released it nor had it undone.
    ///
    /// # Errors
    ///
    /// It is missing, not permitted, or would have more permits than can be counted.
    pub fn add_permit(key: Key) -> Result<(), IpcError> {
        let found = Semaphore::find(key, Open::Existing)?;
        operate(found.id, &mut [change(PERMITS, 1)], None).map_err(|error| found.error(error))
    }

    /// The set, without becoming one of its users.
    fn find(key: Key, open: Open) -> Result<Semaphore, IpcError> {
        let name = key.to_string();
        let id = match sem::get(key.0, SET, open.flags()) {
            // It has less than three.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return Err(not_php(key, name)),
            outcome => outcome.map_err(|error| IpcError::of(KIND, &name, error))?,
        };
        // It is found as a larger one, too.
        if key != Key::PRIVATE && sem::get(key.0, SET + 1, 0).is_ok() {
            return Err(not_php(key, name));
        }
        Ok(Semaphore { id, name, user: None, held: 0, holder: getpid() })
    }

    /// Its id, as `ipcs` shows it.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Acquires a permit; waits for it at most so long, without a time-out as long as it takes. Says whether there was one.
    ///
    /// # Errors
    ///
    /// It was removed meanwhile.
    pub fn acquire(&mut self, timeout: Option<Duration>) -> Result<bool, IpcError> {
        self.own();
        let acquired = in_time(operate(self.id, &mut [undone(PERMITS, -1)], timeout));
        let acquired = acquired.map_err(|error| self.error(error))?;
        self.held += u16::from(acquired);
        Ok(acquired)
    }

    /// Releases a permit.
    ///
    /// # Errors
    ///
    /// [`IpcError::Invalid`] if none was acquired here. It was removed.
    pub fn release(&mut self) -> Result<(), IpcError> {
        self.own();
        if self.held == 0 {
            return Err(IpcError::Invalid { what: "a permit that was not acquired can't be released" });
        }
        operate(self.id, &mut [undone(PERMITS, 1)], None).map_err(|error| self.error(error))?;
        self.held -= 1;
        Ok(())
    }

    /// How many permits were acquired here and not released.
    pub fn held(&self) -> u16 {
        if self.holder == getpid() { self.held } else { 0 }
    }

    /// What the system says of it.
    ///
    /// # Errors
    ///
    /// It was removed, or is not permitted.
    pub fn status(&self) -> Result<SemaphoreStatus, IpcError> {
        let ask = |number: u16, question| {
            sem::ask(self.id, number.into(), question).map_err(|error| self.error(error))
        };
        Ok(SemaphoreStatus {
            permits: ask(PERMITS, libc::GETVAL)?,
            users: ask(USERS, libc::GETVAL)?,
            waiting: ask(PERMITS, libc::GETNCNT)?,
            last: ask(PERMITS, libc::GETPID)?,
        })
    }

    /// Removes the set with this id, as [`list`](super::list()) shows it: the only way to one whose key is private.
    ///
    /// # Errors
    ///
    /// It is missing, or not permitted.
    pub fn remove_id(id: i32) -> Result<(), IpcError> {
        sem::remove(id).map_err(|error| IpcError::of_id(KIND, id, error))
    }

    /// Removes it. Whoever waits for it is told.
    ///
    /// # Errors
    ///
    /// It was removed before, or is not permitted.
    pub fn remove(&self) -> Result<(), IpcError> {
        sem::remove(self.id).map_err(|error| self.error(error))
    }

    /// In a child after a fork, begins anew: the permits are its parent's.
    fn own(&mut self) {
        self.held = self.held();
        self.holder = getpid();
    }

    fn error(&self, source: io::Error) -> IpcError {
        IpcError::of_opened(KIND, &self.name, source)
    }
}

impl Drop for Semaphore {
    /// Releases what is held, and leaves.
    fn drop(&mut self) {
        let is_user = self.user == Some(getpid());
        let held = i16::try_from(self.held()).unwrap_or(i16::MAX);
        // Nothing may make a drop wait. If it was removed, there is nothing to leave.
        if held > 0 {
            let _ = operate(self.id, &mut [undone(PERMITS, held)], Some(Duration::ZERO));
        }
        if is_user {
            let _ = operate(self.id, &mut [undone(USERS, -1)], Some(Duration::ZERO));
        }
    }
}

/// The flag as the structure has it.
const UNDO: i16 = 0x1000;
const _: () = assert!(UNDO as c_int == libc::SEM_UNDO);

fn change(number: u16, by: i16) -> sembuf {
    sembuf { sem_num: number, sem_op: by, sem_flg: 0 }
}

/// A change that is undone when the process ends.
fn undone(number: u16, by: i16) -> sembuf {
    sembuf { sem_flg: UNDO, ..change(number, by) }
}

/// Tries again when a handler has run, for as long as is left then.
fn operate(id: c_int, operations: &mut [sembuf], timeout: Option<Duration>) -> io::Result<()> {
    let deadline = Deadline::after(timeout);
    loop {
        match sem::operate(id, operations, deadline.left()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// That the set with this key has another number of semaphores than PHP's.
fn not_php(key: Key, name: String) -> IpcError {
    match list(KIND).map(|sets| sets.into_iter().find(|set| set.key == key)) {
        Ok(Some(set)) => IpcError::NotPhp { name, count: set.count },
        // It has gone since, or the system does not list its sets.
        Ok(None) | Err(_) => IpcError::WrongSize { kind: KIND, name },
    }
}

/// Whether it was done before the time-out.
fn in_time(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_counted() {
        let key = crate::sysv::testing::free_key();
        let mut one = Semaphore::open(key, 2, Open::Create(0o600)).unwrap();
        let mut other = Semaphore::open(key, 9, Open::Existing).unwrap();
        let status = |permits, users| SemaphoreStatus { permits, users, waiting: 0, last: id() };
        assert_eq!(one.status().unwrap(), status(2, 2), "only the first sets the permits");
        let at_once = Some(Duration::ZERO);
        assert!(one.acquire(None).unwrap() && other.acquire(None).unwrap());
        assert!(!one.acquire(at_once).unwrap());
        other.release().unwrap();
        assert!(matches!(other.release(), Err(IpcError::Invalid { .. })));
        assert!(one.acquire(at_once).unwrap());
        assert_eq!((one.held(), other.held()), (2, 0));
        drop(one);
        assert_eq!(other.status().unwrap(), status(2, 1), "what is dropped releases what it holds");
        assert_eq!(Semaphore::status_of(key).unwrap(), status(2, 1));
        Semaphore::add_permit(key).unwrap();
        assert_eq!(Semaphore::status_of(key).unwrap(), status(3, 1));
        Semaphore::remove_key(key).unwrap();
        assert!(matches!(other.acquire(None), Err(IpcError::Removed { .. })));
        assert!(matches!(Semaphore::status_of(key), Err(IpcError::Missing { .. })));
    }

    fn id() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    #[test]
    fn a_set_of_another_size_is_left_alone() {
        for count in [1, 2, 4, 5] {
            let key = crate::sysv::testing::free_key();
            let id = sem::get(key.0, count, libc::IPC_CREAT | 0o600).unwrap();
            let refused = [
                Semaphore::open(key, 1, Open::OrCreate(0o600)).map(drop),
                Semaphore::open(key, 1, Open::Existing).map(drop),
                Semaphore::status_of(key).map(drop),
                Semaphore::add_permit(key),
            ];
            for refused in refused {
                let wanted =
                    format!("the semaphore {key} is no PHP semaphore: {count} instead of 3 in the set");
                assert_eq!(refused.unwrap_err().to_string(), wanted);
            }
            let exists = Semaphore::open(key, 1, Open::Create(0o600));
            assert!(matches!(exists, Err(IpcError::Exists { .. })), "{exists:?}");
            let values: Vec<_> =
                (0..count).map(|number| sem::ask(id, number, libc::GETVAL).unwrap()).collect();
            assert!(values.iter().all(|value| *value == 0), "{values:?}");
            Semaphore::remove_key(key).unwrap();
        }
    }

    #[test]
    fn permits_have_bounds() {
        for permits in [0, 32768, u16::MAX] {
            let refused = Semaphore::open(Key::PRIVATE, permits, Open::OrCreate(0o600));
            assert!(matches!(refused, Err(IpcError::Invalid { .. })));
        }
        Semaphore::open(Key::PRIVATE, 32767, Open::OrCreate(0o600)).unwrap().remove().unwrap();
    }
}
