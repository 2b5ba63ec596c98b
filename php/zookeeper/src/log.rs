//! What is told to whoever runs a script: lines on standard error, unless the script names another place.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// For how long the same trouble isn't told again.
const REPEAT_SECONDS: Duration = Duration::from_secs(60);

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Something that won't get better by itself.
    Error = 1,
    /// Something that may.
    Warn = 2,
    /// That all is well.
    Info = 3,
    /// Every event.
    Debug = 4,
}

/// The least that is written.
static LEVEL: AtomicI64 = AtomicI64::new(Level::Warn as i64);
/// Where it is written, if not to standard error.
static PLACE: Mutex<Option<File>> = Mutex::new(None);
/// When which trouble was told of.
static TOLD: Mutex<BTreeMap<String, Instant>> = Mutex::new(BTreeMap::new());

/// Has lines written up to this level.
pub(crate) fn set_level(level: i64) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// Has lines written there.
pub(crate) fn set_place(place: File) {
    *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    // Nothing has been told there.
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// Writes an error, unless the same one has been written just now, by this session or another.
pub(crate) fn complain(text: String) {
    if Level::Error as i64 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.retain(|_, at| at.elapsed() < REPEAT_SECONDS);
    if !told.contains_key(&text) {
        told.insert(text.clone(), Instant::now());
        drop(told);
        write(Level::Error, || text);
    }
}

/// Writes a line, if it matters enough.
pub(crate) fn write(level: Level, text: impl FnOnce() -> String) {
    if level as i64 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let line = format!(
        "{}.{:03} zookeeper[{}] {}: {}\n",
        time.as_secs(),
        time.subsec_millis(),
        std::process::id(),
        format!("{level:?}").to_uppercase(),
        text(),
    );
    // A line that can't be written is no reason to stop.
    let _ = match &mut *PLACE.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(file) => file.write_all(line.as_bytes()),
        None => std::io::stderr().write_all(line.as_bytes()),
    };
}
