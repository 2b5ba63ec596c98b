//! `cargo xtask php`: gets PHP and what its modules are built with, builds them, and runs their tests. What is tested is
//! decided in php/tests.

mod interpreter;
mod load_time;
mod phpt;
mod servers;
mod skeleton;
mod threads;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, root, run as execute};
use crate::tidy::target_folder;
use crate::tools;
use interpreter::Interpreter;
use phpt::Run;

/// The modules, as users load them; a folder of the name in php/ is the crate.
const MODULES: &[&str] = &["beanstalk", "courages", "trellis", "zookeeper"];
/// The module for the tests of php/host, and for nothing else.
const TOUR: &str = "release/examples/libtour.so";

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Build and test only: no clippy, no valgrind, no skeleton, no figures.
    #[arg(long)]
    quick: bool,
    /// The php-config of the PHP to build for and test with; otherwise the machine's own.
    #[arg(long, value_name = "PATH", env = "PHP_CONFIG")]
    php_config: Option<PathBuf>,
    /// The tests to run, files or folders below php/; all otherwise.
    #[arg(value_name = "TEST")]
    tests: Vec<PathBuf>,
}

/// Where PHP's part is, where it is built, and for which PHP.
struct Places {
    php: Interpreter,
    /// The workspace `php/`.
    folder: PathBuf,
    /// Its target folder.
    target: PathBuf,
}

/// Installs what is missing, builds, and runs everything that concerns PHP.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = root()?.join("php");
    let php = Interpreter::find(options.php_config.as_deref())?;
    let mut target = folder.join("target");
    if options.php_config.is_some() {
        // Beside what is built for the machine's own, and for others.
        target.push(format!("php-{}", php.variant()));
    }
    let places = Places { php, folder, target };
    println!("PHP {} at {}", places.php.variant(), places.php.program().display());
    if !options.quick {
        checks(&places)?;
    }
    let modules = build(&places)?;
    let default = [PathBuf::from("tests")];
    let tests = if options.tests.is_empty() { &default[..] } else { &options.tests[..] };
    let texts = phpt::texts(&places.folder, tests)?;
    let trellis = target_folder()?.join("debug/trellis");
    if !options.quick || servers::are_needed(&texts) {
        // The whole workspace, since a part of it would be built with other features, and so from the start.
        execute(&mut cargo(&["build", "--workspace", "--bins", "--examples"])?)?;
    }
    let servers = servers::start(&texts, &trellis, &places.target.join("servers"))?;
    let mut extensions = modules.clone();
    extensions.push(places.target.join(TOUR));
    let tests = Run { places: &places, extensions: &extensions, variables: servers.variables(), tests };
    tests.plain()?;
    if options.tests.is_empty() && threads::are_known(&places)? {
        threads::check(&places, &modules, servers.variables())?;
    }
    if options.quick {
        return Ok(());
    }
    tools::require("valgrind", "valgrind")?;
    tests.under_valgrind()?;
    drop(servers);
    skeleton::check(&places, &trellis)?;
    load_time::check(places.php.program(), &modules)
}

/// Cargo for the workspace `php/` and the PHP of `places`, whatever folder others are built in.
fn php_cargo(places: &Places, arguments: &[&str]) -> Result<Command> {
    let mut command = cargo(arguments)?;
    places.php.name_to(command.current_dir(&places.folder).env("CARGO_TARGET_DIR", &places.target));
    Ok(command)
}

fn checks(places: &Places) -> Result<()> {
    execute(&mut php_cargo(places, &["fmt", "--all", "--check"])?)?;
    // In the profile of the build, so that what both need is made once.
    let clippy = ["clippy", "--locked", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
    execute(&mut php_cargo(places, &clippy)?)
}

/// Builds everything, and leaves the modules under the names by which they are loaded. Returns their paths.
fn build(places: &Places) -> Result<Vec<PathBuf>> {
    let build = ["build", "--locked", "--release", "--workspace", "--lib", "--examples"];
    execute(&mut php_cargo(places, &build)?)?;
    let folder = places.target.join("modules");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut modules = Vec::new();
    for name in MODULES.iter().filter(|name| places.folder.join(name).is_dir()) {
        let built = places.target.join(format!("release/lib{name}.so"));
        let module = folder.join(format!("{name}.so"));
        install(&built, &module).with_context(|| format!("cannot copy {}", built.display()))?;
        modules.push(module);
    }
    Ok(modules)
}

/// Copies a module; one that PHP runs with meanwhile keeps the old file, which writing into it would break.
fn install(built: &Path, module: &Path) -> Result<()> {
    let fresh = module.with_extension("fresh");
    fs::copy(built, &fresh)?;
    Ok(fs::rename(&fresh, module)?)
}
