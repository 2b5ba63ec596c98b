//! Forks, ends and orphans.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::process::{getpid, getppid};
use trellis_unix::process::{
    Fork, ForkError, Status, WaitError, adopt_orphans, die_with_parent, fork, fork_with_threads, reap, spawn,
    spawn_detached, threads,
};
use trellis_unix::signals::Signals;
use trellis_unix::{Pid, Signal, readable};

use crate::Test;
use crate::helpers::{children, open_files, wait_until_gone};

pub(crate) const TESTS: &[Test] = &[
    ("process: a child ends as it says", a_child_ends_as_it_says),
    ("process: a child that ended before anyone looked is no zombie", ended_before_anyone_looked),
    ("process: a child that is dropped is reaped at the next fork", dropped_children_are_reaped),
    ("process: an end that was taken elsewhere is told", taken_elsewhere),
    ("process: a copy of a child in another process has no rights", a_copy_has_no_rights),
    ("process: threads forbid a fork", threads_forbid_a_fork),
    ("process: what other threads print holds no child up", printing_threads),
    ("process: a thread that was joined forbids none", joined_thread),
    ("process: without room for a handle there is no child", no_room_for_a_handle),
    ("process: a detached process is nobody's child", detached),
    ("process: orphans are adopted", orphans_are_adopted),
    ("process: a child dies with its parent", dies_with_its_parent),
    ("process: what was printed is printed once", printed_once),
];

fn a_child_ends_as_it_says() {
    for code in [0, 1, 7, 255] {
        let mut child = spawn(|| code).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status, status.success()), (Status::Exited(code.into()), code == 0));
        assert_eq!(child.wait().unwrap(), status, "it can be asked again");
    }
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!(spawn(|| panic!("as it should")).unwrap().wait().unwrap(), Status::Exited(101));

    let mut child = spawn(endless).unwrap();
    assert_eq!(child.try_wait().unwrap(), None);
    assert_eq!(child.wait_for(Duration::from_millis(1)).unwrap(), None);
    assert!(child.signal(Signal::TERM).unwrap());
    let status = child.wait().unwrap();
    assert_eq!((status, status.to_string().as_str()), (Status::Killed(15), "killed by SIGTERM"));
    assert!(!child.signal(Signal::TERM).unwrap(), "it is gone");
    assert_eq!(children(), [0; 0]);
}

fn endless() -> u8 {
    loop {
        std::thread::park();
    }
}

fn ended_before_anyone_looked() {
    let mut ended: Vec<_> = (0..20).map(|code| spawn(move || code).unwrap()).collect();
    for child in &ended {
        assert!(readable(child.as_fd(), None).unwrap());
    }
    assert_eq!(children().len(), 20, "all of them wait to be asked");
    for (code, child) in ended.iter_mut().enumerate().rev() {
        assert_eq!(child.try_wait().unwrap().and_then(Status::code), Some(i32::try_from(code).unwrap()));
    }
    assert_eq!(children(), [0; 0]);
}

fn dropped_children_are_reaped() {
    let before = open_files();
    for _ in 0..20 {
        let child = spawn(|| 0).unwrap();
        let pid = child.pid();
        drop(child);
        wait_until_gone(pid);
    }
    spawn(|| 0).unwrap().wait().unwrap();
    assert_eq!(children(), [0; 0]);
    assert_eq!(open_files(), before);
}

fn taken_elsewhere() {
    let mut child = spawn(|| 3).unwrap();
    assert!(readable(child.as_fd(), None).unwrap());
    assert_eq!(reap().unwrap(), Some((child.pid(), Status::Exited(3))));
    assert_eq!(reap().unwrap(), None);
    assert!(matches!(child.wait(), Err(WaitError::Taken { .. })));
}

fn a_copy_has_no_rights() {
    let mut first = spawn(endless).unwrap();
    let mut second = spawn(|| u8::from(matches!(first.wait(), Err(WaitError::Taken { .. })))).unwrap();
    assert_eq!(second.wait().unwrap(), Status::Exited(1));
    first.signal(Signal::KILL).unwrap();
    assert_eq!(first.wait().unwrap(), Status::Killed(9));
}

