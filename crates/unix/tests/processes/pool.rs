//! The pool: whatever a child does, its task has exactly one outcome.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use rustix::process::{getpid, kill_process};
use trellis_unix::Signal;
use trellis_unix::pool::{Outcome, ProcessPool, Settings, TaskError, TaskId};
use trellis_unix::process::{Status, reap, spawn_detached};

use crate::Test;
use crate::helpers::{children, open_files};

pub(crate) const TESTS: &[Test] = &[
    ("pool: 10,000 tasks and random deaths", random_deaths),
    ("pool: results of 100 MB", large_results),
    ("pool: whatever a child does is one outcome", one_outcome_each),
    ("pool: what a child leaves behind is not waited for", left_behind),
    ("pool: a child that lingers after its result", lingers),
    ("pool: ends that somebody else takes", taken_elsewhere),
    ("pool: get and get_all with a time-out", time_outs),
    ("pool: counts, and no more children than allowed", counts),
    ("pool: one is killed, all are killed", kills),
    ("pool: the hook runs in each child", hook),
    ("pool: without forks", without_forks),
    ("pool: more children than open files", few_files),
    ("pool: other threads", other_threads),
    ("pool: a thread that prints", printing_thread),
    ("pool: nothing is done while nothing happens", idle),
    ("pool: dropped in the middle", dropped),
    ("pool: in a child of its owner", in_a_child),
];

/// What became of each task; fails if one has two outcomes.
fn by_task(outcomes: Vec<Outcome>) -> BTreeMap<u64, Result<Vec<u8>, TaskError>> {
    let mut found = BTreeMap::new();
    for outcome in outcomes {
        let before = found.insert(outcome.task.0, outcome.result);
        assert!(before.is_none(), "task {} has two outcomes", outcome.task);
    }
    found
}

fn all(pool: &mut ProcessPool<'_>) -> BTreeMap<u64, Result<Vec<u8>, TaskError>> {
    by_task(pool.get_all(None).unwrap())
}

fn endless() -> Vec<u8> {
    loop {
        std::thread::park();
    }
}

/// A result whose bytes follow from its task.
fn bytes_of(task: u64, length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(task);
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}

/// The ways in which a random child ends.
const WAYS: u8 = 7;

/// What a child does whose task ends in one of the ways.
fn behave(task: u64, way: u8, length: usize, socket: &mut dyn Write) -> std::io::Result<()> {
    let result = bytes_of(task, length);
    let head = u32::try_from(length).unwrap().to_be_bytes();
    match way {
        // As it should, and with a death afterwards.
        0..=2 => {
            socket.write_all(&head)?;
            socket.write_all(&result)?;
            match way {
                0 => return Ok(()),
                1 => kill_process(getpid(), Signal::KILL)?,
                _ => std::process::exit(9),
            }
        }
        3 => kill_process(getpid(), Signal::KILL)?,
        4 => std::process::exit(0),
        5 => {
            socket.write_all(&head)?;
            socket.write_all(&result[..length / 2])?;
            kill_process(getpid(), Signal::TERM)?;
        }
        _ => {
            socket.write_all(b"\0\0\0\0 and more")?;
        }
    }
    Ok(())
}

fn random_deaths() {
    let seed =
        std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("  seed {seed}; SEED={seed} repeats it");
    let mut random = fastrand::Rng::with_seed(seed);
    let files = open_files();
    let tasks = 10_000;
    let plans: Vec<(u8, usize)> = (0..tasks)
        .map(|_| {
            (
                random.u8(..WAYS),
                if random.u8(..100) == 0 { random.usize(..300_000) } else { random.usize(2..200) },
            )
        })
        .collect();
    let mut pool = ProcessPool::new(Settings { result_bytes_max: 1 << 20, ..Settings::children(8) });
    for (task, &(way, length)) in (1..).zip(&plans) {
        pool.submit_writing(move |socket| behave(task, way, length, socket));
    }
    let mut found = Vec::new();
    let mut killed = Vec::new();
    while let Some(outcome) = pool.get(None).unwrap() {
        found.push(outcome);
        let victim = pool.processes().next().filter(|_| random.u8(..50) == 0);
        if let Some((victim, _)) = victim {
            // Whatever it is doing: that it has one outcome is all that one knows of it.
            pool.kill(victim, Signal::KILL).unwrap();
            killed.push(victim.0);
        }
    }
    let found = by_task(found);
    assert_eq!(found.len(), tasks, "seed {seed}");
    for (task, result) in &found {
        let (way, length) = plans[usize::try_from(*task).unwrap() - 1];
        let as_planned = match (way, result) {
            (0..=2, Ok(result)) => *result == bytes_of(*task, length),
            (3 | 4, Err(TaskError::NoResult { status: Some(_) })) => true,
            (5, Err(TaskError::Cut { status: Some(Status::Killed(15)), .. })) => true,
            (6, Err(TaskError::Garbage { .. })) => true,
            _ => killed.contains(task) && result.is_err(),
        };
        assert!(as_planned, "seed {seed}: task {task}, way {way}: {result:?}");
    }
    drop(pool);
    assert_eq!((children(), open_files()), (vec![], files), "seed {seed}");
}

