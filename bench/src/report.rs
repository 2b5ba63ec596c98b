//! From the measurements of all rounds to a table: medians, the ratio of the two servers, and whether the
//! target is met.

use serde::Serialize;

use crate::measure::Measurement;
use crate::rows::{Row, Target};
use crate::server::Kind;

/// One measurement and where it belongs.
#[derive(Serialize)]
pub(crate) struct Sample {
    pub(crate) row: &'static str,
    /// What trellis is compared with in this row.
    pub(crate) peer: Kind,
    pub(crate) server: Kind,
    pub(crate) round: u32,
    pub(crate) measurement: Measurement,
}

const HEADER: [&str; 12] = [
    "work",
    "server",
    "ops/s",
    "p50 µs",
    "p99 µs",
    "p99.9 µs",
    "longest µs",
    "CPU s/M ops",
    "RSS MiB",
    "to the peer",
    "target",
    "met",
];

/// The whole result as a table in Markdown, two lines a row.
pub(crate) fn table(rows: &[&Row], samples: &[Sample]) -> String {
    let mut lines = vec![HEADER.map(str::to_owned)];
    for row in rows {
        let opponent = row.speech().peer();
        let peer = median(row, opponent, samples);
        let ours = median(row, Kind::Trellis, samples);
        lines.extend(peer.as_ref().map(|peer| line(row.name, opponent.name(), peer)));
        if let Some(ours) = &ours {
            let name = if peer.is_some() { "" } else { row.name };
            let mut line = line(name, Kind::Trellis.name(), ours);
            if let Some(peer) = &peer {
                line[9] = ratio(row.target, ours, peer);
                line[10] = target(row.target);
                line[11] = if met(row.target, ours, peer) { "yes" } else { "**no**" }.to_owned();
            }
            lines.push(line);
        }
    }
    markdown(&lines)
}

/// The median of each figure over all rounds of a row on one server.
fn median(row: &Row, server: Kind, samples: &[Sample]) -> Option<Measurement> {
    let samples: Vec<&Measurement> = samples
        .iter()
        .filter(|sample| sample.row == row.name && sample.server == server)
        .map(|sample| &sample.measurement)
        .collect();
    let first = *samples.first()?;
    let of = |figure: fn(&Measurement) -> f64| {
        middle(samples.iter().map(|sample| figure(sample)).collect()).unwrap_or_default()
    };
    Some(Measurement {
        seconds: of(|sample| sample.seconds),
        replies: of(|sample| sample.replies),
        replies_per_second: of(|sample| sample.replies_per_second),
        p50_us: of(|sample| sample.p50_us),
        p99_us: of(|sample| sample.p99_us),
        p999_us: of(|sample| sample.p999_us),
        longest_us: of(|sample| sample.longest_us),
        cpu_seconds_per_million: of(|sample| sample.cpu_seconds_per_million),
        resident_bytes: of(|sample| sample.resident_bytes),
        bytes_each: first.bytes_each.map(|_| of(|sample| sample.bytes_each.unwrap_or_default())),
    })
}

/// The median of figures, if there are any.
pub(crate) fn middle(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let above = *figures.get(middle)?;
    Some(if figures.len() % 2 == 1 { above } else { (figures[middle - 1] + above) / 2.0 })
}

fn line(name: &str, server: &str, measurement: &Measurement) -> [String; 12] {
    let Measurement { replies_per_second, p50_us, p99_us, p999_us, longest_us, .. } = measurement;
    let bytes_each = measurement.bytes_each.map(|bytes| format!(" ({bytes:.0} B each)"));
    let resident = measurement.resident_bytes / (1024.0 * 1024.0);
    [
        name.to_owned(),
        server.to_owned(),
        format!("{replies_per_second:.0}"),
        format!("{p50_us:.0}"),
        format!("{p99_us:.0}"),
        format!("{p999_us:.0}"),
        format!("{longest_us:.0}"),
        format!("{:.2}", measurement.cpu_seconds_per_million),
        format!("{resident:.1}{}", bytes_each.unwrap_or_default()),
        String::new(),
        String::new(),
        String::new(),
    ]
}

fn ratio(target: Target, ours: &Measurement, peer: &Measurement) -> String {
    let ratio = format!("{:.2}x", ours.replies_per_second / peer.replies_per_second);
    match target {
        Target::RatioAndP99(..) => format!("{ratio}, p99 {:.2}x", ours.p99_us / peer.p99_us),
        _ => ratio,
    }
}

fn target(target: Target) -> String {
    match target {
        Target::Ratio(ratio) => format!("{ratio}x"),
        Target::RatioAndCpu(ratio) => format!("{ratio}x, CPU not above the peer's"),
        Target::RatioAndP99(ratio, share) => format!("{ratio}x, p99 {share}x"),
        Target::BytesEach(bytes) => format!("{bytes} B each"),
        Target::LongestMs(milliseconds) => format!("longest {milliseconds} ms"),
    }
}

