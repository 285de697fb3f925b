"""A session at rest gives its warm pages back, bit by bit; one that works keeps them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.graph.driver import idle_pages
from shframe.graph.driver.idle_pages import AFTER, EVERY, FLOOR, PARTS, IdlePages

MARK = st.integers(0, 3)
PAUSE = st.integers(0, 24).map(lambda eighths: eighths / 8)  # seconds whose sums are exact


@given(st.lists(st.tuples(PAUSE, MARK), max_size=60), st.integers(0, 1 << 34))
def test_nothing_goes_before_the_rest_and_never_more_than_a_part(
    steps: list[tuple[float, int]], warm: int
) -> None:
    made, now, changed, last = IdlePages(), 0.0, 0.0, None
    given_back: list[float] = []
    for pause, mark in steps:
        now += pause
        if mark != last:
            changed, last, first = now, mark, warm
        nbytes = made.give_back(now, mark, warm)
        if nbytes:
            assert now - changed >= AFTER
            assert not given_back or now - given_back[-1] >= EVERY
            assert nbytes <= max(first // PARTS, FLOOR)
            given_back.append(now)
            warm -= nbytes
        assert 0 <= made.wait(now, mark, warm) <= AFTER


def test_what_cannot_be_given_back_is_not_asked_for_again() -> None:
    made = IdlePages()
    made.wait(0, "a", 1 << 30)
    assert made.give_back(AFTER, "a", 1 << 30)
    made.nothing_left()
    assert made.give_back(AFTER + 9, "a", 1 << 30) == 0
    assert made.wait(AFTER + 9, "b", 1 << 30) == AFTER


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(idle_pages, "AFTER", 0.3)
    monkeypatch.setattr(idle_pages, "EVERY", 0.1)
    sf.init(workers=2, memory="512MB", inline_bytes=0)
    yield
    sf.shutdown()


def test_a_real_session_shrinks_to_what_is_used(impatient: None) -> None:
    kept = sf.put(np.arange(1 << 20))
    x = xp.arange(8 << 20, chunks=1 << 20, dtype="f8").persist()  # 64 MiB in the workers
    y = (x + 1).compute()  # and a result
    views = sf.get(kept)
    del x
    most = sf.memory(holders=False).resident
    assert most > 128 << 20
    del y
    seen = [most]
    deadline = time.monotonic() + 20
    while seen[-1] > 12 << 20 and time.monotonic() < deadline:
        time.sleep(0.05)
        seen.append(sf.memory(holders=False).resident)
    assert seen[-1] <= 12 << 20, seen
    assert len(set(seen)) >= 4  # not all at once
    assert sorted(seen, reverse=True) == seen
    assert (views == np.arange(1 << 20)).all()
    assert float(xp.arange(1 << 20, chunks=1 << 17, dtype="f8").sum()) == (2**40 - 2**20) / 2


def test_what_starts_workers_rests_between_sessions_and_beside_one() -> None:
    for _ in range(2):
        sf.init(workers=2, inline_bytes=0)
        assert int(xp.arange(100, chunks=10).sum()) == 4950
        assert _processor_seconds_in(0.5) < 0.25
        sf.shutdown()
        assert _processor_seconds_in(0.5) < 0.25


def _processor_seconds_in(seconds: float) -> float:
    """What the children of this process take of the processors, from when they have settled."""
    time.sleep(0.3)
    before = _processor_seconds()
    time.sleep(seconds)
    return _processor_seconds() - before


def _processor_seconds() -> float:
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended since
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                total += int(fields[11]) + int(fields[12])
    return total / tick
