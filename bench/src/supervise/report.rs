//! From the measurements of supervisors to a table: medians, the ratio to the peer, and whether the target is met.

use super::{Figures, Kind, Row, Sample, Target};
use crate::report::{markdown, middle};

const HEADER: [&str; 11] = [
    "work",
    "supervisor",
    "jobs/s",
    "starts/s",
    "noticed p50 µs",
    "longest µs",
    "CPU",
    "RSS MiB",
    "of the peer's",
    "target",
    "met",
];

/// The result as a table in Markdown: a line for each supervisor and row.
pub(crate) fn table(rows: &[&Row], samples: &[Sample]) -> String {
    let mut lines = vec![HEADER.map(str::to_owned)];
    for row in rows {
        let peer = median(row, Kind::Supervisord, samples);
        lines.extend(peer.as_ref().map(|peer| line(row.name, Kind::Supervisord, peer)));
        if let Some(ours) = median(row, Kind::Trellis, samples) {
            let name = if peer.is_some() { "" } else { row.name };
            let mut line = line(name, Kind::Trellis, &ours);
            line[8] = peer.map(|peer| share(&ours, &peer)).unwrap_or_default();
            line[9] = target(row.target);
            line[10] = if met(row.target, &ours) { "yes" } else { "**no**" }.to_owned();
            lines.push(line);
        }
    }
    markdown(&lines)
}

/// The median of each figure over all rounds.
fn median(row: &Row, supervisor: Kind, samples: &[Sample]) -> Option<Figures> {
    let samples: Vec<&Figures> = samples
        .iter()
        .filter(|sample| sample.row == row.name && sample.supervisor == supervisor)
        .map(|sample| &sample.figures)
        .collect();
    let of = |figure: fn(&Figures) -> Option<f64>| {
        middle(samples.iter().filter_map(|figures| figure(figures)).collect())
    };
    Some(Figures {
        jobs_per_second: of(|figures| figures.jobs_per_second),
        cpu_seconds_per_million: of(|figures| figures.cpu_seconds_per_million),
        cpu_percent: of(|figures| figures.cpu_percent),
        starts_per_second: of(|figures| figures.starts_per_second),
        noticed_p50_us: of(|figures| figures.noticed_p50_us),
        noticed_longest_us: of(|figures| figures.noticed_longest_us),
        resident_bytes: of(|figures| Some(figures.resident_bytes))?,
    })
}

fn line(name: &str, supervisor: Kind, figures: &Figures) -> [String; 11] {
    let whole = |figure: Option<f64>| figure.map(|figure| format!("{figure:.0}")).unwrap_or_default();
    let per_million = figures.cpu_seconds_per_million.map(|seconds| format!("{seconds:.1} s/M jobs"));
    let percent = figures.cpu_percent.map(|percent| format!("{percent:.2} % of a core"));
    [
        name.to_owned(),
        supervisor.name().to_owned(),
        whole(figures.jobs_per_second),
        whole(figures.starts_per_second),
        whole(figures.noticed_p50_us),
        whole(figures.noticed_longest_us),
        per_million.or(percent).unwrap_or_default(),
        format!("{:.1}", mebibytes(figures)),
        String::new(),
        String::new(),
        String::new(),
    ]
}

/// How much of what the peer takes is enough for us: time, or memory.
fn share(ours: &Figures, peer: &Figures) -> String {
    match (ours.noticed_p50_us, peer.noticed_p50_us) {
        (Some(own), Some(peer)) => format!("{:.3}x p50", own / peer),
        _ => format!("{:.2}x RSS", ours.resident_bytes / peer.resident_bytes),
    }
}

fn target(target: Target) -> String {
    match target {
        Target::Jobs(per_second) => format!("{per_second} jobs/s"),
        Target::Idle { mebibytes, percent } => format!("{mebibytes} MiB, {percent} % of a core"),
        Target::NoticedMs(milliseconds) => format!("longest {milliseconds} ms"),
    }
}

fn met(target: Target, figures: &Figures) -> bool {
    match target {
        Target::Jobs(wanted) => figures.jobs_per_second.is_some_and(|jobs| jobs >= wanted),
        Target::Idle { mebibytes: most, percent } => {
            mebibytes(figures) <= most && figures.cpu_percent.is_some_and(|used| used <= percent)
        }
        Target::NoticedMs(most) => figures.noticed_longest_us.is_some_and(|longest| longest <= most * 1000.0),
    }
}

fn mebibytes(figures: &Figures) -> f64 {
    figures.resident_bytes / (1024.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::super::ROWS;
    use super::*;

    fn sample(row: &Row, supervisor: Kind, longest_us: f64) -> Sample {
        let figures = Figures {
            noticed_p50_us: Some(longest_us / 2.0),
            noticed_longest_us: Some(longest_us),
            resident_bytes: 1_048_576.0,
            ..Figures::default()
        };
        Sample { row: row.name, supervisor, round: 0, figures }
    }

    #[test]
    fn the_table_shows_medians_and_the_share() {
        let row = ROWS.iter().find(|row| row.has_peer() && row.name.contains("deaths")).unwrap();
        let samples = [
            sample(row, Kind::Supervisord, 10_000.0),
            sample(row, Kind::Trellis, 700.0),
            sample(row, Kind::Trellis, 1000.0),
            sample(row, Kind::Trellis, 90_000.0),
        ];
        let table = table(&[row], &samples);
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(lines[2][1..3], [row.name, "supervisord"]);
        assert_eq!(lines[3][1..3], ["", "trellis run"]);
        assert_eq!(lines[3][5..7], ["500", "1000"]);
        assert_eq!(lines[3][9..12], ["0.100x p50", "longest 10 ms", "yes"]);
    }

    #[test]
    fn targets_are_met_or_not() {
        let figures = Figures {
            jobs_per_second: Some(500.0),
            cpu_percent: Some(0.1),
            noticed_longest_us: Some(10_000.0),
            resident_bytes: 50.0 * 1_048_576.0,
            ..Figures::default()
        };
        assert!(met(Target::Jobs(500.0), &figures));
        assert!(!met(Target::Jobs(501.0), &figures));
        assert!(met(Target::Idle { mebibytes: 50.0, percent: 0.1 }, &figures));
        assert!(!met(Target::Idle { mebibytes: 49.9, percent: 0.1 }, &figures));
        assert!(!met(Target::Idle { mebibytes: 50.0, percent: 0.09 }, &figures));
        assert!(met(Target::NoticedMs(10.0), &figures));
        assert!(!met(Target::NoticedMs(9.9), &figures));
        assert!(!met(Target::NoticedMs(9.9), &Figures::default()), "what was not measured is not met");
    }
}
