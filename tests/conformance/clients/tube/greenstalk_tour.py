"""Everything that greenstalk can ask of a server: python greenstalk_tour.py PORT"""

import contextlib
import sys
import threading
import time

import greenstalk

ADDRESS = ("127.0.0.1", int(sys.argv[1]))
JOB_BYTES_MAX = 65535


@contextlib.contextmanager
def raises(kind):
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def lifecycle():
    with greenstalk.Client(ADDRESS, use="life", watch="life") as client:
        first = client.put("first", priority=5, ttr=100)
        second = client.put("second", priority=1, ttr=100)
        assert second == first + 1
        assert client.peek_ready().body == "second"

        job = client.reserve()
        assert (job.id, job.body) == (second, "second")
        client.touch(job)
        client.release(job, priority=9)
        job = client.reserve(timeout=0)
        assert job.id == first
        client.bury(job, priority=7)
        assert client.peek_buried().id == first
        assert client.kick(10) == 1
        with raises(greenstalk.NotFoundError):
            client.peek_buried()

        stats = client.stats_job(first)
        assert stats["state"] == "ready" and stats["tube"] == "life"
        assert (stats["pri"], stats["buries"], stats["kicks"], stats["reserves"]) == (7, 1, 1, 1)
        stats = client.stats_job(second)
        assert (stats["pri"], stats["releases"], stats["ttr"]) == (9, 1, 100)

        assert client.reserve_job(second).body == "second"
        with raises(greenstalk.NotFoundError):
            client.reserve_job(second)
        client.delete(second)
        client.delete(first)
        for action in (client.delete, client.peek, client.reserve_job, client.stats_job, client.kick_job):
            with raises(greenstalk.NotFoundError):
                action(first)
        with raises(greenstalk.TimedOutError):
            client.reserve(timeout=0)


def buried_in_order():
    with greenstalk.Client(ADDRESS, use="order", watch="order") as client:
        ids = [client.put(str(number)) for number in range(4)]
        jobs = {id: client.reserve_job(id) for id in ids}
        for id in (ids[2], ids[0], ids[3], ids[1]):
            client.bury(jobs[id])
        assert client.peek_buried().id == ids[2]
        client.kick_job(ids[3])
        assert client.kick(2) == 2
        assert client.peek_buried().id == ids[1]
        assert client.kick(100) == 1
        assert [client.reserve(timeout=0).id for _ in ids] == ids
        for id in ids:
            client.delete(id)


def delays():
    with greenstalk.Client(ADDRESS, use="late", watch="late") as client:
        far = client.put("far", delay=1000)
        near = client.put("near", delay=1)
        assert client.peek_delayed().id == near
        with raises(greenstalk.NotFoundError):
            client.peek_ready()
        started = time.monotonic()
        job = client.reserve(timeout=5)
        assert job.id == near and 0.5 < time.monotonic() - started < 4
        client.release(job, delay=1000)
        assert client.stats_job(near)["state"] == "delayed"
        assert client.stats_job(near)["time-left"] in (999, 1000)
        client.kick_job(far)
        assert client.kick(5) == 1
        assert {client.reserve(timeout=0).id, client.reserve(timeout=0).id} == {near, far}
        client.delete(near)
        client.delete(far)


def bodies():
    with greenstalk.Client(ADDRESS, encoding=None, use="bodies", watch="bodies") as client:
        for body in (b"", b"\r\n", bytes(range(256)), b"delete 1\r\n" * 100, b"x" * JOB_BYTES_MAX):
            id = client.put(body)
            assert client.peek(id).body == body
            assert client.reserve().body == body
            client.delete(id)
        with raises(greenstalk.JobTooBigError):
            client.put(b"x" * (JOB_BYTES_MAX + 1))
        assert client.using() == "bodies"


def tubes():
    with greenstalk.Client(ADDRESS) as client:
        assert client.using() == "default" and client.watching() == ["default"]
        with raises(greenstalk.NotIgnoredError):
            client.ignore("default")
        assert client.watch("one") == 2 and client.watch("two") == 3 and client.watch("two") == 3
        assert client.ignore("default") == 2 and client.ignore("absent") == 2
        assert set(client.watching()) == {"one", "two"}
        client.use("one")
        assert {"default", "one", "two"} <= set(client.tubes())
        client.put("in one", priority=2)
        client.use("two")
        client.put("in two", priority=1)
        assert [client.reserve(timeout=0).body for _ in range(2)] == ["in two", "in one"]
        stats = client.stats_tube("one")
        assert stats["name"] == "one" and stats["current-jobs-reserved"] == 1 and stats["total-jobs"] == 1
        for name in ("", "-a", "a b", "x" * 201):
            with raises(greenstalk.BadFormatError):
                client.watch(name)
        with raises(greenstalk.NotFoundError):
            client.stats_tube("absent")
        with raises(greenstalk.NotFoundError):
            client.pause_tube("absent", 1)
    with greenstalk.Client(ADDRESS, watch=["one", "two"]) as client:
        # The connection above has ended and given its jobs back.
        jobs = [client.reserve(timeout=5) for _ in range(2)]
        assert [job.body for job in jobs] == ["in two", "in one"]
        for job in jobs:
            client.delete(job)


def pause():
    with greenstalk.Client(ADDRESS, use="paused", watch="paused") as client:
        id = client.put("wait for me")
        client.pause_tube("paused", 1)
        assert client.stats_tube("paused")["pause"] == 1
        with raises(greenstalk.TimedOutError):
            client.reserve(timeout=0)
        assert client.reserve(timeout=5).id == id
        client.delete(id)
        assert client.stats_tube("paused")["cmd-pause-tube"] == 1


def deadlines():
    with greenstalk.Client(ADDRESS, use="due", watch="due") as client:
        id = client.put("be quick", ttr=1)
        client.reserve()
        with raises(greenstalk.DeadlineSoonError):
            client.reserve(timeout=10)
        with greenstalk.Client(ADDRESS, watch="never") as clock:
            with raises(greenstalk.TimedOutError):
                clock.reserve(timeout=2)
        # Some servers notice an expired job only when its holder speaks.
        client.using()
        with greenstalk.Client(ADDRESS, watch="due") as other:
            job = other.reserve(timeout=5)
            assert job.id == id and other.stats_job(job)["timeouts"] == 1
            with raises(greenstalk.NotFoundError):
                client.touch(job)
            other.delete(job)


def workers_wait():
    received = []

    def work():
        with greenstalk.Client(ADDRESS, watch="work") as worker:
            while True:
                job = worker.reserve()
                worker.delete(job)
                if job.body == "stop":
                    return
                received.append(job.body)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    bodies = [f"job {number}" for number in range(200)]
    with greenstalk.Client(ADDRESS, use="work") as client:
        for body in bodies:
            client.put(body, priority=1)
        for _ in workers:
            client.put("stop", priority=2)
        for worker in workers:
            worker.join()
    assert sorted(received) == sorted(bodies)


def server():
    with greenstalk.Client(ADDRESS) as client:
        stats = client.stats()
        assert set(stats) == set(greenstalk.Stats.__annotations__)
        assert stats["max-job-size"] == JOB_BYTES_MAX and stats["draining"] == "false"
        assert stats["cmd-put"] > 0 and stats["total-jobs"] > 0 and stats["current-jobs-ready"] == 0


TOUR = (lifecycle, buried_in_order, delays, bodies, tubes, pause, deadlines, workers_wait, server)
for stop in TOUR:
    stop()
print(f"{len(TOUR)} stops")
