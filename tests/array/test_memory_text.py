"""What explain() says of memory: bytes of the result, what is alive at once, what has no room."""

from __future__ import annotations

import re

import pytest

import shframe.array as xp

pytestmark = pytest.mark.usefixtures("session")  # of 2 GB


def held(array: xp.Array) -> str:
    return array.explain().split("Memory:")[1]


def test_bytes_of_the_result_and_of_what_is_alive() -> None:
    x = xp.random.random((4000, 4000), chunks=(500, 4000))
    said = held((x - x.mean(axis=0)) / 2)
    assert "result: 122.1 MiB in 8 blocks of 15.3 MiB at most" in said
    assert "largest set alive: 137.4 MiB, at (a - b) / 2" in said
    assert "does not fit" not in said


def test_blocks_that_are_said_to_fit_do() -> None:
    x = xp.random.random((30_000, 30_000), chunks=10_000)
    said = held(x @ x)
    assert "does not fit: a @ a needs" in said
    found = re.search(r"blocks of ([0-9.]+) (.)iB would fit", said)
    assert found is not None
    edge = int((float(found[1]) * {"K": 1 << 10, "M": 1 << 20}[found[2]] / 8) ** 0.5)
    y = x.rechunk(edge)
    assert "does not fit" not in held(y @ y)


def test_what_no_chunks_make_fit() -> None:
    said = held(xp.linalg.eigvalsh(xp.ones((20_000, 20_000), chunks=5000)))
    assert "no chunks would do but more memory" in said
