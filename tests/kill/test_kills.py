"""Workers killed at random moments under real jobs: same answers, nothing sealed is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as xp
from shframe.graph.driver import launcher
from shframe.session import Session
from tests.conftest import descendants
from tests.examples import examples

ROWS, FILES = 1 << 17, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    rng = np.random.default_rng(3)
    for n in range(FILES):
        made = {"k": rng.integers(0, 1000, ROWS), "v": rng.random(ROWS), "n": np.arange(ROWS) + n}
        pd.DataFrame(made).to_parquet(folder / f"part-{n}.parquet", index=False)
    return folder


def jobs(folder: Path) -> dict[str, Callable[[], Any]]:
    """What runs while workers die; each gives a frame or an array."""
    lazy = sf.read_parquet(folder)
    names = pd.DataFrame({"k": np.arange(0, 1000, 3), "name": np.arange(0, 1000, 3) * 2.5})
    values = xp.arange(1 << 21, chunks=1 << 17, dtype="f8")
    return {
        "group": lambda: lazy.groupby("k").agg({"v": "sum", "n": ["min", "max"]}).compute(),
        "join": lambda: lazy.merge(names, on="k").groupby("k")["name"].sum().compute(),
        "sort": lambda: lazy.sort_values(["v", "n"]).compute(),
        "array": lambda: (xp.sin(values) ** 2 + values.mean()).compute(),
    }


class Killer:
    """Kills a random worker again and again until told to end: at least every second one in the
    middle of a task."""

    def __init__(self, session: Session, seed: int) -> None:
        self.loop = session.executor.start()  # type: ignore[attr-defined]
        self.ledger = session.executor.store.ledger
        self.random = random.Random(seed)
        self.kills = self.while_running = 0
        self.ended = threading.Event()
        self.limit = 0  # kills after which it waits for a higher limit
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        while not self.ended.wait(self.random.uniform(0.002, 0.12)):
            workers = [w for w in list(self.loop.pool.workers.values()) if w.pid]
            if not workers or self.kills >= self.limit:
                continue
            chosen = self.random.choice(workers)
            with contextlib.suppress(ProcessLookupError):
                os.kill(chosen.pid, signal.SIGSTOP)  # so that what it does is what it dies of
                running = self.ledger.note_of(chosen.slot) != 0
                if running or self.kills < 2 * self.while_running:
                    os.kill(chosen.pid, signal.SIGKILL)
                    self.while_running += running
                    self.kills += 1
                else:  # on a busy machine most would die while they start
                    os.kill(chosen.pid, signal.SIGCONT)


@pytest.fixture
def killer() -> Iterator[Killer]:
    session = sf.init(workers=2, memory="1GB", inline_bytes=0)
    made = Killer(session, seed=11)
    made.loop.scheduler.retries = 1000  # chance may meet one task often, which is no fault of it
    yield made
    made.ended.set()
    if made.thread.is_alive():
        made.thread.join()
    sf.shutdown()


def test_answers_are_the_same_whoever_dies(
    folder: Path, killer: Killer, pytestconfig: pytest.Config
) -> None:
    wanted = pytestconfig.getoption("--kills") or examples(200)
    work = jobs(folder)
    expected = {name: job() for name, job in work.items()}
    killer.thread.start()
    rounds: Counter[str] = Counter()
    for name, job in work.items():
        killer.limit += wanted // len(work)
        while killer.kills < killer.limit:
            found = job()
            if isinstance(found, np.ndarray):
                np.testing.assert_array_equal(found, expected[name])
            else:
                assert found.equals(expected[name]), f"{name} differs after a death"
            spans = Counter(span.key for span in sf.session.current().last_trace.spans)
            again = [key for key, count in spans.items() if count > 1]
            assert not again, f"results that were sealed were made again: {again}"
            rounds[name] += 1
    killer.ended.set()
    killer.thread.join()
    print(f"{killer.kills} kills, {killer.while_running} of them in a task, rounds: {rounds}")
    assert killer.kills == killer.limit


def driver_script(body: str) -> str:
    return f"""
