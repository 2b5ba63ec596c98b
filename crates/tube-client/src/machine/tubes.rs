//! Which tubes a client uses and watches, so that a new connection can be told.

use trellis_tube_codec::Request;

/// The tube that every connection uses and watches at first.
const DEFAULT: &str = "default";

/// What the server has confirmed last.
#[derive(Clone, Debug)]
pub(crate) struct Tubes {
    used: String,
    /// In the order in which they were watched.
    watched: Vec<String>,
}

impl Tubes {
    pub(crate) fn new() -> Self {
        Self { used: DEFAULT.to_owned(), watched: vec![DEFAULT.to_owned()] }
    }

    pub(crate) fn assume(&mut self, used: Option<&str>, watched: &[&str]) {
        if let Some(used) = used {
            self.set_used(used);
        }
        if !watched.is_empty() {
            self.watched.clear();
            watched.iter().for_each(|tube| self.watch(tube));
        }
    }

    pub(crate) fn set_used(&mut self, tube: &str) {
        tube.clone_into(&mut self.used);
    }

    pub(crate) fn watch(&mut self, tube: &str) {
        if !self.watched.iter().any(|watched| watched == tube) {
            self.watched.push(tube.to_owned());
        }
    }

    pub(crate) fn ignore(&mut self, tube: &str) {
        self.watched.retain(|watched| watched != tube);
    }

    pub(crate) fn used(&self) -> &str {
        &self.used
    }

    pub(crate) fn watched(&self) -> &[String] {
        &self.watched
    }

    /// What makes a new connection like the one before.
    pub(crate) fn restoring(&self) -> Vec<Request<'_>> {
        let mut requests = Vec::new();
        if self.used != DEFAULT {
            requests.push(Request::Use { tube: &self.used });
        }
        let others = self.watched.iter().filter(|tube| *tube != DEFAULT);
        requests.extend(others.map(|tube| Request::Watch { tube }));
        if !self.watched.iter().any(|tube| tube == DEFAULT) {
            requests.push(Request::Ignore { tube: DEFAULT });
        }
        requests
    }
}
