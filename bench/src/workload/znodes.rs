//! One operation after the other on many znodes, which are all children of one. Each has a number, which stands in its
//! name and at the beginning of its data.

use std::collections::VecDeque;

use anyhow::{Context, Result, ensure};

use super::random::Random;
use super::{BODY, LARGE_BODY};
use crate::network::{Exchange, Workload};
use crate::zookeeper::{self, Reply, Zookeeper};

/// The parent of all znodes.
const PARENT: &[u8] = b"/bench";
/// The digits of a znode's name; with its parent, its path has 14 bytes.
const NAME_DIGITS: usize = 7;
/// There can be no more znodes than this.
pub(crate) const ZNODES_MAX: usize = 10_000_000;

/// What is done with a znode.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    /// The parent of all is made; the number does not matter.
    CreateParent,
    /// It is made.
    Create,
    /// It is asked for its data, which must be what it was made with.
    Get,
    /// It is asked for, and must be there.
    Exists,
    /// It is given data.
    Set,
    /// It is removed.
    Delete,
}

/// What is done next, and with which znode.
enum Plan {
    /// Each is treated once, in their order.
    Each { operation: Operation, next: usize, end: usize },
    /// Any of so many.
    Any { operation: Operation, random: Random, count: usize },
    /// A new one beside so many is made, then any of these is asked for its data.
    Grow { random: Random, count: usize, next: usize },
    /// Each connection makes one of its own beside so many, asks for it and removes it, again and again.
    Visit { count: usize },
}

/// The workload.
pub(crate) struct Znodes {
    plan: Plan,
    data: Data,
    /// Requests in flight on each connection.
    depth: usize,
    connections: Vec<Dialogue>,
    open: usize,
    stopped: bool,
}

/// What is open on a connection.
#[derive(Default)]
struct Dialogue {
    /// The number of the newest request.
    xid: i32,
    /// The open requests, the oldest first.
    open: VecDeque<(Operation, usize)>,
}

/// The data of any znode.
struct Data {
    small: Vec<u8>,
    large: Vec<u8>,
    /// The number of the first znode with large data.
    large_from: usize,
}

impl Data {
    fn of(&mut self, znode: usize) -> &[u8] {
        let data = if znode < self.large_from { &mut self.small } else { &mut self.large };
        data[..8].copy_from_slice(&(znode as u64).to_be_bytes());
        data
    }
}

impl Znodes {
    /// Goes through the znodes from 0 to `count` in their order.
    pub(crate) fn each(operation: Operation, count: usize, depth: usize) -> Znodes {
        Znodes::new(Plan::Each { operation, next: 0, end: count }, depth, ZNODES_MAX)
    }

    /// Takes any of the znodes from 0 to `count`, in a random order that is always the same.
    pub(crate) fn any(operation: Operation, count: usize, depth: usize) -> Znodes {
        Znodes::new(Plan::Any { operation, random: Random::new(), count }, depth, ZNODES_MAX)
    }

    /// To the znodes from 0 to `count` adds others, with more data so that a log grows quickly. After each, any of the
    /// first is asked for its data.
    pub(crate) fn grow(count: usize) -> Znodes {
        Znodes::new(Plan::Grow { random: Random::new(), count, next: count }, 1, count)
    }

    /// Each connection makes a znode beside those from 0 to `count`, asks for it, and removes it.
    pub(crate) fn visit(count: usize) -> Znodes {
        Znodes::new(Plan::Visit { count }, 1, ZNODES_MAX)
    }

    fn new(plan: Plan, depth: usize, large_from: usize) -> Znodes {
        let data = Data { small: BODY.to_vec(), large: LARGE_BODY.to_vec(), large_from };
        Znodes { plan, data, depth, connections: Vec::new(), open: 0, stopped: false }
    }

