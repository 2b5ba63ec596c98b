//! Statistics as the server sends them. Keys differ from server to server, so none is required.

use trellis_tube_codec::yaml;

/// Keys and values in the server's order.
///
/// ```
/// use trellis_tube_client::Statistics;
///
/// let statistics = Statistics::parse(b"---\nid: 7\nstate: ready\n");
/// assert_eq!((statistics.number("id"), statistics.text("state")), (Some(7), Some("ready")));
/// assert_eq!(statistics.number("missing"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pairs: Vec<(String, String)>,
}

impl Statistics {
    /// Reads a reply's body.
    pub fn parse(body: &[u8]) -> Self {
        let pairs = yaml::parse_map(body).map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self { pairs: pairs.collect() }
    }

    /// A value as text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A value that is a whole number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    /// All keys and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