fn large_results() {
    let length = 100 << 20;
    let mut pool = ProcessPool::new(Settings::children(2));
    for task in 1..=3 {
        pool.submit(move || bytes_of(task, length));
    }
    while let Some(outcome) = pool.get(None).unwrap() {
        let result = outcome.result.unwrap();
        assert!(result == bytes_of(outcome.task.0, length), "task {} has other bytes", outcome.task);
    }
    assert_eq!(children(), [0; 0]);
}

fn one_outcome_each() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut pool = ProcessPool::new(Settings { result_bytes_max: 1000, ..Settings::children(3) });
    let mut wanted = Vec::new();
    let mut submit = |work: fn(&mut dyn Write) -> std::io::Result<()>, said: &'static str| {
        pool.submit_writing(work);
        wanted.push(said);
    };
    submit(|socket| socket.write_all(b"\0\0\0\0"), "0 bytes");
    submit(|socket| socket.write_all(b"\0\0\0\x02hi"), "2 bytes");
    submit(|_| Ok(()), "the child ended without a result (exit code 0)");
    submit(|_| Err(std::io::Error::other("no")), "the child ended without a result (exit code 1)");
    submit(|_| panic!("as it should"), "the child ended without a result (exit code 101)");
    submit(|_| std::process::exit(3), "the child ended without a result (exit code 3)");
    submit(|_| std::process::abort(), "the child ended without a result (killed by SIGABRT)");
    submit(
        |socket| socket.write_all(b"\0"),
        "the child ended before its result did, 3 bytes short (exit code 0)",
    );
    submit(
        |socket| socket.write_all(b"\0\0\0\x05hi"),
        "the child ended before its result did, 3 bytes short (exit code 0)",
    );
    submit(
        |socket| socket.write_all(b"\0\0\0\x02hi\0\0\0\x02hi"),
        "what the child wrote makes no sense: it goes on after its result",
    );
    submit(
        |socket| loop {
            socket.write_all(b"garbage")?;
        },
        "the result has 1734439522 bytes, where 1000 are the most",
    );
    pool.submit(|| vec![7; 1001]);
    wanted.push("the result has 1001 bytes, where 1000 are the most");
    pool.submit(|| vec![7; 1000]);
    wanted.push("1000 bytes");
    let found: Vec<String> = all(&mut pool)
        .into_values()
        .map(|result| result.map_or_else(|error| error.to_string(), |bytes| format!("{} bytes", bytes.len())))
        .collect();
    assert_eq!(found, wanted);
    assert_eq!(children(), [0; 0]);
}

