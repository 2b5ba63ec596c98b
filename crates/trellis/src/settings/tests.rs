//! Precedence, errors and the reference page.

use std::path::{Path, PathBuf};

use super::page::{example, settings_page};
use super::*;

/// What the environment, the file and the flags give, in this order; the line of the settings that contains
/// `expected`, or the error, must start with it.
fn check(variables: &[(&str, &str)], file: &str, flags: &[(&str, &str)], expected: &str) {
    let found = match resolve(variables, file, flags) {
        Ok(settings) => format!("{settings:#?}"),
        Err(error) => format!("error: {error}"),
    };
    assert!(found.contains(expected), "expected {expected:?}, found {found}");
}

fn resolve(
    variables: &[(&str, &str)],
    file: &str,
    flags: &[(&str, &str)],
) -> Result<ServeSettings, SettingsError> {
    let mut raw = Raw::default();
    for (origin, given) in [(Origin::Variable, variables), (Origin::Flag, flags)] {
        for (name, value) in given {
            raw.give(setting(name), vec![(*value).to_owned()], origin.clone());
        }
    }
    raw.over(Raw::from_toml(file, Path::new("trellis.toml"))?).resolve()
}

fn setting(name: &str) -> &'static Setting {
    SETTINGS.iter().find(|setting| setting.name == name).expect("a setting of the table")
}

#[test]
fn the_tables_defaults_are_the_structs() {
    let flags: Vec<(&str, &str)> =
        SETTINGS.iter().filter_map(|setting| Some((setting.name, setting.default?))).collect();
    assert_eq!(resolve(&[], "", &flags), Ok(ServeSettings::default()));
    assert_eq!(resolve(&[], "", &[]), Ok(ServeSettings::default()));
}

#[test]
fn every_example_of_the_page_can_be_pasted() {
    for setting in SETTINGS {
        let line = example(setting);
        assert!(resolve(&[], &line, &[]).is_ok(), "{line}: {:?}", resolve(&[], &line, &[]));
    }
}

