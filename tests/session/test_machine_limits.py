"""A limit of a file's size, and a Ctrl-C at any moment: told by name, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMITED = """
import resource, sys
import numpy as np
import shframe as sf

sf.init(workers=2, memory="100MB", spill_folder="/var/tmp")

@sf.remote
def total(array):
    return float(array.sum())

assert sf.get(total.remote(np.ones(10))) == 10
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
refs, refused = [], 0
for n in range(12):
    try:
        refs.append(sf.put(np.full(3_000_000, float(n))))
    except sf.errors.ShframeError:
        refused += 1
assert [sf.get(total.remote(ref)) for ref in refs] == [3e6 * n for n in range(len(refs))]
assert sf.get(total.remote(np.ones(10))) == 10
sf.shutdown()
print("refused" if refused else "all are there")
"""

INTERRUPTED = """
import gc, os, random, signal, sys, threading, time
import numpy as np
import shframe as sf
from shframe import session

sf.init(workers=2, memory="120MB", spill_folder="/var/tmp")

@sf.remote
def total(array):
    return float(array.sum())

sf.get(total.remote(np.ones(10)))
store, dice = session.executor().store, random.Random(3)
interrupts = 0
for _ in range(int(sys.argv[1])):
    timer = threading.Timer(dice.random() * 0.25, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        kept = []
        while True:
            kept.append(sf.put(np.full(dice.randint(10_000, 700_000), 1.0)))
            if len(kept) > 12:
                assert sf.get(kept[dice.randrange(13)])[0] == 1
                del kept[: dice.randint(1, 12)]
            if dice.random() < 0.1:
                assert sf.get(total.remote(kept[-1])) == len(sf.get(kept[-1]))
    except KeyboardInterrupt:
        interrupts += 1
    timer.join()
    kept.clear()
deadline = time.monotonic() + 20
while store.objects() and time.monotonic() < deadline:
    gc.collect()
    sf.get([total.remote(np.ones(3)) for _ in range(4)])
    sf.put(1)
    time.sleep(0.05)
assert not store.objects(), store.objects()
assert store.spilled_bytes() == 0
assert store.ledger.totals()[0] == 0
print(interrupts)
"""


def said(script: str, argument: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, argument], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [("1000", "refused"), ("60000000", "refused"), ("250000000", "all are there")],
)
def test_a_limit_of_a_files_size(limit: str, outcome: str) -> None:
    assert said(LIMITED, limit) == outcome


def test_interrupts_at_any_moment_lose_no_release(request: pytest.FixtureRequest) -> None:
    count = "200" if request.config.getoption("--soak") else "20"
    assert said(INTERRUPTED, count) == count
