//! The driver that is a thread.

use std::sync::mpsc::{TryRecvError, channel};
use std::time::Duration;

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::{Barrier, Group, Lock};
use trellis_zk_client::{
    AddWatchMode, Client, ConnectError, CreateMode, Done, Error, ErrorCode, EventKind, Happening, Identity,
    Loss, Notice, Operation, Reply, Settings, Stat, State, WatchEvent,
};
use trellis_zk_codec::OperationResult;

use crate::fake::{Fake, Step};

const BEGIN: Step = Step::Accept { session: 0, granted: 7 };
const AGAIN: Step = Step::Accept { session: 7, granted: 7 };

fn run(script: Vec<Step>, client: impl FnOnce(&Client)) {
    let fake = Fake::start([BEGIN].into_iter().chain(script).collect());
    let connected = blocking::connect(&fake.settings).expect("a session");
    client(&connected);
    drop(connected);
    fake.finish();
}

fn event(kind: EventKind, path: &str) -> Notice {
    Notice::Event(WatchEvent { kind, path: path.to_owned() })
}

#[test]
fn paths_are_below_the_chroot_on_both_ways() {
    let script = vec![
        Step::Expect(
            "Create(Create { path: \"/app/a\", data: Some([120]), acl: [Acl { permissions: 31, scheme: \"world\", id: \"anyone\" }], mode: Ephemeral })",
        ),
        Step::Answer(Reply::Path { path: "/app/a" }),
        Step::Expect("GetEphemerals { prefix: \"/app/\" }"),
        Step::Answer(Reply::Children { children: (&["/app/b", "/app/a"]).into() }),
        Step::Expect(
            "Multi([Check { path: \"/app/a\", version: 3 }, Delete { path: \"/app\", version: -1 }])",
        ),
        Step::Answer(Reply::Results(
            (&[OperationResult::Undone, OperationResult::Error(ErrorCode::NotEmpty)]).into(),
        )),
        Step::Expect("Multi([Check { path: \"/app/a\", version: 3 }])"),
        Step::Answer(Reply::Results((&[OperationResult::Check]).into())),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Delete { path: \"/app/a\", version: 4 }"),
        Step::Refuse(ErrorCode::BadVersion),
        Step::ExpectEnd,
    ];
    run(script, |client| {
        assert_eq!(client.create("/a", b"x", CreateMode::Ephemeral).wait().as_deref(), Ok("/a"));
        assert_eq!(client.ephemerals("/").wait(), Ok(vec!["/a".to_owned(), "/b".to_owned()]));
        let check = Operation::Check { path: "/a", version: 3 };
        let failed = client.multi(&[check, Operation::Delete { path: "/", version: -1 }]).wait();
        assert_eq!(failed, Err(Error::Refused { code: ErrorCode::NotEmpty, path: Some("/".to_owned()) }));
        assert_eq!(client.multi(&[check]).wait(), Ok(vec![Done::Checked]));
        assert_eq!(client.exists("/").wait(), Ok(None));
        let refused = client.delete("/a", Some(4)).wait();
        assert_eq!(refused, Err(Error::Refused { code: ErrorCode::BadVersion, path: Some("/a".to_owned()) }));
        assert!(matches!(client.get_data("a").wait(), Err(Error::Path(_))));
    });
}

#[test]
fn requests_go_out_without_being_waited_for() {
    let stat = Stat::default();
    let script = vec![
        Step::Expect("GetData { path: \"/app/1\", watch: false }"),
        Step::Expect("GetData { path: \"/app/2\", watch: false }"),
        Step::Expect("GetData { path: \"/app/3\", watch: false }"),
        Step::AnswerTo(2, Reply::Data { data: Some(b"1"), stat }),
        Step::AnswerTo(1, Reply::Data { data: Some(b"2"), stat }),
        Step::AnswerTo(0, Reply::Data { data: Some(b"3"), stat }),
        Step::Expect("Sync { path: \"/app\" }"),
        Step::ExpectEnd,
    ];
    run(script, |client| {
        let calls = [client.get_data("/1"), client.get_data("/2"), client.get_data("/3")];
        let [_, second, third] = calls;
        assert_eq!(third.wait().map(|data| data.data), Ok(Some(b"3".to_vec())));
        assert_eq!(second.wait().map(|data| data.data), Ok(Some(b"2".to_vec())));
        let mut asked = 0;
        let enough = client.sync("/").wait_while(Duration::from_millis(1), || {
            asked += 1;
            asked < 3
        });
        assert_eq!((enough, asked), (None, 3));
    });
}

