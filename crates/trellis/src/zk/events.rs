//! How the shell shows events: as zkCli does, at once, also while the user types.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use trellis_zk_client::{EventKind, Happening, Listener, State, WatchEvent};
use trellis_zk_codec::KeeperState;

/// Where events are shown, and whether. Clones are the same place.
#[derive(Clone)]
pub(super) struct Events {
    wanted: Arc<AtomicBool>,
    /// To whom a text is given; without one it goes to standard output.
    editor: Arc<Mutex<Option<Sender<String>>>>,
}

impl Events {
    /// A place; `editor` shows a text above the line that is being typed.
    pub(super) fn new(editor: Option<Sender<String>>) -> Events {
        Events { wanted: Arc::new(AtomicBool::new(true)), editor: Arc::new(Mutex::new(editor)) }
    }

    /// Whether events are shown.
    pub(super) fn wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Decides whether events are shown.
    pub(super) fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Shows what a session tells. That it was closed, its closer tells.
    pub(super) fn listener(&self) -> Listener {
        let events = self.clone();
        Box::new(move |happening| match happening {
            Happening::Event(event) => events.show(&Shown::Event(event)),
            Happening::State(state) => {
                if let Some(state) = keeper_state(*state).filter(|state| *state != KeeperState::Closed) {
                    events.show_state(state);
                }
            }
            // Whoever asks something hears it as well.
            Happening::Unreachable(_) => {}
        })
    }

    /// Shows a state of the connection.
    pub(super) fn show_state(&self, state: KeeperState) {
        self.show(&Shown::State(state));
    }

    fn show(&self, shown: &Shown<'_>) {
        if !self.wanted() {
            return;
        }
        let text = format!("\nWATCHER::\n\n{shown}\n");
        let editor = self.editor.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody reads any more, there is nobody to tell.
        let _ = match &*editor {
            Some(editor) => editor.send(text).map_err(io::Error::other),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
            }
        };
    }
}

/// What is shown, in zkCli's words.
enum Shown<'a> {
    Event(&'a WatchEvent),
    State(KeeperState),
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, kind, path) = match self {
            Shown::Event(event) => (KeeperState::SyncConnected, event.kind, event.path.as_str()),
            Shown::State(state) => (*state, EventKind::None, "null"),
        };
        write!(f, "WatchedEvent state:{state:?} type:{kind:?} path:{path}")
    }
}

/// The state as ZooKeeper's own client tells it, if it does.
fn keeper_state(state: State) -> Option<KeeperState> {
    Some(match state {
        State::Connecting => KeeperState::Disconnected,
        State::Connected => KeeperState::SyncConnected,
        State::ConnectedReadOnly => KeeperState::ConnectedReadOnly,
        State::Overdue => return None,
        State::Expired => KeeperState::Expired,
        State::AuthFailed => KeeperState::AuthFailed,
        State::Closed => KeeperState::Closed,
    })
}
