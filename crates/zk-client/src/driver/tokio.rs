//! A session that a task of tokio drives. All operations can be awaited on any task, and without tokio, too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use ::tokio::net::{TcpStream, lookup_host};
use ::tokio::sync::Notify;
use ::tokio::time::sleep_until;

use super::Driving;
use crate::client::Client;
use crate::client::shared::{Input, Link, Rouse, Shared, Turn};
use crate::error::{ConnectError, Loss};
use crate::servers::Server;
use crate::settings::Settings;

/// Begins a session, and waits until a server has granted it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use trellis_zk_client::{Settings, tokio};
///
/// let client = tokio::connect(&Settings::new("127.0.0.1:2181")?).await?;
/// println!("{:?}", client.children("/").await?.names);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If each server was tried once in vain, or an identity was not accepted.
///
/// # Panics
/// Outside of a runtime of tokio with I/O and time.
pub async fn connect(settings: &Settings) -> Result<Client, ConnectError> {
    let client = start(settings)?;
    client.begin(settings).await?;
    Ok(client)
}

/// Begins a session and doesn't wait for it: what is asked of the client meanwhile, waits for the connection. Identities
/// of the settings are not shown; see [`Client::authenticate`].
///
/// # Errors
/// If the system has no random numbers.
///
/// # Panics
/// Outside of a runtime of tokio with I/O and time.
pub fn start(settings: &Settings) -> Result<Client, ConnectError> {
    let roused = Arc::new(Rouser(Notify::new()));
    let shared = Shared::new(settings, Arc::clone(&roused) as Arc<dyn Rouse>, now)?;
    let driving = Driving(Arc::clone(&shared));
    ::tokio::spawn(drive(driving, roused));
    Ok(Client::new(shared))
}

/// A clock that tests can stop.
fn now() -> Instant {
    ::tokio::time::Instant::now().into_std()
}

struct Rouser(Notify);

impl Rouse for Rouser {
    fn rouse(&self) {
        self.0.notify_one();
    }
}

/// The connection that is wanted, as far as it has come.
enum Connection {
    None,
    Opening(Pin<Box<dyn Future<Output = Result<TcpStream, Loss>> + Send>>),
    Open(Arc<TcpStream>),
}

async fn drive(driving: Driving, roused: Arc<Rouser>) {
    let mut number = None;
    let mut connection = Connection::None;
    let mut input = Input::Nothing;
    loop {
        let turn = driving.0.turn(input);
        if turn.over {
            return;
        }
        let wanted = turn.wanted.as_ref().map(|(wanted, _)| wanted.number);
        if wanted != number {
            number = wanted;
            connection = match &turn.wanted {
                Some((_, server)) => Connection::Opening(Box::pin(open(server.clone()))),
                None => Connection::None,
            };
        }
        input = ::tokio::select! {
            () = roused.0.notified() => Input::Nothing,
            () = sleep_until(turn.deadline.unwrap_or_else(|| now() + FAR).into()) => Input::Nothing,
            input = next(&mut connection, &turn) => input,
        };
    }
}

/// A time at which there is nothing to do; any would be right.
const FAR: std::time::Duration = std::time::Duration::from_secs(3600);

/// Waits for what the connection has to tell.
async fn next(connection: &mut Connection, turn: &Turn) -> Input {
    match connection {
        Connection::None => std::future::pending().await,
        Connection::Opening(opening) => match opening.await {
            Ok(stream) => {
                let stream = Arc::new(stream);
                *connection = Connection::Open(Arc::clone(&stream));
                Input::Opened(Box::new(Socket(stream)))
            }
            Err(loss) => {
                *connection = Connection::None;
                Input::Lost(loss)
            }
        },
        Connection::Open(stream) => ::tokio::select! {
            ready = stream.readable() => ready.map_or_else(|error| Input::Lost(error.into()), |()| Input::Readable),
            ready = stream.writable(), if turn.writing => {
                ready.map_or_else(|error| Input::Lost(error.into()), |()| Input::Nothing)
            }
        },
    }
}

/// Connects. Tries each address that the name stands for.
async fn open(server: Server) -> Result<TcpStream, Loss> {
    let addresses = lookup_host((server.host.as_str(), server.port)).await;
    let addresses = addresses.map_err(|error| Loss::System(error.to_string()))?;
    let mut loss = Loss::System("the name has no address".to_owned());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Each write is complete requests: there is nothing to gather. That is only about speed.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => loss = error.into(),
        }
    }
    Err(loss)
}

struct Socket(Arc<TcpStream>);

impl Link for Socket {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }
}
