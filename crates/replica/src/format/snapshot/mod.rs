//! A snapshot as bytes: what it is of, then the state's records, as many in a chunk as fit.
//!
//! ```text
//! meta        version u8 = 2, applied u8 { term u64, index u64 }, members u8 { term u64, index u64 }, membership
//! header      1  time next_job next_tube next_arrival next_burial total_jobs job_timeouts tubes connections jobs, u64 each
//! tube        2  number u32, created u64, paused u8 { seconds u32, until u64 }, puts deletes pauses u64, name u8 + bytes
//! connection  3  id u64, used u32, flags u8, { until u64, arrival u64 } if it waits, watched u32 { number u32 }
//! job         4  id u64, tube u32, state u8 { … }, priority delay ttr u32, created u64,
//!                reserves timeouts releases buries kicks u32, body u32 + bytes
//! tree        5  zxid i64, next_birth timers_pause sessions znodes u64
//! session     6  id i64, password 16 bytes, timeout u32, connected u8 { connection u64 }
//! znode       7  number u32, flags u8, { parent u32 }, name { acl } { data }, czxid mzxid pzxid i64, created modified u64,
//!                version cversion aversion sequence i32, lease u8 { … }
//! ```
//!
//! `{ … }` of a job: `holder u64, deadline u64` if reserved, `until u64` if delayed, `number u64` if buried. Of a znode:
//! `session i64, birth u64` if it is ephemeral, `birth u64, due u64` of a container, `birth u64, ttl u64, due u64` if it
//! has a time to live. Its name, list and data each stand behind their length, a `u32`; without a list it has the open
//! one.
//!
//! Version 2 added the records from 5 on; otherwise version 1 is the same, and read as such.

mod tube;
mod zk;

use trellis_core::snapshot::Record;

use super::payload::encode_membership;
use super::{FormatError, Reader};
use crate::types::{LogId, SnapshotMeta, StoredMembership, log_id};

const VERSION_OLDEST: u8 = 1;
const VERSION: u8 = 2;

const HEADER: u8 = 1;
const TUBE: u8 = 2;
const CONNECTION: u8 = 3;
const JOB: u8 = 4;
const TREE: u8 = 5;
const SESSION: u8 = 6;
const ZNODE: u8 = 7;

pub(crate) fn encode_meta(meta: &SnapshotMeta) -> Vec<u8> {
    let mut out = Out(vec![VERSION]);
    out.log_id(meta.last_log_id);
    out.log_id(*meta.last_membership.log_id());
    encode_membership(meta.last_membership.membership(), &mut out.0);
    out.0
}

pub(crate) fn decode_meta(bytes: &[u8]) -> Result<SnapshotMeta, FormatError> {
    let mut reader = Reader(bytes);
    reader.expect_version(VERSION_OLDEST..=VERSION)?;
    let last_log_id = optional_log_id(&mut reader)?;
    let members = optional_log_id(&mut reader)?;
    let last_membership = match members {
        Some(id) => StoredMembership::new(Some(id), reader.membership()?),
        // Before there is a cluster there are no members, which openraft makes by itself alone.
        None => StoredMembership::default(),
    };
    Ok(SnapshotMeta { last_log_id, last_membership })
}

fn optional_log_id(reader: &mut Reader<'_>) -> Result<Option<LogId>, FormatError> {
    if reader.u8()? == 0 {
        return Ok(None);
    }
    let (term, index) = (reader.u64()?, reader.u64()?);
    Ok(Some(log_id(term, index)))
}

/// Little-endian values at the end of a buffer.
struct Out(Vec<u8>);

impl Out {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u32s(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    fn i32s(&mut self, values: &[i32]) {
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    fn i64s(&mut self, values: &[i64]) {
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    fn u64s(&mut self, values: &[u64]) {
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    /// Lists and bodies are bounded far below 4 GiB.
    fn length(&mut self, length: usize) {
        self.u32s(&[u32::try_from(length).expect("a list of more than 2^32 items")]);
    }

    fn long_bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn log_id(&mut self, id: Option<LogId>) {
        self.u8(u8::from(id.is_some()));
        if let Some(id) = id {
            self.u64s(&[id.leader_id.term, id.index]);
        }
    }
}

/// Appends a record to a chunk.
pub(crate) fn encode(record: &Record<'_>, chunk: &mut Vec<u8>) {
    let mut out = Out(std::mem::take(chunk));
    match record {
        Record::Header(header) => tube::encode_header(header, &mut out),
        Record::Tube(tube) => tube::encode_tube(tube, &mut out),
        Record::Connection(connection) => tube::encode_connection(connection, &mut out),
        Record::Job(job) => tube::encode_job(job, &mut out),
        Record::Tree(header) => zk::encode_tree(header, &mut out),
        Record::Session(session) => zk::encode_session(session, &mut out),
        Record::Znode(znode) => zk::encode_znode(znode, &mut out),
    }
    *chunk = out.0;
}

/// Gives the records of a chunk to `sink`, in their order.
pub(crate) fn decode<E: From<FormatError>>(
    chunk: &[u8],
    sink: &mut dyn FnMut(Record<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = Reader(chunk);
    let mut watched = Vec::new();
    while !reader.is_empty() {
        let record = match reader.u8()? {
            HEADER => Record::Header(tube::decode_header(&mut reader)?),
            TUBE => Record::Tube(tube::decode_tube(&mut reader)?),
            CONNECTION => Record::Connection(tube::decode_connection(&mut reader, &mut watched)?),
            JOB => Record::Job(tube::decode_job(&mut reader)?),
            TREE => Record::Tree(zk::decode_tree(&mut reader)?),
            SESSION => Record::Session(zk::decode_session(&mut reader)?),
            ZNODE => Record::Znode(zk::decode_znode(&mut reader)?),
            tag => return Err(FormatError::Tag(tag, "kind of record in a snapshot").into()),
        };
        sink(record)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
