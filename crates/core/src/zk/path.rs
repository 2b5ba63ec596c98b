//! Paths as clients send them: which are valid, and what they are made of. Nothing here knows the tree.

use std::fmt::Write;

/// A valid path is `/`, or begins with `/` and has names with a `/` between them, none of which is empty, `.` or `..`
/// or contains a character that ZooKeeper forbids.
pub(super) fn is_valid(path: &str) -> bool {
    match path.strip_prefix('/') {
        None => false,
        Some("") => true,
        Some(names) => names.split('/').all(is_valid_name),
    }
}

/// See [`is_valid`].
pub(super) fn is_valid_name(name: &str) -> bool {
    let is_plain_ascii = |byte: u8| (0x20..0x7f).contains(&byte);
    !matches!(name, "" | "." | "..")
        && !name.contains('/')
        && (name.bytes().all(is_plain_ascii) || !name.chars().any(is_forbidden))
}

/// Control characters, those for private use, and everything that isn't one unit of UTF-16.
fn is_forbidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'.. )
}

/// The path of the parent, as it stands before the last `/`: empty for children of the root. None if there is no `/`,
/// or a character that would end a string in C.
pub(super) fn parent(path: &str) -> Option<&str> {
    if path.contains('\0') { None } else { path.rsplit_once('/').map(|(parent, _)| parent) }
}

/// What is behind the last `/`.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The parent of a valid path that isn't `/`, as events name it.
pub(super) fn parent_to_show(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() => parent,
        _ => "/",
    }
}

/// The path with a number of ten digits; a sign counts as one.
pub(super) fn sequential(path: &str, number: i32) -> String {
    let mut path = path.to_owned();
    write!(path, "{number:010}").expect("a string takes everything");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_judged_as_zookeeper_does() {
        for valid in [
            "/",
            "/a",
            "/a/b",
            "/.a",
            "/a.",
            "/...",
            "/a..b",
            "/..a",
            "/ ",
            "/ä/中/\u{d7ff}/\u{f900}/\u{ffef}",
        ] {
            assert!(is_valid(valid), "{valid:?}");
        }
        for invalid in [
            "",
            "a",
            "a/b",
            "//",
            "/a/",
            "/a//b",
            "/.",
            "/..",
            "/./a",
            "/a/..",
            "/a/../b",
            "/\0",
            "/a\u{1}",
            "/\u{7f}",
            "/\u{9f}",
            "/\u{e000}",
            "/\u{f8ff}",
            "/\u{fff0}",
            "/\u{ffff}",
            "/\u{10000}",
        ] {
            assert!(!is_valid(invalid), "{invalid:?}");
        }
    }

    #[test]
    fn numbers_have_ten_digits_also_when_they_have_overflowed() {
        assert_eq!(sequential("/a-", 7), "/a-0000000007");
        assert_eq!(sequential("/a-", i32::MAX), "/a-2147483647");
        assert_eq!(sequential("/a-", i32::MIN), "/a--2147483648");
        assert_eq!(sequential("/a-", -1), "/a--000000001");
    }

    #[test]
    fn parents_are_what_stands_before_the_last_slash() {
        assert_eq!(
            (parent("/a"), parent("/a/b"), parent("//x"), parent("/a/")),
            (Some(""), Some("/a"), Some("/"), Some("/a"))
        );
        assert_eq!((parent("a"), parent(""), parent("/a\0/b")), (None, None, None));
        assert_eq!(
            (name("/a/b"), name("/a/"), parent_to_show("/a"), parent_to_show("/a/b")),
            ("b", "", "/", "/a")
        );
    }
}
