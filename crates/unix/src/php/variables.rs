//! PHP's shared variables: those of `shm_attach`, `shm_put_var`, `shm_get_var`, `shm_has_var`, `shm_remove_var`.

use thiserror::Error;

use super::layout::{self, LayoutError, Memory};
use super::parse::{ParseError, unserialize};
use super::value::PhpValue;
use super::write::{WriteError, serialize};
use crate::limits::PHP_VARIABLE_BYTES_MAX;
use crate::sysv::{IpcError, Key, Open, SharedMemory};

/// Why a shared variable can't be read or written.
#[derive(Debug, Error)]
pub enum VariableError {
    /// The shared memory itself.
    #[error(transparent)]
    Memory(#[from] IpcError),
    /// What is in it.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The variable's bytes.
    #[error("variable {variable} is no serialized value: {source}")]
    Parse {
        /// The variable.
        variable: i64,
        /// What is wrong with them.
        source: ParseError,
    },
    /// The value.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A segment with variables, which are named by numbers.
///
/// Neither PHP nor this locks it: whoever writes while others read or write holds a
/// [`Semaphore`](crate::sysv::Semaphore), as PHP scripts do with `sem_acquire`.
///
/// # Example
///
/// ```
/// use trellis_unix::php::{PhpValue, SharedVariables};
/// use trellis_unix::sysv::{Key, Open};
///
/// let mut variables = SharedVariables::attach(Key::PRIVATE, 1024, Open::OrCreate(0o600))?;
/// variables.put(7, &"hello".into())?;
/// assert_eq!(variables.get(7)?, Some(PhpValue::from("hello")));
/// variables.remove_all()?;
/// # Ok::<(), trellis_unix::php::VariableError>(())
/// ```
#[derive(Debug)]
pub struct SharedVariables {
    memory: Segment,
}

/// A variable as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its number.
    pub number: i64,
    /// How many bytes its serialized value has.
    pub bytes: usize,
}

impl SharedVariables {
    /// Attaches to the segment with this key. If it is made, it has so many bytes; PHP's own default is 10000. One that
    /// is there may have any size. An empty one is laid out, if `open` would have made it, too.
    ///
    /// # Errors
    ///
    /// The segment is missing or not permitted, too small, or not PHP's.
    pub fn attach(key: Key, bytes: usize, open: Open) -> Result<SharedVariables, VariableError> {
        // As PHP does it: one that is there is taken whatever its size.
        let existing = match open {
            Open::Create(_) => None,
            _ if key == Key::PRIVATE => None,
            _ => match SharedMemory::open(key, 0, Open::Existing) {
                Err(IpcError::Missing { .. }) if open != Open::Existing => None,
                outcome => Some(outcome?),
            },
        };
        let memory = match existing {
            Some(memory) => memory,
            // It would stay, and be of no use.
            None if bytes < layout::HEAD_BYTES => return Err(LayoutError::TooSmall { bytes }.into()),
            None => SharedMemory::open(key, bytes, open)?,
        };
        let mut memory = Segment(memory);
        match open {
            Open::Existing => layout::check(&memory)?,
            Open::OrCreate(_) | Open::Create(_) => layout::prepare(&mut memory)?,
        }
        Ok(SharedVariables { memory })
    }

    /// Attaches to the segment with this key to read only: it is not changed, and the permission to write is not needed.
    ///
    /// # Errors
    ///
    /// The segment is missing or not permitted, empty, or not PHP's.
    pub fn open_to_read(key: Key) -> Result<SharedVariables, VariableError> {
        let memory = Segment(SharedMemory::open_to_read(key)?);
        layout::check(&memory)?;
        Ok(SharedVariables { memory })
    }

    /// The value of a variable.
    ///
    /// # Errors
    ///
    /// The segment is damaged, or the variable's bytes are no value.
    pub fn get(&self, variable: i64) -> Result<Option<PhpValue>, VariableError> {
        let Some(bytes) = layout::get(&self.memory, variable, PHP_VARIABLE_BYTES_MAX)? else {
            return Ok(None);
        };
        let value = unserialize(&bytes).map_err(|source| VariableError::Parse { variable, source })?;
        Ok(Some(value))
    }

    /// Sets a variable. If there is no room, its old value stays.
    ///
    /// # Errors
    ///
    /// The segment is full or damaged, or was opened to read only.
    pub fn put(&mut self, variable: i64, value: &PhpValue) -> Result<(), VariableError> {
        Ok(layout::put(&mut self.memory, variable, &serialize(value)?)?)
    }

    /// Removes a variable; says whether it was there.
    ///
    /// # Errors
    ///
    /// The segment is damaged, or was opened to read only.
    pub fn remove(&mut self, variable: i64) -> Result<bool, VariableError> {
        Ok(layout::remove(&mut self.memory, variable)?)
    }

    /// All variables, in the order in which they were last written.
    ///
    /// # Errors
    ///
    /// The segment is damaged.
    pub fn list(&self) -> Result<Vec<Variable>, VariableError> {
        let chunks = layout::chunks(&self.memory)?.into_iter();
        Ok(chunks.map(|chunk| Variable { number: chunk.key, bytes: chunk.length }).collect())
    }

    /// The memory itself.
    pub fn memory(&self) -> &SharedMemory {
        &self.memory.0
    }

    /// Removes the segment with all its variables, as `shm_remove` does.
    ///
    /// # Errors
    ///
    /// Removed before, or not permitted.
    pub fn remove_all(self) -> Result<(), VariableError> {
        Ok(self.memory.0.remove()?)
    }
}

/// A real segment's memory.
#[derive(Debug)]
struct Segment(SharedMemory);

/// The layout only asks for what it has seen to be there.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn refused(error: IpcError) -> LayoutError {
    match error {
        IpcError::Denied { .. } => LayoutError::ReadOnly,
        _ => LayoutError::Damaged { what: "a number in it points beyond its end" },
    }
}

impl Memory for Segment {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), LayoutError> {
        self.0.read(offset, into).map_err(refused)
    }

    fn write(&mut self, offset: usize, from: &[u8]) -> Result<(), LayoutError> {
        self.0.write(offset, from).map_err(refused)
    }

    fn move_within(&mut self, from: usize, to: usize, bytes: usize) -> Result<(), LayoutError> {
        self.0.move_within(from, to, bytes).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::testing::free_key;

    #[test]
    fn reading_changes_nothing() {
        let key = free_key();
        let memory = SharedMemory::open(key, 100, Open::Create(0o600)).unwrap();
        let empty = |found: Result<SharedVariables, VariableError>| {
            assert!(matches!(found, Err(VariableError::Layout(LayoutError::Empty))), "{found:?}");
            let mut bytes = [1; 100];
            memory.read(0, &mut bytes).unwrap();
            assert_eq!(bytes, [0; 100]);
        };
        empty(SharedVariables::open_to_read(key));
        empty(SharedVariables::attach(key, 0, Open::Existing));
        let mut writer = SharedVariables::attach(key, 0, Open::OrCreate(0o600)).unwrap();
        writer.put(1, &"a".into()).unwrap();
        let mut reader = SharedVariables::open_to_read(key).unwrap();
        assert_eq!((reader.get(1).unwrap(), reader.list().unwrap().len()), (Some("a".into()), 1));
        let refused = [reader.put(1, &"b".into()).unwrap_err(), reader.remove(1).unwrap_err()];
        for refused in refused {
            assert!(matches!(refused, VariableError::Layout(LayoutError::ReadOnly)), "{refused}");
        }
        assert_eq!(writer.get(1).unwrap(), Some("a".into()));
        writer.remove_all().unwrap();
    }
}