#[test]
fn variables_are_named_after_their_flags() {
    for setting in SETTINGS {
        assert_eq!(setting.variable, format!("TRELLIS_{}", setting.name.replace('-', "_").to_uppercase()));
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let (variables, file) = (&[("node-id", "2")], "node-id = 3");
    check(variables, file, &[("node-id", "4")], "node_id: 4");
    check(variables, file, &[], "node_id: 2");
    check(&[("node-id", "")], file, &[], "node_id: 3");
    check(&[], "", &[], "node_id: 1");
}

#[test]
fn the_file_takes_strings_numbers_and_arrays() {
    check(&[], "max-job-size = 70000", &[], "max_job_size_bytes: 70000");
    check(&[], "max-job-size = '1M'", &[], "max_job_size_bytes: 1048576");
    let two = "beanstalk = ['127.0.0.1:1', 'unix:/run/t.sock']";
    check(&[], two, &[], "port: 1");
    check(&[], two, &[], "/run/t.sock");
    check(&[], two, &[("beanstalk", "off")], "beanstalk: []");
    check(&[], "beanstalk = 'a:1,b:2'", &[], "port: 2");
}

#[test]
fn errors_name_the_place_and_the_setting() {
    check(
        &[],
        "",
        &[("max-job-size", "2G")],
        "error: --max-job-size: \"2G\" is out of range: 1 to 1008M are allowed",
    );
    check(
        &[("node-id", "0")],
        "",
        &[],
        "error: TRELLIS_NODE_ID: \"0\" is not a whole number from 1 to 65535",
    );
    check(
        &[],
        "log-level = 'inf'",
        &[],
        "error: trellis.toml: log-level: \"inf\" is not one of error, warn, info",
    );
    check(&[], "log-level = 'inf'", &[], "did you mean info?");
    check(
        &[],
        "max_job_size = 1",
        &[],
        "trellis.toml: max_job_size: there is no such setting; did you mean max-job-size?",
    );
    check(&[], "xyzzy = 1", &[], "`trellis serve --help` lists them");
    check(&[], "node-id = true", &[], "trellis.toml: node-id: true should be a string or a whole number");
    check(&[], "node-id = ", &[], "error: trellis.toml is not valid TOML");
    let missing = Raw::from_file(Path::new("/nonexistent/trellis.toml")).expect_err("no such file");
    assert!(missing.to_string().starts_with("the settings file /nonexistent/trellis.toml cannot be read"));
}

#[test]
fn every_problem_is_reported() {
    let error = resolve(&[], "", &[("node-id", "x"), ("max-job-size", "64Q")]).expect_err("two mistakes");
    assert_eq!(error.problems.len(), 2, "{error}");
}

#[test]
fn each_setting_says_how_to_do_it_right() {
    let cases = [
        ("beanstalk", "127.0.0.1", "has no port: write host:port as in 127.0.0.1:11300"),
        ("beanstalk", "off,127.0.0.1:1", "off and an address exclude each other"),
        ("beanstalk", "a:1,a:1", "a:1 is given twice"),
        ("zookeeper", "127.0.0.1", "has no port: write host:port"),
        ("http", "127.0.0.1:8080", "has no HTTP listener yet"),
        ("durability", "intervall", "did you mean interval?"),
        ("fsync-interval-ms", "0", "say durability strict instead"),
        ("fsync-interval-ms", "60001", "is not a whole number from 1 to 60000, or never"),
        ("max-connections", "-1", "is not a whole number from 1 to 1000000"),
        ("max-memory", "1K", "is too small: at least 1M is needed, or off"),
        ("max-memory", "lots", "is not a size: write bytes, or KiB, MiB, GiB as in 64K, 64M, 1G, or off"),
        ("max-job-size", "99999999999999999999G", "is not a size"),
        ("log-segment-bytes", "4K", "is out of range: 1M to 1G are allowed"),
        ("log-format", "xml", "is not one of text, json"),
        ("zookeeper-tick-ms", "0", "is not a whole number from 1 to 3600000"),
        ("zookeeper-session-timeout-max-ms", "3e9", "is not a whole number from 1 to 2147483647"),
        ("zookeeper-max-connections-per-address", "0", "is not a whole number from 1 to 1000000, or off"),
        ("max-znode-size", "1000", "is out of range: 1K to 1008M are allowed"),
        ("zookeeper-words", "stat,ruko", "did you mean ruok?; * is all, off is none"),
        ("zookeeper-words", "off,stat", "off and a word exclude each other"),
        ("zookeeper-super-digest", "super:password", "a hash of SHA-1 in base64, as in super:D/InIHSb7"),
        ("zookeeper-super-digest", "D/InIHSb7yEEbrWz8b9l71RjZJU=", "should be a user, a colon and a hash"),
        ("zookeeper-enforce-quota", "yes", "is not one of on, off"),
        ("user", "a b", "is not the name of a user"),
        ("data-dir", "", "the path is empty"),
    ];
    for (name, value, expected) in cases {
        check(&[], "", &[(name, value)], &format!("error: --{name}: "));
        check(&[], "", &[(name, value)], expected);
    }
    check(&[], "", &[("max-memory", "1M"), ("max-job-size", "2M")], "such a job could never be put");
    check(
        &[],
        "",
        &[("zookeeper-session-timeout-min-ms", "50000")],
        "(minSessionTimeout, 50000) is larger than",
    );
}

#[test]
fn accepts_what_the_reference_promises() {
    check(&[], "", &[("fsync-interval-ms", "never")], "fsync_interval: None");
    check(&[], "", &[("max-memory", "2g")], "2147483648");
    check(&[], "", &[("max-memory", "off")], "max_memory_bytes: None");
    check(&[], "", &[("zookeeper", "off"), ("http", "off")], "node_id: 1");
    check(&[], "", &[("user", "nobody")], "\"nobody\"");
    check(&[], "", &[("zookeeper-max-connections-per-address", "off")], "connections_per_address: None");
    check(&[], "", &[("zookeeper-words", "off")], "zookeeper_words: []");
    check(
        &[],
        "zookeeper-words = ['stat', 'ruok, srvr, stat']",
        &[],
        "[\n        \"ruok\",\n        \"srvr\",\n        \"stat\",\n    ]",
    );
    check(&[], "", &[("zookeeper-words", "*")], "\"wchs\"");
}

#[test]
fn the_reference_page_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let page = settings_page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("docs")).expect("docs can be created");
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/settings.md is out of date: run the tests with UPDATE=1");
}
