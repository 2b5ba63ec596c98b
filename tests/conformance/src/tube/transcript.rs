//! What both servers did in a sequence, and whether it was the same.

use std::fmt::{self, Display, Formatter};

use super::compare::{different_lines, same};
use super::connection::Event;

/// How much of an event a transcript shows.
const SHOWN_BYTES_MAX: usize = 150;

/// What a server did to which connection.
pub(crate) type Events = Vec<(usize, Event)>;

/// What both servers did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) reference: Events,
    pub(crate) trellis: Events,
}

impl Outcome {
    /// Adds what happened later.
    pub(crate) fn extend(&mut self, later: Outcome) {
        self.reference.extend(later.reference);
        self.trellis.extend(later.trellis);
    }

    fn is_equal(&self) -> bool {
        self.reference.len() == self.trellis.len() && self.first_difference().is_none()
    }

    fn first_difference(&self) -> Option<(&Event, &Event)> {
        let mut pairs = self.reference.iter().zip(&self.trellis);
        let differs = |((place_a, a), (place_b, b)): &(&(usize, Event), &(usize, Event))| {
            place_a != place_b || !same(a, b)
        };
        pairs.find(differs).map(|((_, a), (_, b))| (a, b))
    }

    /// The lines that differ, if all that differs is within one dictionary.
    fn different_lines(&self) -> Option<(String, String)> {
        if self.reference.len() != self.trellis.len() {
            return None;
        }
        let (a, b) = self.first_difference()?;
        different_lines(a, b)
    }
}

/// One step and what both servers did.
#[derive(Debug)]
struct Entry {
    label: String,
    outcome: Outcome,
}

/// What happened in a sequence, up to its end or to the first difference.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    entries: Vec<Entry>,
    /// Whether the last entry differs.
    pub(crate) different: bool,
    /// How many requests were sent to each server.
    pub(crate) requests: usize,
}

impl Display for Transcript {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(formatter, "  {}", entry.label)?;
            let Outcome { reference, trellis } = &entry.outcome;
            if entry.outcome.is_equal() {
                write_events(formatter, "both      ", reference)?;
            } else if let Some((reference, trellis)) = entry.outcome.different_lines() {
                writeln!(formatter, "      beanstalkd   ... {reference} ...")?;
                writeln!(formatter, "      trellis      ... {trellis} ...")?;
            } else {
                write_events(formatter, "beanstalkd", reference)?;
                write_events(formatter, "trellis   ", trellis)?;
            }
        }
        Ok(())
    }
}

fn write_events(formatter: &mut Formatter<'_>, who: &str, events: &Events) -> fmt::Result {
    if events.is_empty() {
        return writeln!(formatter, "      {who}   (nothing)");
    }
    for (connection, event) in events {
        let text = event.to_string();
        let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
        let dots = if end < text.len() { " ..." } else { "" };
        writeln!(formatter, "      {who} {connection} < {}{dots}", &text[..end])?;
    }
    Ok(())
}

impl Transcript {
    /// Whether a reply that was due did not come, from both servers.
    pub(crate) fn is_silent(&self) -> bool {
        let silence = |(_, event): &(usize, Event)| *event == Event::Silence;
        self.entries.iter().any(|entry| entry.outcome.reference.iter().any(silence))
    }

    /// Adds a step and what both did. Returns whether that differs.
    pub(crate) fn push(&mut self, label: String, outcome: Outcome) -> bool {
        self.different = !outcome.is_equal();
        self.entries.push(Entry { label, outcome });
        self.different
    }
}
