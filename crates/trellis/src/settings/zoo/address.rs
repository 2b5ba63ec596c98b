//! Where a zoo.cfg lets clients connect: its keys for that, put together.

use std::fs;

/// What is given, each with the place where it is.
#[derive(Default)]
pub(super) struct ClientAddress {
    pub(super) port: Option<(String, String)>,
    pub(super) host: Option<(String, String)>,
    /// What the line of the server says, host and port.
    pub(super) of_server: Option<((Option<String>, String), String)>,
}

impl ClientAddress {
    /// The address to listen on and where it is given; none if no port is. The error says what does not fit.
    pub(super) fn resolve(&self) -> Result<Option<(String, String)>, String> {
        let port = self.port.as_ref().filter(|(port, _)| port != "0");
        // As ZooKeeper does, also where the line of a server has a port: it would listen elsewhere than it says.
        if self.host.is_some() && port.is_none() {
            let unset = if self.port.is_some() { "; 0 counts as none" } else { "" };
            return Err(format!("clientPortAddress needs a clientPort{unset}"));
        }
        let (port, host, place) = match (port, &self.of_server) {
            (Some((port, place)), None) => (port, self.host.as_ref().map(|(host, _)| host), place),
            (None, Some(((host, port), place))) => (port, host.as_ref(), place),
            (Some((port, place)), Some(((host, other), other_place))) => {
                if port != other {
                    return Err(format!("clientPort is {port}, but {other_place} says {other}"));
                }
                (port, self.host.as_ref().map(|(host, _)| host).or(host.as_ref()), place)
            }
            (None, None) => return Ok(None),
        };
        let host = host.map_or_else(|| every_interface().to_owned(), |host| in_brackets(host));
        Ok(Some((format!("{host}:{port}"), place.clone())))
    }
}

/// The client address in the line of a server, `host:port:port[:role];[host:]port`: a host if there is one, and a port.
pub(super) fn of_server(value: &str) -> Option<(Option<String>, String)> {
    let (_, client) = value.split_once(';')?;
    let (host, port) = match client.trim().rsplit_once(':') {
        Some((host, port)) => (Some(host.to_owned()), port),
        None => (None, client.trim()),
    };
    Some((host, port.to_owned()))
}

/// An IPv6 address in brackets, unless it has them; anything else as it is.
fn in_brackets(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// As in Java, where a socket of IPv6 takes clients of IPv4 as well; without IPv6, or if that is not so, those of IPv4.
fn every_interface() -> &'static str {
    let both = fs::read_to_string("/proc/sys/net/ipv6/bindv6only").is_ok_and(|only| only.trim() == "0");
    if both { "[::]" } else { "0.0.0.0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T>(value: T) -> Option<(T, String)> {
        Some((value, "zoo.cfg".to_owned()))
    }

    fn resolve(port: &str, host: &str, server: &str) -> String {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let address = ClientAddress {
            port: some(port).and_then(at),
            host: some(host).and_then(at),
            of_server: of_server(server).and_then(at),
        };
        match address.resolve() {
            Ok(found) => found.map_or("none".to_owned(), |(address, _)| address),
            Err(problem) => problem,
        }
    }

    #[test]
    fn hosts_and_ports_come_together() {
        let every = every_interface();
        assert_eq!(resolve("2181", "", ""), format!("{every}:2181"));
        assert_eq!(resolve("2181", "10.0.0.1", ""), "10.0.0.1:2181");
        assert_eq!(resolve("2181", "::1", ""), "[::1]:2181");
        assert_eq!(resolve("2181", "[::1]", ""), "[::1]:2181");
        assert_eq!(resolve("", "", ""), "none");
        assert_eq!(resolve("0", "", ""), "none");
        assert_eq!(resolve("", "10.0.0.1", ""), "clientPortAddress needs a clientPort");
        assert_eq!(resolve("0", "10.0.0.1", ""), "clientPortAddress needs a clientPort; 0 counts as none");
    }

    #[test]
    fn the_line_of_a_server_may_have_a_client_port() {
        let every = every_interface();
        assert_eq!(resolve("", "", "a:2888:3888"), "none");
        assert_eq!(resolve("", "", "a:2888:3888:participant;2181"), format!("{every}:2181"));
        assert_eq!(resolve("", "", "a:2888:3888;10.0.0.1:2181"), "10.0.0.1:2181");
        assert_eq!(resolve("", "", "a:2888:3888;[::1]:2181"), "[::1]:2181");
        assert_eq!(resolve("2181", "", "a:2888:3888;10.0.0.1:2181"), "10.0.0.1:2181");
        assert_eq!(resolve("", "10.0.0.1", "a:2888:3888;2181"), "clientPortAddress needs a clientPort");
        assert_eq!(resolve("2181", "", "a:2888:3888;2182"), "clientPort is 2181, but zoo.cfg says 2182");
    }
}
