//! The cases in `testdata/config`: files with what is wrong in them, and files with what they mean. A case is a file's
//! text, a line `----`, and what comes out; a line `====` separates cases. `UPDATE=1` rewrites what comes out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::keys::{self, Form, Key};
use super::{Config, ConfigError, defaults, json_schema, reference_page};

/// Compares a file of the repository with what it should say.
#[track_caller]
fn golden(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, wanted, "{} is behind; UPDATE=1 rewrites it", path.display());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[track_caller]
fn cases(name: &str, outcome: fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/config").join(name);
    let text = std::fs::read_to_string(&path).expect("the cases are there");
    let mut written = String::new();
    for (index, case) in text.split("====\n").enumerate() {
        let (file, _) = case.split_once("----\n").unwrap_or((case, ""));
        let separator = if index == 0 { "" } else { "====\n" };
        let _ = write!(written, "{separator}{file}----\n{}", outcome(file));
    }
    golden(&path, &written);
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("workers.toml"))
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    cases("errors.txt", |text| format!("{}\n", parse(text).expect_err("the case is about an error")));
}

#[test]
fn what_is_right_is_complete() {
    cases("programs.txt", |text| {
        let config = parse(text).unwrap_or_else(|error| panic!("{error}"));
        let mut written = String::new();
        for program in &config.programs {
            let _ = writeln!(written, "{program:#?}");
        }
        written
    });
}

#[test]
fn the_server_is_this_machine_unless_it_is_named() {
    let program = "[program.a]\ncommand = \"true\"\n";
    let config = parse(program).expect("a program");
    assert_eq!(config.server, defaults::server());
    let text = "[server]\nzookeeper = \"a:1, b:2\"\nbeanstalk = [\"c:3\"]\nsession_timeout = \"2s\"\nroot = \"/x/y\"\n";
    let config = parse(&format!("{text}{program}")).expect("a server");
    assert_eq!(config.server.zookeeper, ["a:1", "b:2"]);
    assert_eq!(config.server.beanstalk, ["c:3"]);
    assert_eq!(config.server.session_timeout.as_secs(), 2);
    assert_eq!(config.server.root, "/x/y");
}

#[test]
fn every_default_is_what_the_page_says() {
    let given = |key: &Key<keys::Draft>| !key.default.starts_with('(');
    for key in keys::program_keys().filter(|key| given(key)) {
        let Some(work) = work_for(key.name) else { continue };
        let without = format!("[program.a]\ncommand = \"true\"\n{work}");
        let with = format!("{without}{} = {}\n", key.name, key.default);
        assert_eq!(parse(&without), parse(&with), "{}", key.name);
        assert!(parse(&with).is_ok(), "{}: {:?}", key.name, parse(&with));
    }
    for key in keys::server_keys() {
        let text = format!("[server]\n{} = {}\n[program.a]\ncommand = \"true\"\n", key.name, key.default);
        assert_eq!(parse(&text).expect("a default").server, defaults::server(), "{}", key.name);
    }
}

#[test]
fn every_example_is_right() {
    for key in keys::program_keys() {
        let own = ["command", "tube", "schedule", "mode"];
        let work = if own.contains(&key.name) { "" } else { work_for(key.name).unwrap_or_default() };
        let command = if key.name == "command" { "" } else { "command = \"true\"\n" };
        let tube = if key.name == "mode" { "tube = \"t\"\n" } else { "" };
        let after = if key.name == "after" {
            "[program.database]\ncommand = \"true\"\n[program.cache]\ncommand = \"true\"\n"
        } else {
            ""
        };
        let text = format!("{after}[program.a]\n{command}{tube}{work}{}\n", key.example);
        assert!(parse(&text).is_ok(), "{}: {:?}", key.name, parse(&text));
    }
    for key in keys::server_keys() {
        let text = format!("[server]\n{}\n[program.a]\ncommand = \"true\"\n", key.example);
        assert!(parse(&text).is_ok(), "{}: {:?}", key.name, parse(&text));
    }
}

/// Keys with which another key makes sense; `None` where its default alone makes none.
fn work_for(name: &str) -> Option<&'static str> {
    Some(match name {
        "command" | "tube" | "schedule" => return None,
        "mode" | "max_tries" => "tube = \"t\"\n",
        "prefetch" => "tube = \"t\"\nmode = \"stream\"\n",
        "timezone" | "missed" | "overlap" => "schedule = \"* * * * *\"\n",
        name if name.starts_with("retry.") || name.starts_with("processes.") => "tube = \"t\"\n",
        _ => "",
    })
}