#[test]
fn what_was_under_way_is_lost_and_watches_are_set_again() {
    let script = vec![
        Step::Expect("AddWatch { path: \"/app/w\", mode: PersistentRecursive }"),
        Step::Answer(Reply::Code(0)),
        Step::Expect("Exists { path: \"/app/once\", watch: true }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("SetData { path: \"/app/a\", data: Some([]), version: -1 }"),
        Step::HangUp,
        AGAIN,
        Step::Expect(
            "SetWatches2 { zxid: 9, data: [], exist: [\"/app/once\"], child: [], persistent: [], \
             persistent_recursive: [\"/app/w\"] }",
        ),
        Step::Event(EventKind::NodeCreated, "/app/once"),
        Step::Event(EventKind::NodeDeleted, "/app/w/x"),
        Step::Expect("GetData { path: \"/app/a\", watch: false }"),
        Step::Answer(Reply::Data { data: None, stat: Stat::default() }),
        Step::ExpectEnd,
    ];
    run(script, |client| {
        let mut states = client.states();
        let ((), mut follow) =
            client.follow("/w", AddWatchMode::PersistentRecursive).wait().expect("a watch");
        let (existence, mut once) = client.exists_watched("/once").wait().expect("a watch");
        assert_eq!(existence, None);
        let lost = client.set_data("/a", b"", None).wait().expect_err("the server is gone");
        assert!(
            matches!(lost, Error::Lost { .. }) && lost.may_be_done() && lost.is_of_connection(),
            "{lost}"
        );
        assert_eq!(states.change().wait(), Some(State::Connecting));
        assert_eq!(states.change().wait(), Some(State::Connected));
        assert_eq!(once.notice().wait(), Some(event(EventKind::NodeCreated, "/once")));
        assert_eq!(once.notice().wait(), None);
        assert_eq!(follow.notice().wait(), Some(Notice::Missed));
        assert_eq!(follow.notice().wait(), Some(event(EventKind::NodeDeleted, "/w/x")));
        assert_eq!(client.get_data("/a").wait().map(|data| data.data), Ok(None));
    });
}

#[test]
fn listeners_and_callbacks_are_told_before_later_answers() {
    let script = vec![
        Step::Expect("GetChildren2 { path: \"/app\", watch: true }"),
        Step::Answer(Reply::ChildrenAndStat { children: (&["b", "a"]).into(), stat: Stat::default() }),
        Step::Expect("Sync { path: \"/app\" }"),
        Step::Event(EventKind::NodeChildrenChanged, "/app"),
        Step::Answer(Reply::Path { path: "/app" }),
        Step::Expect("CloseSession"),
        Step::Answer(Reply::Empty),
        Step::ExpectEnd,
    ];
    run(script, |client| {
        let (sender, happenings) = channel();
        let listener = move |happening: &Happening| sender.send(happening.clone()).expect("a reader");
        assert_eq!(client.listen(Box::new(listener)), State::Connected);
        let (listing, watch) = client.children_watched("/").wait().expect("a watch");
        assert_eq!(listing.names, ["a", "b"]);
        let (sender, notices) = channel();
        watch.on_notice(Box::new(move |notice| sender.send(notice).expect("a reader")));
        client.sync("/").wait().expect("an answer");
        let changed = event(EventKind::NodeChildrenChanged, "/");
        assert_eq!(notices.try_recv(), Ok(changed.clone()));
        // It has fired for the only time, so nothing is left of it.
        assert_eq!(notices.try_recv(), Err(TryRecvError::Disconnected));
        let Notice::Event(changed) = changed else { unreachable!("it was just made") };
        assert_eq!(happenings.try_recv(), Ok(Happening::Event(changed)));
        client.close().wait().expect("an answer");
        assert_eq!(happenings.try_recv(), Ok(Happening::State(State::Closed)));
        assert_eq!(client.sync("/").wait(), Err(Error::Over(State::Closed)));
    });
}

#[test]
fn an_expired_session_is_told_to_everybody() {
    let script = vec![
        Step::Expect("AddWatch { path: \"/app/w\", mode: Persistent }"),
        Step::Answer(Reply::Code(0)),
        Step::HangUp,
        Step::Accept { session: 7, granted: 0 },
    ];
    run(script, |client| {
        let ((), mut watch) = client.follow("/w", AddWatchMode::Persistent).wait().expect("a watch");
        assert_eq!(watch.notice().wait(), None);
        assert_eq!(client.state(), State::Expired);
        assert_eq!(client.connected().wait(), Err(Error::Over(State::Expired)));
    });
}

#[test]
fn identities_are_accepted_before_there_is_a_session() {
    let mut fake = Fake::start(vec![
        BEGIN,
        Step::Expect("Auth { kind: 0, scheme: \"digest\", credentials: Some([109]) }"),
        Step::AcceptIdentity,
        Step::Expect("WhoAmI"),
        Step::HangUp,
    ]);
    let identity = Identity { scheme: "digest".to_owned(), credentials: Some(b"m".to_vec()) };
    fake.settings.identities.push(identity.clone());
    let client = blocking::connect(&fake.settings).expect("a session");
    assert_eq!(client.settings().expect("no fork").identities, [identity]);
    assert!(client.who_am_i().wait().is_err());
    drop(client);
    fake.finish();
}

#[test]
fn nobody_listens() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("an address").to_string();
    drop(nobody);
    let settings = Settings { fail_fast: true, ..Settings::new(&address).expect("an address") };
    match blocking::connect(&settings) {
        Err(ConnectError::Unreachable(attempts)) => {
            assert_eq!(attempts.iter().map(|attempt| &attempt.loss).collect::<Vec<_>>(), [&Loss::Refused]);
        }
        other => panic!("{other:?}"),
    }
    let client = blocking::start(&settings).expect("a thread");
    let (sender, happenings) = channel();
    let listener = move |happening: &Happening| sender.send(happening.clone()).expect("a reader");
    assert_eq!(client.listen(Box::new(listener)), State::Connecting);
    assert!(matches!(client.sync("/").wait(), Err(Error::NotSent { .. })));
    assert!(matches!(happenings.recv(), Ok(Happening::Unreachable(attempts)) if attempts.len() == 1));
}

