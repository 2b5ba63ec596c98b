//! Every record comes back as it was written; damaged bytes are errors; the bytes of version 1 stay what they are.

use super::*;

fn jobs() -> Vec<Record<'static>> {
    let standings = [
        Standing::Ready,
        Standing::Reserved { holder: ConnectionId::new(1, 9), deadline: Time(77) },
        Standing::Delayed { until: Time(88) },
        Standing::Buried { number: 3 },
    ];
    let counts = JobCounts { reserves: 1, timeouts: 2, releases: 3, buries: 4, kicks: 5 };
    let job = |(id, standing)| {
        Record::Job(JobRecord {
            id,
            tube: 1,
            standing,
            priority: 10,
            delay: 20,
            ttr: 30,
            created_milliseconds: 40,
            counts,
            body: b"a body",
        })
    };
    (1..).zip(standings).map(job).collect()
}

fn records() -> Vec<Record<'static>> {
    let header = Header {
        time: Time(1),
        next_job: 2,
        next_tube: 3,
        next_arrival: 4,
        next_burial: 5,
        total_jobs: 6,
        job_timeouts: 7,
        tubes: 1,
        connections: 1,
        jobs: 4,
    };
    let tube = TubeRecord {
        number: 1,
        name: "mail",
        created: 2,
        pause: Some(Pause { seconds: 60, until: Time(99) }),
        counts: TubeCounts { puts: 1, deletes: 2, pauses: 3 },
    };
    let connection = ConnectionRecord {
        id: ConnectionId::new(1, 9),
        used: 1,
        watched: &[1, 2],
        wait: Some(Wait { until: Time(5), arrival: 3 }),
        half_closed: true,
        producer: false,
        worker: true,
    };
    let quiet = ConnectionRecord { wait: None, half_closed: false, producer: true, ..connection.clone() };
    let plain = TubeRecord { pause: None, ..tube.clone() };
    let mut records = vec![Record::Header(header), Record::Tube(tube), Record::Tube(plain)];
    records.extend([Record::Connection(connection), Record::Connection(quiet)]);
    records.extend(jobs());
    records
}

fn chunk() -> Vec<u8> {
    let mut chunk = Vec::new();
    records().iter().for_each(|record| encode(record, &mut chunk));
    chunk
}

#[test]
fn records_come_back_as_they_were() {
    let expected = records();
    let mut expected = expected.iter();
    decode::<FormatError>(&chunk(), &mut |record| {
        assert_eq!(Some(&record), expected.next());
        Ok(())
    })
    .unwrap();
    assert_eq!(expected.next(), None);
}

#[test]
fn a_cut_chunk_is_an_error_or_a_shorter_one_and_never_a_panic() {
    let chunk = chunk();
    for end in 0..chunk.len() {
        let mut count = 0;
        let decoded = decode::<FormatError>(&chunk[..end], &mut |_| {
            count += 1;
            Ok(())
        });
        assert!(decoded.is_err() || count < records().len(), "cut at {end}");
    }
}

#[test]
fn what_a_snapshot_is_of_comes_back() {
    use openraft::impls::BasicNode;
    use std::collections::{BTreeMap, BTreeSet};

    let nodes = BTreeMap::from([(1, BasicNode::new("self"))]);
    let membership = crate::types::Membership::new(vec![BTreeSet::from([1])], nodes).unwrap();
    for meta in [
        SnapshotMeta::default(),
        SnapshotMeta {
            last_log_id: Some(log_id(3, 400)),
            last_membership: StoredMembership::new(Some(log_id(1, 0)), membership),
        },
    ] {
        assert_eq!(decode_meta(&encode_meta(&meta)).unwrap(), meta);
    }
}

#[test]
fn version_1_is_what_it_was() {
    crate::format::assert_golden("snapshot-chunk-v1.bin", &chunk());
}
