//! Writes statistics and lists. The order of the calls is the order of the keys in beanstalkd 1.13.

use std::time::Duration;

use super::statistics::{JobStats, ServerStats, TubeStats};
use crate::number::write_number;

/// Appends the reply to `stats`.
pub fn stats(stats: &ServerStats<'_>, out: &mut Vec<u8>) {
    write_ok(out, |out| {
        let mut map = Map { out };
        map.number("current-jobs-urgent", stats.current_jobs_urgent);
        map.number("current-jobs-ready", stats.current_jobs_ready);
        map.number("current-jobs-reserved", stats.current_jobs_reserved);
        map.number("current-jobs-delayed", stats.current_jobs_delayed);
        map.number("current-jobs-buried", stats.current_jobs_buried);
        map.number("cmd-put", stats.cmd_put);
        map.number("cmd-peek", stats.cmd_peek);
        map.number("cmd-peek-ready", stats.cmd_peek_ready);
        map.number("cmd-peek-delayed", stats.cmd_peek_delayed);
        map.number("cmd-peek-buried", stats.cmd_peek_buried);
        map.number("cmd-reserve", stats.cmd_reserve);
        map.number("cmd-reserve-with-timeout", stats.cmd_reserve_with_timeout);
        map.number("cmd-delete", stats.cmd_delete);
        map.number("cmd-release", stats.cmd_release);
        map.number("cmd-use", stats.cmd_use);
        map.number("cmd-watch", stats.cmd_watch);
        map.number("cmd-ignore", stats.cmd_ignore);
        map.number("cmd-bury", stats.cmd_bury);
        map.number("cmd-kick", stats.cmd_kick);
        map.number("cmd-touch", stats.cmd_touch);
        map.number("cmd-stats", stats.cmd_stats);
        map.number("cmd-stats-job", stats.cmd_stats_job);
        map.number("cmd-stats-tube", stats.cmd_stats_tube);
        map.number("cmd-list-tubes", stats.cmd_list_tubes);
        map.number("cmd-list-tube-used", stats.cmd_list_tube_used);
        map.number("cmd-list-tubes-watched", stats.cmd_list_tubes_watched);
        map.number("cmd-pause-tube", stats.cmd_pause_tube);
        map.number("job-timeouts", stats.job_timeouts);
        map.number("total-jobs", stats.total_jobs);
        map.number("max-job-size", stats.max_job_size);
        map.number("current-tubes", stats.current_tubes);
        map.number("current-connections", stats.current_connections);
        map.number("current-producers", stats.current_producers);
        map.number("current-workers", stats.current_workers);
        map.number("current-waiting", stats.current_waiting);
        map.number("total-connections", stats.total_connections);
        map.number("pid", stats.pid);
        map.quoted("version", stats.version);
        map.duration("rusage-utime", stats.rusage_utime);
        map.duration("rusage-stime", stats.rusage_stime);
        map.number("uptime", stats.uptime);
        map.number("binlog-oldest-index", stats.binlog_oldest_index);
        map.number("binlog-current-index", stats.binlog_current_index);
        map.number("binlog-records-migrated", stats.binlog_records_migrated);
        map.number("binlog-records-written", stats.binlog_records_written);
        map.number("binlog-max-size", stats.binlog_max_size);
        map.word("draining", if stats.draining { "true" } else { "false" });
        map.word("id", stats.id);
        map.quoted("hostname", stats.hostname);
        map.quoted("os", stats.os);
        map.quoted("platform", stats.platform);
    });
}

/// Appends the reply to `stats-job`.
pub fn stats_job(job: &JobStats<'_>, out: &mut Vec<u8>) {
    write_ok(out, |out| {
        let mut map = Map { out };
        map.number("id", job.id);
        map.quoted("tube", job.tube);
        map.word("state", job.state.word());
        map.number("pri", job.pri.into());
        map.number("age", job.age);
        map.number("delay", job.delay);
        map.number("ttr", job.ttr);
        map.number("time-left", job.time_left);
        map.number("file", job.file);
        map.number("reserves", job.reserves);
        map.number("timeouts", job.timeouts);
        map.number("releases", job.releases);
        map.number("buries", job.buries);
        map.number("kicks", job.kicks);
    });
}

/// Appends the reply to `stats-tube`.
pub fn stats_tube(tube: &TubeStats<'_>, out: &mut Vec<u8>) {
    write_ok(out, |out| {
        let mut map = Map { out };
        map.quoted("name", tube.name);
        map.number("current-jobs-urgent", tube.current_jobs_urgent);
        map.number("current-jobs-ready", tube.current_jobs_ready);
        map.number("current-jobs-reserved", tube.current_jobs_reserved);
        map.number("current-jobs-delayed", tube.current_jobs_delayed);
        map.number("current-jobs-buried", tube.current_jobs_buried);
        map.number("total-jobs", tube.total_jobs);
        map.number("current-using", tube.current_using);
        map.number("current-watching", tube.current_watching);
        map.number("current-waiting", tube.current_waiting);
        map.number("cmd-delete", tube.cmd_delete);
        map.number("cmd-pause-tube", tube.cmd_pause_tube);
        map.number("pause", tube.pause);
        map.number("pause-time-left", tube.pause_time_left);
    });
}

/// Appends the reply to `list-tubes` or `list-tubes-watched`.
pub fn tube_list<'a>(names: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    write_ok(out, |out| {
        for name in names {
            out.extend_from_slice(b"- ");
            out.extend_from_slice(name.as_bytes());
            out.push(b'\n');
        }
    });
}

/// Appends an `OK` reply. The body's length must stand before it and is known only after it: the first line is
/// written last and moved to its place.
fn write_ok(out: &mut Vec<u8>, write_body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(b"---\n");
    write_body(out);
    let body_bytes = out.len() - start;
    out.extend_from_slice(b"\r\nOK ");
    write_number(body_bytes, out);
    out.extend_from_slice(b"\r\n");
    out[start..].rotate_left(body_bytes + 2);
}

struct Map<'a> {
    out: &'a mut Vec<u8>,
}

impl Map<'_> {
    fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        write_number(value, self.out);
        self.out.push(b'\n');
    }

    fn word(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'\n');
    }

    fn quoted(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.extend_from_slice(b"\"\n");
    }

    /// Seconds, and always six digits after the dot.
    fn duration(&mut self, key: &str, value: Duration) {
        self.key(key);
        write_number(value.as_secs(), self.out);
        self.out.push(b'.');
        let mut digits = itoa::Buffer::new();
        // The million in front keeps the leading zeros, and is cut off.
        let digits = digits.format(1_000_000 + value.subsec_micros());
        self.out.extend_from_slice(&digits.as_bytes()[1..]);
        self.out.push(b'\n');
    }

    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b": ");
    }
}
