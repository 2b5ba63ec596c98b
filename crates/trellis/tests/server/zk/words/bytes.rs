//! How words are said: in any pieces, with anything behind them, and only those that are allowed.

use std::net::Shutdown;

use super::super::client::Client;
use super::super::wire::Wire;
use super::{ask, server};
use crate::server::Server;

const ALL: [&str; 16] = [
    "conf", "cons", "crst", "dirs", "dump", "envi", "hash", "isro", "mntr", "ruok", "srst", "srvr", "stat",
    "wchc", "wchp", "wchs",
];

fn refusal(word: &str) -> String {
    format!("{word} is not executed because it is not in the whitelist.\n")
}

#[test]
fn only_srvr_is_answered_unless_more_is_allowed() {
    for (settings, allowed) in [
        (&[][..], &["srvr"][..]),
        (&["--zookeeper-words", "ruok,mntr"], &["mntr", "ruok"]),
        (&["--zookeeper-words", "off"], &[]),
        (&["--zookeeper-words", "*"], &ALL),
    ] {
        let server = Server::zookeeper_in_memory(settings);
        for word in ALL {
            let refused = ask(server.zookeeper(), word) == refusal(word);
            assert_eq!(refused, !allowed.contains(&word), "{word} with {settings:?}");
        }
    }
}

#[test]
fn a_word_may_come_in_pieces() {
    let server = server();
    let mut client = Client::open(server.zookeeper());
    for cut in 1..4 {
        let mut wire = Wire::connect(server.zookeeper());
        let (first, second) = "ruok".split_at(cut);
        wire.send(first);
        // So that the server has read the first piece before the second one comes.
        client.ping();
        assert!(wire.has_nothing());
        wire.send(second);
        assert_eq!(wire.rest(), b"imok");
    }
    let mut wire = Wire::connect(server.zookeeper());
    for letter in ["r", "u", "o", "k"] {
        wire.send(letter);
        client.ping();
    }
    assert_eq!(wire.rest(), b"imok");
}

#[test]
fn what_stands_behind_a_word_does_not_matter() {
    let server = server();
    let mut client = Client::open(server.zookeeper());
    for behind in ["\n", "\r\n", " \n", "\0\0\0\0", "ruok", "stat\n", &"x".repeat(10_000)] {
        assert_eq!(ask(server.zookeeper(), &format!("ruok{behind}")), "imok");
        client.ping();
    }
    // As somebody types it.
    let mut wire = Wire::connect(server.zookeeper());
    wire.send("ruok");
    // The server may have answered and closed by now.
    let _ = wire.try_send(b"\n");
    assert_eq!(wire.rest(), b"imok");
}

#[test]
fn the_answer_comes_although_its_reader_sends_no_more() {
    let server = server();
    for word in ["ruok", "srvr", "cons", "mntr", "dump"] {
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(word);
        wire.socket().shutdown(Shutdown::Write).expect("the socket is open");
        assert!(!wire.rest().is_empty(), "{word} is answered");
    }
    let mut wire = Wire::connect(server.zookeeper());
    wire.send("ruo");
    wire.socket().shutdown(Shutdown::Write).expect("the socket is open");
    wire.assert_ended();
}

#[test]
fn what_is_no_word_is_no_beginning() {
    let server = server();
    let mut client = Client::open(server.zookeeper());
    for noise in ["RUOK", "ruo ", " ruok", "\nruok", "gtmk", "abcd", "\0ruok"] {
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(noise);
        // Four bytes are a length, and this one is far too large, or its request never comes.
        wire.socket().shutdown(Shutdown::Write).expect("the socket is open");
        wire.assert_ended();
        client.ping();
    }
    // Within a session the same letters are a length as well.
    let mut other = Client::open(server.zookeeper());
    other.wire.send("ruok");
    other.wire.assert_ended();
    assert_eq!(ask(server.zookeeper(), "ruok"), "imok");
    client.ping();
}
