"""Ctrl-C at any moment: KeyboardInterrupt once, back at once, and the session goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Interrupts itself at random moments of three kinds of work. A shell starts what runs in its
# background with the signal ignored, so the handler is set.
PROGRAM = """
import json, os, random, signal, sys, threading, time
import numpy as np, pandas as pd
import shframe as sf

signal.signal(signal.SIGINT, signal.default_int_handler)
sf.init(workers=2, memory="1GB", inline_bytes=0)

@sf.remote
def slow(seconds, x=None):
    time.sleep(seconds)
    return x

def spin(part):
    end = time.monotonic() + 0.04
    while time.monotonic() < end:
        pass
    return part

frame = sf.from_pandas(pd.DataFrame({"a": np.arange(1000)}), npartitions=8)

def tasks():
    refs = [slow.remote(0.001, n) for n in range(100)]
    sf.get(refs + [slow.remote(0.1, refs[-1])])

def user_function():
    frame.map_partitions(spin).compute()

def waits():
    sf.wait([slow.remote(0.1) for _ in range(4)], num_returns=4)

def interrupted(work, delay):
    landed = []
    def strike():
        time.sleep(delay)
        landed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=strike)
    caught = 0
    try:
        thread.start()
        work()
        thread.join()
        time.sleep(1)  # the work was done before: the interrupt is to come here
    except KeyboardInterrupt:
        caught += 1
        back = time.monotonic() - landed[0]
    try:
        thread.join()
        time.sleep(0.01)
    except KeyboardInterrupt:
        caught += 1
    return caught, back

rng = random.Random(int(sys.argv[1]))
took = []
for n in range(int(sys.argv[2])):
    caught, back = interrupted(rng.choice([tasks, user_function, waits]), rng.uniform(0, 0.2))
    assert caught == 1, (n, caught)
    took.append(back)
    assert sf.get(slow.remote(0, n)) == n
    if n % 10 == 0:
        assert int(frame.compute()["a"].sum()) == 499500
took.sort()
print(json.dumps({"median": took[len(took) // 2], "worst": took[-1]}))
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_an_interrupt_at_any_of_a_hundred_moments_comes_once_and_the_session_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, "7", "100"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout)["median"] < 0.2


NOTEBOOK = """
import asyncio, sys, time
from jupyter_client import KernelManager

manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)

def run(code, after=None):
    asked = client.execute(code, stop_on_error=False)
    if after is not None:
        time.sleep(after)
        begin = time.monotonic()
        manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != asked:
        pass
    reply = reply["content"]
    spent = time.monotonic() - begin if after is not None else 0.0
    return reply["status"], reply.get("ename"), spent

print(run(sys.argv[1])[0])
for _ in range(3):
    status, name, spent = run("sf.get([slow.remote(30) for _ in range(4)])", after=0.7)
    print(status, name, spent < 5)
    print(run("assert sf.get(slow.remote(0)) == 0")[0])
print(run("sf.shutdown()")[0])
client.stop_channels()
manager.shutdown_kernel()
"""

CELL = """
import time
import shframe as sf
sf.init(workers=2)
@sf.remote
def slow(seconds):
    time.sleep(seconds)
    return seconds
sf.get(slow.remote(0))
"""


def test_the_interrupt_of_a_notebook_kernel_ends_the_cell_and_the_next_one_works(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, CELL],
        env={**environment(), "IPYTHONDIR": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    turn = "error KeyboardInterrupt True\nok\n"
    assert done.stdout == "ok\n" + 3 * turn + "ok\n", done.stderr


STOPPED = """
import os, signal, sys, threading, time
import shframe as sf

sf.init(workers=2)

@sf.remote
def pid(n):
    time.sleep(0.01)
    return os.getpid()

pids = set(sf.get([pid.remote(n) for n in range(20)]))
one = pids.pop()
os.kill(one, signal.SIGSTOP)
threading.Timer(float(sys.argv[1]), lambda: os.kill(one, signal.SIGCONT)).start()
found = sf.get([pid.remote(n) for n in range(50)])
print(len(found), one in sf.get([pid.remote(n) for n in range(200)]))
"""


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_a_worker_that_is_stopped_for_a_while_goes_on(seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(seconds)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.stdout, done.stderr) == ("50 True\n", "")
