//! The servers that PHP's tests talk to. Each is started if a test names its environment variable.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::conformance::python_clients;
use crate::tidy::target_folder;
use crate::tools;

/// Environment variables for the addresses, as host:port: of trellis' two protocols, and of Debian's two servers.
const TRELLIS_ZOOKEEPER: &str = "TRELLIS_ZOOKEEPER";
const TRELLIS_BEANSTALK: &str = "TRELLIS_BEANSTALK";
const DEBIAN_ZOOKEEPER: &str = "DEBIAN_ZOOKEEPER";
const DEBIAN_BEANSTALK: &str = "DEBIAN_BEANSTALK";
/// The paths of trellis and of beanstalkd, for tests that start servers or workers themselves.
const TRELLIS_PROGRAM: &str = "TRELLIS_PROGRAM";
const BEANSTALKD_PROGRAM: &str = "BEANSTALKD_PROGRAM";
/// A Python that has kazoo, the client of ZooKeeper's protocol whose recipes ours meet.
const KAZOO_PYTHON: &str = "KAZOO_PYTHON";

/// Who may do everything at Debian's ZooKeeper: `super` with the password `secret`, as the server's digest of both.
const SUPERUSER: &str = "super:lK75jTNcA+U9vtVEw5vB51mj/w4=";

/// How long a server may take until it takes connections, and how often it is tried. Java is slow to start.
const START_DEADLINE: Duration = Duration::from_secs(60);
const START_INTERVAL: Duration = Duration::from_millis(10);
/// The ports below those that the system gives to clients.
const PORTS: Range<u16> = 10_000..32_768;

/// The running servers; they are killed when this is dropped.
pub(super) struct Servers {
    children: Vec<Child>,
    variables: Vec<(&'static str, String)>,
    ports: Range<u16>,
}

/// Whether any of the variables occurs in `tests`.
pub(super) fn are_needed(tests: &str) -> bool {
    let all = [TRELLIS_ZOOKEEPER, TRELLIS_BEANSTALK, TRELLIS_PROGRAM, DEBIAN_ZOOKEEPER, DEBIAN_BEANSTALK];
    all.iter().any(|variable| tests.contains(variable))
}

/// Starts those servers whose variables occur in `tests`; their data and logs go to `folder`.
pub(super) fn start(tests: &str, trellis: &Path, folder: &Path) -> Result<Servers> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    // Where to begin differs from run to run, so that two that run at once are unlikely to meet.
    let first = PORTS.start + u16::try_from(std::process::id() % 22_000)?;
    let mut servers = Servers { children: Vec::new(), variables: Vec::new(), ports: first..PORTS.end };
    servers.variables.push((TRELLIS_PROGRAM, trellis.display().to_string()));
    if tests.contains(TRELLIS_ZOOKEEPER) || tests.contains(TRELLIS_BEANSTALK) {
        let (zookeeper, beanstalk) = (servers.free_address()?, servers.free_address()?);
        let mut command = Command::new(trellis);
        command.args(["serve", "--http", "off", "--durability", "memory"]);
        command.args(["--zookeeper", &zookeeper.to_string(), "--beanstalk", &beanstalk.to_string()]);
        servers.start(TRELLIS_ZOOKEEPER, &mut command, zookeeper, folder)?;
        servers.variables.push((TRELLIS_BEANSTALK, beanstalk.to_string()));
    }
    if tests.contains(BEANSTALKD_PROGRAM) {
        let program = tools::beanstalkd(&target_folder()?)?;
        servers.variables.push((BEANSTALKD_PROGRAM, program.display().to_string()));
    }
    if tests.contains(KAZOO_PYTHON) {
        let python = python_clients(&tools::folder(&target_folder()?))?;
        servers.variables.push((KAZOO_PYTHON, python.display().to_string()));
    }
    if tests.contains(DEBIAN_BEANSTALK) {
        let address = servers.free_address()?;
        let mut command = Command::new(tools::beanstalkd(&target_folder()?)?);
        command.args(["-l", &address.ip().to_string(), "-p", &address.port().to_string()]);
        servers.start(DEBIAN_BEANSTALK, &mut command, address, folder)?;
    }
    if tests.contains(DEBIAN_ZOOKEEPER) {
        servers.start_debian_zookeeper(folder)?;
    }
    Ok(servers)
}

impl Servers {
    /// The environment variables that say where the servers are.
    pub(super) fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// The next address that nobody listens on.
    fn free_address(&mut self) -> Result<SocketAddr> {
        let mut addresses = (&mut self.ports).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        addresses.find(|address| TcpListener::bind(address).is_ok()).context("no port is free")
    }

    /// Starts Debian's ZooKeeper as an ensemble of one, since a server without an ensemble doesn't let its members be
    /// changed. [`SUPERUSER`] may do so.
    fn start_debian_zookeeper(&mut self, folder: &Path) -> Result<()> {
        let (java, jar) = tools::zookeeper()?;
        let (address, peers, election) = (self.free_address()?, self.free_address()?, self.free_address()?);
        let data = folder.join("zookeeper");
        fs::create_dir_all(&data)?;
        fs::write(data.join("myid"), "1\n")?;
        let text = format!(
            "tickTime=500\ninitLimit=10\nsyncLimit=10\ndataDir={}\nadmin.enableServer=false\n\
             standaloneEnabled=false\nreconfigEnabled=true\n\
             DigestAuthenticationProvider.superDigest={SUPERUSER}\n\
             server.1={}:{}:{};{address}\n",
            data.display(),
            address.ip(),
            peers.port(),
            election.port(),
        );
        let configuration = folder.join("zoo.cfg");
        fs::write(&configuration, text)?;
        let mut command = Command::new(java);
        command.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp"]).arg(jar);
        command.arg("org.apache.zookeeper.server.quorum.QuorumPeerMain").arg(configuration);
        self.start(DEBIAN_ZOOKEEPER, &mut command, address, folder)?;
        // It takes connections, and ends them, before it has elected itself.
        self.wait(&command, folder, || ask(address, "srvr").is_ok_and(|answer| answer.contains("Mode: ")))
    }

    /// Starts a server and waits until it takes connections.
    fn start(
        &mut self,
        name: &'static str,
        command: &mut Command,
        address: SocketAddr,
        folder: &Path,
    ) -> Result<()> {
        let log = File::create(folder.join(format!("{name}.log")))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        self.children.push(child);
        self.variables.push((name, address.to_string()));
        self.wait(command, folder, || TcpStream::connect(address).is_ok())
    }

    /// Waits until the server that was started last is ready.
    fn wait(&mut self, command: &Command, folder: &Path, ready: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while !ready() {
            let ended = self.children.last_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || Instant::now() > deadline {
                bail!("{command:?} does not serve; see the logs in {}", folder.display());
            }
            thread::sleep(START_INTERVAL);
        }
        Ok(())
    }
}

/// What ZooKeeper answers to one of its words for administrators.
fn ask(address: SocketAddr, word: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(START_DEADLINE))?;
    stream.write_all(word.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It may have ended by itself, which its tests have noticed.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
