//! How the shell shows events: as zkCli does, at once, also while the user types.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::client::{Happening, Listener};
use super::path::Chroot;

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

    /// Shows what a session tells, whose root is that of the user.
    pub(super) fn listener(&self, chroot: Chroot) -> Listener {
        let events = self.clone();
        Box::new(move |mut happening| {
            happening.path = happening.path.map(|path| chroot.to_user(&path).to_owned());
            events.show(&happening);
        })
    }

    /// Shows one.
    pub(super) fn show(&self, happening: &Happening) {
        if !self.wanted() {
            return;
        }
        let text = format!("\nWATCHER::\n\n{happening}\n");
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

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_deref().unwrap_or("null");
        write!(f, "WatchedEvent state:{:?} type:{:?} path:{path}", self.state, self.kind)
    }
}
