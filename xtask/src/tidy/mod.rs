//! `cargo xtask tidy`: the project's own lint. Each rule is one small function from the repository to
//! findings; what a rule tolerates, and why, stands in [`exceptions`].
//!
//! What rustfmt, clippy or the compiler can check does not belong here.

mod boundaries;
mod clippy;
mod dependencies;
mod documents;
mod exceptions;
mod files;
mod licences;
mod lints;
mod mask;
mod metadata;
mod repository;
mod style;
mod words;

use std::fmt;
use std::path::PathBuf;

use anyhow::{Result, bail};

pub(crate) use documents::TEST_COMMAND;
use exceptions::{EXCEPTIONS, Exception};
use repository::Repository;

/// All rules by name; CONTRIBUTING.md gives the reason of each.
const RULES: &[Rule] = &[
    Rule { name: "opening", check: style::opening },
    Rule { name: "file-length", check: style::file_length },
    Rule { name: "function-length", check: style::function_length },
    Rule { name: "unfinished", check: words::unfinished },
    Rule { name: "ignored-tests", check: words::ignored_tests },
    Rule { name: "sleeping-tests", check: words::sleeping_tests },
    Rule { name: "private-places", check: words::private_places },
    Rule { name: "boundaries", check: boundaries::boundaries },
    Rule { name: "crates", check: dependencies::crates },
    Rule { name: "libraries", check: dependencies::libraries },
    Rule { name: "licences", check: licences::licences },
    Rule { name: "clippy", check: clippy::repeats_the_root },
    Rule { name: "lints", check: lints::are_the_workspaces },
    Rule { name: "links", check: documents::links },
    Rule { name: "changelog", check: documents::changelog },
    Rule { name: "test-command", check: documents::test_command },
    Rule { name: "trailing-space", check: files::trailing_space },
    Rule { name: "file-size", check: files::file_size },
];

/// One rule: its name, for the table of exceptions, and its check.
struct Rule {
    name: &'static str,
    check: fn(&Repository) -> Vec<Finding>,
}

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1.
    line: usize,
    /// What is wrong.
    what: String,
    /// What to do about it.
    remedy: &'static str,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, remedy: &'static str) -> Finding {
        Finding { path: path.to_owned(), line, what: what.into(), remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}; {}", self.path, self.line, self.what, self.remedy)
    }
}

/// Checks every rule and prints every finding, one a line; any finding is an error.
pub(crate) fn run() -> Result<()> {
    let repository = Repository::load()?;
    let findings = check(&repository, RULES, EXCEPTIONS);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files and {} rules, all well", repository.files.len(), RULES.len());
            Ok(())
        }
        count => bail!("tidy found {count} things to put in order, listed above"),
    }
}

/// The folder that cargo builds in.
pub(crate) fn target_folder() -> Result<PathBuf> {
    Ok(metadata::Metadata::load()?.target_directory)
}

/// All findings that no exception covers, and the exceptions that cover nothing.
fn check(repository: &Repository, rules: &[Rule], exceptions: &[Exception]) -> Vec<Finding> {
    let mut used = vec![false; exceptions.len()];
    let mut findings = Vec::new();
    for rule in rules {
        for finding in (rule.check)(repository) {
            match exceptions.iter().position(|exception| exception.covers(rule.name, &finding)) {
                Some(index) => used[index] = true,
                None => findings.push(finding),
            }
        }
    }
    for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
        let Exception { rule, path, reason, .. } = exception;
        let what = format!("the exception from `{rule}` for {path} ({reason}) covers nothing");
        findings.push(Finding::new(exceptions::FILE, 1, what, "remove it"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDS_ONE: Rule =
        Rule { name: "one", check: |_| vec![Finding::new("a.rs", 7, "`f` has 71 lines", "split it")] };

    fn exception(path: &'static str, what: &'static str) -> Exception {
        Exception { rule: "one", path, what, reason: "a test" }
    }

    #[test]
    fn a_finding_names_the_place_the_trouble_and_the_remedy() {
        let findings = check(&Repository::default(), &[FINDS_ONE], &[]);
        assert_eq!(findings[0].to_string(), "a.rs:7: `f` has 71 lines; split it");
    }

    #[test]
    fn an_exception_covers_its_finding_only() {
        assert_eq!(check(&Repository::default(), &[FINDS_ONE], &[exception("a.rs", "71 lines")]), []);
        let findings = check(&Repository::default(), &[FINDS_ONE], &[exception("a.rs", "72 lines")]);
        assert_eq!(findings.len(), 2, "the finding, and the useless exception: {findings:?}");
    }

    #[test]
    fn an_exception_without_use_is_a_finding() {
        let findings = check(&Repository::default(), &[], &[exception("a.rs", "")]);
        assert_eq!(findings[0].what, "the exception from `one` for a.rs (a test) covers nothing");
    }

    #[test]
    fn every_exception_names_a_rule_and_gives_a_reason() {
        for exception in EXCEPTIONS {
            assert!(RULES.iter().any(|rule| rule.name == exception.rule), "{}", exception.rule);
            assert!(!exception.reason.is_empty(), "{}", exception.path);
        }
    }
}
