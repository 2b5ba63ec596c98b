//! Stands between a supervisor and a server, and falls silent when a test wants it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// What becomes of what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Forwarding,
    /// Neither side hears the other.
    Silent,
    /// The server hears everything, but its answers are lost.
    Deaf,
}

#[derive(Clone)]
pub(crate) struct Relay {
    /// Where to connect to.
    pub(crate) address: String,
    mood: Arc<(Mutex<Mood>, Condvar)>,
}

impl Relay {
    /// Listens, and forwards to the server.
    pub(crate) fn start(server: &str) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let relay = Relay { address, mood: Arc::new((Mutex::new(Mood::Forwarding), Condvar::new())) };
        let (server, other) = (server.to_owned(), relay.clone());
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                other.wait_until_forwarding();
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for (from, to, is_answer) in [(&client, &server, false), (&server, &client, true)] {
                    let (from, to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
                    let other = other.clone();
                    thread::spawn(move || other.forward(from, to, is_answer));
                }
            }
        });
        relay
    }

    /// What becomes of everything from now on. Connections of which something was lost stay silent, and new ones wait until
    /// it forwards again.
    pub(crate) fn set(&self, mood: Mood) {
        let (lock, changed) = &*self.mood;
        *lock.lock().unwrap_or_else(PoisonError::into_inner) = mood;
        changed.notify_all();
    }

    fn mood(&self) -> Mood {
        *self.mood.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until_forwarding(&self) {
        let (lock, changed) = &*self.mood;
        let mood = lock.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_while(mood, |mood| *mood != Mood::Forwarding));
    }

    fn forward(&self, mut from: TcpStream, mut to: TcpStream, is_answer: bool) {
        let (mut buffer, mut lost) = ([0; 4096], false);
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            lost |= match self.mood() {
                Mood::Forwarding => false,
                Mood::Silent => true,
                Mood::Deaf => is_answer,
            };
            if !lost && to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // The other side sees the end, too.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
