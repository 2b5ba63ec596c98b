//! The rows about supervisors: how many jobs `trellis run` moves, what a thousand idle processes cost, and how soon a death
//! is noticed. Where Debian's supervisor can do the same, it is measured beside.

mod jobs;
mod processes;
mod program;
mod report;

use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::measure::Effort;
use crate::server::Programs;

pub(crate) use program::Supervisors;
pub(crate) use report::table;

/// One row of the result. A row keeps its meaning; a new question is a new row.
pub(crate) struct Row {
    /// The row's name, which `--filter` looks at.
    pub(crate) name: &'static str,
    work: Work,
    target: Target,
}

/// What is done. Counts are divided in a quick run.
#[derive(Clone, Copy)]
enum Work {
    /// So many workers that do nothing are given jobs in frames, next to a server that syncs each delete.
    Stream { workers: usize },
    /// As many at a time run `/bin/true`, one a job.
    Exec { workers: usize },
    /// So many processes sleep.
    Idle { processes: usize },
    /// So many processes are killed, one after the other.
    Deaths { processes: usize },
}

/// What trellis has to reach.
#[derive(Clone, Copy)]
enum Target {
    /// Jobs a second.
    Jobs(f64),
    /// At most so many MiB, and at most so many percent of one core.
    Idle { mebibytes: f64, percent: f64 },
    /// No death noticed later than after so many milliseconds.
    NoticedMs(f64),
}

/// All rows, in the order in which they are measured and shown.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "supervise: 4 stream workers",
        work: Work::Stream { workers: 4 },
        target: Target::Jobs(20_000.0),
    },
    Row {
        name: "supervise: exec, 4 at a time",
        work: Work::Exec { workers: 4 },
        target: Target::Jobs(500.0),
    },
    Row {
        name: "supervise: 1000 idle processes",
        work: Work::Idle { processes: 1000 },
        target: Target::Idle { mebibytes: 50.0, percent: 0.1 },
    },
    Row {
        name: "supervise: notice 100 deaths",
        work: Work::Deaths { processes: 100 },
        target: Target::NoticedMs(10.0),
    },
];

impl Row {
    /// Whether the peer can do it, too.
    pub(crate) fn has_peer(&self) -> bool {
        matches!(self.work, Work::Idle { .. } | Work::Deaths { .. })
    }
}

/// Which supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Debian's supervisor.
    Supervisord,
    /// Ours.
    Trellis,
}

impl Kind {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Supervisord => "supervisord",
            Kind::Trellis => "trellis run",
        }
    }
}

/// What came out; what a row doesn't measure is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) jobs_per_second: Option<f64>,
    /// The supervisor's own processor time; what it starts has its own.
    pub(crate) cpu_seconds_per_million: Option<f64>,
    /// The processor time of an idle supervisor, in percent of one core.
    pub(crate) cpu_percent: Option<f64>,
    pub(crate) starts_per_second: Option<f64>,
    pub(crate) noticed_p50_us: Option<f64>,
    pub(crate) noticed_longest_us: Option<f64>,
    /// Of the supervisor and of what it needs beside itself.
    pub(crate) resident_bytes: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = [
            (self.jobs_per_second, "jobs/s"),
            (self.cpu_seconds_per_million, "CPU s/M"),
            (self.starts_per_second, "starts/s"),
            (self.cpu_percent, "% of a core"),
            (self.noticed_p50_us, "µs p50"),
            (self.noticed_longest_us, "µs longest"),
            (Some(self.resident_bytes / (1024.0 * 1024.0)), "MiB"),
        ];
        for (figure, unit) in figures {
            if let Some(figure) = figure {
                write!(formatter, " {figure:9.1} {unit}")?;
            }
        }
        Ok(())
    }
}

/// One measurement and where it belongs.
#[derive(Serialize)]
pub(crate) struct Sample {
    pub(crate) row: &'static str,
    pub(crate) supervisor: Kind,
    pub(crate) round: u32,
    pub(crate) figures: Figures,
}

/// Measures one row with one supervisor.
pub(crate) fn measure(
    row: &Row,
    kind: Kind,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
) -> Result<Figures> {
    let figures = match row.work {
        Work::Stream { workers } => jobs::stream(workers, supervisors, servers, effort),
        Work::Exec { workers } => jobs::exec(workers, supervisors, servers, effort),
        Work::Idle { processes } => processes::idle(processes, kind, supervisors, servers, effort),
        Work::Deaths { processes } => processes::deaths(processes, kind, supervisors, servers, effort),
    };
    figures.with_context(|| format!("`{}` failed on {}", row.name, kind.name()))
}
