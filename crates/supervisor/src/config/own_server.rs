//! A server in the supervisor's own process: where it is reached, and what a file says that doesn't go with it.

use super::check::Found;
use super::{Program, Server, Work};

/// Where the server in this very process is reached by those on the same machine.
///
/// ```
/// use std::path::Path;
/// use trellis_supervisor::config::{Config, OwnServer};
///
/// let own = OwnServer { beanstalk: vec!["127.0.0.1:11300".to_owned()], ..OwnServer::default() };
/// let load = |text: &str| Config::parse_with(text, Path::new("workers.toml"), Some(&own));
/// let program = "[program.mail]\ncommand = \"cat\"\ntube = \"mail\"\n";
/// assert!(load(program).is_ok());
/// assert!(load(&format!("[server]\nbeanstalk = \"localhost:11300\"\n{program}")).is_ok());
/// assert!(load(&format!("[server]\nbeanstalk = \"queue.example:11300\"\n{program}")).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnServer {
    /// Where it speaks ZooKeeper's protocol, `host:port` each; none if it is off.
    pub zookeeper: Vec<String>,
    /// Where it speaks beanstalkd's protocol, `host:port` or `unix:/path` each; none if it is off.
    pub beanstalk: Vec<String>,
}

/// The names of a machine for itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl OwnServer {
    /// Takes the place of the servers of a file. One address of each protocol is enough, as all lead to the same server,
    /// and jobs would be waited for at each.
    pub(crate) fn replace(&self, server: &mut Server) {
        server.zookeeper = self.zookeeper.first().cloned().into_iter().collect();
        server.beanstalk = self.beanstalk.first().cloned().into_iter().collect();
    }

    /// What is wrong with the addresses of a key of `[server]`, if they lead elsewhere.
    pub(super) fn contradicts(&self, key: &str, server: &Server) -> Option<String> {
        let (own, named) = match key {
            "zookeeper" => (&self.zookeeper, &server.zookeeper),
            "beanstalk" => (&self.beanstalk, &server.beanstalk),
            _ => return None,
        };
        let other = named.iter().find(|named| !own.iter().any(|own| is_same(own, named)))?;
        let own = if own.is_empty() {
            "which doesn't listen for it".to_owned()
        } else {
            format!("at {}", own.join(", "))
        };
        Some(format!(
            "{other:?} is another server than the one that --serve starts, {own}: leave the key out, or run without --serve"
        ))
    }

    /// What a program needs that the server doesn't speak.
    pub(super) fn lacks(&self, program: &Program) -> Vec<Found> {
        let off = |key, name: &str| {
            (key, format!("it needs {name}, which is off in the settings of the server that --serve starts"))
        };
        let tube = matches!(program.work, Work::Jobs(_)) && self.beanstalk.is_empty();
        let singleton = program.singleton && self.zookeeper.is_empty();
        let tube = tube.then(|| off("tube", "beanstalkd's protocol (--beanstalk)"));
        let singleton = singleton.then(|| off("singleton", "ZooKeeper's protocol at a port (--zookeeper)"));
        tube.into_iter().chain(singleton).collect()
    }
}

/// Whether both addresses lead to the same place, as far as can be seen without looking anything up.
fn is_same(own: &str, named: &str) -> bool {
    let is_loopback = |host: &str| LOOPBACK.contains(&host);
    own == named
        || match (own.rsplit_once(':'), named.rsplit_once(':')) {
            (Some((own, own_port)), Some((named, named_port))) => {
                own_port == named_port && is_loopback(own) && is_loopback(named)
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[track_caller]
    fn check(file: &str, expected: &str) {
        let own = OwnServer {
            zookeeper: Vec::new(),
            beanstalk: vec!["127.0.0.1:11300".to_owned(), "unix:/run/s".to_owned()],
        };
        let found = match Config::parse_with(file, Path::new("w"), Some(&own)) {
            Ok(config) => format!("{:?} {:?}", config.server.beanstalk, config.server.zookeeper),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{file}");
    }

    const MAIL: &str = "[program.mail]\ncommand = \"cat\"\ntube = \"mail\"\n";

    #[test]
    fn its_addresses_take_the_place_of_the_files() {
        check(MAIL, "[\"127.0.0.1:11300\"] []");
        for named in ["\"localhost:11300\"", "[\"[::1]:11300\", \"127.0.0.1:11300\"]"] {
            check(&format!("[server]\nbeanstalk = {named}\n{MAIL}"), "[\"127.0.0.1:11300\"] []");
        }
    }

    #[test]
    fn other_servers_are_refused() {
        for (named, quoted) in [
            ("\"a.example:11300\"", "\"a.example:11300\""),
            ("[\"localhost:11300\", \"localhost:11301\"]", "\"localhost:11301\""),
        ] {
            check(
                &format!("[server]\nbeanstalk = {named}\n{MAIL}"),
                &format!(
                    "w:2: server.beanstalk: {quoted} is another server than the one that --serve starts, at \
                     127.0.0.1:11300, unix:/run/s: leave the key out, or run without --serve"
                ),
            );
        }
    }

    #[test]
    fn what_needs_a_protocol_that_is_off_is_refused() {
        check(
            "[program.a]\ncommand = \"true\"\nsingleton = true\n",
            "w:3: program.a.singleton: it needs ZooKeeper's protocol at a port (--zookeeper), which is off in the settings \
             of the server that --serve starts",
        );
    }
}
