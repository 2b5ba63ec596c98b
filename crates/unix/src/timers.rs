//! Timers as descriptors that become readable. There is no signal and no thread behind them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_gettime,
    timerfd_settime,
};

use crate::poll::{Deadline, readable};

/// A timer, once or periodic, on a clock that nobody sets; it does not run while the machine is suspended. As a
/// descriptor it is readable when it has expired. After a fork, parent and child share it.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use trellis_unix::timers::Timer;
///
/// let timer = Timer::every(Duration::from_millis(2))?;
/// assert!(timer.wait(None)? >= 1);
/// timer.cancel()?;
/// assert_eq!(timer.wait(Some(Duration::from_millis(10)))?, 0);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Timer {
    descriptor: OwnedFd,
}

impl Timer {
    /// A timer that is not set.
    ///
    /// # Errors
    ///
    /// There are too many open files.
    pub fn new() -> io::Result<Timer> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Timer { descriptor: timerfd_create(TimerfdClockId::Monotonic, flags)? })
    }

    /// A timer that expires once.
    ///
    /// # Errors
    ///
    /// There are too many open files.
    pub fn once(after: Duration) -> io::Result<Timer> {
        let timer = Timer::new()?;
        timer.set(after, Duration::ZERO)?;
        Ok(timer)
    }

    /// A timer that expires again and again, for the first time after one period.
    ///
    /// # Errors
    ///
    /// There are too many open files.
    pub fn every(period: Duration) -> io::Result<Timer> {
        let timer = Timer::new()?;
        timer.set(period, period.max(SHORTEST))?;
        Ok(timer)
    }

    /// Sets it anew: it expires after `first`, and then, unless that is zero, after each `period`. What has expired
    /// and was not taken is forgotten.
    ///
    /// # Errors
    ///
    /// A duration is longer than the system's clock can say: 292 thousand million years.
    pub fn set(&self, first: Duration, period: Duration) -> io::Result<()> {
        // Zero would be no timer at all.
        self.arm(first.max(SHORTEST), period)
    }

    /// Unsets it. What has expired and was not taken is forgotten.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn cancel(&self) -> io::Result<()> {
        self.arm(Duration::ZERO, Duration::ZERO)
    }

    /// How long it is until it expires next; `None` if it is not set, or was once and has expired.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn remaining(&self) -> io::Result<Option<Duration>> {
        let left = timerfd_gettime(&self.descriptor)?.it_value;
        let left = Duration::try_from(left).map_err(io::Error::other)?;
        Ok((left > Duration::ZERO).then_some(left))
    }

    /// Takes what has expired since the last time: how often. Zero if it has not.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn take(&self) -> io::Result<u64> {
        let mut count = [0; 8];
        loop {
            match rustix::io::read(&self.descriptor, &mut count) {
                Ok(_) => return Ok(u64::from_ne_bytes(count)),
                Err(Errno::AGAIN) => return Ok(0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until it has expired, at most so long, and takes how often it has. Zero after the time-out.
    ///
    /// Without a time-out it waits for ever for a timer that is not set.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<u64> {
        let deadline = Deadline::after(timeout);
        loop {
            let in_time = readable(self.as_fd(), deadline.left())?;
            // What has expired may be taken by another process before it is taken here.
            let count = self.take()?;
            if count > 0 || !in_time {
                return Ok(count);
            }
        }
    }

    fn arm(&self, first: Duration, period: Duration) -> io::Result<()> {
        let time =
            |duration| Timespec::try_from(duration).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput));
        let setting = Itimerspec { it_value: time(first)?, it_interval: time(period)? };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::empty(), &setting)?;
        Ok(())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// The shortest time that is one.
const SHORTEST: Duration = Duration::from_nanos(1);

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn once_is_once_and_not_early() {
        for milliseconds in [0, 1, 3, 20] {
            let after = Duration::from_millis(milliseconds);
            let began = Instant::now();
            let timer = Timer::once(after).unwrap();
            assert_eq!(timer.wait(None).unwrap(), 1);
            assert!(began.elapsed() >= after);
            assert_eq!((timer.take().unwrap(), timer.remaining().unwrap()), (0, None));
        }
    }

    #[test]
    fn periods_that_nobody_took_are_counted() {
        let began = Instant::now();
        let timer = Timer::every(Duration::from_millis(1)).unwrap();
        let mut counted = 0;
        while counted < 20 {
            counted += timer.wait(None).unwrap();
        }
        let whole = u64::try_from(began.elapsed().as_millis()).unwrap();
        assert!(counted <= whole, "{counted} periods in {whole} ms");
    }

    #[test]
    fn a_timer_can_be_set_anew_and_unset() {
        let timer = Timer::new().unwrap();
        assert_eq!(timer.remaining().unwrap(), None);
        timer.set(Duration::from_secs(3600), Duration::ZERO).unwrap();
        assert!(timer.remaining().unwrap() > Some(Duration::from_secs(3500)));
        timer.set(Duration::ZERO, Duration::from_millis(1)).unwrap();
        assert!(timer.wait(None).unwrap() >= 1);
        timer.cancel().unwrap();
        assert_eq!((timer.remaining().unwrap(), timer.take().unwrap()), (None, 0));
    }
}
