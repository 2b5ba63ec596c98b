//! The one list of settings: name, help, default, and how the text becomes a field of [`ServeSettings`].
//!
//! To add a setting, add a row here and a field there, then run the tests with `UPDATE=1`.

use std::time::Duration;

use super::{Durability, LogFormat, LogLevel, ServeSettings, value, zookeeper};
use crate::address::Address;
use crate::limits::{
    CONNECTIONS_MAX, FSYNC_INTERVAL_MS_MAX, JOB_SIZE_BYTES_MAX, LOG_SEGMENT_BYTES_MAX, LOG_SEGMENT_BYTES_MIN,
    MEMORY_BYTES_MIN,
};

/// One setting of `trellis serve`.
pub(crate) struct Setting {
    /// The flag without its `--`, and the key in the file.
    pub(crate) name: &'static str,
    /// The environment variable.
    pub(crate) variable: &'static str,
    /// What stands for the value in the help.
    pub(crate) value_name: &'static str,
    /// The default as the user would write it; `None` when leaving it out is a state of its own.
    pub(crate) default: Option<&'static str>,
    /// Whether it may be given several times.
    pub(crate) repeatable: bool,
    /// How a shell can complete the value.
    pub(crate) complete: Complete,
    /// One line: what it does.
    pub(crate) summary: &'static str,
    /// The rest: range, units and what to know before changing it.
    pub(crate) details: &'static str,
    /// Reads the values, at least one, into the settings. The error goes after the setting's name.
    pub(super) apply: Apply,
}

type Apply = fn(&mut ServeSettings, &[String]) -> Result<(), String>;

/// How a shell can complete a value.
pub(crate) enum Complete {
    /// Not at all.
    Nothing,
    /// With directories.
    Directory,
    /// With names of users.
    User,
    /// With one of these words.
    Words(&'static [&'static str]),
}

const DURABILITIES: &[(&str, Durability)] =
    &[("strict", Durability::Strict), ("interval", Durability::Interval), ("memory", Durability::Memory)];

const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

