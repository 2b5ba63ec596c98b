//! What both servers did in a sequence, and whether it was the same.

use std::fmt::{self, Display, Formatter};

use super::side::{Events, is_silent};

/// How much of an event a transcript shows.
const SHOWN_BYTES_MAX: usize = 400;

/// One step and what both servers did.
#[derive(Debug)]
struct Entry {
    label: String,
    reference: Events,
    trellis: Events,
}

/// What happened in a sequence, up to its end or to the first difference.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    entries: Vec<Entry>,
}

impl Transcript {
    /// Adds a step and what both did. Returns whether that was the same.
    pub(super) fn push(&mut self, label: String, reference: Events, trellis: Events) -> bool {
        let same = reference == trellis;
        self.entries.push(Entry { label, reference, trellis });
        same
    }

    /// Whether the last entry differs.
    pub(super) fn is_different(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.reference != entry.trellis)
    }

    /// Whether an answer that was due did not come.
    pub(super) fn is_silent(&self) -> bool {
        self.entries.iter().any(|entry| is_silent(&entry.reference) || is_silent(&entry.trellis))
    }

    /// How many answers and events there were.
    pub(super) fn events(&self) -> usize {
        self.entries.iter().map(|entry| entry.reference.len()).sum()
    }
}

impl Display for Transcript {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for Entry { label, reference, trellis } in &self.entries {
            writeln!(formatter, "  {label}")?;
            // Long pipelines differ in one place only, so what is the same is said once.
            let same = reference.iter().zip(trellis).take_while(|(a, b)| a == b).count();
            write_events(formatter, "both     ", &reference[..same])?;
            if reference != trellis {
                write_events(formatter, "zookeeper", &reference[same..])?;
                write_events(formatter, "trellis  ", &trellis[same..])?;
            }
        }
        Ok(())
    }
}

fn write_events(
    formatter: &mut Formatter<'_>,
    who: &str,
    events: &[(usize, super::client::Observed)],
) -> fmt::Result {
    for (connection, observed) in events {
        let text = &observed.text;
        let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
        let dots = if end < text.len() { " ..." } else { "" };
        writeln!(formatter, "      {who} {connection} < {}{dots}", &text[..end])?;
    }
    Ok(())
}
