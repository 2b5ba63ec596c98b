//! Our own client of the work queue against the server, where both are in trouble at once.

use std::collections::HashSet;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use trellis_tube_client::{Address, Job, PutOptions, Settings, Verdict, blocking, tokio as driver};

use crate::server::{DEADLINE, Server, serve};

/// A job that stays reserved by mistake stays so for longer than any test.
const LONG: PutOptions = PutOptions { priority: 1024, delay: Duration::ZERO, ttr: Duration::from_secs(3600) };

/// A server on a Unix socket, which can be had again after a crash.
fn start(directory: &Path) -> (Server, Address) {
    let address = format!("unix:{}", directory.join("socket").display());
    let mut server = Server::spawn(serve(&directory.join("data")).args(["--beanstalk", &address]));
    server.listening();
    (server, address.parse().expect("an address"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A worker whose server is killed in the middle goes on with the next one, and every job is done.
#[test]
fn a_worker_outlives_its_server() {
    const JOBS: usize = 2000;
    let directory = tempfile::tempdir().expect("a directory");
    let (server, address) = start(directory.path());
    let mut client = blocking::Client::new(address.clone());
    client.use_tube("mail").expect("a server");
    let bodies: Vec<String> = (0..JOBS).map(|number| number.to_string()).collect();
    assert!(client.put_all(&bodies, &LONG).iter().all(Result::is_ok));

    let done = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&done);
    let (middle, is_middle) = channel();
    let (stopper, stop) = tokio::sync::oneshot::channel::<()>();
    let stopper = Mutex::new(Some(stopper));
    let worker = thread::spawn(move || {
        let settings = Settings { backoff_max: Duration::from_millis(100), ..Settings::default() };
        let mut worker = driver::Worker::new(vec![address], &["mail"], &settings).expect("a tube");
        worker.lanes = 4;
        let handler = move |job: Job| {
            let mut seen = seen.lock().expect("no panic");
            seen.insert(job.body);
            match seen.len() {
                500 => drop(middle.send(())),
                JOBS => drop(stopper.lock().expect("no panic").take()),
                _ => {}
            }
            async { Verdict::Done }
        };
        runtime().block_on(worker.run(handler, async { drop(stop.await) }, |_| {}));
    });
    is_middle.recv_timeout(DEADLINE).expect("jobs are done");
    server.kill();
    let (server, _) = start(directory.path());
    worker.join().expect("no panic");
    assert_eq!(done.lock().expect("no panic").len(), JOBS);

    // What was done when the server died may have to be done again, but nothing stays reserved.
    client.watch_only(&["mail"]).expect("a server");
    while let Some(job) = client.reserve(Some(Duration::ZERO)).expect("a server") {
        client.delete(job.id).expect("it is held");
    }
    let left = client.stats_tube("mail").expect("a server").expect("it is watched");
    assert_eq!(left.number("current-jobs-reserved"), Some(0));
    drop(server);
}

/// Puts jobs one by one, while `take` waits for each for a very short time, again and again.
fn check_short_waits(take: impl FnOnce(Address, usize) -> usize) {
    const JOBS: usize = 300;
    let directory = tempfile::tempdir().expect("a directory");
    let (server, address) = start(directory.path());
    let mut client = blocking::Client::new(address.clone());
    let producer = thread::spawn(move || {
        for _ in 0..JOBS {
            client.put(b"job", &LONG).expect("a server");
        }
    });
    assert_eq!(take(address, JOBS), JOBS, "a job that comes when its waiter has gone is not lost");
    producer.join().expect("no panic");
    drop(server);
}

/// Some too short for anything, some long enough on any machine, in turn.
fn short_waits() -> impl Iterator<Item = Duration> {
    (0..100).cycle().map(|step| Duration::from_micros(50 * step * step / 10))
}

#[test]
fn no_job_is_lost_to_a_short_wait() {
    check_short_waits(|address, jobs| {
        let mut client = blocking::Client::new(address);
        let mut waits = short_waits();
        let start = Instant::now();
        let mut count = 0;
        while count < jobs && start.elapsed() < DEADLINE {
            let wait = waits.next().unwrap_or_default();
            if let Some(job) = client.reserve(Some(wait)).expect("a server") {
                client.delete(job.id).expect("it is held");
                count += 1;
            }
        }
        count
    });
}

#[test]
fn no_job_is_lost_to_a_dropped_future() {
    check_short_waits(|address, jobs| {
        runtime().block_on(async {
            let mut client = driver::Client::new(address);
            let mut waits = short_waits();
            let start = Instant::now();
            let mut count = 0;
            while count < jobs && start.elapsed() < DEADLINE {
                let wait = waits.next().unwrap_or_default();
                if let Ok(job) = tokio::time::timeout(wait, client.reserve(None)).await {
                    let job = job.expect("a server").expect("it waits for ever");
                    client.delete(job.id).await.expect("it is held");
                    count += 1;
                }
            }
            count
        })
    });
}
