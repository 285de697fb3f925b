"""The kernel, not a flag, keeps sealed bytes as they are: who writes through a pointer dies."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
import shframe.array as xp
from shframe.errors import WorkerDied
from shframe.session import Session
from tests.kill.test_kills import alive

ROWS = 1 << 18  # of float64: 2 MiB


@pytest.fixture
def session() -> Iterator[Session]:
    yield sf.init(workers=2, memory="256MB", inline_bytes=0)
    sf.shutdown()


def overwrite(block: Any) -> Any:
    """Write through the block's address, past every flag."""
    ctypes.memset(block.__array_interface__["data"][0], 255, 8)
    return block[:1].copy()


def test_a_task_that_writes_into_its_input_kills_its_worker_and_changes_nothing(
    session: Session,
) -> None:
    values = xp.arange(4 * ROWS, chunks=ROWS, dtype="f8").persist()  # both workers made some
    before = set(session.executor.pids)  # type: ignore[attr-defined]
    for n in range(4):
        one = values[n * ROWS : (n + 1) * ROWS]
        with pytest.raises(WorkerDied, match="SIGSEGV"):
            one.map_blocks(overwrite, chunks=((1,),), dtype="f8").compute()
    assert (values.compute() == np.arange(4.0 * ROWS)).all()
    after = set(session.executor.pids)  # type: ignore[attr-defined]
    assert len(after) == len(before)
    assert before & after == {session.executor.pids[0]}  # type: ignore[attr-defined]


def test_a_task_that_writes_into_what_was_put_kills_its_worker(session: Session) -> None:
    array = np.arange(ROWS, dtype="f8")
    values = xp.from_array(array, chunks=ROWS).persist()
    with pytest.raises(WorkerDied, match="SIGSEGV"):
        values.map_blocks(overwrite, chunks=((1,),), dtype="f8").compute()
    assert (values.compute() == array).all()


DRIVER = """
import ctypes
import numpy as np
import shframe as sf, shframe.array as xp
session = sf.init(workers=2, memory="256MB", inline_bytes=0)
made = xp.arange(1 << 18, chunks=1 << 18, dtype="f8").persist()  # in a worker
value = sf.get({ref})
assert not value.flags.writeable and len(session.executor.pids) == 3
print(*session.executor.pids, flush=True)
ctypes.memset(value.__array_interface__["data"][0], 255, 8)
print("still here", flush=True)
"""


@pytest.mark.parametrize("ref", ["sf.put(np.arange(1 << 18))", "made.expr.refs[0]"])
def test_a_driver_that_writes_into_a_view_dies_and_leaves_nothing(ref: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRIVER.format(ref=ref)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.returncode == -signal.SIGSEGV, done.stdout + done.stderr
    assert "still here" not in done.stdout
    deadline = time.monotonic() + 2
    while any(alive(int(pid)) for pid in done.stdout.split()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
