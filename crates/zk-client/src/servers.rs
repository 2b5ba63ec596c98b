//! Which servers to ask, and below which node to stay: ZooKeeper's connection string. Nothing is looked up here.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::limits::PORT_DEFAULT;
use crate::path::Chroot;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// A name or an address, not yet looked up; an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server { host, port } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Server { host, port } => write!(formatter, "{host}:{port}"),
        }
    }
}

/// One or more servers of one service, and the node that stands for `/`.
///
/// ```
/// use trellis_zk_client::Servers;
///
/// let servers: Servers = "one.example,two.example:2182/app".parse()?;
/// assert_eq!(servers.list.len(), 2);
/// assert_eq!(servers.list[0].to_string(), "one.example:2181");
/// assert_eq!(servers.chroot.path(), "/app");
/// # Ok::<(), trellis_zk_client::ServersError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    text: String,
    /// The servers, at least one.
    pub list: Vec<Server>,
    /// The node below which everything happens. It must be there: operations find no node otherwise, and no client
    /// creates it.
    pub chroot: Chroot,
}

/// A text is no connection string. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ServersError(String);

impl FromStr for Servers {
    type Err = ServersError;

    /// Reads `host:port,host:port/chroot`. A port that is left out is [`PORT_DEFAULT`].
    fn from_str(text: &str) -> Result<Servers, ServersError> {
        let (hosts, chroot) = match text.find('/') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let chroot =
            Chroot::new(chroot).map_err(|error| ServersError(format!("{chroot:?} is no path: {error}")))?;
        let list = hosts.split(',').map(|host| parse_server(host).map_err(ServersError));
        Ok(Servers { text: text.to_owned(), list: list.collect::<Result<_, _>>()?, chroot })
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn parse_server(text: &str) -> Result<Server, String> {
    if text.starts_with("unix:") {
        return Err(format!("{text:?}: write host:port; Unix sockets have no place in a list"));
    }
    if text.parse::<u16>().is_ok() {
        return Err(format!("{text:?} names no host: write 127.0.0.1:{text}"));
    }
    let (host, port) = split_port(text)?;
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '[' | ']');
    if host.is_empty() || host.contains(strange) {
        return Err(format!("{text:?} names no host: write host:port"));
    }
    let port = match port {
        None => PORT_DEFAULT,
        Some(port) => port
            .parse()
            .map_err(|_| format!("{text:?}: the port {port:?} is not a number from 0 to {}", u16::MAX))?,
    };
    Ok(Server { host: host.to_owned(), port })
}

/// Host and, if there is one, port.
fn split_port(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match (rest, rest.strip_prefix(':')) {
            ("", _) => Ok((host, None)),
            (_, Some(port)) => Ok((host, Some(port))),
            _ => Err(format!("{text:?}: only :port may follow the bracket, as in [::1]:{PORT_DEFAULT}")),
        };
    }
    match text.split_once(':') {
        // Where an IPv6 address without brackets ends and the port begins would be a guess.
        Some((_, port)) if port.contains(':') => {
            Err(format!("{text:?}: write an IPv6 address in brackets, as in [::1]:{PORT_DEFAULT}"))
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match text.parse::<Servers>() {
            Ok(servers) => {
                let list: Vec<String> = servers.list.iter().map(Server::to_string).collect();
                format!("{} below {}", list.join(" "), servers.chroot.path())
            }
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn reads_every_form() {
        check("a", "a:2181 below /");
        check("a:1,b,[::1]:3,[::2]", "a:1 b:2181 [::1]:3 [::2]:2181 below /");
        check("a:1/", "a:1 below /");
        check("a:1,b:2/app/x", "a:1 b:2 below /app/x");
    }

    #[test]
    fn says_what_is_wrong() {
        check("2181", "error: \"2181\" names no host: write 127.0.0.1:2181");
        check("", "error: \"\" names no host: write host:port");
        check("a:1,,b:1", "error: \"\" names no host: write host:port");
        check("a:1/x/", "error: \"/x/\" is no path: Path must not end with / character");
        check("unix:x", "error: \"unix:x\": write host:port; Unix sockets have no place in a list");
        check("a:x", "error: \"a:x\": the port \"x\" is not a number from 0 to 65535");
        check("::1:2181", "error: \"::1:2181\": write an IPv6 address in brackets, as in [::1]:2181");
        check("[::1]2181", "error: \"[::1]2181\": only :port may follow the bracket, as in [::1]:2181");
    }
}
