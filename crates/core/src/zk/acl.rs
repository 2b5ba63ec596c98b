//! Access control lists and identities as bytes, as the log carries them and the tree keeps them.
//!
//! ```text
//! list        entry after entry: permissions u32, scheme u32 + bytes, id u32 + bytes
//! identities  one after the other: scheme u32 + bytes, id u32 + bytes
//! ```
//!
//! Numbers are little-endian. What entries mean is decided in `access.rs`.

use std::borrow::Cow;
use std::fmt;

/// What an entry of an access control list permits, as bits. Bits without a meaning are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permissions(pub u32);

impl Permissions {
    /// To read data, and to list children.
    pub const READ: Permissions = Permissions(1);
    /// To set data.
    pub const WRITE: Permissions = Permissions(2);
    /// To create children.
    pub const CREATE: Permissions = Permissions(4);
    /// To delete children.
    pub const DELETE: Permissions = Permissions(8);
    /// To set the access control list, and to see it unmasked.
    pub const ADMIN: Permissions = Permissions(16);
    /// All of them.
    pub const ALL: Permissions = Permissions(31);

    /// Whether at least one of `wanted` is among these.
    #[must_use]
    pub const fn permits_any(self, wanted: Permissions) -> bool {
        self.0 & wanted.0 != 0
    }
}

/// An entry of an access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry<'a> {
    /// What it permits.
    pub permissions: Permissions,
    /// How `id` is to be understood: `world`, `ip`, `digest` or, in requests, `auth`.
    pub scheme: &'a str,
    /// To whom.
    pub id: Cow<'a, str>,
}

/// An access control list in its encoded form, well-formed but not necessarily meaningful.
///
/// ```
/// use trellis_core::zk::{Acl, Permissions};
///
/// let bytes = Acl::encode([(Permissions::READ, "ip", "10.0.0.0/8")]);
/// let acl = Acl::decode(&bytes).expect("what was just encoded is well-formed");
/// assert_eq!(acl.entries().next().map(|entry| entry.scheme), Some("ip"));
/// assert!(Acl::decode(b"lies").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Acl<'a>(&'a [u8]);

/// `OPEN` in its encoded form.
const OPEN_BYTES: &[u8] = b"\x1f\0\0\0\x05\0\0\0world\x06\0\0\0anyone";

impl<'a> Acl<'a> {
    /// Everybody may do everything.
    pub const OPEN: Acl<'static> = Acl(OPEN_BYTES);

    /// Everybody may read.
    pub const READ: Acl<'static> = Acl(b"\x01\0\0\0\x05\0\0\0world\x06\0\0\0anyone");

    /// Encodes a list of (permissions, scheme, id).
    ///
    /// # Panics
    ///
    /// If a scheme or an id has 4 GiB or more.
    #[must_use]
    pub fn encode<'b>(entries: impl IntoIterator<Item = (Permissions, &'b str, &'b str)>) -> Vec<u8> {
        let mut out = Vec::new();
        for (permissions, scheme, id) in entries {
            out.extend_from_slice(&permissions.0.to_le_bytes());
            put_str(scheme, &mut out);
            put_str(id, &mut out);
        }
        out
    }

    /// Takes the encoded form, if it is well-formed. An empty list is; requests with one are refused later.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            take_entry(&mut rest)?;
        }
        Some(Acl(bytes))
    }

    /// Takes the encoded form of a list that was well-formed when it came.
    pub(super) fn known(bytes: &'a [u8]) -> Self {
        Acl(bytes)
    }

    /// The encoded form.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The entries in their order.
    pub fn entries(self) -> impl Iterator<Item = AclEntry<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || take_entry(&mut rest))
    }
}

/// An access control list as it is shown to somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShownAcl<'a> {
    pub(super) acl: Acl<'a>,
    /// Whether the secrets of digests are left out.
    pub(super) masked: bool,
}

impl<'a> ShownAcl<'a> {
    /// The entries in their order.
    pub fn entries(self) -> impl Iterator<Item = AclEntry<'a>> {
        self.acl.entries().map(move |entry| if self.masked { entry.masked() } else { entry })
    }
}

impl AclEntry<'_> {
    /// The same with an `x` in place of a digest.
    fn masked(self) -> Self {
        match self.id.split_once(':') {
            Some((user, _)) if self.scheme == "digest" => AclEntry { id: format!("{user}:x").into(), ..self },
            _ => self,
        }
    }
}

