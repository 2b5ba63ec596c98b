//! Connections that come and go, and the tubes that they use and watch.

use super::queue::Queue;
use super::reply::Reply;
use super::waiting::Watch;
use crate::{ConnectionId, NodeId, Outbox, Time};

impl Queue {
    /// Opens a connection; one that is open already stays as it is.
    pub(super) fn open(&mut self, id: ConnectionId) {
        if self.connections.find(id).is_some() {
            return;
        }
        let default = self.tubes.default;
        let connection = self.connections.insert(id, default);
        self.tubes.get_mut(default).using += 1;
        self.add_watch(connection, default);
    }

    /// Ends a connection: its jobs are ready again, and who waits gets the most urgent ones of them.
    pub(super) fn close(&mut self, at: Time, connection: u32, outbox: &mut dyn Outbox) {
        self.stop_waiting(connection);
        let mut held = self.connections.get(connection).held.slots().to_vec();
        held.sort_unstable_by_key(|job| (self.jobs.get(*job).priority, self.jobs.get(*job).id));
        for job in held {
            self.take_back(job, connection);
            self.make_ready(at, job, outbox);
        }
        // The order decides which tubes fill the gaps of those that vanish; it is that of beanstalkd.
        while !self.connections.get(connection).watched.is_empty() {
            self.remove_watch(connection, 0);
        }
        let closed = self.connections.get(connection);
        let used = closed.used;
        self.totals.current_producers -= u64::from(closed.producer);
        self.totals.current_workers -= u64::from(closed.worker);
        self.tubes.get_mut(used).using -= 1;
        self.tubes.remove_if_unused(used);
        self.connections.remove(connection);
    }

    /// Ends all connections of a node.
    pub(crate) fn close_node(&mut self, at: Time, node: NodeId, outbox: &mut dyn Outbox) {
        let connections = self.connections.of_node(node);
        // First all of them, so that none gets a job that another one had.
        for connection in &connections {
            self.stop_waiting(*connection);
        }
        for connection in connections {
            self.close(at, connection, outbox);
        }
    }

    pub(super) fn half_close(&mut self, connection: u32) -> Option<Reply<'_>> {
        self.connections.get_mut(connection).half_closed = true;
        let waited = self.connections.get(connection).wait.is_some();
        self.stop_waiting(connection);
        waited.then_some(Reply::TimedOut)
    }

    pub(super) fn use_tube(&mut self, connection: u32, name: &str) -> Reply<'_> {
        let tube = self.tubes.find_or_make(name);
        self.tubes.get_mut(tube).using += 1;
        let old = std::mem::replace(&mut self.connections.get_mut(connection).used, tube);
        self.tubes.get_mut(old).using -= 1;
        self.tubes.remove_if_unused(old);
        Reply::Using { tube: &self.tubes.get(tube).name }
    }

    pub(super) fn watch(&mut self, connection: u32, name: &str) -> Reply<'_> {
        let tube = self.tubes.find_or_make(name);
        if self.watched_at(connection, tube).is_none() {
            self.add_watch(connection, tube);
        }
        Reply::Watching { count: self.connections.get(connection).watched.len() }
    }

    pub(super) fn ignore(&mut self, connection: u32, name: &str) -> Reply<'_> {
        let index = self.tubes.find(name).and_then(|tube| self.watched_at(connection, tube));
        let count = self.connections.get(connection).watched.len();
        match index {
            None => Reply::Watching { count },
            Some(_) if count == 1 => Reply::NotIgnored,
            Some(index) => {
                self.remove_watch(connection, index);
                Reply::Watching { count: count - 1 }
            }
        }
    }

    /// Adds a tube that isn't there to the watch list of a connection that doesn't wait.
    pub(super) fn add_watch(&mut self, connection: u32, tube: u32) {
        self.connections.get_mut(connection).watched.push(Watch::new(tube));
        self.tubes.get_mut(tube).watching += 1;
    }

    fn remove_watch(&mut self, connection: u32, index: usize) {
        let Watch { tube, .. } = self.connections.get_mut(connection).watched.swap_remove(index);
        self.tubes.get_mut(tube).watching -= 1;
        self.tubes.remove_if_unused(tube);
    }

    fn watched_at(&self, connection: u32, tube: u32) -> Option<usize> {
        self.connections.get(connection).watched.iter().position(|watch| watch.tube == tube)
    }
}
