//! Every record comes back as it was written; damaged bytes are errors; the bytes of version 1 stay what they are.

use trellis_core::snapshot::{
    ConnectionRecord, Header, JobRecord, SessionRecord, Standing, TreeHeader, TubeRecord, ZnodeFacts,
    ZnodeRecord,
};
use trellis_core::tube::{JobCounts, Pause, TubeCounts, Wait};
use trellis_core::zk::{Acl, Lease};
use trellis_core::{ConnectionId, Time};

use super::*;
use crate::format::golden;

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

fn znodes() -> Vec<Record<'static>> {
    let facts = |lease| ZnodeFacts {
        czxid: 1,
        mzxid: 2,
        pzxid: i64::MAX,
        created_milliseconds: 4,
        modified_milliseconds: 5,
        version: -6,
        cversion: 7,
        aversion: 8,
        sequence: i32::MIN,
        lease,
    };
    let root = ZnodeRecord {
        number: 0,
        parent: None,
        name: "",
        data: None,
        acl: Acl::OPEN,
        facts: facts(Lease::None),
    };
    let (birth, due) = (9, Time(10));
    let leases = [
        Lease::None,
        Lease::Ephemeral { session: -77, birth },
        Lease::Container { birth, due: Time::NEVER },
        Lease::Ttl { birth, ttl_ms: 11, due },
    ];
    let child = |lease| ZnodeRecord {
        number: 1,
        parent: Some(0),
        name: "ä",
        data: Some(b"data"),
        acl: Acl::READ,
        facts: facts(lease),
    };
    let children = leases.into_iter().map(child);
    [root].into_iter().chain(children).map(Record::Znode).collect()
}

fn tree() -> Vec<Record<'static>> {
    let header = TreeHeader { zxid: 1, next_birth: 2, timers_pause: Time(3), sessions: 2, znodes: 5 };
    let away =
        SessionRecord { id: -77, password: *b"sixteen bytes ..", timeout_ms: 30_000, connection: None };
    let here = SessionRecord { id: 78, connection: Some(ConnectionId::new(1, 9)), ..away.clone() };
    let mut records = vec![Record::Tree(header), Record::Session(away), Record::Session(here)];
    records.extend(znodes());
    records
}

fn queue() -> Vec<Record<'static>> {
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

fn records() -> Vec<Record<'static>> {
    let mut records = queue();
    records.extend(tree());
    records
}

fn chunk() -> Vec<u8> {
    let mut chunk = Vec::new();
    records().iter().for_each(|record| encode(record, &mut chunk));
    chunk
}

fn assert_decoded(chunk: &[u8], expected: &[Record<'_>]) {
    let mut expected = expected.iter();
    decode::<FormatError>(chunk, &mut |record| {
        assert_eq!(Some(&record), expected.next());
        Ok(())
    })
    .unwrap();
    assert_eq!(expected.next(), None);
}

#[test]
fn records_come_back_as_they_were() {
    assert_decoded(&chunk(), &records());
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
        let mut bytes = encode_meta(&meta);
        assert_eq!(decode_meta(&bytes).unwrap(), meta);
        bytes[0] = 1;
        assert_eq!(decode_meta(&bytes).unwrap(), meta, "version 1");
        bytes[0] = VERSION + 1;
        assert_eq!(decode_meta(&bytes), Err(FormatError::Version(VERSION + 1)));
    }
}

#[test]
fn the_newest_version_is_what_it_was() {
    crate::format::assert_golden("snapshot-chunk-v2.bin", &chunk());
}

#[test]
fn version_1_is_still_read() {
    assert_decoded(&golden("snapshot-chunk-v1.bin"), &queue());
}
