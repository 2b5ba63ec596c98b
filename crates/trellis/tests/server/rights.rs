//! Files and sockets that the server may not use, and `--user`.
//!
//! Run by root, these tests start servers that become the user `nobody` and must not touch what is root's. Run by
//! anybody else, they take their own rights away. What is asked of the server is the same.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{User, geteuid};

use crate::client::Client;
use crate::server::{Server, files, refusal, serve};

/// Whom the servers of these tests run as.
struct Somebody {
    user: User,
    by_root: bool,
}

impl Somebody {
    fn new() -> Somebody {
        let by_root = geteuid().is_root();
        let user = if by_root { User::from_name("nobody") } else { User::from_uid(geteuid()) };
        Somebody { user: user.expect("users can be looked up").expect("the user is there"), by_root }
    }

    /// The command line of a server that is, or becomes, this user.
    fn serve(&self, data_dir: &Path) -> Command {
        let mut command = serve(data_dir);
        command.args(["--beanstalk", "127.0.0.1:0"]);
        if self.by_root {
            command.args(["--user", &self.user.name]);
        }
        command
    }

    fn start(&self, data_dir: &Path) -> (Server, Client) {
        let mut server = Server::spawn(&mut self.serve(data_dir));
        let address = server.listening().parse().expect("a port");
        (server, Client::connect(address))
    }

    /// Lets the user do everything with the file or directory.
    fn allow(&self, path: &Path) {
        if self.by_root {
            chown(path, Some(self.user.uid.as_raw()), Some(self.user.gid.as_raw()))
                .expect("root may do that");
        } else {
            set_mode(path, if path.is_dir() { 0o700 } else { 0o600 });
        }
    }

    /// Takes rights away. The mode is for a file or directory of root's; without root it is for all.
    fn restrict(&self, path: &Path, mode: u32) {
        if self.by_root {
            chown(path, Some(0), Some(0)).expect("root may do that");
            set_mode(path, mode);
        } else {
            set_mode(path, (mode & 0o7) * 0o111);
        }
    }

    /// What makes all of the directory usable.
    fn remedy(&self, data_dir: &Path) -> String {
        match self.by_root {
            true => format!("chown -R {} {}", self.user.name, data_dir.display()),
            false => format!("chmod -R u+rwX {}", data_dir.display()),
        }
    }

