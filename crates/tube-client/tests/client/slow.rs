//! Lanes of several servers, of which one is slow: what it reserves is not thrown away because another one is quicker.

use std::io::{Read, Write};
use std::time::Duration;

use ::tokio::sync::oneshot;
use ::tokio::task::yield_now;
use ::tokio::time::timeout;
use trellis_tube_client::Settings;
use trellis_tube_client::tokio::{Aside, Lane};

use crate::fake::Fake;
use crate::fake::Step::{End, Expect, Quiet, Send, SendBody};
use crate::lanes::{PATIENCE, expect, lane, listen, next, tireless};

/// A request for a job that is there at once.
const LOOK: &str = "reserve-with-timeout 0\n";

/// Who is connected is looked at.
async fn connect(lane: &mut Lane) {
    for server in 0..2 {
        let client = lane.client(server).expect("two servers");
        timeout(PATIENCE, client.connect()).await.expect("an answer").expect("a connection");
    }
}

/// The second time it takes longer than a server that nothing is known of may take.
#[::tokio::test]
async fn who_is_slow_is_waited_for() {
    let slow = Fake::start(&[&[
        Expect(LOOK),
        Quiet(Duration::from_millis(600)),
        Send("RESERVED 7 1\na\n"),
        Expect("delete 7\n"),
        Send("DELETED\n"),
        Expect(LOOK),
        Quiet(Duration::from_millis(1300)),
        Send("RESERVED 8 1\nb\n"),
        End,
    ]]);
    let other = Fake::start(&[&[Expect(LOOK), Send("TIMED_OUT\n"), End]]);
    let mut lane = lane(&[&slow.address, &other.address], &Settings::default());
    connect(&mut lane).await;
    for id in [7, 8] {
        let (server, job) = next(&mut lane).await;
        assert_eq!((server, job.id), (0, id));
        if id == 7 {
            lane.done(server, id);
        }
    }
    drop(lane);
    slow.finish();
    other.finish();
}

/// A large body takes its time, and while it comes the server is not silent.
#[::tokio::test]
async fn a_body_that_comes_slowly_is_waited_for() {
    let part = SendBody(16 << 10);
    let pause = Quiet(Duration::from_millis(500));
    let slow = Fake::start(&[&[
        Expect(LOOK),
        Send("RESERVED 7 65536\n"),
        part,
        pause,
        part,
        pause,
        part,
        pause,
        part,
        pause,
        Send("\n"),
        End,
    ]]);
    let other = Fake::start(&[&[End]]);
    let mut lane = lane(&[&slow.address, &other.address], &Settings::default());
    connect(&mut lane).await;
    let (server, job) = next(&mut lane).await;
    assert_eq!((server, job.id, job.body.len()), (0, 7, 64 << 10));
    drop(lane);
    slow.finish();
    other.finish();
}

/// Who took too long, but has answered then, may take longer the next time, however busy another server is.
#[::tokio::test]
async fn who_was_slow_is_granted_more_time() {
    for is_until in [false, true] {
        let patient = [Expect(LOOK), Quiet(Duration::from_millis(1500)), Send("RESERVED 8 1\nb\n"), End];
        let alive = [Expect("list-tube-used\n"), Quiet(Duration::from_millis(700)), Send("USING default\n")];
        let slow = if is_until {
            // What it says of its reservation is waited for.
            Fake::start(&[&[Expect(LOOK), End, Send("RESERVED 7 1\na\n")], &patient])
        } else {
            Fake::start(&[&[Expect(LOOK), End], &[&alive[..], &patient[..]].concat()])
        };
        let (busy, thread) = tireless();
        let mut lane = lane(&[&slow.address, &busy], &Settings::default());
        connect(&mut lane).await;
        let mut too_late = Vec::new();
        let mut note = |aside| match aside {
            Aside::Answered { answer: Ok(_), .. } => {}
            other => too_late.push(other),
        };
        let job = timeout(PATIENCE, async {
            loop {
                let found = if is_until {
                    lane.next_until(std::future::pending(), &mut note).await
                } else {
                    lane.next(None).await
                };
                let (server, job) = found.expect("no trouble").expect("it has not ended");
                if server == 0 {
                    return job;
                }
                lane.done(server, job.id);
            }
        });
        assert_eq!(job.await.expect("a job of the slow one").id, 8);
        match &too_late[..] {
            [] => assert!(!is_until),
            [Aside::TooLate { server: 0, id: 7 }] => assert!(is_until),
            other => panic!("{other:?}"),
        }
        drop(lane);
        slow.finish();
        thread.join().unwrap();
    }
}

/// An answer that is there counts, also where the lane comes to read it when the time is over.
#[::tokio::test]
async fn an_answer_that_is_there_is_read_before_the_time_counts() {
    let (listener, slow) = listen();
    let (sender, is_asked) = oneshot::channel();
    let (answered, is_answered) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        expect(&mut stream, "reserve-with-timeout 0\r\n");
        sender.send(()).unwrap();
        // Longer than it may take.
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.read_exact(&mut [0]).expect_err("the lane says nothing");
        stream.set_read_timeout(None).unwrap();
        stream.write_all(b"RESERVED 7 1\r\na\r\n").unwrap();
        answered.send(()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let other = Fake::start(&[&[Expect(LOOK), Send("TIMED_OUT\n"), End]]);
    let mut lane = lane(&[&other.address, &slow], &Settings::default());
    connect(&mut lane).await;
    {
        let mut found = std::pin::pin!(next(&mut lane));
        ::tokio::select! {
            biased;
            found = &mut found => panic!("{found:?}"),
            asked = is_asked => asked.unwrap(),
        }
        // The lane stands still meanwhile, as on a machine that has too much to do.
        is_answered.recv().unwrap();
        yield_now().await;
        let (server, job) = found.await;
        assert_eq!((server, job.id), (1, 7));
    }
    drop(lane);
    other.finish();
    thread.join().unwrap();
}
