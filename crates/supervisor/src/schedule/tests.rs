//! Tables of expressions with the instants that they name, and scripts of ticks.

use jiff::Timestamp;

use super::{Missed, Overlap, Schedule, Ticks};
use crate::config::Timetable;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Expression | time zone | start | the instants after it.
const NEXT: &str = "\
*/20 * * * *      | UTC             | 2026-01-01T00:00:00Z | 00:20:00Z 00:40:00Z 01:00:00Z
*/20 * * * *      | UTC             | 2026-01-01T00:19:59.9Z | 00:20:00Z 00:40:00Z
15 30 9 * * *     | UTC             | 2026-01-01T00:00:00Z | 09:30:15Z 2026-01-02T09:30:15Z
0 9 * * MON-FRI   | UTC             | 2026-01-02T09:00:00Z | 2026-01-05T09:00:00Z 2026-01-06T09:00:00Z
0 0 31 * *        | UTC             | 2026-01-31T00:00:00Z | 2026-03-31T00:00:00Z 2026-05-31T00:00:00Z
0 0 29 2 *        | UTC             | 2026-01-01T00:00:00Z | 2028-02-29T00:00:00Z 2032-02-29T00:00:00Z
0 0 1 * SUN       | UTC             | 2026-01-01T00:00:00Z | 2026-01-04T00:00:00Z 2026-01-11T00:00:00Z
@daily            | UTC             | 2026-01-01T00:00:00Z | 2026-01-02T00:00:00Z
0 9 * * *         | America/New_York | 2026-01-01T00:00:00Z | 14:00:00Z
30 2 * * *        | Europe/Berlin   | 2026-03-28T00:00:00Z | 01:30:00Z 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z
0 3 * * *         | Europe/Berlin   | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z 2026-03-30T01:00:00Z
*/30 * * * *      | Europe/Berlin   | 2026-03-29T00:29:00Z | 00:30:00Z 01:00:00Z 01:30:00Z
0 * * * *         | Europe/Berlin   | 2026-03-28T23:30:00Z | 2026-03-29T00:00:00Z 2026-03-29T01:00:00Z
30 2 * * *        | Europe/Berlin   | 2026-10-24T12:00:00Z | 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z
*/30 * * * *      | Europe/Berlin   | 2026-10-25T00:29:00Z | 00:30:00Z 01:00:00Z 01:30:00Z 02:00:00Z
0 * * * *         | Europe/Berlin   | 2026-10-24T23:30:00Z | 2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z
";

#[test]
fn expressions_name_their_instants() {
    for line in NEXT.lines() {
        let [expression, zone, start, wanted] =
            line.split('|').map(str::trim).collect::<Vec<_>>().try_into().expect("four columns");
        let schedule = Schedule::parse(expression, zone).expect("a schedule");
        let mut at = instant(start);
        for text in wanted.split(' ') {
            // A time without a date is of the day of the start.
            let text = if text.contains('T') { text.to_owned() } else { format!("{}T{text}", &start[..10]) };
            let next = schedule.next_after(at).expect("there is a next one");
            assert_eq!(next, instant(&text), "{line}");
            assert_eq!(schedule.last_until(next), Some(next), "{line}");
            at = next;
        }
    }
}

#[test]
fn forward_and_backward_agree_around_changes_of_the_clock() {
    for expression in ["30 2 * * *", "*/30 * * * *", "0 * * * *", "15 2 * * *", "0 3 * * *"] {
        for (start, end) in [
            ("2026-03-28T20:00:00Z", "2026-03-30T04:00:00Z"),
            ("2026-10-24T20:00:00Z", "2026-10-26T04:00:00Z"),
        ] {
            let schedule = Schedule::parse(expression, "Europe/Berlin").expect("a schedule");
            let forward = forward(&schedule, instant(start), instant(end));
            let mut backward = Vec::new();
            let mut at = instant(end);
            while let Some(last) = schedule.last_until(at).filter(|last| *last > instant(start)) {
                backward.insert(0, last);
                at = last - jiff::SignedDuration::from_secs(1);
            }
            assert_eq!(forward, backward, "{expression} from {start}");
        }
    }
}

