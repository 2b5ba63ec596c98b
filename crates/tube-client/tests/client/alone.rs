//! What only one of the drivers can do.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use trellis_tube_client::{Error, Settings, Verdict, blocking, tokio as driver};

use crate::fake::Fake;
use crate::fake::Step::{Close, End, Expect, Send};

/// A worker that waits on two servers takes one's job, and leaves the other.
#[test]
fn a_waiting_worker_takes_one_job_and_leaves_the_others() {
    let one = Fake::start(&[&[
        Expect("watch mail\nignore default\nreserve-with-timeout 30\n"),
        Send("WATCHING 2\nWATCHING 1\n"),
        Send("RESERVED 7 1\na\n"),
        Expect("delete 7\n"),
        Send("DELETED\n"),
        End,
    ]]);
    let other = Fake::start(&[&[
        Expect("watch mail\nignore default\nreserve-with-timeout 30\n"),
        Send("WATCHING 2\nWATCHING 1\n"),
        End,
    ]]);
    let servers = vec![one.address.clone(), other.address.clone()];
    let mut worker = blocking::Worker::new(servers, &["mail"], &Settings::default()).unwrap();
    let (stopper, stop) = blocking::Stop::pair().unwrap();
    let mut done = Vec::new();
    let handler = |running: &mut blocking::Running<'_>| {
        done.push((running.server, running.job.id));
        stopper.stop();
        Verdict::Done
    };
    worker.run(&stop, handler, |error| panic!("{error}"));
    assert_eq!(done, [(0, 7)]);
    drop(worker);
    one.finish();
    other.finish();
}

/// A handler that panics is one that has failed, and the worker goes on after a lost connection.
#[test]
fn a_worker_outlives_its_handlers_and_its_connections() {
    let fake = Fake::start(&[
        &[
            Expect("reserve-with-timeout 30\n"),
            Send("RESERVED 7 1\na\n"),
            Expect("stats-job 7\n"),
            Send("OK 21\npri: 3\nreserves: 2\n\n"),
            Expect("release 7 3 2\n"),
            Send("RELEASED\n"),
            Expect("reserve-with-timeout 30\n"),
            Send("RESERVED 8 1\nb\n"),
            Expect("delete 8\n"),
            Close,
        ],
        &[
            Expect("reserve-with-timeout 30\n"),
            Send("RESERVED 9 1\nc\n"),
            Expect("delete 9\n"),
            Send("DELETED\n"),
        ],
    ]);
    let mut worker =
        blocking::Worker::new(vec![fake.address.clone()], &[""; 0], &Settings::default()).unwrap();
    let (stopper, stop) = blocking::Stop::pair().unwrap();
    let handler = |running: &mut blocking::Running<'_>| match running.job.id {
        7 => panic!("a test"),
        8 => Verdict::Done,
        _ => {
            stopper.stop();
            Verdict::Done
        }
    };
    let mut troubles = Vec::new();
    worker.run(&stop, handler, |error| troubles.push(error.is_disconnect()));
    assert_eq!(troubles, [true]);
    fake.finish();
}

/// A future that is dropped while it waits hangs up at once, and not with the next call.
#[::tokio::test]
async fn a_dropped_reserve_hangs_up() {
    let fake = Fake::start(&[&[Expect("reserve\n"), End]]);
    let mut client = driver::Client::new(fake.address.clone());
    client.connect().await.unwrap();
    {
        let mut reserve = pin!(client.reserve(None));
        let mut context = Context::from_waker(Waker::noop());
        assert!(reserve.as_mut().poll(&mut context).is_pending());
    }
    assert!(!client.is_connected());
    fake.finish();
}

/// A delete and the next reserve are one message.
#[::tokio::test]
async fn a_lane_deletes_and_reserves_in_one_message() {
    let fake = Fake::start(&[&[
        Expect("watch mail\nignore default\nreserve\n"),
        Send("WATCHING 2\nWATCHING 1\nRESERVED 7 1\na\n"),
        Expect("delete 7\nreserve\n"),
        Send("NOT_FOUND\n"),
        End,
    ]]);
    let mut lane = driver::Lane::new(vec![fake.address.clone()], &["mail"], &Settings::default()).unwrap();
    let (server, job) = lane.next(None).await.unwrap().unwrap();
    assert_eq!((server, job.id, job.body.as_slice()), (0, 7, &b"a"[..]));
    lane.done(server, job.id);
    let next = lane.next(None).await;
    assert!(matches!(next, Err(Error::NotFound)), "{next:?}");
    drop(lane);
    fake.finish();
}

