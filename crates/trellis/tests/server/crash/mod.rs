//! A hundred crashes in the middle of work. After each, every acknowledged effect is there, whatever was not
//! acknowledged has happened as a whole or not at all, and nothing deleted comes back.

mod model;
mod operation;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use self::worker::Worker;
use crate::server::Server;

const ROUNDS: u64 = 100;
const WORKERS: usize = 4;
/// The most acknowledged operations of one round, of all workers.
const OPERATIONS_MAX: i64 = 200;

/// Kills the server when enough has been acknowledged.
#[derive(Clone)]
pub(crate) struct Executioner {
    process: Pid,
    left: Arc<AtomicI64>,
}

impl Executioner {
    /// Counts an acknowledged operation.
    pub(crate) fn count(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill_process(self.process, Signal::KILL).expect("the server is there until now");
        }
    }
}

#[test]
fn a_hundred_crashes_lose_nothing_that_was_acknowledged() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let directory = tempfile::tempdir().expect("a directory for the data");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut workers: Vec<Worker> = (0..WORKERS).map(|number| Worker::new(number, rng.fork())).collect();
    let mut newest_id = 0;
    for round in 0..ROUNDS {
        println!("round {round}");
        let left = rng.i64(1..=OPERATIONS_MAX);
        crash_once(directory.path(), &mut workers, &mut newest_id, left);
    }
    let operations: u64 = workers.iter().map(Worker::operations).sum();
    println!("{operations} operations were acknowledged");

    let server = Server::start(directory.path());
    check(&server, &mut workers, &mut newest_id);
    for worker in &mut workers {
        worker.check_orders(&mut server.connect());
        worker.check_all_deleted(&mut server.connect());
    }
}

/// Starts the server, checks what is there, and lets the workers work until it is killed.
fn crash_once(directory: &Path, workers: &mut [Worker], newest_id: &mut u64, left: i64) {
    let server = Server::start(directory);
    check(&server, workers, newest_id);
    let executioner = Executioner { process: server.process(), left: Arc::new(AtomicI64::new(left)) };
    thread::scope(|scope| {
        for worker in workers {
            let (client, executioner) = (server.connect(), executioner.clone());
            scope.spawn(move || worker.work(client, &executioner));
        }
    });
    // All workers have seen their connection end.
    server.kill();
}

fn check(server: &Server, workers: &mut [Worker], newest_id: &mut u64) {
    let mut client = server.connect();
    let id = client.put("0 0 100", "who is the newest?");
    assert!(id > *newest_id, "id {id} was given out again: {newest_id} was before it");
    assert_eq!(client.ask(format!("delete {id}")), "DELETED");
    for worker in workers {
        worker.check(&mut client, *newest_id..id);
    }
    *newest_id = id;
}
