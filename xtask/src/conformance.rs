//! `cargo xtask conformance`: gets beanstalkd, ZooKeeper, PHP and the foreign clients, then hands over to the program of
//! `tests/conformance`. What is compared is decided there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{capture, cargo, run as execute};
use crate::tidy::target_folder;
use crate::tools;

/// Clients in Python, and a validator of JSON schemas, with their versions.
const PYTHON_CLIENTS: &[&str] =
    &["greenstalk==2.1.1", "beanstalkc3==0.4.0", "kazoo==2.11.0", "jsonschema==4.26.0"];
/// Clients for Node, with their versions.
const NODE_CLIENTS: &[&str] = &["node-beanstalk@1.6.7", "node-zookeeper-client@1.1.3"];
/// ZooKeeper's server and shell in Java, and its C client: a file that shows that it is there, and the package.
const ZOOKEEPER: &[(&str, &str)] = &[
    ("/usr/share/java/zookeeper-3.8.0.jar", "libzookeeper-java"),
    ("/usr/share/zookeeper/bin/zkCli.sh", "zookeeper"),
    ("/usr/include/zookeeper/zookeeper.h", "libzookeeper-mt-dev"),
];

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// How many random sequences are compared; each protocol has a number of its own otherwise.
    #[arg(long)]
    rounds: Option<u32>,
    /// The seed of the first sequence. Without it, the first is 1, and for ZooKeeper's protocol as many new ones follow.
    #[arg(long)]
    seed: Option<u64>,
    /// Only the checks of one part: beanstalk, zookeeper, php or workers.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Only the checks that have this in their names.
    #[arg(long, value_name = "TEXT")]
    check: Option<String>,
}

/// Installs what is missing, builds trellis and runs the conformance tests; they print the count.
pub(crate) fn run(options: &Options) -> Result<()> {
    let target = target_folder()?;
    let folder = tools::folder(&target);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let beanstalkd = tools::beanstalkd(&target)?;
    let wanted = |part: &str| options.only.as_deref().is_none_or(|only| only == part);
    let with_zookeeper = wanted("zookeeper");
    for (file, package) in ZOOKEEPER {
        if with_zookeeper && !Path::new(file).is_file() {
            tools::install(package)?;
        }
    }
    if wanted("php") || wanted("workers") {
        // Debian's package of the interpreter brings the modules for System V, and those for processes.
        tools::require("php", "php-cli")?;
    }
    // The whole workspace, since a part of it would be built with other features, and so from the start.
    execute(&mut cargo(&["build", "--workspace", "--bins", "--examples"])?)?;
    let mut tests = Command::new(target.join("debug/trellis-conformance"));
    tests.current_dir(crate::process::root()?);
    tests.env("PATH", path_with(&beanstalkd)?);
    tests.arg("--trellis").arg(target.join("debug/trellis"));
    if ["beanstalk", "zookeeper", "workers"].into_iter().any(wanted) {
        tests.arg("--python").arg(python_clients(&folder)?);
    }
    if wanted("beanstalk") || wanted("zookeeper") {
        tests.arg("--node-modules").arg(node_clients(&folder)?);
        tests.arg("--tube-tour").arg(target.join("debug/examples/tour"));
    }
    if with_zookeeper {
        tests.arg("--c-clients");
        tests.arg("--recipes").arg(target.join("debug/examples/recipes"));
        tests.arg("--sessions").arg(target.join("debug/examples/sessions"));
    }
    if wanted("php") || wanted("workers") {
        tests.arg("--php-echo").arg(target.join("debug/examples/php_echo"));
    }
    if let Some(rounds) = options.rounds {
        tests.args(["--rounds", &rounds.to_string()]);
    }
    if let Some(seed) = options.seed {
        tests.args(["--seed", &seed.to_string()]);
    }
    for (name, value) in [("--only", &options.only), ("--check", &options.check)] {
        if let Some(value) = value {
            tests.args([name, value]);
        }
    }
    execute(&mut tests)
}

/// A Python with the clients, in an environment of its own.
pub(crate) fn python_clients(folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    once(&environment, PYTHON_CLIENTS, || {
        tools::require("python3", "python3")?;
        let create = || capture(Command::new("python3").args(["-m", "venv"]).arg(&environment));
        if create().is_err() {
            // Debian keeps a part of Python's own module in a package of its own.
            tools::install("python3-venv")?;
            create()?;
        }
        capture(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PYTHON_CLIENTS))
            .context("the Python clients could not be installed; this needs to be online once")
    })?;
    Ok(python)
}

/// The folder `node_modules` with the clients.
fn node_clients(folder: &Path) -> Result<PathBuf> {
    let modules = folder.join("node_modules");
    once(&modules, NODE_CLIENTS, || {
        tools::require("node", "nodejs")?;
        tools::require("npm", "npm")?;
        let mut install = Command::new("npm");
        install.args(["install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(folder);
        capture(install.args(NODE_CLIENTS))
            .context("the Node clients could not be installed; this needs to be online once")
    })?;
    Ok(modules)
}

/// Fills `folder` by `install` unless it was filled with the very same `packages` before.
fn once(folder: &Path, packages: &[&str], install: impl FnOnce() -> Result<String>) -> Result<()> {
    let stamp = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    println!("installing {}", packages.join(", "));
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    install()?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// `PATH` with the folder of `program` in front.
fn path_with(program: &Path) -> Result<std::ffi::OsString> {
    let own = program.parent().map(PathBuf::from);
    let rest = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(own.into_iter().chain(env::split_paths(&rest)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_program_comes_first() {
        let path = path_with(Path::new("/somewhere/bin/beanstalkd")).unwrap();
        assert_eq!(env::split_paths(&path).next(), Some(PathBuf::from("/somewhere/bin")));
    }

    #[test]
    fn the_same_packages_are_installed_once_and_others_again() {
        let folder = env::temp_dir().join(format!("trellis-xtask-{}", std::process::id()));
        let install = |packages: &[&str]| {
            let mut installed = false;
            once(&folder, packages, || {
                installed = true;
                fs::create_dir_all(&folder)?;
                Ok(String::new())
            })
            .unwrap();
            installed
        };
        assert!(install(&["one==1"]));
        assert!(!install(&["one==1"]));
        assert!(install(&["one==2"]));
        fs::remove_dir_all(&folder).unwrap();
    }
}
