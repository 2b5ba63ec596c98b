//! The server's statistics as it sends them: keys and values in its order.

use serde::{Serialize, Serializer};
use trellis_tube_client::{Answer, Statistics as Pairs, blocking::Client};

use crate::exit::Failure;
use crate::output::Output;
use crate::table::two_columns;

/// The keys of a tube's statistics that are text.
const TUBE_TEXTS: &[&str] = &["name"];

/// One set of statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statistics {
    pairs: Pairs,
    /// The keys whose values are text even if they look like numbers.
    texts: &'static [&'static str],
}

impl Statistics {
    /// The server's own.
    pub(super) fn of_server(client: &mut Client) -> Result<Statistics, Failure> {
        Ok(Self::new(client.stats()?, &["version", "id", "hostname", "os", "platform"]))
    }

    /// A job's, if there is such a job.
    pub(super) fn of_job(client: &mut Client, id: u64) -> Result<Option<Statistics>, Failure> {
        Ok(client.stats_job(id)?.map(|pairs| Self::new(pairs, &["tube", "state"])))
    }

    /// A tube's, if there is such a tube.
    pub(super) fn of_tube(client: &mut Client, tube: &str) -> Result<Option<Statistics>, Failure> {
        Ok(client.stats_tube(tube)?.map(|pairs| Self::new(pairs, TUBE_TEXTS)))
    }

    /// The same from an answer.
    pub(super) fn from_tube_answer(answer: &Answer) -> Option<Statistics> {
        let Answer::Text(body) = answer else { return None };
        Some(Self::new(Pairs::parse(body), TUBE_TEXTS))
    }

    fn new(pairs: Pairs, texts: &'static [&'static str]) -> Statistics {
        Statistics { pairs, texts }
    }

    /// A value as text; empty if the server does not send it.
    pub(super) fn text(&self, key: &str) -> &str {
        self.pairs.text(key).unwrap_or_default()
    }

    /// A value as a number; 0 if the server does not send it.
    pub(super) fn number(&self, key: &str) -> u64 {
        self.pairs.number(key).unwrap_or(0)
    }

    /// Prints all of it.
    pub(super) fn print(&self, output: &mut Output) -> Result<(), Failure> {
        if output.json() {
            return output.value(self);
        }
        let pairs: Vec<(&str, &str)> = self.pairs.pairs().collect();
        two_columns(&pairs).into_iter().try_for_each(|line| output.line(line))
    }
}

/// An object with the server's keys; numbers and truth values as such.
impl Serialize for Statistics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.pairs.pairs().map(|(key, value)| {
                (key, if self.texts.contains(&key) { value.into() } else { typed(value) })
            }),
        )
    }
}

fn typed(text: &str) -> serde_json::Value {
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    match text {
        "true" => true.into(),
        "false" => false.into(),
        _ if numeric => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_order_and_types() {
        let body = b"---\nid: 0123456789012345\npid: 7\nrusage-utime: 0.120000\ndraining: false\nname: 12\nodd: 1-2\n";
        let statistics = Statistics::new(Pairs::parse(body), &["id", "name"]);
        let json = serde_json::to_string(&statistics).expect("JSON");
        assert_eq!(
            json,
            r#"{"id":"0123456789012345","pid":7,"rusage-utime":0.12,"draining":false,"name":"12","odd":"1-2"}"#
        );
        assert_eq!((statistics.number("pid"), statistics.number("missing")), (7, 0));
    }
}
