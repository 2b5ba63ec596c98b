//! A pool of children: each gets one task and returns one result.
//!
//! A task's outcome is exactly one: the result, or why there is none. A child is read until it has ended and nothing that
//! it wrote is left, and only then is its end taken; so no result is lost, whatever comes first.

mod inbox;
mod outcome;
mod worker;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid};

use self::inbox::Inbox;
pub use self::outcome::{Outcome, TaskError, TaskId};
use self::worker::Worker;
use crate::frame::{FrameError, write_frame};
use crate::limits::{POOL_CHILDREN_MAX, READ_BYTES, RESULT_BYTES_MAX, RESULT_BYTES_MAX_DEFAULT};
use crate::poll::{Deadline, wait_readable};
use crate::process::{self, Fork, ForkError, Status};

/// How a pool works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many children there may be at a time, from 1 to [`POOL_CHILDREN_MAX`]; other values count as the nearest.
    pub children_max: usize,
    /// The longest result, in bytes; more than [`RESULT_BYTES_MAX`] counts as that.
    pub result_bytes_max: u32,
    /// Whether there are children at all. Without, a task runs in this process while its outcome is waited for.
    pub forks: bool,
}

impl Settings {
    /// A pool that forks up to so many children at a time, with results of up to 1 GiB.
    pub fn children(children_max: usize) -> Settings {
        Settings { children_max, result_bytes_max: RESULT_BYTES_MAX_DEFAULT, forks: true }
    }
}

/// What a task does: it writes one frame.
type Work<'a> = Box<dyn FnOnce(&mut dyn Write) -> Result<(), FrameError> + 'a>;

/// At most N children at a time, each with one task and one result.
///
/// Nothing happens behind one's back: children are started and read while [`submit`](ProcessPool::submit),
/// [`get`](ProcessPool::get), [`get_all`](ProcessPool::get_all) or [`progress`](ProcessPool::progress) run. A pool that
/// is dropped kills its children and waits for their ends.
///
/// # Example
///
/// ```no_run
/// use trellis_unix::pool::{ProcessPool, Settings};
///
/// let mut pool = ProcessPool::new(Settings::children(4));
/// for number in 1..=100_u32 {
///     pool.submit(move || (number * number).to_string().into_bytes());
/// }
/// while let Some(outcome) = pool.get(None)? {
///     match outcome.result {
///         Ok(square) => println!("{}: {}", outcome.task, String::from_utf8_lossy(&square)),
///         Err(error) => println!("{}: {error}", outcome.task),
///     }
/// }
/// # std::io::Result::Ok(())
/// ```
pub struct ProcessPool<'a> {
    settings: Settings,
    /// The process that the pool belongs to; a fork copies the pool, but not the children.
    owner: Pid,
    /// Who forks has promised that other threads do no harm.
    threads_allowed: bool,
    after_fork: Option<Box<dyn FnMut() + 'a>>,
    last: TaskId,
    pending: VecDeque<(TaskId, Work<'a>)>,
    active: Vec<Worker>,
    completed: VecDeque<Outcome>,
    buffer: Box<[u8; READ_BYTES]>,
}

