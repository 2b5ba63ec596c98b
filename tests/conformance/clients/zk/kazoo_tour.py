"""Everything that kazoo can ask of a server, and all its recipes: python kazoo_tour.py HOST:PORT"""

import contextlib

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    BadArgumentsError,
    BadVersionError,
    InvalidACLError,
    NoAuthError,
    NoChildrenForEphemeralsError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
    RuntimeInconsistency,
)
from kazoo.protocol.connection import _CONNECTION_DROP
from kazoo.protocol.states import EventType
from kazoo.security import CREATOR_ALL_ACL, OPEN_ACL_UNSAFE, make_acl, make_digest_acl

from kazoo_helpers import DEADLINE_S, HOSTS, Calls, clients, raises, run
from kazoo_recipes import RECIPES


def the_server():
    with clients() as client:
        assert client.server_version() >= (3, 4, 0)
        assert client.command(b"ruok") == "imok"
        assert client.command(b"isro") == "rw"
        assert "Mode: standalone" in client.command(b"stat")
        assert client.state == KazooState.CONNECTED
        session, password = client.client_id
        assert session != 0 and len(password) == 16


def nodes():
    with clients() as client:
        client.ensure_path("/nodes/deep/below")
        assert client.create("/nodes/a", b"one") == "/nodes/a"
        path, stat = client.create("/nodes/b", b"two", include_data=True)
        assert (path, stat.version, stat.data_length, stat.owner_session_id) == ("/nodes/b", 0, 3, None)
        data, stat = client.get("/nodes/a")
        assert (data, stat.version, stat.numChildren) == (b"one", 0, 0)
        assert stat.czxid == stat.mzxid == stat.pzxid
        changed = client.set("/nodes/a", b"three", version=0)
        assert changed.version == 1 and changed.mzxid > changed.czxid == stat.czxid
        assert client.exists("/nodes/a") == changed
        assert sorted(client.get_children("/nodes")) == ["a", "b", "deep"]
        children, parent = client.get_children("/nodes", include_data=True)
        assert len(children) == parent.numChildren == 3 and parent.cversion == 3
        with raises(BadVersionError):
            client.set("/nodes/a", b"", version=0)
        with raises(BadVersionError):
            client.delete("/nodes/a", version=7)
        with raises(NodeExistsError):
            client.create("/nodes/a")
        with raises(NoNodeError):
            client.create("/nodes/none/child")
        with raises(NotEmptyError):
            client.delete("/nodes")
        for action in (client.get, client.delete, client.get_children, client.get_acls):
            with raises(NoNodeError):
                action("/nodes/none")
        assert client.exists("/nodes/none") is None
        assert client.sync("/nodes/a") == "/nodes/a"
        big = bytes(range(256)) * 4000
        client.set("/nodes/a", big)
        assert client.get("/nodes/a")[0] == big
        client.delete("/nodes", recursive=True)
        assert client.exists("/nodes") is None


def sequential_and_ephemeral():
    with clients(2) as (client, other):
        client.ensure_path("/numbers")
        names = [client.create("/numbers/n-", sequence=True) for _ in range(3)]
        assert names == [f"/numbers/n-{number:010}" for number in range(3)]
        client.delete(names[1])
        assert client.create("/numbers/m-", sequence=True) == f"/numbers/m-{3:010}"
        mine = client.create("/numbers/mine", ephemeral=True)
        assert other.get(mine)[1].ephemeralOwner == client.client_id[0]
        with raises(NoChildrenForEphemeralsError):
            other.create(mine + "/child")
        gone = Calls()
        assert other.exists(mine, watch=gone)
        client.stop()
        event = gone.next()
        assert (event.type, event.path) == (EventType.DELETED, mine)
        assert other.exists(mine) is None


