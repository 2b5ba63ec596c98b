//! Everything that the client can do, once, against a running server: `cargo run --example tour -- HOST:PORT`.
//!
//! It says what it does and ends with an error if the server does something else. Its tubes begin with `tour-` and
//! are empty in the end.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use trellis_tube_client::blocking::{Client, Producer, Stop, Worker};
use trellis_tube_client::{Address, Error, Job, PutOptions, Settings, Verdict, tokio as with_tokio};

type Outcome = Result<(), Box<dyn StdError>>;
type Step = fn(&Address) -> Outcome;

fn main() -> Outcome {
    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost".to_owned());
    let address: Address = address.parse()?;
    let steps: [(&str, Step); 6] = [
        ("a job's life", life),
        ("looking around", looking),
        ("waits of less than a second", waiting),
        ("a worker and its failures", working),
        ("a server that is not there", passing_over),
        ("tokio", on_tokio),
    ];
    for (name, step) in steps {
        let start = Instant::now();
        step(&address).map_err(|error| format!("{name}: {error}"))?;
        println!("{name}: {} ms", start.elapsed().as_millis());
    }
    Ok(())
}

/// An error unless it is so.
fn expect(is_so: bool, what: &str) -> Outcome {
    if is_so { Ok(()) } else { Err(format!("it is not so that {what}").into()) }
}

fn client(address: &Address, tube: &str) -> Result<Client, Error> {
    let mut client = Client::new(address.clone());
    client.use_tube(tube)?;
    client.watch_only(&[tube])?;
    Ok(client)
}

fn life(address: &Address) -> Outcome {
    let mut client = client(address, "tour-life")?;
    let urgent = PutOptions { priority: 1, ..PutOptions::default() };
    let ids = client.put_all(&["slow", "slower"], &PutOptions::default());
    let ids: Vec<u64> = ids.into_iter().map(|put| put.map(|put| put.id)).collect::<Result<_, _>>()?;
    let first = client.put(b"first", &urgent)?.id;
    let job = client.reserve(None)?.ok_or("no job")?;
    expect(job == Job { id: first, body: b"first".to_vec() }, "the most urgent job comes first")?;
    expect(client.holds(first), "a reserved job is held")?;
    client.touch(first)?;
    client.release(first, 1, Duration::ZERO)?;
    expect(client.reserve_job(first)?.is_some(), "a released job can be reserved")?;
    client.bury(first, 2)?;
    expect(client.peek_buried()?.is_some_and(|job| job.id == first), "a buried job can be seen")?;
    client.kick_job(first)?;
    client.delete(first)?;
    expect(matches!(client.delete(first), Err(Error::NotFound)), "a job is deleted once")?;
    for id in ids {
        client.delete(id)?;
    }
    expect(client.reserve(Some(Duration::ZERO))?.is_none(), "the tube is empty")
}

fn looking(address: &Address) -> Outcome {
    let mut client = client(address, "tour-looking")?;
    let delayed = PutOptions { delay: Duration::from_secs(3600), ..PutOptions::default() };
    let id = client.put(b"later", &delayed)?.id;
    expect(client.list_tubes()?.iter().any(|tube| tube == "tour-looking"), "the tube is listed")?;
    expect(client.list_tube_used()? == "tour-looking", "the tube is used")?;
    expect(client.list_tubes_watched()? == ["tour-looking"], "one tube is watched")?;
    expect(matches!(client.ignore("tour-looking"), Err(Error::NotIgnored)), "the last tube stays")?;
    expect(client.peek_delayed()?.is_some_and(|job| job.body == b"later"), "a delayed job can be seen")?;
    expect(client.peek_ready()?.is_none(), "no job is ready")?;
    let job = client.stats_job(id)?.ok_or("no statistics")?;
    expect(job.text("state") == Some("delayed") && job.number("delay") == Some(3600), "the job is delayed")?;
    let tube = client.stats_tube("tour-looking")?.ok_or("no statistics")?;
    expect(tube.number("current-jobs-delayed") == Some(1), "the tube has a delayed job")?;
    expect(client.stats_tube("tour-nowhere")?.is_none(), "there is no other tube")?;
    expect(client.kick(10)? == 1, "one job is kicked")?;
    client.pause("tour-looking", Duration::from_secs(3600))?;
    expect(client.reserve(Some(Duration::ZERO))?.is_none(), "a paused tube gives nothing")?;
    client.pause("tour-looking", Duration::ZERO)?;
    let job = client.reserve(Some(Duration::ZERO))?.ok_or("no job")?;
    client.delete(job.id)?;
    let limit = client.stats()?.number("max-job-size").ok_or("no limit")?;
    let large = vec![b'x'; usize::try_from(limit)? + 1];
    expect(matches!(client.put(&large, &PutOptions::default()), Err(Error::JobTooBig)), "a limit holds")?;
    expect(matches!(client.use_tube("-"), Err(Error::BadTubeName(_))), "names are checked")
}

