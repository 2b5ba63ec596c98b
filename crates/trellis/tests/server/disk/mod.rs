//! A disk that fails or hangs when a test says so: a library in C that is preloaded into the server and stands between
//! it and the files of its log. What it can be told is at the head of `preload.c`.

mod failure;
mod start;
mod znodes;

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::io::Errno;
use tempfile::TempDir;

use crate::server::{Server, serve};

/// Files of the log that are quickly made, but large enough for all that most tests write: no other is begun meanwhile.
const SETTINGS: &[&str] = &["--log-segment-bytes", "8M"];

/// The disk of one test, with the data on it.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// A disk that works, with nothing on it. Makes the library, in a few hundredths of a second.
    fn new() -> Disk {
        let folder = tempfile::tempdir().expect("a directory for the data");
        let disk = Disk { folder };
        std::fs::create_dir(disk.orders()).expect("a directory for the orders");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/disk/preload.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-std=gnu11", "-shared", "-fPIC", "-o"]);
        let made = compiler.arg(disk.library()).arg(source).output();
        let made = made.expect("a C compiler by the name of `cc` makes the disk of this test: install one");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        disk
    }

    /// Where the server keeps its data.
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("preload.so")
    }

    fn orders(&self) -> PathBuf {
        self.folder.path().join("orders")
    }

    /// The command line of a server on this disk.
    fn serve(&self) -> Command {
        let mut command = serve(&self.data());
        command.env("LD_PRELOAD", self.library()).env("DISK_ORDERS", self.orders());
        command.args(SETTINGS);
        command
    }

    /// Starts a server on this disk, with more settings. It may never come to listen.
    fn begin(&self, settings: &[&str]) -> Server {
        Server::spawn(self.serve().args(["--beanstalk", "127.0.0.1:0"]).args(settings))
    }

    /// Starts a server on this disk, with more settings.
    fn start(&self, settings: &[&str]) -> Server {
        let mut server = self.begin(settings);
        server.finish_start();
        server
    }

    /// Tells what becomes of every such operation that begins from now on. What is held goes on.
    fn order(&self, operation: &str, order: &str) {
        let next = self.folder.path().join("next order");
        std::fs::write(&next, order).expect("an order can be written");
        // So that the server finds either order whole.
        std::fs::rename(next, self.orders().join(operation)).expect("an order can be given");
    }

    /// Has every such operation fail from now on.
    fn fail(&self, operation: &str, error: Errno) {
        self.order(operation, &format!("fail {}", error.raw_os_error()));
    }

    /// Lets these operations work again. What is held goes on.
    fn release(&self, operation: &str) {
        std::fs::remove_file(self.orders().join(operation)).expect("there was an order");
    }
}

/// What the disk says on the server's standard error when it holds such an operation.
fn held(operation: &str) -> String {
    format!("the disk holds a {operation}")
}
