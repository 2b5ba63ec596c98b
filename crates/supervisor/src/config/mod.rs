//! `workers.toml`: read, checked and complete. Only [`Config::load`] touches a file; nothing here starts anything.
//!
//! One table says which keys there are (`keys/`); the reader, the JSON schema and the reference page follow it.

mod check;
mod command;
mod defaults;
mod keys;
mod order;
mod own_server;
mod page;
mod problem;
mod program;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;
use std::time::Duration;

use crate::limits::CONFIG_BYTES_MAX;

pub use own_server::OwnServer;
pub use page::reference_page;
pub use problem::{ConfigError, Problem};
pub use program::{
    Backoff, GiveUp, Jobs, Listen, Log, LogTarget, Mode, Processes, Program, Ready, ReadyWhen, Restart,
    Scaling, Signal, Stop, Timetable, Work,
};
pub use schema::json_schema;
pub(crate) use value::hint;

/// What a `workers.toml` says, checked, with every default filled in.
///
/// ```
/// use std::path::Path;
/// use trellis_supervisor::config::Config;
///
/// let text = r#"
///     [program.web]
///     command = "python3 -m http.server 8080"
///     processes = 2
/// "#;
/// let config = Config::parse(text, Path::new("workers.toml"))?;
/// assert_eq!(config.programs[0].name, "web");
/// assert_eq!(config.programs[0].processes.max, 2);
/// # Ok::<(), trellis_supervisor::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the servers are.
    pub server: Server,
    /// The programs in the order in which they are started; stopping goes the other way.
    pub programs: Vec<Program>,
}

/// The servers that jobs come from and that machines agree through: the section `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Servers of ZooKeeper's protocol, `host:port` each: one ensemble, which singletons and schedules use.
    pub zookeeper: Vec<String>,
    /// Servers of beanstalkd's protocol, `host:port` each: jobs are taken from all of them.
    pub beanstalk: Vec<String>,
    /// The time after which the work of a machine that is silent goes to another one.
    pub session_timeout: Duration,
    /// The znode below which machines agree on who runs what.
    pub root: String,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is too large, or says something that makes no sense. The error tells every problem
    /// that was found, not only the first.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::load_with(path, None)
    }

    /// The same with a server in this process, which takes the place of those that the file may name.
    ///
    /// # Errors
    ///
    /// As [`Config::load`], and if the file names other servers, or a program needs what the server doesn't speak.
    pub fn load_with(path: &Path, own: Option<&OwnServer>) -> Result<Config, ConfigError> {
        use std::io::Read as _;

        let unreadable = |error: std::io::Error| ConfigError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        // A pipe would be waited for, and nothing but a file can be read again.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(ConfigError::Unreadable {
                path: path.to_owned(),
                reason: "it is not a file".to_owned(),
            });
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(CONFIG_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > CONFIG_BYTES_MAX {
            return Err(ConfigError::TooLarge { path: path.to_owned(), bytes_max: CONFIG_BYTES_MAX });
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Config::parse_with(&text, path, own)
    }

    /// Checks a file's text; `path` is only named in errors.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        Config::parse_with(text, path, None)
    }

    /// The same with a server in this process, as in [`Config::load_with`].
    ///
    /// # Errors
    ///
    /// As [`Config::load_with`].
    pub fn parse_with(text: &str, path: &Path, own: Option<&OwnServer>) -> Result<Config, ConfigError> {
        read::config(text, own).map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
    }

    /// The program with this name.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.name == name)
    }
}
