//! The watches that a client has set: what a server must be told of again after a reconnection. Paths are the
//! server's. Whom an event is for is not known here.

use std::collections::BTreeSet;

use trellis_zk_codec::{AddWatchMode, ErrorCode, EventKind, List, Op, Request, WatcherKind, xid};

use crate::limits::ZK_WATCHES_BYTES_MAX;

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

/// All watches of a session.
#[derive(Debug, Default)]
pub(super) struct Watches {
    paths: [BTreeSet<String>; KINDS.len()],
}

impl Watches {
    /// Adds a watch.
    pub(super) fn add(&mut self, wanted: Wanted) {
        self.of(wanted.kind).insert(wanted.path);
    }

    /// Takes away the watches that an event has used up.
    pub(super) fn fired(&mut self, event: EventKind, path: &str) {
        let kinds: &[Kind] = match event {
            EventKind::NodeCreated | EventKind::NodeDataChanged => &[Kind::Data, Kind::Exist],
            EventKind::NodeDeleted => &[Kind::Data, Kind::Exist, Kind::Child],
            EventKind::NodeChildrenChanged => &[Kind::Child],
            _ => &[],
        };
        for &kind in kinds {
            self.of(kind).remove(path);
        }
    }

    /// Takes away the watches of a path, and tells how it is called what happened to them.
    pub(super) fn remove(&mut self, path: &str, kind: WatcherKind) -> Vec<EventKind> {
        let mut removed = Vec::new();
        let mut take = |kinds: &[Kind], event| {
            // Each must be taken away, whether or not another one was there.
            let found = kinds.iter().filter(|&&kind| self.of(kind).remove(path)).count();
            removed.extend((found > 0).then_some(event));
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

    /// Appends the requests that set all of them again, of which none is much longer than the limit.
    pub(super) fn encode(&self, zxid: i64, out: &mut Vec<u8>) {
        let all = KINDS
            .into_iter()
            .flat_map(|kind| self.paths[kind as usize].iter().map(move |path| (kind, path.as_str())));
        let mut batch: [Vec<&str>; KINDS.len()] = Default::default();
        let mut bytes = 0;
        for (kind, path) in all {
            batch[kind as usize].push(path);
            bytes += path.len();
            if bytes >= ZK_WATCHES_BYTES_MAX {
                encode_batch(zxid, &std::mem::take(&mut batch), out);
                bytes = 0;
            }
        }
        encode_batch(zxid, &batch, out);
    }

    fn of(&mut self, kind: Kind) -> &mut BTreeSet<String> {
        &mut self.paths[kind as usize]
    }
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

    fn add(watches: &mut Watches, request: &Request<'_>, error: Option<ErrorCode>) {
        let granted = Wanted::by(request).and_then(|wanted| wanted.granted(request.op(), error));
        granted.into_iter().for_each(|wanted| watches.add(wanted));
    }

    fn some() -> Watches {
        let mut watches = Watches::default();
        add(&mut watches, &Request::GetData { path: "/a", watch: true }, None);
        add(&mut watches, &Request::GetData { path: "/b", watch: false }, None);
        add(&mut watches, &Request::GetData { path: "/c", watch: true }, Some(ErrorCode::NoNode));
        add(&mut watches, &Request::Exists { path: "/d", watch: true }, Some(ErrorCode::NoNode));
        add(&mut watches, &Request::GetChildren2 { path: "/a", watch: true }, None);
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
        watches.fired(EventKind::NodeChildrenChanged, "/a");
        watches.fired(EventKind::NodeCreated, "/d");
        assert_eq!(sent(&watches), "SetWatches { zxid: 7, data: [\"/a\"], exist: [], child: [] }\n");
        watches.fired(EventKind::NodeDeleted, "/a");
        assert_eq!(sent(&watches), "");
    }

    #[test]
    fn watches_that_stay_are_not_used_up() {
        let mut watches = Watches::default();
        let mode = AddWatchMode::PersistentRecursive;
        add(&mut watches, &Request::AddWatch { path: "/", mode }, None);
        watches.fired(EventKind::NodeDeleted, "/");
        let expected = "SetWatches2 { zxid: 7, data: [], exist: [], child: [], persistent: [], \
                        persistent_recursive: [\"/\"] }\n";
        assert_eq!(sent(&watches), expected);
        assert_eq!(watches.remove("/", WatcherKind::Data), []);
        assert_eq!(watches.remove("/", WatcherKind::Any), [EventKind::PersistentWatchRemoved]);
        assert_eq!(sent(&watches), "");
    }

    #[test]
    fn removing_tells_what_was_there() {
        let both = [EventKind::ChildWatchRemoved, EventKind::DataWatchRemoved];
        assert_eq!(some().remove("/a", WatcherKind::Any), both);
        assert_eq!(some().remove("/a", WatcherKind::Children), both[..1]);
        assert_eq!(some().remove("/d", WatcherKind::Data), both[1..]);
        assert_eq!(some().remove("/x", WatcherKind::Any), []);
    }

    #[test]
    fn many_are_set_in_pieces() {
        let mut watches = Watches::default();
        for number in 0..1000 {
            let path = format!("/{number:0>1000}");
            add(&mut watches, &Request::GetData { path: &path, watch: true }, None);
        }
        assert_eq!(sent(&watches).lines().count(), 1000 * 1001 / ZK_WATCHES_BYTES_MAX + 1);
    }
}
