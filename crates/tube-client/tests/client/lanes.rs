//! Lanes of several servers, of which some are away or silent.

use std::future::pending;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::tokio::sync::oneshot;
use ::tokio::time::timeout;
use trellis_tube_client::codec::Request;
use trellis_tube_client::tokio::{Aside, Lane};
use trellis_tube_client::{Address, Answer, Error, Job, Settings};

use crate::fake::Step::{Close, End, Expect, Send};
use crate::fake::{Fake, nobody};

/// How long a lane may take for what it does at once. Only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn lane(servers: &[&Address], settings: &Settings) -> Lane {
    Lane::new(servers.iter().copied().cloned().collect(), &[""; 0], settings).expect("servers")
}

fn impatient() -> Settings {
    Settings { patience: Duration::ZERO, ..Settings::default() }
}

pub(crate) fn listen() -> (TcpListener, Address) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string().parse().expect("an address");
    (listener, address)
}

pub(crate) async fn next(lane: &mut Lane) -> (usize, Job) {
    let found = lane.next_until(pending(), |aside| match aside {
        Aside::Answered { answer: Ok(_), .. } => {}
        trouble => panic!("{trouble:?}"),
    });
    timeout(PATIENCE, found).await.expect("a job comes").expect("no trouble").expect("it has not ended")
}

/// Reads exactly these lines.
pub(crate) fn expect(stream: &mut TcpStream, lines: &str) {
    let mut found = vec![0; lines.len()];
    stream.read_exact(&mut found).expect("the client is there");
    assert_eq!(String::from_utf8_lossy(&found), lines);
}

/// A server that always has another job, until there is nobody to take it.
pub(crate) fn tireless() -> (Address, JoinHandle<()>) {
    let (listener, address) = listen();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let requests = BufReader::new(stream.try_clone().expect("a descriptor")).lines();
        for request in requests.map_while(Result::ok) {
            let is_delete = request.starts_with("delete");
            let reply: &[u8] = if is_delete { b"DELETED\r\n" } else { b"RESERVED 7 1\r\na\r\n" };
            if stream.write_all(reply).is_err() {
                return;
            }
        }
    });
    (address, thread)
}

/// A server that fails while another one is waited for is asked again, or its jobs would wait for those of the other.
#[::tokio::test]
async fn who_has_failed_is_asked_again_while_others_are_waited_for() {
    for is_until in [false, true] {
        let failing = Fake::start(&[
            &[Expect("reserve\n"), Close],
            &[Expect("reserve\n"), Send("RESERVED 7 1\na\n"), End],
        ]);
        let idle = Fake::start(&[&[Expect("reserve\n"), End]]);
        let mut lane = lane(&[&failing.address, &idle.address], &impatient());
        let (server, job) = if is_until {
            next(&mut lane).await
        } else {
            timeout(PATIENCE, lane.next(None)).await.expect("a job comes").unwrap().unwrap()
        };
        assert_eq!((server, job.id), (0, 7));
        drop(lane);
        failing.finish();
        idle.finish();
    }
}

/// It makes no difference that a server was never there.
#[::tokio::test]
async fn who_was_down_from_the_start_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let (listener, idle) = listen();
    let (sender, asked) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        sender.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let mut lane = lane(&[&Address::Unix(path.clone()), &idle], &impatient());
    let start = async {
        // The other one is asked after this one has failed.
        asked.await.unwrap();
        Fake::start_unix(&path, &[&[Expect("reserve\n"), Send("RESERVED 7 1\na\n"), End]])
    };
    let ((server, job), late) = ::tokio::join!(next(&mut lane), start);
    assert_eq!((server, job.id), (0, 7));
    drop(lane);
    late.finish();
    thread.join().unwrap();
}

/// Where nobody is left to wait for, that is said, and each time anew.
#[::tokio::test]
async fn nobody_there_is_told() {
    let mut lane = lane(&[&nobody(), &nobody()], &impatient());
    for _ in 0..2 {
        let found = timeout(PATIENCE, lane.next(None)).await.expect("an error");
        assert!(matches!(found, Err(Error::Unreachable { .. })), "{found:?}");
        let found = lane.next_until(pending(), |aside| panic!("{aside:?}"));
        let found = timeout(PATIENCE, found).await.expect("an error");
        assert!(matches!(found, Err(Error::Unreachable { .. })), "{found:?}");
    }
}

/// The system connects to a server that is stopped, and takes what is sent to it.
#[::tokio::test]
async fn who_is_silent_keeps_nobody_from_the_others() {
    for is_until in [false, true] {
        let (_listener, silent) = listen();
        let (busy, thread) = tireless();
        let mut lane = lane(&[&silent, &busy], &Settings::default());
        let (began, mut count) = (Instant::now(), 0);
        // Longer than it takes to see that it is silent.
        while began.elapsed() < Duration::from_millis(2500) {
            let (server, job) =
                if is_until { next(&mut lane).await } else { lane.next(None).await.unwrap().unwrap() };
            assert_eq!((server, job.id), (1, 7));
            lane.done(server, job.id);
            count += 1;
        }
        assert!(count > 100, "{count} jobs");
        drop(lane);
        thread.join().unwrap();
    }
}