    /// The server must refuse and name the setting, its user and all of `parts`.
    fn refusal(&self, data_dir: &Path, parts: &[&str]) {
        let (code, messages) = refusal(&mut self.serve(data_dir));
        assert_ne!(code, 0, "{messages}");
        let who = format!("user {} cannot use the data directory (--data-dir): ", self.user.name);
        for part in [&who[..], "ermission denied"].iter().chain(parts) {
            assert!(messages.contains(part), "there is no {part:?} in:\n{messages}");
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("the mode can be set");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").mode() & 0o777
}

/// A directory that everybody can enter, since root's temporary ones are for root only.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    set_mode(directory.path(), 0o755);
    directory
}

#[test]
fn every_file_that_the_user_may_not_use_is_named_with_its_owner_and_the_remedy() {
    let (somebody, parent) = (Somebody::new(), directory());
    let data_dir = parent.path().join("data");
    fs::create_dir(&data_dir).expect("a directory");
    somebody.allow(&data_dir);
    let (server, mut client) = somebody.start(&data_dir);
    assert_eq!(client.put("0 0 100", "a"), 1);
    server.kill();

    // A file that was being made when the server was killed is removed by the next start, whoever owns it.
    let names = files(&data_dir).into_iter().filter(|(name, _)| !name.ends_with(".tmp"));
    let names = names.map(|(name, _)| data_dir.join(name));
    let paths: Vec<PathBuf> = names.chain([data_dir.clone()]).collect();
    // The directory, its manifest and the log; the log's next file may not be made yet.
    assert!(paths.len() >= 3, "{paths:?}");
    for path in paths {
        let old = mode(&path);
        somebody.restrict(&path, old & 0o700);
        let owner = if somebody.by_root { "root" } else { &somebody.user.name };
        let belongs = format!("{} belongs to {owner}, mode ", path.display());
        somebody.refusal(&data_dir, &[&path.display().to_string(), &belongs, &somebody.remedy(&data_dir)]);
        somebody.allow(&path);
    }
    // Every file could be used, but none could be made.
    somebody.restrict(&data_dir, 0o755);
    somebody.refusal(&data_dir, &["files cannot be made in", &somebody.remedy(&data_dir)]);
    somebody.allow(&data_dir);
    let (_server, mut client) = somebody.start(&data_dir);
    assert_eq!(client.ask("delete 1"), "DELETED");
}

#[test]
fn a_directory_that_the_user_may_not_make_is_told_with_what_to_do_before() {
    let (somebody, parent) = (Somebody::new(), directory());
    let forbidden = parent.path().join("forbidden");
    fs::create_dir(&forbidden).expect("a directory");
    let data_dir = forbidden.join("data");
    let named = forbidden.display().to_string();

    somebody.restrict(&forbidden, 0o755);
    let install = format!("install -d -o {} -m 700 {}", somebody.user.name, data_dir.display());
    somebody.refusal(&data_dir, &[&named, &install]);
    somebody.restrict(&forbidden, 0o700);
    somebody.refusal(&data_dir, &[&named, &format!("let {} enter it", somebody.user.name)]);
    assert!(fs::read_dir(&forbidden).map_or(true, |mut found| found.next().is_none()), "nothing was made");

    somebody.allow(&forbidden);
    drop(somebody.start(&data_dir));
}

#[test]
fn what_is_made_belongs_to_the_user_alone() {
    let (somebody, parent) = (Somebody::new(), directory());
    somebody.allow(parent.path());
    let data_dir = parent.path().join("deep/data");
    drop(somebody.start(&data_dir));
    for path in [parent.path().join("deep"), data_dir.clone()] {
        let owner = fs::metadata(&path).expect("it was made").uid();
        assert_eq!((owner, mode(&path)), (somebody.user.uid.as_raw(), 0o700), "{}", path.display());
    }
    for (name, _) in files(&data_dir) {
        let path = data_dir.join(name);
        let owner = fs::metadata(&path).expect("it was made").uid();
        assert_eq!((owner, mode(&path)), (somebody.user.uid.as_raw(), 0o600), "{}", path.display());
    }
}

#[test]
fn only_root_becomes_another_user_and_an_unknown_one_is_named() {
    let parent = directory();
    let somebody = Somebody::new();
    let serve_as = |name: &str| {
        let mut command = serve(&parent.path().join("data"));
        command.args(["--durability", "memory", "--beanstalk", "127.0.0.1:0", "--user", name]);
        command
    };
    // Who is that user already has nothing to become.
    let mut server = Server::spawn(&mut serve_as(&somebody.user.name));
    server.listening();
    let process = format!("/proc/{}", server.process().as_raw_nonzero());
    let runs_as = fs::metadata(process).expect("it runs").uid();
    assert_eq!(runs_as, somebody.user.uid.as_raw());

    if !somebody.by_root {
        let (code, messages) = refusal(&mut serve_as("root"));
        assert_eq!(code, 2, "{messages}");
        assert!(messages.contains(r#"only root can become user \"root\" (--user)"#), "{messages}");
    }
    let (code, messages) = refusal(&mut serve_as("no-such-user"));
    assert_eq!(code, 2, "{messages}");
    assert!(messages.contains(r#"there is no user \"no-such-user\" on this machine (--user)"#), "{messages}");
}

#[test]
fn a_unix_socket_belongs_to_the_user_and_the_umask_says_who_else_may_connect() {
    let (somebody, parent) = (Somebody::new(), directory());
    let path = parent.path().join("socket");
    // Root's directory stays root's: that the user could neither bind nor remove a socket there does not matter.
    for (umask, expected) in [("022", 0o755), ("007", 0o770)] {
        let arguments = somebody.serve(&parent.path().join("not-used"));
        let mut command = Command::new("/bin/sh");
        command.env("TRELLIS_ZOOKEEPER", "off");
        command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
        command.arg(arguments.get_program()).args(arguments.get_args());
        command.args(["--durability", "memory", "--beanstalk", &format!("unix:{}", path.display())]);
        let mut server = Server::spawn(&mut command);
        (0..2).for_each(|_| drop(server.listening()));
        let owner = fs::symlink_metadata(&path).expect("the socket is there").uid();
        assert_eq!((owner, mode(&path)), (somebody.user.uid.as_raw(), expected), "umask {umask}");
        UnixStream::connect(&path).expect("it listens there");
        // What is left of it is replaced by the next one.
        server.kill();
        assert!(path.exists());
    }
}
