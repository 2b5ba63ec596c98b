//! What ZooKeeper's own shell prints: the same on both servers but for times, addresses and ids.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

/// The beginnings of lines with a transaction's number, with a time, and with a session.
const ZXIDS: [&str; 3] = ["cZxid = ", "mZxid = ", "pZxid = "];
const TIMES: [&str; 2] = ["ctime = ", "mtime = "];
const OWNER: &str = "ephemeralOwner = ";
/// What a watch prints comes from another thread, and so at any place.
const EVENT: &str = "WatchedEvent ";
const EVENT_HEADING: &str = "WATCHER::";
/// Lines of the shell about itself.
const OWN_LINES: [&str; 3] = ["SLF4J: ", "Connecting to ", "Session Id:"];
/// The lines that are shown around the first difference.
const CONTEXT_LINES: usize = 4;

/// What a tour has printed.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    lines: Vec<String>,
    events: Vec<String>,
}

/// Compares what the tour prints on the real server with what it prints on trellis.
pub(super) fn compare(reference: &str, trellis: &str) -> Result<String> {
    let (reference, trellis) = (read(reference), read(trellis));
    for (what, a, b) in
        [("line", &reference.lines, &trellis.lines), ("event", &reference.events, &trellis.events)]
    {
        let place = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        if place < a.len().max(b.len()) {
            let around = |lines: &[String]| {
                let shown = lines.iter().skip(place.saturating_sub(CONTEXT_LINES)).take(2 * CONTEXT_LINES);
                shown.map(|line| format!("    {line}\n")).collect::<String>()
            };
            bail!("{what} {} differs\n  zookeeper\n{}  trellis\n{}", place + 1, around(a), around(b));
        }
    }
    Ok(format!("{} lines and {} events", reference.lines.len(), reference.events.len()))
}

fn read(text: &str) -> Words {
    let is_kept = |line: &&str| {
        !line.is_empty() && *line != EVENT_HEADING && !OWN_LINES.iter().any(|own| line.starts_with(own))
    };
    let lines = text.lines().map(str::trim_end).filter(is_kept);
    let (events, lines): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with(EVENT));
    // Numbers of transactions as their places among all that are shown.
    let number = |line: &str| {
        let hexadecimal = ZXIDS.iter().find_map(|name| line.strip_prefix(name))?.strip_prefix("0x")?;
        i64::from_str_radix(hexadecimal, 16).ok()
    };
    let mut numbers: Vec<i64> = lines.iter().filter_map(|line| number(line)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let places: BTreeMap<i64, usize> =
        numbers.iter().enumerate().map(|(place, number)| (*number, place)).collect();
    let neutral = |line: &&str| match number(line).and_then(|number| places.get(&number)) {
        Some(place) => format!("{} number {place}", &line[..5]),
        None => without_values(line),
    };
    Words {
        lines: lines.iter().map(neutral).collect(),
        events: events.iter().map(ToString::to_string).collect(),
    }
}

fn without_values(line: &str) -> String {
    if let Some(name) = TIMES.iter().find(|name| line.starts_with(*name)) {
        return format!("{name}some time");
    }
    match line.strip_prefix(OWNER) {
        Some("0x0") | None => line.to_string(),
        Some(_) => format!("{OWNER}a session"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_left_out_and_their_order_is_not() {
        let reference =
            "SLF4J: x\ncZxid = 0x5\nctime = Mon\n\nWatchedEvent a\nmZxid = 0x7\nephemeralOwner = 0x12\n";
        let same = "cZxid = 0x1\nWATCHER::\nctime = Tue\nmZxid = 0xa\nephemeralOwner = 0x9\nWatchedEvent a\n";
        assert_eq!(compare(reference, same).unwrap(), "4 lines and 1 events");
        for (from, to) in [("0xa", "0x1"), ("0x9", "0x0"), ("Event a", "Event b"), ("ctime", "mtime")] {
            assert!(compare(reference, &same.replace(from, to)).is_err(), "{from} for {to}");
        }
        assert!(compare(reference, &format!("{same}more\n")).is_err());
    }
}
