//! What becomes of recipes when connections are lost.

use std::time::Duration;

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::{Cache, Group, Lock, Standing};
use trellis_zk_client::{CreateMode, Settings, State};

use crate::proxy::Proxy;
use crate::{DEADLINE, Service};

#[test]
fn a_place_in_line_whose_answer_was_lost_is_found_again() {
    let service = Service::start();
    let proxy = Proxy::start(&service.address);
    let client = blocking::connect(&service.settings_through(&proxy.address)).expect("a session");
    let lock = Lock::new(&client, "/lock").identified_by("me");
    client.ensure_path("/lock").wait().expect("a server");
    proxy.lose_next_answer();
    let holding = lock.acquire(DEADLINE).wait().expect("a server").expect("nobody else is there");
    assert_eq!(lock.contenders().wait().expect("a server"), ["me"]);

    // And so is the news that it was given back.
    proxy.lose_next_answer();
    holding.release().wait().expect("a server");
    assert_eq!(lock.contenders().wait().expect("a server").len(), 0);
}

#[test]
fn a_member_stays_over_a_lost_connection_and_waits_on() {
    let service = Service::start();
    let proxy = Proxy::start(&service.address);
    let client = blocking::connect(&service.settings_through(&proxy.address)).expect("a session");
    let group = Group::new(&client, "/workers");
    let membership = group.join("one").wait().expect("a server");
    let (members, mut changed) = group.members_watched().wait().expect("a server");
    assert_eq!(members, ["one"]);
    proxy.cut();
    let other = service.client();
    let guest = Group::new(&other, "/workers").join("other").wait().expect("a server");
    assert!(changed.notice().wait().is_some());
    assert_eq!(group.members().wait().expect("a server"), ["one", "other"]);
    assert_eq!(membership.standing(), Standing::Certain);
    drop((membership, guest));
}

#[test]
fn who_holds_something_learns_that_it_may_be_lost() {
    let service = Service::start();
    let proxy = Proxy::start(&service.address);
    let settings =
        Settings { session_timeout: Duration::from_millis(1), ..service.settings_through(&proxy.address) };
    let client = blocking::connect(&settings).expect("a session");
    let rival = service.client();
    let lock = Lock::new(&client, "/lock");
    let holding = lock.acquire(DEADLINE).wait().expect("a server").expect("nobody else is there");
    proxy.refuse();
    assert_eq!(holding.standing_changed(Standing::Certain).wait(), Standing::Suspended);
    // It takes the shortest time-out that the server grants; the rival gets it no sooner than that.
    holding.lost().wait();
    assert_eq!(client.state(), State::Overdue);
    let taken = Lock::new(&rival, "/lock").acquire(DEADLINE).wait().expect("a server");
    assert!(taken.is_some());
    proxy.forward_again();
    let mut states = client.states();
    while client.state() != State::Expired {
        states.change().wait();
    }
    assert!(holding.release().wait().is_err());
}

#[test]
fn a_cache_is_right_again_after_a_lost_connection() {
    let service = Service::start();
    let proxy = Proxy::start(&service.address);
    let client = blocking::connect(&service.settings_through(&proxy.address)).expect("a session");
    let other = service.client();
    for path in ["/tree", "/tree/a", "/tree/b", "/treetop", "/tree/a/x"] {
        other.create(path, path.as_bytes(), CreateMode::Persistent).wait().expect("a server");
    }
    let cache = Cache::new(&client, "/tree");
    let mut seen = cache.changed(0).wait().expect("a server");
    assert_eq!(cache.children("/tree"), ["a", "b"]);
    assert_eq!(cache.get("/tree/a/x").expect("it is there").bytes(), b"/tree/a/x");
    assert_eq!(cache.get("/treetop"), None);

    other.set_data("/tree/b", b"new", None).wait().expect("a server");
    while cache.get("/tree/b").expect("it is there").bytes() != b"new" {
        seen = cache.changed(seen).wait().expect("a server");
    }
    proxy.refuse();
    other.delete("/tree/a/x", None).wait().expect("a server");
    other.create("/tree/c", b"", CreateMode::Persistent).wait().expect("a server");
    proxy.forward_again();
    while cache.children("/tree") != ["a", "b", "c"] || !cache.children("/tree/a").is_empty() {
        seen = cache.changed(seen).wait().expect("a server");
    }
    client.close().wait().expect("an answer");
    while let Ok(more) = cache.changed(seen).wait() {
        seen = more;
    }
}
