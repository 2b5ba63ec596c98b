//! Decides whether two events are the same. The replies must be equal byte for byte, but for what the tables
//! here name; it knows nothing of how the replies came about.

use super::connection::Event;

/// Keys whose value belongs to the process, its settings, its version or its way of storing; only their presence
/// and place are compared.
const OWN_KEYS: &[&str] = &[
    "binlog-current-index",
    "binlog-max-size",
    "binlog-oldest-index",
    "binlog-records-migrated",
    "binlog-records-written",
    "file",
    "max-job-size",
    "pid",
    "rusage-stime",
    "rusage-utime",
    "uptime",
    "version",
];

/// Keys in seconds that may differ by one, since the two servers are asked one after the other.
const CLOCK_KEYS: &[&str] = &["age", "pause-time-left", "time-left"];

/// Keys that beanstalkd 1.13 puts in double quotes and 1.12 does not.
const QUOTED_KEYS: &[&str] = &["hostname", "name", "os", "platform", "tube"];

/// Whether the second event, of trellis, is what the first one asks for.
pub(crate) fn same(reference: &Event, trellis: &Event) -> bool {
    match (reference, trellis) {
        (
            Event::Reply { line: line_a, body: Some(body_a) },
            Event::Reply { line: line_b, body: Some(body_b) },
        ) if line_a.starts_with("OK ") && line_b.starts_with("OK ") => same_dictionary(body_a, body_b),
        _ => reference == trellis,
    }
}

/// The lines that differ of two dictionaries, one per side; nothing if the events are no dictionaries of the same
/// shape.
pub(crate) fn different_lines(reference: &Event, trellis: &Event) -> Option<(String, String)> {
    let (Event::Reply { body: Some(a), .. }, Event::Reply { body: Some(b), .. }) = (reference, trellis)
    else {
        return None;
    };
    let (a, b) = (str::from_utf8(a).ok()?, str::from_utf8(b).ok()?);
    if !a.starts_with("---\n") || a.lines().count() != b.lines().count() {
        return None;
    }
    let of_server = is_of_server(a);
    let pairs = a.lines().zip(b.lines());
    let different: Vec<(&str, &str)> =
        pairs.filter(|(line_a, line_b)| !same_line(line_a, line_b, of_server)).collect();
    let (a, b): (Vec<&str>, Vec<&str>) = different.into_iter().unzip();
    Some((a.join(", "), b.join(", ")))
}

fn same_dictionary(reference: &[u8], trellis: &[u8]) -> bool {
    let (Ok(reference), Ok(trellis)) = (str::from_utf8(reference), str::from_utf8(trellis)) else {
        return false;
    };
    let mut lines = reference.split('\n').zip(trellis.split('\n'));
    reference.split('\n').count() == trellis.split('\n').count()
        && lines.all(|(a, b)| same_line(a, b, is_of_server(reference)))
}

/// A server's `id` is a random name, a job's `id` is a fact; only the first comes with a `pid`.
fn is_of_server(dictionary: &str) -> bool {
    dictionary.contains("\npid: ")
}

fn same_line(reference: &str, trellis: &str, of_server: bool) -> bool {
    let (Some((key, value_a)), Some((key_b, value_b))) =
        (reference.split_once(": "), trellis.split_once(": "))
    else {
        return reference == trellis;
    };
    if key != key_b {
        return false;
    }
    if OWN_KEYS.contains(&key) || (key == "id" && of_server) {
        return true;
    }
    if CLOCK_KEYS.contains(&key) {
        return match (value_a.parse::<u64>(), value_b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.abs_diff(b) <= 1,
            _ => false,
        };
    }
    if QUOTED_KEYS.contains(&key) {
        return unquoted(value_a) == unquoted(value_b);
    }
    value_a == value_b
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(text: &str) -> Event {
        Event::Reply { line: format!("OK {}", text.len()), body: Some(text.into()) }
    }

    #[test]
    fn only_the_named_differences_are_overlooked() {
        let reference = dictionary("---\nid: 1\ntube: a\nage: 3\nfile: 0\nkicks: 0\n");
        let same_job = dictionary("---\nid: 1\ntube: \"a\"\nage: 4\nfile: 9\nkicks: 0\n");
        assert!(same(&reference, &same_job));
        for different in [
            "---\nid: 2\ntube: a\nage: 3\nfile: 0\nkicks: 0\n",
            "---\nid: 1\ntube: b\nage: 3\nfile: 0\nkicks: 0\n",
            "---\nid: 1\ntube: a\nage: 5\nfile: 0\nkicks: 0\n",
            "---\nid: 1\ntube: a\nage: 3\nkicks: 0\nfile: 0\n",
            "---\nid: 1\ntube: a\nage: 3\nfile: 0\nkicks: 1\n",
            "---\nid: 1\ntube: a\nage: 3\nfile: 0\nkicks: 0",
        ] {
            assert!(!same(&reference, &dictionary(different)), "{different}");
        }
    }

    #[test]
    fn the_name_of_a_server_is_its_own() {
        let reference = dictionary("---\npid: 5\nid: abc\ndraining: false\n");
        assert!(same(&reference, &dictionary("---\npid: 6\nid: def\ndraining: false\n")));
        assert!(!same(&reference, &dictionary("---\npid: 5\nid: abc\ndraining: true\n")));
    }
}
