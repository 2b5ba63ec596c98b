//! A znode as it lies in memory: a record of 80 bytes, its name and data in one piece, and what only some have.
//!
//! This file holds no lists and changes nothing by itself.

use super::command::{SessionId, Zxid};
use crate::Time;
use crate::slab::Slab;
use crate::walk::Marked;

/// Stands for "no znode", "no more" or "no session".
pub(super) const NONE: u32 = u32::MAX;

/// The last millisecond since 1970 that fits the 48 bits a znode has for one; in the year 10889.
const MILLISECONDS_MAX: u64 = (1 << 48) - 1;

/// The record of a znode.
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) czxid: Zxid,
    pub(super) mzxid: Zxid,
    pub(super) created: Milliseconds,
    pub(super) modified: Milliseconds,
    pub(super) version: i32,
    /// The parent's count of creations when it was made: brothers are in this order.
    pub(super) sequence: i32,
    /// The slot of the parent; [`NONE`] for the root.
    pub(super) parent: u32,
    /// The slot of the brother made before it.
    pub(super) before: u32,
    /// The slot of the brother made after it.
    pub(super) behind: u32,
    /// The next znode of the same bucket; only the directory of names uses it.
    pub(super) chain: u32,
    /// The slot of its access control list.
    pub(super) acl: u32,
    /// The slot of its [`More`], or [`NONE`].
    pub(super) more: u32,
    /// A part of the hash of its name, so that few others are looked at; only the directory of names uses it.
    pub(super) tag: u16,
    /// Tells a running snapshot whether it has this znode already; only the store uses it.
    pub(super) mark: u8,
}

const _: () = assert!(size_of::<Node>() == 80, "a znode's record has five quarters of a cache line");
const _: () =
    assert!(Slab::<Node>::ENTRY_BYTES == 80, "whether a slot is free fits into a spare bit pattern");

/// What most znodes don't have: children, an owner, a changed access control list.
#[derive(Clone, Copy)]
pub(super) struct More {
    /// The transaction that last made or removed a child.
    pub(super) pzxid: Zxid,
    /// The data below it, in bytes.
    pub(super) bytes_below: u64,
    /// How many znodes are below it.
    pub(super) nodes_below: u32,
    /// How many children it has.
    pub(super) children: u32,
    /// The slot of the first child.
    pub(super) first: u32,
    /// The slot of the last child.
    pub(super) last: u32,
    /// How many children were made, not how many changes there were as in [`Stat`](super::Stat).
    pub(super) cversion: i32,
    pub(super) aversion: i32,
    pub(super) lease: Lease,
}

/// What ends a znode by itself. Each has a running number, `birth`, which decides what comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Nothing.
    None,
    /// The end of a session.
    Ephemeral {
        /// The session.
        session: SessionId,
        /// The number.
        birth: u64,
    },
    /// The loss of its last child.
    Container {
        /// The number.
        birth: u64,
        /// When it is to be removed; [`Time::NEVER`] while it has children and before it had one.
        due: Time,
    },
    /// Its age.
    Ttl {
        /// The number.
        birth: u64,
        /// How old its data may get, in milliseconds.
        ttl_ms: u64,
        /// When it is to be removed; [`Time::NEVER`] while it has children.
        due: Time,
    },
}

impl Marked for Node {
    fn mark(&self) -> u8 {
        self.mark
    }

    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
}

impl Node {
    /// A znode made in no transaction and linked nowhere yet.
    pub(super) fn new(parent: u32, name: &str, data: Option<&[u8]>, acl: u32, sequence: i32) -> Self {
        Node {
            content: Content::new(name, data),
            czxid: 0,
            mzxid: 0,
            created: Milliseconds::default(),
            modified: Milliseconds::default(),
            version: 0,
            sequence,
            parent,
            before: NONE,
            behind: NONE,
            chain: NONE,
            acl,
            more: NONE,
            tag: 0,
            mark: 0,
        }
    }
}

impl Lease {
    /// When the znode is to be removed because of its age or loneliness.
    pub(super) fn due(self) -> Time {
        match self {
            Lease::None | Lease::Ephemeral { .. } => Time::NEVER,
            Lease::Container { due, .. } | Lease::Ttl { due, .. } => due,
        }
    }
}

