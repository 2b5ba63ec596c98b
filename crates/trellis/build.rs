//! Finds out what `trellis version` prints: commit, target, profile and compiler.

use std::env;
use std::process::Command;

fn main() {
    let commit = first_line("git", &["rev-parse", "--short=12", "HEAD"]);
    set("TRELLIS_COMMIT", commit.as_deref().unwrap_or("unknown"));
    set("TRELLIS_TARGET", &env::var("TARGET").unwrap_or_default());
    set("TRELLIS_PROFILE", &env::var("PROFILE").unwrap_or_default());
    let compiler = env::var("RUSTC").ok().and_then(|rustc| first_line(&rustc, &["--version"]));
    set("TRELLIS_COMPILER", compiler.as_deref().unwrap_or("unknown"));

    println!("cargo::rerun-if-changed=build.rs");
    // The log of HEAD grows with each commit and checkout, in a linked worktree too.
    if let Some(path) = first_line("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn set(name: &str, value: &str) {
    println!("cargo::rustc-env={name}={value}");
}

/// The first line that a program prints, if it can be run and succeeds.
fn first_line(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}
