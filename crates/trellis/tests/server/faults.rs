//! Where beanstalkd is wrong and trellis is right: one test for each fault, named after what is right.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::server::Server;

/// The time that the holders of jobs have, long enough for all of them to get theirs.
const TTR: Duration = Duration::from_secs(2);
/// A TTR may be late by this much on a busy machine, but not by the minutes for which a worker may be silent.
const LATE_MAX: Duration = Duration::from_millis(1500);

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for the data")
}

fn restart(server: Server, directory: &Path) -> (Server, Client) {
    server.kill();
    let server = Server::start(directory);
    let client = server.connect();
    (server, client)
}

/// The ways to come by a job.
#[derive(Clone, Copy)]
enum Way {
    AtOnce,
    ById,
    AfterWaiting,
    AfterWaitingWithTimeout,
    WithTouch,
}

#[test]
fn an_expired_job_goes_on_while_its_holder_is_silent() {
    const EACH: usize = 8;
    let server = Server::in_memory(&[]);
    let mut client = server.connect();
    let mut holders = Vec::new();
    for way in [Way::AtOnce, Way::ById, Way::AfterWaiting, Way::AfterWaitingWithTimeout, Way::WithTouch] {
        holders.extend((0..EACH).map(|_| hold(&server, &mut client, way)));
    }
    let all_held = Instant::now();
    let mut workers: Vec<Client> = holders.iter().map(|_| server.connect()).collect();
    workers.iter_mut().for_each(|worker| worker.send("reserve\r\n"));
    for worker in &mut workers {
        let line = worker.line();
        assert!(line.starts_with("RESERVED "), "{line}");
    }
    let passed = all_held.elapsed();
    assert!(passed < TTR + LATE_MAX, "noticed only after {passed:?}");
    assert!(holders.iter_mut().all(Client::has_nothing));
}

/// A connection that has got a job in that way, and says nothing more.
fn hold(server: &Server, client: &mut Client, way: Way) -> Client {
    let mut holder = server.connect();
    let waits = match way {
        Way::AfterWaiting => "reserve\r\n",
        Way::AfterWaitingWithTimeout => "reserve-with-timeout 1000\r\n",
        Way::AtOnce | Way::ById | Way::WithTouch => "",
    };
    holder.send(waits);
    client.round_trip();
    let id = client.put(&format!("0 0 {}", TTR.as_secs()), "quick");
    let line = match way {
        Way::ById => holder.ask(format!("reserve-job {id}")),
        Way::AtOnce | Way::WithTouch => holder.ask("reserve"),
        Way::AfterWaiting | Way::AfterWaitingWithTimeout => holder.line(),
    };
    assert_eq!(line, format!("RESERVED {id} 5"));
    assert_eq!(holder.try_body(5).expect("a body comes"), b"quick");
    if let Way::WithTouch = way {
        assert_eq!(holder.ask(format!("touch {id}")), "TOUCHED");
    }
    holder
}

#[test]
fn a_release_survives_a_crash() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.connect();
    let (at_once, later) = (client.put("9 0 100", "a"), client.put("9 0 100", "b"));
    for id in [at_once, later] {
        assert!(client.body(&format!("reserve-job {id}")).is_some());
    }
    assert_eq!(client.ask(format!("release {at_once} 3 0")), "RELEASED");
    assert_eq!(client.ask(format!("release {later} 4 1000")), "RELEASED");

    let (_server, mut client) = restart(server, directory.path());
    let facts = client.facts(&format!("stats-job {at_once}")).expect("the job is there");
    assert_eq!((facts["state"].as_str(), facts["pri"].as_str()), ("ready", "3"));
    let facts = client.facts(&format!("stats-job {later}")).expect("the job is there");
    assert_eq!((facts["state"].as_str(), facts["pri"].as_str()), ("delayed", "4"));
}

#[test]
fn ids_do_not_start_again_after_a_crash() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.connect();
    for id in 1..=3 {
        assert_eq!(client.put("0 0 100", "a"), id);
        assert_eq!(client.ask(format!("delete {id}")), "DELETED");
    }
    let (server, mut client) = restart(server, directory.path());
    assert_eq!(client.put("0 0 100", "a"), 4);
    assert_eq!(client.ask("delete 4"), "DELETED");
    let (_server, mut client) = restart(server, directory.path());
    assert_eq!(client.put("0 0 100", "a"), 5);
}

