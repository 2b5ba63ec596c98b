//! Random requests: every operation, with good and with bad arguments.

use fastrand::Rng;

use super::arguments::{
    BAD_MODES, BAD_TIMES_TO_LIVE, CREDENTIALS, MODES, NODES, TIMES_TO_LIVE, acl, data, path, pick, version,
};
use super::faults::{Rules, WatchKind};
use super::operation::Operation;
use super::request::{Field, Request};
use super::requests;

/// The operations that one multi has.
const PARTS_MAX: usize = 6;
const MODE_TTL: i32 = 5;
/// One list in so many is not open.
const CLOSED_LIST_IN: u8 = 6;

/// A request with all its fields, for the client of a connection.
pub(super) fn request(rng: &mut Rng, rules: &Rules, connection: usize) -> Request {
    match rng.u8(0..100) {
        0..=34 => write(rng),
        35..=58 => read(rng, rules, connection),
        59..=67 => multi(rng),
        68..=69 => multi_read(rng),
        70..=84 => watch(rng, rules, connection),
        85..=92 => rare(rng),
        93..=97 => authenticate(rng),
        _ => Request::new(Operation::CloseSession, vec![]),
    }
}

/// An operation that changes something, and may stand in a multi.
fn write(rng: &mut Rng) -> Request {
    let path = path(rng);
    match rng.u8(0..16) {
        0..=7 => create(rng, path),
        // Most of what follows would find nothing if the sequence's own node went often.
        8..=11 if path != "~" || rng.u8(0..8) == 0 => {
            requests::with_number(Operation::Delete, path, version(rng))
        }
        8..=13 => requests::set_data(path, data(rng), version(rng)),
        _ => requests::set_acl(path, &acl(rng, 2), version(rng)),
    }
}

fn create(rng: &mut Rng, path: &str) -> Request {
    let mode = if rng.u8(0..30) == 0 { pick(rng, BAD_MODES) } else { pick(rng, MODES) };
    let list = acl(rng, CLOSED_LIST_IN);
    match rng.u8(0..10) {
        0..=4 => requests::create_as(Operation::Create, path, data(rng), &list, mode),
        5..=6 => requests::create_as(Operation::Create2, path, data(rng), &list, mode),
        7 => {
            let mode = if rng.bool() { 4 } else { mode };
            requests::create_as(Operation::CreateContainer, path, data(rng), &list, mode)
        }
        _ => {
            let mode = if rng.bool() { MODE_TTL } else { mode };
            let times = if rng.u8(0..4) == 0 { BAD_TIMES_TO_LIVE } else { TIMES_TO_LIVE };
            let mut create = requests::create_as(Operation::CreateTtl, path, data(rng), &list, mode);
            create.fields.push(Field::Long(pick(rng, times)));
            create
        }
    }
}

fn read(rng: &mut Rng, rules: &Rules, connection: usize) -> Request {
    let operations = [
        Operation::Exists,
        Operation::Exists,
        Operation::GetData,
        Operation::GetData,
        Operation::GetData,
        Operation::GetChildren,
        Operation::GetChildren,
        Operation::GetChildren2,
        Operation::GetChildren2,
        Operation::GetAcl,
    ];
    let operation = pick(rng, &operations);
    let path = path(rng);
    if operation == Operation::GetAcl {
        return requests::with_path(operation, path);
    }
    let watch = rng.bool() && rules.may_watch(connection, path, WatchKind::Once);
    requests::read(operation, path, watch)
}

fn multi(rng: &mut Rng) -> Request {
    let part = |rng: &mut Rng| match rng.u8(0..40) {
        0..=7 => requests::with_number(Operation::Check, path(rng), version(rng)),
        // This one cannot be in a multi.
        8 => requests::read(Operation::GetData, path(rng), false),
        _ => loop {
            let write = write(rng);
            if write.operation != Operation::SetAcl {
                return write;
            }
        },
    };
    // Most are short, since one part that fails undoes all.
    let count = rng.usize(0..=PARTS_MAX).min(rng.usize(0..=PARTS_MAX));
    let parts = (0..count).map(|_| part(rng)).collect();
    Request::multi(Operation::Multi, parts)
}

