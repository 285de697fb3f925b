"""A driver that has no descriptors left: calls end by value or by name, and later ones go well."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, resource, sys
import numpy as np
import shframe as sf

resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
sf.init(workers=2, memory="500MB", inline_bytes=0)

@sf.remote
def make(n):
    return np.full(200_000, n)

@sf.remote
def total(*arrays):
    return float(sum(one.sum() for one in arrays))

@sf.remote
class Holder:
    def ones(self):
        return np.ones(200_000)

large = [sf.put(np.ones(300_000)) for _ in range(3)]
CALLS = [
    lambda: sf.get(make.remote(1), timeout=30).sum(),
    lambda: sf.get(total.remote(*large, np.ones(200_000)), timeout=30),
    lambda: sf.get(Holder.remote().ones.remote(), timeout=30).sum(),
]
VALUES = [200_000, 1_100_000, 200_000]
assert [call() for call in CALLS] == VALUES

def fill(left):
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for fd in taken[len(taken) - left :]:
        os.close(fd)
    return taken[: len(taken) - left]

for left in map(int, sys.argv[1:]):
    taken = fill(left)
    for call, value in zip(CALLS, VALUES):
        try:
            assert call() == value
        except sf.errors.TimedOut:
            raise
        except sf.errors.ShframeError as error:
            assert "open files" in str(error), error
    for fd in taken:
        os.close(fd)
    assert [call() for call in CALLS] == VALUES
before = len(os.listdir("/proc/self/fd"))
sf.shutdown()
assert len(os.listdir("/proc/self/fd")) < before
print("all is well")
"""


@pytest.mark.timeout(200)
def test_calls_fail_by_name_and_the_session_goes_on() -> None:
    command = [sys.executable, "-c", SCRIPT, "0", "1", "4", "17"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all is well\n"
