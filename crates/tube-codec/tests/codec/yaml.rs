//! Statistics and lists: the exact text that servers write, and what clients read.

use std::time::Duration;

use trellis_tube_codec::Reply;
use trellis_tube_codec::yaml::{self, JobState, JobStats, ServerStats, TubeStats};

use super::script;

#[test]
fn stats_of_the_server() {
    // Each count is its place in the list, so that no two can be confused.
    let stats = ServerStats {
        current_jobs_urgent: 1,
        current_jobs_ready: 2,
        current_jobs_reserved: 3,
        current_jobs_delayed: 4,
        current_jobs_buried: 5,
        cmd_put: 6,
        cmd_peek: 7,
        cmd_peek_ready: 8,
        cmd_peek_delayed: 9,
        cmd_peek_buried: 10,
        cmd_reserve: 11,
        cmd_reserve_with_timeout: 12,
        cmd_delete: 13,
        cmd_release: 14,
        cmd_use: 15,
        cmd_watch: 16,
        cmd_ignore: 17,
        cmd_bury: 18,
        cmd_kick: 19,
        cmd_touch: 20,
        cmd_stats: 21,
        cmd_stats_job: 22,
        cmd_stats_tube: 23,
        cmd_list_tubes: 24,
        cmd_list_tube_used: 25,
        cmd_list_tubes_watched: 26,
        cmd_pause_tube: 27,
        job_timeouts: 28,
        total_jobs: 29,
        max_job_size: 30,
        current_tubes: 31,
        current_connections: 32,
        current_producers: 33,
        current_workers: 34,
        current_waiting: 35,
        total_connections: 36,
        pid: 37,
        version: "1.13 (38)",
        rusage_utime: Duration::from_micros(39),
        rusage_stime: Duration::from_micros(40_999_999),
        uptime: 41,
        binlog_oldest_index: 42,
        binlog_current_index: 43,
        binlog_records_migrated: 44,
        binlog_records_written: 45,
        binlog_max_size: u64::MAX,
        draining: true,
        id: "80afe84ec87bb85f",
        hostname: "vm",
        os: "#1 SMP: now",
        platform: "x86_64",
    };
    check("stats.txt", |out| yaml::stats(&stats, out));
}

#[test]
fn stats_of_a_tube() {
    let tube = TubeStats {
        name: "mail",
        current_jobs_urgent: 2,
        current_jobs_ready: 3,
        current_jobs_reserved: 4,
        current_jobs_delayed: 5,
        current_jobs_buried: 6,
        total_jobs: 7,
        current_using: 8,
        current_watching: 9,
        current_waiting: 10,
        cmd_delete: 11,
        cmd_pause_tube: 12,
        pause: 13,
        pause_time_left: 14,
    };
    check("stats-tube.txt", |out| yaml::stats_tube(&tube, out));
}

#[test]
fn stats_of_jobs() {
    let job = JobStats {
        id: 1,
        tube: "mail",
        state: JobState::Ready,
        pri: 4,
        age: 5,
        delay: 6,
        ttr: 7,
        time_left: 8,
        file: 9,
        reserves: 10,
        timeouts: 11,
        releases: 12,
        buries: 13,
        kicks: 14,
    };
    check("stats-job.txt", |out| {
        for state in [JobState::Ready, JobState::Reserved, JobState::Delayed, JobState::Buried] {
            yaml::stats_job(&JobStats { state, ..job.clone() }, out);
        }
    });
}

#[test]
fn lists() {
    check("tube-lists.txt", |out| {
        yaml::tube_list(std::iter::empty(), out);
        yaml::tube_list(["default"].into_iter(), out);
        yaml::tube_list(["default", "mail/out;2", "-+/;.$_()"].into_iter(), out);
    });
}

/// Compares what is written, and makes sure that it can be read back: by a client, and behind other bytes.
fn check(name: &str, write: impl Fn(&mut Vec<u8>)) {
    let mut out = Vec::new();
    write(&mut out);
    script::compare(name, &String::from_utf8(out.clone()).expect("text").replace('\r', "\\r"));
    let mut behind = b"DELETED\r\n".to_vec();
    write(&mut behind);
    assert_eq!(behind[b"DELETED\r\n".len()..], out);
    let mut input = out.as_slice();
    while !input.is_empty() {
        let reply = Reply::decode(&mut input, 10_000);
        let Ok(Some(Reply::Ok { body })) = reply else { panic!("no OK reply: {reply:?}") };
        let entries = body.split(|&byte| byte == b'\n').count() - 2;
        assert_eq!(yaml::parse_map(body).count() + yaml::parse_list(body).count(), entries);
    }
}

#[test]
fn clients_read_the_text_of_old_and_new_servers() {
    let body =
        b"---\nname: default\nversion: \"1.13\"\nos: #1 SMP: now\nquoted: 'a'\nempty:\nodd: \"\nid: 7\n";
    let map: Vec<_> = yaml::parse_map(body).collect();
    let expected = [
        ("name", "default"),
        ("version", "1.13"),
        ("os", "#1 SMP: now"),
        ("quoted", "a"),
        ("empty", ""),
        ("odd", "\""),
        ("id", "7"),
    ];
    assert_eq!(map, expected);
}

#[test]
fn clients_pass_over_what_is_no_entry() {
    let body = b"---\n\n\xff: 1\nword\r\n- mail\n- \n-nothing\n";
    assert!(yaml::parse_list(body).eq(["mail", ""]));
    assert_eq!(yaml::parse_map(body).next(), None);
}
