//! The operator's four-letter words.

mod bytes;
mod figures;
mod forms;
mod lists;

use std::net::SocketAddr;

use super::wire::Wire;
use crate::server::Server;

/// A server that answers all words and keeps nothing.
fn server() -> Server {
    Server::zookeeper_in_memory(&["--zookeeper-words", "*", "--zookeeper-max-connections-per-address", "off"])
}

/// Says a word, and reads what comes until the connection ends.
pub(super) fn ask(address: SocketAddr, word: &str) -> String {
    let mut wire = Wire::connect(address);
    wire.send(word);
    String::from_utf8(wire.rest()).expect("an answer is text")
}
