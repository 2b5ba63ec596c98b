//! What recipes ask of a server, and what they say when it refuses.

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::{Barrier, Queue, Semaphore};
use trellis_zk_client::{Error, ErrorCode, Stat};
use trellis_zk_codec::Reply;

use crate::fake::{Fake, Step};

const BEGIN: Step = Step::Accept { session: 0, granted: 7 };

/// Where a client belongs is its user's to say. A node that was made of a misspelt word would hide the mistake.
#[test]
fn the_node_that_stands_for_the_root_is_never_created() {
    let fake = Fake::start(vec![
        BEGIN,
        Step::Expect(
            "Create(Create { path: \"/app/queue/entry-100-\", data: Some([120]), acl: [Acl { permissions: 31, scheme: \"world\", id: \"anyone\" }], mode: PersistentSequential })",
        ),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect(
            "Create(Create { path: \"/app/queue\", data: Some([]), acl: [Acl { permissions: 31, scheme: \"world\", id: \"anyone\" }], mode: Persistent })",
        ),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Answer(Reply::Stat(Stat::default())),
        Step::ExpectEnd,
    ]);
    let client = blocking::connect(&fake.settings).expect("a session");
    let missing = Error::NoChroot { path: "/app".to_owned() };
    assert_eq!(Queue::new(&client, "/queue").put(b"x").wait(), Err(missing.clone()));
    assert_eq!(Barrier::new(&client, "/").raise().wait(), Err(missing.clone()));
    let lease = Semaphore::new(&client, "/", 1).acquire(None).wait().map(drop);
    assert_eq!(lease, Err(missing.clone().into()));
    assert_eq!(client.ensure_path("/").wait(), Ok(()));
    assert_eq!(
        missing.to_string(),
        "the node /app, below which this client is to stay, does not exist: create it first, as with `trellis zk create /app`"
    );
    drop(client);
    fake.finish();
}
