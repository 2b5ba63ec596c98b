//! An address as the user writes it, to listen on or to connect to. Nothing is looked up or opened here.

use std::fmt;
use std::path::PathBuf;

use crate::limits::UNIX_PATH_BYTES_MAX;

/// Where to listen, or where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A TCP port.
    Tcp {
        /// A name or an address, not yet looked up; an IPv6 address without its brackets.
        host: String,
        /// The port; to a listener, 0 lets the system choose.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads `host:port`, `[ipv6]:port` or `unix:/path`. With a `port_default` the port may be left out.
    ///
    /// The error says what is wrong with `text` and what to write instead.
    pub(crate) fn parse(text: &str, port_default: Option<u16>) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(path);
        }
        if text.parse::<u16>().is_ok() {
            return Err(format!("{text:?} names no host: write 127.0.0.1:{text}"));
        }
        let (host, port) = split(text)?;
        let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '*' | '[' | ']');
        if host.is_empty() || host.contains(strange) {
            return Err(format!(
                "{text:?} names no host: write host:port (0.0.0.0 for every interface) or unix:/path"
            ));
        }
        let port = match (port, port_default) {
            (Some(port), _) => port
                .parse()
                .map_err(|_| format!("{text:?}: the port {port:?} is not a number from 0 to 65535"))?,
            (None, Some(port)) => port,
            (None, None) => {
                return Err(format!(
                    "{text:?} has no port: write host:port as in 127.0.0.1:11300, or unix:/path"
                ));
            }
        };
        Ok(Address::Tcp { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Host and, if there is one, port.
fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(format!("{text:?}: only :port may follow the bracket, as in [::1]:11300")),
        };
    }
    match text.split_once(':') {
        // Where an IPv6 address without brackets ends and the port begins would be a guess.
        Some((_, rest)) if rest.contains(':') => {
            Err(format!("{text:?}: write an IPv6 address in brackets, as in [::1]:11300"))
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

fn unix(path: &str) -> Result<Address, String> {
    match path.len() {
        0 => Err("unix: needs a path, as in unix:/run/trellis.sock".to_owned()),
        1..=UNIX_PATH_BYTES_MAX => Ok(Address::Unix(PathBuf::from(path))),
        bytes => Err(format!(
            "the path of the Unix socket has {bytes} bytes; the system allows {UNIX_PATH_BYTES_MAX}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, port_default: Option<u16>, expected: &str) {
        let found = match Address::parse(text, port_default) {
            Ok(address) => address.to_string(),
            Err(message) => format!("error: {message}"),
        };
        assert!(found.starts_with(expected), "{text:?}: expected {expected:?}, found {found:?}");
    }

    #[test]
    fn reads_every_form() {
        check("127.0.0.1:11300", None, "127.0.0.1:11300");
        check("localhost:0", None, "localhost:0");
        check("[::1]:11300", None, "[::1]:11300");
        check("unix:/run/trellis.sock", None, "unix:/run/trellis.sock");
        check("unix:relative.sock", None, "unix:relative.sock");
        check("queue.example", Some(11300), "queue.example:11300");
        check("[::1]", Some(11300), "[::1]:11300");
        check("queue:1", Some(11300), "queue:1");
    }

    #[test]
    fn says_what_is_wrong() {
        check("127.0.0.1", None, "error: \"127.0.0.1\" has no port: write host:port");
        check("11300", None, "error: \"11300\" names no host: write 127.0.0.1:11300");
        check(
            ":11300",
            None,
            "error: \":11300\" names no host: write host:port (0.0.0.0 for every interface)",
        );
        check("*:11300", None, "error: \"*:11300\" names no host");
        check("", Some(1), "error: \"\" names no host");
        check("::1:11300", None, "error: \"::1:11300\": write an IPv6 address in brackets");
        check("[::1]11300", None, "error: \"[::1]11300\": only :port may follow");
        check("a:70000", None, "error: \"a:70000\": the port \"70000\" is not a number from 0 to 65535");
        check("http://a/", None, "error: \"http://a/\": the port \"//a/\"");
        check("unix:", None, "error: unix: needs a path");
        check(
            &format!("unix:/{}", "x".repeat(107)),
            None,
            "error: the path of the Unix socket has 108 bytes",
        );
    }
}
