//! Reads single arguments of the commands. Every error says what would be right.

use std::time::Duration;

use clap::Args;
use trellis_unix::sysv::{IpcError, Key};

use super::failure::of_object;
use crate::exit::Failure;

/// A key.
pub(super) fn key(text: &str) -> Result<Key, String> {
    let key = text.parse().map_err(|_| {
        "a key is a number of 32 bits, as 987654 or 0x000f1206; `trellis ipc ftok` prints one".to_owned()
    })?;
    match key {
        Key::PRIVATE => {
            Err("key 0 makes a new object each time, which no key finds again; `delete` takes --id".into())
        }
        key => Ok(key),
    }
}

/// An object that is to be deleted.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Doomed {
    /// Its key
    #[arg(value_parser = key, allow_negative_numbers = true)]
    pub(super) key: Option<Key>,

    /// Its id, as `trellis ipc list` shows it, for one without a key
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<i32>,
}

impl Doomed {
    /// Deletes it by what names it.
    pub(super) fn delete(
        &self,
        by_key: impl FnOnce(Key) -> Result<(), IpcError>,
        by_id: impl FnOnce(i32) -> Result<(), IpcError>,
    ) -> Result<(), Failure> {
        let by_id = || self.id.map_or(Ok(()), by_id);
        self.key.map_or_else(by_id, by_key).map_err(of_object)
    }
}

/// Permissions, in octal digits.
pub(super) fn mode(text: &str) -> Result<u16, String> {
    let mode = u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "permissions are octal digits from 0 to 777, as 600".into())
}

/// A message's type.
pub(super) fn kind(text: &str) -> Result<i64, String> {
    text.parse()
        .ok()
        .filter(|kind| *kind >= 1)
        .ok_or_else(|| "a message's type is a whole number, at least 1".into())
}

/// How many permits a semaphore has.
pub(super) fn permits(text: &str) -> Result<u16, String> {
    let permits = text.parse().ok().filter(|permits| (1..=32767).contains(permits));
    permits.ok_or_else(|| "a semaphore has from 1 to 32767 permits".into())
}

/// A wait in seconds, with a fraction.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite());
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds, as 10 or 0.5".into())
}

/// What `ftok` makes a key with: a letter, as in PHP, or a number.
pub(super) fn project(text: &str) -> Result<u8, String> {
    match *text.as_bytes() {
        [letter] if !letter.is_ascii_digit() => Ok(letter),
        _ => text.parse().map_err(|_| "one letter, or a number from 0 to 255".into()),
    }
}
