//! How the demonstration looks: its state above, what has happened below. On a terminal it is drawn in place, elsewhere only
//! what happens is printed, line by line.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crossterm::cursor::MoveToPreviousLine;
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType, size};

use super::story::Story;
use crate::exit::Failure;
use crate::output::Output;

/// The terminal that is enough for everything; on a smaller one, lines are printed as if it were none.
const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// The shortest time between two pictures.
const FRAME: Duration = Duration::from_millis(50);

/// What shows the story.
pub(super) struct Screen {
    in_place: bool,
    /// How many lines the last picture has.
    drawn: u16,
    /// How many lines of the tale were printed.
    printed: usize,
    drawn_at: Option<Instant>,
}

impl Screen {
    /// Finds out what standard output is.
    pub(super) fn new() -> Screen {
        let large = |(columns, rows)| columns >= COLUMNS && rows >= ROWS;
        let in_place = io::stdout().is_terminal() && size().is_ok_and(large);
        Screen { in_place, drawn: 0, printed: 0, drawn_at: None }
    }

    /// Shows what is new. With `at_once` it doesn't wait until the last picture is old enough.
    pub(super) fn show(
        &mut self,
        story: &Story,
        now: Duration,
        at_once: bool,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if !self.in_place {
            for (at, text) in story.told.iter().skip(self.printed) {
                output.line(line(*at, text))?;
            }
            self.printed = story.told.len();
            return output.flush();
        }
        if !at_once && self.drawn_at.is_some_and(|at| at.elapsed() < FRAME) {
            return Ok(());
        }
        self.drawn_at = Some(Instant::now());
        let mut frame = Vec::new();
        if self.drawn > 0 {
            // A write to memory does not fail.
            let _ = queue!(frame, MoveToPreviousLine(self.drawn));
        }
        let lines = picture(story, now);
        for (at, line) in lines.iter().enumerate() {
            let line = if at == 0 { output.heading(line) } else { line.clone() };
            frame.extend_from_slice(line.as_bytes());
            let _ = queue!(frame, Clear(ClearType::UntilNewLine));
            frame.push(b'\n');
        }
        self.drawn = u16::try_from(lines.len()).unwrap_or(ROWS);
        output.write(frame)?;
        output.flush()
    }
}

/// The whole picture, as lines that fit.
fn picture(story: &Story, now: Duration) -> Vec<String> {
    let mut lines = vec![format!("trellis, a demonstration {:>48.1} s", now.as_secs_f64())];
    lines.push(match (&story.server, &story.addresses) {
        _ if story.is_over => "server    has ended".to_owned(),
        (Some(pid), Some((jobs, znodes))) => {
            format!("server    process {pid:<8} jobs at {jobs}, znodes at {znodes}")
        }
        _ => "server    starts".to_owned(),
    });
    let (put, done) = (count(story.acknowledged), count(story.done_count()));
    lines.push(format!("jobs      {put:>6} safe on disk {done:>8} done"));
    for (index, worker) in story.workers.iter().enumerate() {
        let none = if story.is_over { "has ended" } else { "is not there" };
        let process = worker.pid.map_or(none.to_owned(), |pid| format!("process {pid}"));
        let does = match (worker.pid, worker.job) {
            (None, _) => String::new(),
            (_, Some(job)) => format!("works on job {job}"),
            (_, None) => "waits".to_owned(),
        };
        let leads = if worker.leads { "leads" } else { "" };
        let done = format!("{} done", count(worker.done));
        lines.push(
            format!("worker {index}  {process:<16} {does:<20} {done:>12}   {leads}").trim_end().to_owned(),
        );
    }
    lines.push(String::new());
    lines.extend(story.told.iter().map(|(at, text)| line(*at, text)));
    let room = usize::from(ROWS) - 1;
    lines.truncate(room);
    lines.into_iter().map(|line| line.chars().take(COLUMNS.into()).collect()).collect()
}

fn line(at: Duration, text: &str) -> String {
    format!("{:>5.1} s  {text}", at.as_secs_f64())
}

/// A number with commas between its thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        let _ = write!(text, "{digit}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn the_picture_is_as_it_should_be() {
        let mut story = Story { server: Some(4200), acknowledged: 2001, ..Story::default() };
        for line in [
            "worker.0 | here 4210 127.0.0.1:40001 127.0.0.1:40002",
            "worker.1 | here 4211 127.0.0.1:40001 127.0.0.1:40002",
            "worker.2 | here 4212 127.0.0.1:40001 127.0.0.1:40002",
            "worker.2 | leads",
            "worker.0 | begins 1",
            "worker.0 | did 1",
            "worker.1 | begins 2001",
        ] {
            story.hear(line);
        }
        story.told.push((Duration::from_millis(640), "A server has started.".to_owned()));
        story.told.push((Duration::from_millis(12_345), "x".repeat(100)));
        let found = picture(&story, Duration::from_millis(12_400)).join("\n") + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/demo.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &found).expect("it can be written");
        }
        let wanted = std::fs::read_to_string(path).expect("it is there");
        assert_eq!(found, wanted, "testdata/demo.txt is behind; UPDATE=1 rewrites it");
    }

    #[test]
    fn a_long_tale_stays_on_the_screen() {
        let told = (0..100).map(|_| (Duration::ZERO, "x".repeat(100))).collect();
        let lines = picture(&Story { told, ..Story::default() }, Duration::ZERO);
        assert!(lines.len() < ROWS.into() && lines.iter().all(|line| line.len() <= COLUMNS.into()));
    }
}
