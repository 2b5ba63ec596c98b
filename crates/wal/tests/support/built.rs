//! A small log on a disk in memory, and what the test itself knows of each of its bytes: which record made it, and
//! what was synced when. None of it is asked of the code under test, but the places of the records.
#![allow(dead_code, reason = "each test program uses a part of it")]

use trellis_wal::Wal;
use trellis_wal::testing::MemDisk;

use crate::support::{Model, Record, SEGMENT_HEAD_BYTES, State, id, open};

/// What payloads consist of: no zeros, and no period that a frame's size is a multiple of.
const PATTERN: &[u8; 13] = b"some payload ";

/// A log, closed.
pub(crate) struct Built {
    pub(crate) disk: MemDisk,
    pub(crate) frames: Vec<Frame>,
    records: Vec<Record>,
    pub(crate) first_segment: u64,
    pub(crate) last_segment: u64,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) segment: u64,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Up to where the segment had been synced when this was appended.
    pub(crate) synced: usize,
}

struct Builder {
    wal: Wal,
    model: Model,
    built: Built,
    segment: u64,
    synced: usize,
}

impl Builder {
    fn tell(&mut self, record: Record) {
        let before = self.wal.position();
        self.built.records.push(record.clone());
        self.model.tell(&mut self.wal, record).expect("a record that fits");
        let after = self.wal.position();
        let mut start = usize::try_from(before.offset).expect("a small offset");
        if after.segment != before.segment {
            start = SEGMENT_HEAD_BYTES;
            self.synced = SEGMENT_HEAD_BYTES;
        }
        let end = usize::try_from(after.offset).expect("a small offset");
        self.built.frames.push(Frame { segment: after.segment, start, end, synced: self.synced });
        self.segment = after.segment;
    }

    fn sync(&mut self) {
        self.model.sync(&mut self.wal).expect("a sync");
        self.synced = usize::try_from(self.wal.position().offset).expect("a small offset");
    }
}

impl Built {
    /// Segments 2 to 4 of a log whose first one was purged; the last lies in a recycled file, behind whose records
    /// those of segment 1 are left. A spare file is there, too, with the name of segment 5. The last records were never synced, those before were in several steps.
    pub(crate) fn new() -> Built {
        let disk = MemDisk::new();
        let (wal, _) = open(&disk).expect("an empty log");
        let built =
            Built { disk, frames: Vec::new(), records: Vec::new(), first_segment: 0, last_segment: 0 };
        let mut builder =
            Builder { wal, model: Model::default(), built, segment: 1, synced: SEGMENT_HEAD_BYTES };
        let mut index = 0;
        let mut entry = |builder: &mut Builder, length: usize| {
            let payload = (0..length).map(|position| PATTERN[(position + length) % PATTERN.len()]).collect();
            builder.tell(Record::Entry(id(index), payload));
            index += 1;
        };

        builder.tell(Record::Vote(b"the first vote".to_vec()));
        while builder.segment < 3 {
            entry(&mut builder, 331);
        }
        entry(&mut builder, 0);
        builder.tell(Record::Purge(id(9)));
        builder.sync();
        while builder.segment < 4 {
            entry(&mut builder, 403);
        }
        builder.sync();
        entry(&mut builder, 100);
        builder.tell(Record::Vote(b"the last vote".to_vec()));
        builder.sync();
        entry(&mut builder, 57);
        entry(&mut builder, 8);
        builder.sync();
        // From here on, nothing is proved by a later record.
        entry(&mut builder, 61);
        entry(&mut builder, 70);
        entry(&mut builder, 130);
        builder.wal.flush().expect("a flush");
        let spare = builder.wal.spare_wanted().expect("none is left").run();
        builder.wal.supply_spare(spare).expect("a spare");

        let Builder { wal, mut built, .. } = builder;
        (built.first_segment, built.last_segment) = wal.segment_numbers().into_inner();
        assert_eq!((built.first_segment, built.last_segment), (2, 4), "the log has the intended shape");
        assert!(built.disk.contents(&Built::name_of(5)).is_some(), "there is a spare");
        built
    }

    /// What the log holds after its first `count` records.
    pub(crate) fn state_after(&self, count: usize) -> State {
        let mut state = State::default();
        self.records[..count].iter().for_each(|record| state.apply(record));
        state
    }

    /// Where the records of a segment end.
    pub(crate) fn end_of(&self, segment: u64) -> usize {
        let ends = self.frames.iter().filter(|frame| frame.segment == segment).map(|frame| frame.end);
        ends.max().unwrap_or(SEGMENT_HEAD_BYTES)
    }

    /// The record to which the byte belongs, if any.
    pub(crate) fn frame_at(&self, segment: u64, position: usize) -> Option<usize> {
        let holds = |frame: &Frame| frame.segment == segment && (frame.start..frame.end).contains(&position);
        self.frames.iter().position(holds)
    }

    /// The segment with that file.
    pub(crate) fn number_of(name: &str) -> u64 {
        let digits = name.strip_prefix("segment-").unwrap_or_else(|| panic!("{name} is not expected"));
        digits.parse().expect("a number")
    }

    /// The segment's file.
    pub(crate) fn name_of(segment: u64) -> String {
        format!("segment-{segment:020}")
    }
}