impl More {
    /// That of a znode to which nothing has happened yet.
    pub(super) fn new(czxid: Zxid) -> Self {
        More {
            pzxid: czxid,
            bytes_below: 0,
            nodes_below: 0,
            children: 0,
            first: NONE,
            last: NONE,
            cversion: 0,
            aversion: 0,
            lease: Lease::None,
        }
    }
}

/// Milliseconds since 1970 in six bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Milliseconds([u16; 3]);

impl Milliseconds {
    #[expect(clippy::cast_possible_truncation, reason = "each part takes its 16 bits")]
    pub(super) fn new(milliseconds: u64) -> Self {
        let value = milliseconds.min(MILLISECONDS_MAX);
        Milliseconds([value as u16, (value >> 16) as u16, (value >> 32) as u16])
    }

    pub(super) fn get(self) -> u64 {
        let [low, middle, high] = self.0.map(u64::from);
        low | middle << 16 | high << 32
    }

    pub(super) fn of(at: Time) -> Self {
        Milliseconds::new(at.0 / 1000)
    }

    /// As the protocol has it; 48 bits are never negative.
    pub(super) fn signed(self) -> i64 {
        self.get().cast_signed()
    }
}

/// A name and data, in one allocation: a znode's name is short and never changes, and its own allocation would cost
/// more than itself.
///
/// ```text
/// head  u8: bit 7 whether there is data, bits 0 to 6 the length of the name, or 127 if that stands in the next 4 bytes
/// name, data
/// ```
#[derive(Default)]
pub(super) struct Content(Box<[u8]>);

const HAS_DATA: u8 = 0x80;
const LONG_NAME: u8 = 0x7f;

impl Content {
    pub(super) fn new(name: &str, data: Option<&[u8]>) -> Self {
        let name = name.as_bytes();
        let flag = if data.is_some() { HAS_DATA } else { 0 };
        let short = u8::try_from(name.len()).ok().filter(|len| *len < LONG_NAME);
        let head = if short.is_some() { 1 } else { 5 };
        let mut bytes = Vec::with_capacity(head + name.len() + data.map_or(0, <[u8]>::len));
        bytes.push(flag | short.unwrap_or(LONG_NAME));
        if short.is_none() {
            let len = u32::try_from(name.len()).expect("a name of 4 GiB");
            bytes.extend_from_slice(&len.to_le_bytes());
        }
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(data.unwrap_or_default());
        Content(bytes.into_boxed_slice())
    }

    pub(super) fn name(&self) -> &[u8] {
        let (start, end) = self.name_range();
        &self.0[start..end]
    }

    pub(super) fn name_str(&self) -> &str {
        std::str::from_utf8(self.name()).expect("a name is kept as it came, and it came as text")
    }

    pub(super) fn data(&self) -> Option<&[u8]> {
        let (_, end) = self.name_range();
        (self.0[0] & HAS_DATA != 0).then(|| &self.0[end..])
    }

    pub(super) fn data_len(&self) -> usize {
        let (_, end) = self.name_range();
        self.0.len() - end
    }

    fn name_range(&self) -> (usize, usize) {
        match self.0[0] & !HAS_DATA {
            LONG_NAME => {
                let len: [u8; 4] = self.0[1..5].try_into().expect("a long name has its length before it");
                (5, 5 + u32::from_le_bytes(len) as usize)
            }
            len => (1, 1 + usize::from(len)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_data_of_any_length_lie_together() {
        let long = "x".repeat(300_000);
        for name in ["", "a", &long[..126], &long[..127], &long[..128], &long] {
            for data in [None, Some(&b""[..]), Some(b"data")] {
                let content = Content::new(name, data);
                assert_eq!((content.name_str(), content.data()), (name, data));
                assert_eq!(content.data_len(), data.map_or(0, <[u8]>::len));
            }
        }
    }

    #[test]
    fn milliseconds_come_back_and_saturate() {
        for value in [0, 1, 0x1234_5678_9abc, MILLISECONDS_MAX] {
            assert_eq!(Milliseconds::new(value).get(), value);
        }
        assert_eq!(Milliseconds::new(u64::MAX).get(), MILLISECONDS_MAX);
    }
}
