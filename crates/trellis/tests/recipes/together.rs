//! Barriers and groups.

use trellis_zk_client::blocking::Wait;
use trellis_zk_client::recipe::{Barrier, DoubleBarrier, Group};

use crate::{DEADLINE, NEVER, Service};

#[test]
fn a_barrier_holds_up_whoever_waits() {
    let service = Service::start();
    let (client, other) = (service.client(), service.client());
    let barrier = Barrier::new(&client, "/gate");
    assert_eq!(barrier.wait(NEVER).wait(), Ok(true));
    barrier.raise().wait().expect("a server");
    barrier.raise().wait().expect("a server");
    assert_eq!(barrier.wait(NEVER).wait(), Ok(false));
    let waiting = std::thread::spawn(move || Barrier::new(&other, "/gate").wait(DEADLINE).wait());
    assert_eq!(barrier.lower().wait(), Ok(true));
    assert_eq!(waiting.join().expect("no panic"), Ok(true));
    assert_eq!(barrier.lower().wait(), Ok(false));
}

#[test]
fn all_enter_together_and_leave_together() {
    let service = Service::start();
    let client = service.client();
    let barrier = DoubleBarrier::new(&client, "/round", 3);
    assert!(barrier.enter("early", NEVER).wait().expect("a server").is_none());
    // Twice, as what is left of the first round must not spoil the second.
    for _ in 0..2 {
        let threads: Vec<_> = (0..3)
            .map(|number| {
                let barrier = DoubleBarrier::new(&service.client(), "/round", 3);
                std::thread::spawn(move || {
                    let inside = barrier.enter(&number.to_string(), DEADLINE).wait().expect("a server");
                    barrier.leave(inside.expect("enough have come"), DEADLINE).wait().expect("a server")
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().expect("no panic")));
    }
    assert_eq!(client.children("/round").wait().map(|listing| listing.names), Ok(Vec::new()));
}

#[test]
fn who_is_slow_does_not_wait_for_the_next_round() {
    let service = Service::start();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let barrier = DoubleBarrier::new(&service.client(), "/rounds", 3);
            std::thread::spawn(move || {
                for round in 0..100 {
                    let inside = barrier.enter("any", DEADLINE).wait().expect("a server");
                    let inside = inside.unwrap_or_else(|| panic!("not all have come to round {round}"));
                    let gone = barrier.leave(inside, DEADLINE).wait().expect("a server");
                    assert!(gone, "not all have left round {round}");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

#[test]
fn a_group_knows_its_members() {
    let service = Service::start();
    let client = service.client();
    for group in [Group::new(&client, "/group"), Group::shallow(&client, "/shallow")] {
        assert_eq!(group.members().wait(), Ok(Vec::new()));
        let (members, mut changed) = group.members_watched().wait().expect("a server");
        assert_eq!(members.len(), 0);
        let one = group.join("one-1").wait().expect("a server");
        assert!(changed.notice().wait().is_some());
        let two = group.join("two").wait().expect("a server");
        assert_eq!(group.members().wait(), Ok(vec!["one-1".to_owned(), "two".to_owned()]));
        one.release().wait().expect("a server");
        assert_eq!(group.members().wait(), Ok(vec!["two".to_owned()]));
        drop(two);
    }
}
