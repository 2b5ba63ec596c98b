//! A session that a plain thread drives, for programs without an asynchronous runtime.
//!
//! The thread reads, pings and reconnects; requests are written by whoever makes them. All signals are blocked in it, so
//! that they reach the program's own threads. See [`Client::hold`] for what to do about forks.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Token};
use nix::sys::signal::{SigSet, SigmaskHow};

use super::Driving;
use crate::client::Client;
use crate::client::shared::{Input, Link, Rouse, Shared};
use crate::error::{ConnectError, Loss};
use crate::machine::deadlines::after;
use crate::servers::Server;
use crate::settings::Settings;

/// Begins a session, and waits until a server has granted it.
///
/// # Errors
/// If each server was tried once in vain, or an identity was not accepted.
pub fn connect(settings: &Settings) -> Result<Client, ConnectError> {
    let client = start(settings)?;
    client.begin(settings).wait()?;
    Ok(client)
}

/// Begins a session and doesn't wait for it: what is asked of the client meanwhile, waits for the connection. Identities
/// of the settings are not shown; see [`Client::authenticate`].
///
/// # Errors
/// If the system has no thread for it.
pub fn start(settings: &Settings) -> Result<Client, ConnectError> {
    let system = |error: &dyn std::fmt::Display| ConnectError::System(error.to_string());
    let poll = mio::Poll::new().map_err(|error| system(&error))?;
    let rouser = mio::Waker::new(poll.registry(), ROUSED).map_err(|error| system(&error))?;
    let shared = Shared::new(settings, Arc::new(Rouser(rouser)), Instant::now)?;
    let driving = Driving(Arc::clone(&shared));
    let driver = Driver { driving, poll, connection: None };
    // A new thread has the mask of the one that makes it, so there is no moment in which it could get a signal.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).map_err(|error| system(&error))?;
    let thread = std::thread::Builder::new().name("zk-session".to_owned()).spawn(move || driver.run());
    mask.thread_set_mask().map_err(|error| system(&error))?;
    thread.map_err(|error| system(&error))?;
    Ok(Client::new(shared))
}

/// Waits for a future, for as long as it takes, by putting this thread to sleep.
pub trait Wait: Future {
    /// Waits.
    fn wait(self) -> Self::Output;

    /// Waits, and asks from time to time whether to go on with it, for the first time after `every`. `None`: it should
    /// not.
    fn wait_while(self, every: Duration, go_on: impl FnMut() -> bool) -> Option<Self::Output>;
}

impl<F: Future> Wait for F {
    fn wait(self) -> F::Output {
        let mut future = pin!(self);
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            std::thread::park();
        }
    }

    fn wait_while(self, every: Duration, mut go_on: impl FnMut() -> bool) -> Option<F::Output> {
        let mut future = pin!(self);
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut ask_at = after(Instant::now(), every);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            let now = Instant::now();
            if now >= ask_at {
                if !go_on() {
                    return None;
                }
                ask_at = after(now, every);
            }
            std::thread::park_timeout(ask_at - now);
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The longest that the driver sleeps.
const TURN_MAX: Duration = Duration::from_secs(24 * 3600);

const ROUSED: Token = Token(0);
const CONNECTION: Token = Token(1);

struct Rouser(mio::Waker);

impl Rouse for Rouser {
    fn rouse(&self) {
        // It fails only if the system has no descriptor that has been there since the start.
        let _ = self.0.wake();
    }
}

struct Driver {
    driving: Driving,
    poll: mio::Poll,
    connection: Option<Connection>,
}

/// The connection that is wanted, as far as it has come.
struct Connection {
    number: u64,
    /// Addresses that are left to be tried.
    addresses: std::vec::IntoIter<SocketAddr>,
    /// The socket until it is connected. Then it belongs to the session, so that a child of a fork can close it.
    opening: Option<TcpStream>,
}

impl Driver {
    fn run(mut self) {
        let mut events = Events::with_capacity(8);
        let mut input = Input::Nothing;
        loop {
            let turn = self.driving.0.turn(std::mem::replace(&mut input, Input::Nothing));
            if turn.over {
                return;
            }
            let number = self.connection.as_ref().map(|connection| connection.number);
            let wanted = turn.wanted.filter(|(wanted, _)| Some(wanted.number) != number);
            if let Some((wanted, server)) = wanted {
                match self.open(wanted.number, &server) {
                    Ok(()) => {}
                    Err(loss) => {
                        input = Input::Lost(loss);
                        continue;
                    }
                }
            }
            // The system counts milliseconds in 32 bits; who is woken too soon has nothing to do.
            let timeout = turn.deadline.map(|at| at.saturating_duration_since(Instant::now()).min(TURN_MAX));
            // An interruption, or whatever else this is, changes nothing about what is to be looked at.
            let _ = self.poll.poll(&mut events, timeout);
            if events.iter().any(|event| event.token() == CONNECTION) {
                input = self.look();
            }
        }
    }

    /// Begins to connect.
    fn open(&mut self, number: u64, server: &Server) -> Result<(), Loss> {
        // Looking a name up may take its time, and can't be hurried.
        let addresses = (server.host.as_str(), server.port).to_socket_addrs();
        let addresses = addresses.map_err(|error| Loss::System(error.to_string()))?;
        let addresses = addresses.collect::<Vec<_>>().into_iter();
        self.connection = Some(Connection { number, addresses, opening: None });
        self.open_next(Loss::System("the name has no address".to_owned()))
    }

    /// Goes on with the next address, if there is one.
    fn open_next(&mut self, mut loss: Loss) -> Result<(), Loss> {
        let Some(connection) = &mut self.connection else { return Err(loss) };
        connection.opening = None;
        for address in connection.addresses.by_ref() {
            let stream = TcpStream::connect(address).and_then(|mut stream| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut stream, CONNECTION, interest)?;
                Ok(stream)
            });
            match stream {
                Ok(stream) => {
                    connection.opening = Some(stream);
                    return Ok(());
                }
                Err(error) => loss = error.into(),
            }
        }
        Err(loss)
    }

    /// Sees what has become of the connection.
    fn look(&mut self) -> Input {
        let Some(connection) = &mut self.connection else { return Input::Nothing };
        let Some(stream) = connection.opening.take() else { return Input::Readable };
        let outcome = match stream.take_error() {
            Ok(None) => stream.peer_addr().map(drop),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                // Each write is complete requests: there is nothing to gather. That is only about speed.
                let _ = stream.set_nodelay(true);
                Input::Opened(Box::new(stream))
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                connection.opening = Some(stream);
                Input::Nothing
            }
            Err(error) => match self.open_next(error.into()) {
                Ok(()) => Input::Nothing,
                Err(loss) => Input::Lost(loss),
            },
        }
    }
}

impl Link for TcpStream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut &*self, buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut &*self, bytes)
    }
}
