//! Which servers there are, and the command lines with which they do the same.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;

/// The Java class that Debian's service of ZooKeeper runs.
const ZOOKEEPER_CLASS: &str = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
/// What Debian's service of ZooKeeper tells Java: no size of its heap, which is a quarter of the machine then.
const ZOOKEEPER_JAVA_OPTIONS: [&str; 2] =
    ["-Dcom.sun.management.jmxremote", "-Dcom.sun.management.jmxremote.local.only=true"];

/// When a reply may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing is written.
    Memory,
    /// Written before the reply, on disk within 50 ms.
    Interval,
    /// On disk before the reply. ZooKeeper knows nothing else.
    Fsync,
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The peer for jobs.
    Beanstalkd,
    /// The peer for znodes.
    Zookeeper,
    /// Ours.
    Trellis,
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// beanstalkd's protocol.
    Beanstalk,
    /// ZooKeeper's protocol.
    Zookeeper,
}

/// What is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// The server.
    pub(crate) kind: Kind,
    /// What it is to speak.
    pub(crate) speech: Speech,
    /// When its replies may leave.
    pub(crate) durability: Durability,
}

/// Where the servers' programs are, and where they may write.
pub(crate) struct Programs {
    /// The peer's program for jobs.
    pub(crate) beanstalkd: PathBuf,
    /// What runs ZooKeeper.
    pub(crate) java: PathBuf,
    /// ZooKeeper; what it needs lies beside it.
    pub(crate) zookeeper_jar: PathBuf,
    /// Our program; without it, only the peers are measured.
    pub(crate) trellis: Option<PathBuf>,
    /// A folder on a real disk.
    pub(crate) work_dir: PathBuf,
}

impl Kind {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Beanstalkd => "beanstalkd",
            Kind::Zookeeper => "zookeeper",
            Kind::Trellis => "trellis",
        }
    }
}

impl Speech {
    /// Whose protocol it is.
    pub(crate) fn peer(self) -> Kind {
        match self {
            Speech::Beanstalk => Kind::Beanstalkd,
            Speech::Zookeeper => Kind::Zookeeper,
        }
    }
}

impl Programs {
    /// The command that starts a server, which writes to the folder `data`.
    pub(super) fn command(&self, setup: Setup, address: SocketAddr, data: &Path) -> Result<Command> {
        match setup.kind {
            Kind::Beanstalkd => Ok(self.beanstalkd(setup.durability, address, data)),
            Kind::Zookeeper => self.zookeeper(address, data),
            Kind::Trellis => self.trellis(setup, address, data),
        }
    }

    fn beanstalkd(&self, durability: Durability, address: SocketAddr, data: &Path) -> Command {
        let mut command = Command::new(&self.beanstalkd);
        command.args(["-l", &address.ip().to_string(), "-p", &address.port().to_string()]);
        if durability != Durability::Memory {
            command.arg("-b").arg(data);
        }
        if durability == Durability::Fsync {
            command.arg("-f0");
        }
        command
    }

    /// With a configuration that says where, and that each transaction is on disk before its reply, which it would be
    /// anyway. Everything else is as it is without a configuration.
    fn zookeeper(&self, address: SocketAddr, data: &Path) -> Result<Command> {
        let file = data.join("zoo.cfg");
        let settings = [
            format!("dataDir={}", data.join("data").display()),
            format!("clientPortAddress={}", address.ip()),
            format!("clientPort={}", address.port()),
            "tickTime=2000".to_owned(),
            "forceSync=yes".to_owned(),
            "admin.enableServer=false\n".to_owned(),
        ];
        fs::write(&file, settings.join("\n")).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(&self.java);
        command.arg("-cp").arg(&self.zookeeper_jar);
        command.args(ZOOKEEPER_JAVA_OPTIONS).arg(ZOOKEEPER_CLASS).arg(file);
        Ok(command)
    }

    fn trellis(&self, setup: Setup, address: SocketAddr, data: &Path) -> Result<Command> {
        let mut command = Command::new(self.trellis.as_ref().context("there is no trellis to start")?);
        command.arg("serve").arg("--data-dir").arg(data.join("data")).args(["--http", "off"]);
        let (spoken, other) = match setup.speech {
            Speech::Beanstalk => ("--beanstalk", "--zookeeper"),
            Speech::Zookeeper => ("--zookeeper", "--beanstalk"),
        };
        command.args([spoken, &address.to_string(), other, "off"]);
        command.args(["--durability", setup.durability.trellis()]);
        Ok(command)
    }
}

impl Durability {
    /// The name of trellis's setting.
    fn trellis(self) -> &'static str {
        match self {
            Durability::Memory => "memory",
            Durability::Interval => "interval",
            Durability::Fsync => "strict",
        }
    }
}
