//! A server on another thread of this process, as the supervisor sees it: it begins before the programs, and its end is
//! theirs, too. What it serves and how it is stopped is its owner's business.

use std::convert::Infallible;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::control::Request;
use super::signals::{Meaning, Signals};
use super::{Event, Supervisor, reap};
use crate::config::OwnServer;

/// A server that begins or serves.
#[derive(Debug)]
pub struct Beside {
    /// Tells where it is reached, once it serves; the sender is dropped if that will never be.
    pub serves: oneshot::Receiver<OwnServer>,
    /// Nothing is ever sent: the sender is dropped when the server has ended.
    pub ended: oneshot::Receiver<Infallible>,
    /// Nothing is ever sent: this is dropped when the server is to stop, which it has to do in any case.
    pub stop: oneshot::Sender<Infallible>,
}

impl Beside {
    /// Waits until it serves, and tells where. Meanwhile only the end can be had; who asks for something else waits, too.
    /// Returns `None` if it will not serve, or if nobody wants it to any more.
    pub(super) async fn begin(
        &mut self,
        signals: &mut Signals,
        events: &mut UnboundedReceiver<Event>,
        sender: &UnboundedSender<Event>,
    ) -> Option<OwnServer> {
        let over = |why| {
            tracing::info!(why, "stopped before the server has begun to serve");
            None
        };
        let mut asked = Vec::new();
        let own = loop {
            tokio::select! {
                biased;
                meaning = signals.next() => match meaning {
                    Meaning::End(why) => return over(why),
                    // Nothing was started, but the first process of a container has others' children.
                    Meaning::Child => drop(reap::ended(|_| false, |_, _| ())),
                    Meaning::Reload | Meaning::Pass(_) => {}
                },
                Some(event) = events.recv() => match event {
                    Event::Asked(one) if one.request == Request::End => return over("asked to"),
                    event => asked.push(event),
                },
                own = &mut self.serves => break own,
            }
        };
        // They are heard by the loop, which is there as long as the sender.
        asked.into_iter().for_each(|event| drop(sender.send(event)));
        own.ok()
    }

    /// Stops it, and waits until it has ended.
    pub(super) async fn end(self) {
        drop(self.stop);
        // The sender is dropped.
        let _ = self.ended.await;
    }

    /// The loop is told when it has ended; to stop it, what is returned is ended.
    pub(super) fn watched(self, sender: UnboundedSender<Event>) -> Watched {
        let Beside { ended, stop, .. } = self;
        let watch = tokio::spawn(async move {
            // The sender is dropped, and the loop may have ended before.
            let _ = ended.await;
            let _ = sender.send(Event::ServerEnded);
        });
        Watched { stop, watch }
    }
}

/// A server that serves.
pub(super) struct Watched {
    stop: oneshot::Sender<Infallible>,
    watch: JoinHandle<()>,
}

impl Watched {
    /// Stops it, and waits until it has ended.
    pub(super) async fn end(self) {
        drop(self.stop);
        // It ends by itself.
        let _ = self.watch.await;
    }
}

impl Supervisor {
    /// Programs without their server are of no use; they are stopped in order.
    pub(super) fn server_ended(&mut self) {
        if !self.ending {
            self.end("the server has ended");
        }
    }
}
