//! Locks, leases, leadership: what one has and others wait for.

use trellis_zk_client::blocking::Wait;
use trellis_zk_client::recipe::{Election, Lock, ReadWriteLock, Semaphore, SemaphoreError, Standing};
use trellis_zk_client::{Happening, tokio as driver};

use crate::{DEADLINE, NEVER, Service};

#[test]
fn a_lock_is_held_by_one_in_order_of_arrival() {
    let service = Service::start();
    let (one, other) = (service.client(), service.client());
    let lock = Lock::new(&one, "/deep/lock").identified_by("one");
    let rival = Lock::new(&other, "/deep/lock").identified_by("other");
    let holding = lock.try_acquire().wait().expect("a server").expect("it is free");
    assert_eq!(holding.standing(), Standing::Certain);
    assert!(rival.try_acquire().wait().expect("a server").is_none());
    assert!(rival.acquire(NEVER).wait().expect("a server").is_none());

    // Whoever gives up leaves the line, although nobody waits for that.
    let waiting = std::thread::spawn(move || rival.acquire(DEADLINE).wait().expect("a server"));
    wait_until(|| lock.contenders().wait().expect("a server") == ["one", "other"]);
    holding.release().wait().expect("a server");
    let holding = waiting.join().expect("no panic").expect("it was given back");
    assert_eq!(lock.contenders().wait().expect("a server"), ["other"]);
    drop(holding);
    let again = lock.acquire(DEADLINE).wait().expect("a server").expect("it was dropped");
    assert_eq!(lock.contenders().wait().expect("a server"), ["one"]);
    one.close().wait().expect("an answer");
    again.lost().wait();
    assert_eq!(again.standing(), Standing::Lost);
}

#[test]
fn many_read_or_one_writes() {
    let service = Service::start();
    let client = service.client();
    let lock = ReadWriteLock::new(&client, "/table").identified_by("me");
    let first = lock.read().acquire(DEADLINE).wait().expect("a server").expect("nobody writes");
    let second = lock.read().try_acquire().wait().expect("a server").expect("nobody writes");
    assert!(lock.write().acquire(NEVER).wait().expect("a server").is_none());
    assert_eq!(lock.write().contenders().wait().expect("a server"), ["me", "me"]);
    first.release().wait().expect("a server");
    second.release().wait().expect("a server");
    let writing = lock.write().acquire(DEADLINE).wait().expect("a server").expect("nobody reads");
    assert!(lock.read().try_acquire().wait().expect("a server").is_none());
    drop(writing);
    assert!(lock.read().acquire(DEADLINE).wait().expect("a server").is_some());
}

#[test]
fn a_semaphore_lets_so_many_in() {
    let service = Service::start();
    let client = service.client();
    let semaphore = Semaphore::new(&client, "/a/heavy", 2).identified_by("me");
    let one = semaphore.acquire(DEADLINE).wait().expect("a server").expect("two are free");
    let two = semaphore.acquire(DEADLINE).wait().expect("a server").expect("one is free");
    assert!(semaphore.acquire(NEVER).wait().expect("a server").is_none());
    assert_eq!(semaphore.holders().wait().expect("a server"), ["me", "me"]);
    drop(one);
    assert!(semaphore.acquire(DEADLINE).wait().expect("a server").is_some());
    let other = Semaphore::new(&client, "/a/heavy", 3).acquire(DEADLINE).wait();
    let expected = SemaphoreError::Limit { path: "/a/heavy".to_owned(), stored: 2, wanted: 3 };
    assert_eq!(
        expected.to_string(),
        "the semaphore /a/heavy allows 2 at a time, and not 3: agree on one limit"
    );
    assert_eq!(other.err(), Some(expected));
    drop(two);
}

#[test]
fn the_next_candidate_leads_when_the_leader_is_gone() {
    let service = Service::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let one = driver::connect(&service.settings()).await.expect("a session");
        let other = driver::connect(&service.settings()).await.expect("a session");
        let election = Election::new(&one, "/leader", "one");
        assert_eq!(election.leader().await, Ok(None));
        let leading = election.campaign(DEADLINE).await.expect("a server").expect("nobody else is there");
        let rival = Election::new(&other, "/leader", "other");
        let campaign =
            tokio::spawn(async move { rival.campaign(None).await.map(|elected| elected.is_some()) });
        while election.candidates().await.expect("a server") != ["one", "other"] {
            tokio::task::yield_now().await;
        }
        // A campaign that is given up leaves no candidate behind.
        let third = Election::new(&one, "/leader", "third");
        assert!(third.campaign(NEVER).await.expect("a server").is_none());
        while election.candidates().await.expect("a server") != ["one", "other"] {
            tokio::task::yield_now().await;
        }
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        one.listen(Box::new(move |happening| drop(sender.send(happening.clone()))));
        one.close().await.expect("an answer");
        leading.lost().await;
        assert_eq!(campaign.await.expect("no panic"), Ok(true));
        assert!(matches!(told.recv().await, Some(Happening::State(state)) if state.is_over()));
    });
}

/// Asks again and again; a server takes its time for each answer.
fn wait_until(mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + DEADLINE.expect("there is one");
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "it does not come to be");
    }
}
