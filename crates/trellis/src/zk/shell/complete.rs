//! Completes the word before the cursor: the name of a command, or the path of a node. Where the nodes come from is not
//! known here.

use super::help;
use super::words::{Word, split};

/// What a word may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What is shown of it.
    pub(super) shown: String,
    /// What takes the word's place.
    pub(super) replacement: String,
}

/// Where the last word begins, and what it may become. `children` gives the names of a node's children.
pub(super) fn complete(
    line: &str,
    children: impl FnOnce(&str) -> Option<Vec<String>>,
) -> (usize, Vec<Candidate>) {
    let words = split(line);
    match words.split_last().filter(|(last, _)| !last.is_closed) {
        Some((word, [])) => (word.start, commands(word.text)),
        Some((word, _)) if word.text.starts_with('/') => (word.start, paths(word, children)),
        None if words.is_empty() => (line.len(), commands("")),
        _ => (line.len(), Vec::new()),
    }
}

fn commands(prefix: &str) -> Vec<Candidate> {
    let names = help::names().filter(|name| name.starts_with(prefix));
    names.map(|name| Candidate { shown: name.to_owned(), replacement: format!("{name} ") }).collect()
}

fn paths(word: &Word<'_>, children: impl FnOnce(&str) -> Option<Vec<String>>) -> Vec<Candidate> {
    let Some((parent, prefix)) = word.text.rsplit_once('/') else { return Vec::new() };
    let names = children(if parent.is_empty() { "/" } else { parent }).unwrap_or_default();
    let candidate = |name: String| {
        let path = format!("{parent}/{name}");
        // An open quote does no harm, and the next part of the path may follow in it.
        let quote = match word.quote {
            Some(quote) => quote.to_string(),
            None if path.contains(char::is_whitespace) => "\"".to_owned(),
            None => String::new(),
        };
        Candidate { shown: name, replacement: format!("{quote}{path}") }
    };
    names.into_iter().filter(|name| name.starts_with(prefix)).map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let nodes = [("/", ["app", "apple", "b"]), ("/app", ["x", "x y", "z"])];
        let children = |path: &str| {
            let (_, names) = nodes.iter().find(|(parent, _)| *parent == path)?;
            Some(names.iter().map(|name| (*name).to_owned()).collect())
        };
        let (start, candidates) = complete(line, children);
        let lines: Vec<String> = candidates
            .iter()
            .map(|candidate| format!("{}{}", &line[..start], candidate.replacement))
            .collect();
        assert_eq!(lines, expected, "{line:?}");
    }

    #[test]
    fn commands_are_completed() {
        check("getA", &["getAcl ", "getAllChildrenNumber "]);
        check(" del", &[" delete ", " deleteall ", " delquota "]);
        check("nosuch", &[]);
        let (start, all) = complete("", |_| None);
        assert_eq!((start, all.len()), (0, help::names().count()));
    }

    #[test]
    fn paths_are_completed() {
        check("ls /", &["ls /app", "ls /apple", "ls /b"]);
        check("ls -s /ap", &["ls -s /app", "ls -s /apple"]);
        check("get /app/x", &["get /app/x", "get \"/app/x y"]);
        check("get '/app/x ", &["get '/app/x y"]);
        check("get /nosuch/", &[]);
        check("ls ", &[]);
        check("ls a", &[]);
        check("ls '/app' ", &[]);
    }
}