fn multi_read(rng: &mut Rng) -> Request {
    let part = |rng: &mut Rng| match rng.u8(0..20) {
        0 => requests::with_number(Operation::Check, path(rng), version(rng)),
        1..=9 => requests::read(Operation::GetChildren, path(rng), rng.bool()),
        _ => requests::read(Operation::GetData, path(rng), rng.bool()),
    };
    let parts = (0..rng.usize(0..=PARTS_MAX)).map(|_| part(rng)).collect();
    Request::multi(Operation::MultiRead, parts)
}

/// Something that has to do with watches.
fn watch(rng: &mut Rng, rules: &Rules, connection: usize) -> Request {
    let path = path(rng);
    match rng.u8(0..10) {
        0..=3 => {
            let recursive = rules.may_watch(connection, path, WatchKind::Recursive);
            let mode = if rng.u8(0..20) == 0 { pick(rng, &[2, -1]) } else { i32::from(recursive) };
            requests::with_number(Operation::AddWatch, path, mode)
        }
        4..=5 => set_watches(rng, rules, connection),
        6..=7 => requests::with_number(Operation::RemoveWatches, path, watcher_type(rng)),
        _ => requests::with_number(Operation::CheckWatches, path, watcher_type(rng)),
    }
}

/// Those for children, for data, for anything, and those that don't exist.
fn watcher_type(rng: &mut Rng) -> i32 {
    if rng.u8(0..10) == 0 { pick(rng, &[0, 4, -1]) } else { rng.i32(1..=3) }
}

fn set_watches(rng: &mut Rng, rules: &Rules, connection: usize) -> Request {
    let kinds =
        [WatchKind::Once, WatchKind::Once, WatchKind::Once, WatchKind::Persistent, WatchKind::Recursive];
    let (operation, count) =
        if rng.bool() { (Operation::SetWatches, 3) } else { (Operation::SetWatches2, 5) };
    let mut list = |kind| {
        let paths: Vec<String> = (0..rng.usize(0..4)).map(|_| pick(rng, NODES).to_string()).collect();
        paths.into_iter().filter(|path| rules.may_watch(connection, path, kind)).collect()
    };
    let lists: Vec<Vec<String>> = kinds[..count].iter().map(|kind| list(*kind)).collect();
    let back = pick(rng, &[0, 0, 1, 2, 5, 10, -1]);
    Request { xid: Some(-8), ..requests::set_watches(operation, back, &lists) }
}

fn rare(rng: &mut Rng) -> Request {
    let path = path(rng);
    match rng.u8(0..12) {
        0..=1 => requests::with_path(Operation::Sync, path),
        2..=3 => {
            let prefix = if rng.bool() { pick(rng, &["", "/", " ", "~/", "~/a", "/s"]) } else { path };
            requests::with_path(Operation::GetEphemerals, prefix)
        }
        4..=6 => requests::with_path(Operation::GetAllChildrenNumber, path),
        7..=8 => Request::new(Operation::WhoAmI, vec![]),
        9 => Request::new(Operation::Ping, vec![]),
        10 => {
            let members = ["server.1=localhost:1:2;3"; 3].map(|text| Field::Text(text.into()));
            let fields = members.into_iter().chain([Field::Long(pick(rng, &[-1, 0, 7]))]).collect();
            Request::new(Operation::Reconfig, fields)
        }
        _ => Request::new(Operation::Sasl, vec![Field::Data(Some(b"token".to_vec()))]),
    }
}

fn authenticate(rng: &mut Rng) -> Request {
    let (scheme, credentials) = pick(rng, CREDENTIALS);
    requests::auth(scheme, credentials)
}
