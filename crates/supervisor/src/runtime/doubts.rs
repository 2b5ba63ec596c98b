//! What this machine lacks for a program: it may come later, so it is no error of the file. Nothing is started or made here.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::{Resource, getrlimit};

use super::tubes::jobs;
use super::user::account;
use crate::config::{LogTarget, Mode, Program};

/// What this machine lacks for a program with so many servers of jobs, each with its key in `workers.toml`. None of it
/// keeps others from running.
///
/// Paths are looked at from the working directory and with the rights of this process.
pub fn doubts(program: &Program, tube_servers: usize) -> Vec<String> {
    let user = program.user.as_deref().and_then(|user| account(user).err().map(|error| error.to_string()));
    let all = [
        ("command", command(program)),
        ("directory", directory(program)),
        ("user", user),
        ("log.to", log(program)),
        // The supervisor raises its own limit as far as it may.
        ("processes", connections(program, tube_servers, getrlimit(Resource::Nofile).maximum)),
    ];
    all.into_iter().filter_map(|(key, doubt)| Some(format!("{key}: {}", doubt?))).collect()
}

/// Why not all of a program's processes could be given jobs.
fn connections(program: &Program, servers: usize, open_files_max: Option<u64>) -> Option<String> {
    let jobs = jobs(program)?;
    let jobs_per_process = match jobs.mode {
        Mode::Exec => 1,
        Mode::Stream => 1 + u64::from(jobs.prefetch),
    };
    let count = u64::from(program.processes.max) * jobs_per_process * servers as u64;
    let max = open_files_max.filter(|max| count > *max)?;
    Some(format!(
        "its jobs, with those of prefetch, take {count} connections to servers, and this machine allows {max} open files"
    ))
}

fn directory(program: &Program) -> Option<String> {
    let directory = program.directory.as_ref().filter(|directory| !directory.is_dir())?;
    Some(format!("there is no directory {}", directory.display()))
}

fn command(program: &Program) -> Option<String> {
    let word = Path::new(&program.command[0]);
    if !word.as_os_str().as_bytes().contains(&b'/') {
        let own = || std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
        let path = program.environment.get("PATH").map_or_else(own, OsString::from);
        let found = std::env::split_paths(&path).any(|folder| unfit(&folder.join(word)).is_none());
        return (!found)
            .then(|| format!("there is no program {:?} in PATH, which is {path:?}", program.command[0]));
    }
    // A relative one is looked for where it will run.
    let path = program.directory.as_ref().map_or_else(|| word.to_owned(), |directory| directory.join(word));
    unfit(&path)
}

/// Why a file is no program.
fn unfit(path: &Path) -> Option<String> {
    match path.metadata() {
        Err(error) => Some(format!("there is no program {}: {error}", path.display())),
        Ok(file) if !file.is_file() => Some(format!("{} is not a file", path.display())),
        Ok(_) => access(path, Access::EXEC_OK)
            .err()
            .map(|error| format!("{} may not be run: {error}", path.display())),
    }
}

