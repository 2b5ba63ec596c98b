//! What becomes of System V objects when processes fork and die.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::process::{getpid, kill_process};
use trellis_unix::Signal;
use trellis_unix::process::{Status, spawn};
use trellis_unix::sysv::{IpcError, Key, MessageQueue, Open, Select, Semaphore, SharedMemory, Wait};
use trellis_unix::timers::Timer;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("sysv: what a killed holder held is released", killed_holder),
    ("sysv: a child holds nothing of its parent's", a_child_holds_nothing),
    ("sysv: two processes exclude each other", exclusion),
    ("sysv: a time-out ends in time whatever handlers run", handlers_and_a_time_out),
    ("sysv: messages and memory between processes", messages_and_memory),
];

const OPEN: Open = Open::OrCreate(0o600);

fn endless() -> u8 {
    loop {
        std::thread::park();
    }
}

/// A key of this test's own: processes that run at the same time have different pids.
fn key(number: i32) -> Key {
    Key(0x7265_0000 ^ (number << 24) ^ getpid().as_raw_nonzero().get())
}

fn killed_holder() {
    let key = key(1);
    let mut ours = Semaphore::open(key, 2, Open::Create(0o600)).unwrap();
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut holder = spawn(move || {
        let mut theirs = Semaphore::open(key, 2, Open::Existing).unwrap();
        assert!(theirs.acquire(None).unwrap() && theirs.acquire(None).unwrap());
        writer.write_all(b"x").unwrap();
        endless()
    })
    .unwrap();
    reader.read_exact(&mut [0]).unwrap();
    let status = ours.status().unwrap();
    assert_eq!((status.permits, status.users), (0, 2));
    let mut killer = spawn(|| {
        // Once the test waits for a permit, this kills the holder.
        while ours.status().unwrap().waiting == 0 {
            std::thread::yield_now();
        }
        u8::from(!holder.signal(Signal::KILL).unwrap())
    })
    .unwrap();
    assert!(ours.acquire(None).unwrap());
    assert_eq!((holder.wait().unwrap(), killer.wait().unwrap()), (Status::Killed(9), Status::Exited(0)));
    let status = ours.status().unwrap();
    assert_eq!((status.permits, status.users, status.waiting), (1, 1, 0));
    ours.remove().unwrap();
}

fn a_child_holds_nothing() {
    let mut ours = Some(Semaphore::open(Key::PRIVATE, 2, OPEN).unwrap());
    assert!(ours.as_mut().unwrap().acquire(None).unwrap());
    let mut child = spawn(|| {
        let mut copy = ours.take().unwrap();
        assert_eq!(copy.held(), 0);
        assert!(matches!(copy.release(), Err(IpcError::Invalid { .. })));
        assert!(copy.acquire(None).unwrap());
        assert_eq!((copy.held(), copy.status().unwrap().permits), (1, 0));
        0
    })
    .unwrap();
    assert_eq!(child.wait().unwrap(), Status::Exited(0));
    let ours = ours.unwrap();
    let status = ours.status().unwrap();
    assert_eq!((status.permits, status.users, ours.held()), (1, 1, 1), "the child gave back its own only");
    ours.remove().unwrap();
}

fn exclusion() {
    let memory = SharedMemory::open(Key::PRIVATE, 8, OPEN).unwrap();
    let mut semaphore = Semaphore::open(Key::PRIVATE, 1, OPEN).unwrap();
    let mut count = || {
        for _ in 0..2000 {
            semaphore.acquire(None).unwrap();
            let mut number = [0; 8];
            memory.read(0, &mut number).unwrap();
            memory.write(0, &(u64::from_ne_bytes(number) + 1).to_ne_bytes()).unwrap();
            semaphore.release().unwrap();
        }
        0
    };
    let mut children: Vec<_> = (0..3).map(|_| spawn(&mut count).unwrap()).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    let mut number = [0; 8];
    memory.read(0, &mut number).unwrap();
    assert_eq!(u64::from_ne_bytes(number), 6000);
    memory.remove().unwrap();
    semaphore.remove().unwrap();
}

fn handlers_and_a_time_out() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: the handler does nothing.
    #[allow(unsafe_code, reason = "this crate makes no handlers, but those who use it may")]
    unsafe {
        libc::signal(libc::SIGUSR1, nothing as *const () as libc::sighandler_t);
    }
    let mut semaphore = Semaphore::open(Key::PRIVATE, 1, OPEN).unwrap();
    assert!(semaphore.acquire(None).unwrap());
    let me = getpid();
    let storm = Duration::from_secs(3);
    let mut storming = spawn(|| {
        let period = Timer::every(Duration::from_millis(20)).unwrap();
        let began = Instant::now();
        while began.elapsed() < storm && kill_process(me, Signal::USR1).is_ok() {
            period.wait(None).unwrap();
        }
        0
    })
    .unwrap();
    let began = Instant::now();
    assert!(!semaphore.acquire(Some(Duration::from_millis(200))).unwrap());
    let elapsed = began.elapsed();
    assert!(elapsed >= Duration::from_millis(200) && elapsed < storm, "{elapsed:?}");
    storming.signal(Signal::KILL).unwrap();
    storming.wait().unwrap();
    semaphore.remove().unwrap();
}

fn messages_and_memory() {
    let queue = MessageQueue::open(Key::PRIVATE, OPEN).unwrap();
    let mut echo = spawn(|| {
        while let Some(message) = queue.receive(Select::Only(1), 8192, Wait::Forever).unwrap() {
            if message.body.is_empty() {
                break;
            }
            queue.send(2, &message.body, Wait::Forever).unwrap();
        }
        0
    })
    .unwrap();
    for length in [1, 100, 8192] {
        let body = vec![7; length];
        queue.send(1, &body, Wait::Forever).unwrap();
        assert_eq!(queue.receive(Select::Only(2), 8192, Wait::Forever).unwrap().unwrap().body, body);
    }
    queue.send(1, b"", Wait::Forever).unwrap();
    assert!(echo.wait().unwrap().success());
    queue.remove().unwrap();
}
