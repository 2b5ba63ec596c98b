//! Daemons: each test is a launcher.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::process::{getpgid, getpid, getppid, getsid};
use trellis_unix::daemon::{Daemon, DaemonError, Running, Started, status, stop};
use trellis_unix::process::{Status, spawn};
use trellis_unix::{Pid, Signal};

use crate::Test;
use crate::helpers::{children, wait_until_gone};

pub(crate) const TESTS: &[Test] = &[
    ("daemon: it leaves everything behind", leaves_everything),
    ("daemon: a second start says who is running", second_start),
    ("daemon: it may read its own pid file", reads_its_own_pid_file),
    ("daemon: a lock of somebody else is no daemon", locks_of_others),
    ("daemon: a process that locks the whole file is one", locked_as_a_whole),
    ("daemon: what is no plain file is not waited for", no_plain_file),
    ("daemon: a child that outlives it holds nothing", children_hold_nothing),
    ("daemon: what was left behind is taken over", left_behind),
    ("daemon: a file of something else is left alone", something_else),
    ("daemon: why it could not start is told", why_not),
    ("daemon: one that does not stop can be killed", stubborn),
    ("daemon: of many starts at once one succeeds", many_starts),
];

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a daemon that does this until it is ended; returns its pid.
fn start(daemon: &Daemon, work: impl FnOnce(&mut Running)) -> Result<Pid, DaemonError> {
    match daemon.start()? {
        Started::Launcher(pid) => Ok(pid),
        Started::Daemon(mut running) => {
            work(&mut running);
            running.ready();
            loop {
                std::thread::park();
            }
        }
    }
}

fn leaves_everything() {
    let directory = tempfile::tempdir().unwrap();
    let (pid_file, output) = (directory.path().join("pid"), directory.path().join("output"));
    std::env::set_current_dir(directory.path()).unwrap();
    let launcher = getpid();
    // Relative paths are the launcher's.
    let pid = start(&Daemon::new("pid").output("output").umask(0o077), |_| {
        let (session, group) = (getsid(None).unwrap(), getpgid(None).unwrap());
        assert_eq!(session, group);
        println!("own session {}", session != getpid() && session != launcher);
        println!("own parent {}", getppid() == Some(launcher));
        println!("in {}", std::env::current_dir().unwrap().display());
        eprintln!("input {}", fs::read_link("/proc/self/fd/0").unwrap().display());
        fs::write(output.with_file_name("made"), "").unwrap();
    })
    .unwrap();
    assert_eq!(status(&pid_file).unwrap(), Some(pid));
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{pid}\n", pid = pid.as_raw_nonzero()));
    let said = fs::read_to_string(&output).unwrap();
    assert_eq!(said, "own session true\nown parent false\nin /\ninput /dev/null\n");
    let made = fs::metadata(directory.path().join("made")).unwrap();
    assert_eq!(made.mode() & 0o777, 0o600);
    assert_eq!(children(), [0; 0]);
    assert_eq!(stop(&pid_file, Signal::TERM, PATIENCE).unwrap(), Some(pid));
    assert_eq!(status(&pid_file).unwrap(), None);
    assert_eq!(stop(&pid_file, Signal::TERM, PATIENCE).unwrap(), None);
}

fn second_start() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::new(directory.path().join("pid"));
    let file = directory.path().join("pid");
    let pid = start(&daemon, |_| {
        // Even the daemon itself may ask without losing its lock.
        assert_eq!(status(&file).unwrap(), Some(getpid()));
        assert!(matches!(daemon.start(), Err(DaemonError::AlreadyRunning { .. })));
    })
    .unwrap();
    let refused = start(&daemon, |_| unreachable!("it is running")).unwrap_err();
    assert!(
        matches!(refused, DaemonError::AlreadyRunning { pid: running, .. } if running == pid),
        "{refused}"
    );
    assert!(refused.to_string().starts_with(&format!("it is already running as process {pid}")), "{refused}");
    stop(&file, Signal::KILL, PATIENCE).unwrap();
    let next = start(&daemon, |_| {}).unwrap();
    // The file's text may be lost or wrong, the lock is not.
    for text in ["", "1"] {
        fs::write(&file, text).unwrap();
        assert_eq!(status(&file).unwrap(), Some(next));
    }
    assert_eq!(stop(&file, Signal::TERM, PATIENCE).unwrap(), Some(next));
}