fn threads_forbid_a_fork() {
    assert_eq!(threads().unwrap(), 1);
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let refused = fork();
    assert!(matches!(refused, Err(ForkError::Threads { threads: 2 })), "{refused:?}");
    // SAFETY: the other thread holds nothing, and the C library's allocator is prepared for a fork.
    #[allow(unsafe_code, reason = "it is what is tested")]
    match unsafe { fork_with_threads() }.unwrap() {
        Fork::Child => std::process::exit(7),
        Fork::Parent(mut child) => assert_eq!(child.wait().unwrap(), Status::Exited(7)),
    }
    drop(end);
    assert!(thread.join().unwrap().is_err());
}

fn printing_threads() {
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    rustix::stdio::dup2_stderr(&nowhere).unwrap();
    rustix::stdio::dup2_stdout(&nowhere).unwrap();
    let enough = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(std::sync::atomic::Ordering::Relaxed) {
                eprint!("{:2000}", 1);
                print!("{:2000}", 1);
            }
        });
        for _ in 0..300 {
            // SAFETY: the other thread holds nothing but what is looked after, and the C library's allocator is prepared.
            #[allow(unsafe_code, reason = "it is what is tested")]
            match unsafe { fork_with_threads() }.unwrap() {
                Fork::Child => {
                    eprint!("child");
                    print!("child");
                    std::process::exit(7)
                }
                Fork::Parent(mut child) => assert_eq!(child.wait().unwrap(), Status::Exited(7)),
            }
        }
        enough.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn joined_thread() {
    // The system may still count a thread for some moments after its end was told.
    for round in 0..1000 {
        std::thread::spawn(|| {}).join().unwrap();
        let mut child = spawn(|| 5).unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(child.wait().unwrap(), Status::Exited(5));
    }
}

fn no_room_for_a_handle() {
    let mut full = Vec::new();
    let limit = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        full.push(file);
    }
    assert!(matches!(spawn(|| 0), Err(ForkError::System(_))));
    // The count of threads and the handle need one after the other, so a single place is enough.
    full.pop();
    assert_eq!(spawn(|| 4).unwrap().wait().unwrap(), Status::Exited(4));
    drop(full);
    assert_eq!(children(), [0; 0]);
}

fn detached() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let (mut wait, end) = std::io::pipe().unwrap();
    let me = getpid();
    let pid = spawn_detached(move || {
        drop(end);
        let mut byte = [0];
        // It goes on when the test has looked.
        let _ = wait.read(&mut byte);
        u8::from(writer.write_all(&[u8::from(getppid() == Some(me))]).is_err())
    })
    .unwrap();
    assert_ne!(pid, me);
    assert_eq!(children(), [0; 0]);
    let mut said = [9];
    reader.read_exact(&mut said).unwrap_or(());
    assert_eq!(said, [0]);
    wait_until_gone(pid);
}

fn orphans_are_adopted() {
    adopt_orphans().unwrap();
    let signals = Signals::open(&[Signal::CHILD]).unwrap();
    let pid = spawn_detached(|| 42).unwrap();
    let mut ends = Vec::new();
    while !ends.contains(&(pid, Status::Exited(42))) {
        match reap().unwrap() {
            Some(end) => ends.push(end),
            None => drop(signals.wait(None).unwrap()),
        }
    }
    assert_eq!(children(), [0; 0]);
}

fn dies_with_its_parent() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut parent = spawn(|| {
        let me = getpid();
        let child = spawn(|| {
            assert!(die_with_parent(me, Signal::KILL).unwrap());
            writer.write_all(&getpid().as_raw_nonzero().get().to_be_bytes()).unwrap();
            endless()
        });
        drop(child);
        endless()
    })
    .unwrap();
    let mut pid = [0; 4];
    reader.read_exact(&mut pid).unwrap();
    parent.signal(Signal::KILL).unwrap();
    parent.wait().unwrap();
    wait_until_gone(Pid::from_raw(i32::from_be_bytes(pid)).unwrap());
    // A parent that has ended before can't end again.
    assert!(!die_with_parent(parent.pid(), Signal::KILL).unwrap());
}

fn printed_once() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::stdio::dup2_stdout(&writer).unwrap();
    drop(writer);
    print!("before ");
    let mut child = spawn(|| {
        print!("child ");
        0
    })
    .unwrap();
    child.wait().unwrap();
    print!("after");
    std::io::stdout().flush().unwrap();
    rustix::stdio::dup2_stdout(std::io::stderr()).unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "before child after");
}