#[test]
fn buried_jobs_keep_their_order_in_a_crash() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.connect();
    for _ in 0..5 {
        client.put("5 0 100", "a");
    }
    // Neither the order of the ids nor that of the priorities.
    let order = [(3, 8), (1, 9), (5, 7), (2, 0), (4, 8)];
    for (id, priority) in order {
        assert!(client.body(&format!("reserve-job {id}")).is_some());
        assert_eq!(client.ask(format!("bury {id} {priority}")), "BURIED");
    }
    let (_server, mut client) = restart(server, directory.path());
    for (id, priority) in order {
        assert_eq!(client.ask("peek-buried"), format!("FOUND {id} 1"));
        assert_eq!(client.try_body(1).expect("a body comes"), b"a");
        assert_eq!(client.ask("kick 1"), "KICKED 1");
        let facts = client.facts(&format!("stats-job {id}")).expect("the job is there");
        assert_eq!((facts["state"].as_str(), facts["pri"].clone()), ("ready", priority.to_string()));
    }
    assert_eq!(client.ask("peek-buried"), "NOT_FOUND");
}

#[test]
fn a_pause_survives_a_crash() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.connect();
    client.put("0 0 100", "a");
    assert_eq!(client.ask("pause-tube default 1000"), "PAUSED");

    let (server, mut client) = restart(server, directory.path());
    assert_eq!(client.ask("reserve-with-timeout 0"), "TIMED_OUT");
    let facts = client.facts("stats-tube default").expect("the tube is there");
    assert_eq!(facts["pause"], "1000");
    let left: u64 = facts["pause-time-left"].parse().expect("a number");
    assert!((900..1000).contains(&left), "{left} seconds");
    assert_eq!(client.ask("pause-tube default 0"), "PAUSED");

    let (_server, mut client) = restart(server, directory.path());
    assert_eq!(client.ask("reserve-with-timeout 0"), "RESERVED 1 1");
}

#[test]
fn a_reserved_job_is_ready_after_a_crash() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.connect();
    client.put("0 0 4294967295", "a");
    assert_eq!(client.body("reserve"), Some(b"a".to_vec()));
    let (_server, mut client) = restart(server, directory.path());
    assert_eq!(client.body("reserve-with-timeout 5"), Some(b"a".to_vec()));
}

#[test]
fn workers_are_served_in_the_order_in_which_they_came() {
    let server = Server::in_memory(&[]);
    let mut producer = server.connect();
    for count in 1..=9 {
        let mut workers: Vec<Client> = (0..count).map(|_| server.connect()).collect();
        for (waiting, worker) in workers.iter_mut().enumerate() {
            worker.send("reserve\r\n");
            producer.until_waiting(waiting + 1);
        }
        // One that gives up in the middle makes no difference to the others.
        let left = workers.remove(count / 2);
        drop(left);
        producer.until_waiting(workers.len());
        producer.send("put 0 0 100 0\r\n\r\n".repeat(workers.len()));
        let ids: Vec<String> = workers.iter().map(|_| producer.line().replace("INSERTED ", "")).collect();
        for (worker, id) in workers.iter_mut().zip(&ids) {
            assert_eq!(worker.line(), format!("RESERVED {id} 0"), "of {count} workers");
            assert_eq!(worker.try_body(0).expect("a body comes"), b"");
            assert_eq!(worker.ask(format!("delete {id}")), "DELETED");
        }
    }
}

#[test]
fn a_line_end_at_any_place_is_seen() {
    let server = Server::in_memory(&[]);
    let mut client = server.connect();
    for length in (220..=230).chain(445..=452).chain([897, 4096, 65537]) {
        let line = format!("peek {}\r\n", "9".repeat(length - 7));
        assert_eq!(line.len(), length);
        client.send(format!("{line}list-tube-used\r\n"));
        assert_eq!(client.line(), "BAD_FORMAT", "a line of {length} bytes");
        assert_eq!(client.line(), "USING default", "after a line of {length} bytes");
    }
    client.send("list-tubes\rx\r\nlist-tube-used\r\n");
    assert_eq!(client.line(), "BAD_FORMAT", "a line with a CR in it");
    assert_eq!(client.line(), "USING default", "after a line with a CR in it");
}

#[test]
fn a_timeout_that_is_no_number_is_refused() {
    let server = Server::in_memory(&[]);
    let mut client = server.connect();
    client.put("0 0 100", "a");
    for argument in ["-1", "+1", "x", "", "4294967296"] {
        assert_eq!(client.ask(format!("reserve-with-timeout {argument}")), "BAD_FORMAT", "{argument:?}");
    }
    assert_eq!(client.ask("reserve-with-timeout 0"), "RESERVED 1 1");
}