/// Whether a target is met, with ratios rounded as they are shown.
fn met(target: Target, ours: &Measurement, peer: &Measurement) -> bool {
    let reaches = |wanted: f64| round(ours.replies_per_second / peer.replies_per_second) >= wanted;
    match target {
        Target::Ratio(ratio) => reaches(ratio),
        Target::RatioAndCpu(ratio) => {
            reaches(ratio) && round(ours.cpu_seconds_per_million / peer.cpu_seconds_per_million) <= 1.0
        }
        Target::RatioAndP99(ratio, share) => reaches(ratio) && round(ours.p99_us / peer.p99_us) <= share,
        Target::BytesEach(bytes) => ours.bytes_each.is_some_and(|own| own <= bytes),
        Target::LongestMs(milliseconds) => ours.longest_us <= milliseconds * 1000.0,
    }
}

fn round(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

/// Lines as a table with columns of even width: text to the left, figures to the right.
pub(crate) fn markdown<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if column < 2 { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") }
        });
        text += &format!("|{}\n", cells.collect::<String>());
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| {
                if column < 2 {
                    format!("-{}-|", "-".repeat(*width))
                } else {
                    format!("-{}:|", "-".repeat(*width))
                }
            });
            text += &format!("|{}\n", rules.collect::<String>());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::ROWS;
    use crate::server::Speech;

    fn measurement(replies_per_second: f64, cpu: f64) -> Measurement {
        Measurement {
            seconds: 1.0,
            replies: replies_per_second,
            replies_per_second,
            p50_us: 1.0,
            p99_us: 2.0,
            p999_us: 3.0,
            longest_us: 20_000.0,
            cpu_seconds_per_million: cpu,
            resident_bytes: 1_048_576.0,
            bytes_each: Some(230.4),
        }
    }

    fn sample(server: Kind, round: u32, replies_per_second: f64) -> Sample {
        sample_of(&ROWS[0], server, round, replies_per_second)
    }

    fn sample_of(row: &Row, server: Kind, round: u32, replies_per_second: f64) -> Sample {
        let measurement = measurement(replies_per_second, 1.0);
        Sample { row: row.name, peer: row.speech().peer(), server, round, measurement }
    }

    #[test]
    fn the_table_shows_medians_and_the_ratio() {
        let samples = [
            sample(Kind::Beanstalkd, 0, 1000.0),
            sample(Kind::Trellis, 0, 900.0),
            sample(Kind::Beanstalkd, 1, 100.0),
            sample(Kind::Trellis, 1, 2000.0),
            sample(Kind::Beanstalkd, 2, 1200.0),
            sample(Kind::Trellis, 2, 1500.0),
        ];
        let table = table(&[&ROWS[0]], &samples);
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(lines[0][1..4], ["work", "server", "ops/s"]);
        assert_eq!(lines[2][1..4], [ROWS[0].name, "beanstalkd", "1000"]);
        assert_eq!(lines[3][1..4], ["", "trellis", "1500"]);
        assert_eq!(lines[3][10..13], ["1.50x", "1x, CPU not above the peer's", "yes"]);
        assert_eq!(
            table.lines().map(|line| line.chars().count()).collect::<std::collections::BTreeSet<_>>().len(),
            1
        );
    }

    #[test]
    fn each_row_names_its_own_peer() {
        let row = ROWS.iter().find(|row| row.speech() == Speech::Zookeeper).unwrap();
        let samples = [sample_of(row, Kind::Trellis, 0, 3000.0), sample_of(row, Kind::Zookeeper, 0, 1000.0)];
        let table = table(&[row], &samples);
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(lines[2][1..4], [row.name, "zookeeper", "1000"]);
        assert_eq!(lines[3][10..13], ["3.00x, p99 1.00x", "2x, p99 0.5x", "**no**"]);
        assert_eq!(serde_json::json!(samples[0])["peer"], "zookeeper");
    }

    #[test]
    fn the_peer_alone_has_no_ratio() {
        let table = table(&[&ROWS[0]], &[sample(Kind::Beanstalkd, 0, 1000.0)]);
        assert_eq!(table.lines().count(), 3);
    }

    #[test]
    fn targets_are_met_or_not() {
        let peer = measurement(1000.0, 2.0);
        assert!(met(Target::Ratio(1.0), &measurement(996.0, 9.0), &peer), "0.996 is shown as 1.00");
        assert!(!met(Target::Ratio(1.0), &measurement(994.0, 9.0), &peer));
        assert!(met(Target::RatioAndCpu(1.0), &measurement(1000.0, 2.0), &peer));
        assert!(!met(Target::RatioAndCpu(1.0), &measurement(1000.0, 2.1), &peer));
        assert!(!met(Target::RatioAndCpu(1.0), &measurement(900.0, 1.0), &peer));
        let slow = Measurement { p99_us: 8.0, ..measurement(1000.0, 2.0) };
        assert!(met(Target::RatioAndP99(1.0, 0.25), &measurement(1000.0, 9.0), &slow));
        assert!(!met(Target::RatioAndP99(1.0, 0.24), &measurement(1000.0, 9.0), &slow));
        assert!(!met(Target::RatioAndP99(1.0, 0.25), &measurement(900.0, 9.0), &slow));
        assert!(met(Target::LongestMs(20.0), &measurement(1.0, 1.0), &peer));
        assert!(!met(Target::LongestMs(19.9), &measurement(1.0, 1.0), &peer));
        assert!(met(Target::BytesEach(231.0), &measurement(1.0, 1.0), &peer));
        assert!(!met(Target::BytesEach(230.0), &measurement(1.0, 1.0), &peer));
    }
}
