//! `trellis run status`: the processes as a table.

use std::path::Path;

use trellis_supervisor::runtime::control::{ProcessStatus, Reply, Request};

use super::{ask, refused, unanswered};
use crate::exit::{Exit, Failure};
use crate::output::{Output, note};
use crate::table::Table;

/// Prints it.
pub(super) fn run(names: Vec<String>, socket: &Path, output: &mut Output) -> Result<(), Failure> {
    let mut client = ask(socket, &Request::Status { names })?;
    let status = match client.reply().map_err(unanswered)? {
        Some(Reply::Status(status)) => status,
        Some(other) => return Err(refused(other)),
        None => return Err(Failure::new(Exit::Unreachable, "the supervisor has ended")),
    };
    if output.json() {
        return output.value(&status);
    }
    if status.unguarded {
        note(
            "there is no guardian, so that what programs leave behind may outlive the supervisor: its messages say why",
        );
    }
    let mut table = Table::with_texts(&["process", "state", "pid", "for", "starts", "last end"], 6);
    for process in &status.processes {
        table.row(row(process));
    }
    output.table(&table.lines(output.columns()))
}

fn row(process: &ProcessStatus) -> Vec<String> {
    let name = match process.index {
        Some(index) => format!("{}.{index}", process.program),
        None => process.program.clone(),
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let end = match (&process.text, &process.last_end) {
        (Some(text), None) => Some(format!("({text})")),
        (Some(text), Some(end)) => Some(format!("{end} ({text})")),
        (None, end) => end.clone(),
    };
    vec![
        name,
        process.state.clone(),
        or_dash(process.pid.map(|pid| pid.to_string())),
        or_dash(process.seconds.map(spell)),
        process.starts.to_string(),
        or_dash(end),
    ]
}

/// A time in its two largest units.
fn spell(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match () {
        () if days > 0 => format!("{days}d {}h", hours % 24),
        () if hours > 0 => format!("{hours}h {}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m {}s", seconds % 60),
        () => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::spell;

    #[test]
    fn times_have_two_units() {
        let table =
            [(0, "0s"), (59, "59s"), (60, "1m 0s"), (3599, "59m 59s"), (7260, "2h 1m"), (90_000, "1d 1h")];
        for (seconds, wanted) in table {
            assert_eq!(spell(seconds), wanted);
        }
    }
}
