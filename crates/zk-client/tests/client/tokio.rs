//! The driver that is a task of tokio.

use tokio::runtime::Builder;
use trellis_zk_client::recipe::Barrier;
use trellis_zk_client::{CreateMode, Error, ErrorCode, EventKind, Reply, Stat, State, tokio as driver};

use crate::fake::{Fake, Step};

#[test]
fn a_session_goes_on_over_another_connection() {
    let fake = Fake::start(vec![
        Step::Accept { session: 0, granted: 7 },
        Step::Expect("GetData { path: \"/app/a\", watch: true }"),
        Step::Answer(Reply::Data { data: Some(b"x"), stat: Stat::default() }),
        Step::Expect("Sync { path: \"/app\" }"),
        Step::HangUp,
        Step::Accept { session: 7, granted: 7 },
        Step::Expect("SetWatches { zxid: 9, data: [\"/app/a\"], exist: [], child: [] }"),
        Step::Event(EventKind::NodeDeleted, "/app/a"),
        Step::Expect("Sync { path: \"/app\" }"),
        Step::Answer(Reply::Path { path: "/app" }),
        Step::ExpectEnd,
    ]);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = driver::connect(&fake.settings).await.expect("a session");
        let (data, mut watch) = client.get_data_watched("/a").await.expect("data");
        assert_eq!(data.bytes(), b"x");
        assert!(matches!(client.sync("/").await, Err(Error::Lost { .. })));
        assert!(watch.notice().await.is_some());
        client.sync("/").await.expect("an answer");
    });
    // The task ends with its runtime.
    drop(runtime);
    fake.finish();
}

#[test]
fn nobody_waits_for_a_runtime_that_is_gone() {
    let fake = Fake::start(vec![
        Step::Accept { session: 0, granted: 7 },
        Step::Expect("Sync { path: \"/app\" }"),
        Step::ExpectEnd,
    ]);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = runtime.block_on(driver::connect(&fake.settings)).expect("a session");
    let call = client.sync("/");
    let mut states = client.states();
    // It has been sent before anybody waits for it.
    drop(runtime);
    let other = Builder::new_current_thread().build().expect("a runtime");
    assert!(matches!(other.block_on(call), Err(Error::Lost { .. })));
    assert_eq!(other.block_on(states.change()), Some(State::Closed));
    let created = other.block_on(client.create("/a", b"", CreateMode::Persistent));
    assert_eq!(created, Err(Error::Over(State::Closed)));
    fake.finish();
}

/// The task that would make room is on the thread of the one that waits for it, so nobody may wait without pausing.
#[test]
fn a_recipe_waits_for_room_on_the_thread_of_its_driver() {
    let fake = Fake::start(vec![
        Step::Accept { session: 0, granted: 7 },
        Step::SwallowUntil("GetData { path: \"/app/gate\", watch: true }"),
        Step::Refuse(ErrorCode::NoNode),
    ]);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = driver::connect(&fake.settings).await.expect("a session");
        let data = vec![0; 1 << 20];
        let calls: Vec<_> = (0..100).map(|_| client.set_data("/a", &data, None)).collect();
        assert_eq!(Barrier::new(&client, "/gate").wait(None).await, Ok(true));
        let mut outcomes = Vec::new();
        for call in calls.into_iter().rev().take(1) {
            outcomes.push(call.await);
        }
        assert!(matches!(outcomes.as_slice(), [Err(Error::Busy { .. })]), "{outcomes:?}");
    });
    drop(runtime);
    fake.finish();
}