/// Why a log could not be written: folders that are not there are made.
fn log(program: &Program) -> Option<String> {
    let LogTarget::File { path, .. } = &program.log.target else { return None };
    let path =
        PathBuf::from(path.to_string_lossy().replace("{program}", &program.name).replace("{index}", "0"));
    if path.is_dir() {
        return Some(format!("{} is a directory", path.display()));
    }
    let there = path.ancestors().find(|path| path.exists());
    // The first of a relative path's ancestors is the working directory, without a name.
    let there = there.filter(|there| there.as_os_str() != OsStr::new("")).unwrap_or(Path::new("."));
    if there != path && !there.is_dir() {
        return Some(format!("{} is not a directory", there.display()));
    }
    let rights = if there.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::WRITE_OK };
    access(there, rights).err().map(|error| format!("{} cannot be written: {error}", there.display()))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    use super::*;

    /// The doubts about a program with these lines.
    fn of(lines: &str) -> Vec<String> {
        let config = Config::parse(&format!("[program.one]\n{lines}"), Path::new("workers.toml"));
        doubts(&config.expect("a right file").programs[0], 1)
    }

    #[test]
    fn what_is_there_is_not_doubted() {
        let folder = tempfile::tempdir().unwrap();
        let lines = format!(
            "directory = {0:?}\nlog = {{ to = \"{1}/a/b/{{program}}.{{index}}.log\" }}\n",
            folder.path(),
            folder.path().display()
        );
        for command in ["sh -c true", "/bin/sh", "[\"sh\"]"] {
            let command = if command.starts_with('[') { command.to_owned() } else { format!("{command:?}") };
            assert_eq!(of(&format!("command = {command}\n{lines}")), [""; 0]);
        }
        assert_eq!(of("command = \"sh\"\nlog = { to = \"Cargo.toml\" }"), [""; 0]);
        assert_eq!(of("command = \"sh\"\nlog = { to = \"no-such-folder/one.log\" }"), [""; 0]);
        // A relative command is one of the directory's.
        std::os::unix::fs::symlink("/bin/sh", folder.path().join("mine")).unwrap();
        assert_eq!(of(&format!("command = \"./mine\"\n{lines}")), [""; 0]);
        let path = format!("environment = {{ PATH = {:?} }}", folder.path());
        assert_eq!(of(&format!("command = \"mine\"\n{path}")), [""; 0]);
    }

    #[test]
    fn each_job_in_hand_or_ahead_takes_a_connection_to_each_server() {
        let stream = "command = \"sh\"\ntube = \"t\"\nmode = \"stream\"\nprocesses = 4\nprefetch = 1000";
        let exec = "command = \"sh\"\ntube = \"t\"\nprocesses = { min = 1, max = 4 }";
        for (lines, servers, count) in [(stream, 1, 4004), (stream, 2, 8008), (exec, 2, 8)] {
            let config = Config::parse(&format!("[program.one]\n{lines}"), Path::new("workers.toml"));
            let program = &config.expect("a right file").programs[0];
            let doubt = connections(program, servers, Some(count - 1)).expect("a doubt");
            assert!(doubt.contains(&format!(" {count} connections")), "{doubt}");
            assert_eq!(connections(program, servers, Some(count)), None);
            assert_eq!(connections(program, servers, None), None);
        }
    }

    #[test]
    fn what_is_missing_is_told_with_its_key() {
        for (lines, doubt) in [
            (
                "command = \"no-such-program\"",
                "command: there is no program \"no-such-program\" in PATH, which is ",
            ),
            (
                "command = \"sh\"\nenvironment = { PATH = \"/nowhere\" }",
                "command: there is no program \"sh\" in PATH, which is \"/nowhere\"",
            ),
            ("command = \"/nowhere/sh\"", "command: there is no program /nowhere/sh: "),
            ("command = \"/bin\"", "command: /bin is not a file"),
            ("command = \"./Cargo.toml\"", "command: ./Cargo.toml may not be run: "),
            ("command = \"sh\"\ndirectory = \"/nowhere\"", "directory: there is no directory /nowhere"),
            (
                "command = \"sh\"\nuser = \"no-such-user\"",
                "user: there is no user \"no-such-user\" on this machine",
            ),
            ("command = \"sh\"\nlog = { to = \"src\" }", "log.to: src is a directory"),
            (
                "command = \"sh\"\nlog = { to = \"Cargo.toml/{program}.log\" }",
                "log.to: Cargo.toml is not a directory",
            ),
        ] {
            let found = of(lines);
            assert!(matches!(&found[..], [one] if one.starts_with(doubt)), "{lines}: {found:?}");
        }
        assert_eq!(of("command = \"nobody\"\ndirectory = \"/nowhere\"\nuser = \"no-such-user\"").len(), 3);
    }
}