/// The system forgets the lock of a process that opens the file once more and closes it.
fn reads_its_own_pid_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let daemon = Daemon::new(&file);
    let pid = start(&daemon, |_| drop(fs::read_to_string(&file).unwrap())).unwrap();
    assert_eq!(status(&file).unwrap(), Some(pid));
    let refused = start(&daemon, |_| unreachable!("it is running")).unwrap_err();
    assert!(
        matches!(refused, DaemonError::AlreadyRunning { pid: running, .. } if running == pid),
        "{refused}"
    );
    // Now nothing but the text says which process it is. It is not forgotten that there is one.
    fs::write(&file, "").unwrap();
    for unknown in [status(&file), stop(&file, Signal::TERM, PATIENCE), start(&daemon, |_| {}).map(Some)] {
        assert!(matches!(unknown, Err(DaemonError::Nameless { .. })), "{unknown:?}");
    }
    fs::write(&file, pid.as_raw_nonzero().to_string()).unwrap();
    assert_eq!(stop(&file, Signal::TERM, PATIENCE).unwrap(), Some(pid));
    assert_eq!(status(&file).unwrap(), None);
}

/// Has another process lock the file with `lock`, and calls `look` with its pid meanwhile.
fn while_locked(file: &Path, lock: impl FnOnce(&fs::File), look: impl FnOnce(Pid)) {
    let (mut is_locked, locked) = std::io::pipe().unwrap();
    let mut other = spawn(|| {
        let file = fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
        lock(&file);
        (&locked).write_all(b".").unwrap();
        loop {
            std::thread::park();
        }
    })
    .unwrap();
    drop(locked);
    is_locked.read_exact(&mut [0]).unwrap();
    look(other.pid());
    other.signal(Signal::KILL).unwrap();
    other.wait().unwrap();
}

fn locks_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    fs::write(&file, "").unwrap();
    let shared = |file: &fs::File| fcntl_lock(file, FlockOperation::LockShared).unwrap();
    while_locked(&file, shared, |_| {
        assert_eq!(status(&file).unwrap(), None);
        let refused = start(&Daemon::new(&file), |_| unreachable!("its pid file is locked")).unwrap_err();
        assert!(refused.to_string().contains("is locked by another process than its daemon"), "{refused}");
    });
    for lock in [FlockOperation::LockShared, FlockOperation::LockExclusive] {
        while_locked(
            &file,
            |file| flock(file, lock).unwrap(),
            |_| {
                let pid = start(&Daemon::new(&file), |_| {}).unwrap();
                assert_eq!(stop(&file, Signal::KILL, PATIENCE).unwrap(), Some(pid));
            },
        );
    }
}

fn locked_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    fs::write(&file, "1").unwrap();
    let whole = |file: &fs::File| fcntl_lock(file, FlockOperation::LockExclusive).unwrap();
    while_locked(&file, whole, |pid| {
        assert_eq!(status(&file).unwrap(), Some(pid));
        let refused = start(&Daemon::new(&file), |_| unreachable!("it is running")).unwrap_err();
        assert!(
            matches!(refused, DaemonError::AlreadyRunning { pid: running, .. } if running == pid),
            "{refused}"
        );
    });
    assert_eq!(status(&file).unwrap(), None);
}

fn no_plain_file() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    let _fifo = trellis_unix::fifo::Fifo::create(&fifo, 0o600).unwrap();
    for path in [fifo.as_path(), directory.path(), Path::new("/dev/null"), Path::new("/dev/tty")] {
        for outcome in
            [status(path), stop(path, Signal::TERM, PATIENCE), start(&Daemon::new(path), |_| {}).map(Some)]
        {
            let refused = outcome.unwrap_err().to_string();
            let expected =
                format!("{} is something else than a pid file, and is left as it is", path.display());
            // Without a terminal, its device can't even be opened.
            assert!(refused == expected || path == Path::new("/dev/tty"), "{refused}");
        }
    }
}

