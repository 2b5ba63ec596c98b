//! `trellis zk` in the place of ZooKeeper's own shell: both print the same for the same commands but for what they say
//! about themselves. What else is left out here is what `trellis zk` does in its own way.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::shell;

/// Lines of either shell about itself.
const OWN_LINES: [&str; 8] = [
    "Welcome to ZooKeeper!",
    "JLine support is disabled",
    "ZooKeeper -server host:port ",
    // ZooKeeper's shell has a list of commands for who writes one that it doesn't know, and no other way to it.
    "Command not found: Command not found help",
    "ZooKeeper CLI version: ",
    "Each takes --json; ",
    // ZooKeeper's shell says so even when a command that needs no connection has been carried out.
    "Not connected",
    // It is told as well that the list is not valid, which both say.
    "KeeperErrorCode = InvalidACL for ",
];
/// How ZooKeeper's shell says that it has come and goes; `trellis zk` begins once it has, and goes without a word.
const OF_THE_CONNECTION: &str = " type:None path:null";
/// ZooKeeper's shell says this twice in one line, and adds all its commands.
const UNKNOWN_TWICE: &str = "Command not found: Command not found ";
const UNKNOWN: &str = "Command not found: ";
/// How the list of commands begins each line.
const COMMAND: char = '\t';

/// What a shell has printed.
struct Words {
    commands: BTreeSet<String>,
    text: String,
}

/// Compares what a tour prints in ZooKeeper's shell with what it prints in `trellis zk`.
pub(super) fn compare(reference: &str, trellis: &str) -> Result<String> {
    let (reference, trellis) = (read(reference), read(trellis));
    let missing: Vec<&String> = reference.commands.difference(&trellis.commands).collect();
    if !missing.is_empty() {
        bail!("the help of trellis lacks {missing:?}");
    }
    shell::compare(&reference.text, &trellis.text)
}

fn read(text: &str) -> Words {
    let (commands, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with(COMMAND));
    // What is in parentheses is advice, which ZooKeeper's shell has none of.
    let is_kept = |line: &&str| {
        !line.ends_with(OF_THE_CONNECTION)
            && !line.starts_with('(')
            && !OWN_LINES.iter().any(|own| line.starts_with(own))
    };
    let alike = |line: &str| match line.strip_prefix(UNKNOWN_TWICE) {
        Some(name) => format!("{UNKNOWN}{name}\n"),
        None => format!("{line}\n"),
    };
    Words {
        commands: commands.iter().map(|line| line.trim().to_owned()).collect(),
        text: lines.into_iter().filter(is_kept).map(alike).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_say_about_themselves_is_left_out_and_nothing_else() {
        let reference = "Welcome to ZooKeeper!\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n\
                         [a]\nCommand not found: Command not found x\n\tls path\n\tquit \n";
        let same = "\tls path\n\tquit\n\ttree\n[a]\nCommand not found: x\n(did you mean ls?)\n";
        assert_eq!(compare(reference, same).unwrap(), "2 lines and 0 events");
        for (from, to) in [("[a]", "[b]"), ("\tls path", "\tls"), ("found: x", "found: y")] {
            assert!(compare(reference, &same.replace(from, to)).is_err(), "{from} for {to}");
        }
    }
}
