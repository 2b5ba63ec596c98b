//! Clients that don't read what they have asked for: what they pin is bounded, for each and for all together, and those
//! that read don't suffer for it.

use std::io::{ErrorKind, Write};
use std::thread;
use std::time::Instant;

use crate::client::Client;
use crate::server::{DEADLINE, Server};

const MEBIBYTE: usize = 1024 * 1024;

/// So many that their list, with 8 MB, is more than the system takes on behalf of a client.
const TUBES: usize = 40_000;

/// What the server may grow by on behalf of any number of clients that don't read: the limit, the list that is being
/// made, and some for the rest.
const GROWTH_MAX: usize = 128 * MEBIBYTE;

/// Makes so many tubes with the longest names, and returns what `list-tubes` says then: 200 bytes and more for each.
fn make_tubes(client: &mut Client, count: usize) -> Vec<u8> {
    const AT_A_TIME: usize = 500;
    for first in (0..count).step_by(AT_A_TIME) {
        let numbers = first..count.min(first + AT_A_TIME);
        client.send(
            numbers.clone().map(|n| format!("use {n:0200}\r\nput 0 0 9 0\r\n\r\n")).collect::<String>(),
        );
        for _ in numbers {
            assert!(client.line().starts_with("USING ") && client.line().starts_with("INSERTED "));
        }
    }
    client.body("list-tubes").expect("there is a list")
}

/// Clients that have asked for the list of tubes, that have got an answer or its beginning, and that don't read it.
fn ask_and_do_not_read(server: &Server, count: usize) -> Vec<Client> {
    let mut clients: Vec<Client> = (0..count).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.send("list-tubes\r\n"));
    for client in &mut clients {
        client.socket().peek(&mut [0]).expect("it is answered");
    }
    clients
}

/// Puts a job whose body begins with that number.
fn put_large(client: &mut Client, number: u8, bytes: usize) -> u64 {
    client.send(format!("put 0 0 100 {bytes}\r\n"));
    client.send(large_body(number, bytes));
    client.send("\r\n");
    let line = client.line();
    line.strip_prefix("INSERTED ").and_then(|id| id.parse().ok()).expect("it is taken")
}

fn large_body(number: u8, bytes: usize) -> Vec<u8> {
    (0..=250).cycle().skip(number.into()).take(bytes).collect()
}

#[test]
fn what_one_client_does_not_read_is_little() {
    /// Once so many round trips of others have passed without room for one more request, there won't be any.
    const STUCK_ROUND_TRIPS: usize = 100;
    const REPLY_BYTES: usize = 60_000;
    let server = Server::in_memory(&[]);
    let mut others = server.connect();
    let id = others.put("0 0 100", &"x".repeat(REPLY_BYTES));
    let before = server.resident_bytes();
    let requests = format!("peek {id}\r\n").repeat(1000);

    let mut greedy: Vec<Client> = (0..8).map(|_| server.connect()).collect();
    for client in &mut greedy {
        client.socket().set_nonblocking(true).expect("the socket is open");
        let mut stuck = 0;
        while stuck < STUCK_ROUND_TRIPS {
            // A part of a request is harmless: the line is only a wrong one.
            match client.socket().write(requests.as_bytes()) {
                Ok(_) => stuck = 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    others.round_trip();
                    stuck += 1;
                }
                // Closing the connection of such a client is as good.
                Err(_) => break,
            }
        }
    }
    others.round_trip();
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < 48 * MEBIBYTE, "8 clients that do not read took {growth} bytes");
    drop(greedy);
    others.round_trip();
}

#[test]
fn what_many_clients_do_not_read_has_a_bound() {
    let server = Server::in_memory(&[]);
    let mut others = server.connect();
    let list = make_tubes(&mut others, TUBES);
    let before = server.resident_bytes();
    let mut greedy = ask_and_do_not_read(&server, 100);
    others.round_trip();
    let growth = server.peak_bytes().saturating_sub(before);
    assert!(growth < GROWTH_MAX, "100 clients that do not read took {growth} bytes");

    // Either a client gets the whole list, or it is told that there was no room for it.
    let answers: Vec<Option<Vec<u8>>> = greedy
        .iter_mut()
        .map(|client| match client.line().as_str() {
            "OUT_OF_MEMORY" => None,
            line => {
                assert_eq!(line, format!("OK {}", list.len()));
                Some(client.try_body(list.len()).expect("a list comes"))
            }
        })
        .collect();
    let served = answers.iter().flatten().count();
    assert!((4..100).contains(&served), "{served} of a hundred lists fit into the bound");
    assert!(answers.iter().flatten().all(|answer| *answer == list), "no list is damaged");
    greedy.iter_mut().for_each(Client::round_trip);
}

#[test]
fn who_reads_is_served_in_spite_of_those_who_do_not() {
    let mut server = Server::in_memory(&[]);
    let mut reader = server.connect();
    let list = make_tubes(&mut reader, TUBES);
    let before = server.resident_bytes();
    let mut greedy = Vec::new();
    let deadline = Instant::now() + DEADLINE;
    // The system takes some more as time goes by, so it may need several rounds until somebody has to be closed.
    while reader.facts("stats").expect("short answers come at once")["current-connections"]
        == (1 + greedy.len()).to_string()
    {
        assert!(Instant::now() < deadline, "nobody is closed");
        greedy.append(&mut ask_and_do_not_read(&server, 30));
        // A long answer comes as soon as it shows that the others don't read.
        let answer = loop {
            match reader.ask("list-tubes").as_str() {
                "OUT_OF_MEMORY" => assert!(Instant::now() < deadline, "there is still no room"),
                line => break line.to_owned(),
            }
        };
        assert_eq!(answer, format!("OK {}", list.len()));
        assert!(reader.try_body(list.len()).expect("a list comes") == list, "the list is damaged");
    }
    server.wait_for("connections are closed");
    let growth = server.peak_bytes().saturating_sub(before);
    assert!(growth < GROWTH_MAX, "{} clients that do not read took {growth} bytes", greedy.len());
}

#[test]
fn jobs_larger_than_the_bound_reach_their_workers() {
    const BYTES: usize = 70 * MEBIBYTE;
    let server = Server::in_memory(&["--max-job-size", "80M"]);
    let mut producer = server.connect();
    for number in 0..3 {
        put_large(&mut producer, number, BYTES);
    }
    let address = server.address();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(move || {
                let mut worker = Client::connect(address);
                let body = worker.body("reserve").expect("a job comes");
                assert!(body == large_body(body[0], BYTES), "the body is damaged");
                worker.round_trip();
            });
        }
    });
    // One of them looked at, with nothing else on its way.
    let id = put_large(&mut producer, 9, BYTES);
    assert!(producer.body(&format!("peek {id}")).expect("it is there") == large_body(9, BYTES));
}

#[test]
fn jobs_that_workers_do_not_take_go_to_others() {
    const BYTES: usize = 40 * MEBIBYTE;
    let mut server = Server::in_memory(&["--max-job-size", "40M"]);
    let mut client = server.connect();
    for number in 0..3 {
        put_large(&mut client, number, BYTES);
    }
    let mut workers: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    for worker in &mut workers {
        worker.send("reserve\r\n");
        worker.socket().peek(&mut [0]).expect("a job comes");
    }
    let deadline = Instant::now() + DEADLINE;
    while client.facts("stats").expect("facts")["current-jobs-ready"] == "0" {
        assert!(Instant::now() < deadline, "the jobs are still on their way to nobody");
    }
    server.wait_for("connections are closed");
    let body = client.body("reserve").expect("a job comes");
    assert!(body == large_body(body[0], BYTES), "the body is damaged");
}
