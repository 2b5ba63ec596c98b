//! Several servers in one pool.

use std::time::{Duration, Instant};

use trellis_tube_client::blocking::Pool;
use trellis_tube_client::{Address, Error, PutOptions, Settings};

use crate::fake::Step::{Close, End, Expect, Send};
use crate::fake::{Fake, nobody};

/// How long a pool may take for what it does at once. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

fn pool(servers: &[&Address]) -> Pool {
    let mut pool = Pool::new();
    let settings = Settings { patience: Duration::ZERO, ..Settings::default() };
    for server in servers {
        pool.add((*server).clone(), &settings);
    }
    pool
}

/// Puts take turns, and a dead server is passed over; tubes are told when there is a connection, and then at once.
#[test]
fn puts_take_turns_into_the_used_tube() {
    let fake = Fake::start(&[&[
        Expect("use mail\nwatch mail\nignore default\nput 1024 0 60 1\na\n"),
        Send("USING mail\nWATCHING 2\nWATCHING 1\nINSERTED 1\n"),
        Expect("put 1024 0 60 1\nb\n"),
        Send("INSERTED 2\n"),
        Expect("use post\n"),
        Send("USING post\n"),
        Expect("watch post\n"),
        Send("WATCHING 2\n"),
        Expect("ignore mail\n"),
        Send("WATCHING 1\n"),
        Expect("ignore post\n"),
        Send("NOT_IGNORED\n"),
    ]]);
    let mut pool = pool(&[&nobody(), &fake.address]);
    assert!(matches!(pool.ignore("default"), Err(Error::NotIgnored)));
    assert!(matches!(pool.watch("no tube"), Err(Error::BadTubeName(_))));
    pool.use_tube("mail").unwrap();
    pool.watch("mail").unwrap();
    pool.ignore("default").unwrap();
    for (body, id) in [(b"a", 1), (b"b", 2)] {
        let placed = pool.put(body, &PutOptions::default()).unwrap();
        assert_eq!((placed.server, placed.inserted.id), (1, id));
    }
    pool.use_tube("post").unwrap();
    pool.watch("post").unwrap();
    pool.ignore("mail").unwrap();
    assert!(matches!(pool.ignore("post"), Err(Error::NotIgnored)));
    fake.finish();
}

/// A server of which a job is held is never waited for, so that the job can be finished at any time.
#[test]
fn a_held_job_is_in_nobodys_way() {
    let one = Fake::start(&[&[
        Expect("reserve\n"),
        Send("RESERVED 7 1\na\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("TIMED_OUT\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("DEADLINE_SOON\n"),
        Expect("delete 7\n"),
        Send("DELETED\n"),
        End,
    ]]);
    let other = Fake::start(&[&[Expect("reserve\n"), End]]);
    let mut pool = pool(&[&one.address]);
    let (server, job) = pool.reserve(&[0], None).unwrap().unwrap();
    assert_eq!((server, job.id), (0, 7));
    assert_eq!(pool.add(other.address.clone(), &Settings::default()), 1);
    assert!(matches!(pool.reserve(&[0, 1], None), Err(Error::DeadlineSoon)));
    pool.client(0).unwrap().delete(7).unwrap();
    drop(pool);
    one.finish();
    other.finish();
}

/// While jobs are held, a wait ends in time all the same.
#[test]
fn a_wait_ends_while_jobs_are_held_everywhere() {
    let one = Fake::start(&[&[
        Expect("reserve\n"),
        Send("RESERVED 7 1\na\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("TIMED_OUT\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("TIMED_OUT\n"),
        End,
    ]]);
    let other = Fake::start(&[&[
        Expect("reserve\n"),
        Send("RESERVED 7 1\nb\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("TIMED_OUT\n"),
        Expect("reserve-with-timeout 0\n"),
        Send("RESERVED 8 1\nc\n"),
        End,
    ]]);
    let mut pool = pool(&[&one.address, &other.address]);
    for server in [0, 1] {
        assert_eq!(
            pool.reserve(&[server], None).unwrap().map(|(server, job)| (server, job.id)),
            Some((server, 7))
        );
    }
    let found = pool.reserve(&[0, 1], Some(Duration::from_millis(20))).unwrap();
    assert_eq!(found.map(|(server, job)| (server, job.id)), Some((1, 8)));
    drop(pool);
    one.finish();
    other.finish();
}

/// A server that fails while another one is waited for is asked again, or its jobs would wait for those of the other.
#[test]
fn who_has_failed_is_asked_again_while_others_are_waited_for() {
    let failing =
        Fake::start(&[&[Expect("reserve\n"), Close], &[Expect("reserve\n"), Send("RESERVED 7 1\na\n"), End]]);
    let idle = Fake::start(&[&[Expect("reserve\n"), End]]);
    let mut pool = pool(&[&failing.address, &idle.address]);
    let mut reserving = pool.begin_reserve(&[0, 1], None);
    let began = Instant::now();
    let found = loop {
        if let Some(outcome) = pool.step(&mut reserving, None, Some(began + PATIENCE)) {
            break outcome.unwrap();
        }
        assert!(began.elapsed() < PATIENCE, "no job comes");
    };
    assert_eq!(found.map(|(server, job)| (server, job.id)), Some((0, 7)));
    drop(pool);
    failing.finish();
    idle.finish();
}

/// Where nobody is left to wait for, that is said, and each time anew.
#[test]
fn nobody_there_is_told() {
    let mut pool = pool(&[&nobody(), &nobody()]);
    for _ in 0..2 {
        let found = pool.reserve(&[0, 1], None);
        assert!(matches!(found, Err(Error::Unreachable { .. })), "{found:?}");
    }
}

/// What is given up is not left on its way, and the client can be used again.
#[test]
fn a_reserve_that_is_given_up_hangs_up() {
    let fake = Fake::start(&[&[Expect("reserve\n"), End], &[Expect("touch 7\n"), Send("TOUCHED\n"), Close]]);
    let mut pool = pool(&[&fake.address]);
    pool.client(0).unwrap().connect().unwrap();
    let mut reserving = pool.begin_reserve(&[0], None);
    let (wake, other) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(other);
    assert!(pool.step(&mut reserving, Some(std::os::fd::AsFd::as_fd(&wake)), None).is_none());
    pool.cancel(reserving);
    pool.client(0).unwrap().touch(7).unwrap();
    fake.finish();
}

/// Keys have their servers, and a server is in a pool once. Without servers there is an error.
#[test]
fn servers_have_places() {
    let mut pool = Pool::new();
    assert_eq!(pool.by_key(b"a"), None);
    assert!(matches!(pool.reserve(&[], None), Err(Error::NoServer)));
    assert!(matches!(pool.put(b"", &PutOptions::default()), Err(Error::NoServer)));
    let servers: Vec<Address> = ["a", "b", "a", "a:1"].iter().map(|text| text.parse().unwrap()).collect();
    let places: Vec<usize> =
        servers.iter().map(|server| pool.add(server.clone(), &Settings::default())).collect();
    assert_eq!((places, pool.servers().len()), (vec![0, 1, 0, 2], 3));
    assert!(pool.by_key(b"mail").is_some_and(|server| server < 3));
    assert!(pool.client(3).is_none());
}
