//! The watches of a session: which a server must be told of again after a reconnection, and whose they are. Paths are
//! the server's.

use std::collections::{BTreeMap, BTreeSet};

use trellis_zk_codec::{AddWatchMode, ErrorCode, EventKind, List, Op, Request, WatcherKind, xid};

use super::Ticket;
use crate::limits::WATCHES_BYTES_MAX;

/// The five lists that the protocol knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Data,
    Exist,
    Child,
    Persistent,
    Recursive,
}

const KINDS: [Kind; 5] = [Kind::Data, Kind::Exist, Kind::Child, Kind::Persistent, Kind::Recursive];

/// A watch that a request asks for. It exists once the server has answered.
#[derive(Debug)]
pub(super) struct Wanted {
    kind: Kind,
    path: String,
}

impl Wanted {
    /// What a request asks for, if anything.
    pub(super) fn by(request: &Request<'_>) -> Option<Wanted> {
        let (kind, path) = match *request {
            Request::GetData { path, watch: true } | Request::Exists { path, watch: true } => {
                (Kind::Data, path)
            }
            Request::GetChildren { path, watch: true } | Request::GetChildren2 { path, watch: true } => {
                (Kind::Child, path)
            }
            Request::AddWatch { path, mode: AddWatchMode::Persistent } => (Kind::Persistent, path),
            Request::AddWatch { path, mode: AddWatchMode::PersistentRecursive } => (Kind::Recursive, path),
            _ => return None,
        };
        Some(Wanted { kind, path: path.to_owned() })
    }

    /// The watch that the answer makes of it: one of `exists` may wait for the node to come.
    pub(super) fn granted(self, asked: Op, error: Option<ErrorCode>) -> Option<Wanted> {
        match error {
            None => Some(self),
            Some(ErrorCode::NoNode) if asked == Op::Exists => Some(Wanted { kind: Kind::Exist, ..self }),
            Some(_) => None,
        }
    }
}

/// Who waits for the events of one path.
#[derive(Debug, Default)]
struct Owners(BTreeSet<Ticket>);

/// All watches of a session.
#[derive(Debug, Default)]
pub(super) struct Watches {
    paths: [BTreeMap<String, Owners>; KINDS.len()],
}

impl Watches {
    /// Adds a watch, whose owner is known by the ticket of the request.
    pub(super) fn add(&mut self, wanted: Wanted, ticket: Ticket) {
        self.of(wanted.kind).entry(wanted.path).or_default().0.insert(ticket);
    }

    /// Takes away the watches that an event has used up, and tells who is to hear of it.
    pub(super) fn fired(&mut self, event: EventKind, path: &str) -> Vec<Ticket> {
        let once: &[Kind] = match event {
            EventKind::NodeCreated | EventKind::NodeDataChanged => &[Kind::Data, Kind::Exist],
            EventKind::NodeDeleted => &[Kind::Data, Kind::Exist, Kind::Child],
            EventKind::NodeChildrenChanged => &[Kind::Child],
            _ => &[],
        };
        let mut tickets: BTreeSet<Ticket> = BTreeSet::new();
        for &kind in once {
            tickets.extend(self.of(kind).remove(path).into_iter().flat_map(|owners| owners.0));
        }
        tickets.extend(self.owners(Kind::Persistent, path));
        if event != EventKind::NodeChildrenChanged {
            tickets.extend(above(path).flat_map(|path| self.owners(Kind::Recursive, path)));
        }
        tickets.into_iter().collect()
    }

    /// Takes away the watches of a path, and tells how it is called what happened to them.
    pub(super) fn remove(&mut self, path: &str, kind: WatcherKind) -> Vec<(EventKind, Vec<Ticket>)> {
        let mut removed = Vec::new();
        let mut take = |kinds: &[Kind], event| {
            // Each must be taken away, whether or not another one was there.
            let found: Vec<Owners> = kinds.iter().filter_map(|&kind| self.of(kind).remove(path)).collect();
            if !found.is_empty() {
                removed.push((event, found.into_iter().flat_map(|owners| owners.0).collect()));
            }
        };
        if matches!(kind, WatcherKind::Children | WatcherKind::Any) {
            take(&[Kind::Child], EventKind::ChildWatchRemoved);
        }
        if matches!(kind, WatcherKind::Data | WatcherKind::Any) {
            take(&[Kind::Data, Kind::Exist], EventKind::DataWatchRemoved);
        }
        if kind == WatcherKind::Any {
            take(&[Kind::Persistent, Kind::Recursive], EventKind::PersistentWatchRemoved);
        }
        removed
    }