fn forward(schedule: &Schedule, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
    let next = |at: &Timestamp| schedule.next_after(*at).filter(|next| *next <= end);
    std::iter::successors(next(&start), next).collect()
}

/// Runs a script against ticks at every full minute from 12:00. A line is `HH:MM:SS -> ticks` or `ended -> ticks`.
#[track_caller]
fn check(missed: Missed, overlap: Overlap, script: &str) {
    let schedule = Schedule::parse("* * * * *", "UTC").expect("a schedule");
    let timetable = Timetable { schedule, missed, overlap };
    let mut ticks = Ticks::new("p", &timetable, 2, instant("2026-01-01T12:00:00Z"));
    for line in script.lines() {
        let (event, wanted) = line.trim().split_once("->").expect("an arrow");
        let run = match event.trim() {
            "ended" => ticks.ended().into_iter().collect(),
            time => {
                let now = instant(&format!("2026-01-01T{time}Z"));
                let _ = ticks.set_back(now);
                ticks.due(now)
            }
        };
        let found: Vec<String> = run.iter().map(|tick| tick.at.to_string()[11..16].to_owned()).collect();
        assert_eq!(found.join(" "), wanted.trim(), "{line}");
    }
}

#[test]
fn a_tick_is_run_once() {
    let script = "12:00:30 ->\n12:01:00 -> 12:01\n12:01:00 ->\nended ->\n12:01:59 ->\n12:02:09 -> 12:02";
    for overlap in [Overlap::Skip, Overlap::Allow, Overlap::Wait] {
        for missed in [Missed::Skip, Missed::Once, Missed::All] {
            check(missed, overlap, script);
        }
    }
}

#[test]
fn missed_ticks_follow_the_policy() {
    check(Missed::Skip, Overlap::Skip, "12:05:30 ->\n12:06:00 -> 12:06");
    check(Missed::Skip, Overlap::Skip, "12:05:05 -> 12:05");
    check(Missed::Once, Overlap::Skip, "12:05:30 -> 12:05\nended ->\n12:06:00 -> 12:06");
    check(Missed::All, Overlap::Skip, "12:03:30 -> 12:01\nended -> 12:02\nended -> 12:03\nended ->");
    check(Missed::All, Overlap::Allow, "12:03:05 -> 12:03\nended -> 12:01\nended -> 12:02\nended ->");
}

#[test]
fn the_newest_tick_counts_among_those_that_nobody_was_there_for() {
    // The others but for the newest are missed, even if they have come just now.
    let script = "12:02:05 -> 12:02\nended ->\n12:03:00 -> 12:03";
    for overlap in [Overlap::Skip, Overlap::Allow, Overlap::Wait] {
        check(Missed::Skip, overlap, script);
        check(Missed::Once, overlap, script);
    }
    for overlap in [Overlap::Skip, Overlap::Wait] {
        check(Missed::All, overlap, "12:02:05 -> 12:01\nended -> 12:02\nended ->\n12:03:00 -> 12:03");
    }
    // So it is after a sleep, also when the run before it has slept, too.
    check(Missed::Once, Overlap::Skip, "12:01:00 -> 12:01\n12:05:05 ->\nended -> 12:05\nended ->");
    check(Missed::Once, Overlap::Allow, "12:01:00 -> 12:01\n12:05:05 -> 12:05\nended ->\nended ->");
}

#[test]
fn what_is_made_up_for_pushes_nothing_out() {
    let script = "12:02:30 -> 12:01\n12:03:00 ->\nended -> 12:02\nended -> 12:03\n12:04:00 ->\nended ->";
    check(Missed::All, Overlap::Skip, script);
    check(Missed::All, Overlap::Wait, &format!("{script} 12:04"));
    check(Missed::Once, Overlap::Skip, "12:02:30 -> 12:02\n12:03:00 ->\nended -> 12:03");
}

#[test]
fn no_more_than_a_hundred_are_made_up_for() {
    let ended = "ended -> 18:25\n";
    check(Missed::All, Overlap::Skip, &format!("20:03:30 -> 18:24\n{ended}"));
}

