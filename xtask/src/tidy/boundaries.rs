//! Which names may be used where, inside a crate that is allowed to use them at all.

use super::Finding;
use super::repository::Repository;

/// A name that only some folders may use.
struct Boundary {
    name: &'static str,
    /// Where the boundary holds; empty is everywhere.
    inside: &'static str,
    /// The folders that may use the name.
    only: &'static [&'static str],
    remedy: &'static str,
}

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        name: "unsafe",
        inside: "",
        only: &["crates/unix/", "php/host/src/sys/"],
        remedy: "only they make calls that the compiler can't check: give one of them a safe function for yours",
    },
    Boundary {
        name: "openraft",
        inside: "",
        only: &["crates/replica/"],
        remedy: "only replica knows what consensus is made of: give it a method with plain types",
    },
    Boundary {
        name: "trellis_tube_codec",
        inside: "crates/server/",
        only: &["crates/server/src/tube/"],
        remedy: "a protocol's bytes stay in its own folder: translate there",
    },
    Boundary {
        name: "trellis_zk_codec",
        inside: "crates/server/",
        only: &["crates/server/src/zk/"],
        remedy: "a protocol's bytes stay in its own folder: translate there",
    },
];

/// Names stay where they belong. A server's tests speak a protocol's bytes, so they may name its codec.
pub(super) fn boundaries(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, number, line) in repository.code_lines() {
        for Boundary { name, inside, only, remedy } in BOUNDARIES {
            let allowed = only.iter().any(|folder| file.path.starts_with(folder))
                || file.path.starts_with("crates/server/tests/");
            if file.path.starts_with(inside) && !allowed && names(line, name) {
                let what = format!("`{name}` may be named in {} only", only.join(" and "));
                findings.push(Finding::new(&file.path, number, what, remedy));
            }
        }
    }
    findings
}

/// Whether a line of code has `name` as a word, or as the beginning of one, as in `openraft_rt`.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(position, _)| {
        !line[..position].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, wanted: usize) {
        assert_eq!(boundaries(&Repository::of_files(&[(path, text)])).len(), wanted, "{path}: {text}");
    }

    #[test]
    fn only_replica_names_openraft() {
        check("crates/replica/src/types.rs", "use openraft::Raft;", 0);
        check("crates/server/src/engine.rs", "use openraft::Raft;", 1);
        check("crates/trellis/src/main.rs", "fn f(x: openraft_rt::X) {}", 1);
        check("crates/trellis/src/main.rs", "// openraft does it", 0);
    }

    #[test]
    fn only_unix_and_the_host_of_php_are_unsafe() {
        check("php/host/src/sys/object.rs", "unsafe { free() }", 0);
        check("php/zookeeper/src/lib.rs", "unsafe { free() }", 1);
        check("crates/unix/src/sys/fork.rs", "unsafe { libc::fork() }", 0);
        check("crates/trellis/src/main.rs", "unsafe { libc::fork() }", 1);
        check("crates/trellis/src/main.rs", "warn(\"unsafe\") // unsafe", 0);
    }

    #[test]
    fn only_a_protocols_folder_names_its_codec() {
        check("crates/server/src/tube/connection.rs", "use trellis_tube_codec::Request;", 0);
        check("crates/server/src/zk/connection.rs", "use trellis_tube_codec::Request;", 1);
        check("crates/server/src/tube/connection.rs", "use trellis_zk_codec::Request;", 1);
        check("crates/server/tests/tube.rs", "use trellis_tube_codec::Request;", 0);
        check("crates/trellis/src/cmd/tube.rs", "use trellis_tube_codec::Request;", 0);
    }
}