fn something_else() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("precious");
    for text in ["precious\n", "7 dwarfs", "1234567890123456789012345", "\0"] {
        fs::write(&file, text).unwrap();
        let refused = start(&Daemon::new(&file), |_| unreachable!("it has no pid file")).unwrap_err();
        assert!(refused.to_string().contains("something else than a pid file"), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

fn children_hold_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let daemon = Daemon::new(&file);
    let child_file = directory.path().join("child");
    start(&daemon, |_| {
        let child = spawn(|| {
            loop {
                std::thread::park();
            }
        })
        .unwrap();
        fs::write(&child_file, child.pid().as_raw_nonzero().to_string()).unwrap();
        std::mem::forget(child);
    })
    .unwrap();
    stop(&file, Signal::KILL, PATIENCE).unwrap();
    let orphan = Pid::from_raw(fs::read_to_string(&child_file).unwrap().parse().unwrap()).unwrap();
    assert_eq!(status(&file).unwrap(), None, "the child of a daemon is not the daemon");
    assert!(fs::exists(&file).unwrap(), "it had no chance to remove the file");
    let next = start(&daemon, |_| {}).unwrap();
    assert_eq!(stop(&file, Signal::TERM, PATIENCE).unwrap(), Some(next));
    rustix::process::kill_process(orphan, Signal::KILL).unwrap();
    wait_until_gone(orphan);
}

fn left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    // This very process has the pid in it, and is no daemon.
    fs::write(&file, format!("{}\n", getpid().as_raw_nonzero())).unwrap();
    assert_eq!(status(&file).unwrap(), None);
    assert_eq!(stop(&file, Signal::KILL, PATIENCE).unwrap(), None);
    let pid = start(&Daemon::new(&file), |_| {}).unwrap();
    assert_eq!(stop(&file, Signal::TERM, PATIENCE).unwrap(), Some(pid));

    // A clean end removes it.
    match Daemon::new(&file).start().unwrap() {
        Started::Daemon(mut running) => {
            running.ready();
            drop(running);
            std::process::exit(0);
        }
        Started::Launcher(pid) => wait_until_gone(pid),
    }
    assert!(!fs::exists(&file).unwrap());
}

fn why_not() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let said = |daemon: Daemon| start(&daemon, |_| {}).unwrap_err().to_string();
    let message = said(Daemon::new(&file).directory("/nonexistent"));
    assert_eq!(
        message,
        "the daemon has ended before it was ready: cannot go to the directory /nonexistent: No such file or \
         directory (os error 2)"
    );
    let message = said(Daemon::new(&file).output("/nonexistent/output"));
    assert!(message.contains("cannot open /nonexistent/output: "), "{message}");
    let message = said(Daemon::new("/nonexistent/pid"));
    assert!(message.contains("cannot open the pid file /nonexistent/pid: "), "{message}");

    let ended = |end: fn(&mut Running)| match Daemon::new(&file).start() {
        Ok(Started::Daemon(mut running)) => {
            end(&mut running);
            std::process::exit(1)
        }
        other => other.map(|_| ()).unwrap_err().to_string(),
    };
    assert_eq!(ended(|_| {}), "the daemon has ended before it was ready");
    assert_eq!(
        ended(|running| running.failed("the port is in use")),
        "the daemon has ended before it was ready: the port is in use"
    );
    // It has said why, and may be about to end.
    if let Some(pid) = status(&file).unwrap() {
        wait_until_gone(pid);
    }
    assert_eq!(status(&file).unwrap(), None);
}

fn stubborn() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let pid = start(&Daemon::new(&file), |_| {
        std::mem::forget(trellis_unix::signals::Signals::open(&[Signal::TERM]).unwrap());
    })
    .unwrap();
    let still = stop(&file, Signal::TERM, Duration::from_millis(10)).unwrap_err();
    assert!(matches!(still, DaemonError::StillRunning { pid: running } if running == pid), "{still}");
    assert_eq!(stop(&file, Signal::KILL, PATIENCE).unwrap(), Some(pid));
}

fn many_starts() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let starts = || match start(&Daemon::new(&file), |_| {}) {
        Ok(_) => 0,
        Err(DaemonError::AlreadyRunning { .. }) => 1,
        Err(other) => {
            let _ = writeln!(std::io::stderr(), "{other}");
            2
        }
    };
    for _ in 0..5 {
        let mut launchers: Vec<_> = (0..8).map(|_| spawn(starts).unwrap()).collect();
        let codes: Vec<_> = launchers.iter_mut().map(|launcher| launcher.wait().unwrap()).collect();
        assert_eq!(codes.iter().filter(|code| **code == Status::Exited(0)).count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == Status::Exited(1)).count(), 7, "{codes:?}");
        assert!(stop(&file, Signal::TERM, PATIENCE).unwrap().is_some());
    }
}
