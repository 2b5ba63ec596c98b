//! What the tests share: a model of the log that knows nothing of files, and a small random generator.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod built;

use std::collections::BTreeMap;
use std::sync::Arc;

use trellis_wal::testing::MemDisk;
use trellis_wal::{LogId, Options, Recovered, Wal, WalError};

/// The smallest segments, so that a few records fill one.
pub(crate) const OPTIONS: Options = Options { segment_bytes: 8 << 10, salt_seed: 7 };

/// Where frames begin in a segment, and what each costs besides its payload.
pub(crate) const SEGMENT_HEAD_BYTES: usize = 4096;
pub(crate) const FRAME_HEAD_BYTES: usize = 48;

/// The manifest is two copies of this size.
pub(crate) const MANIFEST_COPY_BYTES: usize = 4096;

/// The log id that all tests use for an index: the term rises now and then.
pub(crate) fn id(index: u64) -> LogId {
    LogId { term: 1 + index / 10, node: index / 10 % 3, index }
}

/// The name of a segment's file.
pub(crate) fn segment_name(number: u64) -> String {
    format!("segment-{number:020}")
}

/// Appends entries of `length` bytes until the log changes to another segment; returns how many.
pub(crate) fn fill_segment(wal: &mut Wal, length: usize) -> u64 {
    let segment = *wal.segment_numbers().end();
    let mut index = wal.last().map_or(0, |last| last.index + 1);
    let first = index;
    while *wal.segment_numbers().end() == segment {
        wal.append_entry(id(index), &[&vec![3; length]]).expect("an append");
        index += 1;
    }
    index - first
}

pub(crate) fn open(disk: &MemDisk) -> Result<(Wal, Recovered), WalError> {
    Wal::open(Arc::new(disk.clone()), OPTIONS)
}

/// What a disk holds, to see that nothing was changed.
pub(crate) fn files(disk: &MemDisk) -> BTreeMap<String, Vec<u8>> {
    let names = trellis_wal::Disk::list(disk).expect("the list of files");
    names.into_iter().map(|name| (name.clone(), disk.contents(&name).expect("the file"))).collect()
}

/// What can be said to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Entry(LogId, Vec<u8>),
    Vote(Vec<u8>),
    TruncateAfter(Option<u64>),
    Purge(LogId),
}

/// What a log holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) vote: Option<Vec<u8>>,
    pub(crate) purged: Option<LogId>,
    pub(crate) entries: BTreeMap<u64, (LogId, Vec<u8>)>,
}

impl State {
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Entry(id, payload) => {
                self.entries.insert(id.index, (*id, payload.clone()));
            }
            Record::Vote(vote) => self.vote = Some(vote.clone()),
            Record::TruncateAfter(after) => self.entries.retain(|index, _| Some(*index) <= *after),
            Record::Purge(id) => {
                self.purged = self.purged.max(Some(*id));
                self.entries.retain(|index, _| *index > id.index);
            }
        }
    }

    pub(crate) fn next_index(&self) -> u64 {
        let last = self.entries.keys().next_back().copied().max(self.purged.map(|id| id.index));
        last.map_or(0, |last| last + 1)
    }

    /// Everything that can be read from a log.
    pub(crate) fn of(wal: &Wal) -> State {
        let first = wal.first_index();
        let entries = wal.read(first..u64::MAX, u64::MAX).expect("readable entries");
        for (position, entry) in entries.iter().enumerate() {
            assert_eq!(entry.id.index, first + position as u64, "entries are consecutive");
            assert_eq!(wal.log_id(entry.id.index), Some(entry.id));
        }
        let last = entries.last().map(|entry| entry.id).or(wal.last_purged());
        assert_eq!(wal.last(), last);
        let entries = entries.into_iter().map(|entry| (entry.id.index, (entry.id, entry.payload.to_vec())));
        State { vote: wal.vote().map(<[u8]>::to_vec), purged: wal.last_purged(), entries: entries.collect() }
    }
}

/// What a log was told, and how much of it must survive a crash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    base: State,
    records: Vec<Record>,
    /// How many of the records were reported safe.
    pub(crate) safe: usize,
    /// How many of the records were written, so that they survive the end of the process.
    pub(crate) written: usize,
}

impl Model {
    pub(crate) fn state(&self) -> State {
        let mut state = self.base.clone();
        self.records.iter().for_each(|record| state.apply(record));
        state
    }

    pub(crate) fn told(&self) -> usize {
        self.records.len()
    }

    /// Tells the log and the model. The model takes note first: what fails may still have been done.
    pub(crate) fn tell(&mut self, wal: &mut Wal, record: Record) -> Result<(), WalError> {
        self.records.push(record);
        let record = &self.records[self.records.len() - 1];
        let told = match record {
            Record::Entry(id, payload) => {
                let middle = payload.len() / 2;
                wal.append_entry(*id, &[&payload[..middle], &payload[middle..]])
            }
            Record::Vote(vote) => wal.save_vote(vote),
            Record::TruncateAfter(after) => wal.truncate_after(*after),
            Record::Purge(id) => wal.purge(*id).map(|_removed| wal.position()),
        };
        if told.as_ref().is_err_and(WalError::lacks_file) {
            self.records.pop();
        }
        told.map(|_| ())
    }

    pub(crate) fn sync(&mut self, wal: &mut Wal) -> Result<(), WalError> {
        wal.sync()?;
        self.written = self.records.len();
        self.safe = self.records.len();
        Ok(())
    }

    /// The log was opened again: it must hold what the first `least` records made, or a few more, in order and
    /// nothing else. From then on, all that it holds is safe.
    pub(crate) fn check_reopened(&mut self, wal: &Wal, least: usize) {
        let found = State::of(wal);
        let mut state = self.base.clone();
        let mut matching = false;
        for count in 0..=self.records.len() {
            matching |= count >= least && state == found;
            if let Some(record) = self.records.get(count) {
                state.apply(record);
            }
        }
        assert!(
            matching,
            "what was found is no part of what was told: {} records, {least} of them safe\nfound {found:?}\ntold {:?}",
            self.records.len(),
            self.records
        );
        *self = Model { base: found, ..Model::default() };
    }
}

/// The generator splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % end
    }

    pub(crate) fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.below(256)).expect("a byte")).collect()
    }
}
