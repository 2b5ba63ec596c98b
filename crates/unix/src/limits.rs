//! The limits of this crate, each with its unit last.

/// The most children that a pool may have at a time.
pub const POOL_CHILDREN_MAX: usize = 4096;

/// The largest result of a pool's task unless its settings say otherwise: 1 GiB.
pub const RESULT_BYTES_MAX_DEFAULT: u32 = 1 << 30;

/// The largest result that a pool may allow. A frame could be one byte longer: that length tells of those that are longer
/// than any frame.
pub const RESULT_BYTES_MAX: u32 = FRAME_BYTES_MAX - 1;

/// The largest frame that four bytes of length can announce.
pub const FRAME_BYTES_MAX: u32 = u32::MAX;

/// How many arrays and objects may lie in each other in a PHP value: enough for real data, and little enough for the stack.
pub const PHP_DEPTH_MAX: usize = 512;

/// The largest value that is read from a variable in shared memory: 1 GiB.
pub const PHP_VARIABLE_BYTES_MAX: usize = 1 << 30;

/// How long a fork waits for threads that are counted to be gone: one that has ended is counted for some moments more.
pub(crate) const ENDING_THREADS_MILLISECONDS_MAX: u64 = 10;

/// The longest word from a daemon to the process that started it.
pub(crate) const DAEMON_WORD_BYTES_MAX: u32 = 4096;

/// The longest pid file, but for spaces and line feeds: the digits of the largest pid, and some more.
pub(crate) const PID_FILE_BYTES_MAX: u64 = 20;

/// How long a pid file is looked at again that is neither free nor says who has it, as while it is taken or given up.
pub(crate) const PID_FILE_MILLISECONDS_MAX: u64 = 1000;

/// How long a process may take to end once it has given up its locks.
pub(crate) const ENDING_MILLISECONDS_MAX: u64 = 50;

/// How much is read from a child at once.
pub(crate) const READ_BYTES: usize = 64 << 10;

/// How much is read from one child before the others have their turn.
pub(crate) const TURN_BYTES: usize = 1 << 20;
