//! Which servers to ask, and below which node to stay: ZooKeeper's connection string. Nothing is looked up here.

use std::fmt;

use super::path::Chroot;
use crate::address::Address;

/// The port of a server whose address names none.
const DEFAULT_PORT: u16 = 2181;

/// One or more servers of one service, and the node that stands for `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Servers {
    text: String,
    /// The servers, at least one.
    pub(super) addresses: Vec<Address>,
    /// The node below which everything happens.
    pub(super) chroot: Chroot,
}

impl Servers {
    /// Reads `host:port,host:port/chroot`.
    ///
    /// The error says what is wrong with `text` and what to write instead.
    pub(super) fn parse(text: &str) -> Result<Servers, String> {
        let (hosts, chroot) = match text.find('/') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let chroot = Chroot::new(chroot).map_err(|error| format!("{chroot:?} is no path: {error}"))?;
        let addresses = hosts.split(',').map(|host| match Address::parse(host, Some(DEFAULT_PORT))? {
            Address::Unix(_) => {
                Err(format!("{host:?}: write host:port; Unix sockets have no place in a list"))
            }
            address => Ok(address),
        });
        Ok(Servers { text: text.to_owned(), addresses: addresses.collect::<Result<_, _>>()?, chroot })
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match Servers::parse(text) {
            Ok(servers) => {
                let addresses: Vec<String> = servers.addresses.iter().map(Address::to_string).collect();
                format!("{} below {}", addresses.join(" "), servers.chroot.path())
            }
            Err(message) => format!("error: {message}"),
        };
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn reads_every_form() {
        check("a", "a:2181 below /");
        check("a:1,b,[::1]:3", "a:1 b:2181 [::1]:3 below /");
        check("a:1/", "a:1 below /");
        check("a:1,b:2/app/x", "a:1 b:2 below /app/x");
    }

    #[test]
    fn says_what_is_wrong() {
        check("2181", "error: \"2181\" names no host: write 127.0.0.1:2181");
        check("a:1/x/", "error: \"/x/\" is no path: Path must not end with / character");
        check("unix:x", "error: \"unix:x\": write host:port; Unix sockets have no place in a list");
        check("a:x", "error: \"a:x\": the port \"x\" is not a number from 0 to 65535");
    }
}
