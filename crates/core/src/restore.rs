//! Makes a state from the records of a snapshot, or says why they can't be one.
//!
//! What the records say is not trusted: a snapshot that contradicts itself is an error, never a panic, and takes
//! no more memory than its records.

use std::collections::BTreeMap;

use crate::limits::SNAPSHOT_COUNTER_MAX;
use crate::snapshot::{ConnectionRecord, Header, Record, TreeHeader, TubeRecord};
use crate::tube::{JobId, Queue, Wait};
use crate::zk::{Rebuild, SessionId, Tree};
use crate::{ConnectionId, State};

/// Why records are not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The first record must be the header, and znodes need theirs.
    #[error(
        "the snapshot does not begin with its header, or its znodes do not; it is damaged, restore the directory from a copy"
    )]
    HeaderMissing,
    /// There may be only one header.
    #[error("the snapshot has a second header; it is damaged, restore the directory from a copy")]
    HeaderRepeated,
    /// A counter could overflow.
    #[error(
        "the counter {counter} of the snapshot is impossibly large; it is damaged, restore the directory from a copy"
    )]
    CounterTooLarge {
        /// Which.
        counter: &'static str,
    },
    /// The header promised another number of records of a kind.
    #[error(
        "the snapshot should have {expected} {kind} but has {found}; it is incomplete, restore the directory from a copy"
    )]
    CountDiffers {
        /// Records of what.
        kind: &'static str,
        /// How many the header says.
        expected: u64,
        /// How many there were.
        found: u64,
    },
    /// Two tubes have the same number, name or number of creation.
    #[error("the tube {name} is twice in the snapshot; it is damaged, restore the directory from a copy")]
    TubeRepeated {
        /// The second one's name.
        name: Box<str>,
    },
    /// Something refers to a tube that is not there.
    #[error(
        "the snapshot refers to tube {number}, which it does not have; it is damaged, restore the directory from a copy"
    )]
    TubeUnknown {
        /// The number of the tube.
        number: u32,
    },
    /// The tube that always exists is missing, or another one is used by nothing or was not yet made.
    #[error(
        "the tube {name} is impossible in the snapshot, or missing; it is damaged, restore the directory from a copy"
    )]
    TubeImpossible {
        /// The name of the tube.
        name: Box<str>,
    },
    /// A connection is there twice, watches nothing or something twice, or waits although it can't.
    #[error(
        "connection {id:?} is impossible in the snapshot; it is damaged, restore the directory from a copy"
    )]
    ConnectionImpossible {
        /// Which.
        id: ConnectionId,
    },
    /// A job is there twice, has an id that was not yet given away, an impossible TTR or an unknown holder.
    #[error("job {id} is impossible in the snapshot; it is damaged, restore the directory from a copy")]
    JobImpossible {
        /// Which.
        id: JobId,
    },
    /// A connection waits for a job that is ready.
    #[error(
        "tube {name} has ready jobs and waiting connections in the snapshot; it is damaged, restore the directory from a copy"
    )]
    NotServed {
        /// The name of the tube.
        name: Box<str>,
    },
    /// A session is there twice, or has the connection of another one.
    #[error(
        "session {id:#x} is impossible in the snapshot; it is damaged, restore the directory from a copy"
    )]
    SessionImpossible {
        /// Which.
        id: SessionId,
    },
    /// A znode is there twice, or what is said of it can't be.
    #[error("znode {number} is impossible in the snapshot; it is damaged, restore the directory from a copy")]
    ZnodeImpossible {
        /// Its number.
        number: u32,
    },
    /// A znode's parent isn't there, or can't have such a child.
    #[error(
        "znode {number} has no possible parent in the snapshot; it is damaged, restore the directory from a copy"
    )]
    ZnodeLost {
        /// Its number.
        number: u32,
    },
    /// Two znodes with the same parent have the same name.
    #[error(
        "a znode named {name} is twice in the snapshot; it is damaged, restore the directory from a copy"
    )]
    ZnodeRepeated {
        /// Their name.
        name: Box<str>,
    },
    /// A znode that is always there isn't.
    #[error("the znode {path} is missing in the snapshot; it is damaged, restore the directory from a copy")]
    ZnodeMissing {
        /// Its path.
        path: &'static str,
    },
    /// Znodes are each other's ancestors.
    #[error(
        "some znodes of the snapshot are not below its root; it is damaged, restore the directory from a copy"
    )]
    ZnodesUnreachable,
    /// Something was due before the snapshot was made.
    #[error("something is overdue in the snapshot; it is damaged, restore the directory from a copy")]
    Overdue,
}

