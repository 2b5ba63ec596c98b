//! Rules about the documents: their links lead somewhere, the changelog is ready for the next change, and
//! the README's test command is the one that CI runs.

use super::Finding;
use super::repository::{File, Repository};

/// The command that the README gives for running all tests, and that CI runs first.
pub(crate) const TEST_COMMAND: &[&str] = &["test", "--workspace"];

/// A link to a file of the repository leads to a file of the repository.
pub(super) fn links(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in link_targets(file.text.as_deref().unwrap_or_default()) {
            if !leads_somewhere(repository, file, target) {
                let what = format!("the link to `{target}` leads nowhere");
                findings.push(Finding::new(&file.path, line, what, "name a file of the repository"));
            }
        }
    }
    findings
}

/// The changelog has a place for the next change.
pub(super) fn changelog(repository: &Repository) -> Vec<Finding> {
    let text = repository.text("CHANGELOG.md").unwrap_or_default();
    if text.lines().any(|line| matches!(line.trim_end(), "## Unreleased" | "## [Unreleased]")) {
        return Vec::new();
    }
    let remedy = "add `## Unreleased` above the newest version";
    vec![Finding::new("CHANGELOG.md", 1, "there is no section for what is not released yet", remedy)]
}

/// The README promises the very command that CI runs.
pub(super) fn test_command(repository: &Repository) -> Vec<Finding> {
    let command = format!("cargo {}", TEST_COMMAND.join(" "));
    let text = repository.text("README.md").unwrap_or_default();
    if text.lines().any(|line| line.trim() == command) {
        return Vec::new();
    }
    let what = format!("no line says `{command}`, the command that CI runs");
    vec![Finding::new("README.md", 1, what, "give it as the way to run all tests")]
}

/// The targets of all links, with their lines; what stands in code is left out.
fn link_targets(text: &str) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            for prose in line.split('`').step_by(2) {
                let inline = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
                targets.extend(inline.map(|(target, _)| (index + 1, target)));
            }
            let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
            targets.extend(definition.map(|(_, target)| (index + 1, target.trim())));
        }
    }
    targets
}

/// Whether a link's target is elsewhere on the net, a place in the same document, or a file or folder.
fn leads_somewhere(repository: &Repository, from: &File, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let Some(path) = resolve(from.folder(), target) else { return false };
    let folder = format!("{path}/");
    repository.file(&path).is_some() || repository.files.iter().any(|file| file.path.starts_with(&folder))
}

/// The path of `target` as seen from `folder`; `None` if that is outside the repository.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_links(text: &str, wanted: &[usize]) {
        let files = [("docs/a.md", text), ("docs/b.md", ""), ("README.md", ""), ("crates/core/lib.rs", "")];
        let found: Vec<usize> = links(&Repository::of_files(&files)).iter().map(|f| f.line).collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        check_links(
            "[b](b.md), [readme](../README.md#top), [here](#here), [net](https://example.org/x)",
            &[],
        );
        check_links("[core](../crates/core), [core](../crates/core/)\n[b]: b.md\n", &[]);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        check_links("[c](c.md)\n\n[b](b.md) [c](c.md#x)\n", &[1, 3]);
        check_links("[out](../../README.md)\n[c]: c.md\n", &[1, 2]);
    }

    #[test]
    fn code_is_not_a_link() {
        check_links("`[c](c.md)`\n```\n[c](c.md)\n```\n[c](c.md)\n", &[5]);
    }

    #[test]
    fn the_changelog_needs_a_place_for_the_next_change() {
        let check = |text: &str| changelog(&Repository::of_files(&[("CHANGELOG.md", text)])).len();
        assert_eq!(check("# Changes\n\n## Unreleased\n"), 0);
        assert_eq!(check("# Changes\n\n## 0.1.0\n"), 1);
        assert_eq!(changelog(&Repository::default()).len(), 1);
    }

    #[test]
    fn the_readme_must_give_the_test_command() {
        let check = |text: &str| test_command(&Repository::of_files(&[("README.md", text)])).len();
        assert_eq!(check("```sh\ncargo test --workspace\n```\n"), 0);
        assert_eq!(check("```sh\ncargo test\n```\n"), 1);
    }
}
