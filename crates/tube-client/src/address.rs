//! Where a server listens, as the user writes it. Nothing is looked up or opened here.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// The port of a server whose address names none.
pub const PORT_DEFAULT: u16 = 11300;

/// A server's address.
///
/// ```
/// use trellis_tube_client::Address;
///
/// let address: Address = "queue.example".parse()?;
/// assert_eq!(address, Address::Tcp { host: "queue.example".to_owned(), port: 11300 });
/// assert_eq!("[::1]:7".parse::<Address>()?.to_string(), "[::1]:7");
/// assert_eq!("unix:/run/trellis.sock".parse::<Address>()?, Address::Unix("/run/trellis.sock".into()));
/// # Ok::<(), trellis_tube_client::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// A name or an address, looked up anew for each connection; an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no server's address: write host, host:port, [ipv6]:port or unix:/path")]
pub struct AddressError {
    text: String,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).ok_or_else(|| AddressError { text: text.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn parse(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        return (!path.is_empty()).then(|| Address::Unix(path.into()));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            // Where an IPv6 address without brackets ends and the port begins would be a guess.
            Some((_, port)) if port.contains(':') => return None,
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '*' | '[' | ']' | ',');
    if host.is_empty() || host.contains(strange) {
        return None;
    }
    let port = port.map_or(Some(PORT_DEFAULT), |port| port.parse().ok())?;
    Some(Address::Tcp { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = text.parse::<Address>().ok().map(|address| address.to_string());
        assert_eq!(found.as_deref(), expected, "{text:?}");
    }

    #[test]
    fn reads_every_form() {
        check("queue.example", Some("queue.example:11300"));
        check("127.0.0.1:1", Some("127.0.0.1:1"));
        check("[::1]", Some("[::1]:11300"));
        check("[::1]:1", Some("[::1]:1"));
        check("unix:/run/s", Some("unix:/run/s"));
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", ":1", "::1", "[::1]1", "a:70000", "a:", "http://a/", "unix:", "a b", "a,b"] {
            check(text, None);
        }
    }
}