#[test]
fn defaults_hold_for_all_and_may_say_what_only_some_need() {
    let text = "[defaults]\nmax_tries = 2\nrestart = \"never\"\nenvironment = { A = \"1\", B = \"2\" }\nprocesses = 3\n\
                [program.a]\ncommand = \"true\"\nenvironment = { B = \"3\" }\n\
                [program.b]\ncommand = \"true\"\nprocesses = 1\nrestart = \"always\"\n";
    let config = parse(text).expect("two programs");
    let [a, b] = &config.programs[..] else { panic!("two programs") };
    assert_eq!((a.processes.max, b.processes.max), (3, 1));
    assert_eq!(a.restart, super::Restart::Never);
    assert_eq!(b.restart, super::Restart::Always);
    assert_eq!(a.environment.values().collect::<Vec<_>>(), ["1", "3"]);
}

#[test]
fn programs_come_in_the_order_of_their_start() {
    let text = "[program.a]\ncommand = \"true\"\nafter = \"c\"\n[program.b]\ncommand = \"true\"\n\
                [program.c]\ncommand = \"true\"\nafter = [\"d\", \"b\"]\n[program.d]\ncommand = \"true\"\n";
    let config = parse(text).expect("four programs");
    let names: Vec<&str> = config.programs.iter().map(|program| program.name.as_str()).collect();
    assert_eq!(names, ["b", "d", "c", "a"]);
}

#[test]
fn names_of_keys_are_unique_and_every_choice_has_words() {
    let mut names: Vec<&str> = keys::program_keys().map(|key| key.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for key in keys::program_keys() {
        assert!(!matches!(key.form, Form::Words([], _)), "{}", key.name);
        assert!(key.help.ends_with('.'), "{}", key.name);
    }
}

#[test]
fn ten_thousand_programs_are_read_and_one_more_is_refused() {
    let file = |count: usize| -> String {
        (0..count).map(|number| format!("[program.p{number}]\ncommand = \"true\"\nprocesses = 2\n")).collect()
    };
    assert_eq!(parse(&file(10_000)).expect("many programs").programs.len(), 10_000);
    let error = parse(&file(10_001)).expect_err("too many programs");
    assert_eq!(error.to_string(), "workers.toml:1: program: there are more than 10000 programs");
}

#[test]
fn no_text_panics() {
    let valid = std::fs::read_to_string(root().join("examples/workers.toml")).expect("the example is there");
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    println!("seed {seed}");
    let pieces =
        ["\"", "=", "[", "]", "{", "}", "\n", ".", "#", "-", "9", "\\", "ä", "'", "1979-05-27", "nan", "\0"];
    for _ in 0..500 {
        let mut text: Vec<char> = valid.chars().collect();
        for _ in 0..random.usize(1..6) {
            let (from, length) = (random.usize(0..text.len()), random.usize(0..8));
            let to = (from + length).min(text.len());
            text.splice(from..to, random.choice(pieces).expect("there are some").chars());
        }
        let _ = parse(&text.into_iter().collect::<String>());
    }
    for deep in ["[", "{a=", "a.", "[[", "[a."] {
        assert!(parse(&format!("a = {}", deep.repeat(100_000))).is_err());
        assert!(parse(&deep.repeat(100_000)).is_err());
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load(Path::new("no/such/workers.toml")).expect_err("no file");
    assert!(error.to_string().starts_with("no/such/workers.toml cannot be read: "), "{error}");
}

#[test]
fn what_is_not_a_file_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("workers.toml");
    let _fifo = trellis_unix::fifo::Fifo::create(&pipe, 0o600).expect("a pipe");
    let error = Config::load(&pipe).expect_err("no file");
    assert!(error.to_string().ends_with("workers.toml cannot be read: it is not a file"), "{error}");
}

#[test]
fn the_example_is_right() {
    let path = root().join("examples/workers.toml");
    let config = Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.programs.len() >= 4);
}

#[test]
fn the_reference_page_is_up_to_date() {
    golden(&root().join("docs/workers.md"), &reference_page());
}

#[test]
fn the_schema_is_up_to_date() {
    golden(&root().join("docs/workers.schema.json"), &json_schema());
}
