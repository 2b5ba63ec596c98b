//! The work queue's part of the scripts' language: from words to commands and questions, and from replies to text.

use trellis_core::tube::{Command, JobStats, Query, Reply, Totals, TubeStats};

use super::{number, option, show_body, show_numbers};

pub(super) fn command<'a>(verb: &str, arguments: &[&'a str]) -> Result<Command<'a>, String> {
    let command = match (verb, arguments) {
        ("open", []) => Command::Open,
        ("close", []) => Command::Close,
        ("half-close", []) => Command::HalfClose,
        ("put", [body, options @ ..]) => Command::Put {
            body: body.as_bytes(),
            priority: option(options, "pri")?.unwrap_or(0),
            delay: option(options, "delay")?.unwrap_or(0),
            ttr: option(options, "ttr")?.unwrap_or(60),
        },
        ("skip-id", []) => Command::SkipId,
        ("use", [tube]) => Command::Use { tube },
        ("watch", [tube]) => Command::Watch { tube },
        ("ignore", [tube]) => Command::Ignore { tube },
        ("reserve", options) => Command::Reserve { timeout: option(options, "timeout")? },
        ("reserve-job", [id]) => Command::ReserveJob { id: number(id)? },
        ("delete", [id]) => Command::Delete { id: number(id)? },
        ("release", [id, options @ ..]) => Command::Release {
            id: number(id)?,
            priority: option(options, "pri")?.unwrap_or(0),
            delay: option(options, "delay")?.unwrap_or(0),
        },
        ("bury", [id, options @ ..]) => {
            Command::Bury { id: number(id)?, priority: option(options, "pri")?.unwrap_or(0) }
        }
        ("touch", [id]) => Command::Touch { id: number(id)? },
        ("kick", [bound]) => Command::Kick { bound: number(bound)? },
        ("kick-job", [id]) => Command::KickJob { id: number(id)? },
        ("pause-tube", [tube, delay]) => Command::PauseTube { tube, delay: number(delay)? },
        _ => return Err("no such command".into()),
    };
    Ok(command)
}

pub(super) fn query(verb: &str, arguments: &[&str]) -> Result<Option<Query>, String> {
    let query = match (verb, arguments) {
        ("peek", [id]) => Query::Peek { id: number(id)? },
        ("peek-ready", []) => Query::PeekReady,
        ("peek-delayed", []) => Query::PeekDelayed,
        ("peek-buried", []) => Query::PeekBuried,
        ("stats", []) => Query::Stats,
        ("stats-job", [id]) => Query::StatsJob { id: number(id)? },
        ("stats-tube", [tube]) => Query::StatsTube { tube: (*tube).into() },
        ("list-tubes", []) => Query::ListTubes,
        ("list-tube-used", []) => Query::ListTubeUsed,
        ("list-tubes-watched", []) => Query::ListTubesWatched,
        _ => return Ok(None),
    };
    Ok(Some(query))
}

pub(super) fn show_reply(reply: &Reply<'_>) -> String {
    match reply {
        Reply::Inserted { id } => format!("inserted {id}"),
        Reply::Using { tube } => format!("using {tube}"),
        Reply::Watching { count } => format!("watching {count}"),
        Reply::NotIgnored => "not-ignored".into(),
        Reply::Reserved { id, body } => format!("reserved {id} {}", show_body(body)),
        Reply::DeadlineSoon => "deadline-soon".into(),
        Reply::TimedOut => "timed-out".into(),
        Reply::Deleted => "deleted".into(),
        Reply::Released => "released".into(),
        Reply::Buried => "buried".into(),
        Reply::Touched => "touched".into(),
        Reply::Kicked { count } => format!("kicked {count}"),
        Reply::KickedJob => "kicked".into(),
        Reply::Paused => "paused".into(),
        Reply::NotFound => "not-found".into(),
        Reply::Found { id, body } => format!("found {id} {}", show_body(body)),
        Reply::JobStats(stats) => show_job_stats(stats),
        Reply::TubeStats(stats) => show_tube_stats(stats),
        Reply::Totals(totals) => show_totals(totals),
        Reply::Tubes(names) => format!("tubes {}", names.join(" ")),
    }
}

fn show_job_stats(stats: &JobStats<'_>) -> String {
    let JobStats { id, tube, state, .. } = stats;
    let numbers = show_numbers(&[
        ("priority", stats.priority.into()),
        ("age", stats.age),
        ("delay", stats.delay.into()),
        ("ttr", stats.ttr.into()),
        ("time-left", stats.time_left),
        ("reserves", stats.reserves.into()),
        ("timeouts", stats.timeouts.into()),
        ("releases", stats.releases.into()),
        ("buries", stats.buries.into()),
        ("kicks", stats.kicks.into()),
    ]);
    format!("job {id} in {tube} {state:?}{numbers}")
}

fn show_tube_stats(stats: &TubeStats<'_>) -> String {
    let numbers = show_numbers(&[
        ("urgent", stats.current_jobs_urgent),
        ("ready", stats.current_jobs_ready),
        ("reserved", stats.current_jobs_reserved),
        ("delayed", stats.current_jobs_delayed),
        ("buried", stats.current_jobs_buried),
        ("total-jobs", stats.total_jobs),
        ("using", stats.current_using),
        ("watching", stats.current_watching),
        ("waiting", stats.current_waiting),
        ("cmd-delete", stats.cmd_delete),
        ("cmd-pause-tube", stats.cmd_pause_tube),
        ("pause", stats.pause.into()),
        ("pause-time-left", stats.pause_time_left),
    ]);
    format!("tube {}{numbers}", stats.name)
}

fn show_totals(totals: &Totals) -> String {
    let numbers = show_numbers(&[
        ("urgent", totals.current_jobs_urgent),
        ("ready", totals.current_jobs_ready),
        ("reserved", totals.current_jobs_reserved),
        ("delayed", totals.current_jobs_delayed),
        ("buried", totals.current_jobs_buried),
        ("tubes", totals.current_tubes),
        ("producers", totals.current_producers),
        ("workers", totals.current_workers),
        ("waiting", totals.current_waiting),
        ("job-timeouts", totals.job_timeouts),
        ("total-jobs", totals.total_jobs),
        ("body-bytes", totals.body_bytes),
    ]);
    format!("totals{numbers}")
}
