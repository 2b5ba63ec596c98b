//! `config` and `reconfig`: the members of a service.

use std::fs;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueHint};

use super::context::Context;
use super::get;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `config`.
#[derive(Args)]
pub(super) struct ConfigArgs {
    /// Print only its version and where clients connect to
    #[arg(short)]
    clients: bool,

    /// Watch for the next change
    #[arg(short)]
    watch: bool,

    /// Print the node's record, too
    #[arg(short)]
    stat: bool,
}

/// Arguments of `reconfig`. The long ones may be written with one dash, as zkCli has them.
#[derive(Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true).args(["file", "members", "add", "remove"]))]
pub(super) struct ReconfigArgs {
    /// Print the node's record afterwards
    #[arg(short)]
    stat: bool,

    /// Only if the members have this version, a hexadecimal number as config shows it
    #[arg(short, value_name = "VERSION", value_parser = version)]
    version: Option<i64>,

    /// A file with all the members, one server.N=... a line
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "members")]
    file: Option<PathBuf>,

    /// All the members: server.N=host:port:port;port,...
    #[arg(long, value_name = "MEMBERS", conflicts_with_all = ["add", "remove"])]
    members: Option<String>,

    /// The members to add: server.N=host:port:port;port,...
    #[arg(long, value_name = "MEMBERS", conflicts_with = "file")]
    add: Option<String>,

    /// The numbers of the members to remove: N,...
    #[arg(long, value_name = "NUMBERS", conflicts_with = "file")]
    remove: Option<String>,
}

/// The flags that zkCli writes with one dash and more than one letter.
pub(super) const RECONFIG_FLAGS: [&str; 4] = ["-file", "-members", "-add", "-remove"];

/// Prints the members.
pub(super) fn show(args: &ConfigArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    if args.watch {
        context.warn_of_watches();
    }
    let (data, stat) = context.nodes.config(args.watch)?;
    let data = match data {
        Some(data) if args.clients => Some(clients(&String::from_utf8_lossy(&data)).into_bytes()),
        data => data,
    };
    get::print(data, args.stat.then_some(stat), output)
}

/// Changes the members.
pub(super) fn change(args: &ReconfigArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
    let members = match &args.file {
        Some(path) => Some(read_members(path)?),
        None => lower(&args.members),
    };
    let (joining, leaving) = (lower(&args.add), lower(&args.remove));
    let (data, stat) = context.nodes.reconfigure(
        joining.as_deref(),
        leaving.as_deref(),
        members.as_deref(),
        args.version.unwrap_or(-1),
    )?;
    if !output.json() {
        output.line("Committed new configuration:")?;
    }
    get::print(data, args.stat.then_some(stat), output)
}

/// The members of a file, as the server wants them.
fn read_members(path: &PathBuf) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("Error processing {}: {error}", path.display()))
    })?;
    let members: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("server.")).collect();
    if members.is_empty() {
        let message = format!("{} has no line that begins with server.", path.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(members.join(","))
}

/// The version and the addresses for clients, as zkCli prints them.
fn clients(config: &str) -> String {
    let entries: Vec<(&str, &str)> = config
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let version = entries.iter().find(|(key, _)| *key == "version").map_or("", |(_, value)| value);
    let addresses = entries.iter().filter(|(key, _)| key.starts_with("server.")).filter_map(|(_, value)| {
        let (_, address) = value.split_once(';')?;
        Some(if address.contains(':') { address.to_owned() } else { format!("0.0.0.0:{address}") })
    });
    format!("{version} {}", addresses.collect::<Vec<_>>().join(","))
}

fn version(text: &str) -> Result<i64, String> {
    i64::from_str_radix(text, 16)
        .map_err(|_| "-v must be followed by a long (configuration version)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_where_to_connect() {
        let config = "server.1=a:2888:3888:participant;0.0.0.0:2181\n\
                      server.2=b:2888:3888:observer;2182\nserver.3=c:1:2\nversion=100000000";
        assert_eq!(clients(config), "100000000 0.0.0.0:2181,0.0.0.0:2182");
        assert_eq!(clients(""), " ");
    }
}
