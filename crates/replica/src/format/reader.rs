//! Takes little-endian values off the front of a slice, never reading past its end.

use std::ops::RangeInclusive;

use trellis_core::zk::Acl;

use crate::types::Membership;

/// Bytes that this version of trellis can't have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatError {
    /// The bytes end inside a value.
    #[error("the bytes end inside a value")]
    Truncated,
    /// The first byte names a version that this program doesn't know.
    #[error("format version {0} is not known to this version of trellis; it was written by a newer one")]
    Version(u8),
    /// A tag names no variant.
    #[error("{0} is no {1}")]
    Tag(u8, &'static str),
    /// A name isn't UTF-8.
    #[error("a name is not UTF-8")]
    Name,
    /// A number stands for no error of ZooKeeper's protocol.
    #[error("{0} is no error of ZooKeeper's protocol")]
    ErrorCode(i32),
    /// An access control list isn't one.
    #[error("the bytes of an access control list are none")]
    Acl,
    /// Somebody's identities aren't any.
    #[error("the bytes of somebody's identities are none")]
    Identities,
    /// A cluster membership that openraft refuses.
    #[error("a membership names a voter that is no node")]
    Membership,
}

impl From<FormatError> for std::io::Error {
    fn from(error: FormatError) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// A cursor over bytes.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], FormatError> {
        let (front, rest) = self.0.split_at_checked(count).ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(front)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (front, rest) = self.0.split_first_chunk::<N>().ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(*front)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, FormatError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, FormatError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, FormatError> {
        self.array().map(i64::from_le_bytes)
    }

    /// Bytes behind a length of four bytes.
    pub(crate) fn long_bytes(&mut self) -> Result<&'a [u8], FormatError> {
        let length = self.u32()? as usize;
        self.bytes(length)
    }

    /// A string behind a length of one byte.
    pub(crate) fn short_str(&mut self) -> Result<&'a str, FormatError> {
        let length = usize::from(self.u8()?);
        std::str::from_utf8(self.bytes(length)?).map_err(|_| FormatError::Name)
    }

    /// A string behind a length of four bytes.
    pub(crate) fn long_str(&mut self) -> Result<&'a str, FormatError> {
        std::str::from_utf8(self.long_bytes()?).map_err(|_| FormatError::Name)
    }

    /// An access control list behind a length of four bytes.
    pub(crate) fn acl(&mut self) -> Result<Acl<'a>, FormatError> {
        Acl::decode(self.long_bytes()?).ok_or(FormatError::Acl)
    }

    pub(crate) fn expect_version(&mut self, known: RangeInclusive<u8>) -> Result<u8, FormatError> {
        match self.u8()? {
            version if known.contains(&version) => Ok(version),
            version => Err(FormatError::Version(version)),
        }
    }

    pub(crate) fn membership(&mut self) -> Result<Membership, FormatError> {
        let mut configs = Vec::new();
        for _ in 0..self.u8()? {
            let mut voters = std::collections::BTreeSet::new();
            for _ in 0..self.u16()? {
                voters.insert(self.u64()?);
            }
            configs.push(voters);
        }
        let mut nodes = std::collections::BTreeMap::new();
        for _ in 0..self.u16()? {
            let id = self.u64()?;
            nodes.insert(id, openraft::impls::BasicNode::new(self.long_str()?));
        }
        Membership::new(configs, nodes).map_err(|_| FormatError::Membership)
    }
}
