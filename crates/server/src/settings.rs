//! What a server needs to know before it starts: complete and checked.

use std::fmt;
use std::path::PathBuf;

/// Settings of the listeners. How commands are kept is in [`trellis_replica::Settings`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where clients of beanstalkd's protocol connect. May be empty if sockets are passed in.
    pub beanstalk: Vec<Address>,
    /// Where clients of ZooKeeper's protocol connect.
    pub zookeeper: Vec<Address>,
    /// What ZooKeeper's protocol needs besides.
    pub zk: crate::ZkSettings,
    /// Bytes that a job's body may have.
    pub job_bytes_max: u32,
    /// Connections that may be open at a time, of all protocols.
    pub connections_max: usize,
    /// Bytes that the bodies of all jobs may have; beyond, puts are answered `OUT_OF_MEMORY`.
    pub memory_bytes_max: Option<u64>,
    /// The log and the node.
    pub replica: trellis_replica::Settings,
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name or an IP address, and a port; port 0 lets the system choose.
    Tcp(String),
    /// A path in the file system. A socket that a dead server has left there is replaced.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => f.write_str(address),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
