"""Coroutine functions and asynchronous generators as tasks."""

from __future__ import annotations

import asyncio
import itertools
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf


@pytest.fixture(params=["processes", "threads", "sync"])
def executor(request: pytest.FixtureRequest) -> Iterator[str]:
    sf.init(workers=2, executor=request.param)
    yield request.param
    sf.shutdown()


async def doubled(n: int, *, pause: float = 0.0) -> int:
    await asyncio.sleep(pause)
    return 2 * n


async def multiples(n: int, count: int, mark: Path) -> AsyncIterator[Any]:
    try:
        for k in range(count):
            await asyncio.sleep(0)
            yield np.full(30_000, n * k) if k % 2 else n * k
    finally:
        await asyncio.sleep(0)
        mark.write_text(str(k))


def test_a_coroutine_runs_to_its_end(executor: str) -> None:
    double = sf.remote(doubled)
    assert sf.get([double.remote(n) for n in range(4)]) == [0, 2, 4, 6]
    assert sf.get(double.remote(sf.put(5), pause=0.01)) == 10
    assert double.function is doubled

    @sf.remote
    async def fails() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there") as failed:
        sf.get(fails.remote())
    text = "".join(traceback.format_exception(failed.value))
    assert "in fails" in text


def test_an_asynchronous_generator_gives_its_values_as_it_goes(
    executor: str, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    found = [sf.get(ref) for ref in sf.remote(multiples).remote(3, 7, mark)]
    assert [one if isinstance(one, int) else one[0] for one in found] == [3 * k for k in range(7)]
    assert mark.read_text() == "6"


def test_an_asynchronous_generator_that_nobody_has_is_closed(tmp_path: Path) -> None:
    sf.init(workers=2)
    try:
        mark = tmp_path / "mark"
        values = sf.remote(multiples).remote(3, 10**9, mark)
        for ref in itertools.islice(values, 4):
            sf.get(ref)
        del values, ref
        deadline = time.monotonic() + 10
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert 3 <= int(mark.read_text()) < 1000
    finally:
        sf.shutdown()


def test_a_coroutine_that_runs_can_be_cancelled() -> None:
    sf.init(workers=2)
    try:
        ref = sf.remote(doubled).remote(1, pause=60)
        time.sleep(0.3)
        sf.cancel(ref)
        with pytest.raises(sf.errors.Cancelled):
            sf.get(ref, timeout=5)
        assert sf.get(sf.remote(doubled).remote(4), timeout=5) == 8
    finally:
        sf.shutdown()
