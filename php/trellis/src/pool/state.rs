//! A pool's tasks, children and results. Nothing here calls PHP code while the state is borrowed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem;

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use ext_php_rs::types::Zval;
use rustix::process::Pid;
use trellis_php_host::{Owner, Throw, Turn, call_function, has_function, process, stream_descriptor, value};
use trellis_unix::process::Child;

use super::of_class;
use super::said::{Failure, Said};
use super::task::{Task, socket_of};
use super::worker::Worker;
use crate::wait::{Round, round, serve};

/// `STREAM_PF_UNIX` and `STREAM_SOCK_STREAM` of PHP.
const UNIX: i64 = 1;
const STREAM: i64 = 1;
/// What forks, unless php.ini forbids it.
const FORK: &str = "pcntl_fork";
/// ESRCH: there is no such process.
const GONE: i32 = 3;

/// A pool.
#[derive(Default)]
pub(super) struct Pool {
    inner: RefCell<Inner>,
    /// Adding a task starts it; those that are added meanwhile come after it.
    adding: Turn,
}

/// What may be changed.
pub(super) struct Inner {
    /// A child of a fork has a copy of the pool, but not its children.
    owner: Owner,
    pub(super) max: usize,
    pub(super) forks: bool,
    pub(super) count: usize,
    pub(super) pending: VecDeque<Task>,
    pub(super) workers: Vec<Worker>,
    pub(super) results: VecDeque<Said>,
    pub(super) on_create: Option<Zval>,
}

impl Default for Inner {
    fn default() -> Inner {
        Inner {
            owner: Owner::default(),
            max: 1,
            forks: true,
            count: 0,
            pending: VecDeque::new(),
            workers: Vec::new(),
            results: VecDeque::new(),
            on_create: None,
        }
    }
}