fn waiting(address: &Address) -> Outcome {
    let mut waiter = client(address, "tour-waiting")?;
    let mut producer = client(address, "tour-waiting")?;
    let start = Instant::now();
    expect(waiter.reserve(Some(Duration::from_millis(250)))?.is_none(), "there is no job")?;
    expect((250..900).contains(&start.elapsed().as_millis()), "a quarter of a second is that")?;
    let id = producer.put(b"late", &PutOptions::default())?.id;
    let job = producer.stats_job(id)?.ok_or("no statistics")?;
    expect(job.text("state") == Some("ready"), "a job that comes late is nobody's")?;
    let held = waiter.reserve(Some(Duration::from_millis(250)))?.ok_or("no job")?;
    let start = Instant::now();
    expect(waiter.reserve(Some(Duration::from_millis(250)))?.is_none(), "there is no other job")?;
    expect(start.elapsed() >= Duration::from_millis(900), "who holds a job waits for the whole second")?;
    expect(waiter.holds(held.id), "the job is still held")?;
    waiter.delete(held.id)?;
    // It has one second to run, and so the last one has begun at once.
    let short = PutOptions { ttr: Duration::from_secs(1), ..PutOptions::default() };
    producer.put(b"short", &short)?;
    let held = waiter.reserve(None)?.ok_or("no job")?;
    expect(matches!(waiter.reserve(None), Err(Error::DeadlineSoon)), "a deadline is told of")?;
    waiter.delete(held.id)?;
    Ok(())
}

fn working(address: &Address) -> Outcome {
    let mut client = client(address, "tour-working")?;
    for body in ["good", "bad", "long"] {
        client.put(body.as_bytes(), &PutOptions { ttr: Duration::from_secs(1), ..PutOptions::default() })?;
    }
    let mut worker = Worker::new(vec![address.clone()], &["tour-working"], &Settings::default())?;
    worker.retry.tries_max = 1;
    let (stopper, stop) = Stop::pair()?;
    let mut bodies = Vec::new();
    let mut troubles = Vec::new();
    worker.run(
        &stop,
        |running| {
            bodies.push(String::from_utf8_lossy(&running.job.body).into_owned());
            match bodies[bodies.len() - 1].as_str() {
                "bad" => Verdict::Failed,
                "long" => {
                    let start = Instant::now();
                    while start.elapsed() < Duration::from_millis(1500) && running.keep_alive().is_ok() {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    stopper.stop();
                    Verdict::Done
                }
                _ => Verdict::Done,
            }
        },
        |error| troubles.push(error.to_string()),
    );
    expect(troubles.is_empty(), &format!("nothing went wrong, but {troubles:?}"))?;
    expect(bodies == ["good", "bad", "long"], "each job was done once")?;
    let buried = client.peek_buried()?.ok_or("the bad job is not buried")?;
    expect(buried.body == b"bad", "the bad job is buried")?;
    client.delete(buried.id)?;
    expect(client.reserve(Some(Duration::ZERO))?.is_none(), "no job is left")
}

fn passing_over(address: &Address) -> Outcome {
    let nobody: Address = "unix:/nonexistent/tour".parse()?;
    let servers = vec![nobody, address.clone()];
    let mut producer = Producer::new(servers.clone(), "tour-passing", &Settings::default())?;
    for number in 0..10_u8 {
        expect(producer.put(&[number], &PutOptions::default())?.server == 1, "the other server takes it")?;
        producer.put_by_key(&[number], &[number], &PutOptions::default())?;
    }
    let mut worker = Worker::new(servers, &["tour-passing"], &Settings::default())?;
    let mut count = 0;
    while let Some((server, job)) = worker.next(Some(Duration::ZERO), None)? {
        worker.client(server).ok_or("no server")?.delete(job.id)?;
        count += 1;
    }
    expect(count == 20, &format!("all 20 jobs are there, but {count}"))
}

fn on_tokio(address: &Address) -> Outcome {
    const JOBS: usize = 1000;
    ::tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut client = with_tokio::Client::new(address.clone());
        client.use_tube("tour-tokio").await?;
        let bodies: Vec<String> = (0..JOBS).map(|number| number.to_string()).collect();
        for put in client.put_all(&bodies, &PutOptions::default()).await {
            put?;
        }
        let long = PutOptions { ttr: Duration::from_secs(1), priority: 9999, ..PutOptions::default() };
        client.put(b"long", &long).await?;

        let mut worker =
            with_tokio::Worker::new(vec![address.clone()], &["tour-tokio"], &Settings::default())?;
        worker.lanes = 8;
        let count = Arc::new(AtomicUsize::new(0));
        let (stopper, stopped) = ::tokio::sync::oneshot::channel::<()>();
        let stopper = Arc::new(std::sync::Mutex::new(Some(stopper)));
        let counted = Arc::clone(&count);
        let handler = move |job: Job| {
            let (counted, stopper) = (Arc::clone(&counted), Arc::clone(&stopper));
            async move {
                if job.body == b"long" {
                    ::tokio::time::sleep(Duration::from_millis(1500)).await;
                    stopper.lock().map(|mut stopper| stopper.take()).ok();
                }
                counted.fetch_add(1, Ordering::Relaxed);
                Verdict::Done
            }
        };
        let stop = async move {
            stopped.await.ok();
        };
        worker.run(handler, stop, |error| println!("{error}")).await;
        expect(count.load(Ordering::Relaxed) == JOBS + 1, "each job was done once")?;
        let tube = client.stats_tube("tour-tokio").await?.ok_or("no statistics")?;
        for key in ["current-jobs-ready", "current-jobs-reserved", "current-jobs-delayed"] {
            expect(tube.number(key) == Some(0), "no job is left")?;
        }
        Ok(())
    })
}
