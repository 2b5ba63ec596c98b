//! Who may do what: what the entries of access control lists mean.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::acl::{Acl, Identities, Permissions};
use super::error::Error;
use super::tree::Tree;
use crate::limits::ACL_BYTES_MAX;

/// The scheme and id of an entry for everybody.
const EVERYBODY: (&str, &str) = ("world", "anyone");

impl Tree {
    /// Makes sure that one of these permissions is given to whom asks.
    pub(super) fn demand(
        &self,
        slot: u32,
        wanted: Permissions,
        identities: Identities<'_>,
    ) -> Result<(), Error> {
        let acl = self.nodes.get(slot).acl;
        if self.nodes.acls.world(acl).permits_any(wanted)
            || self.nodes.acls.get(acl).permits(wanted, identities)
        {
            Ok(())
        } else {
            Err(Error::NoAuth)
        }
    }

    /// The list that a znode gets if this one is asked for: without repetitions, and with the asker in place of
    /// `auth`. Refuses one that says nothing, or something that makes no sense.
    pub(super) fn resolve_acl<'a>(
        &self,
        acl: Acl<'a>,
        identities: Identities<'_>,
    ) -> Result<Cow<'a, [u8]>, Error> {
        if acl == Acl::OPEN {
            return Ok(Cow::Borrowed(acl.bytes()));
        }
        let mut seen = BTreeSet::new();
        let mut resolved = Vec::new();
        for entry in acl.entries() {
            let (permissions, scheme, id) = (entry.permissions, entry.scheme, entry.id);
            if !seen.insert((permissions, scheme, id.clone())) {
                continue;
            }
            match scheme {
                "world" if id == "anyone" => resolved.extend(Acl::encode([(permissions, scheme, &*id)])),
                "ip" if is_address_range(&id) => resolved.extend(Acl::encode([(permissions, scheme, &*id)])),
                "digest" if is_digest(&id) => resolved.extend(Acl::encode([(permissions, scheme, &*id)])),
                "auth" => {
                    let own = identities.pairs().filter(|(scheme, _)| *scheme == "digest");
                    let len = resolved.len();
                    resolved.extend(Acl::encode(own.map(|(scheme, id)| (permissions, scheme, id))));
                    if resolved.len() == len {
                        return Err(Error::InvalidAcl);
                    }
                }
                _ => return Err(Error::InvalidAcl),
            }
            if resolved.len() > ACL_BYTES_MAX {
                return Err(Error::InvalidAcl);
            }
        }
        if resolved.is_empty() { Err(Error::InvalidAcl) } else { Ok(Cow::Owned(resolved)) }
    }
}

impl Acl<'_> {
    /// Whether one of the `wanted` permissions is given to whom has these identities.
    #[must_use]
    pub fn permits(self, wanted: Permissions, identities: Identities<'_>) -> bool {
        let is = |scheme: &str, id: &str| {
            let own = identities.pairs().filter(|(own_scheme, _)| *own_scheme == scheme);
            (scheme, id) == EVERYBODY || own.into_iter().any(|(_, own_id)| matches(scheme, own_id, id))
        };
        self.entries().any(|entry| entry.permissions.permits_any(wanted) && is(entry.scheme, &entry.id))
            || identities.pairs().any(|(scheme, _)| scheme == "super")
    }
}

fn matches(scheme: &str, own_id: &str, id: &str) -> bool {
    match scheme {
        "digest" => own_id == id,
        "ip" => match (address(own_id), address_range(id)) {
            (Some(own), Some((address, bits))) => first_bits(own, bits) == first_bits(address, bits),
            _ => false,
        },
        _ => false,
    }
}

/// A user and a hash, with one `:` between them; some more behind them don't hurt.
fn is_digest(id: &str) -> bool {
    let parts = id.trim_end_matches(':');
    parts.split(':').count() == 2
}

fn is_address_range(id: &str) -> bool {
    address_range(id).is_some()
}

/// An address of version 4, and how many of its bits count, which stands behind a `/` unless it is all of them.
fn address_range(id: &str) -> Option<(u32, u32)> {
    let (address_part, bits) = match id.split_once('/') {
        Some((address_part, bits)) => (address_part, small_number(bits, 32)?),
        None => (id, 32),
    };
    Some((address(address_part)?, bits))
}

fn address(text: &str) -> Option<u32> {
    let mut parts = text.split('.');
    let mut address = 0;
    for _ in 0..4 {
        address = address << 8 | small_number(parts.next()?, 255)?;
    }
    if parts.next().is_none() { Some(address) } else { None }
}

/// A number as Java reads one: with a sign, if need be.
fn small_number(text: &str, max: u32) -> Option<u32> {
    let number: i32 = text.parse().ok()?;
    u32::try_from(number).ok().filter(|number| *number <= max)
}

fn first_bits(address: u32, bits: u32) -> u32 {
    address.checked_shr(32 - bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(acl: &[(Permissions, &str, &str)], wanted: Permissions, asker: &[(&str, &str)]) -> bool {
        let (acl, asker) = (Acl::encode(acl.iter().copied()), Identities::encode(asker.iter().copied()));
        Acl::known(&acl).permits(wanted, Identities::decode(&asker).unwrap())
    }

    #[test]
    fn addresses_match_by_their_first_bits() {
        let asker = [("ip", "10.1.2.3")];
        for (id, expected) in [
            ("10.1.2.3", true),
            ("10.1.2.3/32", true),
            ("10.1.2.4", false),
            ("10.1.2.4/29", true),
            ("10.1.9.9/16", true),
            ("10.2.0.0/16", false),
            ("99.0.0.0/0", true),
            ("+10.1.2.3", true),
            ("10.1.2", false),
            ("10.1.2.3.4", false),
            ("10.1.2.3/33", false),
            ("10.1.2.3/", false),
            ("10.1.2.256", false),
        ] {
            let acl = [(Permissions::READ, "ip", id)];
            assert_eq!(may(&acl, Permissions::READ, &asker), expected, "{id}");
            assert!(!may(&acl, Permissions::WRITE, &asker));
            assert!(!may(&acl, Permissions::READ, &[("digest", "10.1.2.3")]));
        }
    }

    #[test]
    fn digests_are_a_user_and_a_hash() {
        for (id, expected) in [
            ("a:b", true),
            (":b", true),
            ("a:b:", true),
            ("a", false),
            ("a:", false),
            ("a:b:c", false),
            ("", false),
            (":", false),
            ("a::b", false),
        ] {
            assert_eq!(is_digest(id), expected, "{id:?}");
        }
        assert!(may(
            &[(Permissions::ALL, "digest", "a:b")],
            Permissions::READ,
            &[("ip", "1.1.1.1"), ("digest", "a:b")]
        ));
        assert!(!may(&[(Permissions::ALL, "digest", "a:b")], Permissions::READ, &[("digest", "a:c")]));
        assert!(may(&[(Permissions::READ, "digest", "a:b")], Permissions::ADMIN, &[("super", "")]));
        assert!(!may(&[(Permissions::ALL, "super", "")], Permissions::ADMIN, &[("ip", "1.1.1.1")]));
    }
}
