//! Paths of nodes: what ZooKeeper takes for one, and the node that stands for the root. The messages are those of
//! ZooKeeper's own client, which users and scripts know.

use thiserror::Error;

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PathError(String);

/// Refuses what is no path.
///
/// ```
/// use trellis_zk_client::path;
///
/// assert!(path::check("/app/lock").is_ok());
/// assert_eq!(path::check("app").unwrap_err().to_string(), "Path must start with / character");
/// ```
///
/// # Errors
/// If a server would refuse the path; the words are those of ZooKeeper's own client.
pub fn check(path: &str) -> Result<(), PathError> {
    let error = |text: &str| Err(PathError(text.to_owned()));
    match path {
        "" => return error("Path length must be > 0"),
        "/" => return Ok(()),
        _ if !path.starts_with('/') => return error("Path must start with / character"),
        _ if path.ends_with('/') => return error("Path must not end with / character"),
        _ => {}
    }
    let mut start = 1;
    for name in path[1..].split('/') {
        if let Some((at, reason)) = flaw(name) {
            // Positions are counted as Java does, in units of UTF-16.
            let at = path[..start + at].encode_utf16().count();
            return Err(PathError(format!("Invalid path string \"{path}\" caused by {reason} @{at}")));
        }
        start += name.len() + 1;
    }
    Ok(())
}

/// Refuses what can't be a part of a node's name. The empty text is a part of any.
///
/// # Errors
/// If a server would refuse the name for this part, or take it for more than one.
pub fn check_part(part: &str) -> Result<(), PathError> {
    match part.chars().find(|&character| character == '/' || !is_allowed(character)) {
        None => Ok(()),
        Some(character) => {
            Err(PathError(format!("{part:?} cannot be a part of a node's name: leave out {character:?}")))
        }
    }
}

/// What is wrong with a node's name, and at which of its bytes.
fn flaw(name: &str) -> Option<(usize, &'static str)> {
    match name {
        "" => return Some((0, "empty node name specified")),
        "." => return Some((0, "relative paths not allowed")),
        ".." => return Some((1, "relative paths not allowed")),
        _ => {}
    }
    let (at, character) = name.char_indices().find(|(_, character)| !is_allowed(*character))?;
    Some((at, if character == '\0' { "null character not allowed" } else { "invalid character" }))
}

fn is_allowed(character: char) -> bool {
    !matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}'
        // These take two units of UTF-16, neither of which is allowed.
        | '\u{10000}'..)
}

/// The path of a child.
pub fn child(parent: &str, name: &str) -> String {
    match parent {
        "/" => format!("/{name}"),
        _ => format!("{parent}/{name}"),
    }
}

/// The node that stands for `/`, empty if that is the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chroot(String);

impl Chroot {
    /// Reads a path; the empty one and `/` mean the root.
    ///
    /// # Errors
    /// If it is no path.
    pub fn new(path: &str) -> Result<Chroot, PathError> {
        if matches!(path, "" | "/") {
            return Ok(Chroot::default());
        }
        check(path)?;
        Ok(Chroot(path.to_owned()))
    }

    /// The node's path.
    pub fn path(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// A path as the server must be told it.
    pub fn to_server(&self, path: &str) -> String {
        match path {
            "/" => self.path().to_owned(),
            _ => format!("{}{path}", self.0),
        }
    }

    /// The same for what paths begin with: `/` means all below the node, and not its neighbours.
    pub fn to_server_prefix(&self, prefix: &str) -> String {
        format!("{}{prefix}", self.0)
    }

    /// A path of the server as the user means it. One that is not below the node is left as it is.
    pub fn to_user<'a>(&self, path: &'a str) -> &'a str {
        match path.strip_prefix(&self.0) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_as_zookeeper_does() {
        let invalid = |path: &str, reason: &str| format!("Invalid path string \"{path}\" caused by {reason}");
        let cases = [
            ("/", None),
            ("/a/b c/..x/.y/...", None),
            ("/zoé/\u{fffd}", Some(invalid("/zoé/\u{fffd}", "invalid character @5"))),
            ("", Some("Path length must be > 0".to_owned())),
            ("a/b", Some("Path must start with / character".to_owned())),
            ("/a/", Some("Path must not end with / character".to_owned())),
            ("//", Some("Path must not end with / character".to_owned())),
            ("//a", Some(invalid("//a", "empty node name specified @1"))),
            ("/a//b", Some(invalid("/a//b", "empty node name specified @3"))),
            ("/a/./b", Some(invalid("/a/./b", "relative paths not allowed @3"))),
            ("/a/..", Some(invalid("/a/..", "relative paths not allowed @4"))),
            ("/a\0", Some(invalid("/a\0", "null character not allowed @2"))),
            ("/a\tb", Some(invalid("/a\tb", "invalid character @2"))),
            ("/é\u{9f}", Some(invalid("/é\u{9f}", "invalid character @2"))),
            ("/\u{1f600}", Some(invalid("/\u{1f600}", "invalid character @1"))),
        ];
        for (path, expected) in cases {
            assert_eq!(check(path).err().map(|error| error.to_string()), expected, "{path:?}");
        }
    }

    #[test]
    fn a_part_of_a_name_is_no_path() {
        for (part, expected) in [
            ("", None),
            (".. é", None),
            ("a/b", Some("\"a/b\" cannot be a part of a node's name: leave out '/'")),
            ("a\tb", Some("\"a\\tb\" cannot be a part of a node's name: leave out '\\t'")),
        ] {
            assert_eq!(
                check_part(part).err().map(|error| error.to_string()).as_deref(),
                expected,
                "{part:?}"
            );
        }
    }

    #[test]
    fn a_chroot_is_put_before_and_taken_away() {
        let chroot = Chroot::new("/app").expect("a path");
        for (user, server) in [("/", "/app"), ("/x", "/app/x")] {
            assert_eq!((chroot.to_server(user).as_str(), chroot.to_user(server)), (server, user));
        }
        assert_eq!(chroot.to_user("/apple"), "/apple");
        let root = Chroot::new("/").expect("a path");
        for path in ["/", "/x"] {
            assert_eq!((root.to_server(path).as_str(), root.to_user(path)), (path, path));
        }
    }
}
