//! Stands between client and server, and does to their connections what networks do.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is done with the connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Forwarding,
    /// The next thing that the server says is kept, and the connection is cut.
    LosingAnswer,
    /// There is no way to the server.
    Refusing,
}

#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    streams: Vec<TcpStream>,
}

impl Proxy {
    /// Listens, and forwards to the server.
    pub(crate) fn start(server: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(Mutex::new(State { mood: Mood::Forwarding, streams: Vec::new() }));
        let proxy = Proxy { address, state };
        let (server, other) = (server.to_owned(), proxy.clone());
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a client");
                if other.state.lock().expect("no panic").mood == Mood::Refusing {
                    continue;
                }
                let server = TcpStream::connect(&server).expect("the server listens");
                for (from, to, answers) in [(&client, &server, false), (&server, &client, true)] {
                    let (from, to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
                    let other = other.clone();
                    thread::spawn(move || other.forward(from, to, answers));
                }
                other.state.lock().expect("no panic").streams.extend([client, server]);
            }
        });
        proxy
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        for stream in self.state.lock().expect("no panic").streams.drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// The next answer does not arrive, and the connection ends.
    pub(crate) fn lose_next_answer(&self) {
        self.state.lock().expect("no panic").mood = Mood::LosingAnswer;
    }

    /// Cuts all connections, and takes none any more.
    pub(crate) fn refuse(&self) {
        self.state.lock().expect("no panic").mood = Mood::Refusing;
        self.cut();
    }

    /// Forwards again.
    pub(crate) fn forward_again(&self) {
        self.state.lock().expect("no panic").mood = Mood::Forwarding;
    }

    fn forward(&self, mut from: TcpStream, mut to: TcpStream, answers: bool) {
        let mut buffer = [0; 4096];
        while let Ok(count) = from.read(&mut buffer)
            && count > 0
        {
            let lose = {
                let mut state = self.state.lock().expect("no panic");
                let lose = answers && state.mood == Mood::LosingAnswer;
                if lose {
                    state.mood = Mood::Forwarding;
                }
                lose
            };
            if lose || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // The other side sees the end, too.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