impl<'a> ProcessPool<'a> {
    /// A pool without tasks. It has no children until it has tasks.
    pub fn new(settings: Settings) -> ProcessPool<'a> {
        let children_max = settings.children_max.clamp(1, POOL_CHILDREN_MAX);
        let result_bytes_max = settings.result_bytes_max.min(RESULT_BYTES_MAX);
        ProcessPool {
            settings: Settings { children_max, result_bytes_max, ..settings },
            owner: getpid(),
            threads_allowed: false,
            after_fork: None,
            last: TaskId(0),
            pending: VecDeque::new(),
            active: Vec::new(),
            completed: VecDeque::new(),
            buffer: Box::new([0; READ_BYTES]),
        }
    }

    /// Runs this in each child before its task: to close connections, to draw another seed. Not without forks.
    pub fn after_fork(&mut self, hook: impl FnMut() + 'a) {
        self.after_fork = Some(Box::new(hook));
    }

    /// Lets the pool fork although this process has other threads, which it would refuse otherwise.
    ///
    /// # Safety
    ///
    /// As of [`process::fork_with_threads`], for all that the tasks and the hook do.
    #[allow(unsafe_code, reason = "the promise is made here and kept where it forks")]
    pub unsafe fn allow_threads(&mut self) {
        self.threads_allowed = true;
    }

    /// Adds a task whose result is what `work` returns. A panic in it ends the child without a result.
    ///
    /// If the child can't be made, that is the task's outcome, [`TaskError::NotStarted`]: because this process has other
    /// threads, or because the system refuses while no other child could make room.
    pub fn submit(&mut self, work: impl FnOnce() -> Vec<u8> + 'a) -> TaskId {
        let bytes_max = self.settings.result_bytes_max;
        self.add(Box::new(move |socket| {
            let result = work();
            write_frame(socket, &result, bytes_max).or_else(|error| match error {
                // The pool has to be told, or there would be no result and no reason; it is enough to announce it.
                FrameError::TooLong { bytes, .. } => announce(socket, bytes),
                other => Err(other),
            })
        }))
    }

    /// Adds a task that writes its result itself: a [frame](crate::frame), exactly one. See [`submit`](Self::submit).
    pub fn submit_writing(&mut self, work: impl FnOnce(&mut dyn Write) -> io::Result<()> + 'a) -> TaskId {
        self.add(Box::new(move |socket| Ok(work(socket)?)))
    }

    /// The next outcome, in the order in which tasks end. Waits for it, at most so long; `None` after the time-out, or if
    /// no task is left.
    ///
    /// # Errors
    ///
    /// The system can't wait: there are more children than this process may have open files. No outcome is lost.
    pub fn get(&mut self, timeout: Option<Duration>) -> io::Result<Option<Outcome>> {
        let deadline = Deadline::after(timeout);
        loop {
            if let Some(outcome) = self.completed.pop_front() {
                return Ok(Some(outcome));
            }
            let left = deadline.left();
            self.step(left)?;
            let in_vain = left == Some(Duration::ZERO) || self.is_idle();
            if in_vain && self.completed.is_empty() {
                return Ok(None);
            }
        }
    }

    /// The outcomes of all tasks, in the order in which they end. After the time-out, those that there are by then; the
    /// others can still be got.
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn get_all(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Outcome>> {
        let deadline = Deadline::after(timeout);
        loop {
            let left = deadline.left();
            self.step(left)?;
            if self.is_idle() || left == Some(Duration::ZERO) {
                return Ok(self.completed.drain(..).collect());
            }
        }
    }

    /// Does what can be done without waiting: reads, sees ends, starts children.
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn progress(&mut self) -> io::Result<()> {
        self.step(Some(Duration::ZERO))
    }

    /// How many tasks have not begun.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// How many tasks have begun and not ended, as far as the pool has seen.
    pub fn active(&self) -> usize {
        self.active.len()
    }

    /// How many tasks have ended and wait to be got.
    pub fn completed(&self) -> usize {
        self.completed.len()
    }

    /// Whether no task is left that has not ended.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.active.is_empty()
    }

    /// The tasks that have begun and not ended, with their processes.
    pub fn processes(&self) -> impl Iterator<Item = (TaskId, Pid)> {
        self.active.iter().map(|worker| (worker.task, worker.child.pid()))
    }

    /// Sends a signal to a task's process; a task that has not begun is taken out. Either way it has one outcome, which
    /// is its result if that was written before. Says whether the task had not ended yet.
    ///
    /// # Errors
    ///
    /// The child has become another user, and this one has no right to.
    pub fn kill(&mut self, task: TaskId, signal: Signal) -> io::Result<bool> {
        if let Some(worker) = self.active.iter().find(|worker| worker.task == task) {
            return worker.child.signal(signal);
        }
        let waiting = self.pending.iter().position(|(pending, _)| *pending == task);
        let cancelled = waiting.and_then(|index| self.pending.remove(index));
        Ok(cancelled.map(|(task, _)| self.complete(task, Err(TaskError::Cancelled))).is_some())
    }

    /// The same for all tasks that have not ended. Returns how many those were.
    ///
    /// # Errors
    ///
    /// As of [`kill`](Self::kill), after all were tried.
    pub fn kill_all(&mut self, signal: Signal) -> io::Result<usize> {
        let tasks: Vec<TaskId> = self
            .active
            .iter()
            .map(|worker| worker.task)
            .chain(self.pending.iter().map(|(task, _)| *task))
            .collect();
        let mut failed = None;
        let mut killed = 0;
        for task in tasks {
            match self.kill(task, signal) {
                Ok(was_there) => killed += usize::from(was_there),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(killed), Err)
    }

    fn add(&mut self, work: Work<'a>) -> TaskId {
        self.last.0 += 1;
        self.pending.push_back((self.last, work));
        self.start_children();
        self.last
    }

    fn complete(&mut self, task: TaskId, result: Result<Vec<u8>, TaskError>) {
        self.completed.push_back(Outcome { task, result });
    }

    /// Goes one step further, and waits for it at most so long.
    fn step(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if !self.settings.forks {
            self.run_here();
            return Ok(());
        }
        let completed = self.completed.len();
        self.start_children();
        if self.active.is_empty() {
            return Ok(());
        }
        // A task that can't begin has ended just now: that is the step.
        let timeout = if self.completed.len() == completed { timeout } else { Some(Duration::ZERO) };
        // First all ends, then the sockets that are still open.
        let ends = self.active.iter().map(Worker::ended);
        let descriptors: Vec<_> = ends.chain(self.active.iter().filter_map(Worker::written)).collect();
        let ready = wait_readable(&descriptors, timeout)?;
        let (ended, written) = ready.split_at(self.active.len());
        let mut written = written.iter();
        let mut before = std::mem::take(&mut self.active).into_iter();
        for ended in ended {
            let Some(mut worker) = before.next() else { break };
            let written = worker.written().is_some() && written.next() == Some(&true);
            if *ended {
                self.completed.push_back(worker.finish(&mut self.buffer));
                continue;
            }
            if written {
                worker.read(&mut self.buffer);
            }
            self.active.push(worker);
        }
        self.start_children();
        Ok(())
    }

    /// Starts as many children as there is room and work for.
    fn start_children(&mut self) {
        while self.settings.forks && self.active.len() < self.settings.children_max {
            let Some((task, work)) = self.pending.pop_front() else { return };
            let (work, error) = match self.start(task, work) {
                Ok(()) => continue,
                Err(refused) => refused,
            };
            let lasting = matches!(error, ForkError::Threads { .. });
            if lasting || self.active.is_empty() {
                self.complete(task, Err(error.into()));
            } else {
                // The end of another child makes room.
                self.pending.push_front((task, work));
                return;
            }
        }
    }

    fn start(&mut self, task: TaskId, work: Work<'a>) -> Result<(), (Work<'a>, ForkError)> {
        let (ours, theirs) = match socket_pair() {
            Ok(pair) => pair,
            Err(error) => return Err((work, error.into())),
        };
        match self.fork() {
            Ok(Fork::Parent(child)) => {
                self.active.push(Worker::new(task, child, ours, self.settings.result_bytes_max));
                Ok(())
            }
            Ok(Fork::Child) => {
                drop(ours);
                self.be_child(work, theirs)
            }
            Err(error) => Err((work, error)),
        }
    }

    fn fork(&self) -> Result<Fork, ForkError> {
        if !self.threads_allowed {
            return process::fork();
        }
        #[allow(unsafe_code, reason = "the promise was made to allow_threads")]
        // SAFETY: whoever called allow_threads has promised just that.
        unsafe {
            process::fork_with_threads()
        }
    }

    /// The life of a child.
    fn be_child(&mut self, work: Work<'a>, mut socket: UnixStream) -> ! {
        // The other children's descriptors are theirs and the parent's.
        self.active.clear();
        let mut hook = self.after_fork.take();
        process::end(|| {
            if let Some(hook) = &mut hook {
                hook();
            }
            u8::from(work(&mut socket).is_err())
        })
    }

    /// Runs the next task in this very process.
    fn run_here(&mut self) {
        let Some((task, work)) = self.pending.pop_front() else { return };
        let mut written = Vec::new();
        let result = match catch_unwind(AssertUnwindSafe(|| work(&mut written))) {
            Err(_) => Err(TaskError::Panicked),
            Ok(ended) => {
                let mut inbox = Inbox::new(self.settings.result_bytes_max);
                inbox.push(&written);
                // As if it had been a child that ends like that.
                inbox.close(Some(Status::Exited(ended.is_err().into())))
            }
        };
        self.complete(task, result);
    }
}

