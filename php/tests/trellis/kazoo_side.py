"""Kazoo's locks and elections by commands: `<command> <path>` a line, which each are answered by a line."""

import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout

PATIENCE_S = 20

client = KazooClient(hosts=sys.argv[1])
client.start(timeout=PATIENCE_S)
held = {}


def acquire(path, recipe, timeout):
    try:
        recipe.acquire(timeout=timeout)
    except LockTimeout:
        return "not held"
    held[path] = recipe.release
    return "held"


def elect(path):
    elected, may_end = threading.Event(), threading.Event()

    def lead():
        elected.set()
        may_end.wait()

    thread = threading.Thread(target=client.Election(path, "kazoo").run, args=[lead], daemon=True)
    thread.start()

    def end():
        may_end.set()
        thread.join()

    held[path] = end
    return "leads" if elected.wait(PATIENCE_S) else "does not lead"


def release(path):
    held.pop(path)()
    return "released"


COMMANDS = {
    "lock": lambda path: acquire(path, client.Lock(path, "kazoo"), PATIENCE_S),
    "trylock": lambda path: acquire(path, client.Lock(path, "kazoo"), 0.05),
    "read": lambda path: acquire(path, client.ReadLock(path, "kazoo"), PATIENCE_S),
    "write": lambda path: acquire(path, client.WriteLock(path, "kazoo"), PATIENCE_S),
    "tryread": lambda path: acquire(path, client.ReadLock(path, "kazoo"), 0.05),
    "trywrite": lambda path: acquire(path, client.WriteLock(path, "kazoo"), 0.05),
    "contenders": lambda path: " ".join(client.Lock(path).contenders()),
    "elect": elect,
    "release": release,
}

for line in sys.stdin:
    command, path = line.split()
    print(COMMANDS[command](path), flush=True)
client.stop()
