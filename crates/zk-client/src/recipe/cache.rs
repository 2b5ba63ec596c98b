//! A subtree that is kept in memory and up to date, by a watch that stays. It takes a server of 3.6 or later. It is
//! behind the server by as much as events take, and a node's data can be newer than its neighbour's.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use trellis_zk_codec::{AddWatchMode, ErrorCode, EventKind};

use super::patience::{persist, read_each};
use crate::client::{Client, Data};
use crate::error::Error;
use crate::path::child;
use crate::wakers::Wakers;
use crate::watch::{Notice, Watch};

/// A subtree that is kept in memory and up to date, as long as this or a clone is kept.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::Cache;
///
/// let cache = Cache::new(&client, "/app/config");
/// let mut seen = cache.changed(0).await?;
/// loop {
///     println!("{:?} {:?}", cache.children("/app/config"), cache.get("/app/config/limit"));
///     seen = cache.changed(seen).await?;
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cache {
    tree: Arc<Mutex<Tree>>,
}

#[derive(Debug, Default)]
struct Tree {
    nodes: BTreeMap<String, Arc<Data>>,
    /// How often it has changed. 0: it was never read.
    changes: u64,
    /// Why it does not change any more.
    end: Option<Error>,
    wakers: Wakers,
}

impl Cache {
    /// Begins to follow the node at this path, which need not be there, and all below it.
    pub fn new(client: &Client, path: &str) -> Cache {
        let tree = Arc::new(Mutex::new(Tree::default()));
        let follower =
            Follower { tree: Arc::downgrade(&tree), client: client.follower(), root: path.to_owned() };
        if client.shared().is_forked() {
            follower.end(Error::Forked);
        } else {
            client.shared().spawn(follower.follow());
        }
        Cache { tree }
    }

    /// A node's data and record, if the node is there.
    pub fn get(&self, path: &str) -> Option<Arc<Data>> {
        self.lock().nodes.get(path).cloned()
    }

    /// The names of a node's children, sorted.
    pub fn children(&self, path: &str) -> Vec<String> {
        let start = child(path, "");
        let tree = self.lock();
        let below = tree.nodes.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        let names = below.filter_map(|(path, _)| path.strip_prefix(&start));
        names.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned).collect()
    }

    /// Waits until there were more than `seen` changes, and tells how many. After 0, it waits until the subtree was read.
    ///
    /// # Errors
    /// If it will not change any more: the session is over, or the server refuses.
    pub fn changed(&self, seen: u64) -> impl Future<Output = Result<u64, Error>> + Send + use<> {
        Changed { tree: Arc::clone(&self.tree), seen, slot: None }
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        lock(&self.tree)
    }
}

/// Waits for more changes than were seen.
struct Changed {
    tree: Arc<Mutex<Tree>>,
    seen: u64,
    slot: Option<u64>,
}

impl Future for Changed {
    type Output = Result<u64, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<u64, Error>> {
        let this = &mut *self;
        let mut tree = lock(&this.tree);
        if tree.changes > this.seen {
            return Poll::Ready(Ok(tree.changes));
        }
        if let Some(error) = tree.end.clone() {
            return Poll::Ready(Err(error));
        }
        tree.wakers.keep(&mut this.slot, context.waker());
        Poll::Pending
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        lock(&self.tree).wakers.forget(self.slot);
    }
}

fn lock(tree: &Mutex<Tree>) -> MutexGuard<'_, Tree> {
    tree.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What keeps a tree up to date. It doesn't keep the tree.
struct Follower {
    tree: std::sync::Weak<Mutex<Tree>>,
    client: Client,
    root: String,
}

impl Follower {
    async fn follow(self) {
        if let Err(error) = self.follow_until_it_fails().await {
            self.end(error);
        }
    }

    async fn follow_until_it_fails(&self) -> Result<(), Error> {
        let client = &self.client;
        let mode = AddWatchMode::PersistentRecursive;
        let ((), mut watch) = persist(client, || client.follow(&self.root, mode)).await?;
        self.read_all().await?;
        // Who waits for nothing is not asked whether it is still wanted, so that is asked at each event.
        while let Some(notices) = self.notices(&mut watch).await {
            let mut changed = BTreeSet::new();
            let mut missed = false;
            for notice in notices {
                match notice {
                    Notice::Missed => missed = true,
                    Notice::Event(event) if event.kind == EventKind::PersistentWatchRemoved => {
                        return Err(Error::Refused { code: ErrorCode::NoWatcher, path: Some(event.path) });
                    }
                    Notice::Event(event) => drop(changed.insert(event.path)),
                }
            }
            if missed {
                self.read_all().await?;
            } else {
                self.read(changed.into_iter().collect()).await?;
            }
        }
        Err(Error::Over(client.state()))
    }

    /// Waits for notices, and takes all that are there. `None`: there will be none, or nobody wants them.
    async fn notices(&self, watch: &mut Watch) -> Option<Vec<Notice>> {
        let mut notices = vec![watch.notice().await?];
        self.tree.upgrade()?;
        notices.extend(std::iter::from_fn(|| watch.try_notice()));
        Some(notices)
    }

    /// Reads the whole subtree anew.
    async fn read_all(&self) -> Result<(), Error> {
        let mut nodes = BTreeMap::new();
        let mut level = vec![self.root.clone()];
        while !level.is_empty() {
            let data = read_each(&self.client, &level, |path| self.client.get_data(path)).await?;
            let listings = read_each(&self.client, &level, |path| self.client.children(path)).await?;
            let mut next = Vec::new();
            for (path, (data, listing)) in level.into_iter().zip(data.into_iter().zip(listings)) {
                // A node that has gone meanwhile has an event waiting.
                let (Some(data), Some(listing)) = (data, listing) else { continue };
                next.extend(listing.names.iter().map(|name| child(&path, name)));
                nodes.insert(path, Arc::new(data));
            }
            level = next;
        }
        self.change(|tree| tree.nodes = nodes);
        Ok(())
    }

    /// Reads nodes anew.
    async fn read(&self, paths: Vec<String>) -> Result<(), Error> {
        let found = read_each(&self.client, &paths, |path| self.client.get_data(path)).await?;
        self.change(|tree| {
            for (path, data) in paths.into_iter().zip(found) {
                match data {
                    Some(data) => drop(tree.nodes.insert(path, Arc::new(data))),
                    None => drop(tree.nodes.remove(&path)),
                }
            }
        });
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Tree)) {
        let Some(tree) = self.tree.upgrade() else { return };
        let mut tree = lock(&tree);
        change(&mut tree);
        tree.changes += 1;
        let wakers = tree.wakers.take();
        drop(tree);
        wakers.for_each(Waker::wake);
    }

    fn end(&self, error: Error) {
        let Some(tree) = self.tree.upgrade() else { return };
        let mut tree = lock(&tree);
        tree.end.get_or_insert(error);
        let wakers = tree.wakers.take();
        drop(tree);
        wakers.for_each(Waker::wake);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Nobody drives the session any more.
        self.end(Error::Over(self.client.state()));
    }
}
