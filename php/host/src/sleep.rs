//! PHP's functions that sleep: they wake when the doorbell rings, have everything delivered, and sleep on for the rest of
//! their time. What they return, and that a signal ends them, is as without us.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ext_php_rs::boxed::ZBox;
use ext_php_rs::types::{ZendHashTable, Zval};
use ext_php_rs::zend::ExecutorGlobals;

use crate::doorbell;
use crate::sys::bell::{Awoken, wait};
use crate::sys::wrapped::{Invocation, Wrapper, replace, replaces};

/// Puts ours in the place of PHP's.
pub(crate) fn wrap() {
    replace::<Sleep>();
    replace::<Usleep>();
    replace::<Nanosleep>();
    replace::<SleepUntil>();
}

/// How a sleep has ended.
enum End {
    TimeUp,
    /// By a signal or an exception, so long before its time.
    Interrupted(Duration),
}

/// Sleeps; `None` if nobody can ring, so that PHP's own function may do it.
fn sleep(duration: Duration) -> Option<End> {
    let until = Instant::now().checked_add(duration)?;
    loop {
        // A callback may fork, after which the bell is another.
        let descriptor = doorbell::awaited()?;
        let left = until.saturating_duration_since(Instant::now());
        match wait(descriptor, left) {
            Awoken::TimeUp => return Some(End::TimeUp),
            Awoken::Signal => return Some(End::Interrupted(until.saturating_duration_since(Instant::now()))),
            Awoken::Bell => doorbell::dispatch(),
        }
        let left = until.saturating_duration_since(Instant::now());
        if ExecutorGlobals::has_exception() {
            return Some(End::Interrupted(left));
        }
        if left.is_zero() {
            return Some(End::TimeUp);
        }
    }
}

/// The number of an argument, if it is one that PHP would sleep for.
fn number(invocation: &Invocation<'_>, index: usize) -> Option<u64> {
    invocation.argument(index)?.long()?.try_into().ok()
}

struct Sleep;

impl Wrapper for Sleep {
    replaces!("sleep");

    fn run(invocation: &mut Invocation<'_>) {
        // PHP takes no more of it, either.
        let seconds = number(invocation, 0).and_then(|seconds| u32::try_from(seconds).ok());
        let end = seconds.and_then(|seconds| sleep(Duration::from_secs(seconds.into())));
        match end {
            Some(End::TimeUp) => invocation.answer(0_i64),
            // As the C library does it: to the nearest second.
            Some(End::Interrupted(left)) => {
                let seconds = (left + Duration::from_millis(500)).as_secs();
                invocation.answer(i64::try_from(seconds).unwrap_or(i64::MAX));
            }
            None => invocation.call_original(),
        }
    }
}

struct Usleep;

impl Wrapper for Usleep {
    replaces!("usleep");

    fn run(invocation: &mut Invocation<'_>) {
        let microseconds = number(invocation, 0).and_then(|microseconds| u32::try_from(microseconds).ok());
        let end = microseconds.and_then(|microseconds| sleep(Duration::from_micros(microseconds.into())));
        if end.is_none() {
            invocation.call_original();
        }
    }
}

struct Nanosleep;

impl Wrapper for Nanosleep {
    replaces!("time_nanosleep");

    fn run(invocation: &mut Invocation<'_>) {
        let nanoseconds = number(invocation, 1).and_then(|nanoseconds| u32::try_from(nanoseconds).ok());
        let nanoseconds = nanoseconds.filter(|nanoseconds| *nanoseconds < 1_000_000_000);
        let end = number(invocation, 0)
            .zip(nanoseconds)
            .and_then(|(seconds, nanoseconds)| sleep(Duration::new(seconds, nanoseconds)));
        match end {
            Some(End::TimeUp) => invocation.answer(true),
            Some(End::Interrupted(left)) => invocation.answer(rest(left)),
            None => invocation.call_original(),
        }
    }
}

/// What `time_nanosleep` says about the time that it has not slept.
fn rest(left: Duration) -> Option<ZBox<ZendHashTable>> {
    let mut rest = ZendHashTable::new();
    rest.insert("seconds", i64::try_from(left.as_secs()).ok()?).ok()?;
    rest.insert("nanoseconds", i64::from(left.subsec_nanos())).ok()?;
    Some(rest)
}

struct SleepUntil;

impl Wrapper for SleepUntil {
    replaces!("time_sleep_until");

    fn run(invocation: &mut Invocation<'_>) {
        let until = invocation.argument(0).and_then(Zval::double);
        let until = until.and_then(|until| Duration::try_from_secs_f64(until).ok());
        // Of the past, PHP has something to say itself.
        let left = || until?.checked_sub(SystemTime::now().duration_since(UNIX_EPOCH).ok()?);
        let mut slept = false;
        while let Some(left) = left().filter(|left| !left.is_zero()) {
            match sleep(left) {
                None => break,
                Some(End::Interrupted(_)) if ExecutorGlobals::has_exception() => {
                    return invocation.answer(true);
                }
                // Of signals this function takes no notice.
                Some(_) => slept = true,
            }
        }
        match slept && left().is_none_or(|left| left.is_zero()) {
            true => invocation.answer(true),
            false => invocation.call_original(),
        }
    }
}