    /// Nobody waits for this ticket any more. A watch that nobody else waits for is not set again.
    pub(super) fn disown(&mut self, ticket: Ticket, path: &str) {
        for paths in &mut self.paths {
            if let Some(owners) = paths.get_mut(path)
                && owners.0.remove(&ticket)
                && owners.0.is_empty()
            {
                paths.remove(path);
            }
        }
    }

    /// The owners of the watches that stay, who miss what happens while there is no connection.
    pub(super) fn persistent(&self) -> Vec<Ticket> {
        let kinds = [Kind::Persistent, Kind::Recursive].into_iter();
        kinds
            .flat_map(|kind| self.paths[kind as usize].values())
            .flat_map(|owners| owners.0.clone())
            .collect()
    }

    /// Appends the requests that set all of them again, of which none is much longer than the limit.
    pub(super) fn encode(&self, zxid: i64, out: &mut Vec<u8>) {
        let all = KINDS
            .into_iter()
            .flat_map(|kind| self.paths[kind as usize].keys().map(move |path| (kind, path.as_str())));
        let mut batch: [Vec<&str>; KINDS.len()] = Default::default();
        let mut bytes = 0;
        for (kind, path) in all {
            batch[kind as usize].push(path);
            bytes += path.len();
            if bytes >= WATCHES_BYTES_MAX {
                encode_batch(zxid, &std::mem::take(&mut batch), out);
                bytes = 0;
            }
        }
        encode_batch(zxid, &batch, out);
    }

    fn of(&mut self, kind: Kind) -> &mut BTreeMap<String, Owners> {
        &mut self.paths[kind as usize]
    }

    fn owners(&self, kind: Kind, path: &str) -> impl Iterator<Item = Ticket> {
        self.paths[kind as usize].get(path).into_iter().flat_map(|owners| owners.0.iter().copied())
    }
}

/// A path and all that it is below.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind('/') {
        _ if *path == "/" => None,
        Some(0) => Some("/"),
        Some(at) => Some(&path[..at]),
        None => None,
    })
}

