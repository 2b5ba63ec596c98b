//! How bytes become commands: in any pieces, several at once, up to the end of what the client sends.

use std::time::Instant;

use crate::server::{DEADLINE, Server};

/// A conversation that makes one job, looks at it from all sides and deletes it. `{id}` is the job's id.
const CONVERSATION: &str = "use bytes\r\nwatch bytes\r\nput 5 0 100 9\r\n\r\nquit\r\n\0\r\npeek {id}\r\nno such command\r\n\
     put 0 0 10 3\r\nabcdereserve-with-timeout 0\r\nbury {id} 7\r\nkick 1\r\nreserve-with-timeout 0\r\n\
     release {id} 1 0\r\nstats-job x\r\ndelete {id}\r\nreserve-with-timeout 0\r\nlist-tube-used\r\n";
const ANSWERS: &str = "USING bytes\r\nWATCHING 2\r\nINSERTED {id}\r\nFOUND {id} 9\r\n\r\nquit\r\n\0\r\nUNKNOWN_COMMAND\r\n\
     EXPECTED_CRLF\r\nRESERVED {id} 9\r\n\r\nquit\r\n\0\r\nBURIED\r\nKICKED 1\r\nRESERVED {id} 9\r\n\r\nquit\r\n\0\r\n\
     RELEASED\r\nBAD_FORMAT\r\nDELETED\r\nTIMED_OUT\r\nUSING bytes\r\n";

/// The conversation takes two ids, since a body without its end uses one up.
const IDS: usize = 2;

fn conversation(round: usize) -> (String, String) {
    let id = (round * IDS + 1).to_string();
    (CONVERSATION.replace("{id}", &id), ANSWERS.replace("{id}", &id))
}

#[test]
fn commands_may_be_cut_at_every_byte() {
    let server = Server::in_memory(&[]);
    let mut other = server.connect();
    let mut cut = 1;
    while cut < conversation(cut).0.len() {
        let (commands, answers) = conversation(cut - 1);
        let (first, second) = commands.split_at(cut.min(commands.len()));
        let mut client = server.connect();
        client.send(first);
        // So that the server has read the first part before the second one comes.
        other.round_trip();
        client.send(second);
        client.half_close();
        assert_eq!(String::from_utf8_lossy(&client.rest()), answers, "cut at {cut}");
        cut += 1;
    }
}

#[test]
fn commands_may_come_byte_by_byte() {
    let server = Server::in_memory(&[]);
    let (commands, answers) = conversation(0);
    let mut client = server.connect();
    for byte in commands.bytes() {
        client.send([byte]);
    }
    client.half_close();
    assert_eq!(String::from_utf8_lossy(&client.rest()), answers);
}

#[test]
fn thousands_of_commands_may_come_at_once() {
    let server = Server::in_memory(&[]);
    let (commands, answers): (Vec<String>, Vec<String>) = (0..2000).map(conversation).unzip();
    // The tube is watched once and then again, so the answers are the same each time.
    let mut client = server.connect();
    client.send(commands.concat());
    client.half_close();
    assert!(client.rest() == answers.concat().as_bytes());
}

#[test]
fn what_came_before_the_half_close_is_answered() {
    let server = Server::in_memory(&[]);
    let mut client = server.connect();
    client.send(
        "put 0 0 100 1\r\na\r\nreserve\r\nreserve\r\nreserve-with-timeout 1000\r\nput 0 0 100 9\r\nhal",
    );
    client.half_close();
    // The second and third reserve would wait, but who can't speak any more can't ask for time either.
    assert_eq!(client.rest(), b"INSERTED 1\r\nRESERVED 1 1\r\na\r\nTIMED_OUT\r\nTIMED_OUT\r\n");

    let mut other = server.connect();
    assert_eq!(other.body("reserve"), Some(b"a".to_vec()), "the job came back when the connection ended");
    assert_eq!(other.ask("reserve-with-timeout 0"), "TIMED_OUT", "half a job is no job");
}

#[test]
fn a_worker_that_waits_is_released_by_its_half_close() {
    let server = Server::in_memory(&[]);
    let mut other = server.connect();
    // The last one sends more ahead than a server needs to take before it must carry something out.
    for queued in [0, 1, 4_100] {
        let mut client = server.connect();
        client.send("reserve\r\n".to_owned() + &"list-tube-used\r\n".repeat(queued));
        other.round_trip();
        assert!(client.has_nothing());
        client.half_close();
        let answers = "TIMED_OUT\r\n".to_owned() + &"USING default\r\n".repeat(queued);
        assert!(client.rest() == answers.as_bytes(), "with {queued} requests sent ahead");
    }
}

#[test]
fn a_worker_that_dies_while_it_waits_gets_no_job() {
    let server = Server::in_memory(&[]);
    let mut other = server.connect();
    for queued in [0, 1, 4_100] {
        let mut client = server.connect();
        client.send("reserve\r\n".to_owned() + &"list-tube-used\r\n".repeat(queued));
        other.round_trip();
        drop(client);
        let deadline = Instant::now() + DEADLINE;
        while other.facts("stats").expect("facts")["current-connections"] != "1" {
            assert!(Instant::now() < deadline, "its end is not noticed with {queued} requests sent ahead");
        }
        let id = other.put("0 0 100", "a");
        assert_eq!(other.facts(&format!("stats-job {id}")).expect("facts")["reserves"], "0");
        assert_eq!(other.ask(format!("delete {id}")), "DELETED");
    }
}

#[test]
fn quit_ends_the_connection_after_the_replies_before_it() {
    let server = Server::in_memory(&[]);
    let mut client = server.connect();
    client.send("put 0 0 100 1\r\na\r\nlist-tube-used\r\nquit\r\nlist-tube-used\r\n");
    assert_eq!(client.rest(), b"INSERTED 1\r\nUSING default\r\n");
    assert_eq!(server.connect().ask("delete 1"), "DELETED");
}

#[test]
fn commands_behind_a_waiting_reserve_wait_as_well() {
    let server = Server::in_memory(&[]);
    let (mut worker, mut producer) = (server.connect(), server.connect());
    worker.send("reserve\r\nlist-tube-used\r\n");
    producer.round_trip();
    assert!(worker.has_nothing());
    producer.put("0 0 100", "a");
    assert_eq!(worker.line(), "RESERVED 1 1");
    assert_eq!(worker.try_body(1).expect("a body comes"), b"a");
    assert_eq!(worker.line(), "USING default");
}
