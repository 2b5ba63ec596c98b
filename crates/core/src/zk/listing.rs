//! Lists of children, which are read where they lie.

use std::fmt;

use super::node::NONE;
use super::nodes::Nodes;

/// The names of a znode's children, in the order in which they were made.
#[derive(Clone, Copy)]
pub struct Children<'a> {
    nodes: &'a Nodes,
    parent: u32,
}

impl<'a> Children<'a> {
    pub(super) fn new(nodes: &'a Nodes, parent: u32) -> Self {
        Children { nodes, parent }
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.nodes.more(self.parent).children as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The names.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        let Children { nodes, parent } = self;
        let mut slot = nodes.more(parent).first;
        std::iter::from_fn(move || {
            let node = (slot != NONE).then(|| nodes.get(slot))?;
            slot = node.behind;
            Some(node.content.name_str())
        })
    }
}

impl fmt::Debug for Children<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}
