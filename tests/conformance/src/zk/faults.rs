//! Where the real server is known to be wrong, or leaves open what happens. The sequences stay clear of these, so
//! that any difference that is reported is news; trellis' own tests show what it does about each of them.
//!
//! | ZooKeeper 3.8 | trellis | kept out by |
//! |---|---|---|
//! | never answers `check` outside a multi | answers | [`Rules::allow`] |
//! | ends if a `createTTL` has a mode without a time to live, and a negative time | `BadArguments` | [`Rules::allow`] |
//! | ends if `/zookeeper/quota/zookeeper_limits` is created, the limits of `/zookeeper/quota` itself | creates it | the sequences' paths |
//! | finds the watches of all clients in `checkWatches`, for a while also of those that have gone | the client's own | [`Rules::allow`] |
//! | lets the newest kind of watch of a client on a path replace its older kinds there | side by side, as 3.9 | [`Rules::may_watch`] |
//! | checks requests that are sent behind a `setACL` against the old list, or the new one | the new one | [`Rules::may_follow`] |
//! | lets `auth` overtake the requests before it, which then have the new identity, or don't | in order | [`Rules::may_follow`] |
//! | takes a `createContainer` with an ephemeral mode for an ephemeral until it is done, for a container then | a container | [`Rules::may_follow`] |
//! | refuses a multi in which a create other than `createTTL` has a mode for a time to live; requests sent behind it find what was not done, and can end the server | refuses it, too, and nothing is found | [`Rules::may_follow`] |
//! | refuses a `multiRead` of nothing but operations of a multi, and sends an empty list behind the error | refuses it | [`Rules::allow`] |
//! | reckons a hard quota without what the requests sent just before will change | with it | [`Rules::may_follow`] |
//! | reckons a hard quota without what a multi's operations change one after the other | with it | [`Rules::allow`] |
//! | counts the root among the nodes below it, if it is called by an empty path | doesn't | [`Rules::allow`] |
//! | gives characters beyond U+FFFF, which no path can have, back as broken UTF-8 | as they were | [`Rules::allow`] |
//! | refuses whatever is created below a quota whose limits make no sense (`count=x`, `count=`) | takes what makes sense, the rest is no limit | `generate`: they make sense |
//! | gives a null path of `sync` back, and stumbles over the removal of a watch on one | an empty path | `arguments`: no path is null |
//! | looks at the null ids of an access control list when it has looked at the path | before | `arguments`: no id is null |
//! | sends an empty list behind the error of a multi in which a path is null | nothing | `arguments`: no path is null |
//! | leaves out the watches for children in `wchs`, `wchc` and `wchp` | tells all | `words`: there are none |
//! | tells identities in `whoAmI` in the order of a hash table | in the order in which they were shown | `answer`: in order; the tour of `zkCli.sh` has one only |

use fastrand::Rng;

use super::arguments::{NODES, pick};
use super::operation::Operation;
use super::request::{Field, Request};

/// The connection that may ask which watches there are, in sequences in which only it sets any.
const WATCHING: usize = 0;
/// Create modes of nodes with a time to live.
const MODES_WITH_TTL: [i32; 2] = [5, 6];

/// The kinds of watches, of which a path has one only in a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WatchKind {
    /// Those of reads, which fire once.
    Once,
    Persistent,
    Recursive,
}

/// What the requests of a sequence have to keep to.
#[derive(Debug)]
pub(super) struct Rules {
    /// Of each of [`NODES`].
    kinds: Vec<WatchKind>,
    /// Whether only one connection sets watches.
    one_watches: bool,
    /// Whether a part of the tree has a quota.
    pub(super) has_quota: bool,
}

impl Rules {
    pub(super) fn choose(rng: &mut Rng) -> Rules {
        let choices = [WatchKind::Once, WatchKind::Once, WatchKind::Persistent, WatchKind::Recursive];
        let kinds = NODES.iter().map(|_| pick(rng, &choices)).collect();
        Rules { kinds, one_watches: rng.u8(0..4) == 0, has_quota: rng.u8(0..8) == 0 }
    }

