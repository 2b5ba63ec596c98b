//! The tour, written once for both drivers.

use std::time::Duration;

use trellis_zk_client::recipe::{Cache, Lock, Standing};
use trellis_zk_client::{
    Acl, AddWatchMode, Client, ConnectError, CreateMode, Creation, Error, ErrorCode, EventKind, Identity,
    Notice, Server, SessionKey, Settings, State, Watch, WatchEvent, permissions,
};

use crate::proxy::Proxy;
use crate::{order, say};

/// Longer than a restart of the server takes.
const SESSION_TIMEOUT: Duration = Duration::from_secs(40);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A node for whoever has shown the identity.
const SECRET: Creation<'_> = Creation {
    path: "/secret",
    data: Some(b"secret"),
    acl: &[Acl { permissions: permissions::ALL, scheme: "auth", id: "" }],
    mode: CreateMode::Persistent,
    ttl_ms: 0,
};

/// Goes through everything once, below a node of its own.
pub(crate) async fn run(connect: impl AsyncFn(Settings) -> Result<Client, ConnectError>, server: &str) {
    let proxy = Proxy::start(server);
    let root = format!("/sessions-{}", std::process::id());
    let direct = settings(server, &root);
    let other = connect(direct.clone()).await.expect("the server is there");

    say("a node that stands for the root is not created");
    rootless(&other).await;
    let whole = connect(settings(server, "")).await.expect("the server is there");
    whole.create(&root, b"", CreateMode::Persistent).await.expect("it is new");
    whole.close().await.expect("a server");

    say("a server that is dead is passed over");
    let mut mine = settings(&proxy.address, &root);
    mine.servers.list.insert(0, nobody());
    mine.identities = vec![identity()];
    let client = connect(mine).await.expect("the second server is there");
    let key = client.session().expect("it has begun");
    client.create_with(&SECRET).await.expect("it is new");
    client.create("/here", b"", CreateMode::Ephemeral).await.expect("it is new");
    let lock = Lock::new(&client, "/lock").identified_by("me");
    let holding = lock.acquire(None).await.expect("a server").expect("nobody else wants it");
    let cache = Cache::new(&client, "/tree");
    cache.changed(0).await.expect("a server");

    say("watches tell what has happened while the connection was cut");
    prepare(&other).await;
    let watches = Watches::set(&client).await;
    proxy.cut();
    away(&client).await;
    change(&other).await;
    proxy.mend();
    watches.all_tell(&other).await;
    seen(&cache, &other, "cut").await;
    assert_eq!(client.session().as_ref(), Some(&key));

    say("everything outlives a restart of the server");
    restore(&other).await;
    let watches = Watches::set(&client).await;
    order("stop");
    away(&client).await;
    away(&other).await;
    let asked = client.get_data("/secret");
    order("start");
    assert_eq!(asked.await.expect("it was asked before there was a server").bytes(), b"secret");
    assert_eq!(client.session().as_ref(), Some(&key));
    other.connected().await.expect("the server is there again");
    change(&other).await;
    watches.all_tell(&other).await;
    seen(&cache, &other, "restarted").await;
    assert_eq!(holding.standing(), Standing::Certain);
    let refused = other.get_data("/secret").await.expect_err("it is the other's");
    assert!(refused.is(ErrorCode::NoAuth), "{refused}");
    assert_eq!(other.exists("/here").await.expect("a server").map(|stat| stat.ephemeral_owner), Some(key.id));
    assert_eq!(lock.contenders().await.expect("a server"), ["me"]);

    say("another client goes on with the session");
    proxy.cut();
    away(&client).await;
    // What is dropped with the last handle can't be given back any more.
    drop((holding, cache, lock, client));
    // The way stays cut: what the client has sent on it may arrive at any time, and would take its session back.
    let theirs = Settings { identities: vec![identity()], ..direct };
    inherited(connect, theirs, key, other).await;
}

/// Nothing goes on below a root that is not there, and it is not created either.
async fn rootless(client: &Client) {
    let missing = client.ensure_path("/x").await.expect_err("there is no root");
    assert_eq!(missing, Error::NoChroot { path: client.chroot().path().to_owned() });
    let missing = client.create("/x", b"", CreateMode::Persistent).await.expect_err("there is no root");
    assert!(missing.is(ErrorCode::NoNode), "{missing}");
}

/// Goes on with a session whose client is gone, and ends it.
async fn inherited(
    connect: impl AsyncFn(Settings) -> Result<Client, ConnectError>,
    settings: Settings,
    key: SessionKey,
    other: Client,
) {
    let stranger = SessionKey { password: vec![1; key.password.len()], ..key.clone() };
    let refused = connect(Settings { session: Some(stranger), ..settings.clone() }).await;
    assert!(matches!(refused, Err(ConnectError::Over(State::Expired))), "{refused:?}");
    let heir = connect(Settings { session: Some(key.clone()), ..settings }).await.expect("it is not over");
    assert_eq!(heir.session().map(|session| session.id), Some(key.id));
    let mine = heir.ephemerals("/").await.expect("a server");
    assert!(mine.len() == 2 && mine.contains(&"/here".to_owned()), "{mine:?}");

    say("what is closed is over for all");
    let (_, mut gone) = other.exists_watched("/here").await.expect("a server");
    heir.close().await.expect("a server");
    assert_eq!(gone.notice().await, event(EventKind::NodeDeleted, "/here"));
    assert_eq!(heir.get_data("/secret").await, Err(Error::Over(State::Closed)));
    other.close().await.expect("a server");
}