/// Servers before 3.6 don't know the second form, so it is used for what only it can say.
fn encode_batch(zxid: i64, batch: &[Vec<&str>; KINDS.len()], out: &mut Vec<u8>) {
    if batch.iter().all(Vec::is_empty) {
        return;
    }
    let [data, exist, child, persistent, persistent_recursive] =
        batch.each_ref().map(|paths| List::from(paths.as_slice()));
    let request = match persistent.is_empty() && persistent_recursive.is_empty() {
        true => Request::SetWatches { zxid, data, exist, child },
        false => Request::SetWatches2 { zxid, data, exist, child, persistent, persistent_recursive },
    };
    request.encode(xid::SET_WATCHES, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use trellis_zk_codec::take_frame;

    fn add(watches: &mut Watches, request: &Request<'_>, error: Option<ErrorCode>, ticket: Ticket) {
        let granted = Wanted::by(request).and_then(|wanted| wanted.granted(request.op(), error));
        granted.into_iter().for_each(|wanted| watches.add(wanted, ticket));
    }

    fn some() -> Watches {
        let mut watches = Watches::default();
        add(&mut watches, &Request::GetData { path: "/a", watch: true }, None, 1);
        add(&mut watches, &Request::GetData { path: "/b", watch: false }, None, 2);
        add(&mut watches, &Request::GetData { path: "/c", watch: true }, Some(ErrorCode::NoNode), 3);
        add(&mut watches, &Request::Exists { path: "/d", watch: true }, Some(ErrorCode::NoNode), 4);
        add(&mut watches, &Request::GetChildren2 { path: "/a", watch: true }, None, 5);
        watches
    }

    fn sent(watches: &Watches) -> String {
        let mut bytes = Vec::new();
        watches.encode(7, &mut bytes);
        let mut rest = bytes.as_slice();
        let mut text = String::new();
        while let Some(frame) = take_frame(&mut rest, u32::MAX).expect("frames") {
            text += &format!("{:?}\n", Request::decode(frame).expect("a request").1);
        }
        text
    }

    #[test]
    fn only_what_stands_is_set_again() {
        let mut watches = some();
        assert_eq!(
            sent(&watches),
            "SetWatches { zxid: 7, data: [\"/a\"], exist: [\"/d\"], child: [\"/a\"] }\n"
        );
        assert_eq!(watches.fired(EventKind::NodeChildrenChanged, "/a"), [5]);
        assert_eq!(watches.fired(EventKind::NodeCreated, "/d"), [4]);
        assert_eq!(sent(&watches), "SetWatches { zxid: 7, data: [\"/a\"], exist: [], child: [] }\n");
        assert_eq!(watches.fired(EventKind::NodeDeleted, "/a"), [1]);
        assert_eq!(sent(&watches), "");
    }

    #[test]
    fn watches_that_stay_are_not_used_up() {
        let mut watches = Watches::default();
        let mode = AddWatchMode::PersistentRecursive;
        add(&mut watches, &Request::AddWatch { path: "/", mode }, None, 1);
        add(&mut watches, &Request::AddWatch { path: "/a", mode }, None, 2);
        add(&mut watches, &Request::AddWatch { path: "/a", mode: AddWatchMode::Persistent }, None, 3);
        assert_eq!(watches.fired(EventKind::NodeDeleted, "/"), [1]);
        assert_eq!(watches.fired(EventKind::NodeCreated, "/a/b/c"), [1, 2]);
        assert_eq!(watches.fired(EventKind::NodeChildrenChanged, "/a"), [3]);
        assert_eq!(watches.fired(EventKind::NodeDataChanged, "/ab"), [1]);
        let expected = "SetWatches2 { zxid: 7, data: [], exist: [], child: [], persistent: [\"/a\"], \
                        persistent_recursive: [\"/\", \"/a\"] }\n";
        assert_eq!(sent(&watches), expected);
        assert_eq!(watches.persistent(), [3, 1, 2]);
        assert_eq!(watches.remove("/a", WatcherKind::Data), []);
        let gone = [(EventKind::PersistentWatchRemoved, vec![3, 2])];
        assert_eq!(watches.remove("/a", WatcherKind::Any), gone);
        assert_eq!(watches.persistent(), [1]);
    }

    #[test]
    fn removing_tells_what_was_there_and_whose_it_was() {
        let both = [(EventKind::ChildWatchRemoved, vec![5]), (EventKind::DataWatchRemoved, vec![1])];
        assert_eq!(some().remove("/a", WatcherKind::Any), both);
        assert_eq!(some().remove("/a", WatcherKind::Children), both[..1]);
        assert_eq!(some().remove("/d", WatcherKind::Data), [(EventKind::DataWatchRemoved, vec![4])]);
        assert_eq!(some().remove("/x", WatcherKind::Any), []);
    }

    #[test]
    fn a_watch_without_an_owner_is_not_set_again() {
        let mut watches = some();
        add(&mut watches, &Request::Exists { path: "/a", watch: true }, None, 6);
        watches.disown(1, "/a");
        watches.disown(5, "/a");
        let rest = "SetWatches { zxid: 7, data: [\"/a\"], exist: [\"/d\"], child: [] }\n";
        assert_eq!(sent(&watches), rest);
        watches.disown(6, "/a");
        assert_eq!(sent(&watches), "SetWatches { zxid: 7, data: [], exist: [\"/d\"], child: [] }\n");
    }

    #[test]
    fn many_are_set_in_pieces() {
        let mut watches = Watches::default();
        for number in 0..1000 {
            let path = format!("/{number:0>1000}");
            add(&mut watches, &Request::GetData { path: &path, watch: true }, None, 1);
        }
        assert_eq!(sent(&watches).lines().count(), 1000 * 1001 / WATCHES_BYTES_MAX + 1);
    }
}