def access():
    with clients(2) as (anybody, alice):
        alice.add_auth("digest", "alice:secret")
        alice.create("/private", b"x", acl=CREATOR_ALL_ACL)
        acls, stat = alice.get_acls("/private")
        assert acls == [make_digest_acl("alice", "secret", all=True)] and stat.aversion == 0
        for action in (anybody.get, anybody.get_children, anybody.get_acls):
            with raises(NoAuthError):
                action("/private")
        for action in (anybody.set, anybody.create):
            with raises(NoAuthError):
                action("/private" if action == anybody.set else "/private/child", b"")
        assert anybody.exists("/private").data_length == 1
        alice.set_acls("/private", [make_acl("world", "anyone", read=True), *CREATOR_ALL_ACL], version=0)
        assert anybody.get("/private")[0] == b"x"
        assert anybody.get_acls("/private")[0][1].id.id == "alice:x"
        with raises(InvalidACLError):
            anybody.create("/wrong", acl=CREATOR_ALL_ACL)
        with raises(InvalidACLError):
            anybody.create("/wrong", acl=[make_acl("none", "such", all=True)])
        alice.set_acls("/private", OPEN_ACL_UNSAFE)
        anybody.delete("/private")
        here = make_acl("ip", "127.0.0.1/8", all=True)
        anybody.create("/local", acl=[here])
        assert anybody.get_acls("/local")[0] == [here]
        anybody.delete("/local")


def transactions():
    with clients() as client:
        transaction = client.transaction()
        transaction.create("/t", b"1")
        transaction.create("/t/s-", sequence=True, ephemeral=True)
        transaction.set_data("/t", b"2")
        transaction.check("/t", 1)
        created, numbered, changed, checked = transaction.commit()
        assert (created, numbered, changed.version, checked) == ("/t", f"/t/s-{0:010}", 1, True)
        transaction = client.transaction()
        transaction.create("/t/a")
        transaction.check("/t", 0)
        transaction.delete("/t/a")
        results = transaction.commit()
        assert [type(result) for result in results] == [RolledBackError, BadVersionError, RuntimeInconsistency]
        assert client.exists("/t/a") is None
        client.delete("/t", recursive=True)


def watches():
    with clients(2) as (client, other):
        client.ensure_path("/w")
        child, data, exist = Calls(), Calls(), Calls()
        client.get_children("/w", watch=child)
        client.get("/w", watch=data)
        client.exists("/w/new", watch=exist)
        other.create("/w/new")
        assert child.next() == (EventType.CHILD, "CONNECTED", "/w")
        assert exist.next() == (EventType.CREATED, "CONNECTED", "/w/new")
        other.create("/w/more")
        other.set("/w", b"x")
        assert data.next() == (EventType.CHANGED, "CONNECTED", "/w")
        # Each fires once, and what came later would be here by now.
        assert child.nothing() and exist.nothing()
        client.get_children("/w", watch=child)
        client.exists("/w", watch=data)
        other.delete("/w", recursive=True)
        assert child.next().type == EventType.CHILD
        assert data.next().type == EventType.DELETED


def sessions():
    with clients() as client:
        states, data = Calls(), Calls()
        client.add_listener(states)
        client.create("/s", b"1")
        client.create("/s/mine", ephemeral=True)
        client.DataWatch("/s", lambda value, stat: data(value))
        assert data.next() == b"1"
        before = client.client_id
        client._call(_CONNECTION_DROP, client.handler.async_result())
        assert states.next() == KazooState.SUSPENDED
        assert states.next() == KazooState.CONNECTED
        assert client.client_id == before and client.exists("/s/mine")
        client.set("/s", b"2")
        assert data.next() == b"2"
    # A session that the server does not know is over, and the client gets another.
    with clients(client_id=(0x1234567, bytes(16))) as stranger:
        assert stranger.client_id[0] != 0x1234567
        assert stranger.exists("/s/mine") is None
        stranger.delete("/s", recursive=True)


def chroot():
    with clients() as client:
        client.ensure_path("/apps/one")
        with contextlib.closing(KazooClient(hosts=HOSTS + "/apps/one")) as inside:
            inside.start(timeout=DEADLINE_S)
            assert inside.create("/a") == "/a"
            assert inside.get_children("/") == ["a"]
            inside.stop()
        assert client.exists("/apps/one/a")
        client.delete("/apps", recursive=True)


def bad_paths():
    with clients() as client:
        for path in ("/a/\0", "/\ud7ff\x01", "/a\x7f"):
            with raises(BadArgumentsError):
                client.create(path)


TOUR = (
    the_server,
    nodes,
    sequential_and_ephemeral,
    access,
    transactions,
    watches,
    sessions,
    chroot,
    bad_paths,
    *RECIPES,
)
run(TOUR)
