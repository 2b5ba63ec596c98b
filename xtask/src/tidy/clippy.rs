//! A crate's clippy.toml replaces the one at the root instead of adding to it, so it has to repeat it.

use toml::{Table, Value};

use super::Finding;
use super::repository::Repository;

const ROOT: &str = "clippy.toml";

/// Every clippy.toml below the root contains what the root's contains.
pub(super) fn repeats_the_root(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut parse = |path: &str, text: &str| match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            findings.push(Finding::new(path, 1, error.message(), "write it as TOML"));
            Table::new()
        }
    };
    let root = parse(ROOT, repository.text(ROOT).unwrap_or_default());
    let below: Vec<(&str, Table)> = repository
        .files
        .iter()
        .filter(|file| file.path.ends_with("/clippy.toml"))
        .map(|file| (file.path.as_str(), parse(&file.path, file.text.as_deref().unwrap_or_default())))
        .collect();
    for (path, table) in below {
        for (key, value) in &root {
            if !table.get(key).is_some_and(|own| contains(own, value)) {
                let what = format!("`{key} = {value}` of the root's {ROOT} is missing");
                findings.push(Finding::new(path, 1, what, "repeat it: this file replaces the root's"));
            }
        }
    }
    findings
}

/// Whether a setting is the root's, or a list with all of the root's entries.
fn contains(own: &Value, root: &Value) -> bool {
    match (own, root) {
        (Value::Array(own), Value::Array(root)) => root.iter().all(|entry| own.contains(entry)),
        _ => own == root,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(own: &str, wanted: &[&str]) {
        let root = "allow-unwrap-in-tests = true\ndisallowed-names = [\"foo\"]\n";
        let repository = Repository::of_files(&[(ROOT, root), ("crates/core/clippy.toml", own)]);
        let found: Vec<String> =
            repeats_the_root(&repository).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn more_than_the_root_is_fine() {
        check("allow-unwrap-in-tests = true\ndisallowed-names = [\"bar\", \"foo\"]\nmsrv = \"1.95\"\n", &[]);
    }

    #[test]
    fn less_than_the_root_is_found() {
        check(
            "allow-unwrap-in-tests = false\n",
            &[
                "`allow-unwrap-in-tests = true` of the root's clippy.toml is missing",
                "`disallowed-names = [\"foo\"]` of the root's clippy.toml is missing",
            ],
        );
    }
}
