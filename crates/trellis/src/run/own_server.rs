//! The server of `trellis run --serve`: on a thread of its own, beside the supervisor. When it begins and ends is decided
//! in `supervise`; what it serves is in `trellis-server`.

use std::convert::Infallible;
use std::path::Path;
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use trellis_server::{Protocol, Server};
use trellis_supervisor::config::OwnServer;
use trellis_supervisor::runtime::Beside;

use crate::address::Address;
use crate::cmd::serve::{ServeArgs, usable};
use crate::exit::{Exit, Failure};
use crate::serve;
use crate::settings::ServeSettings;

/// The settings of the server: those of `trellis serve --config FILE`, and the warnings.
pub(super) fn settings(file: Option<&Path>) -> Result<(ServeSettings, Vec<String>), Failure> {
    let (settings, warnings) = usable(ServeArgs::without_flags(file)?).map_err(|failure| match file {
        Some(file) if names_programs(file) => failure.hint(format!(
            "that is a file of programs: `trellis run --config {} --serve` runs them with a server of default settings",
            file.display()
        )),
        _ => failure,
    })?;
    if settings.user.is_some() {
        // Whoever starts programs of several users is root, and one process cannot be both.
        let message =
            "the setting user cannot be used with --serve, as server and supervisor are one process";
        return Err(Failure::new(Exit::Usage, message)
            .hint("start it as that user, or give programs theirs with `user` in the workers' file"));
    }
    Ok((settings, warnings))
}

/// Whether a file is for the supervisor, and not for the server.
fn names_programs(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| line.trim_start().starts_with("[program."))
}

/// Where it will be reached, as far as the settings say.
pub(super) fn addresses(settings: &ServeSettings) -> OwnServer {
    let texts = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
    reached_at(texts(&settings.zookeeper), texts(&settings.beanstalk))
}

/// The thread of a server that was begun.
pub(super) struct ServerThread(JoinHandle<Result<(), Failure>>);

impl ServerThread {
    /// Begins it. It stops as with SIGTERM when the second value is dropped or says so.
    pub(super) fn begin(settings: ServeSettings) -> Result<(ServerThread, Beside), Failure> {
        let (stop, stopped) = oneshot::channel();
        let (served, serves) = oneshot::channel();
        let (alive, ended) = oneshot::channel();
        let life = move || {
            // Dropped at the end, whatever that is.
            let _alive = alive;
            serve::runtime()?.block_on(run(settings, served, stopped))
        };
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(life);
        let thread = thread.map_err(|error| serve::no_thread(&error))?;
        Ok((ServerThread(thread), Beside { serves, ended, stop }))
    }

    /// How it went; what it was begun with has been dropped, or it has ended by itself.
    pub(super) fn outcome(self) -> Result<(), Failure> {
        let panicked = |_| Err(Failure::new(Exit::Internal, "the server's thread has panicked"));
        self.0.join().unwrap_or_else(panicked)
    }
}

async fn run(
    settings: ServeSettings,
    served: oneshot::Sender<OwnServer>,
    mut stop: oneshot::Receiver<Infallible>,
) -> Result<(), Failure> {
    let server = tokio::select! {
        biased;
        _ = &mut stop => return Ok(()),
        started = serve::start(settings) => started?,
    };
    // If nobody waits for it any more, it is stopped at once.
    let _ = served.send(own_server(&server));
    tokio::select! {
        reason = server.failed() => {
            tracing::error!(reason, "the server has failed, so everything is stopped");
            Err(serve::internal(&reason))
        }
        _ = &mut stop => {
            server.stop().await.map_err(|error| serve::internal(&error))?;
            tracing::info!("the server has stopped");
            Ok(())
        }
    }
}

/// Where it is reached, with the ports that the system chose.
fn own_server(server: &Server) -> OwnServer {
    let of = |protocol| {
        let addresses = server.addresses().iter().filter(move |(found, _)| *found == protocol);
        addresses.map(|(_, address)| address.clone()).collect()
    };
    reached_at(of(Protocol::ZooKeeper), of(Protocol::Beanstalk))
}

fn reached_at(zookeeper: Vec<String>, beanstalk: Vec<String>) -> OwnServer {
    let zookeeper = zookeeper.into_iter().filter(|address| !address.starts_with("unix:"));
    OwnServer {
        zookeeper: zookeeper.map(|address| from_here(&address)).collect(),
        beanstalk: beanstalk.into_iter().map(|address| from_here(&address)).collect(),
    }
}

/// An address to connect to, for one to listen at.
fn from_here(address: &str) -> String {
    if let Some(path) = address.strip_prefix("unix:") {
        // Programs may have another working directory.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
        return format!("unix:{}", path.display());
    }
    match address.rsplit_once(':') {
        Some(("0.0.0.0", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_here() {
        for (listens, reached) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("unix:/run/s", "unix:/run/s"),
        ] {
            assert_eq!(from_here(listens), reached);
        }
    }

    #[test]
    fn sockets_of_zookeepers_protocol_are_not_for_its_clients() {
        let own = reached_at(vec!["unix:/run/z".to_owned()], Vec::new());
        assert_eq!(own, OwnServer::default());
    }
}
