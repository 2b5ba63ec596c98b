//! Goes through a subtree, many nodes at a time. It is no picture of one moment: nodes may come and go meanwhile.

use std::collections::VecDeque;
use std::vec::IntoIter;

use trellis_zk_client::path::child;

use super::failure::Error;
use super::nodes::{Listed, Nodes};
use crate::exit::Failure;
use crate::limits::PIPELINE_REQUESTS_MAX;

/// Calls `each` with the path of every node of a subtree, in zkCli's order: a node's children all together, then what
/// is below each of them. With `watch`, the children of every node are watched, and the data of the first.
pub(super) fn walk(
    nodes: &Nodes<'_>,
    root: &str,
    watch: bool,
    mut each: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if watch {
        nodes.data(root, true)?;
    }
    let (names, _) = nodes.children(root, watch)?;
    each(root)?;
    let mut levels = vec![below(root, &names, watch, &mut each)?];
    while let Some(level) = levels.last_mut() {
        let Some(node) = level.next(nodes)? else {
            levels.pop();
            continue;
        };
        let node = node.read()?;
        if !node.names.is_empty() {
            levels.push(below(&node.path, &node.names, watch, &mut each)?);
        }
    }
    Ok(())
}

fn below(
    path: &str,
    names: &[String],
    watch: bool,
    each: &mut impl FnMut(&str) -> Result<(), Failure>,
) -> Result<Siblings, Failure> {
    let paths: Vec<String> = names.iter().map(|name| child(path, name)).collect();
    paths.iter().try_for_each(|path| each(path))?;
    Ok(Siblings::new(paths, watch))
}

/// The children of one node, asked for some at a time.
pub(super) struct Siblings {
    paths: IntoIter<String>,
    found: VecDeque<Listed>,
    watch: bool,
}

impl Siblings {
    /// Nothing has been asked for yet.
    pub(super) fn new(paths: Vec<String>, watch: bool) -> Siblings {
        Siblings { paths: paths.into_iter(), found: VecDeque::new(), watch }
    }

    /// The next one that still exists.
    pub(super) fn next(&mut self, nodes: &Nodes<'_>) -> Result<Option<Listed>, Error> {
        self.fill(nodes)?;
        Ok(self.found.pop_front())
    }

    /// Whether there is none left.
    pub(super) fn is_at_end(&mut self, nodes: &Nodes<'_>) -> Result<bool, Error> {
        self.fill(nodes)?;
        Ok(self.found.is_empty())
    }

    fn fill(&mut self, nodes: &Nodes<'_>) -> Result<(), Error> {
        while self.found.is_empty() && self.paths.len() > 0 {
            let paths: Vec<String> = self.paths.by_ref().take(PIPELINE_REQUESTS_MAX).collect();
            self.found.extend(nodes.children_of_all(paths, self.watch)?);
        }
        Ok(())
    }
}