#[test]
fn ticks_that_overlap_follow_the_policy() {
    check(Missed::Skip, Overlap::Skip, "12:01:00 -> 12:01\n12:02:00 ->\nended ->\n12:03:00 -> 12:03");
    check(Missed::Skip, Overlap::Allow, "12:01:00 -> 12:01\n12:02:00 -> 12:02\nended ->\nended ->");
    check(
        Missed::Skip,
        Overlap::Wait,
        "12:01:00 -> 12:01\n12:02:00 ->\n12:03:00 ->\nended -> 12:03\nended ->",
    );
    check(Missed::All, Overlap::Wait, "12:02:01 -> 12:01\nended -> 12:02\n12:03:00 ->\nended -> 12:03");
}

#[test]
fn a_clock_that_goes_back_repeats_nothing() {
    check(
        Missed::All,
        Overlap::Skip,
        "12:01:00 -> 12:01\nended ->\n12:00:00 ->\n12:01:00 ->\n12:02:00 -> 12:02",
    );
}

#[test]
fn a_clock_that_was_far_ahead_stops_nothing() {
    check(
        Missed::Skip,
        Overlap::Skip,
        "20:00:00 -> 20:00\nended ->\n12:00:30 ->\n12:01:00 -> 12:01\nended ->\n12:02:00 -> 12:02",
    );
    let mut ticks = Ticks::new("p", &every_minute(), 1, instant("2026-01-01T12:00:00Z"));
    assert_eq!(ticks.set_back(instant("2026-01-01T11:59:00Z")), None);
    // Nor does a file that was changed meanwhile, or another machine's clock.
    let mut changed = every_minute();
    changed.schedule = Schedule::parse("*/2 * * * *", "UTC").expect("a schedule");
    ticks.change(&changed, 1, instant("2027-01-01T00:00:00Z"));
    let now = instant("2026-01-01T12:00:30Z");
    assert_eq!(ticks.set_back(now), Some(instant("2027-01-01T00:00:00Z")));
    ticks.begin_after(instant("2026-01-01T11:00:00Z"));
    assert_eq!(ticks.next_due(), Some(instant("2026-01-01T12:02:00Z")));
    ticks.begin_after(instant("2099-01-01T00:00:00Z"));
    assert_eq!(ticks.set_back(now), Some(instant("2099-01-01T00:00:00Z")));
}

fn every_minute() -> Timetable {
    let schedule = Schedule::parse("* * * * *", "UTC").expect("a schedule");
    Timetable { schedule, missed: Missed::Skip, overlap: Overlap::Skip }
}

#[test]
fn a_tick_has_the_same_name_everywhere() {
    let schedule = Schedule::parse("30 2 * * *", "Europe/Berlin").expect("a schedule");
    let start = instant("2026-03-29T00:00:00Z");
    let timetable = Timetable { schedule, missed: Missed::Skip, overlap: Overlap::Skip };
    let mut ticks = Ticks::new("report", &timetable, 1, start);
    let due = ticks.next_due().expect("there is a next one");
    assert_eq!(ticks.due(due)[0].name(), "report@2026-03-29T01:00:00Z");
}

#[test]
fn a_changed_file_repeats_nothing() {
    let timetable = |expression| Timetable {
        schedule: Schedule::parse(expression, "UTC").expect("a schedule"),
        missed: Missed::All,
        overlap: Overlap::Skip,
    };
    let mut ticks = Ticks::new("p", &timetable("* * * * *"), 1, instant("2026-01-01T12:00:00Z"));
    assert_eq!(ticks.due(instant("2026-01-01T12:01:00Z")).len(), 1);
    ticks.change(&timetable("*/30 * * * * *"), 1, instant("2026-01-01T12:01:10Z"));
    assert_eq!(ticks.next_due(), Some(instant("2026-01-01T12:01:30Z")));
    assert_eq!(ticks.due(instant("2026-01-01T12:01:30Z")), [], "the run goes on");
}
