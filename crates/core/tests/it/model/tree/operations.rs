//! What operations do, one after the other.

use trellis_core::zk::{CreateMode, Error, EventKind, Op, OpResult, Stat};

use super::{Asker, Entry, Node, Tree, split};

impl Tree {
    /// Carries out all operations or none. An error comes with the index of the one that failed.
    pub(super) fn multi<'a>(
        &mut self,
        asker: &Asker,
        ops: &[Op<'a>],
    ) -> Result<Vec<OpResult<'a>>, (Error, usize)> {
        let before = self.clone();
        let (mut results, mut excesses, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for (index, op) in ops.iter().enumerate() {
            let old = match op {
                Op::Delete { path, .. } if self.nodes.contains_key(*path) => self.ids(path),
                _ => (0, 0),
            };
            match self.op(asker, op, &mut excesses) {
                Ok(result) => {
                    ids.push(match (&result, op) {
                        (OpResult::Created { path, .. }, _) => self.ids(path),
                        (OpResult::DataSet { .. }, Op::SetData { path, .. }) => (self.nodes[*path].id, 0),
                        _ => old,
                    });
                    results.push(result);
                }
                Err(error) => {
                    *self = Tree { births: self.births, made: self.made, ..before };
                    return Err((error, index));
                }
            }
        }
        self.out.extend(excesses);
        for ((op, result), ids) in ops.iter().zip(&results).zip(ids) {
            match (op, result) {
                (_, OpResult::Created { path, .. }) => self.tell_family(EventKind::Created, path, ids),
                (Op::Delete { path, .. }, _) => self.tell_family(EventKind::Deleted, path, ids),
                (Op::SetData { path, .. }, _) => self.tell(EventKind::DataChanged, path, ids.0),
                _ => {}
            }
        }
        Ok(results)
    }

