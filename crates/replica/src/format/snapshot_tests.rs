//! Every record comes back as it was written; damaged bytes are errors; the bytes of version 1 stay what they are.

use trellis_core::snapshot::{SessionRecord, TreeHeader, ZnodeFacts, ZnodeRecord};
use trellis_core::zk::{Acl, Lease};

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

fn tree_records() -> Vec<Record<'static>> {
    let header = TreeHeader { zxid: 1, next_birth: 2, timers_pause: Time(3), sessions: 4, znodes: 5 };
    let session = SessionRecord {
        id: i64::MIN + 1,
        password: *b"sixteen bytes ok",
        timeout_ms: 4000,
        connection: Some(ConnectionId::new(1, 9)),
    };
    let away = SessionRecord { connection: None, ..session.clone() };
    let leases = [
        Lease::None,
        Lease::Ephemeral { session: -7, birth: 11 },
        Lease::Container { birth: 12, due: Time::NEVER },
        Lease::Ttl { birth: 13, ttl_ms: 14, due: Time(15) },
    ];
    let znode = |(number, lease)| {
        let plain = lease == Lease::None;
        let facts = ZnodeFacts {
            czxid: 21,
            mzxid: 22,
            pzxid: 23,
            created_milliseconds: 24,
            modified_milliseconds: 25,
            version: 26,
            cversion: -27,
            aversion: -1,
            sequence: i32::MIN,
            lease,
        };
        Record::Znode(ZnodeRecord {
            number,
            parent: (!plain).then_some(8),
            name: if plain { "" } else { "a name" },
            data: (!plain).then_some(b"some data"),
            acl: if plain { Acl::OPEN } else { Acl::READ },
            facts,
        })
    };
    let mut records = vec![Record::Tree(header), Record::Session(session), Record::Session(away)];
    records.extend((7..).zip(leases).map(znode));
    records
}

fn chunk(records: &[Record<'_>]) -> Vec<u8> {
    let mut chunk = Vec::new();
    records.iter().for_each(|record| encode(record, &mut chunk));
    chunk
}

#[test]
fn records_come_back_as_they_were() {
    for expected in [records(), tree_records()] {
        let mut left = expected.iter();
        decode::<FormatError>(&chunk(&expected), &mut |record| {
            assert_eq!(Some(&record), left.next());
            Ok(())
        })
        .unwrap();
        assert_eq!(left.next(), None);
    }
}

#[test]
fn a_cut_chunk_is_an_error_or_a_shorter_one_and_never_a_panic() {
    for records in [records(), tree_records()] {
        let chunk = chunk(&records);
        for end in 0..chunk.len() {
            let mut count = 0;
            let decoded = decode::<FormatError>(&chunk[..end], &mut |_| {
                count += 1;
                Ok(())
            });
            assert!(decoded.is_err() || count < records.len(), "cut at {end}");
        }
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
    crate::format::assert_golden("snapshot-chunk-v1.bin", &chunk(&records()));
    crate::format::assert_golden("snapshot-tree-chunk-v1.bin", &chunk(&tree_records()));
}
