//! The programs that are not ours but that we run: found on the machine, or installed. No peer may be left running as a
//! service: beanstalkd is unpacked under `target/`, since its package would start it, and of ZooKeeper only the library
//! is installed, which is the whole server.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::capture;

/// The folder under `target/` where everything foreign goes.
pub(crate) fn folder(target: &Path) -> PathBuf {
    target.join("conformance")
}

/// The first file called `program` in the folders of `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// The path of beanstalkd: the machine's own, or Debian's package unpacked under `target`.
pub(crate) fn beanstalkd(target: &Path) -> Result<PathBuf> {
    let folder = folder(target);
    let unpacked = folder.join("beanstalkd/usr/bin/beanstalkd");
    if let Some(installed) = find("beanstalkd") {
        return Ok(installed);
    }
    if !unpacked.is_file() {
        println!("unpacking Debian's beanstalkd under {}", folder.display());
        unpack("beanstalkd", &folder).context(
            "beanstalkd is missing and could not be downloaded; install it by hand, or go online and try again",
        )?;
    }
    Ok(unpacked)
}

/// The path of supervisord, and the folder with the Python that it needs, if that is not where Python looks. It is the machine's
/// own, or Debian's package unpacked under `target`, since that would start it as a service.
pub(crate) fn supervisord(target: &Path) -> Result<(PathBuf, Option<PathBuf>)> {
    if let Some(installed) = find("supervisord") {
        return Ok((installed, None));
    }
    let folder = folder(target);
    let unpacked = folder.join("supervisor/usr/bin/supervisord");
    if !unpacked.is_file() {
        require("python3", "python3")?;
        println!("unpacking Debian's supervisor under {}", folder.display());
        unpack("supervisor", &folder).context(
            "supervisord is missing and could not be downloaded; install it by hand, or go online and try again",
        )?;
    }
    Ok((unpacked, Some(folder.join("supervisor/usr/lib/python3/dist-packages"))))
}

/// Where Debian keeps ZooKeeper; what it needs lies beside it.
const ZOOKEEPER_JAR: &str = "/usr/share/java/zookeeper.jar";
/// The package that holds it. Neither it nor what it depends on starts anything, unlike `zookeeperd`.
pub(crate) const ZOOKEEPER_PACKAGE: &str = "libzookeeper-java";

/// The paths of Java and of ZooKeeper, which are installed unless they are there.
pub(crate) fn zookeeper() -> Result<(PathBuf, PathBuf)> {
    require("java", "default-jre-headless")?;
    let jar = PathBuf::from(ZOOKEEPER_JAR);
    if !jar.is_file() {
        install(ZOOKEEPER_PACKAGE)?;
    }
    Ok((find("java").context("there is no java in the folders of PATH")?, jar))
}

/// The program that tells of the machine's PHP. Both it and PHP are installed unless they are there.
pub(crate) fn php_config() -> Result<PathBuf> {
    require("php", "php-cli")?;
    require("php-config", "php-dev")?;
    find("php-config").context("there is no php-config in the folders of PATH")
}

/// Installs what PHP's modules are built with, beside PHP's headers: a C compiler, and the parser that reads the headers.
pub(crate) fn php_builders() -> Result<()> {
    require("cc", "gcc")?;
    if is_installed("libclang-dev") { Ok(()) } else { install("libclang-dev") }
}

/// Whether a Debian package is there. On other systems, whoever builds sees to it.
fn is_installed(package: &str) -> bool {
    let query = ["--show", "--showformat=${db:Status-Status}", package];
    find("dpkg-query").is_none()
        || capture(Command::new("dpkg-query").args(query)).is_ok_and(|status| status == "installed")
}

/// Installs a Debian package, unless its `program` is there already.
pub(crate) fn require(program: &str, package: &str) -> Result<()> {
    if find(program).is_some() { Ok(()) } else { install(package) }
}

/// Installs a Debian package.
pub(crate) fn install(package: &str) -> Result<()> {
    println!("installing the package {package}");
    with_lists(|| {
        let install = ["install", "--yes", "--no-install-recommends", package];
        capture(as_root("apt-get")?.args(install).env("DEBIAN_FRONTEND", "noninteractive"))
    })
    .with_context(|| format!("{package} is missing; install it by hand, or go online and try again"))
}

/// Downloads a Debian package and unpacks it into a folder of its name in `folder`.
fn unpack(package: &str, folder: &Path) -> Result<()> {
    let download = folder.join("download");
    fs::create_dir_all(&download)?;
    with_lists(|| capture(Command::new("apt-get").args(["download", package]).current_dir(&download)))?;
    let prefix = format!("{package}_");
    let archive = fs::read_dir(&download)?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .with_context(|| format!("apt-get downloaded no archive of {package}"))?;
    capture(Command::new("dpkg-deb").arg("--extract").arg(archive.path()).arg(folder.join(package)))?;
    fs::remove_dir_all(&download)?;
    Ok(())
}

/// Tries something with apt; if that fails, updates the lists of packages, which a new machine lacks, and
/// tries again.
fn with_lists(attempt: impl Fn() -> Result<String>) -> Result<()> {
    if find("apt-get").is_none() {
        bail!("there is no apt-get on this machine");
    }
    if attempt().is_err() {
        capture(as_root("apt-get")?.arg("update"))?;
        attempt()?;
    }
    Ok(())
}

/// A command that runs as root, through sudo if need be; sudo must not ask for a password here.
fn as_root(program: &str) -> Result<Command> {
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    if find("sudo").is_none() {
        bail!("`{program}` needs root, and there is no sudo");
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", program]);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find("sh").is_some_and(|path| path.ends_with("sh")));
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
