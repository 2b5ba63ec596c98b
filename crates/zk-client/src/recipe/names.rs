//! Names of nodes as kazoo has them. Nothing is asked of a server here.

/// The marker of locks, of those who write, and of contenders in elections.
pub(super) const LOCK: &str = "__lock__";
/// The marker of those who read.
pub(super) const READ_LOCK: &str = "__rlock__";
/// The marker of members of groups.
pub(super) const MEMBER: &str = "__party__";
/// What the names of a queue's entries begin with; a priority follows.
const ENTRY: &str = "entry-";
/// The least urgent priority of an entry: it has three digits.
const PRIORITY_MAX: u16 = 999;
/// How many digits servers put behind the name of a sequential node; a minus may stand before them.
const DIGITS: usize = 10;

/// The number behind the name of a sequential node with one of the markers before it.
pub(super) fn sequence(name: &str, markers: &[&str]) -> Option<i64> {
    let (at, marker) = markers.iter().filter_map(|marker| Some((name.rfind(marker)?, marker))).max()?;
    number(&name[at + marker.len()..])
}

/// The number that a server puts behind the name of a sequential node.
fn number(digits: &str) -> Option<i64> {
    let valid = digits.trim_start_matches('-').len() == DIGITS;
    digits.parse().ok().filter(|_| valid)
}

/// What the names of a queue's entries with that priority begin with.
pub(super) fn entry_prefix(priority: u16) -> String {
    format!("{ENTRY}{:03}-", priority.min(PRIORITY_MAX))
}

/// The names of a queue's entries, in their order. Others may keep nodes of their own beside them.
pub(super) fn entries(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str).filter(|name| is_entry(name))
}

fn is_entry(name: &str) -> bool {
    let parts = name.strip_prefix(ENTRY).and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(priority, digits)| priority.parse::<u32>().is_ok() && number(digits).is_some())
}

/// The names with one of the markers, in the order in which they came.
pub(super) fn in_line<'a>(names: &'a [String], markers: &[&str]) -> Vec<&'a str> {
    let mut line: Vec<(i64, &str)> =
        names.iter().filter_map(|name| Some((sequence(name, markers)?, name.as_str()))).collect();
    line.sort_unstable();
    line.into_iter().map(|(_, name)| name).collect()
}

/// Of those with one of the markers, the last that came before `own`.
pub(super) fn predecessor<'a>(names: &'a [String], own: &str, markers: &[&str]) -> Option<&'a str> {
    let place = sequence(own, &[LOCK, READ_LOCK])?;
    let before = names.iter().filter_map(|name| Some((sequence(name, markers)?, name.as_str())));
    before.filter(|(number, _)| *number < place).max().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn numbers_stand_behind_a_marker() {
        assert_eq!(sequence("c0ffee__lock__0000000007", &[LOCK]), Some(7));
        assert_eq!(sequence("__lock____rlock__0000000007", &[LOCK, READ_LOCK]), Some(7));
        assert_eq!(sequence("c0ffee__lock__-2147483648", &[LOCK]), Some(-2_147_483_648));
        for name in [
            "c0ffee__rlock__0000000007",
            "c0ffee__lock__",
            "c0ffee__lock__7",
            "0000000007",
            "__lock__000000000x",
        ] {
            assert_eq!(sequence(name, &[LOCK]), None, "{name}");
        }
    }

    #[test]
    fn an_entry_has_a_priority_and_a_number() {
        assert_eq!(entry_prefix(7), "entry-007-");
        assert_eq!(entry_prefix(u16::MAX), "entry-999-");
        let others =
            ["", "entry-", "entry-100-", "entry-100", "entry-x-0000000001", "entry-0000000001", "limit"];
        let all = ["entry-007-0000000001", "entry-1000-0000000001", "entry-999--2147483648"];
        let both = names(&[&all[..], &others[..]].concat());
        assert_eq!(entries(&both).collect::<Vec<_>>(), all);
    }

    #[test]
    fn the_line_is_by_number_whatever_stands_before() {
        let all = names(&[
            "f__lock__0000000001",
            "a__rlock__0000000002",
            "x",
            "b__lock__0000000003",
            "a__lock__0000000010",
        ]);
        assert_eq!(
            in_line(&all, &[LOCK]),
            ["f__lock__0000000001", "b__lock__0000000003", "a__lock__0000000010"]
        );
        for (own, markers, expected) in [
            ("f__lock__0000000001", &[LOCK][..], None),
            ("b__lock__0000000003", &[LOCK], Some("f__lock__0000000001")),
            ("b__lock__0000000003", &[LOCK, READ_LOCK], Some("a__rlock__0000000002")),
            ("a__rlock__0000000002", &[LOCK], Some("f__lock__0000000001")),
        ] {
            assert_eq!(predecessor(&all, own, markers), expected, "{own}");
        }
    }
}
