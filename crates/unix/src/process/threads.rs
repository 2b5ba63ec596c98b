//! How many threads this process has.

use std::time::Duration;
use std::{fs, io, thread};

use crate::limits::ENDING_THREADS_MILLISECONDS_MAX;
use crate::poll::Deadline;

/// How many threads this process has; at least one.
///
/// One means that there are no others and, since only the caller could start some, that there will be none. More may mean
/// less: the system counts a thread for some moments after it has ended and was joined.
///
/// # Errors
///
/// `/proc` is not there, or not what it is on Linux.
pub fn threads() -> io::Result<usize> {
    let text = fs::read_to_string("/proc/self/stat")?;
    parse(&text).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, "/proc/self/stat does not look as on Linux")
    })
}

/// The same, where others are looked for again for some moments: they may have ended already.
pub(super) fn settled() -> io::Result<usize> {
    settle(threads)
}

fn settle(mut look: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    let deadline = Deadline::after(Some(Duration::from_millis(ENDING_THREADS_MILLISECONDS_MAX)));
    let mut pause = Duration::from_micros(20);
    loop {
        let threads = look()?;
        if threads == 1 || deadline.left() == Some(Duration::ZERO) {
            return Ok(threads);
        }
        thread::sleep(pause);
        pause *= 2;
    }
}

/// The field `num_threads`, which is the twentieth. The second is the program's name and may contain anything.
fn parse(stat: &str) -> Option<usize> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(17)?.parse().ok().filter(|threads| *threads > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_may_be_anything() {
        let fields = |name: &str| format!("7 ({name}) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 42 0 99\n");
        for name in ["cat", "a b", ") S 1 2", "", "(("] {
            assert_eq!(parse(&fields(name)), Some(42), "{name}");
        }
        for text in ["", "7 cat S 1 2", "7 (cat) S 1 2", "7 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn threads_that_end_are_not_counted_for_long() {
        let mut looks = [3, 2, 1, 2].into_iter();
        assert_eq!(settle(|| Ok(looks.next().unwrap())).unwrap(), 1);
        assert_eq!(looks.next(), Some(2), "one is final");
        assert_eq!(settle(|| Ok(2)).unwrap(), 2, "one that stays is told");
        assert!(settle(|| Err(io::ErrorKind::NotFound.into())).is_err());
    }

    #[test]
    fn threads_are_counted() {
        let one_more = thread::scope(|scope| {
            let (end, wait) = std::sync::mpsc::channel::<()>();
            let thread = scope.spawn(move || wait.recv());
            let counted = threads().unwrap();
            drop(end);
            assert!(thread.join().unwrap().is_err());
            counted
        });
        assert!(one_more >= 2);
    }
}