/// Who asks: pairs of scheme and id in their encoded form, well-formed. The scheme `super` may do everything.
///
/// ```
/// use trellis_core::zk::Identities;
///
/// let bytes = Identities::encode([("ip", "127.0.0.1"), ("digest", "bob:2jmj7l5rSw0yVb/vlWAYkK/YBwk=")]);
/// let identities = Identities::decode(&bytes).expect("what was just encoded is well-formed");
/// assert_eq!(identities.pairs().count(), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identities<'a>(&'a [u8]);

impl<'a> Identities<'a> {
    /// Nobody in particular.
    pub const NONE: Identities<'static> = Identities(&[]);

    /// Encodes pairs of scheme and id.
    ///
    /// # Panics
    ///
    /// If a scheme or an id has 4 GiB or more.
    #[must_use]
    pub fn encode<'b>(pairs: impl IntoIterator<Item = (&'b str, &'b str)>) -> Vec<u8> {
        let mut out = Vec::new();
        for (scheme, id) in pairs {
            put_str(scheme, &mut out);
            put_str(id, &mut out);
        }
        out
    }

    /// Takes the encoded form, if it is well-formed.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            take_pair(&mut rest)?;
        }
        Some(Identities(bytes))
    }

    /// The encoded form.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The pairs of scheme and id, in their order.
    pub fn pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.0;
        std::iter::from_fn(move || take_pair(&mut rest))
    }
}

/// [`Identities`] that are kept, and well-formed whenever they are needed again.
///
/// ```
/// use trellis_core::zk::KeptIdentities;
///
/// let kept = KeptIdentities::new([("ip", "127.0.0.1")]);
/// assert!(kept.get().pairs().eq([("ip", "127.0.0.1")]));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeptIdentities(Box<[u8]>);

impl KeptIdentities {
    /// Keeps pairs of scheme and id.
    ///
    /// # Panics
    ///
    /// If a scheme or an id has 4 GiB or more.
    #[must_use]
    pub fn new<'b>(pairs: impl IntoIterator<Item = (&'b str, &'b str)>) -> Self {
        KeptIdentities(Identities::encode(pairs).into())
    }

    /// The identities.
    #[must_use]
    pub fn get(&self) -> Identities<'_> {
        Identities(&self.0)
    }
}

impl From<Identities<'_>> for KeptIdentities {
    fn from(identities: Identities<'_>) -> Self {
        KeptIdentities(identities.bytes().into())
    }
}

impl fmt::Debug for KeptIdentities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(formatter)
    }
}

impl fmt::Debug for Acl<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.entries()).finish()
    }
}

impl fmt::Debug for ShownAcl<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.entries()).finish()
    }
}

impl fmt::Debug for Identities<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.pairs()).finish()
    }
}

fn put_str(text: &str, out: &mut Vec<u8>) {
    let len = u32::try_from(text.len()).expect("a name of 4 GiB");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn take_entry<'a>(rest: &mut &'a [u8]) -> Option<AclEntry<'a>> {
    let permissions = Permissions(take_number(rest)?);
    let (scheme, id) = take_pair(rest)?;
    Some(AclEntry { permissions, scheme, id: Cow::Borrowed(id) })
}

fn take_pair<'a>(rest: &mut &'a [u8]) -> Option<(&'a str, &'a str)> {
    Some((take_str(rest)?, take_str(rest)?))
}

fn take_str<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = take_number(rest)?;
    let (text, behind) = rest.split_at_checked(len as usize)?;
    *rest = behind;
    std::str::from_utf8(text).ok()
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (number, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_list_is_what_it_says() {
        assert_eq!(Acl::OPEN.bytes(), Acl::encode([(Permissions::ALL, "world", "anyone")]));
        assert_eq!(Acl::READ.bytes(), Acl::encode([(Permissions::READ, "world", "anyone")]));
    }

    #[test]
    fn lists_that_are_cut_or_lie_are_refused() {
        let bytes =
            Acl::encode([(Permissions::READ, "digest", "a:b"), (Permissions(u32::MAX), "ip", "1.2.3.4")]);
        let first = Acl::encode([(Permissions::READ, "digest", "a:b")]).len();
        for end in 0..bytes.len() {
            assert_eq!(Acl::decode(&bytes[..end]).is_some(), end == 0 || end == first, "cut at {end}");
        }
        let mut lies = bytes.clone();
        lies[4] = 255;
        assert!(Acl::decode(&lies).is_none());
        let mut not_text = bytes;
        not_text[8] = 255;
        assert!(Acl::decode(&not_text).is_none());
        assert!(Identities::decode(b"\x01\0\0\0a").is_none());
    }
}
