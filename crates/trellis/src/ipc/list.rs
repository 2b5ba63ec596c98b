//! `trellis ipc list`: all objects of this machine.

use serde::Serialize;
use trellis_unix::sysv::{Kind, Listed, list};

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::table::Table;
use crate::user::name_of;

const HEADINGS: &[&str] = &["key", "kind", "id", "owner", "mode", "bytes", "count"];

/// An object as JSON.
#[derive(Serialize)]
struct ObjectJson {
    kind: &'static str,
    key: i32,
    id: i32,
    owner: String,
    mode: String,
    bytes: u64,
    count: u64,
}

/// Prints the table.
pub(super) fn run(output: &mut Output) -> Result<(), Failure> {
    let mut objects = Vec::new();
    for kind in [Kind::Memory, Kind::Queue, Kind::Semaphore] {
        let found = list(kind).map_err(|error| {
            Failure::new(Exit::Internal, format!("this system does not list its objects ({kind}): {error}"))
        })?;
        objects.extend(found);
    }
    objects.sort_by_key(|object| (object.kind, object.key, object.id));
    let objects: Vec<ObjectJson> = objects.iter().map(object).collect();
    if output.json() {
        return output.value(&objects);
    }
    let mut table = Table::new(HEADINGS);
    for ObjectJson { kind, key, id, owner, mode, bytes, count } in objects {
        let key = trellis_unix::sysv::Key(key).to_string();
        table.row(vec![key, kind.into(), id.to_string(), owner, mode, bytes.to_string(), count.to_string()]);
    }
    output.table(&table.lines(output.columns()))
}

fn object(listed: &Listed) -> ObjectJson {
    ObjectJson {
        kind: match listed.kind {
            Kind::Memory => "shm",
            Kind::Queue => "msg",
            Kind::Semaphore => "sem",
        },
        key: listed.key.0,
        id: listed.id,
        owner: name_of(listed.user),
        mode: format!("{:03o}", listed.mode),
        bytes: listed.bytes,
        count: listed.count,
    }
}
