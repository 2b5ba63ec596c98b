//! Stands between client and server, and cuts the way between them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A way to a server. It lasts as long as the process.
pub(crate) struct Proxy {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

struct State {
    is_open: bool,
    streams: Vec<TcpStream>,
}

impl Proxy {
    pub(crate) fn start(server: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(Mutex::new(State { is_open: true, streams: Vec::new() }));
        let (shared, server) = (Arc::clone(&state), server.to_owned());
        thread::spawn(move || {
            for client in listener.incoming() {
                // Without a server, whoever comes is sent away.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(&server)) {
                    join(&shared, client, server);
                }
            }
        });
        Proxy { address, state }
    }

    /// Cuts all connections, and lets none through any more.
    pub(crate) fn cut(&self) {
        let mut state = lock(&self.state);
        state.is_open = false;
        for stream in state.streams.drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        lock(&self.state).is_open = true;
    }
}

fn join(state: &Mutex<State>, client: TcpStream, server: TcpStream) {
    let mut state = lock(state);
    if !state.is_open {
        return;
    }
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (from, to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
        thread::spawn(move || forward(from, to));
    }
    state.streams.extend([client, server]);
}

fn forward(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count) = from.read(&mut buffer)
        && count > 0
        && to.write_all(&buffer[..count]).is_ok()
    {}
    // The other side sees the end, too.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("nobody panics with it")
}
