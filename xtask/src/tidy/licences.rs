//! The licences of everything that is built in, against the list in deny.toml. It is the list that cargo-deny
//! uses, so the two can't differ; cargo-deny adds the advisories, which need the network.

use serde::Deserialize;

use super::Finding;
use super::repository::Repository;

const LIST: &str = "deny.toml";

/// The part of deny.toml that is looked at.
#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<CrateLicences>,
}

/// Licences that one library may have in addition.
#[derive(Deserialize)]
struct CrateLicences {
    #[serde(rename = "crate")]
    library: String,
    allow: Vec<String>,
}

/// Every library has a licence that we may ship under.
pub(super) fn licences(repository: &Repository) -> Vec<Finding> {
    let Some(text) = repository.text(LIST) else {
        return vec![Finding::new(LIST, 1, "the file is missing", "it lists the licences that are accepted")];
    };
    let licences = match toml::from_str::<Deny>(text) {
        Ok(deny) => deny.licenses,
        Err(error) => return vec![Finding::new(LIST, 1, error.message(), "see cargo-deny's documentation")],
    };
    let mut findings = Vec::new();
    for library in repository.metadata.libraries() {
        let own = licences.exceptions.iter().filter(|exception| exception.library == library.name);
        let own = own.flat_map(|exception| &exception.allow);
        let allowed: Vec<&str> = licences.allow.iter().chain(own).map(String::as_str).collect();
        if let Err(trouble) = acceptable(library.license.as_deref(), &allowed) {
            let line = locked_at(repository, &library.name);
            let what = format!("the library `{}` {} {trouble}", library.name, library.version);
            findings.push(Finding::new(
                "Cargo.lock",
                line,
                what,
                "use another library, or argue in deny.toml",
            ));
        }
    }
    findings
}

/// Whether one of the choices that an SPDX expression gives is allowed; if not, why.
fn acceptable(expression: Option<&str>, allowed: &[&str]) -> Result<(), String> {
    let expression = expression.ok_or("names no licence")?;
    let parsed = spdx::Expression::parse_mode(expression, spdx::ParseMode::LAX)
        .map_err(|error| format!("has a licence that can't be read, `{expression}`: {}", error.reason))?;
    let accepts = |requirement: &spdx::LicenseReq| {
        let wanted = requirement.to_string();
        allowed.contains(&wanted.as_str())
    };
    if parsed.evaluate(accepts) { Ok(()) } else { Err(format!("is under `{expression}`")) }
}

/// The line of Cargo.lock that names the library.
fn locked_at(repository: &Repository, library: &str) -> usize {
    let wanted = format!("name = \"{library}\"");
    let lock = repository.text("Cargo.lock").unwrap_or_default();
    lock.lines().position(|line| line == wanted).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::metadata::Metadata;

    #[test]
    fn expressions_are_understood() {
        let allowed = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
        for expression in [
            "MIT",
            "GPL-3.0-only OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert_eq!(acceptable(Some(expression), &allowed), Ok(()), "{expression}");
        }
        for expression in ["GPL-3.0-only", "MIT AND Apache-2.0", "Apache-2.0", "no licence at all"] {
            assert!(acceptable(Some(expression), &allowed).is_err(), "{expression}");
        }
    }

    #[test]
    fn a_library_with_another_licence_is_found() {
        let mut repository = Repository::of_files(&[
            (
                LIST,
                "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"b\", allow = [\"MPL-2.0\"] }]\n",
            ),
            ("Cargo.lock", "[[package]]\nname = \"a\"\n"),
        ]);
        repository.metadata =
            Metadata::of_libraries(&[("a", Some("MPL-2.0")), ("b", Some("MPL-2.0")), ("c", None)]);
        let found: Vec<String> = licences(&repository).iter().map(Finding::to_string).collect();
        let remedy = "use another library, or argue in deny.toml";
        assert_eq!(
            found,
            [
                format!("Cargo.lock:2: the library `a` 1.0.0 is under `MPL-2.0`; {remedy}"),
                format!("Cargo.lock:1: the library `c` 1.0.0 names no licence; {remedy}"),
            ]
        );
    }

    #[test]
    fn without_a_list_nothing_is_acceptable() {
        assert_eq!(licences(&Repository::default())[0].what, "the file is missing");
        assert_eq!(licences(&Repository::of_files(&[(LIST, "[licenses]\n")])).len(), 1);
    }
}