import os, signal, sys, time
import numpy as np
import shframe as sf, shframe.array as xp
session = sf.init(workers=2, memory=64 << 20, inline_bytes=0)
kept = (xp.arange(48 << 19, chunks=1 << 19, dtype="f8") + 1).persist()
assert session.executor.store.spilled_bytes() > 0
print(*session.executor.pids, flush=True)
{body}
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("busy", [False, True])
def test_nothing_is_left_of_a_driver_that_is_killed(how: int, busy: bool, tmp_path: Path) -> None:
    slow = "kept.map_blocks(lambda b: (time.sleep(5), b)[1]).compute()"
    names = set(os.listdir("/dev/shm"))
    driver = subprocess.Popen(
        [sys.executable, "-c", driver_script(slow if busy else "time.sleep(60)")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SHFRAME_SPILL_FOLDER": str(tmp_path)},
        cwd=Path(__file__).parents[2],
    )
    assert driver.stdout is not None
    with driver.stdout:
        pids = [int(word) for word in driver.stdout.readline().split()]
        assert len(pids) == 3
        time.sleep(0.3 if busy else 0.05)
        driver.send_signal(how)
        driver.wait(10)
        deadline = time.monotonic() + 2
        while any(alive(pid) for pid in pids):
            assert time.monotonic() < deadline, "workers outlive their driver"
            time.sleep(0.01)
    assert set(os.listdir("/dev/shm")) == names
    assert list(tmp_path.iterdir()) == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_is_stopped_for_a_while_holds_nothing_up_for_good() -> None:
    session = sf.init(workers=2, memory="256MB", inline_bytes=0)
    try:
        values = xp.arange(1 << 20, chunks=1 << 16, dtype="f8")
        assert float(values.sum().compute()) == 2**39 - 2**19
        pid = session.executor.pids[1]  # type: ignore[attr-defined]
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.5, os.kill, (pid, signal.SIGCONT)).start()
        assert float((values + 1).sum().compute()) == 2**39 + 2**19
    finally:
        sf.shutdown()


def forked_sleeper(_: Any = None) -> int:
    """A child that does nothing and has all that its parent had."""
    pid = os.fork()
    if not pid:
        time.sleep(30)
        os._exit(0)
    return pid


def ended(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def test_a_session_ends_at_once_whoever_was_forked_from_the_driver() -> None:
    session = sf.init(workers=2, memory="256MB", inline_bytes=0)
    assert float(xp.arange(1 << 20, chunks=1 << 18).sum().compute()) == 2**39 - 2**19
    pids = session.executor.pids  # type: ignore[attr-defined]
    child = forked_sleeper()
    try:
        begin = time.monotonic()
        sf.shutdown()
        assert time.monotonic() - begin < 2
        server, *workers = pids
        assert not any(alive(pid) for pid in workers)
        parked = launcher.parked()
        assert parked is not None  # the server waits for the next session, with nothing below it
        assert parked.process.pid == server
        assert not descendants(server)
    finally:
        ended(child)


def test_a_task_may_fork_and_its_child_reads_the_same_bytes_for_long(tmp_path: Path) -> None:
    sf.init(workers=1, memory="64MB", inline_bytes=0)
    said = tmp_path / "said"
    try:
        values = xp.arange(1 << 20, chunks=1 << 20, dtype="f8").persist()

        def forking(block: Any) -> Any:
            if not os.fork():
                time.sleep(1)
                expected = np.arange(1 << 20, dtype="f8")
                said.write_text("same" if (block == expected).all() else "something else")
                os._exit(0)
            return block[:1].copy()

        first = values.map_blocks(forking, chunks=((1,),), dtype="f8")
        assert first.compute().tolist() == [0.0]
        del values, first
        for n in range(20):  # uses all memory again and again
            xp.full(1 << 20, n, chunks=1 << 18, dtype="f8").persist()
        deadline = time.monotonic() + 10
        while not (said.exists() and said.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert said.read_text() == "same"
    finally:
        sf.shutdown()
