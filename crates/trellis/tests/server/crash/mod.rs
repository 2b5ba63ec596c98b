//! A hundred crashes in the middle of work. After each, every acknowledged effect is there, whatever was not
//! acknowledged has happened as a whole or not at all, and nothing deleted comes back.

mod model;
mod operation;
mod worker;
mod znodes;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use self::worker::Worker;
use self::znodes::ZnodeWorker;
use crate::server::Server;

const ROUNDS: u64 = 100;
const WORKERS: usize = 4;
const ZNODE_WORKERS: usize = 2;
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

/// Everybody who works, and what they know together.
struct Crew {
    workers: Vec<Worker>,
    znode_workers: Vec<ZnodeWorker>,
    newest_id: u64,
    /// How long the last server has lived at most.
    lived: Duration,
}

#[test]
fn a_hundred_crashes_lose_nothing_that_was_acknowledged() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let directory = tempfile::tempdir().expect("a directory for the data");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut crew = Crew {
        workers: (0..WORKERS).map(|number| Worker::new(number, rng.fork())).collect(),
        znode_workers: (0..ZNODE_WORKERS).map(|number| ZnodeWorker::new(number, rng.fork())).collect(),
        newest_id: 0,
        lived: Duration::ZERO,
    };
    for round in 0..ROUNDS {
        println!("round {round}");
        let left = rng.i64(1..=OPERATIONS_MAX);
        crew.crash_once(directory.path(), left);
    }
    let operations: u64 = crew.workers.iter().map(Worker::operations).sum();
    let changes: u64 = crew.znode_workers.iter().map(ZnodeWorker::changes).sum();
    println!("{operations} operations and {changes} changes of znodes were acknowledged");

    let server = Server::start_both(directory.path(), &[]);
    crew.check(&server);
    for worker in &mut crew.workers {
        worker.check_orders(&mut server.connect());
        worker.check_all_deleted(&mut server.connect());
    }
    crew.znode_workers.iter_mut().for_each(|worker| worker.check_ends(&server));
}

impl Crew {
    /// Starts the server, checks what is there, and lets all work until it is killed.
    fn crash_once(&mut self, directory: &Path, left: i64) {
        let begun = Instant::now();
        let server = Server::start_both(directory, &[]);
        self.check(&server);
        let executioner = &Executioner { process: server.process(), left: Arc::new(AtomicI64::new(left)) };
        let address = server.zookeeper();
        thread::scope(|scope| {
            let clients: Vec<_> = self.workers.iter().map(|_| server.connect()).collect();
            let sessions: Vec<_> =
                self.znode_workers.iter_mut().map(|worker| worker.connect(&server)).collect();
            for (worker, client) in self.workers.iter_mut().zip(clients) {
                scope.spawn(move || worker.work(client, executioner));
            }
            for (worker, client) in self.znode_workers.iter_mut().zip(sessions) {
                scope.spawn(move || worker.work(client, address, executioner));
            }
        });
        // All workers have seen their connection end.
        server.kill();
        self.lived = begun.elapsed();
    }

    fn check(&mut self, server: &Server) {
        let mut client = server.connect();
        let id = client.put("0 0 100", "who is the newest?");
        assert!(id > self.newest_id, "id {id} was given out again: {} was before it", self.newest_id);
        assert_eq!(client.ask(format!("delete {id}")), "DELETED");
        for worker in &mut self.workers {
            worker.check(&mut client, self.newest_id..id);
        }
        self.newest_id = id;
        for worker in &mut self.znode_workers {
            worker.check(server, self.lived);
        }
    }
}
