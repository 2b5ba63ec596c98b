//! The sequences in which time passes, from `timed.txt`. They take seconds, so each has two servers of its own
//! and all run at once.
//!
//! A script is a name and then lines: `1 > COMMAND` sends a line on connection 1 (`|` stands for CR LF, `{0}`
//! for the id of the first job), `1 awaits` waits for the reply to a reserve that may wait, and `#` starts a remark.

use anyhow::{Context, Result, bail};

use super::sequence::{Action, CONNECTIONS, Piece, Request, Sequence, Step, Waiting};

const SCRIPTS: &str = include_str!("timed.txt");

/// All scripts with their names.
pub(crate) fn scripts() -> Result<Vec<(String, Sequence)>> {
    SCRIPTS.split("\n\n").map(|script| parse(script.trim())).collect()
}

fn parse(script: &str) -> Result<(String, Sequence)> {
    let (name, lines) = script.split_once('\n').context("a script needs a name and lines")?;
    let mut sequence = Sequence { steps: Vec::new(), waiting: Waiting::Awaited };
    for (group, line) in lines.lines().filter(|line| !line.starts_with('#')).enumerate() {
        let (connection, rest) =
            line.split_once(' ').with_context(|| format!("no connection in {line:?}"))?;
        let connection: usize = connection.parse().with_context(|| format!("no connection in {line:?}"))?;
        if connection >= CONNECTIONS {
            bail!("there are only {CONNECTIONS} connections, not the one of {line:?}");
        }
        let action = match rest.split_once("> ") {
            Some(("", text)) => Action::Send { requests: vec![request(text)?], cuts: Vec::new() },
            _ if rest == "awaits" => Action::Await,
            _ => bail!("{line:?} is neither a command nor a wait"),
        };
        sequence.steps.push(Step { connection, action, group });
    }
    Ok((name.to_string(), sequence))
}

fn request(text: &str) -> Result<Request> {
    let mut pieces = Vec::new();
    let mut rest = text.to_string().replace(" | ", "\r\n") + "\r\n";
    while let Some((before, after)) = rest.split_once('{') {
        let (job, after) = after.split_once('}').with_context(|| format!("no closing brace in {text:?}"))?;
        pieces.extend([Piece::Text(before.into()), Piece::Job(job.parse()?)]);
        rest = after.to_string();
    }
    pieces.push(Piece::Text(rest.into_bytes()));
    let waits = text == "reserve" || text.starts_with("reserve-with-timeout") && !text.ends_with(" 0");
    Ok(Request { pieces, replies: Some(1), waits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_can_be_read() {
        let scripts = scripts().expect("a script is wrong");
        assert!(scripts.len() > 10);
        assert!(scripts.iter().all(|(_, sequence)| sequence.steps.len() > 3));
    }

    #[test]
    fn a_line_becomes_a_request() {
        let put = request("put 5 1 100 1 | a").expect("a good line");
        assert_eq!(put.bytes(&[]), b"put 5 1 100 1\r\na\r\n");
        let release = request("release {1} 3 0").expect("a good line");
        assert_eq!(release.bytes(&["7".into(), "8".into()]), b"release 8 3 0\r\n");
        assert!(!release.waits);
        assert!(request("reserve").expect("a good line").waits);
    }
}
