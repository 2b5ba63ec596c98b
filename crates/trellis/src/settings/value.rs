//! Reads single values of settings. Every error says what was read, what is allowed and what to write instead.

use std::path::PathBuf;
use std::str::FromStr;

/// A whole number from `min` to `max`, which the type must be able to hold.
pub(super) fn number<T: TryFrom<u64>>(text: &str, min: u64, max: u64) -> Result<T, String> {
    u64::from_str(text)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("{text:?} is not a whole number from {min} to {max}"))
}

/// A number of bytes from `min` to `max`, as such or in KiB, MiB or GiB (`64K`, `64M`, `1G`).
pub(super) fn size<T: TryFrom<u64>>(text: &str, min: u64, max: u64) -> Result<T, String> {
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 10),
        Some((at, 'm' | 'M')) => (&text[..at], 20),
        Some((at, 'g' | 'G')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let Some(bytes) = u64::from_str(digits).ok().and_then(|number| number.checked_mul(1 << shift)) else {
        return Err(format!("{text:?} is not a size: write bytes, or KiB, MiB, GiB as in 64K, 64M, 1G"));
    };
    let size =
        Some(bytes).filter(|bytes| (min..=max).contains(bytes)).and_then(|bytes| T::try_from(bytes).ok());
    size.ok_or_else(|| match max {
        u64::MAX => format!("{text:?} is too small: at least {} is needed", human(min)),
        _ => format!("{text:?} is out of range: {} to {} are allowed", human(min), human(max)),
    })
}

/// A size in the largest unit that divides it.
fn human(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        _ if bytes.is_multiple_of(1 << 30) => format!("{}G", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}M", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}K", bytes >> 10),
        _ => bytes.to_string(),
    }
}

/// One of a few words.
pub(super) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    let hint = similar(text, words.iter().copied()).map(|word| format!("; did you mean {word}?"));
    Err(format!("{text:?} is not one of {}{}", words.join(", "), hint.unwrap_or_default()))
}

/// The candidate that `text` is most likely a misspelling of.
pub(super) fn similar<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|word| (strsim::jaro(&text.to_lowercase(), word), word))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

/// A path that is not empty.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("the path is empty".to_owned()) } else { Ok(PathBuf::from(text)) }
}
