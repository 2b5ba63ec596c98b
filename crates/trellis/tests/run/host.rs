//! A server of both protocols that can be killed and started again in the same place.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use trellis_tube_client::blocking::Client;

/// A server, and where it keeps what it has.
pub(crate) struct Host {
    folder: tempfile::TempDir,
    durability: &'static str,
    child: Child,
    beanstalk: String,
    zookeeper: String,
}

impl Host {
    /// One that keeps everything.
    pub(crate) fn start() -> Host {
        Self::start_with("strict")
    }

    /// One that forgets everything when it is started again.
    pub(crate) fn forgetful() -> Host {
        Self::start_with("memory")
    }

    fn start_with(durability: &'static str) -> Host {
        let folder = tempfile::tempdir().expect("a folder");
        let (child, [beanstalk, zookeeper]) =
            serve(folder.path(), durability, ["127.0.0.1:0", "127.0.0.1:0"]);
        Host { folder, durability, child, beanstalk, zookeeper }
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it is ours");
    }

    /// Starts it again.
    pub(crate) fn revive(&mut self) {
        let places = [self.beanstalk.as_str(), self.zookeeper.as_str()];
        let (child, found) = serve(self.folder.path(), self.durability, places);
        assert_eq!(found, places);
        self.child = child;
    }

    /// A client that uses the tube `work`.
    pub(crate) fn client(&self) -> Client {
        let mut client = Client::new(self.beanstalk.parse().expect("an address"));
        client.use_tube("work").expect("it answers");
        client
    }

    /// The address of its tubes.
    pub(crate) fn beanstalk(&self) -> &str {
        &self.beanstalk
    }

    /// The address of its znodes.
    pub(crate) fn zookeeper(&self) -> &str {
        &self.zookeeper
    }

    /// A file with these programs.
    pub(crate) fn file(&self, programs: &str) -> String {
        format!(
            "[server]\nbeanstalk = \"{}\"\nzookeeper = \"{}\"\nsession_timeout = \"4s\"\n{programs}",
            self.beanstalk(),
            self.zookeeper()
        )
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server; returns where it listens.
fn serve(folder: &Path, durability: &str, [beanstalk, zookeeper]: [&str; 2]) -> (Child, [String; 2]) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trellis"))
        .env_clear()
        .args(["serve", "--durability", durability, "--http", "off", "--log-format", "json"])
        .args(["--beanstalk", beanstalk, "--zookeeper", zookeeper, "--data-dir"])
        .arg(folder.join("data"))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut address = |protocol: &str| {
        let wanted = |line: &String| line.contains("\"listening\"") && line.contains(protocol);
        let line = lines.by_ref().find(wanted).expect("it listens");
        let message: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        message["fields"]["address"].as_str().expect("an address").to_owned()
    };
    let places = [address("beanstalk"), address("zookeeper")];
    // Its messages are read on, so that it never waits for that.
    std::thread::spawn(move || lines.for_each(drop));
    (child, places)
}
