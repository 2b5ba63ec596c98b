//! `trellis tube watch`: the tubes again and again, with rates.

use std::collections::HashMap;
use std::num::NonZero;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use trellis_tube_client::blocking::Client;

use super::screen::Screen;
use super::survey::{Tube, paused, tubes};
use crate::exit::{Exit, Failure};
use crate::limits::{WATCH_INTERVAL_SECONDS_MAX, WATCH_INTERVAL_SECONDS_MIN};
use crate::output::{Output, note};
use crate::table::Table;

/// Arguments of `trellis tube watch`.
#[derive(Args)]
pub(super) struct WatchArgs {
    /// Seconds from one table to the next, 0.1 to 3600
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval, allow_negative_numbers = true)]
    interval: Duration,

    /// End after so many tables
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    count: Option<NonZero<u32>>,
}

const HEADINGS: &[&str] =
    &["tube", "ready", "reserved", "delayed", "buried", "waiting", "watching", "paused", "put/s", "delete/s"];

/// One line of the table.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    #[serde(flatten)]
    tube: Tube,
    /// Jobs put in a second; `None` in the first table and for a new tube.
    put_rate: Option<f64>,
    /// Jobs deleted in a second.
    delete_rate: Option<f64>,
}

/// Shows one table after the other.
pub(super) fn run(args: &WatchArgs, client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let screen = match output.is_terminal() && !output.json() {
        true => Some(Screen::open()?),
        false => None,
    };
    let mut rates = Rates::default();
    let mut left = args.count.map(NonZero::get);
    let mut rows = rates.rows(tubes(client)?, Instant::now());
    loop {
        show(&rows, None, screen.as_ref(), output)?;
        left = left.map(|left| left - 1);
        if left == Some(0) {
            return Ok(());
        }
        let mut lost = false;
        rows = loop {
            match &screen {
                Some(screen) if screen.wait(args.interval)? => return Ok(()),
                Some(_) => {}
                None => std::thread::sleep(args.interval),
            }
            match tubes(client) {
                Ok(tubes) => break rates.rows(tubes, Instant::now()),
                // A server that restarts is what the user may be watching for.
                Err(failure) if failure.exit == Exit::Unreachable => {
                    if !lost || screen.is_some() {
                        show(&rows, Some(NO_ANSWER), screen.as_ref(), output)?;
                    }
                    lost = true;
                }
                Err(failure) => return Err(failure),
            }
        };
    }
}

const NO_ANSWER: &str = "no answer, trying again";

/// Shows a table, or that it is not followed by a new one: in place together with the old one, or else alone.
fn show(
    rows: &[Row],
    problem: Option<&str>,
    screen: Option<&Screen>,
    output: &mut Output,
) -> Result<(), Failure> {
    match (screen, problem) {
        (Some(screen), _) => screen.draw(&table(rows, output.columns()), problem, output)?,
        (None, Some(problem)) => note(problem),
        (None, None) if output.json() => output.value(&rows)?,
        (None, None) => {
            output.table(&table(rows, output.columns()))?;
            output.line("")?;
        }
    }
    output.flush()
}

/// Remembers the last counts, to tell how fast they grow.
#[derive(Default)]
struct Rates {
    last: HashMap<String, (u64, u64)>,
    at: Option<Instant>,
}

impl Rates {
    fn rows(&mut self, tubes: Vec<Tube>, now: Instant) -> Vec<Row> {
        let seconds = self.at.replace(now).map_or(0.0, |last| (now - last).as_secs_f64());
        let counts = tubes.iter().map(|tube| (tube.tube.clone(), (tube.puts, tube.deletes))).collect();
        let last = std::mem::replace(&mut self.last, counts);
        let rows = tubes.into_iter().map(|tube| {
            let (puts, deletes) = last.get(&tube.tube).copied().unzip();
            let (put_rate, delete_rate) =
                (rate(puts, tube.puts, seconds), rate(deletes, tube.deletes, seconds));
            Row { tube, put_rate, delete_rate }
        });
        rows.collect()
    }
}

/// How many a second; none if a tube vanished and came again meanwhile, as its counts began anew.
fn rate(last: Option<u64>, now: u64, seconds: f64) -> Option<f64> {
    let grown = now.checked_sub(last?)?;
    (seconds > 0.0).then(|| (grown as f64 / seconds * 10.0).round() / 10.0)
}

fn table(rows: &[Row], room: Option<usize>) -> Vec<String> {
    let mut table = Table::new(HEADINGS);
    for Row { tube, put_rate, delete_rate } in rows {
        let counts = [tube.ready, tube.reserved, tube.delayed, tube.buried, tube.waiting, tube.watching];
        let mut cells = vec![tube.tube.clone()];
        cells.extend(counts.iter().map(u64::to_string));
        cells.push(paused(tube));
        cells.extend(
            [put_rate, delete_rate].map(|rate| rate.map_or("-".to_owned(), |rate| format!("{rate:.1}"))),
        );
        table.row(cells);
    }
    table.lines(room)
}

fn count(text: &str) -> Result<NonZero<u32>, String> {
    text.parse().map_err(|_| format!("not a whole number from 1 to {}", u32::MAX))
}

fn interval(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (WATCH_INTERVAL_SECONDS_MIN..=WATCH_INTERVAL_SECONDS_MAX).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| {
        format!("write seconds from {WATCH_INTERVAL_SECONDS_MIN} to {WATCH_INTERVAL_SECONDS_MAX}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tube with these counts and nothing else.
    fn tube(name: &str, puts: u64, deletes: u64) -> Tube {
        Tube { tube: name.to_owned(), puts, deletes, ..Tube::default() }
    }

    #[test]
    fn rates_are_per_second() {
        let start = Instant::now();
        let mut rates = Rates::default();
        let mut next = |tubes, seconds: u64| -> Vec<_> {
            let rows = rates.rows(tubes, start + Duration::from_secs(seconds));
            rows.into_iter().map(|row| (row.put_rate, row.delete_rate)).collect()
        };
        assert_eq!(next(vec![tube("a", 10, 5)], 0), [(None, None)]);
        assert_eq!(next(vec![tube("a", 30, 5), tube("b", 9, 9)], 2), [(Some(10.0), Some(0.0)), (None, None)]);
        // The tube a has vanished and come again: its counts began anew.
        assert_eq!(
            next(vec![tube("a", 1, 5), tube("b", 10, 9)], 5),
            [(None, Some(0.0)), (Some(0.3), Some(0.0))]
        );
    }
}
