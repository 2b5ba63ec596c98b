"""What the stops of kazoo's tour have in common."""

import contextlib
import logging
import queue
import sys
import threading

from kazoo.client import KazooClient

HOSTS = sys.argv[1]
# Something that must happen has this long; something that must not is looked for after something else has.
DEADLINE_S = 60
# It warns of the connections that the tour ends on purpose.
logging.getLogger("kazoo").setLevel(logging.ERROR)


@contextlib.contextmanager
def clients(count=1, **settings):
    started = [KazooClient(hosts=HOSTS, **settings) for _ in range(count)]
    try:
        for client in started:
            client.start(timeout=DEADLINE_S)
        yield started[0] if count == 1 else started
    finally:
        for client in started:
            client.stop()
            client.close()


@contextlib.contextmanager
def raises(kind):
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


class Calls:
    """A function that remembers how it was called."""

    def __init__(self):
        self.calls = queue.Queue()

    def __call__(self, *arguments):
        self.calls.put(arguments[0] if len(arguments) == 1 else arguments)

    def next(self):
        return self.calls.get(timeout=DEADLINE_S)

    def nothing(self):
        return self.calls.empty()


def start(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def finish(thread):
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def run(stops):
    for stop in stops:
        try:
            stop()
        except BaseException:
            print(f"in {stop.__name__}:", file=sys.stderr)
            raise
    print(f"{len(stops)} stops")