    fn op<'a>(
        &mut self,
        asker: &Asker,
        op: &Op<'a>,
        excesses: &mut Vec<String>,
    ) -> Result<OpResult<'a>, Error> {
        match *op {
            Op::Create { .. } => self.create(asker, op, excesses),
            Op::Delete { path, version } => {
                let place = path.rfind('/').filter(|_| !path.contains('\0')).ok_or(Error::BadArguments)?;
                if ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"].contains(&path) {
                    return Err(Error::BadArguments);
                }
                asker.demand(self.nodes.get(named(&path[..place])).ok_or(Error::NoNode)?, 8)?;
                let node = self.nodes.get(path).ok_or(Error::NoNode)?;
                demand_version(node.version, version)?;
                if !node.children.is_empty() {
                    return Err(Error::NotEmpty);
                }
                self.remove(path);
                Ok(OpResult::Deleted)
            }
            Op::SetData { path, data, version } => {
                let node = self.valid(path)?;
                asker.demand(node, 2)?;
                let (old_version, more) = (node.version, size(data) - size(node.data.as_deref()));
                self.demand_quota(asker, path, 0, more, excesses)?;
                demand_version(old_version, version)?;
                let (zxid, now) = (self.zxid, self.now);
                let node = self.nodes.get_mut(path).expect("it was found");
                node.data = data.map(<[u8]>::to_vec);
                (node.version, node.mzxid, node.mtime) = (node.version + 1, zxid, now / 1000);
                let stat = self.stat(path);
                self.count(path, 0, more);
                Ok(OpResult::DataSet { stat })
            }
            Op::SetAcl { path, acl, version } => {
                validate(path)?;
                let acl = asker.resolve(acl)?;
                let node = self.nodes.get_mut(path).ok_or(Error::NoNode)?;
                asker.demand(node, 16)?;
                demand_version(node.aversion, version)?;
                (node.acl, node.aversion) = (acl, node.aversion + 1);
                Ok(OpResult::AclSet { stat: self.stat(path) })
            }
            Op::Check { path, version } => {
                let node = self.valid(path)?;
                asker.demand(node, 1)?;
                demand_version(node.version, version)?;
                Ok(OpResult::Checked)
            }
            Op::Refuse { error } => Err(error),
        }
    }

    fn create<'a>(
        &mut self,
        asker: &Asker,
        op: &Op<'a>,
        excesses: &mut Vec<String>,
    ) -> Result<OpResult<'a>, Error> {
        let Op::Create { path, data, acl, mode, sequential, want_stat } = *op else { unreachable!() };
        let valid_ttl = |ttl_ms| (1..1i64 << 40).contains(&ttl_ms);
        if matches!(mode, CreateMode::Ttl { ttl_ms } if !valid_ttl(ttl_ms)) {
            return Err(Error::BadArguments);
        }
        let place = path.rfind('/').filter(|_| !path.contains('\0')).ok_or(Error::BadArguments)?;
        let acl = asker.resolve(acl)?;
        let parent = self.nodes.get(named(&path[..place])).ok_or(Error::NoNode)?;
        asker.demand(parent, 4)?;
        let count = parent.creates;
        let full = if sequential { format!("{path}{count:010}") } else { path.to_owned() };
        validate(&full)?;
        if self.nodes.contains_key(&full) {
            return Err(Error::NodeExists);
        }
        if parent.owner != 0 {
            return Err(Error::NoChildrenForEphemerals);
        }
        self.demand_quota(asker, &full, 1, size(data), excesses)?;
        self.insert(&full, data, acl, mode, asker.session);
        let stat = want_stat.then(|| self.stat(&full));
        self.fill_stats(&full);
        self.count(&full, 1, size(data));
        Ok(OpResult::Created { path: full.into(), stat })
    }

    pub(super) fn new_node(
        &mut self,
        data: Option<&[u8]>,
        acl: Vec<Entry>,
        mode: CreateMode,
        session: i64,
    ) -> Node {
        self.made += 1;
        Node {
            id: self.made,
            data: data.map(<[u8]>::to_vec),
            acl,
            czxid: self.zxid,
            mzxid: self.zxid,
            pzxid: self.zxid,
            ctime: self.now / 1000,
            mtime: self.now / 1000,
            version: 0,
            aversion: 0,
            creates: 0,
            children: Vec::new(),
            mode,
            owner: if mode == CreateMode::Ephemeral { session } else { 0 },
            birth: self.births,
            alone: matches!(mode, CreateMode::Ttl { .. }).then_some(self.now),
        }
    }

    fn insert(&mut self, path: &str, data: Option<&[u8]>, acl: Vec<Entry>, mode: CreateMode, session: i64) {
        let node = self.new_node(data, acl, mode, session);
        self.births += u64::from(mode != CreateMode::Persistent);
        self.nodes.insert(path.to_owned(), node);
        let (zxid, (parent, name)) = (self.zxid, split(path));
        let parent = self.nodes.get_mut(&parent).expect("it was found");
        (parent.creates, parent.pzxid, parent.alone) = (parent.creates + 1, zxid, None);
        parent.children.push(name);
    }

    /// Removes a znode, and tells its number and its parent's.
    pub(super) fn remove(&mut self, path: &str) -> (u64, u64) {
        let ids = self.ids(path);
        let (zxid, now, (parent, name)) = (self.zxid, self.now, split(path));
        let node = self.nodes.remove(path).expect("it is there");
        let parent = self.nodes.get_mut(&parent).expect("it has children");
        parent.pzxid = zxid;
        parent.children.retain(|child| *child != name);
        if parent.children.is_empty() {
            parent.alone = Some(now);
        }
        self.count(path, -1, -size(node.data.as_deref()));
        self.removed.push(node);
        ids
    }

    fn valid(&self, path: &str) -> Result<&Node, Error> {
        validate(path)?;
        self.nodes.get(path).ok_or(Error::NoNode)
    }

    pub(super) fn stat(&self, path: &str) -> Stat {
        let node = &self.nodes[path];
        let children = i32::try_from(node.children.len()).expect("there are few");
        Stat {
            czxid: node.czxid,
            mzxid: node.mzxid,
            ctime: node.ctime.cast_signed(),
            mtime: node.mtime.cast_signed(),
            version: node.version,
            cversion: 2 * node.creates - children,
            aversion: node.aversion,
            ephemeral_owner: node.owner,
            data_length: i32::try_from(size(node.data.as_deref())).expect("there is little"),
            num_children: children,
            pzxid: node.pzxid,
        }
    }
}

/// The root by its one name.
pub(super) fn named(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

pub(super) fn size(data: Option<&[u8]>) -> i64 {
    data.map_or(0, |data| i64::try_from(data.len()).expect("there is little"))
}

fn demand_version(version: i32, expected: i32) -> Result<(), Error> {
    if expected == -1 || expected == version { Ok(()) } else { Err(Error::BadVersion) }
}

fn validate(path: &str) -> Result<(), Error> {
    let bad_name = |name: &str| ["", ".", ".."].contains(&name) || name.contains('\0') || name.contains('😀');
    let good = path == "/" || path.starts_with('/') && !path[1..].split('/').any(bad_name);
    if good { Ok(()) } else { Err(Error::BadArguments) }
}
