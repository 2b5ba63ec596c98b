//! Every crate has the workspace's lints. One that is allowed `unsafe` can't inherit them, since `forbid` can't be
//! taken back, so it has to repeat them.

use toml::{Table, Value};

use super::Finding;
use super::repository::Repository;

/// The one lint that may differ, and where.
const UNSAFE_CODE: &str = "unsafe_code";
const UNSAFE_CRATE: &str = "crates/unix/Cargo.toml";
/// A workspace of its own, which repeats the lints for its members. It has no `unsafe_code`: the macros of ext-php-rs write
/// some; what we write is a matter of `boundaries`.
const PHP: &str = "php/Cargo.toml";

const REMEDY: &str =
    "write `[lints]` with `workspace = true`; only crates/unix and php/Cargo.toml repeat the lints";

/// Each manifest inherits the root's lints, or repeats them.
pub(super) fn are_the_workspaces(repository: &Repository) -> Vec<Finding> {
    let root = parse(repository.text("Cargo.toml").unwrap_or_default());
    let Some(lints) =
        root.get("workspace").and_then(|workspace| workspace.get("lints")).and_then(Value::as_table)
    else {
        return vec![Finding::new("Cargo.toml", 1, "the workspace has no lints", "give it some")];
    };
    let manifests = repository.files.iter().filter(|file| is_members(&file.path));
    let mut findings = Vec::new();
    for manifest in manifests {
        let table = parse(manifest.text.as_deref().unwrap_or_default());
        let table = if manifest.path == PHP {
            table.get("workspace").and_then(Value::as_table)
        } else {
            Some(&table)
        };
        let own = table.and_then(|table| table.get("lints")).and_then(Value::as_table);
        if own.and_then(|own| own.get("workspace")) == Some(&Value::Boolean(true)) {
            continue;
        }
        for (group, name, level) in each(lints) {
            let repeated = own.and_then(|own| own.get(group)?.get(name));
            let may_differ = name == UNSAFE_CODE
                && (manifest.path == PHP || manifest.path == UNSAFE_CRATE && repeated.is_some());
            if !may_differ && repeated != Some(level) {
                let what = format!("the lint `{group}.{name} = {level}` of the workspace is missing");
                findings.push(Finding::new(&manifest.path, 1, what, REMEDY));
            }
        }
    }
    findings
}

fn is_members(path: &str) -> bool {
    path.ends_with("/Cargo.toml") && !path.starts_with("fuzz/")
}

/// What is no TOML has no lints; cargo says what is wrong with it.
fn parse(text: &str) -> Table {
    text.parse().unwrap_or_default()
}

/// All lints: group, name and level.
fn each(lints: &Table) -> impl Iterator<Item = (&str, &str, &Value)> {
    lints.iter().filter_map(|(group, lints)| Some((group, lints.as_table()?))).flat_map(|(group, lints)| {
        lints.iter().map(move |(name, level)| (group.as_str(), name.as_str(), level))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str =
        "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[workspace.lints.clippy]\nall = \"warn\"\n";

    #[track_caller]
    fn check(path: &str, own: &str, wanted: &[&str]) {
        let repository = Repository::of_files(&[("Cargo.toml", ROOT), (path, own)]);
        let found: Vec<String> =
            are_the_workspaces(&repository).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn inherited_lints_are_fine() {
        check("crates/core/Cargo.toml", "[lints]\nworkspace = true\n", &[]);
    }

    #[test]
    fn missing_lints_are_found() {
        let missing = "the lint `clippy.all = \"warn\"` of the workspace is missing";
        let forbid = "the lint `rust.unsafe_code = \"forbid\"` of the workspace is missing";
        check("crates/core/Cargo.toml", "", &[missing, forbid]);
        check("crates/unix/Cargo.toml", "[lints.rust]\nunsafe_code = \"deny\"\n", &[missing]);
        check(
            "crates/core/Cargo.toml",
            "[lints]\nrust.unsafe_code = \"deny\"\nclippy.all = \"warn\"\n",
            &[forbid],
        );
        check("crates/unix/Cargo.toml", "[lints.clippy]\nall = \"warn\"\n", &[forbid]);
        check("php/Cargo.toml", "[workspace.lints.clippy]\nall = \"warn\"\n", &[]);
        check("php/Cargo.toml", "[workspace.lints.rust]\nmissing_docs = \"warn\"\n", &[missing]);
    }
}