/// A lane that waits on two servers takes one's job and leaves the other, whose turn comes next.
#[::tokio::test]
async fn a_waiting_lane_takes_one_job_and_leaves_the_others() {
    let one = Fake::start(&[&[
        Expect("reserve\n"),
        Send("RESERVED 7 1\na\n"),
        Expect("delete 7\n"),
        Send("DELETED\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("TIMED_OUT\n"),
        Expect("reserve\n"),
        End,
    ]]);
    let other = Fake::start(&[
        &[Expect("reserve\n"), End],
        &[Expect("reserve\n"), Send("RESERVED 7 1\nb\n"), Expect("delete 7\n"), Send("DELETED\n"), End],
    ]);
    let servers = vec![one.address.clone(), other.address.clone()];
    let mut lane = driver::Lane::new(servers, &[""; 0], &Settings::default()).unwrap();
    let (server, job) = lane.next(None).await.unwrap().unwrap();
    assert_eq!((server, job.id), (0, 7));
    lane.done(server, job.id);
    let (server, job) = lane.next(None).await.unwrap().unwrap();
    assert_eq!((server, job.body.as_slice()), (1, &b"b"[..]));
    lane.done(server, job.id);
    lane.finish().await.unwrap();
    drop(lane);
    one.finish();
    other.finish();
}

/// A job that a server sends while the lane gives up its wait goes back, and is told of.
#[::tokio::test]
async fn what_comes_too_late_does_not_go_unnoticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string().parse().unwrap();
    let (stopper, stop) = ::tokio::sync::oneshot::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; "reserve\r\n".len()]).unwrap();
        stopper.send(()).unwrap();
        // The client will send no more, and the job is on its way by then.
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        stream.write_all(b"RESERVED 7 1\r\na\r\n").unwrap();
    });
    let mut lane = driver::Lane::new(vec![address], &[""; 0], &Settings::default()).unwrap();
    let mut asides = Vec::new();
    let stop = async { stop.await.unwrap() };
    let found = lane.next_until(stop, |aside| asides.push(aside)).await;
    assert!(found.unwrap().is_none());
    assert!(matches!(asides[..], [driver::Aside::TooLate { server: 0, id: 7 }]), "{asides:?}");
    server.join().unwrap();
}

/// While a job is held, the wait at another server is taken back, and the end of the job's connection is noticed.
#[::tokio::test]
async fn a_lane_that_holds_a_job_knows_when_it_is_lost() {
    let one = Fake::start(&[&[Expect("reserve\n"), Send("RESERVED 7 1\na\n"), Close]]);
    let other = Fake::start(&[&[Expect("reserve\n"), End, Send("RESERVED 8 1\nb\n"), Close]]);
    let servers = vec![one.address.clone(), other.address.clone()];
    let mut lane = driver::Lane::new(servers, &[""; 0], &Settings::default()).unwrap();
    let mut asides = Vec::new();
    let found = lane.next_until(std::future::pending(), |aside| asides.push(aside)).await;
    assert!(matches!(found, Ok(Some((0, job))) if job.id == 7));
    lane.rest(Some((0, 7)), |aside| asides.push(aside)).await;
    let stop = async {};
    assert!(lane.next_until(stop, |aside| asides.push(aside)).await.unwrap().is_none());
    assert!(matches!(asides[..], [driver::Aside::TooLate { server: 1, id: 8 }]), "{asides:?}");
    one.finish();
    other.finish();
}

/// A job that runs for long is touched; one that doesn't, isn't.
#[::tokio::test]
async fn long_jobs_are_kept_alive() {
    let fake = Fake::start(&[&[
        Expect("reserve\n"),
        Send("RESERVED 7 1\na\n"),
        Expect("touch 7\n"),
        Send("TOUCHED\n"),
        Expect("stats-job 7\n"),
        Send("OK 6\nttr: 1\n"),
        Expect("touch 7\n"),
        Send("NOT_FOUND\n"),
        Expect("delete 7\n"),
        Send("NOT_FOUND\n"),
        End,
    ]]);
    let mut lane = driver::Lane::new(vec![fake.address.clone()], &[""; 0], &Settings::default()).unwrap();
    let (server, job) = lane.next(None).await.unwrap().unwrap();
    assert_eq!(lane.keep_alive(server, job.id, async { 5 }).await, 5);
    let work = ::tokio::time::timeout(Duration::from_millis(1200), std::future::pending::<()>());
    assert!(lane.keep_alive(server, job.id, work).await.is_err());
    lane.done(server, job.id);
    assert!(lane.finish().await.is_err());
    drop(lane);
    fake.finish();
}