/// Who was silent gets no reserve before it has answered, since that could make a try of a job that nobody would get.
#[::tokio::test]
async fn who_was_silent_is_asked_for_a_sign_of_life_first() {
    let (listener, silent) = listen();
    let thread = std::thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        // It answers none of this, and does not see that the client hangs up.
        let (mut second, _) = listener.accept().unwrap();
        let mut rest = Vec::new();
        first.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"reserve\r\n");
        expect(&mut second, "list-tube-used\r\n");
        second.write_all(b"USING default\r\n").unwrap();
        expect(&mut second, "reserve\r\n");
        second.write_all(b"RESERVED 8 1\r\nb\r\n").unwrap();
        second.read_to_end(&mut rest).unwrap();
    });
    let other = Fake::start(&[&[
        Expect("reserve\n"),
        Send("RESERVED 7 1\na\n"),
        Expect("delete 7\n"),
        Send("DELETED\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("TIMED_OUT\n"),
        Expect("reserve\n"),
        End,
    ]]);
    let mut lane = lane(&[&silent, &other.address], &Settings::default());
    let (server, job) = next(&mut lane).await;
    assert_eq!((server, job.id), (1, 7));
    lane.done(server, job.id);
    let (server, job) = next(&mut lane).await;
    assert_eq!((server, job.id), (0, 8));
    drop(lane);
    other.finish();
    thread.join().unwrap();
}

