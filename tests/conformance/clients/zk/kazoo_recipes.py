"""Kazoo's recipes: locks, queues, barriers, caches and so on, several clients each."""

import collections
import datetime
import queue
import threading

from kazoo.exceptions import CancelledError, LockTimeout
from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.watchers import PatientChildrenWatch

from kazoo_helpers import DEADLINE_S, Calls, clients, finish, raises, start


def locks():
    with clients(2) as (one, two):
        first, second = one.Lock("/lock", "one"), two.Lock("/lock", "two")
        assert first.acquire() and first.is_acquired
        assert not second.acquire(blocking=False)
        with raises(LockTimeout):
            second.acquire(timeout=0.2)
        waiting = start(second.acquire)
        while first.contenders() != ["one", "two"]:
            assert waiting.is_alive()
        first.release()
        finish(waiting)
        assert second.is_acquired and first.contenders() == ["two"]
        # The end of a session frees its locks.
        waiting = start(first.acquire)
        while len(first.contenders()) < 2:
            assert waiting.is_alive()
        two.stop()
        finish(waiting)
        assert first.is_acquired
        first.release()
    with clients(2) as (one, two):
        first, second = one.Lock("/lock"), two.Lock("/lock")
        first.acquire()
        failed = Calls()

        def wait():
            try:
                second.acquire()
            except CancelledError:
                failed("cancelled")

        waiting = start(wait)
        while len(first.contenders()) < 2:
            assert waiting.is_alive()
        second.cancel()
        assert failed.next() == "cancelled"
        finish(waiting)


def read_and_write_locks():
    with clients(3) as (one, two, three):
        readers = [one.ReadLock("/rw"), two.ReadLock("/rw")]
        writer = three.WriteLock("/rw")
        assert all(reader.acquire() for reader in readers)
        waiting = start(writer.acquire)
        while len(writer.contenders()) < 3:
            assert waiting.is_alive()
        with raises(LockTimeout):
            one.ReadLock("/rw").acquire(timeout=0.2)
        readers[0].release()
        assert not writer.is_acquired
        readers[1].release()
        finish(waiting)
        assert writer.is_acquired
        assert not readers[0].acquire(blocking=False)
        writer.release()
        assert readers[0].acquire()


def semaphores():
    with clients(3) as members:
        semaphores = [member.Semaphore("/semaphore", max_leases=2) for member in members]
        assert semaphores[0].acquire() and semaphores[1].acquire()
        assert not semaphores[2].acquire(blocking=False)
        waiting = start(semaphores[2].acquire)
        semaphores[1].release()
        finish(waiting)
        assert semaphores[2].is_acquired and len(members[0].Semaphore("/semaphore", max_leases=2).lease_holders()) == 2
        with raises(ValueError):
            members[0].Semaphore("/semaphore", max_leases=3).acquire()


def leases():
    with clients(2) as (one, two):
        hour = datetime.timedelta(hours=1)
        assert one.NonBlockingLease("/lease", hour, identifier="one")
        assert not two.NonBlockingLease("/lease", hour, identifier="two")
        assert one.NonBlockingLease("/lease", hour, identifier="one")
        assert one.MultiNonBlockingLease(1, "/leases", hour, identifier="one")
        assert not two.MultiNonBlockingLease(1, "/leases", hour, identifier="two")


def elections():
    with clients(2) as (one, two):
        elected, may_end = Calls(), threading.Event()

        def lead(name):
            elected(name)
            may_end.wait(DEADLINE_S)

        first = one.Election("/election", "one")
        second = two.Election("/election", "two")
        leader = start(first.run, lead, "one")
        assert elected.next() == "one"
        follower = start(second.run, lead, "two")
        while first.contenders() != ["one", "two"]:
            assert leader.is_alive()
        assert elected.nothing()
        may_end.set()
        assert elected.next() == "two"
        finish(leader)
        finish(follower)


def queues():
    with clients(2) as (one, two):
        line = one.Queue("/queue")
        for value, priority in ((b"late", 200), (b"first", 1), (b"second", 1)):
            line.put(value, priority)
        assert len(line) == 3
        other = two.Queue("/queue")
        assert [other.get() for _ in range(4)] == [b"first", b"second", b"late", None]

        line, other = one.LockingQueue("/locking"), two.LockingQueue("/locking")
        line.put_all([b"a", b"b"])
        line.put(b"urgent", 1)
        assert line.get(DEADLINE_S) == b"urgent" and line.holds_lock()
        assert other.get(DEADLINE_S) == b"a"
        assert line.consume() and not line.consume()
        assert line.get(DEADLINE_S) == b"b" and line.release()
        assert other.consume()
        assert other.get(DEADLINE_S) == b"b"
        # What a session had taken is there again when it has ended.
        taken = Calls()
        waiting = start(lambda: taken(line.get(DEADLINE_S)))
        two.stop()
        assert taken.next() == b"b" and len(line) == 1
        finish(waiting)
        assert line.consume() and line.get(0.1) is None