#[test]
fn an_outcome_finds_its_way_without_being_waited_for() {
    let script = vec![
        Step::Expect("Auth { kind: 0, scheme: \"digest\", credentials: Some([109]) }"),
        Step::AcceptIdentity,
        Step::Expect("Sync { path: \"/app\" }"),
        Step::Refuse(ErrorCode::NoAuth),
        Step::Expect("Sync { path: \"/app\" }"),
        Step::HangUp,
    ];
    run(script, |client| {
        let (sender, outcomes) = channel();
        let tell = || {
            let sender = sender.clone();
            move |outcome| sender.send(outcome).expect("a reader")
        };
        let identity = Identity { scheme: "digest".to_owned(), credentials: Some(b"m".to_vec()) };
        client.authenticate(identity).on_done(tell());
        assert_eq!(outcomes.recv(), Ok(Ok(())));
        client.sync("/").on_done(tell());
        assert!(matches!(outcomes.recv(), Ok(Err(error)) if error.is(ErrorCode::NoAuth)));
        client.sync("/").on_done(tell());
        assert!(matches!(outcomes.recv(), Ok(Err(Error::Lost { .. }))));
        assert_eq!(client.close().wait(), Err(Error::Over(State::Closed)));
        client.sync("/").on_done(tell());
        assert_eq!(outcomes.recv(), Ok(Err(Error::Over(State::Closed))));
    });
}

#[test]
fn the_members_are_not_below_the_chroot() {
    let script = vec![
        Step::Expect("GetData { path: \"/zookeeper/config\", watch: true }"),
        Step::Answer(Reply::Data { data: Some(b"server.1"), stat: Stat::default() }),
        Step::Event(EventKind::NodeDataChanged, "/zookeeper/config"),
        Step::Expect("GetData { path: \"/zookeeper/config\", watch: false }"),
        Step::Answer(Reply::Data { data: None, stat: Stat::default() }),
        Step::ExpectEnd,
    ];
    run(script, |client| {
        let (data, mut watch) = client.config_watched().wait().expect("a watch");
        assert_eq!(data.bytes(), b"server.1");
        let changed = event(EventKind::NodeDataChanged, "/zookeeper/config");
        assert_eq!(watch.notice().wait(), Some(changed));
        assert_eq!(client.config().wait().map(|data| data.data), Ok(None));
    });
}

#[test]
fn the_thread_gets_no_signals() {
    run(vec![Step::ExpectEnd], |_| {
        let mut threads = 0;
        for task in std::fs::read_dir("/proc/self/task").expect("threads") {
            let task = task.expect("a thread").path();
            // A thread that has just ended has no files any more.
            let Ok(status) = std::fs::read_to_string(task.join("status")) else { continue };
            let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if line("Name:") == Some("zk-session") {
                let blocked = u64::from_str_radix(line("SigBlk:").unwrap_or_default(), 16).expect("a mask");
                // From 1 to 31, but not those that can't be blocked: SIGKILL and SIGSTOP.
                assert_eq!(blocked & 0x7fff_ffff, 0x7fff_ffff & !(1 << 8) & !(1 << 18));
                threads += 1;
            }
        }
        assert!(threads > 0);
    });
}

#[test]
fn no_patience_is_too_long() {
    let mut fake = Fake::start(vec![
        BEGIN,
        Step::Expect("GetData { path: \"/app/gate\", watch: true }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::ExpectEnd,
    ]);
    let longest = Duration::MAX;
    fake.settings.request_timeout = longest;
    fake.settings.connect_timeout = longest;
    fake.settings.session_timeout = longest;
    let client = blocking::connect(&fake.settings).expect("a session");
    let gate = Barrier::new(&client, "/gate");
    assert_eq!(gate.wait(Some(longest)).wait_while(longest, || true), Some(Ok(true)));
    drop((gate, client));
    fake.finish();
}

#[test]
fn what_makes_no_name_is_refused_without_being_sent() {
    run(vec![Step::ExpectEnd], |client| {
        let slash = Group::shallow(client, "/group").join("a/b").wait().expect_err("it is no name");
        assert_eq!(slash.to_string(), "\"a/b\" cannot be a part of a node's name: leave out '/'");
        let path = Lock::new(client, "/a/").acquire(None).wait().expect_err("it is no path");
        assert_eq!(path.to_string(), "Path must not end with / character");
    });
}
