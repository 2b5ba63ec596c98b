//! What the definition of the command line produces: help, man pages, completions.

use crate::{check_golden, trellis};

/// The names of the man pages, which are those of all commands.
fn pages() -> Vec<String> {
    let dir = tempfile::tempdir().expect("a directory");
    let output = trellis().arg("man").arg(dir.path()).output().expect("trellis runs");
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).expect("text");
    let names = listed.lines().map(|path| path.rsplit('/').next().unwrap_or_default().to_owned());
    let names: Vec<String> = names.collect();
    assert!(names.iter().all(|name| dir.path().join(name).is_file()));
    names
}

#[test]
fn there_is_a_man_page_for_each_command() {
    check_golden("man.txt", &(pages().join("\n") + "\n"));
}

#[test]
fn help_pages() {
    for page in pages() {
        let name = page.trim_end_matches(".1");
        let output = trellis().args(name.split('-').skip(1)).arg("--help").output().expect("trellis runs");
        assert!(output.status.success() && output.stderr.is_empty());
        let help = String::from_utf8(output.stdout).expect("text");
        // The help indents its empty lines; a golden file is better off without.
        let help: String = help.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
        check_golden(&format!("help/{name}.txt"), &help);
    }
}

#[test]
fn completions_know_the_commands_and_the_words() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = trellis().args(["completions", shell]).output().expect("trellis runs");
        let script = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success());
        assert!(["reserve", "durability", "interval"].iter().all(|word| script.contains(word)), "{shell}");
    }
}

#[test]
fn version_says_what_was_built() {
    let output = trellis().args(["version", "--json"]).output().expect("trellis runs");
    let version: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    for key in ["commit", "target", "profile", "compiler"] {
        assert!(version[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    let output = trellis().arg("version").output().expect("trellis runs");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("trellis 0."));
}

#[test]
fn a_wrong_setting_ends_with_2_before_anything_is_touched() {
    let dir = tempfile::tempdir().expect("a directory");
    let output = trellis()
        .current_dir(dir.path())
        .env("TRELLIS_NODE_ID", "0")
        .args(["serve", "--durability", "srict"])
        .output()
        .expect("trellis runs");
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("--durability: \"srict\" is not one of strict, interval, memory"), "{message}");
    assert!(message.contains("TRELLIS_NODE_ID: \"0\""), "{message}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the directory").count(), 0);
}