/// Writes the length of a result and nothing of it. The pool accepts none of this length, [`RESULT_BYTES_MAX`] at most.
fn announce(socket: &mut dyn Write, bytes: u64) -> Result<(), FrameError> {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    socket.write_all(&bytes.to_be_bytes())?;
    Ok(socket.flush()?)
}

/// The pool's end never makes it wait, the child's end does.
fn socket_pair() -> io::Result<(UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((ours, theirs))
}

impl fmt::Debug for ProcessPool<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProcessPool { settings, pending, active, completed, .. } = self;
        let (pending, active, completed) = (pending.len(), active.len(), completed.len());
        write!(
            formatter,
            "ProcessPool({settings:?}, {pending} pending, {active} active, {completed} completed)"
        )
    }
}

impl Drop for ProcessPool<'_> {
    fn drop(&mut self) {
        if self.owner != getpid() {
            return;
        }
        for worker in &self.active {
            // A child that can't be killed any more has ended or become another user's; the wait is right for both.
            let _ = worker.child.signal(Signal::KILL);
        }
        for worker in &mut self.active {
            let _ = worker.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_never_taken_for_a_result() {
        for limit in [0, 9, RESULT_BYTES_MAX - 1, RESULT_BYTES_MAX, u32::MAX] {
            let settings = Settings { result_bytes_max: limit, ..Settings::children(1) };
            let bytes_max = ProcessPool::new(settings).settings.result_bytes_max;
            for bytes in [u64::from(bytes_max) + 1, u64::from(u32::MAX) + 1, u64::MAX] {
                let mut written = Vec::new();
                announce(&mut written, bytes).unwrap();
                let mut inbox = Inbox::new(bytes_max);
                assert!(!inbox.push(&written), "{bytes} of {limit}");
                assert!(matches!(inbox.close(None), Err(TaskError::TooLong { .. })), "{bytes} of {limit}");
            }
        }
    }
}
