//! The versioned bytes of everything that replication keeps or sends: batches of commands, log payloads, votes,
//! snapshots. Only meaning is here; files are `wal`'s.
//!
//! To change a format: give it a new version number first, keep the reader of the old version as it is under its
//! old name, and add a golden file for the new one.

pub(crate) mod entry;
pub(crate) mod payload;
mod reader;
pub(crate) mod snapshot;

pub(crate) use reader::{FormatError, Reader};

/// Holds bytes against the golden file of their version, which is only ever written once: with `UPDATE=1`, and if it
/// isn't there yet.
#[cfg(test)]
pub(crate) fn assert_golden(name: &str, bytes: &[u8]) {
    let path = golden_path(name);
    if std::env::var_os("UPDATE").is_some() && !path.exists() {
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(
        bytes == golden(name),
        "the bytes of {name} have changed: what is on disk could not be read any more"
    );
}

/// The bytes of a version as they were once written.
#[cfg(test)]
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = golden_path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
fn golden_path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}
