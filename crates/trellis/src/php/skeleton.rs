//! The files of a new module. They are templates beside this file, in which `{{name}}` stands for the module's name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Path in the new folder, and content.
const FILES: &[(&str, &str)] = &[
    (".gitignore", include_str!("skeleton/gitignore.in")),
    ("Cargo.toml", include_str!("skeleton/Cargo.toml.in")),
    ("README.md", include_str!("skeleton/README.md.in")),
    ("src/lib.rs", include_str!("skeleton/lib.rs.in")),
    ("tests/001_hello.phpt", include_str!("skeleton/001_hello.phpt.in")),
    ("tests/002_call.phpt", include_str!("skeleton/002_call.phpt.in")),
    ("tests/run", include_str!("skeleton/run.in")),
];

/// Writes the files into a new folder `name` in `parent`, and returns its path. Fails with `AlreadyExists` if there is
/// anything of that name, and each failure names the path.
pub(super) fn write(name: &str, parent: &Path) -> io::Result<PathBuf> {
    // A path that begins with "./" is only harder to read.
    let folder = if parent == Path::new(".") { PathBuf::from(name) } else { parent.join(name) };
    fs::create_dir(&folder).map_err(|error| named(&folder, &error))?;
    for (path, content) in FILES {
        let path = folder.join(path);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(&folder))?;
            fs::write(&path, content.replace("{{name}}", name))
        };
        write().map_err(|error| named(&path, &error))?;
    }
    Ok(folder)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot make {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_speak_of_the_module() {
        let parent = tempfile::tempdir().unwrap();
        let folder = write("greeter", parent.path()).unwrap();
        assert_eq!(folder, parent.path().join("greeter"));
        for (path, _) in FILES {
            let text = fs::read_to_string(folder.join(path)).unwrap();
            assert!(!text.contains("{{"), "{path}: {text}");
        }
        let code = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(code.contains("pub fn greeter_hello(name: &str) -> String {"), "{code}");
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("greeter"), "mine").unwrap();
        let error = write("greeter", parent.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("greeter"), "{error}");
        assert_eq!(fs::read_to_string(parent.path().join("greeter")).unwrap(), "mine");
    }

    #[test]
    fn a_missing_parent_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let missing = parent.path().join("missing");
        let error = write("greeter", &missing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("missing"), "{error}");
    }
}
