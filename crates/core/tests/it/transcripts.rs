//! Runs the scripts in `testdata`. Their language is described in `script/mod.rs`.

use std::path::PathBuf;

use crate::script;

#[test]
fn scripts_cause_what_they_say() {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let entries = std::fs::read_dir(&directory).expect("the folder testdata exists");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    assert!(paths.len() > 10, "the scripts are missing");
    let mut differing = Vec::new();
    for path in paths {
        let expected = std::fs::read_to_string(&path).expect("a script is text");
        let found = script::run(&expected).unwrap_or_else(|trouble| panic!("{}: {trouble}", path.display()));
        if found == expected {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, found).expect("a script can be written");
        } else {
            differing.push(format!("{}:\n{}", path.display(), first_difference(&expected, &found)));
        }
    }
    assert!(differing.is_empty(), "{}\nUPDATE=1 rewrites the scripts", differing.join("\n"));
}

fn first_difference(expected: &str, found: &str) -> String {
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    match lines.find(|(_, (expected, found))| expected != found) {
        Some((index, (expected, found))) => {
            format!("line {}: expected {expected:?}, found {found:?}", index + 1)
        }
        None => format!("expected {} lines, found {}", expected.lines().count(), found.lines().count()),
    }
}
