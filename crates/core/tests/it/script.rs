//! The language of the scripts in `testdata`, and the one switch that runs it.
//!
//! A script is a list of blocks with an empty line between them. A block is some directives, one a line, then
//! `----`, then everything that they cause, in the order in which it comes out. Lines that begin with `#` are
//! comments and stand before the directives of a block.
//!
//! Everything after a name in capitals is optional. `c1` is connection 1 of node 1; `n2c5` is connection 5 of
//! node 2.
//!
//! ```text
//! at SECONDS                   the time of what follows, as 12.5s; the clock starts at 0s
//! tick                         time passes, and nothing else happens
//! due                          shows when something is due next
//! close-node NODE              a node is given up
//! c1 open | close | half-close
//! c1 put "BODY" PRI=0 DELAY=0 TTR=60
//! c1 skip-id
//! c1 use TUBE | watch TUBE | ignore TUBE
//! c1 reserve TIMEOUT=SECONDS   without a timeout it waits for ever
//! c1 reserve-job ID | delete ID | touch ID | kick-job ID
//! c1 release ID PRI=0 DELAY=0
//! c1 bury ID PRI=0
//! c1 kick BOUND
//! c1 pause-tube TUBE SECONDS
//! c1 peek ID | peek-ready | peek-delayed | peek-buried
//! c1 stats | stats-job ID | stats-tube TUBE
//! c1 list-tubes | list-tube-used | list-tubes-watched
//! snapshot                     begins one
//! snapshot-next SLOTS          reads on, and shows what was read
//! snapshot-abort               gives it up
//! restore                      reads the rest, and goes on with the state that was restored from it
//! ```
//!
//! In statistics, what is zero is left out.

use std::fmt::Write;

use trellis_core::snapshot::{Record, Standing};
use trellis_core::tube::{self, Command, JobStats, Query, Reply, Totals, TubeStats};
use trellis_core::{Command as Any, ConnectionId, Outbox, Restore, State, Time};

/// Runs a script and gives it back with what really came out.
pub(crate) fn run(text: &str) -> Result<String, String> {
    let mut runner =
        Runner { state: State::new(), at: Time(0), restore: Restore::new(), out: Shown::default() };
    let mut result = Vec::new();
    for block in text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty()) {
        let directives: Vec<&str> = block.lines().take_while(|line| *line != "----").collect();
        if directives.iter().all(|line| line.starts_with('#')) {
            result.push(format!("{}\n", directives.join("\n")));
            continue;
        }
        for directive in directives.iter().filter(|line| !line.starts_with('#')) {
            runner.run(directive).map_err(|trouble| format!("{directive}: {trouble}"))?;
            runner.state.check().map_err(|trouble| format!("after {directive}: {trouble}"))?;
        }
        let out = std::mem::take(&mut runner.out.0);
        result.push(format!("{}\n----\n{out}", directives.join("\n")));
    }
    Ok(result.join("\n"))
}

struct Runner {
    state: State,
    at: Time,
    restore: Restore,
    out: Shown,
}

impl Runner {
    fn run(&mut self, directive: &str) -> Result<(), String> {
        let words = words(directive);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["at", seconds] => self.at = time(seconds)?,
            ["tick"] => self.state.apply(self.at, Any::Tick, &mut self.out),
            ["due"] => {
                let due = self.state.next_due().map_or("never".to_owned(), show_time);
                self.out.line(format_args!("due {due}"));
            }
            ["close-node", node] => {
                self.state.apply(self.at, Any::CloseNode { node: number(node)? }, &mut self.out);
            }
            ["snapshot"] => {
                self.restore = Restore::new();
                self.state.snapshot_begin();
            }
            ["snapshot-next", slots] => {
                self.snapshot_next(number(slots)?, true)?;
            }
            ["snapshot-abort"] => self.state.snapshot_abort(),
            ["restore"] => {
                while self.snapshot_next(1, false)? {}
                let restore = std::mem::take(&mut self.restore);
                self.state = restore.finish().map_err(|error| error.to_string())?;
            }
            [connection, verb, ref arguments @ ..] => self.connection(connection, verb, arguments)?,
            _ => return Err("no such directive".into()),
        }
        Ok(())
    }

    fn connection(&mut self, name: &str, verb: &str, arguments: &[&str]) -> Result<(), String> {
        let connection = connection(name)?;
        if let Some(query) = query(verb, arguments)? {
            self.state.query(self.at, connection, &query, &mut self.out);
        } else {
            let command = command(verb, arguments)?;
            self.state.apply(self.at, Any::Tube { connection, command }, &mut self.out);
        }
        Ok(())
    }

    fn snapshot_next(&mut self, slots: usize, show: bool) -> Result<bool, String> {
        let (mut outcome, mut shown) = (Ok(()), Vec::new());
        let more = self.state.snapshot_next(slots, usize::MAX, &mut |record| {
            if outcome.is_ok() {
                outcome = self.restore.add(&record);
            }
            shown.push(show_record(&record));
        });
        for line in shown.into_iter().filter(|_| show) {
            self.out.line(format_args!("{line}"));
        }
        outcome.map(|()| more).map_err(|error| error.to_string())
    }
}

