//! The recipes of the client crate against a `trellis serve` of their own; with `ZK_SERVER=host:port`, against that
//! server, which gets nodes below `/recipes`.

mod held;
mod losses;
mod proxy;
mod queues;
#[path = "../cli/zk/server.rs"]
mod server;
mod together;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::{Client, Settings};

use self::server::Server;

/// How long anything that must happen may take.
const DEADLINE: Option<Duration> = Some(Duration::from_secs(20));
/// How long something is waited for that must not happen. If it did, it would at once.
const NEVER: Option<Duration> = Some(Duration::from_millis(100));

fn trellis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.stderr(Stdio::piped());
    command
}

/// A server, and a node of it that nobody else uses.
struct Service {
    address: String,
    root: String,
    _server: Option<Server>,
}

impl Service {
    fn start() -> Service {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (address, server) = match std::env::var("ZK_SERVER") {
            Ok(address) => (address, None),
            Err(_) => {
                let server = Server::start();
                (server.address.clone(), Some(server))
            }
        };
        let root = format!("/recipes/{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let service = Service { address, root, _server: server };
        let client =
            blocking::connect(&Settings::new(&service.address).expect("an address")).expect("a session");
        client.ensure_path(&service.root).wait().expect("a node");
        client.close().wait().expect("an answer");
        service
    }

    fn settings(&self) -> Settings {
        self.settings_through(&self.address)
    }

    /// By way of another address.
    fn settings_through(&self, address: &str) -> Settings {
        let text = format!("{address}{}", self.root);
        Settings {
            session_timeout: Duration::from_secs(6),
            ..Settings::new(&text).expect("a connection string")
        }
    }

    fn client(&self) -> Client {
        blocking::connect(&self.settings()).expect("a session")
    }
}