def barriers():
    with clients(3) as members:
        barrier = members[0].Barrier("/barrier")
        barrier.create()
        assert not members[1].Barrier("/barrier").wait(0.1)
        waiting = start(members[1].Barrier("/barrier").wait, DEADLINE_S)
        assert barrier.remove() and not barrier.remove()
        finish(waiting)

        doubles = [member.DoubleBarrier("/double", 3, f"m{place}") for place, member in enumerate(members)]
        entering = [start(double.enter) for double in doubles]
        for thread in entering:
            finish(thread)
        assert all(double.participating for double in doubles)
        leaving = [start(double.leave) for double in doubles]
        for thread in leaving:
            finish(thread)
        assert members[0].get_children("/double") == []


def counters():
    # Those who meet try again soon, not ever later.
    with clients(4, command_retry={"max_tries": -1, "delay": 0.01, "backoff": 1}) as members:
        def count(client):
            counter = client.Counter("/counter")
            for _ in range(25):
                counter += 1

        counting = [start(count, member) for member in members]
        for thread in counting:
            finish(thread)
        counter = members[0].Counter("/counter")
        assert counter.value == 100
        counter -= 1
        assert (counter.pre_value, counter.post_value) == (100, 99)
        fractions = members[0].Counter("/fractions", default=1.5)
        fractions += 2.25
        assert fractions.value == 3.75
        curator = members[0].Counter("/curator", support_curator=True)
        curator += 7
        assert members[1].get("/curator")[0] == b"\0\0\0\7"


def parties():
    with clients(2) as (one, two):
        for kind in ("Party", "ShallowParty"):
            mine = getattr(one, kind)(f"/{kind}", "one")
            theirs = getattr(two, kind)(f"/{kind}", "two")
            mine.join()
            theirs.join()
            assert sorted(mine) == ["one", "two"] and len(mine) == 2 and mine.participating
            mine.leave()
            assert list(theirs) == ["two"]
        two.stop()
        assert len(one.Party("/Party")) == len(one.ShallowParty("/ShallowParty")) == 0


def partitioners():
    with clients(2) as (one, two):
        def partition(client, name):
            return client.SetPartitioner("/set", set=range(6), identifier=name, time_boundary=0.3)

        def settle(partitioners):
            while not all(partitioner.acquired for partitioner in partitioners):
                for partitioner in partitioners:
                    assert not partitioner.failed
                    if partitioner.release:
                        partitioner.release_set()
                    elif partitioner.allocating:
                        partitioner.wait_for_acquire(0.1)

        first = partition(one, "one")
        settle([first])
        assert sorted(first) == [0, 1, 2, 3, 4, 5]
        second = partition(two, "two")
        changed = first.state_change_event
        changed.wait(DEADLINE_S)
        settle([first, second])
        assert sorted([*first, *second]) == [0, 1, 2, 3, 4, 5]
        assert len(list(first)) == len(list(second)) == 3
        second.finish()
        first.finish()
        assert first.failed and one.get_children("/set/party") == []


def lasting_watches():
    with clients(2) as (client, other):
        client.ensure_path("/lasting")
        children, data = Calls(), Calls()
        client.ChildrenWatch("/lasting", lambda names: children(sorted(names)))
        client.DataWatch("/lasting/a", lambda value, stat: data((value, stat and stat.version)))
        assert children.next() == [] and data.next() == (None, None)
        other.create("/lasting/a", b"1")
        assert children.next() == ["a"] and data.next() == (b"1", 0)
        other.set("/lasting/a", b"2")
        assert data.next() == (b"2", 1)
        other.create("/lasting/b")
        assert children.next() == ["a", "b"]
        other.delete("/lasting/a")
        assert children.next() == ["b"] and data.next() == (None, None)
        quiet, _ = PatientChildrenWatch(client, "/lasting", time_boundary=0.1).start().get(timeout=DEADLINE_S)
        assert quiet == ["b"]


def tree_caches():
    with clients(2) as (client, other):
        other.ensure_path("/tree/a/deep")
        events = collections.defaultdict(queue.Queue)
        cache = TreeCache(client, "/tree")
        cache.listen(lambda event: events[event.event_type].put(event.event_data))
        cache.start()
        events[TreeEvent.INITIALIZED].get(timeout=DEADLINE_S)
        added = {events[TreeEvent.NODE_ADDED].get(timeout=DEADLINE_S).path for _ in range(3)}
        assert added == {"/tree", "/tree/a", "/tree/a/deep"}
        other.create("/tree/a/more", b"m")
        assert events[TreeEvent.NODE_ADDED].get(timeout=DEADLINE_S).path == "/tree/a/more"
        assert cache.get_data("/tree/a/more").data == b"m"
        assert cache.get_children("/tree/a") == {"deep", "more"}
        other.set("/tree/a", b"new")
        assert events[TreeEvent.NODE_UPDATED].get(timeout=DEADLINE_S).data == b"new"
        other.delete("/tree/a/deep")
        assert events[TreeEvent.NODE_REMOVED].get(timeout=DEADLINE_S).path == "/tree/a/deep"
        assert cache.get_data("/tree/a/deep") is None
        cache.close()


RECIPES = (
    locks,
    read_and_write_locks,
    semaphores,
    leases,
    elections,
    queues,
    barriers,
    counters,
    parties,
    partitioners,
    lasting_watches,
    tree_caches,
)
