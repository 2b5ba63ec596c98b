//! Very many znodes, quickly.

use std::ops::Range;

use trellis_zk_codec::{Acl, Create, CreateMode, List, Operation, Request};

use super::client::Client;

/// A name of 20 letters.
pub(crate) fn name(number: usize) -> String {
    format!("{number:020}")
}

/// Creates so many children of a znode, many at once.
pub(crate) fn create_all(client: &mut Client, parent: &str, numbers: Range<usize>) {
    const AT_ONCE: usize = 500;
    let paths: Vec<String> = numbers.map(|number| format!("{parent}/{}", name(number))).collect();
    let acl = List::from(&[Acl::OPEN]);
    for paths in paths.chunks(AT_ONCE) {
        let create = |path| Create { path, data: None, acl, mode: CreateMode::Persistent };
        let operations: Vec<_> = paths.iter().map(|path| Operation::Create(create(path))).collect();
        client.ask(&Request::Multi(operations.as_slice().into())).expect("they are created");
    }
}
