//! Whole files and what becomes of them, in `testdata/zoo_cfg.txt`, and the page about the keys.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::page::zoo_cfg_page;
use super::*;
use crate::settings::{Address, ServeSettings};

/// What stands for the directory of a case, and for all interfaces of a machine with or without IPv6.
const DIRECTORY: &str = "DIR";
const EVERYWHERE: &str = "EVERYWHERE";

/// A title, files with their texts, and what becomes of them.
struct Case {
    title: String,
    files: Vec<(String, String)>,
    outcome: String,
}

/// Reads cases: `== ` and a title, then for each file `= ` and a name, and its lines, then `->` and the outcome.
fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut in_outcome = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("== ") {
            in_outcome = false;
            cases.push(Case { title: title.to_owned(), files: Vec::new(), outcome: String::new() });
            continue;
        }
        let case = cases.last_mut().expect("a title comes first");
        if line == "->" {
            in_outcome = true;
        } else if let Some(name) = line.strip_prefix("= ").filter(|_| !in_outcome) {
            case.files.push((name.to_owned(), String::new()));
        } else {
            let text =
                if in_outcome { &mut case.outcome } else { &mut case.files.last_mut().expect("a file").1 };
            text.push_str(line);
            text.push('\n');
        }
    }
    cases
}

/// The tick of a real server that is told of none.
const TICK: Duration = Duration::from_secs(3);

/// What becomes of the files: settings that are neither the default nor that of the real server, warnings, problems.
fn outcome(files: &[(String, String)]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().display().to_string();
    for (name, text) in files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().expect("a directory")).expect("it can be made");
        fs::write(file, text.replace(DIRECTORY, &path)).expect("it can be written");
    }
    let read = ZooCfg::read(&directory.path().join("zoo.cfg"));
    let read = read.and_then(|zoo_cfg| {
        let settings = zoo_cfg.settings.resolve()?;
        zoo_cfg.check_data()?;
        Ok((settings, zoo_cfg.warnings))
    });
    let mut lines = Vec::new();
    match read {
        Ok((settings, warnings)) => {
            let defaults = shown(&ServeSettings { zookeeper_tick: TICK, ..ServeSettings::default() });
            lines.extend(shown(&settings).into_iter().filter(|line| !defaults.contains(line)));
            lines.extend(warnings.iter().map(|warning| format!("warning: {warning}")));
        }
        Err(error) => lines.extend(error.problems.iter().map(|problem| format!("error: {problem}"))),
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    text.replace(&path, DIRECTORY)
        .replace("[::]:", &format!("{EVERYWHERE}:"))
        .replace("0.0.0.0:", &format!("{EVERYWHERE}:"))
}

/// The settings that a zoo.cfg can give.
fn shown(settings: &ServeSettings) -> Vec<String> {
    let addresses = |addresses: &[Address]| {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        if addresses.is_empty() { "off".to_owned() } else { addresses.join(" ") }
    };
    let rows: [(&str, &dyn Display); 13] = [
        ("data-dir", &settings.data_dir.display()),
        ("node-id", &settings.node_id),
        ("zookeeper", &addresses(&settings.zookeeper)),
        ("beanstalk", &addresses(&settings.beanstalk)),
        ("tick", &settings.zookeeper_tick.as_millis()),
        ("time-out min", &settings.zookeeper_session_timeouts().0.as_millis()),
        ("time-out max", &settings.zookeeper_session_timeouts().1.as_millis()),
        ("per address", &format_args!("{:?}", settings.zookeeper_max_connections_per_address)),
        ("connections", &settings.max_connections),
        ("znode size", &settings.max_znode_size_bytes),
        ("words", &settings.zookeeper_words.join(" ")),
        ("super", &format_args!("{:?}", settings.zookeeper_super_digest)),
        ("enforce quota", &settings.zookeeper_enforce_quota),
    ];
    rows.iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

#[test]
fn whole_files_become_settings_warnings_and_problems() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/zoo_cfg.txt");
    let text = fs::read_to_string(&path).expect("the cases are there");
    let cases = cases(&text);
    assert!(cases.len() > 20, "there are {} cases", cases.len());
    let mut found = String::new();
    for case in &cases {
        found.push_str(&format!("== {}\n", case.title));
        for (name, text) in &case.files {
            found.push_str(&format!("= {name}\n{text}"));
        }
        let outcome = outcome(&case.files);
        found.push_str(&format!("->\n{outcome}\n"));
        if std::env::var_os("UPDATE").is_none() {
            assert_eq!(outcome.trim_end(), case.outcome.trim_end(), "{}", case.title);
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, found).expect("the cases can be written");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = ZooCfg::read(Path::new("/nonexistent/zoo.cfg")).expect_err("there is no such file");
    assert!(error.to_string().starts_with("/nonexistent/zoo.cfg cannot be read: "), "{error}");
}

#[test]
fn every_key_is_found_and_every_setting_is_one() {
    for key in KEYS {
        let name = key.name.replace('*', "x");
        let found = keys::find(&name).expect("it is in the list");
        assert_eq!(found.name, key.name, "one that comes before it fits as well");
        assert_eq!(keys::find(&format!("zookeeper.{name}")).map(|found| found.name), Some(key.name));
        if let Meaning::Setting(name) | Meaning::Used(Use::SessionTimeout(name), _) = key.meaning {
            assert!(SETTINGS.iter().any(|setting| setting.name == name), "{name}");
        }
    }
    assert!(keys::find("server.").is_none());
    assert!(keys::find("tickTimes").is_none());
}

#[test]
fn the_page_about_the_keys_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/zoo-cfg.md");
    let page = zoo_cfg_page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/zoo-cfg.md is out of date: run the tests with UPDATE=1");
}
