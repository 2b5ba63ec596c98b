//! The one helper behind all scripts. A script is a text of cases between blank lines:
//!
//! ```text
//! # Why this case is here.
//! > use mail\r\n
//! Use { tube: "mail" }
//! ```
//!
//! What stands after `> ` are the bytes of a packet, in the form of [`super::bytes`]; the lines below are what
//! came of them. `UPDATE=1` in the environment rewrites the outcomes instead of comparing them.

use std::path::{Path, PathBuf};

use super::bytes;

/// Runs all cases of `testdata/NAME`. `run` gets the bytes of a case and where its packets end, and gives the
/// outcome of each packet, one line per thing.
pub(crate) fn check(name: &str, run: impl Fn(&[u8], &[usize]) -> Vec<Vec<String>>) {
    let cases = read(name);
    let outcomes: Vec<String> = cases.trim_end().split("\n\n").map(|case| run_case(case, &run)).collect();
    compare(name, &(outcomes.join("\n\n") + "\n"));
}

/// Compares a text with `testdata/NAME`, or writes it there.
pub(crate) fn compare(name: &str, actual: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(name), actual).expect("write the test data");
        return;
    }
    let expected = read(name);
    let difference = expected.lines().zip(actual.lines()).position(|(expected, actual)| expected != actual);
    assert!(
        expected == actual,
        "{name} differs from line {:?}; if this is right, run again with UPDATE=1:\n{actual}",
        difference.map(|index| index + 1),
    );
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// The case with the outcome that it has now.
fn run_case(case: &str, run: impl Fn(&[u8], &[usize]) -> Vec<Vec<String>>) -> String {
    let (mut input, mut ends) = (Vec::new(), Vec::new());
    for packet in case.lines().filter_map(|line| line.strip_prefix("> ")) {
        input.extend(bytes::parse(packet));
        ends.push(input.len());
    }
    let mut outcomes = run(&input, &ends).into_iter();
    let mut text = Vec::new();
    for line in case.lines() {
        if line.starts_with('#') {
            text.push(line.to_string());
        } else if line.starts_with("> ") {
            text.push(line.to_string());
            text.extend(outcomes.next().expect("an outcome for each packet"));
        }
    }
    text.join("\n")
}
