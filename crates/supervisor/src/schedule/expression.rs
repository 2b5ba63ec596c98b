//! A cron expression in a time zone: which instants it names. Nothing here knows what has run already.

use std::fmt;
use std::sync::Arc;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A cron expression in a time zone.
///
/// Five fields (minute, hour, day of the month, month, day of the week), or six with seconds first, or a word such as
/// `@daily`. Where the clocks
/// are put forward, a time of day that doesn't exist is due when they have been put forward, and where they are put
/// back, a time of day that comes twice is due the first time only. An expression that is due every so often, with `*`
/// or a step for minutes or hours, goes by the time that really passes: it loses the hour that doesn't exist and has
/// the repeated hour twice.
///
/// ```
/// use trellis_supervisor::schedule::Schedule;
///
/// let schedule = Schedule::parse("30 2 * * *", "Europe/Berlin")?;
/// let before: jiff::Timestamp = "2026-03-28T12:00:00Z".parse()?;
/// let next = schedule.next_after(before).expect("there is a next one");
/// // On 29 March 2026 there is no 02:30 in Berlin: the clock goes from 02:00 to 03:00.
/// assert_eq!(next.to_string(), "2026-03-29T01:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Schedule {
    expression: String,
    zone_name: String,
    /// Large, and the same for all copies.
    cron: Arc<Cron>,
    zone: TimeZone,
}

/// Why a schedule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The expression is none.
    #[error(
        "{expression:?} is not a schedule ({reason}): write five fields, minute, hour, day of the month, month and day \
         of the week, as in \"*/5 * * * *\", or six with seconds first, or @hourly, @daily, @weekly, @monthly or @yearly"
    )]
    Expression {
        /// What was given.
        expression: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The expression names no instant that will come.
    #[error("{expression:?} never comes: no date fits all of its fields")]
    Never {
        /// What was given.
        expression: String,
    },
    /// There is no such time zone.
    #[error("{zone:?} is not a time zone: write a name as in \"Europe/Berlin\", or \"UTC\"")]
    Zone {
        /// What was given.
        zone: String,
    },
}

impl Schedule {
    /// Reads an expression and the name of a time zone, as in `Europe/Berlin` or `UTC`.
    ///
    /// # Errors
    ///
    /// If either cannot be understood, or the expression names a date that never comes.
    pub fn parse(expression: &str, zone: &str) -> Result<Schedule, ScheduleError> {
        let parsed = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build()
            .parse(expression)
            .map_err(|error| ScheduleError::Expression {
                expression: expression.to_owned(),
                reason: reason(expression, error),
            })?;
        let unknown = || ScheduleError::Zone { zone: zone.to_owned() };
        let schedule = Schedule {
            expression: expression.to_owned(),
            zone_name: zone.to_owned(),
            cron: Arc::new(parsed),
            zone: TimeZone::get(zone).map_err(|_| unknown())?,
        };
        // Any instant will do: a date that comes at all comes within a few years of any other.
        match schedule.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never { expression: expression.to_owned() }),
        }
    }

    /// The first instant of the schedule that is later than `instant`; `None` if there is none before the end of the
    /// calendar.
    #[must_use]
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let start = instant.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&start, false).ok().map(|next| next.timestamp())
    }

    /// The last instant of the schedule that is not later than `instant`.
    #[must_use]
    pub fn last_until(&self, instant: Timestamp) -> Option<Timestamp> {
        let end = instant.to_zoned(self.zone.clone());
        self.cron.find_previous_occurrence(&end, true).ok().map(|last| last.timestamp())
    }

    /// The expression as it was given.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The name of the time zone as it was given.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone_name
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Schedule) -> bool {
        self.expression == other.expression && self.zone_name == other.zone_name
    }
}

impl Eq for Schedule {}

impl fmt::Debug for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Schedule({:?} in {})", self.expression, self.zone_name)
    }
}

/// The library's reason as a part of our sentence.
fn reason(expression: &str, error: CronError) -> String {
    let fields = expression.split_whitespace().count();
    match error {
        _ if expression.starts_with('@') => "there is no such word".to_owned(),
        CronError::InvalidPattern(_) if !(5..=6).contains(&fields) => format!("it has {fields} fields"),
        CronError::EmptyPattern => "it is empty".to_owned(),
        CronError::InvalidPattern(text)
        | CronError::IllegalCharacters(text)
        | CronError::ComponentError(text) => text.trim_end_matches('.').to_owned(),
        other => other.to_string().trim_end_matches('.').to_owned(),
    }
}
