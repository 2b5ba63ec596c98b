//! Runs the binary: help and man pages against golden files, `trellis tube` and `trellis zk` against scripted
//! servers.
//!
//! With `UPDATE=1` the golden files are rewritten instead of compared.

mod fake;
mod help;
mod ipc;
mod php;
mod script;
mod tube;
mod zk;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The binary with nothing of this environment: no settings, no terminal.
fn trellis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Compares with a golden file, or with `UPDATE=1` rewrites it.
fn check_golden(name: &str, found: &str) {
    let path = testdata(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, found).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} differs, UPDATE=1 would rewrite it; found:\n{found}");
}
