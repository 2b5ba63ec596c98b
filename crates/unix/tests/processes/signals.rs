//! Signals as values.

use std::time::Duration;

use rustix::process::{getpid, kill_process};
use trellis_unix::Signal;
use trellis_unix::process::{Child, Status, reap, spawn};
use trellis_unix::signals::{Signals, hold_none_back};

use crate::Test;
use crate::helpers::children;

pub(crate) const TESTS: &[Test] = &[
    ("signals: they arrive as values, with their sender", arrive_as_values),
    ("signals: no end of a child is missed", no_end_is_missed),
    ("signals: a child takes its own", a_child_takes_its_own),
    ("signals: afterwards they have their usual effect", usual_effect_afterwards),
];

fn arrive_as_values() {
    let signals = Signals::open(&[Signal::TERM, Signal::USR1, Signal::HUP]).unwrap();
    assert_eq!(signals.next_now().unwrap(), None);
    assert_eq!(signals.wait(Some(Duration::from_millis(1))).unwrap(), None);
    for signal in [Signal::HUP, Signal::TERM, Signal::USR1] {
        kill_process(getpid(), signal).unwrap();
        let arrival = signals.wait(None).unwrap().unwrap();
        assert_eq!((arrival.signal, arrival.sender), (signal, Some(getpid())));
    }
    assert_eq!(signals.next_now().unwrap(), None);
}

fn no_end_is_missed() {
    let signals = Signals::open(&[Signal::CHILD]).unwrap();
    // They are kept, since one that is dropped is not ours to reap any more.
    let children_kept: Vec<_> = (0..100).map(|_| spawn(|| 0).unwrap()).collect();
    let mut started: Vec<_> = children_kept.iter().map(Child::pid).collect();
    while !started.is_empty() {
        // Several ends may have arrived as one signal.
        while let Some((pid, status)) = reap().unwrap() {
            assert_eq!(status, Status::Exited(0));
            started.retain(|one| *one != pid);
        }
        if !started.is_empty() {
            signals.wait(None).unwrap();
        }
    }
    assert_eq!(children(), [0; 0]);
}

fn a_child_takes_its_own() {
    let signals = Signals::open(&[Signal::TERM]).unwrap();
    // A spawned child holds nothing back.
    let mut child = spawn(|| {
        kill_process(getpid(), Signal::TERM).unwrap();
        0
    })
    .unwrap();
    assert_eq!(child.wait().unwrap(), Status::Killed(15));
    assert_eq!(signals.next_now().unwrap(), None, "it was the child's");
    let mut child = spawn(|| {
        let own = Signals::open(&[Signal::TERM]).unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
        u8::from(own.wait(None).unwrap().unwrap().sender == Some(getpid()))
    })
    .unwrap();
    assert_eq!(child.wait().unwrap(), Status::Exited(1));
}

fn usual_effect_afterwards() {
    let end = |raise: fn()| {
        let mut child = spawn(|| {
            raise();
            0
        });
        child.as_mut().unwrap().wait().unwrap()
    };
    let kill = || kill_process(getpid(), Signal::USR1).unwrap();
    let mut child = spawn(move || {
        let outer = Signals::open(&[Signal::USR1]).unwrap();
        drop(Signals::open(&[Signal::USR1, Signal::TERM]).unwrap());
        kill();
        assert_eq!(outer.wait(None).unwrap().unwrap().signal, Signal::USR1, "the outer one still holds it");
        drop(outer);
        kill();
        0
    })
    .unwrap();
    assert_eq!(child.wait().unwrap(), Status::Killed(10));
    let status = end(|| {
        let signals = Signals::open(&[Signal::USR1]).unwrap();
        hold_none_back().unwrap();
        kill_process(getpid(), Signal::USR1).unwrap();
        drop(signals);
    });
    assert_eq!(status, Status::Killed(10));
}
