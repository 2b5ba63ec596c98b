"""Everything that beanstalkc3 can ask of a server: python beanstalkc_tour.py PORT"""

import sys
import time

import beanstalkc

PORT = int(sys.argv[1])
JOB_BYTES_MAX = 65535


def parse(text):
    """The little YAML that there is: a list of names, or names with values."""
    lines = text.splitlines()
    assert lines.pop(0) == "---"
    if all(line.startswith("- ") for line in lines):
        return [line[2:] for line in lines]
    pairs = (line.split(": ", 1) for line in lines)
    return {key: int(value) if value.isdigit() else value.strip('"') for key, value in pairs}


def connect(tube=None, **settings):
    connection = beanstalkc.Connection(host="127.0.0.1", port=PORT, parse_yaml=parse, **settings)
    if tube:
        assert connection.use(tube) == tube
        assert connection.watch(tube) == 2
        assert connection.ignore("default") == 1
    return connection


def fails(action, *arguments):
    try:
        action(*arguments)
    except (beanstalkc.CommandFailed, beanstalkc.UnexpectedResponse) as error:
        return error.args[1]
    raise AssertionError("it did not fail")


def lifecycle():
    with connect("life") as connection:
        id = connection.put("body", priority=3, ttr=60)
        job = connection.reserve()
        assert (job.jid, job.body) == (id, "body")
        assert job.stats()["state"] == "reserved"
        job.touch()
        job.bury()
        assert connection.peek_buried().jid == id and connection.peek_ready() is None
        assert job.stats()["pri"] == 3
        assert connection.kick(10) == 1
        job = connection.reserve(timeout=0)
        job.release(priority=1000, delay=1000)
        assert connection.peek_delayed().jid == id and connection.reserve(timeout=0) is None
        job.kick()
        stats = connection.stats_job(id)
        assert (stats["tube"], stats["state"], stats["pri"]) == ("life", "ready", 1000)
        assert (stats["reserves"], stats["releases"], stats["buries"], stats["kicks"]) == (2, 1, 1, 2)
        assert connection.peek(id).body == "body"
        connection.delete(id)
        assert connection.peek(id) is None
        for action in (connection.delete, connection.release, connection.bury, connection.touch):
            assert fails(action, id) == "NOT_FOUND"
        assert fails(connection.kick_job, id) == "NOT_FOUND"


def order():
    with connect("order") as connection:
        ids = [connection.put(str(priority), priority=priority) for priority in (5, 1, 2**32 - 1, 1, 0)]
        expected = [ids[4], ids[1], ids[3], ids[0], ids[2]]
        jobs = [connection.reserve(timeout=0) for _ in ids]
        assert [job.jid for job in jobs] == expected
        for job in jobs:
            job.delete()


def time_passes():
    with connect("time") as connection:
        id = connection.put("soon", delay=1)
        started = time.monotonic()
        assert connection.reserve(timeout=5).jid == id
        assert 0.5 < time.monotonic() - started < 4
        connection.delete(id)
        assert connection.reserve(timeout=1) is None

        id = connection.put("paused")
        connection.pause_tube("time", 1)
        assert connection.reserve(timeout=0) is None
        assert connection.reserve(timeout=5).jid == id
        connection.delete(id)

        id = connection.put("quick", ttr=1)
        connection.reserve()
        try:
            connection.reserve(timeout=5)
        except beanstalkc.DeadlineSoon:
            connection.delete(id)
        else:
            raise AssertionError("the deadline was not announced")


def bodies():
    with connect("bodies", encoding=None) as connection:
        for body in (b"", b"\r\n", bytes(range(256)), b"put 0 0 1 1\r\n", b"x" * JOB_BYTES_MAX):
            id = connection.put(body)
            assert connection.reserve().body == body
            connection.delete(id)
        assert fails(connection.put, b"x" * (JOB_BYTES_MAX + 1)) == "JOB_TOO_BIG"
        assert connection.reserve(timeout=0) is None


def tubes():
    with connect() as connection:
        assert connection.using() == "default" and connection.watching() == ["default"]
        assert connection.ignore("default") == 1
        assert connection.watch("a") == 2
        assert connection.watching() == ["default", "a"]
        assert "a" in connection.tubes()
        assert connection.stats_tube("a")["current-watching"] == 1
        assert connection.ignore("a") == 1
        assert "a" not in connection.tubes()
        assert fails(connection.stats_tube, "a") == "NOT_FOUND"
        assert fails(connection.use, "-a") == "BAD_FORMAT"
        assert fails(connection.kick, 2**64) == "BAD_FORMAT"


def connections():
    with connect("shared") as producer:
        id = producer.put("job")
        worker = connect("shared")
        assert worker.reserve().jid == id
        assert producer.reserve(timeout=0) is None
        worker.reconnect()
        # Its old connection has ended, so the job is ready again.
        assert producer.reserve(timeout=5).jid == id
        producer.delete(id)
        worker.close()
        stats = producer.stats()
        assert stats["total-jobs"] > 0 and stats["current-jobs-reserved"] == 0


TOUR = (lifecycle, order, time_passes, bodies, tubes, connections)
for stop in TOUR:
    stop()
print(f"{len(TOUR)} stops")