fn command<'a>(verb: &str, arguments: &[&'a str]) -> Result<Command<'a>, String> {
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

fn query(verb: &str, arguments: &[&str]) -> Result<Option<Query>, String> {
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

/// Splits at spaces, but not within quotes.
fn words(directive: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in directive.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn option(options: &[&str], name: &str) -> Result<Option<u32>, String> {
    let value = options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    value.map(number).transpose()
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number, or too large"))
}

fn connection(word: &str) -> Result<ConnectionId, String> {
    let (node, name) = match word.strip_prefix('n') {
        Some(rest) => rest.split_once('c').ok_or("a connection is c1 or n2c1")?,
        None => ("1", word.strip_prefix('c').ok_or("no such directive")?),
    };
    Ok(ConnectionId::new(number(node)?, number(name)?))
}

/// Seconds with up to six decimals.
fn time(word: &str) -> Result<Time, String> {
    let digits = word.strip_suffix('s').ok_or("a time ends with s")?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let microseconds: u64 = number(&format!("{fraction:0<6}"))?;
    Ok(Time(number::<u64>(whole)? * 1_000_000 + microseconds))
}

fn show_time(time: Time) -> String {
    let (whole, fraction) = (time.0 / 1_000_000, time.0 % 1_000_000);
    let shown = format!("{whole}.{fraction:06}");
    format!("{}s", shown.trim_end_matches('0').trim_end_matches('.'))
}

fn show_connection(id: ConnectionId) -> String {
    match id.node() {
        1 => format!("c{}", id.number()),
        node => format!("n{node}c{}", id.number()),
    }
}

/// An outbox as text, a line each.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }
}

impl Outbox for Shown {
    fn tube(&mut self, to: ConnectionId, reply: Reply<'_>) {
        self.line(format_args!("{} {}", show_connection(to), show_reply(&reply)));
    }
}

fn show_reply(reply: &Reply<'_>) -> String {
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

fn show_body(body: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(body))
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

fn show_numbers(numbers: &[(&str, u64)]) -> String {
    let shown = numbers.iter().filter(|(_, value)| *value > 0);
    shown.map(|(name, value)| format!(" {name}={value}")).collect()
}

fn show_record(record: &Record<'_>) -> String {
    match record {
        Record::Header(header) => {
            format!(
                "header: {} tubes, {} connections, {} jobs",
                header.tubes, header.connections, header.jobs
            )
        }
        Record::Tube(tube) => format!("tube {}", tube.name),
        Record::Connection(connection) => format!("connection {}", show_connection(connection.id)),
        Record::Job(job) => {
            let standing = match job.standing {
                Standing::Ready => "ready".into(),
                Standing::Reserved { holder, deadline } => {
                    format!("reserved by {} until {}", show_connection(holder), show_time(deadline))
                }
                Standing::Delayed { until } => format!("delayed until {}", show_time(until)),
                Standing::Buried { number } => format!("buried as number {number}"),
            };
            let tube::JobCounts { reserves, .. } = job.counts;
            format!("job {} {}, {standing}, reserves={reserves}", job.id, show_body(job.body))
        }
    }
}
