//! The shell's `help`: zkCli's list of commands with ours in it, or all about one.

use crate::exit::{Exit, Failure};

use super::line::definition;

/// What stands behind each command's name, in zkCli's words.
const USAGES: &[(&str, &str)] = &[
    (
        "addWatch",
        "[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE",
    ),
    ("addauth", "scheme auth"),
    ("close", ""),
    ("config", "[-c] [-w] [-s]"),
    ("connect", "host:port"),
    ("create", "[-s] [-e] [-c] [-t ttl] path [data] [acl]"),
    ("delete", "[-v version] path"),
    ("deleteall", "path [-b batch size]"),
    ("delquota", "[-n|-b|-N|-B] path"),
    ("get", "[-s] [-w] path"),
    ("getAcl", "[-s] path"),
    ("getAllChildrenNumber", "path"),
    ("getEphemerals", "path"),
    ("help", "[command]"),
    ("history", ""),
    ("listquota", "path"),
    ("ls", "[-s] [-w] [-R] path"),
    ("printwatches", "on|off"),
    ("quit", ""),
    (
        "reconfig",
        "[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]",
    ),
    ("redo", "cmdno"),
    ("removewatches", "path [-c|-d|-a] [-l]"),
    ("set", "[-s] [-v version] path data"),
    ("setAcl", "[-s] [-v version] [-R] path acl"),
    ("setquota", "-n|-b|-N|-B val path"),
    ("stat", "[-w] path"),
    ("sync", "path"),
    ("tree", "[--depth levels] [path]"),
    ("version", ""),
    ("watch", "[--count n] [path]"),
    ("whoami", ""),
];

/// How a command is used, in one line.
pub(super) fn usage(name: &str) -> Option<String> {
    let (name, usage) = USAGES.iter().find(|(known, _)| *known == name)?;
    Some(format!("{name} {usage}").trim_end().to_owned())
}

/// The names of all commands, sorted.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    USAGES.iter().map(|(name, _)| *name)
}

/// The list of commands, or the help of one.
pub(super) fn of(name: Option<&str>) -> Result<String, Failure> {
    let Some(name) = name else {
        let lines = names().filter_map(usage).map(|usage| format!("\t{usage}\n"));
        return Ok(lines.collect::<String>() + "Each takes --json; `help COMMAND` tells more.\n");
    };
    match definition().find_subcommand_mut(name) {
        Some(command) => Ok(command.render_long_help().to_string()),
        None => Err(Failure::new(Exit::Usage, format!("Command not found: {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed() {
        let definition = definition();
        let mut defined: Vec<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
        defined.sort_unstable();
        assert_eq!(names().collect::<Vec<_>>(), defined);
    }
}
