//! Lanes and the jobs that they hold.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trellis_tube_client::Address;

use super::lane::{self, Command};
use super::{Stage, Told, Tube};
use crate::config::{Backoff, Jobs, Mode};
use crate::dispatch::{Event, WorkerId};
use crate::{JobId, Moment};

const NOW: Moment = Moment::START;

/// What a server says of the tubes that a lane watches.
const WATCHES: &[u8] = b"WATCHING 2\r\nWATCHING 1\r\n";

/// Two places for jobs of a server that is not there, or two workers and two jobs ahead.
fn tube(mode: Mode) -> Tube {
    let retry = Backoff { first: Duration::ZERO, max: Duration::ZERO };
    let settings = Jobs { tube: "t".to_owned(), mode, tries_max: 3, retry, prefetch: 1 };
    let servers = vec!["127.0.0.1:1".parse().expect("an address")];
    let mut tube = Tube::new(0, &settings, Duration::from_secs(1), servers, |_| ());
    for place in 0..2 {
        tube.on(NOW, Event::Joined(WorkerId(place)));
    }
    assert!(tube.lanes.iter().all(|lane| lane.stage == Stage::Asking));
    tube
}

fn listen() -> (TcpListener, Address) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string().parse().expect("an address");
    (listener, address)
}

#[tokio::test]
async fn a_job_belongs_to_the_lane_that_had_it_last() {
    let mut tube = tube(Mode::Exec);
    let job = JobId { server: 0, id: 7 };
    tube.told(NOW, 0, Told::Reserved(job, Vec::new()));
    // The connection of the first lane is gone, and it finds that out later than the second one has the job.
    tube.told(NOW, 1, Told::Reserved(job, Vec::new()));
    assert_eq!(tube.holders.get(&job), Some(&1));
    assert!(tube.lanes[1].stage == Stage::Holding(job));
    assert!(tube.lanes[0].stage == Stage::Idle, "it can be asked for other jobs");
    tube.told(NOW, 0, Told::Lost);
    assert_eq!(tube.holders.get(&job), Some(&1));
    assert!(tube.dispatcher.due().is_some(), "it is looked after");
}

#[tokio::test]
async fn a_job_of_a_lane_that_was_not_to_ask_any_more_is_not_counted_twice() {
    let mut tube = tube(Mode::Exec);
    tube.on(NOW, Event::Retire(WorkerId(1)));
    assert!(tube.lanes[0].stage == Stage::Cancelling && tube.lanes[1].stage == Stage::Asking);
    tube.told(NOW, 0, Told::Reserved(JobId { server: 0, id: 7 }, Vec::new()));
    // There is one worker, and it works.
    assert!(tube.lanes[1].stage == Stage::Cancelling);
}

#[tokio::test]
async fn a_lane_tells_when_the_connection_of_its_job_is_gone() {
    const REQUESTS: &[u8] = b"watch t\r\nignore default\r\nreserve\r\n";
    let (listener, address) = listen();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the lane");
        let mut requests = [0; REQUESTS.len()];
        stream.read_exact(&mut requests).expect("a reserve");
        assert_eq!(requests, REQUESTS);
        stream.write_all(b"WATCHING 2\r\nWATCHING 1\r\nRESERVED 7 1\r\na\r\n").expect("the lane");
    });
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let lane = lane::start(vec![address], "t", Arc::default(), move |told| drop(sender.send(told)));
    let (commands, _) = lane.expect("a lane");
    commands.send(Command::Ask).expect("it is there");
    let job = JobId { server: 0, id: 7 };
    assert!(matches!(told.recv().await, Some(Told::Reserved(reserved, _)) if reserved == job));
    server.join().expect("it has hung up");
    // Nothing is asked of it, and it knows.
    assert!(matches!(told.recv().await, Some(Told::Disconnected)));
}

fn accept(listener: &TcpListener) -> (TcpStream, BufReader<TcpStream>) {
    let (stream, _) = listener.accept().expect("the lane");
    let requests = BufReader::new(stream.try_clone().expect("a descriptor"));
    (stream, requests)
}

/// Whether a request that begins so is among those up to the end.
fn has_request(requests: &mut impl BufRead, beginning: &str) -> bool {
    requests.lines().map_while(Result::ok).any(|line| line.starts_with(beginning))
}

