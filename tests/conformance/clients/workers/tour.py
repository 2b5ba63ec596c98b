"""The examples of `trellis run`, as they are: python tour.py TRELLIS REPOSITORY"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import greenstalk

TRELLIS = pathlib.Path(sys.argv[1]).resolve()
EXAMPLES = pathlib.Path(sys.argv[2]).resolve() / "examples"
DEADLINE_SECONDS = 60
WORKERS = {"python": [sys.executable, "-B", str(EXAMPLES / "worker.py")], "php": ["php", str(EXAMPLES / "worker.php")]}


class Program:
    """A trellis that runs, and what it says."""

    def __init__(self, *arguments):
        self.lines, self.news = [], threading.Condition()
        command = [TRELLIS, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()

    def wait_for(self, pattern):
        """Waits for a line with this in it, and returns the match."""
        found = None

        def is_there():
            nonlocal found
            found = next(filter(None, (re.search(pattern, line) for line in self.lines)), None)
            return found

        with self.news:
            assert self.news.wait_for(is_there, DEADLINE_SECONDS), f"no line has {pattern}: {self.lines}"
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert code == 0, f"it ended with {code}: {self.lines}"


def until(what, condition):
    """Asks again and again, which the server's answers pace."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"it never happens that {what}"


def all_done(client, tube, jobs):
    stats = client.stats_tube(tube)
    return stats["cmd-delete"] == jobs and stats["current-jobs-reserved"] == 0


def right(path):
    said = subprocess.run([TRELLIS, "run", "--check", "--config", path], capture_output=True, text=True)
    assert said.returncode == 0 and "is right" in said.stdout, said


def supervisor_of(config):
    def ask(*arguments):
        command = [TRELLIS, "run", "--config", config, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return ask


def jobs_are_answered(client, supervisor):
    client.use("mail")
    client.put(b"hello")
    supervisor.wait_for(r"mail\.\d \| mail: hello")
    until("the mail is deleted", lambda: all_done(client, "mail", 1))
    for tube in WORKERS:
        client.use(tube)
        for number in range(50):
            client.put(f"{tube} {number}".encode())
        for number in range(50):
            supervisor.wait_for(rf"{tube}\.\d \| working on {tube} {number}$")
        until(f"{tube} has answered all", lambda: all_done(client, tube, 50))


def a_failure_is_buried(client):
    client.use("python")
    client.put(b"\xff is no text")
    until("the job is buried", lambda: client.stats_tube("python")["current-jobs-buried"] == 1)
    job = client.peek_buried()
    assert client.stats_job(job)["reserves"] == 2
    client.delete(job)


def a_worker_hangs_and_is_killed(client, supervisor, ask, tube):
    """Its job's TTR is kept alive for as long as it hangs; its death gives the job to the next one."""
    pid = json.loads(ask("status", "--json", f"{tube}.0"))["processes"][0]["pid"]
    os.kill(pid, signal.SIGSTOP)
    client.use(tube)
    before = client.stats_tube(tube)["cmd-delete"]
    job = client.put(f"{tube} hangs".encode(), ttr=1)
    began = time.monotonic()
    until("the job is reserved", lambda: client.stats_job(job)["state"] == "reserved")
    while time.monotonic() - began < 3:
        stats = client.stats_job(job)
        assert (stats["state"], stats["timeouts"]) == ("reserved", 0), stats
    os.kill(pid, signal.SIGKILL)
    supervisor.wait_for(rf"{tube}\.0 \| working on {tube} hangs")
    until("the next one has done it", lambda: client.stats_tube(tube)["cmd-delete"] == before + 1)


def tour(folder):
    right(EXAMPLES / "workers.toml")
    arguments = ("--data-dir", folder / "data", "--http", "off")
    with Program("serve", "--beanstalk", "127.0.0.1:0", "--zookeeper", "127.0.0.1:0", *arguments) as server:
        address = {
            protocol: server.wait_for(f'listening protocol={protocol} address="(.*)"')[1]
            for protocol in ("beanstalk", "zookeeper")
        }
        text = (EXAMPLES / "workers.toml").read_text()
        for usual, ours in (("127.0.0.1:11300", "beanstalk"), ("127.0.0.1:2181", "zookeeper")):
            assert usual in text
            text = text.replace(usual, address[ours])
        for tube, command in WORKERS.items():
            text += f"\n[program.{tube}]\ncommand = {json.dumps(command)}\nmode = \"stream\"\ntube = \"{tube}\"\n"
            text += 'max_tries = 2\nretry = { first = "0s", max = "0s" }\nbackoff = { first = "10ms" }\n'
        config = folder / "workers.toml"
        config.write_text(text)
        right(config)
        host, port = address["beanstalk"].split(":")
        with (
            Program("run", "--config", config) as supervisor,
            contextlib.closing(greenstalk.Client((host, int(port)), encoding=None)) as client,
        ):
            ask = supervisor_of(config)
            supervisor.wait_for(r"clock\.1 \| ")
            supervisor.wait_for(r"leader\.0 \| this machine leads")
            supervisor.wait_for(r"started process=follower\.0")
            jobs_are_answered(client, supervisor)
            a_failure_is_buried(client)
            for tube in WORKERS:
                a_worker_hangs_and_is_killed(client, supervisor, ask, tube)


with tempfile.TemporaryDirectory() as folder:
    tour(pathlib.Path(folder))
print("all programs of the example run, and 104 jobs came to their end")
