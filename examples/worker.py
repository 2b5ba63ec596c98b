#!/usr/bin/env python3
"""A worker for mode = "stream": gets jobs in frames on descriptor 3 and answers each of them."""
import os
import sys

jobs = os.fdopen(3, "rb")


def work(body):
    print("working on", body.decode(), flush=True)


while header := jobs.read(4):  # the length, the highest byte first; nothing when there are no more jobs
    line, body = jobs.read(int.from_bytes(header, "big")).split(b"\n", 1)  # "job ID", and the job's body
    try:
        work(body)
        verb = b"done "
    except Exception as error:  # also possible: b"retry ", b"bury "
        print(error, file=sys.stderr)
        verb = b"fail "
    answer = verb + line.removeprefix(b"job ")
    os.write(3, len(answer).to_bytes(4, "big") + answer)
