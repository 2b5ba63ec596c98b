//! A `trellis serve` of its own for the scripts, which keeps nothing.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::trellis;

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it speaks ZooKeeper's protocol.
    pub(crate) address: String,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start() -> Server {
        let mut child = trellis()
            .args(["serve", "--durability", "memory", "--beanstalk", "off"])
            .args(["--zookeeper", "127.0.0.1:0", "--log-format", "json"])
            .stdout(Stdio::null())
            .spawn()
            .expect("trellis starts");
        let messages = BufReader::new(child.stderr.take().expect("a pipe"));
        // It writes no more than the pipe holds, so nobody need read on.
        let address = messages.lines().find_map(|line| {
            let line = line.expect("a message");
            let message: serde_json::Value = serde_json::from_str(&line).expect("a message is a JSON object");
            message["fields"]["address"].as_str().map(str::to_owned)
        });
        Server { child, address: address.expect("it says where it listens") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the scripts have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