/// A server that is slow to say that it has a job is not waited for alone, and its job is taken all the same.
#[::tokio::test]
async fn a_job_that_is_told_of_slowly_is_taken() {
    let (slow, quick) = (listen(), listen());
    let (sender, is_asked) = std::sync::mpsc::channel();
    let slow_thread = std::thread::spawn(move || {
        let (mut stream, _) = slow.0.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        stream.write_all(b"RESERVED 7 1\r\na\r\n").unwrap();
        expect(&mut stream, "delete 7\r\n");
        stream.write_all(b"DELETED\r\n").unwrap();
        expect(&mut stream, "reserve-with-timeout 0\r\n");
        // The other one is waited for by now.
        is_asked.recv().unwrap();
        stream.write_all(b"RESERVED 8 1\r\nb\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let quick_thread = std::thread::spawn(move || {
        let (mut stream, _) = quick.0.accept().unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        drop(stream);
        let (mut stream, _) = quick.0.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        sender.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let mut lane = lane(&[&slow.1, &quick.1], &Settings::default());
    let (server, job) = next(&mut lane).await;
    assert_eq!((server, job.id), (0, 7));
    lane.done(server, job.id);
    let (server, job) = next(&mut lane).await;
    assert_eq!((server, job.id), (0, 8));
    drop(lane);
    slow_thread.join().unwrap();
    quick_thread.join().unwrap();
}

/// A delete that is not answered is waited for at its own server only.
#[::tokio::test]
async fn an_unanswered_delete_keeps_nobody_from_the_others() {
    let (slow, quick) = (listen(), listen());
    let (sender, is_over) = std::sync::mpsc::channel();
    let slow_thread = std::thread::spawn(move || {
        let (mut stream, _) = slow.0.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        stream.write_all(b"RESERVED 7 1\r\na\r\n").unwrap();
        expect(&mut stream, "delete 7\r\n");
        is_over.recv().unwrap();
        stream.write_all(b"DELETED\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let quick_thread = std::thread::spawn(move || {
        let (mut stream, _) = quick.0.accept().unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        drop(stream);
        let (mut stream, _) = quick.0.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        stream.write_all(b"RESERVED 8 1\r\nb\r\n").unwrap();
        expect(&mut stream, "delete 8\r\n");
        stream.write_all(b"DELETED\r\n").unwrap();
        sender.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let mut lane = lane(&[&slow.1, &quick.1], &Settings::default());
    for wanted in [(0, 7), (1, 8)] {
        let (server, job) = next(&mut lane).await;
        assert_eq!((server, job.id), wanted);
        lane.done(server, job.id);
    }
    timeout(PATIENCE, lane.finish()).await.expect("both are answered").unwrap();
    drop(lane);
    slow_thread.join().unwrap();
    quick_thread.join().unwrap();
}

/// While a job is held and another one's delete is not answered, the wait at a third server is taken back all the same.
#[::tokio::test]
async fn an_unanswered_delete_keeps_no_wait_from_its_end() {
    let (silent, holding, left) = (listen(), listen(), listen());
    let (first_sender, first) = std::sync::mpsc::channel();
    let (second_sender, second) = std::sync::mpsc::channel();
    let (end_sender, end) = oneshot::channel();
    let first_of_left = first_sender.clone();
    let silent_thread = std::thread::spawn(move || {
        let (mut stream, _) = silent.0.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        (0..2).for_each(|_| first.recv().unwrap());
        stream.write_all(b"RESERVED 7 1\r\na\r\n").unwrap();
        expect(&mut stream, "delete 7\r\n");
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let accept = |listener: &TcpListener| {
        let (mut stream, _) = listener.accept().unwrap();
        expect(&mut stream, "reserve\r\n");
        stream
    };
    let holding_thread = std::thread::spawn(move || {
        let mut stream = accept(&holding.0);
        first_sender.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        drop(stream);
        let mut stream = accept(&holding.0);
        second.recv().unwrap();
        stream.write_all(b"RESERVED 8 1\r\nb\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let left_thread = std::thread::spawn(move || {
        let mut stream = accept(&left.0);
        first_of_left.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        drop(stream);
        let mut stream = accept(&left.0);
        second_sender.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        end_sender.send(()).unwrap();
    });
    let mut lane = lane(&[&silent.1, &holding.1, &left.1], &Settings::default());
    assert_eq!(next(&mut lane).await.0, 0);
    lane.done(0, 7);
    assert_eq!(next(&mut lane).await.0, 1);
    ::tokio::select! {
        () = lane.rest(Some((1, 8)), |aside| panic!("{aside:?}")) => panic!("the job is not lost"),
        end = timeout(Duration::from_secs(5), end) => end.expect("it is taken back").unwrap(),
    }
    drop(lane);
    silent_thread.join().unwrap();
    holding_thread.join().unwrap();
    left_thread.join().unwrap();
}

/// What a server was told about one job is answered before the next one is there, though all of it travels together.
#[::tokio::test]
async fn answers_are_told_in_their_order() {
    let fake = Fake::start(&[&[
        Expect("stats-job 7\ntouch 7\nrelease 7 3 0\nreserve\n"),
        Send("OK 5\nid: 7\nNOT_FOUND\nRELEASED\nRESERVED 7 1\na\n"),
        End,
    ]]);
    let mut lane = lane(&[&fake.address], &Settings::default());
    let release = Request::Release { id: 7, priority: 3, delay: 0 };
    for request in [Request::StatsJob { id: 7 }, Request::Touch { id: 7 }, release.clone()] {
        lane.request(0, request);
    }
    let mut asides = Vec::new();
    let found = lane.next_until(pending(), |aside| asides.push(aside)).await.unwrap().unwrap();
    assert_eq!((found.0, found.1.id), (0, 7));
    let answers: Vec<_> = asides
        .into_iter()
        .map(|aside| match aside {
            Aside::Answered { server: 0, request, answer } => (request, answer),
            other => panic!("{other:?}"),
        })
        .collect();
    let [(Request::StatsJob { id: 7 }, Ok(text)), (Request::Touch { id: 7 }, lost), (last, done)] =
        &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((text, last), (&Answer::Text(b"id: 7".to_vec()), &release));
    assert!(matches!((lost, done), (Err(Error::NotFound), Ok(Answer::Done))), "{lost:?}, {done:?}");
    lane.rest(None, |aside| panic!("{aside:?}")).await;
    drop(lane);
    fake.finish();
}

/// Each job that could not be deleted is told of, however many there are.
#[::tokio::test]
async fn no_delete_is_forgotten() {
    let fake = Fake::start(&[&[
        Expect("delete 7\ndelete 8\ndelete 9\n"),
        Send("NOT_FOUND\nDELETED\nNOT_FOUND\n"),
        End,
    ]]);
    let mut lane = lane(&[&fake.address], &Settings::default());
    for id in [7, 8, 9] {
        lane.done(0, id);
    }
    for _ in 0..2 {
        assert!(matches!(lane.finish().await, Err(Error::NotFound)));
    }
    lane.finish().await.unwrap();
    drop(lane);
    fake.finish();
}

/// A wait for silent servers ends when it is told to, and the second time at once.
#[::tokio::test]
async fn silent_servers_do_not_keep_a_lane() {
    let ((_one, one), (_other, other)) = (listen(), listen());
    let mut lane = lane(&[&one, &other], &Settings::default());
    for _ in 0..3 {
        let mut asides: Vec<Aside> = Vec::new();
        let found = lane.next_until(::tokio::task::yield_now(), |aside| asides.push(aside));
        let found = timeout(Duration::from_secs(5), found).await.expect("it ends");
        assert!(matches!(found, Ok(None)), "{found:?}");
        assert!(asides.is_empty(), "{asides:?}");
    }
}