fn left_behind() {
    let mut pool = ProcessPool::new(Settings::children(1));
    pool.submit(|| {
        // This one keeps its copy of the socket open until it is killed.
        let pid = spawn_detached(|| endless().len().try_into().unwrap_or(0)).unwrap();
        pid.as_raw_nonzero().get().to_be_bytes().to_vec()
    });
    let outcome =
        pool.get(Some(Duration::from_secs(60))).unwrap().expect("only the child itself is waited for");
    let pid = i32::from_be_bytes(outcome.result.unwrap().try_into().unwrap());
    kill_process(trellis_unix::Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn lingers() {
    let mut pool = ProcessPool::new(Settings::children(1));
    let task = pool.submit_writing(|socket| {
        socket.write_all(b"\0\0\0\x02hi")?;
        endless();
        Ok(())
    });
    // Its end is the child's end, and until then it may be killed; the result stays.
    assert!(pool.get(Some(Duration::from_millis(20))).unwrap().is_none());
    assert!(pool.kill(task, Signal::TERM).unwrap());
    assert_eq!(pool.get(None).unwrap().unwrap().result.unwrap(), b"hi");
}

fn taken_elsewhere() {
    let mut pool = ProcessPool::new(Settings::children(4));
    for task in 1..=8_u8 {
        pool.submit_writing(
            move |socket| if task % 2 == 0 { socket.write_all(&[0, 0, 0, 1, task]) } else { Ok(()) },
        );
    }
    // As a script does that waits for any child when SIGCHLD comes.
    let mut found = Vec::new();
    while !pool.is_idle() {
        while reap().unwrap().is_some() {}
        found.extend(pool.get(Some(Duration::from_millis(1))).unwrap());
    }
    found.extend(pool.get_all(None).unwrap());
    let found = by_task(found);
    assert_eq!(found.len(), 8);
    for (task, result) in found {
        match task % 2 {
            0 => assert_eq!(result.unwrap(), [u8::try_from(task).unwrap()]),
            _ => assert!(matches!(result, Err(TaskError::NoResult { .. })), "{result:?}"),
        }
    }
}

fn time_outs() {
    let mut pool = ProcessPool::new(Settings::children(2));
    assert!(pool.get(None).unwrap().is_none(), "nothing to wait for");
    let stuck = pool.submit(endless);
    pool.submit(|| b"quick".to_vec());
    assert_eq!(pool.get(None).unwrap().unwrap().result.unwrap(), b"quick");
    let began = Instant::now();
    assert!(pool.get(Some(Duration::from_millis(30))).unwrap().is_none());
    assert!(began.elapsed() >= Duration::from_millis(30));
    pool.submit(|| b"more".to_vec());
    let mut some = Vec::new();
    while some.is_empty() {
        some = pool.get_all(Some(Duration::from_millis(30))).unwrap();
    }
    assert_eq!((some.len(), some.remove(0).result.unwrap()), (1, b"more".to_vec()));
    assert!(pool.kill(stuck, Signal::KILL).unwrap());
    assert_eq!(pool.get_all(None).unwrap().len(), 1);
    assert!(!pool.kill(stuck, Signal::KILL).unwrap(), "it is over");
}

fn counts() {
    let mut pool = ProcessPool::new(Settings::children(3));
    for _ in 0..5 {
        pool.submit(endless);
    }
    assert_eq!((pool.pending(), pool.active(), pool.completed()), (2, 3, 0));
    assert_eq!((pool.processes().count(), children().len()), (3, 3));
    pool.kill(TaskId(2), Signal::KILL).unwrap();
    while pool.completed() == 0 {
        pool.progress().unwrap();
    }
    assert_eq!((pool.pending(), pool.active(), pool.completed()), (1, 3, 1));
    assert_eq!(pool.get(None).unwrap().unwrap().task, TaskId(2));
    assert_eq!(pool.completed(), 0);
    assert_eq!(pool.kill_all(Signal::KILL).unwrap(), 4);
    assert_eq!(all(&mut pool).len(), 4);
    assert!(pool.is_idle());
}

fn kills() {
    let mut pool = ProcessPool::new(Settings::children(1));
    let tasks: Vec<TaskId> = (0..3).map(|_| pool.submit(endless)).collect();
    assert!(pool.kill(tasks[1], Signal::TERM).unwrap());
    assert_eq!(pool.kill_all(Signal::TERM).unwrap(), 2);
    let found = all(&mut pool);
    assert!(matches!(found[&1], Err(TaskError::NoResult { status: Some(Status::Killed(15)) })), "{found:?}");
    assert!(matches!(found[&2], Err(TaskError::Cancelled)), "{found:?}");
    assert!(matches!(found[&3], Err(TaskError::Cancelled)), "{found:?}");
    assert!(!pool.kill(TaskId(99), Signal::TERM).unwrap());
}

fn hook() {
    let in_hook = Cell::new(getpid());
    let mut pool = ProcessPool::new(Settings::children(2));
    pool.after_fork(|| in_hook.set(getpid()));
    for _ in 0..4 {
        pool.submit(|| vec![u8::from(in_hook.get() == getpid())]);
    }
    let me = getpid();
    assert!(all(&mut pool).into_values().all(|result| result.unwrap() == [1]));
    assert_eq!(in_hook.get(), me, "it ran in the children only");
}

fn without_forks() {
    std::panic::set_hook(Box::new(|_| {}));
    let ran = Cell::new(0);
    let mut pool = ProcessPool::new(Settings { forks: false, result_bytes_max: 10, children_max: 1 });
    pool.after_fork(|| panic!("there is no fork"));
    let count = |result: &'static [u8]| {
        let ran = &ran;
        move || {
            ran.set(ran.get() + 1);
            result.to_vec()
        }
    };
    pool.submit(count(b"one"));
    pool.submit(count(b"much too much"));
    pool.submit_writing(|socket| socket.write_all(b"\0\0\0\x02h"));
    pool.submit(|| panic!("as it should"));
    pool.submit(count(b"last"));
    assert_eq!((pool.pending(), ran.get()), (5, 0));
    assert_eq!(pool.get(None).unwrap().unwrap().result.unwrap(), b"one");
    assert!(pool.kill(TaskId(5), Signal::TERM).unwrap());
    let found: Vec<String> =
        all(&mut pool).into_values().map(|result| result.unwrap_err().to_string()).collect();
    let wanted = [
        "the result has 13 bytes, where 10 are the most",
        "the child ended before its result did, 1 bytes short (exit code 0)",
        "the task has panicked",
        "the task was killed before it began",
    ];
    assert_eq!(found, wanted);
    assert_eq!((ran.get(), children()), (2, vec![]));
}

fn few_files() {
    let limit = rustix::process::Rlimit { current: Some(24), maximum: Some(24) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    let mut pool = ProcessPool::new(Settings::children(100));
    for task in 1..=200_u8 {
        pool.submit(move || vec![task]);
    }
    assert!(pool.active() < 12, "there is no room for more");
    let found = all(&mut pool);
    assert_eq!(found.len(), 200);
    assert!(found.into_iter().all(|(task, result)| u64::from(result.unwrap()[0]) == task));
}

fn other_threads() {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let mut pool = ProcessPool::new(Settings::children(2));
    pool.submit(|| b"never".to_vec());
    assert!(matches!(pool.get(None).unwrap().unwrap().result, Err(TaskError::NotStarted(_))));
    // SAFETY: the other thread holds nothing, and the C library's allocator is prepared for a fork.
    #[allow(unsafe_code, reason = "it is what is tested")]
    unsafe {
        pool.allow_threads();
    }
    pool.submit(|| b"now".to_vec());
    assert_eq!(pool.get(None).unwrap().unwrap().result.unwrap(), b"now");
    drop(end);
    assert!(thread.join().unwrap().is_err());
}

fn printing_thread() {
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    rustix::stdio::dup2_stdout(&nowhere).unwrap();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let printer = std::thread::spawn(move || {
        while ended.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            // It has the lock nearly all the time, and something in the buffer at times.
            let mut output = std::io::stdout().lock();
            for _ in 0..1000 {
                write!(output, ".").unwrap();
            }
            drop(output);
            std::thread::yield_now();
        }
    });
    let mut pool = ProcessPool::new(Settings::children(4));
    // SAFETY: the other thread holds nothing but the standard output, and the C library's allocator is prepared for a fork.
    #[allow(unsafe_code, reason = "it is what is tested")]
    unsafe {
        pool.allow_threads();
    }
    for _ in 0..200 {
        pool.submit(|| b"x".to_vec());
    }
    let found = by_task(pool.get_all(Some(Duration::from_secs(60))).unwrap());
    assert!(found.len() == 200 && found.values().all(Result::is_ok), "{} of 200 came back", found.len());
    drop(end);
    printer.join().unwrap();
}

fn idle() {
    let spent = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::try_from(now).unwrap()
    };
    let mut pool = ProcessPool::new(Settings::children(2));
    pool.submit(|| b"quick".to_vec());
    let stuck = pool.submit(endless);
    while pool.completed() == 0 {
        pool.progress().unwrap();
    }
    let (before, began) = (spent(), Instant::now());
    let found = pool.get_all(Some(Duration::from_secs(1))).unwrap();
    assert_eq!((found.len(), pool.active()), (1, 1));
    assert!(began.elapsed() >= Duration::from_secs(1), "it waits although there is something");
    let spent = spent().saturating_sub(before);
    assert!(spent < Duration::from_millis(100), "it has worked for {spent:?} while nothing happened");
    pool.kill(stuck, Signal::KILL).unwrap();
    assert_eq!(pool.get_all(None).unwrap().len(), 1);
}

fn dropped() {
    let files = open_files();
    let mut pool = ProcessPool::new(Settings::children(4));
    for _ in 0..6 {
        pool.submit(endless);
    }
    drop(pool);
    assert_eq!((children(), open_files()), (vec![], files));
}

fn in_a_child() {
    let mut pool = ProcessPool::new(Settings::children(2));
    let stuck = pool.submit(endless);
    let mut child = trellis_unix::process::spawn(|| {
        // A copy that is dropped must not end the children of another process.
        drop(std::mem::replace(&mut pool, ProcessPool::new(Settings::children(1))));
        pool.submit(|| b"own".to_vec());
        u8::from(pool.get(None).unwrap().unwrap().result.unwrap() != b"own")
    })
    .unwrap();
    assert_eq!(child.wait().unwrap(), Status::Exited(0));
    assert_eq!(pool.active(), 1);
    assert!(pool.get(Some(Duration::from_millis(5))).unwrap().is_none(), "it still runs");
    pool.kill(stuck, Signal::KILL).unwrap();
    assert_eq!(pool.get_all(None).unwrap().len(), 1);
}