fn settings(server: &str, chroot: &str) -> Settings {
    Settings {
        shuffle: false,
        session_timeout: SESSION_TIMEOUT,
        request_timeout: REQUEST_TIMEOUT,
        ..Settings::new(&format!("{server}{chroot}")).expect("an address")
    }
}

fn identity() -> Identity {
    Identity { scheme: "digest".to_owned(), credentials: Some(b"me:secret".to_vec()) }
}

/// Where nobody listens: the port was free a moment ago, and nobody asks for it by name.
fn nobody() -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    Server { host: "127.0.0.1".to_owned(), port }
}

/// Waits until the client knows that it has no connection.
async fn away(client: &Client) {
    let mut states = client.states();
    while client.state().is_connected() {
        states.change().await;
    }
}

/// The nodes that are watched, as they are before anything has happened.
async fn prepare(client: &Client) {
    for path in ["/data", "/quiet", "/gone", "/parent", "/stay", "/tree", "/tree/leaf"] {
        client.create(path, b"", CreateMode::Persistent).await.expect("it is new");
    }
}

/// Undoes what [`change`] and what came after it did.
async fn restore(client: &Client) {
    client.create("/gone", b"", CreateMode::Persistent).await.expect("it was deleted");
    for path in ["/come", "/parent/child", "/tree/branch"] {
        client.delete(path, None).await.expect("it was created");
    }
}

/// What the watches are about.
async fn change(client: &Client) {
    client.set_data("/data", b"new", None).await.expect("it is there");
    client.set_data("/stay", b"new", None).await.expect("it is there");
    client.delete("/gone", None).await.expect("it is there");
    for path in ["/come", "/parent/child", "/tree/branch"] {
        client.create(path, b"", CreateMode::Persistent).await.expect("it is new");
    }
}

/// A watch of each kind.
struct Watches {
    data: Watch,
    quiet: Watch,
    gone: Watch,
    come: Watch,
    children: Watch,
    stay: Watch,
    tree: Watch,
}

impl Watches {
    async fn set(client: &Client) -> Watches {
        let (_, data) = client.get_data_watched("/data").await.expect("it is there");
        let (_, quiet) = client.get_data_watched("/quiet").await.expect("it is there");
        let (there, gone) = client.exists_watched("/gone").await.expect("a server");
        let (missing, come) = client.exists_watched("/come").await.expect("a server");
        assert!(there.is_some() && missing.is_none());
        let (_, children) = client.children_watched("/parent").await.expect("it is there");
        let ((), stay) = client.follow("/stay", AddWatchMode::Persistent).await.expect("a server");
        let ((), tree) = client.follow("/tree", AddWatchMode::PersistentRecursive).await.expect("a server");
        Watches { data, quiet, gone, come, children, stay, tree }
    }

    /// Each that fires once has seen what has happened, once; those that stay have missed something, or have seen it, and
    /// see what comes next.
    async fn all_tell(mut self, other: &Client) {
        assert_eq!(self.data.notice().await, event(EventKind::NodeDataChanged, "/data"));
        assert_eq!(self.gone.notice().await, event(EventKind::NodeDeleted, "/gone"));
        assert_eq!(self.come.notice().await, event(EventKind::NodeCreated, "/come"));
        assert_eq!(self.children.notice().await, event(EventKind::NodeChildrenChanged, "/parent"));
        for used_up in [&mut self.data, &mut self.gone, &mut self.come, &mut self.children] {
            assert_eq!(used_up.notice().await, None);
        }
        assert_eq!(self.quiet.try_notice(), None);
        other.set_data("/quiet", b"", None).await.expect("it is there");
        assert_eq!(self.quiet.notice().await, event(EventKind::NodeDataChanged, "/quiet"));

        assert_eq!(self.stay.notice().await, Some(Notice::Missed));
        assert_eq!(self.tree.notice().await, Some(Notice::Missed));
        other.delete("/stay", None).await.expect("it is there");
        other.create("/stay", b"", CreateMode::Persistent).await.expect("it is deleted");
        until(&mut self.stay, EventKind::NodeCreated, "/stay").await;
        other.set_data("/tree/leaf", b"", None).await.expect("it is there");
        until(&mut self.tree, EventKind::NodeDataChanged, "/tree/leaf").await;
    }
}

fn event(kind: EventKind, path: &str) -> Option<Notice> {
    Some(Notice::Event(WatchEvent { kind, path: path.to_owned() }))
}

/// Waits for an event, which may have others before it.
async fn until(watch: &mut Watch, kind: EventKind, path: &str) {
    let expected = event(kind, path);
    loop {
        let found = watch.notice().await;
        assert!(found.is_some(), "the watch is gone");
        if found == expected {
            return;
        }
    }
}

/// Waits until the cache has what was changed while it was away, and what is changed now.
async fn seen(cache: &Cache, other: &Client, word: &str) {
    other.set_data("/tree/leaf", word.as_bytes(), None).await.expect("it is there");
    let mut changes = 0;
    let has_it = || cache.get("/tree/leaf").is_some_and(|data| data.bytes() == word.as_bytes());
    while cache.children("/tree") != ["branch", "leaf"] || !has_it() {
        changes = cache.changed(changes).await.expect("a server");
    }
}
