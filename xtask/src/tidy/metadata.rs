//! The part of `cargo metadata` that the rules look at.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process::{capture, cargo};

/// The workspace and everything that it depends on, for every platform.
#[derive(Default, Deserialize)]
pub(crate) struct Metadata {
    pub(super) packages: Vec<Package>,
    /// Identities of the packages that are ours.
    workspace_members: Vec<String>,
    pub(crate) target_directory: PathBuf,
}

/// One package.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Package {
    id: String,
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) license: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) manifest_path: PathBuf,
}

/// A package's wish for another one.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `None` for an ordinary dependency, else `dev` or `build`.
    pub(super) kind: Option<String>,
}

impl Metadata {
    /// Asks cargo; changes nothing, and does not touch Cargo.lock.
    pub(crate) fn load() -> Result<Metadata> {
        let json = capture(&mut cargo(&["metadata", "--format-version", "1", "--locked", "--all-features"])?)
            .context("Cargo.lock may be behind; `cargo build` brings it up to date")?;
        serde_json::from_str(&json).context("`cargo metadata` has changed its form")
    }

    /// Our own packages.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The others.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| !self.workspace_members.contains(&package.id))
    }

    /// For tests: our packages, each with its ordinary dependencies.
    #[cfg(test)]
    pub(super) fn of_members(members: &[(&str, &[&str])]) -> Metadata {
        let package = |(name, dependencies): &(&str, &[&str])| Package {
            id: (*name).into(),
            name: (*name).into(),
            dependencies: dependencies
                .iter()
                .map(|name| Dependency { name: (*name).into(), kind: None })
                .collect(),
            ..Package::default()
        };
        let packages: Vec<Package> = members.iter().map(package).collect();
        let workspace_members = packages.iter().map(|package| package.id.clone()).collect();
        Metadata { packages, workspace_members, ..Metadata::default() }
    }

    /// For tests: libraries with their licences.
    #[cfg(test)]
    pub(super) fn of_libraries(libraries: &[(&str, Option<&str>)]) -> Metadata {
        let package = |(name, license): &(&str, Option<&str>)| Package {
            name: (*name).into(),
            version: "1.0.0".into(),
            license: license.map(str::to_owned),
            ..Package::default()
        };
        Metadata { packages: libraries.iter().map(package).collect(), ..Metadata::default() }
    }
}
