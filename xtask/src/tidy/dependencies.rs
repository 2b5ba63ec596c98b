//! Who may depend on whom. ARCHITECTURE.md draws this picture; here it is law. A new crate or a new edge is a
//! change of the architecture, so it is made in both places.

use super::Finding;
use super::metadata::Package;
use super::repository::Repository;

/// Every crate of the workspace, with those of the workspace that it may use.
const CRATES: &[(&str, &[&str])] = &[
    ("trellis-wal", &[]),
    ("trellis-tube-codec", &[]),
    ("trellis-zk-codec", &[]),
    ("trellis-unix", &[]),
    ("trellis-zk-client", &["trellis-zk-codec"]),
    ("trellis-tube-client", &["trellis-tube-codec"]),
    ("trellis-core", &[]),
    ("trellis-replica", &["trellis-core", "trellis-wal"]),
    ("trellis-server", &["trellis-core", "trellis-replica", "trellis-tube-codec", "trellis-zk-codec"]),
    ("trellis-supervisor", &["trellis-tube-client", "trellis-unix", "trellis-zk-client"]),
    (
        "trellis",
        &[
            "trellis-core",
            "trellis-replica",
            "trellis-server",
            "trellis-supervisor",
            "trellis-tube-client",
            "trellis-tube-codec",
            "trellis-unix",
            "trellis-wal",
            "trellis-zk-client",
            "trellis-zk-codec",
        ],
    ),
    ("trellis-bench", &[]),
    ("trellis-conformance", &["trellis-tube-codec", "trellis-zk-codec"]),
    ("xtask", &[]),
];

/// Libraries that only some crates may use. A name that ends in `*` stands for all that begin like it.
const RESERVED: &[(&str, &[&str])] = &[
    ("anyhow", &["trellis", "trellis-bench", "trellis-conformance", "trellis-sim", "xtask"]),
    ("openraft*", &["trellis-replica"]),
];

/// Libraries that the state machine may use: it must do no I/O, read no clock and draw no random numbers, so
/// each one was read before it came here.
const CORE_LIBRARIES: &[&str] = &["thiserror"];

const REMEDY: &str =
    "leave it out, or change the table in xtask/src/tidy/dependencies.rs and ARCHITECTURE.md";

/// Our crates depend on each other only as drawn.
pub(super) fn crates(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in repository.metadata.members() {
        let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == package.name) else {
            let what = format!("the crate `{}` is not in the table of crates", package.name);
            findings.push(Finding::new(&manifest(package), 1, what, REMEDY));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = repository.metadata.members().any(|member| member.name == dependency.name);
            if ours && dependency.name != package.name && !allowed.contains(&dependency.name.as_str()) {
                let what = format!("`{}` may not depend on `{}`", package.name, dependency.name);
                findings.push(at_dependency(repository, package, &dependency.name, what));
            }
        }
    }
    findings
}

/// Libraries from elsewhere are used only where they may be.
pub(super) fn libraries(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in repository.metadata.members() {
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let ours = repository.metadata.members().any(|member| member.name == name);
            let closed = package.name == "trellis-core" && dependency.kind.as_deref() != Some("dev") && !ours;
            let reserved = RESERVED.iter().find(|(pattern, _)| matches(pattern, name));
            if reserved.is_some_and(|(_, users)| !users.contains(&package.name.as_str())) {
                let what = format!("`{}` may not use the library `{name}`", package.name);
                findings.push(at_dependency(repository, package, name, what));
            } else if closed && !CORE_LIBRARIES.contains(&name) {
                let what = format!("the state machine may not use the library `{name}`");
                findings.push(at_dependency(repository, package, name, what));
            }
        }
    }
    findings
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |beginning| name.starts_with(beginning))
}

/// A finding at the line of the manifest that asks for the dependency.
fn at_dependency(repository: &Repository, package: &Package, dependency: &str, what: String) -> Finding {
    let path = manifest(package);
    let text = repository.text(&path).unwrap_or_default();
    let line = text.lines().position(|line| line.starts_with(dependency)).map_or(1, |index| index + 1);
    Finding::new(&path, line, what, REMEDY)
}

/// The manifest's path in the repository; packages are at most two folders deep.
fn manifest(package: &Package) -> String {
    let Ok(root) = crate::process::root() else { return package.name.clone() };
    let path = package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path);
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::metadata::Metadata;

    #[track_caller]
    fn check(rule: fn(&Repository) -> Vec<Finding>, members: &[(&str, &[&str])], wanted: &[&str]) {
        let metadata = Metadata::of_members(members);
        let repository = Repository { metadata, ..Repository::default() };
        let found: Vec<String> = rule(&repository).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_drawn_edge_is_allowed() {
        check(crates, &[("trellis-replica", &["trellis-wal"]), ("trellis-wal", &[])], &[]);
    }

    #[test]
    fn an_edge_that_is_not_drawn_is_found() {
        check(
            crates,
            &[("trellis-wal", &["trellis-core"]), ("trellis-core", &[])],
            &["`trellis-wal` may not depend on `trellis-core`"],
        );
    }

    #[test]
    fn an_unknown_crate_is_found() {
        check(
            crates,
            &[("trellis-magic", &[])],
            &["the crate `trellis-magic` is not in the table of crates"],
        );
    }

    #[test]
    fn the_state_machine_uses_no_library_unseen() {
        check(
            libraries,
            &[("trellis-core", &["rand"])],
            &["the state machine may not use the library `rand`"],
        );
        check(libraries, &[("trellis-wal", &["crc32c"])], &[]);
    }

    #[test]
    fn reserved_libraries_stay_where_they_are() {
        check(
            libraries,
            &[("trellis-server", &["anyhow", "openraft-rt"]), ("trellis-replica", &["openraft"])],
            &[
                "`trellis-server` may not use the library `anyhow`",
                "`trellis-server` may not use the library `openraft-rt`",
            ],
        );
    }
}