/// A state in the making. `Restore::new()`, [`Restore::add`] for each record, [`Restore::finish`].
///
/// ```
/// use trellis_core::{Restore, State};
///
/// let mut state = State::new();
/// let mut restore = Restore::new();
/// let mut outcome = Ok(());
/// state.snapshot_begin();
/// while state.snapshot_next(100, 1 << 20, &mut |record| outcome = outcome.clone().and(restore.add(&record))) {}
/// outcome?;
/// let copy = restore.finish()?;
/// assert_eq!(copy.totals(), state.totals());
/// # Ok::<(), trellis_core::RestoreError>(())
/// ```
pub struct Restore {
    seed: u64,
    header: Option<Header>,
    queue: Queue,
    /// Slots by the numbers that tubes have in the snapshot.
    tubes: BTreeMap<u32, u32>,
    /// Connections that wait, by arrival; they join the lines at the end.
    waits: BTreeMap<u64, (u32, Wait)>,
    /// None before the tree's header.
    tree: Option<Rebuild>,
}

impl Default for Restore {
    fn default() -> Self {
        Restore::new()
    }
}

impl Restore {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Restore::seeded(0)
    }

    /// Begins, with a seed as of [`State::seeded`].
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Restore {
            seed,
            header: None,
            queue: Queue::bare(),
            tubes: BTreeMap::new(),
            waits: BTreeMap::new(),
            tree: None,
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// When it is no possible part of a snapshot after the records so far. Then this is to be dropped.
    pub fn add(&mut self, record: &Record<'_>) -> Result<(), RestoreError> {
        match (record, &self.header) {
            (Record::Header(header), None) => self.add_header(header),
            (Record::Header(_), Some(_)) => Err(RestoreError::HeaderRepeated),
            (_, None) => Err(RestoreError::HeaderMissing),
            (Record::Tube(tube), Some(_)) => self.add_tube(tube),
            (Record::Connection(connection), Some(_)) => self.add_connection(connection),
            (Record::Job(job), Some(header)) => self.queue.restore_job(job, &self.tubes, header.next_job),
            (Record::Tree(header), Some(_)) => self.add_tree(header),
            (Record::Session(session), Some(_)) => self.tree()?.add_session(session),
            (Record::Znode(znode), Some(_)) => self.tree()?.add_znode(znode),
        }
    }

    /// The state, which behaves from now on exactly like the one that the snapshot is of.
    ///
    /// # Errors
    ///
    /// When records are missing or contradict each other.
    pub fn finish(mut self) -> Result<State, RestoreError> {
        let Some(header) = self.header.take() else { return Err(RestoreError::HeaderMissing) };
        for (connection, wait) in self.waits.into_values() {
            self.queue.restore_wait(connection, wait);
        }
        self.queue.restore_end(&header)?;
        let tree = self.tree.map_or_else(|| Ok(Tree::new(self.seed)), Rebuild::finish)?;
        let state = State::from_parts(header.time, self.queue, tree);
        if state.next_due().is_some_and(|due| due <= header.time) {
            return Err(RestoreError::Overdue);
        }
        Ok(state)
    }

    fn add_header(&mut self, header: &Header) -> Result<(), RestoreError> {
        self.queue.restore_header(header)?;
        self.header = Some(header.clone());
        Ok(())
    }

    fn add_tube(&mut self, tube: &TubeRecord<'_>) -> Result<(), RestoreError> {
        if self.tubes.contains_key(&tube.number) {
            return Err(RestoreError::TubeRepeated { name: tube.name.into() });
        }
        let slot = self.queue.restore_tube(tube)?;
        self.tubes.insert(tube.number, slot);
        Ok(())
    }

    fn add_tree(&mut self, header: &TreeHeader) -> Result<(), RestoreError> {
        if self.tree.is_some() {
            return Err(RestoreError::HeaderRepeated);
        }
        self.tree = Some(Rebuild::new(header, self.seed)?);
        Ok(())
    }

    fn tree(&mut self) -> Result<&mut Rebuild, RestoreError> {
        self.tree.as_mut().ok_or(RestoreError::HeaderMissing)
    }

    fn add_connection(&mut self, connection: &ConnectionRecord<'_>) -> Result<(), RestoreError> {
        let slot = self.queue.restore_connection(connection, &self.tubes)?;
        let Some(wait) = connection.wait else { return Ok(()) };
        match self.waits.insert(wait.arrival, (slot, wait)) {
            None => Ok(()),
            Some(_) => Err(RestoreError::ConnectionImpossible { id: connection.id }),
        }
    }
}

/// Makes sure that no counter can overflow.
pub(crate) fn check_counters(counters: &[(&'static str, u64)]) -> Result<(), RestoreError> {
    match counters.iter().find(|(_, value)| *value > SNAPSHOT_COUNTER_MAX) {
        Some((counter, _)) => Err(RestoreError::CounterTooLarge { counter }),
        None => Ok(()),
    }
}

/// Makes sure that there are as many records of a kind as the header says.
pub(crate) fn check_count(kind: &'static str, expected: u64, found: usize) -> Result<(), RestoreError> {
    let found = found as u64;
    if expected == found { Ok(()) } else { Err(RestoreError::CountDiffers { kind, expected, found }) }
}
