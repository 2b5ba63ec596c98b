//! A terminal that is drawn on in place: opened, drawn, and left as it was found.

use std::io;
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// The terminal while it is ours. Dropping it gives the terminal back.
pub(super) struct Screen(());

impl Screen {
    /// Takes the terminal: a page of its own, no cursor, and keys without echo.
    pub(super) fn open() -> Result<Screen, Failure> {
        enable_raw_mode().map_err(|error| failed(&error))?;
        let screen = Screen(());
        execute!(io::stdout(), EnterAlternateScreen, Hide).map_err(|error| failed(&error))?;
        Ok(screen)
    }

    /// Shows a table, as much of it as there is room for, and below it what is wrong with it, if something is.
    pub(super) fn draw(
        &self,
        lines: &[String],
        problem: Option<&str>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let (columns, rows) = size().map_err(|error| failed(&error))?;
        let mut frame = Vec::new();
        queue!(frame, MoveTo(0, 0)).map_err(|error| failed(&error))?;
        for (at, line) in fit(lines, problem, columns.into(), rows.into()).iter().enumerate() {
            let line = if at == 0 { output.heading(line) } else { line.clone() };
            frame.extend_from_slice(line.as_bytes());
            queue!(frame, Clear(ClearType::UntilNewLine)).map_err(|error| failed(&error))?;
            frame.extend_from_slice(b"\r\n");
        }
        queue!(frame, Clear(ClearType::FromCursorDown)).map_err(|error| failed(&error))?;
        output.write(frame)?;
        output.flush()
    }

    /// Waits; `true` if the user wants to end.
    pub(super) fn wait(&self, interval: Duration) -> Result<bool, Failure> {
        let start = Instant::now();
        loop {
            let left = interval.saturating_sub(start.elapsed());
            if left.is_zero() || !poll(left).map_err(|error| failed(&error))? {
                return Ok(false);
            }
            match read().map_err(|error| failed(&error))? {
                Event::Key(key) if key.kind != KeyEventKind::Release && ends(key.code, key.modifiers) => {
                    return Ok(true);
                }
                // The caller draws again.
                Event::Resize(..) => return Ok(false),
                _ => {}
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Whatever fails here, the rest is still worth trying, and there is nobody to tell.
        let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

fn ends(key: KeyCode, modifiers: KeyModifiers) -> bool {
    match key {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c' | 'd') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

/// The lines that fit, cut at the right; the last row tells what is wrong or missing, and how to end.
fn fit(lines: &[String], problem: Option<&str>, columns: usize, rows: usize) -> Vec<String> {
    let room = rows.saturating_sub(2).max(1);
    let cut = |line: &str| line.chars().take(columns).collect::<String>();
    let mut shown: Vec<String> = lines.iter().take(room).map(|line| cut(line)).collect();
    let more = match lines.len().saturating_sub(room) {
        0 => String::new(),
        missing => format!("{missing} more tubes do not fit; "),
    };
    if rows > 1 {
        let problem = problem.map(|problem| format!("{problem}; ")).unwrap_or_default();
        shown.push(cut(&format!("{problem}{more}q ends")));
    }
    shown
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Exit::Internal, format!("the terminal cannot be used: {error}"))
        .hint("`trellis tube watch | cat` shows the tables without drawing in place")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_lines_into_the_window() {
        let lines: Vec<String> = (0..5).map(|n| format!("line {n}")).collect();
        assert_eq!(fit(&lines, None, 80, 10).len(), 6);
        assert_eq!(fit(&lines, None, 4, 5), ["line", "line", "line", "2 mo"]);
        assert_eq!(fit(&lines, None, 80, 5)[3], "2 more tubes do not fit; q ends");
        assert_eq!(fit(&lines, None, 80, 1), ["line 0"]);
        assert_eq!(fit(&lines, Some("lost"), 80, 5)[3], "lost; 2 more tubes do not fit; q ends");
    }
}
