//! The server's statistics as it sends them: keys and values in its order.

use serde::{Serialize, Serializer};
use trellis_tube_codec::{Reply, Request, yaml};

use super::client::Client;
use super::refusal::unexpected;
use crate::exit::Failure;
use crate::output::Output;
use crate::table::two_columns;

/// One set of statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statistics {
    pairs: Vec<(String, String)>,
    /// The keys whose values are text even if they look like numbers.
    texts: &'static [&'static str],
}

impl Statistics {
    /// The server's own.
    pub(super) fn of_server(client: &mut Client) -> Result<Statistics, Failure> {
        let reply = client.call(&Request::Stats)?;
        Self::from_reply(&reply, &["version", "id", "hostname", "os", "platform"])?
            .ok_or_else(|| unexpected(&reply))
    }

    /// A job's, if there is such a job.
    pub(super) fn of_job(client: &mut Client, id: u64) -> Result<Option<Statistics>, Failure> {
        Self::from_reply(&client.call(&Request::StatsJob { id })?, &["tube", "state"])
    }

    /// A tube's, if there is such a tube.
    pub(super) fn of_tube(client: &mut Client, tube: &str) -> Result<Option<Statistics>, Failure> {
        Self::from_tube_reply(&client.call(&Request::StatsTube { tube })?)
    }

    /// The same from a reply.
    pub(super) fn from_tube_reply(reply: &Reply<'_>) -> Result<Option<Statistics>, Failure> {
        Self::from_reply(reply, &["name"])
    }

    fn from_reply(reply: &Reply<'_>, texts: &'static [&'static str]) -> Result<Option<Statistics>, Failure> {
        let body = match reply {
            Reply::Ok { body } => body,
            Reply::NotFound => return Ok(None),
            other => return Err(unexpected(other)),
        };
        let pairs = yaml::parse_map(body).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Ok(Some(Statistics { pairs, texts }))
    }

    /// A value as text; empty if the server does not send it.
    pub(super) fn text(&self, key: &str) -> &str {
        self.pairs.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    /// A value as a number; 0 if the server does not send it.
    pub(super) fn number(&self, key: &str) -> u64 {
        self.text(key).parse().unwrap_or(0)
    }

    /// Prints all of it.
    pub(super) fn print(&self, output: &mut Output) -> Result<(), Failure> {
        if output.json() {
            return output.value(self);
        }
        two_columns(&self.pairs).into_iter().try_for_each(|line| output.line(line))
    }
}

/// An object with the server's keys; numbers and truth values as such.
impl Serialize for Statistics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.pairs.iter().map(|(key, value)| {
            (key, if self.texts.contains(&key.as_str()) { value.as_str().into() } else { typed(value) })
        }))
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
        let statistics =
            Statistics::from_reply(&Reply::Ok { body }, &["id", "name"]).expect("OK").expect("some");
        let json = serde_json::to_string(&statistics).expect("JSON");
        assert_eq!(
            json,
            r#"{"id":"0123456789012345","pid":7,"rusage-utime":0.12,"draining":false,"name":"12","odd":"1-2"}"#
        );
        assert_eq!((statistics.number("pid"), statistics.number("missing")), (7, 0));
    }
}
