//! Bad input and greedy clients: an error or a closed connection for them, nothing for the others.

use std::time::Instant;

use crate::client::Client;
use crate::server::{DEADLINE, Server};

const MEBIBYTE: usize = 1024 * 1024;

/// What a well-behaved client does must work as ever.
fn others_go_on(client: &mut Client) {
    let id = client.put("0 0 100", "ordinary");
    assert_eq!(client.ask(format!("reserve-job {id}")), format!("RESERVED {id} 8"));
    assert_eq!(client.try_body(8).expect("a body comes"), b"ordinary");
    assert_eq!(client.ask(format!("delete {id}")), "DELETED");
}

#[test]
fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    for (settings, limit) in [(&[][..], 65535), (&["--max-job-size", "100"][..], 100)] {
        let server = Server::in_memory(settings);
        let mut client = server.connect();
        assert_eq!(client.facts("stats").expect("facts")["max-job-size"], limit.to_string());
        client.put("0 0 100", &"x".repeat(limit));
        for more in [1, 2, 3, 1000, 1_000_000] {
            let bytes = limit + more;
            client.send(format!("put 0 0 100 {bytes}\r\n"));
            client.send(vec![b'y'; bytes]);
            assert!(client.has_nothing(), "the reply comes when the whole body has come");
            client.send("\r\n");
            assert_eq!(client.line(), "JOB_TOO_BIG");
        }
        others_go_on(&mut client);
    }
}

#[test]
fn a_body_that_would_never_fit_takes_no_memory() {
    let server = Server::in_memory(&[]);
    let mut others = server.connect();
    others_go_on(&mut others);
    let before = server.resident_bytes();
    let mut clients: Vec<Client> = (0..20).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("put 0 0 100 4294967295\r\n");
        client.send(vec![b'y'; 3 * MEBIBYTE]);
    }
    others_go_on(&mut others);
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < 16 * MEBIBYTE, "it grew by {growth} bytes");
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let server = Server::in_memory(&[]);
    let mut others = server.connect();
    others_go_on(&mut others);
    let before = server.resident_bytes();
    let mut client = server.connect();
    for _ in 0..64 {
        client.send(vec![b'z'; MEBIBYTE]);
    }
    assert!(client.has_nothing());
    client.send("\r\nlist-tube-used\r\n");
    assert_eq!(client.line(), "BAD_FORMAT");
    assert_eq!(client.line(), "USING default");
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < 16 * MEBIBYTE, "it grew by {growth} bytes");
}

#[test]
fn a_slow_sender_holds_up_nobody() {
    let server = Server::in_memory(&[]);
    let (mut slow, mut others) = (server.connect(), server.connect());
    slow.send("put 0 0 100 5\r\nhe");
    for _ in 0..200 {
        others_go_on(&mut others);
    }
    slow.send("llo\r");
    others_go_on(&mut others);
    slow.send("\n");
    let line = slow.line();
    assert!(line.starts_with("INSERTED "), "{line}");
}

#[test]
fn a_put_counts_even_if_its_body_never_comes() {
    let server = Server::in_memory(&[]);
    let mut client = server.connect();
    for line in ["put 0 0 100 5\r\nhe", "put 0 0 100 4294967295\r\nhe", "no put 0 0 100 5"] {
        server.connect().send(line);
    }
    // The ends of connections are noticed soon, but who knows when.
    let deadline = Instant::now() + DEADLINE;
    loop {
        let facts = client.facts("stats").expect("facts");
        if facts["current-connections"] == "1" {
            assert_eq!((&*facts["cmd-put"], &*facts["total-connections"]), ("2", "4"));
            assert_eq!((&*facts["binlog-max-size"], &*facts["binlog-records-written"]), ("0", "0"));
            return;
        }
        assert!(Instant::now() < deadline, "{facts:?}");
    }
}

#[test]
fn a_connection_over_the_limit_is_closed_and_the_others_go_on() {
    let server = Server::in_memory(&["--max-connections", "3"]);
    let mut clients: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(others_go_on);
    for _ in 0..10 {
        let farewell = server.connect().rest();
        assert!(farewell.is_empty() || farewell == b"OUT_OF_MEMORY\r\n", "there is no room");
    }
    clients.iter_mut().for_each(others_go_on);
    drop(clients.pop());
    // The end of a connection is noticed soon, but who knows when.
    let answer = || server.connect().try_ask("list-tube-used").unwrap_or_default();
    let deadline = Instant::now() + DEADLINE;
    while answer() != "USING default" {
        assert!(Instant::now() < deadline, "there is still no room");
    }
    clients.iter_mut().for_each(others_go_on);
}

#[test]
fn when_memory_is_short_puts_are_refused_until_there_is_room() {
    let server = Server::in_memory(&["--max-memory", "1M"]);
    let mut client = server.connect();
    let body = "x".repeat(50_000);
    let mut ids = Vec::new();
    loop {
        client.send(format!("put 0 0 100 {}\r\n{body}\r\n", body.len()));
        let line = client.line();
        match line.strip_prefix("INSERTED ") {
            Some(id) => ids.push(id.to_owned()),
            None => break assert_eq!(line, "OUT_OF_MEMORY"),
        }
        assert!(ids.len() < 40, "a mebibyte has room for 20 bodies of 50 kB");
    }
    assert!(ids.len() > 10, "there was room for {} bodies only", ids.len());
    assert!(client.body("reserve").is_some(), "workers can make room");
    for id in ids {
        assert_eq!(client.ask(format!("delete {id}")), "DELETED");
    }
    others_go_on(&mut client);
}

#[test]
fn random_bytes_hurt_nobody() {
    const WORDS: &[&[u8]] = &[
        b"put ",
        b"reserve",
        b"-with-timeout ",
        b"delete ",
        b"\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b" ",
        b"0",
        b"1",
        b"-",
        b"4294967296",
        b"18446744073709551616",
        b"watch ",
        b"use ",
        b"ignore ",
        b"kick ",
        b"kick-job ",
        b"stats",
        b"-tube ",
        b"-job ",
        b"list-tubes",
        b"default",
        b"release ",
        b"bury ",
        b"touch ",
        b"peek",
        b"-ready\r\n",
        b"pause-tube ",
        b"\0",
        b"\xff\xfe",
        b"put 0 0 1 3\r\nabc\r\n",
        b"put 0 0 1 100\r\n",
        b"quit\r\n",
    ];
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let server = Server::in_memory(&[]);
    let mut others = server.connect();
    for _ in 0..400 {
        let mut client = server.connect();
        for _ in 0..rng.usize(1..100) {
            let noise: Vec<u8> = match rng.u8(0..4) {
                0 => std::iter::repeat_with(|| rng.u8(..)).take(10).collect(),
                _ => WORDS[rng.usize(0..WORDS.len())].to_vec(),
            };
            if client.try_send(&noise).is_err() {
                break;
            }
        }
        // It may have quit.
        let _ = client.socket().shutdown(std::net::Shutdown::Write);
        client.rest();
        others_go_on(&mut others);
    }
}
