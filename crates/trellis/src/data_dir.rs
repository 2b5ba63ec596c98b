//! Why the data directory can't be used, and what to do about it, in words. Only looks; makes and changes nothing.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, access};
use trellis_replica::StartError;

use crate::exit::{Exit, Failure};
use crate::user;

/// Makes sure that files can be made in the directory, if it exists. Else a server that may use all files that are there
/// would start, and find out when the log needs its next one.
pub(crate) fn check(data_dir: &Path) -> Result<(), Failure> {
    match access(data_dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Err(error) if data_dir.is_dir() => {
            let error = io::Error::from(error);
            let tried = format!("files cannot be made in {}: {error}", data_dir.display());
            Err(unusable(&tried, error.kind(), data_dir, data_dir))
        }
        _ => Ok(()),
    }
}

/// Explains why a server has not started on `data_dir`, which is an absolute path.
pub(crate) fn explain(error: &StartError, data_dir: &Path) -> Failure {
    match error.refused() {
        Some((refused, answer)) => unusable(&error.to_string(), answer.kind(), data_dir, refused),
        None => Failure::new(Exit::Internal, error.to_string()),
    }
}

/// What was `tried` has failed, since the system has refused the use of `refused`.
fn unusable(tried: &str, answer: ErrorKind, data_dir: &Path, refused: &Path) -> Failure {
    let failure = |message: String| Failure::new(Exit::Internal, message);
    if let Some(what) = no_directory(data_dir) {
        return failure(format!("--data-dir {} cannot be used: {what}", data_dir.display()))
            .hint("name a directory; it is made, and its parents, if it does not exist");
    }
    match answer {
        ErrorKind::PermissionDenied => {
            let user = user::current();
            failure(format!("user {user} cannot use the data directory (--data-dir): {tried}"))
                .hint(remedy(&user, data_dir, refused))
        }
        ErrorKind::ReadOnlyFilesystem => {
            failure(format!("the data directory (--data-dir) cannot be used: {tried}"))
                .hint("its file system is mounted read-only: mount it writable, or choose another directory")
        }
        _ => failure(format!("the data directory (--data-dir) cannot be used: {tried}")),
    }
}

/// What is there instead of the directory or of one of its parents.
fn no_directory(data_dir: &Path) -> Option<String> {
    data_dir.ancestors().find_map(|path| match path.metadata() {
        Ok(metadata) if metadata.is_dir() => None,
        Ok(metadata) if metadata.is_file() => Some(format!("{} is a file, not a directory", path.display())),
        Ok(_) => Some(format!("{} is not a directory", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            Some(format!("{} is a symbolic link to nothing", path.display()))
        }
        Err(_) => None,
    })
}

/// What the user, or root, can do so that `refused` is not refused again.
fn remedy(user: &str, data_dir: &Path, refused: &Path) -> String {
    let obstacle = obstacle(refused);
    let Some(metadata) = obstacle.metadata().ok().filter(|_| user != "root") else {
        return "even root is refused: look at how the file system is mounted, and at lsattr".to_owned();
    };
    let owner = user::name_of(metadata.uid());
    let what = format!("{} belongs to {owner}, mode {:o}", obstacle.display(), metadata.mode() & 0o7777);
    let data_dir_shown = data_dir.display();
    if !obstacle.starts_with(data_dir) {
        return match access(obstacle, Access::EXEC_OK) {
            Ok(()) => {
                format!("{what}: make the directory as root: install -d -o {user} -m 700 {data_dir_shown}")
            }
            Err(_) => format!("{what}: let {user} enter it, or choose another directory"),
        };
    }
    match owner == user {
        true => format!("{what}: chmod -R u+rwX {data_dir_shown}"),
        false => format!("{what}: give the directory to {user} as root: chown -R {user} {data_dir_shown}"),
    }
}

/// The file or directory whose rights stand in the way of using `refused`, as far as that can be seen.
fn obstacle(refused: &Path) -> &Path {
    let seen = refused.ancestors().find(|path| path.metadata().is_ok()).unwrap_or(refused);
    // A file that may be used could not be made, renamed or removed, which is up to its directory.
    match seen.parent() {
        Some(parent) if seen.is_file() && access(seen, Access::READ_OK | Access::WRITE_OK).is_ok() => parent,
        _ => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_that_can_not_be_written_is_told_as_that() {
        let data_dir = tempfile::tempdir().expect("a directory");
        let refused = data_dir.path().join("manifest");
        let tried = format!("opening {} failed", refused.display());
        let failure = unusable(&tried, ErrorKind::ReadOnlyFilesystem, data_dir.path(), &refused);
        assert!(failure.message.contains("--data-dir") && failure.message.ends_with(&tried), "{failure}");
        assert!(failure.hint.is_some_and(|hint| hint.contains("mounted read-only")));
    }
}