    /// No more requests from now on; the workload is finished when all are answered.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    fn request(&mut self, connection: usize, exchange: &mut Exchange) {
        if self.stopped {
            return;
        }
        let dialogue = &mut self.connections[connection];
        let Some((operation, znode)) = self.plan.next(connection, dialogue.xid as usize) else { return };
        dialogue.xid += 1;
        dialogue.open.push_back((operation, znode));
        self.open += 1;
        let (out, xid) = (exchange.request(connection), dialogue.xid);
        match operation {
            Operation::CreateParent => zookeeper::create(out, xid, PARENT, b""),
            Operation::Create => zookeeper::create(out, xid, &path(znode), self.data.of(znode)),
            Operation::Get => zookeeper::get_data(out, xid, &path(znode)),
            Operation::Exists => zookeeper::exists(out, xid, &path(znode)),
            Operation::Set => zookeeper::set_data(out, xid, &path(znode), self.data.of(znode)),
            Operation::Delete => zookeeper::delete(out, xid, &path(znode)),
        }
    }

    /// Checks the reply to the oldest open request of a connection.
    fn check(&mut self, from: usize, reply: &Reply<'_>) -> Result<()> {
        let dialogue = &mut self.connections[from];
        let expected = dialogue.xid - dialogue.open.len() as i32 + 1;
        ensure!(reply.xid == expected, "the server answered {} where {expected} was due", reply.xid);
        let (operation, znode) =
            dialogue.open.pop_front().context("the server answered what was not asked")?;
        self.open -= 1;
        let due = self.data.of(znode);
        match operation {
            Operation::CreateParent => ensure!(reply.path()? == PARENT, "another path was made"),
            Operation::Create => ensure!(reply.path()? == path(znode), "another path was made"),
            Operation::Get => {
                let (data, stat) = reply.data()?;
                ensure!(data == due, "znode {znode} has other data");
                ensure!(stat.data_length == due.len(), "the length of znode {znode} is wrong");
            }
            Operation::Exists => {
                ensure!(reply.stat()?.data_length == due.len(), "the length of znode {znode} is wrong");
            }
            Operation::Set => {
                let stat = reply.stat()?;
                ensure!(stat.data_length == due.len(), "the length of znode {znode} is wrong");
                ensure!(stat.mzxid == reply.zxid, "znode {znode} was set by another transaction");
            }
            Operation::Delete => reply.nothing()?,
        }
        Ok(())
    }
}

impl Plan {
    /// What a connection does next that has done so much before.
    fn next(&mut self, connection: usize, done: usize) -> Option<(Operation, usize)> {
        match self {
            Plan::Each { next, end, .. } if next == end => None,
            Plan::Each { operation, next, .. } => Some((*operation, advance(next))),
            Plan::Any { operation, random, count } => Some((*operation, random.below(*count))),
            Plan::Grow { next: ZNODES_MAX, .. } => None,
            Plan::Grow { next, .. } if done.is_multiple_of(2) => Some((Operation::Create, advance(next))),
            Plan::Grow { random, count, .. } => Some((Operation::Get, random.below(*count))),
            Plan::Visit { count } => {
                let operation = [Operation::Create, Operation::Exists, Operation::Delete][done % 3];
                Some((operation, *count + connection))
            }
        }
    }
}

fn advance(next: &mut usize) -> usize {
    *next += 1;
    *next - 1
}

impl Workload for Znodes {
    type Protocol = Zookeeper;

    fn begin(&mut self, exchange: &mut Exchange) {
        self.connections.resize_with(exchange.connections(), Dialogue::default);
        for connection in 0..exchange.connections() {
            for _ in 0..self.depth {
                self.request(connection, exchange);
            }
        }
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        self.check(from, &reply)?;
        self.request(from, exchange);
        Ok(())
    }

    fn finished(&self) -> bool {
        let ended = matches!(self.plan, Plan::Each { next, end, .. } if next == end);
        self.open == 0 && (ended || self.stopped)
    }
}

/// The path of a znode. Written by hand, as the generator shares the machine with what it measures.
fn path(znode: usize) -> [u8; PARENT.len() + 1 + NAME_DIGITS] {
    let mut path = *b"/bench/0000000";
    let mut rest = znode;
    for digit in path[PARENT.len() + 1..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    path
}

#[cfg(test)]
mod tests;
