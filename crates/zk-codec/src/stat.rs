//! What is known of a node beside its data.

use crate::jute::{Flaw, Reader};

/// A node's record, 68 bytes on the wire. Times are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// The transaction that created the node.
    pub czxid: i64,
    /// The transaction that changed its data last.
    pub mzxid: i64,
    /// When it was created.
    pub ctime: i64,
    /// When its data was changed last.
    pub mtime: i64,
    /// How often its data was changed.
    pub version: i32,
    /// How often its children were changed.
    pub cversion: i32,
    /// How often its access control list was changed.
    pub aversion: i32,
    /// The session with which it goes, or 0.
    pub ephemeral_owner: i64,
    /// How many bytes of data it has.
    pub data_length: i32,
    /// How many children it has.
    pub num_children: i32,
    /// The transaction that changed its children last.
    pub pzxid: i64,
}

impl Stat {
    pub(crate) const BYTES: usize = 68;

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            czxid: reader.i64()?,
            mzxid: reader.i64()?,
            ctime: reader.i64()?,
            mtime: reader.i64()?,
            version: reader.i32()?,
            cversion: reader.i32()?,
            aversion: reader.i32()?,
            ephemeral_owner: reader.i64()?,
            data_length: reader.i32()?,
            num_children: reader.i32()?,
            pzxid: reader.i64()?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // One array, so that the buffer is asked for room once.
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&self.czxid.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.mzxid.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.ctime.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.mtime.to_be_bytes());
        bytes[32..36].copy_from_slice(&self.version.to_be_bytes());
        bytes[36..40].copy_from_slice(&self.cversion.to_be_bytes());
        bytes[40..44].copy_from_slice(&self.aversion.to_be_bytes());
        bytes[44..52].copy_from_slice(&self.ephemeral_owner.to_be_bytes());
        bytes[52..56].copy_from_slice(&self.data_length.to_be_bytes());
        bytes[56..60].copy_from_slice(&self.num_children.to_be_bytes());
        bytes[60..68].copy_from_slice(&self.pzxid.to_be_bytes());
        out.extend_from_slice(&bytes);
    }
}