impl Pool {
    /// Reads or changes the state. PHP code must not be called by it.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.inner.borrow_mut();
        if !inner.owner.is_this_process() {
            inner.forget();
            self.adding.reset();
        }
        work(&mut inner)
    }

    /// Tells of PHP's values that the pool holds.
    pub(super) fn hold(&self, tell: &mut dyn FnMut(&Zval)) {
        let Ok(inner) = self.inner.try_borrow() else { return };
        inner.on_create.iter().for_each(&mut *tell);
        inner.pending.iter().flat_map(Task::values).for_each(&mut *tell);
        inner.results.iter().filter_map(Said::value).for_each(tell);
    }

    /// Starts tasks that were added. One that a task adds, which runs in this process, is started after that, or they could go
    /// into each other as deep as they like.
    ///
    /// # Errors
    ///
    /// As [`fill`](Self::fill).
    pub(super) fn start(&self) -> Result<(), Throw> {
        let Some(taken) = self.adding.take() else { return Ok(()) };
        let filled = self.fill();
        self.adding.give_back(taken);
        filled
    }

    /// Waits until a child has said something or ended. Empty: there is nothing to wait for. None: the time is up.
    ///
    /// # Errors
    ///
    /// As [`fill`](Self::fill), and what a signal's handler throws.
    pub(super) fn hear(&self, deadline: Option<Instant>) -> Result<Option<Vec<i64>>, Throw> {
        loop {
            self.fill()?;
            if self.with(|inner| inner.workers.is_empty()) {
                return Ok(Some(Vec::new()));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if let Some(pids) = self.with(|inner| inner.listen(left)) {
                return Ok(Some(pids));
            }
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            serve()?;
        }
    }

    /// Starts as many tasks as there is room for.
    ///
    /// # Errors
    ///
    /// A `RuntimeException` if there can't be even one; without forks, what a task throws.
    fn fill(&self) -> Result<(), Throw> {
        while let Some(task) = self.with(Inner::next) {
            let forks = self.with(|inner| inner.forks);
            let could = if forks { self.fork(task) } else { self.run_here(task) };
            if !could? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Keeps a task that can't start. Whether it could: if not, another child's end makes room.
    fn keep(&self, task: Task, why: Throw) -> Result<bool, Throw> {
        let waits = self.with(|inner| {
            inner.pending.push_front(task);
            !inner.workers.is_empty()
        });
        // What a script's handler of errors has thrown is under way already.
        if waits && !matches!(why, Throw::Pending) { Ok(false) } else { Err(why) }
    }

    /// Makes a child for a task. Whether it could.
    fn fork(&self, task: Task) -> Result<bool, Throw> {
        let (pair, pid) = match Pair::with_child() {
            Ok(made) => made,
            Err(why) => return self.keep(task, why),
        };
        if pid == 0 {
            let Pair { streams, ours, theirs } = pair;
            drop(ours);
            self.with(|_| ());
            let parent = socket_of(&streams.1).unwrap_or_default();
            // The parent's end must be closed here, for the parent's death to be noticed.
            drop(streams.0);
            task.be_child(&parent, &theirs);
        }
        let child = i32::try_from(pid).ok().and_then(Pid::from_raw).map(Child::of_new);
        // Only of one that is gone already, since SIGCHLD is ignored, there may still be a result.
        let unheld = child
            .as_ref()
            .and_then(|child| child.as_ref().err())
            .filter(|error| error.raw_os_error() != Some(GONE));
        if let Some(error) = unheld {
            let message = format!("worker {pid} had to be killed, since it can't be waited for: {error}");
            self.with(|inner| inner.fail(message));
        }
        let child = child.and_then(Result::ok);
        let created = self.with(|inner| {
            inner.workers.push(Worker::new(pid, child, pair.ours));
            inner.on_create.as_ref().map(Zval::shallow_clone)
        });
        drop((pair.streams, pair.theirs));
        if let Some(callback) = created {
            call_function("call_user_func_array", [callback, value(task.arguments())])?;
        }
        Ok(true)
    }

    /// Runs a task in this very process. What it throws is its caller's. Whether it could.
    fn run_here(&self, task: Task) -> Result<bool, Throw> {
        let pair = match Pair::new() {
            Ok(pair) => pair,
            Err(why) => return self.keep(task, why),
        };
        let parent = socket_of(&pair.streams.1)?;
        let value = task.call(&parent)?;
        let mut frames = Vec::new();
        Worker::new(0, None, pair.ours).look(&mut frames);
        self.with(|inner| {
            inner.collect(frames);
            if !value.is_null() {
                inner.results.push_back(Said::Value(value));
                inner.count += 1;
            }
        });
        Ok(true)
    }
}

impl Inner {
    /// How many tasks have not ended.
    pub(super) fn active(&self) -> usize {
        self.pending.len() + self.working()
    }

    /// Whether there are neither tasks nor children.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.workers.is_empty()
    }

    /// How many children have a task that has not ended.
    pub(super) fn working(&self) -> usize {
        self.workers.iter().filter(|worker| !worker.is_done()).count()
    }

    /// The next task that there is room for.
    fn next(&mut self) -> Option<Task> {
        if self.workers.len() >= self.max {
            return None;
        }
        self.pending.pop_front()
    }

    /// Waits a round at most, and takes what was said. None if nothing was.
    fn listen(&mut self, left: Option<Duration>) -> Option<Vec<i64>> {
        // Whoever is gone has nothing to wait for.
        let waits = !self.workers.iter().any(Worker::is_gone);
        if waits && !matches!(round(self.workers.iter().flat_map(Worker::descriptors), left), Round::Ready) {
            return None;
        }
        Some(self.look()).filter(|heard| !heard.is_empty())
    }

    /// Takes what the children have said, and leave of those that have ended. Returns whom it has heard of.
    fn look(&mut self) -> Vec<i64> {
        let mut heard = Vec::new();
        for mut worker in mem::take(&mut self.workers) {
            let mut frames = Vec::new();
            let was_done = worker.is_done();
            let ended = worker.look(&mut frames);
            if (ended && !was_done) || !frames.is_empty() {
                heard.push(worker.pid);
            }
            self.collect(frames);
            if !ended {
                self.workers.push(worker);
            } else if let Some(message) = worker.complaint() {
                self.fail(message);
            }
        }
        heard
    }

    fn fail(&mut self, message: String) {
        self.results.push_back(Said::Failure(Failure { message, code: 0 }));
        self.count += 1;
    }

    fn collect(&mut self, frames: Vec<Vec<u8>>) {
        let before = self.results.len();
        self.results.extend(frames.into_iter().filter_map(Said::of_frame));
        self.count += self.results.len() - before;
    }

    /// In a child of a fork: the tasks and results are the parent's. What PHP values they hold isn't given back, since that
    /// could be the end of an object of the parent's.
    fn forget(&mut self) {
        self.owner = Owner::this_process();
        mem::forget((mem::take(&mut self.pending), mem::take(&mut self.results)));
        self.workers.clear();
        self.count = 0;
    }
}

/// A pair of connected sockets, as PHP's streams and as descriptors.
struct Pair {
    streams: (Zval, Zval),
    /// It never makes anyone wait.
    ours: UnixStream,
    theirs: UnixStream,
}

impl Pair {
    fn new() -> Result<Pair, Throw> {
        let failed =
            || of_class("RuntimeException", "socket_create_pair failed: there are too many open files");
        let pair = call_function("stream_socket_pair", [UNIX, STREAM, 0].map(value))?;
        let stream = |index| pair.array().and_then(|pair| pair.get_index(index)).map(Zval::shallow_clone);
        let streams = stream(0).zip(stream(1)).ok_or_else(failed)?;
        let socket = |stream| stream_descriptor(stream).map(UnixStream::from).ok_or_else(failed);
        let (ours, theirs) = (socket(&streams.0)?, socket(&streams.1)?);
        ours.set_nonblocking(true).map_err(|_| failed())?;
        Ok(Pair { streams, ours, theirs })
    }

    /// One that this process shares with a new child, and the child's pid; 0 in the child.
    fn with_child() -> Result<(Pair, i64), Throw> {
        let pair = Pair::new()?;
        // A place for the child's handle is kept free, so that there is one once the child is there.
        let place = pair.ours.try_clone();
        let pid = if place.is_ok() && has_function(FORK) { process::fork()? } else { -1 };
        if pid < 0 { Err(no_fork()) } else { Ok((pair, pid)) }
    }
}

/// Why there can't be even one child.
fn no_fork() -> Throw {
    let message = if has_function(FORK) {
        "Could not fork"
    } else {
        "Could not fork: this PHP has no pcntl_fork, or disable_functions in php.ini names it"
    };
    of_class("RuntimeException", message)
}