const LOG_LEVELS: &[(&str, LogLevel)] = &[
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

/// Every setting, in the order of help and reference page.
pub(crate) static SETTINGS: &[Setting] = &[
    Setting {
        name: "data-dir",
        variable: "TRELLIS_DATA_DIR",
        value_name: "DIR",
        default: Some("./trellis-data"),
        repeatable: false,
        complete: Complete::Directory,
        summary: "The directory of the log and its snapshots",
        details: "Made if it does not exist, and its parents too, for the server's user only. One server at a \
                  time may use it; a second one refuses to start. A relative path starts at the working \
                  directory, also when it stands in the file. Not used with `--durability memory`.",
        apply: |settings, values| {
            settings.data_dir = value::path(one(values))?;
            Ok(())
        },
    },
    Setting {
        name: "beanstalk",
        variable: "TRELLIS_BEANSTALK",
        value_name: "ADDR",
        default: Some("127.0.0.1:11300"),
        repeatable: true,
        complete: Complete::Nothing,
        summary: "Where to speak beanstalkd's protocol",
        details: "`host:port`, `[ipv6]:port`, `unix:/path` or `off`. Give it several times, or several \
                  addresses with commas between them, to listen on all of them. `0.0.0.0:11300` is every \
                  interface: the protocol has no passwords, so let only trusted hosts reach it. A Unix \
                  socket belongs to `--user`, if that is given, and the umask decides who else may connect: \
                  nobody with 022, its group with 007, everybody with 000. One that a dead server has left \
                  is replaced. Sockets passed by systemd (`LISTEN_FDS`) are used instead of these addresses.",
        apply: |settings, values| {
            settings.beanstalk = addresses(values)?;
            Ok(())
        },
    },
    zookeeper::LISTENERS,
    Setting {
        name: "http",
        variable: "TRELLIS_HTTP",
        value_name: "ADDR",
        default: Some("off"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "Where to serve HTTP; only `off` in this version",
        details: "This version has no such listener. `off` is accepted so that scripts can already say it.",
        apply: |_, values| not_yet(values, "HTTP"),
    },
    Setting {
        name: "durability",
        variable: "TRELLIS_DURABILITY",
        value_name: "LEVEL",
        default: Some("strict"),
        repeatable: false,
        complete: Complete::Words(&["strict", "interval", "memory"]),
        summary: "When a change is acknowledged: `strict`, `interval` or `memory`",
        details: "`strict`: after its fsync, which all that wait share, so an acknowledged job survives a \
                  power cut. `interval`: after it is written to the log; it survives the death of the \
                  process, and a power cut costs at most the last `--fsync-interval-ms`. `memory`: at once; \
                  nothing is written and a restart begins empty.",
        apply: |settings, values| {
            settings.durability = value::choice(one(values), DURABILITIES)?;
            Ok(())
        },
    },
    Setting {
        name: "fsync-interval-ms",
        variable: "TRELLIS_FSYNC_INTERVAL_MS",
        value_name: "MS",
        default: Some("50"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "The longest time between two fsyncs with `--durability interval`",
        details: "1 to 60000 milliseconds, or `never` to leave it to the operating system. The other \
                  levels of durability do not use it.",
        apply: |settings, values| {
            settings.fsync_interval = fsync_interval(one(values))?;
            Ok(())
        },
    },
    Setting {
        name: "max-job-size",
        variable: "TRELLIS_MAX_JOB_SIZE",
        value_name: "SIZE",
        default: Some("65535"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "The largest job body that is accepted",
        details: "1 to 1008M. A size is a number of bytes, or of KiB, MiB or GiB with K, M or G after it. \
                  A larger put is answered JOB_TOO_BIG.",
        apply: |settings, values| {
            settings.max_job_size_bytes = value::size(one(values), 1, JOB_SIZE_BYTES_MAX.into())?;
            Ok(())
        },
    },
    zookeeper::ZNODE_SIZE,
    Setting {
        name: "max-connections",
        variable: "TRELLIS_MAX_CONNECTIONS",
        value_name: "COUNT",
        default: Some("16384"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "How many clients may be connected at once",
        details: "1 to 1000000. A client beyond it is answered OUT_OF_MEMORY and disconnected; the others \
                  notice nothing. Each connection takes an open file, see `ulimit -n`.",
        apply: |settings, values| {
            settings.max_connections = value::number(one(values), 1, CONNECTIONS_MAX)?;
            Ok(())
        },
    },
    Setting {
        name: "max-memory",
        variable: "TRELLIS_MAX_MEMORY",
        value_name: "SIZE",
        default: Some("off"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "How much memory job bodies may take before puts are refused",
        details: "At least 1M, or `off` for no limit. A put beyond it is answered OUT_OF_MEMORY; every \
                  other command still works, so workers can make room again.",
        apply: |settings, values| {
            settings.max_memory_bytes = match one(values) {
                "off" => None,
                text => {
                    Some(value::size(text, MEMORY_BYTES_MIN, u64::MAX).map_err(|e| format!("{e}, or off"))?)
                }
            };
            Ok(())
        },
    },
    zookeeper::TICK,
    zookeeper::SESSION_TIMEOUT_MIN,
    zookeeper::SESSION_TIMEOUT_MAX,
    zookeeper::CONNECTIONS_PER_ADDRESS,
    zookeeper::WORDS,
    zookeeper::SUPER_DIGEST,
    zookeeper::ENFORCE_QUOTA,
    Setting {
        name: "log-segment-bytes",
        variable: "TRELLIS_LOG_SEGMENT_BYTES",
        value_name: "SIZE",
        default: Some("64M"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "The size of one file of the log",
        details: "1M to 1G; at least 8M more than the largest job if that has half of it or more. Files are filled with \
                  zeros ahead of use and recycled, so a few of them are the least that the data directory takes.",
        apply: |settings, values| {
            settings.log_segment_bytes =
                value::size(one(values), LOG_SEGMENT_BYTES_MIN, LOG_SEGMENT_BYTES_MAX)?;
            Ok(())
        },
    },
    Setting {
        name: "log-format",
        variable: "TRELLIS_LOG_FORMAT",
        value_name: "FORMAT",
        default: Some("text"),
        repeatable: false,
        complete: Complete::Words(&["text", "json"]),
        summary: "The form of the server's messages on standard error: `text` or `json`",
        details: "`json` writes one object a line.",
        apply: |settings, values| {
            settings.log_format = value::choice(one(values), LOG_FORMATS)?;
            Ok(())
        },
    },
    Setting {
        name: "log-level",
        variable: "TRELLIS_LOG_LEVEL",
        value_name: "LEVEL",
        default: Some("info"),
        repeatable: false,
        complete: Complete::Words(&["error", "warn", "info", "debug", "trace"]),
        summary: "The least important message that is still written",
        details: "`error`, `warn`, `info`, `debug` or `trace`. With `debug`, clients are told of as they come and go, \
                  with `trace` each request, without its data.",
        apply: |settings, values| {
            settings.log_level = value::choice(one(values), LOG_LEVELS)?;
            Ok(())
        },
    },
    Setting {
        name: "user",
        variable: "TRELLIS_USER",
        value_name: "NAME",
        default: None,
        repeatable: false,
        complete: Complete::User,
        summary: "The user to become once the ports are bound",
        details: "Takes that user's groups too. Needs to be started as root. The data directory and all files \
                  in it must belong to that user; if it does not exist, the user must be allowed to make it \
                  (or make it before: `install -d -o NAME -m 700 DIR`). Left out, the server stays who it is.",
        apply: |settings, values| {
            settings.user = Some(name(one(values))?);
            Ok(())
        },
    },
    Setting {
        name: "node-id",
        variable: "TRELLIS_NODE_ID",
        value_name: "N",
        default: Some("1"),
        repeatable: false,
        complete: Complete::Nothing,
        summary: "This node's number",
        details: "1 to 65535. It is written into the data directory; a single server can leave it at 1.",
        apply: |settings, values| {
            settings.node_id = value::number(one(values), 1, u64::from(u16::MAX))?;
            Ok(())
        },
    },
];

/// The value of a setting that is given once.
pub(super) fn one(values: &[String]) -> &str {
    values.first().map_or("", String::as_str)
}

/// Addresses to listen on; none for `off`.
pub(super) fn addresses(values: &[String]) -> Result<Vec<Address>, String> {
    let texts: Vec<&str> = values.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
    match texts[..] {
        ["off"] => return Ok(Vec::new()),
        _ if texts.contains(&"off") => return Err("off and an address exclude each other".to_owned()),
        _ => {}
    }
    let mut addresses = Vec::new();
    for text in texts {
        let address = Address::parse(text, None)?;
        if addresses.contains(&address) {
            return Err(format!("{address} is given twice"));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

fn not_yet(values: &[String], protocol: &str) -> Result<(), String> {
    match values.iter().find(|value| *value != "off") {
        None => Ok(()),
        Some(address) => Err(format!(
            "{address:?}: this version of trellis has no {protocol} listener yet; leave it out or say off"
        )),
    }
}

fn fsync_interval(text: &str) -> Result<Option<Duration>, String> {
    match text {
        "never" => Ok(None),
        "0" => Err("0 would be an fsync for every change: say durability strict instead".to_owned()),
        _ => value::number(text, 1, FSYNC_INTERVAL_MS_MAX)
            .map(|milliseconds| Some(Duration::from_millis(milliseconds)))
            .map_err(|error| format!("{error}, or never")),
    }
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains([':', '/']) || text.contains(char::is_whitespace) {
        return Err(format!("{text:?} is not the name of a user"));
    }
    Ok(text.to_owned())
}
