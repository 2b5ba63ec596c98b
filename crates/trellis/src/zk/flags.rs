//! zkCli's flags with one dash and a whole word, in our words.

use std::ffi::OsString;

use super::config::RECONFIG_FLAGS;

/// zkCli's flags before the command, and ours. One of them is the default here.
const FLAGS: [(&str, &str); 4] = [
    ("-server", "--server"),
    ("-timeout", "--session-timeout-ms"),
    ("-r", "--read-only"),
    ("-waitforconnection", ""),
];

/// Makes a command line for zkCli one for us; any other is left as it is. The first word is the program's name.
pub(crate) fn in_our_words(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    if words.get(1).is_none_or(|word| word != "zk") {
        return words;
    }
    let mut at = 2;
    // Flags and their values come before the command.
    while let Some(word) = words.get(at).and_then(|word| word.to_str()).filter(|word| word.starts_with('-')) {
        let ours = FLAGS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
        let takes_value =
            matches!(ours.unwrap_or(word), "--server" | "--session-timeout-ms" | "--timeout" | "--auth");
        match ours {
            Some("") => drop(words.remove(at)),
            Some(ours) => words[at] = ours.into(),
            None => {}
        }
        at += match ours {
            Some("") => 0,
            _ if takes_value => 2,
            _ => 1,
        };
    }
    if words.get(at).is_some_and(|word| word == "reconfig") {
        for word in &mut words[at + 1..] {
            if let Some(ours) = word.to_str().and_then(reconfig_flag) {
                *word = ours.into();
            }
        }
    }
    words
}

/// Makes a flag of `reconfig` one of ours, if it is one.
pub(super) fn reconfig_flag(word: &str) -> Option<String> {
    RECONFIG_FLAGS.contains(&word).then(|| format!("-{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zkcli_is_understood() {
        let check = |theirs: &str, ours: &str| {
            let words = in_our_words(theirs.split(' ').map(OsString::from));
            let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
            assert_eq!(words.join(" "), ours);
        };
        check("trellis zk -server a:1 ls /", "trellis zk --server a:1 ls /");
        check(
            "trellis zk -timeout 5 -r -server a",
            "trellis zk --session-timeout-ms 5 --read-only --server a",
        );
        check("trellis zk -waitforconnection get -s /x", "trellis zk get -s /x");
        check("trellis zk --json reconfig -add x -s", "trellis zk --json reconfig --add x -s");
        check("trellis zk --auth -r create /x -add", "trellis zk --auth -r create /x -add");
        check("trellis tube -server x", "trellis tube -server x");
        check("trellis", "trellis");
    }
}
