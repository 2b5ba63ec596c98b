//! Signals that the supervisor gets, and what each means. What is done about it is the loop's business.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// A child has ended.
    Child,
    /// End, as the signal of this name demands.
    End(&'static str),
    /// Read the file again.
    Reload,
    /// It is not for the supervisor: programs get it.
    Pass(Number),
}

/// The signals that are taken.
pub(super) struct Signals {
    child: Signal,
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
}

impl Signals {
    /// Takes them from now on.
    pub(super) fn new() -> io::Result<Signals> {
        // A log that would grow beyond a limit on the size of files is a write that fails then, and not the supervisor's
        // end. It needs no listener.
        drop(signal(SignalKind::from_raw(Number::XFSZ.as_raw()))?);
        Ok(Signals {
            child: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Meaning {
        tokio::select! {
            _ = self.child.recv() => Meaning::Child,
            _ = self.terminate.recv() => Meaning::End("SIGTERM"),
            _ = self.interrupt.recv() => Meaning::End("SIGINT"),
            _ = self.quit.recv() => Meaning::End("SIGQUIT"),
            _ = self.hangup.recv() => Meaning::Reload,
            _ = self.user1.recv() => Meaning::Pass(Number::USR1),
            _ = self.user2.recv() => Meaning::Pass(Number::USR2),
        }
    }
}

/// The name of a signal, for people.
pub(super) fn name(signal: Number) -> String {
    trellis_unix::signals::signal_name(signal.as_raw())
}