/// Whatever a server that answers no more is told about a job: the next job can come from another one.
#[tokio::test]
async fn a_silent_server_keeps_no_lane_from_the_jobs_of_others() {
    let release = Command::Release { priority: 0, delay_seconds: 0 };
    for told_last in [
        &[Command::Delete][..],
        &[release],
        &[Command::Bury { priority: 0 }],
        &[Command::Inspect, Command::Delete],
        &[Command::Touch, release],
    ] {
        let ((silent_listener, silent), (other_listener, other)) = (listen(), listen());
        let (sender, is_other_asked) = std::sync::mpsc::channel();
        let silent_thread = std::thread::spawn(move || {
            let (mut stream, mut requests) = accept(&silent_listener);
            assert!(has_request(&mut requests, "reserve"));
            is_other_asked.recv().expect("it is");
            stream.write_all(&[WATCHES, b"RESERVED 7 1\r\na\r\n"].concat()).expect("the lane");
            assert!(!has_request(&mut requests, "watch"), "it waits for its answers");
        });
        let other_thread = std::thread::spawn(move || {
            let (stream, mut requests) = accept(&other_listener);
            assert!(has_request(&mut requests, "reserve"));
            sender.send(()).expect("it waits for that");
            assert!(!has_request(&mut requests, "reserve"), "it has the other job");
            drop((stream, requests));
            let (mut stream, mut requests) = accept(&other_listener);
            assert!(has_request(&mut requests, "reserve"));
            stream.write_all(&[WATCHES, b"RESERVED 8 1\r\nb\r\n"].concat()).expect("the lane");
            assert!(!has_request(&mut requests, "reserve"));
        });
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        let lane = lane::start(vec![silent, other], "t", Arc::default(), move |told| drop(sender.send(told)));
        let (commands, task) = lane.expect("a lane");
        commands.send(Command::Ask).expect("it is there");
        assert!(matches!(told.recv().await, Some(Told::Reserved(JobId { server: 0, id: 7 }, _))));
        for command in told_last.iter().chain(&[Command::Ask]) {
            commands.send(*command).expect("it is there");
        }
        // A reply may take longer than this.
        let next = tokio::time::timeout(Duration::from_secs(5), told.recv()).await.expect("it is not kept");
        assert!(matches!(next, Some(Told::Reserved(JobId { server: 1, id: 8 }, _))), "{next:?}");
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        silent_thread.join().expect("nothing else is asked of it");
        other_thread.join().expect("it has had a job");
    }
}

/// What is said at the end of jobs that were done is so, whatever else a server leaves unanswered.
#[tokio::test]
async fn a_delete_is_counted_until_it_is_answered() {
    let (listener, address) = listen();
    let (sender, may_answer) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, mut requests) = accept(&listener);
        assert!(has_request(&mut requests, "reserve"));
        stream.write_all(&[WATCHES, b"RESERVED 7 1\r\na\r\n"].concat()).expect("the lane");
        assert!(has_request(&mut requests, "delete"));
        may_answer.recv().expect("it may");
        stream.write_all(b"DELETED\r\nRESERVED 8 1\r\nb\r\n").expect("the lane");
        assert!(has_request(&mut requests, "release"));
        stream.write_all(b"RELEASED\r\n").expect("the lane");
    });
    let deleting = Arc::default();
    let (teller, mut told) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |told| drop(teller.send(told));
    let lane = lane::start(vec![address], "t", Arc::clone(&deleting), tell);
    let (commands, task) = lane.expect("a lane");
    let command = |command| commands.send(command).expect("it is there");
    command(Command::Ask);
    assert!(matches!(told.recv().await, Some(Told::Reserved(JobId { server: 0, id: 7 }, _))));
    assert_eq!(deleting.load(Ordering::Relaxed), 0);
    command(Command::Delete);
    command(Command::Ask);
    while deleting.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    sender.send(()).expect("it waits for that");
    assert!(matches!(told.recv().await, Some(Told::Reserved(JobId { server: 0, id: 8 }, _))));
    command(Command::Release { priority: 0, delay_seconds: 0 });
    assert_eq!(deleting.load(Ordering::Relaxed), 0);
    drop(commands);
    task.await.expect("it ends");
    server.join().expect("it was told all of it");
}

#[tokio::test]
async fn a_job_whose_connection_is_gone_is_not_begun() {
    let mut tube = tube(Mode::Stream);
    let job = JobId { server: 0, id: 7 };
    // Nobody is idle, so that it waits.
    for place in 0..2 {
        tube.told(NOW, place, Told::Reserved(JobId { server: 0, id: place as u64 }, Vec::new()));
    }
    tube.told(NOW, 2, Told::Reserved(job, Vec::new()));
    tube.told(NOW, 2, Told::Disconnected);
    assert!(!tube.holders.contains_key(&job) && !tube.bodies.contains_key(&job));
    assert!(tube.lanes[2].stage != Stage::Holding(job), "it can be asked for other jobs");
}
