"""Recipes of kazoo and of the client crate on the same nodes: who holds what, the other one sees.

recipes_tour.py PROGRAM HOST:PORT, where PROGRAM is the example `recipes` of the client crate.
"""

import subprocess
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.recipe.party import ShallowParty

DEADLINE = 20
HASTE = 0.3


class Other:
    """The program that takes part by commands."""

    def __init__(self, program, server):
        self.process = subprocess.Popen(
            [program, server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def tell(self, command):
        self.process.stdin.write(command + "\n")

    def answer(self):
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, command, expected):
        self.tell(command)
        found = self.answer()
        assert found == expected, f"{command}: {found!r}, not {expected!r}"

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(DEADLINE) == 0


def refused(take):
    try:
        return not take()
    except LockTimeout:
        return True


def locks(client, other):
    lock = client.Lock("/t/lock", "kazoo")
    other.ask("lock /t/lock", "held")
    assert refused(lambda: lock.acquire(timeout=HASTE))
    assert lock.contenders() == ["rust"], lock.contenders()
    waiting = threading.Thread(target=lambda: lock.acquire(timeout=DEADLINE))
    waiting.start()
    while lock.contenders() != ["rust", "kazoo"]:
        pass
    other.ask("release /t/lock", "released")
    waiting.join(DEADLINE)
    assert lock.is_acquired
    other.ask("trylock /t/lock", "not held")
    other.ask("contenders /t/lock", "kazoo")
    other.tell("lock /t/lock")
    while lock.contenders() != ["kazoo", "rust"]:
        pass
    lock.release()
    assert other.answer() == "held"

    reading, writing = client.ReadLock("/t/rw"), client.WriteLock("/t/rw")
    other.ask("read /t/rw", "held")
    assert reading.acquire(timeout=DEADLINE)
    assert refused(lambda: writing.acquire(timeout=HASTE))
    other.ask("release /t/rw", "released")
    other.ask("write /t/rw", "not held")
    reading.release()
    other.ask("write /t/rw", "held")
    assert refused(lambda: client.ReadLock("/t/rw").acquire(timeout=HASTE))


def semaphores(client, other):
    semaphore = client.Semaphore("/t/semaphore", "kazoo", max_leases=2)
    assert semaphore.acquire(timeout=DEADLINE)
    other.ask("lease /t/semaphore 2", "held")
    other.ask("lease /t/semaphore 2", "not held")
    third = client.Semaphore("/t/semaphore", "third", max_leases=2)
    assert refused(lambda: third.acquire(timeout=HASTE))
    other.ask("release /t/semaphore", "released")
    assert third.acquire(timeout=DEADLINE)
    other.ask("lease /t/semaphore 2", "not held")
    assert sorted(semaphore.lease_holders()) == ["kazoo", "third"]
    other.tell("lease /t/semaphore 3")
    assert "agree on one limit" in other.answer()
    other.ask("lease /t/limit 4", "held")
    try:
        client.Semaphore("/t/limit", max_leases=5).acquire(timeout=DEADLINE)
        raise AssertionError("the limits differ")
    except ValueError:
        pass


def elections(client, other):
    led = threading.Event()
    done = threading.Event()
    election = client.Election("/t/leader", "kazoo")

    def lead():
        led.set()
        done.wait(DEADLINE)

    other.ask("elect /t/leader", "held")
    candidate = threading.Thread(target=lambda: election.run(lead))
    candidate.start()
    while election.contenders() != ["rust", "kazoo"]:
        pass
    assert not led.is_set()
    other.ask("release /t/leader", "released")
    assert led.wait(DEADLINE)
    other.tell("elect /t/leader")
    while election.contenders() != ["kazoo", "rust"]:
        pass
    done.set()
    assert other.answer() == "held"
    candidate.join(DEADLINE)


def together(client, other):
    barrier = client.Barrier("/t/gate")
    barrier.create()
    other.tell("wait /t/gate")
    assert barrier.remove()
    assert other.answer() == "true"
    other.ask("raise /t/gate", "raised")
    assert not barrier.wait(HASTE)
    other.ask("lower /t/gate", "true")
    assert barrier.wait(DEADLINE)

    double = client.DoubleBarrier("/t/round", 2)
    other.tell("enter /t/round 2")
    double.enter()
    assert other.answer() == "held" and double.participating
    other.tell("leave /t/round 2")
    double.leave()
    assert other.answer() == "true"

    for party, join, members in [
        (client.Party("/t/party", "kazoo"), "join", "members"),
        (ShallowParty(client, "/t/shallow", "kazoo"), "joinshallow", "membersshallow"),
    ]:
        party.join()
        other.ask(f"{join} {party.path}", "held")
        other.ask(f"{members} {party.path}", "kazoo,rust")
        assert sorted(party) == ["kazoo", "rust"]
        party.leave()
        other.ask(f"{members} {party.path}", "rust")

    counter = client.Counter("/t/count")
    counter += 5
    other.ask("add /t/count -2", "3")
    assert counter.value == 3


def queues(client, other):
    queue = client.Queue("/t/queue")
    queue.put(b"later")
    other.ask("put /t/queue sooner 7", "put")
    assert queue.get() == b"sooner"
    other.ask("take /t/queue", "later")
    other.ask("take /t/queue", "nothing")

    queue = client.LockingQueue("/t/locking")
    queue.put(b"two", 200)
    other.ask("lput /t/locking one 7", "put")
    assert queue.get(DEADLINE) == b"one"
    other.ask("ltake /t/locking", "two")
    assert client.LockingQueue("/t/locking").get(HASTE) is None
    assert queue.consume()
    other.ask("lrelease /t/locking", "released")
    assert queue.get(DEADLINE) == b"two"
    other.ask("ltake /t/locking", "nothing")
    assert queue.release()
    other.ask("ltake /t/locking", "two")
    other.ask("consume /t/locking", "consumed")
    assert len(queue) == 0


def main():
    program, server = sys.argv[1:]
    client = KazooClient(hosts=server)
    client.start(DEADLINE)
    other = Other(program, server)
    tours = [locks, semaphores, elections, together, queues]
    for tour in tours:
        tour(client, other)
    other.end()
    client.stop()
    print(f"{len(tours)} kinds of recipes")


main()
