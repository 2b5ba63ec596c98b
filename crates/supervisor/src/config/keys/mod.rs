//! The one list of keys: name, help, form, and how a value becomes a field. The reader, the JSON schema and the
//! reference page all follow it, so that they cannot disagree.
//!
//! To add a key, add a row here and a field in `program.rs`, then run the tests with `UPDATE=1`.

mod process;
mod server;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Jobs, Listen, Program, Server};
use crate::schedule::{Missed, Overlap};

pub(super) use process::PROCESS_KEYS;
pub(super) use server::SERVER_KEYS;
pub(super) use work::WORK_KEYS;

/// One key of a table; `T` is what it is read into.
pub(super) struct Key<T: 'static> {
    /// The name; `stop.signal` is `signal` in the table `stop`.
    pub(super) name: &'static str,
    /// What its value may be, and where it goes.
    pub(super) form: Form<T>,
    /// The default as the user would write it, or words in brackets.
    pub(super) default: &'static str,
    /// A line of the file that uses it.
    pub(super) example: &'static str,
    /// What it does: the first sentence is the summary.
    pub(super) help: &'static str,
}

/// What a value may be, and how it is taken.
pub(super) enum Form<T: 'static> {
    /// A string; the function may refuse it.
    Text(fn(&mut T, &str) -> Result<(), String>),
    /// A string or an array of strings.
    Texts(fn(&mut T, Vec<String>) -> Result<(), String>),
    /// A table of strings.
    Map(fn(&mut T, BTreeMap<String, String>) -> Result<(), String>),
    /// `true` or `false`.
    Flag(fn(&mut T, bool)),
    /// One of these words; the function is given its index.
    Words(&'static [&'static str], fn(&mut T, usize)),
    /// A whole number from the first to the second.
    Count(u64, u64, fn(&mut T, u64)),
    /// A number of bytes, from the first to the second.
    Size(u64, u64, fn(&mut T, u64)),
    /// A time, from the first to the second.
    Time(Duration, Duration, fn(&mut T, Duration)),
}

/// A program while it is read.
pub(super) struct Draft {
    pub(super) program: Program,
    pub(super) jobs: Jobs,
    pub(super) expression: Option<String>,
    pub(super) zone: String,
    pub(super) missed: Missed,
    pub(super) overlap: Overlap,
    pub(super) listen: Vec<Listen>,
    pub(super) give_up_failures: u32,
    pub(super) give_up_within: Duration,
    pub(super) log_path: Option<String>,
    pub(super) log_prefix: Option<String>,
    pub(super) log_bytes_max: u64,
    pub(super) log_files: u32,
}

/// Less would be no delay at all.
const DELAY_MIN: Duration = Duration::from_millis(1);

/// All keys of a program.
pub(super) fn program_keys() -> impl Iterator<Item = &'static Key<Draft>> {
    PROCESS_KEYS.iter().chain(WORK_KEYS)
}

/// Whether a key may stand in `[defaults]`: what a program is, it has to say itself.
pub(super) fn may_be_default(name: &str) -> bool {
    let own = ["command", "after", "singleton", "listen", "tube", "mode", "schedule", "prefetch"];
    !own.contains(&name) && !name.starts_with("processes.")
}

/// The keys of `[server]`.
pub(super) fn server_keys() -> impl Iterator<Item = &'static Key<Server>> {
    SERVER_KEYS.iter()
}
