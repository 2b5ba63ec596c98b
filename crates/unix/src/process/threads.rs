//! How many threads this process has.

use std::{fs, io};

/// How many threads this process has; at least one.
///
/// One means that there are no others and, since only the caller could start some, that there will be none.
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
    fn threads_are_counted() {
        let one_more = std::thread::scope(|scope| {
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