    /// Whether a connection may set a watch of this kind on a path.
    pub(super) fn may_watch(&self, connection: usize, path: &str, kind: WatchKind) -> bool {
        let place = NODES.iter().position(|node| *node == path);
        let allowed = place.map_or(WatchKind::Once, |place| self.kinds[place]);
        kind == allowed && (!self.one_watches || connection == WATCHING)
    }

    /// Whether a connection must neither end nor be replaced, since it asks for watches.
    pub(super) fn is_calm(&self, connection: usize) -> bool {
        self.one_watches && connection == WATCHING
    }

    /// Whether a connection may send a request at all.
    pub(super) fn allow(&self, connection: usize, request: &Request) -> bool {
        match request.operation {
            Operation::Check => false,
            Operation::CreateTtl => !kills(&request.fields),
            Operation::MultiRead => {
                request.parts.is_empty()
                    || request.parts.iter().any(|part| part.operation != Operation::Check)
            }
            Operation::Multi => {
                let changes = request.parts.iter().filter(|part| part.operation != Operation::Check);
                !self.has_quota || changes.count() <= 1
            }
            Operation::GetAllChildrenNumber => path(request) != Some(""),
            Operation::Sync => {
                path(request).is_none_or(|path| path.chars().all(|letter| letter <= '\u{ffff}'))
            }
            Operation::CheckWatches => self.is_calm(connection),
            Operation::CloseSession | Operation::Auth | Operation::Sasl => !self.is_calm(connection),
            Operation::AddWatch => match request.fields.as_slice() {
                [Field::Path(path), Field::Int(0)] => self.may_watch(connection, path, WatchKind::Persistent),
                [Field::Path(path), Field::Int(1)] => self.may_watch(connection, path, WatchKind::Recursive),
                _ => true,
            },
            _ => true,
        }
    }

    /// Whether a request may be sent before the ones in front of it have been answered.
    pub(super) fn may_follow(&self, pipeline: &[Request], request: &Request) -> bool {
        let overtakes = |request: &Request| matches!(request.operation, Operation::Auth | Operation::Sasl);
        let is_last = |request: &Request| {
            use Operation::{CloseSession, CreateContainer, SetAcl};
            matches!(request.operation, CloseSession | CreateContainer | SetAcl)
                || request.parts.iter().any(confuses)
        };
        pipeline.is_empty()
            || !self.has_quota
                && !overtakes(request)
                && !pipeline.iter().any(|before| overtakes(before) || is_last(before))
    }
}

fn path(request: &Request) -> Option<&str> {
    match request.fields.first()? {
        Field::Path(path) => Some(path),
        _ => None,
    }
}

/// Whether a part of a multi makes the real server leave traces of the parts before it.
fn confuses(part: &Request) -> bool {
    matches!(part.operation, Operation::Create | Operation::Create2 | Operation::CreateContainer)
        && matches!(part.fields.last(), Some(Field::Int(mode)) if MODES_WITH_TTL.contains(mode))
}

/// Whether a `createTTL` would end the real server.
fn kills(fields: &[Field]) -> bool {
    let mut from_the_end = fields.iter().rev();
    matches!(
        (from_the_end.next(), from_the_end.next()),
        (Some(Field::Long(..0)), Some(Field::Int(mode))) if !MODES_WITH_TTL.contains(mode)
    )
}

#[cfg(test)]
mod tests {
    use super::super::requests;
    use super::*;

    #[test]
    fn only_a_negative_time_without_the_mode_kills() {
        for (mode, ttl, expected) in
            [(5, -1, false), (6, -1, false), (0, 0, false), (0, -1, true), (9, -7, true)]
        {
            let mut create = requests::create_as(Operation::CreateTtl, "~", None, requests::OPEN, mode);
            create.fields.push(Field::Long(ttl));
            assert_eq!(kills(&create.fields), expected, "{create}");
        }
    }
}
