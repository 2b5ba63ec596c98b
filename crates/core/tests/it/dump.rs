//! Everything that a state says of itself, in a form that two states can be compared by.

use std::collections::BTreeMap;

use trellis_core::State;
use trellis_core::snapshot::{Record, TubeRecord, ZnodeRecord};

/// Everything that a snapshot of the state says, with names in place of the numbers of tubes and znodes, and sorted as
/// far as the order says nothing.
pub(crate) fn dump(state: &mut State) -> Vec<String> {
    let mut names = BTreeMap::new();
    let (mut lines, mut jobs, mut znodes) = (Vec::new(), Vec::new(), BTreeMap::new());
    state.snapshot_begin();
    while state.snapshot_next(100, usize::MAX, &mut |record| match record {
        Record::Header(_) | Record::Tree(_) | Record::Session(_) => lines.push(format!("{record:?}")),
        Record::Tube(tube) => {
            names.insert(tube.number, tube.name.to_owned());
            lines.push(format!("{:?}", TubeRecord { number: 0, ..tube }));
        }
        Record::Connection(mut connection) => {
            let watched: Vec<&String> = connection.watched.iter().map(|number| &names[number]).collect();
            let used = &names[&connection.used];
            (connection.watched, connection.used) = (&[], 0);
            lines.push(format!("{used} {watched:?} {connection:?}"));
        }
        Record::Job(mut job) => {
            let tube = &names[&job.tube];
            job.tube = 0;
            jobs.push((job.id, format!("{tube} {job:?}")));
        }
        Record::Znode(znode) => {
            let line = format!("{:?}", ZnodeRecord { number: 0, parent: None, ..znode });
            znodes.insert(znode.number, (znode.parent, znode.name.to_owned(), line));
        }
    }) {}
    jobs.sort_unstable();
    lines.extend(jobs.into_iter().map(|(_, line)| line));
    let mut paths: Vec<_> = znodes.keys().map(|number| (path(*number, &znodes), &znodes[number].2)).collect();
    paths.sort_unstable();
    lines.extend(paths.into_iter().map(|(path, line)| format!("{path} {line}")));
    lines
}

fn path(number: u32, znodes: &BTreeMap<u32, (Option<u32>, String, String)>) -> String {
    let (parent, name, _) = &znodes[&number];
    parent.map_or(String::new(), |parent| format!("{}/{name}", path(parent, znodes)))
}
