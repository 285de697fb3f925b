"""Writable views: whoever asks may write, only touched pages are copied, nobody else sees it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.session import current
from shframe.store.reader import writable_copy
from tests.examples import examples

PAGE = os.sysconf("SC_PAGE_SIZE")
ROWS = 1_000_000


@pytest.fixture(autouse=True, params=["processes", "threads", "sync"])
def session(request: pytest.FixtureRequest) -> Iterator[None]:
    sf.init(executor=request.param, workers=2, memory="512MB", inline_bytes=0)
    yield
    sf.shutdown()


def private_dirty(array: Any) -> int:
    """Bytes of the pages under an array that this process has written and shares with nobody."""
    address = array.__array_interface__["data"][0]
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        span = line.split()[0]
        if "-" in span:
            start, _, end = span.partition("-")
            inside = int(start, 16) < address + array.nbytes and address < int(end, 16)
        elif inside and line.startswith("Private_Dirty:"):
            found += int(line.split()[1]) * 1024
    return found


@pytest.mark.parametrize("nbytes", [0, 1, PAGE, 10 * PAGE + 5, 800_000, 8 * ROWS])
def test_only_the_pages_that_are_written_are_copied(nbytes: int) -> None:
    ref = sf.put(np.ones(ROWS))
    view = sf.get(ref, writable=True)
    view.view("u1")[:nbytes] = 7
    assert abs(private_dirty(view) - nbytes) <= PAGE
    assert (view.view("u1")[:nbytes] == 7).all()
    assert (view.view("u1")[nbytes:] == np.ones(ROWS).view("u1")[nbytes:]).all()
    assert (sf.get(ref) == 1).all()


def test_a_private_view_pins_its_object() -> None:
    store = current().executor.store
    ref = sf.put(np.arange(float(ROWS)))
    view = sf.get(ref, writable=True)
    part = writable_copy(sf.get(ref)[1000:-1000])
    del ref
    fill = [sf.put(np.full(ROWS, 9.0)) for _ in range(20)]
    store.spill(1 << 30)
    assert (view == np.arange(ROWS)).all()
    assert (part == np.arange(1000, ROWS - 1000)).all()
    part += 1
    assert (part == np.arange(1001, ROWS - 999)).all()
    assert (view == np.arange(ROWS)).all()
    live = store.ledger.totals()[0]
    del view, part, fill
    gc.collect()
    sf.put(1)
    assert store.ledger.totals()[0] < live


LAYOUTS: dict[str, Any] = {
    "rows": lambda x: x,
    "columns": lambda x: x.T,
    "steps": lambda x: x[::3, 5:],
    "back": lambda x: x[::-1, ::-2],
    "one": lambda x: x[7:8],
    "broadcast": lambda x: np.broadcast_to(x[0], (300, x.shape[1])),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_writable_copy_has_the_values_of_any_layout(layout: str) -> None:
    values = np.arange(400 * 500.0).reshape(400, 500)
    stored = LAYOUTS[layout](sf.get(sf.put(values)))
    copied = writable_copy(stored)
    assert copied.flags.writeable
    np.testing.assert_array_equal(copied, stored)
    before = stored.copy()
    copied[...] += 1
    np.testing.assert_array_equal(stored, before)


@settings(max_examples=examples(15), deadline=None)
@given(rows=st.sampled_from([0, 1, 9, 50_000]), npartitions=st.integers(1, 4))
def test_a_function_may_write_into_its_partition(rows: int, npartitions: int) -> None:
    frame = pd.DataFrame(
        {
            "f": np.arange(rows) * 0.5,
            "i": np.arange(rows),
            "t": pd.date_range("2020", periods=rows, freq="s", tz="UTC"),
            "n": pd.array([None if n % 3 else n for n in range(rows)], "Int64"),
            "s": pd.array([None if n % 5 else f"x{n}" for n in range(rows)], "str"),
        }
    )

    def change(part: pd.DataFrame, by: int) -> pd.DataFrame:
        part.loc[part.i % 2 == 0, "f"] = by
        part["i"] += by
        part.iloc[::2, 2] = pd.Timestamp("2021", tz="UTC")
        part.iloc[::2, 3] = by
        part.loc[part.i % 7 == 0, "s"] = "y"
        return part

    lazy = sf.from_pandas(frame, npartitions=npartitions).persist()
    found = lazy.map_partitions(change, 3, meta=frame[:0]).compute()
    if npartitions == 1:
        pd.testing.assert_frame_equal(found, change(frame.copy(), 3))
    assert (found["i"] == frame["i"] + 3).all()
    pd.testing.assert_frame_equal(lazy.compute(), frame)


def test_a_function_without_leave_to_write_cannot() -> None:
    def change(part: pd.DataFrame) -> pd.DataFrame:
        part.iloc[0, 0] = 7.0
        return part

    lazy = sf.from_pandas(pd.DataFrame({"f": np.arange(300_000.0)}), npartitions=3).persist()
    meta = pd.DataFrame({"f": [0.5]})[:0]
    with pytest.raises(ValueError, match="read-only"):
        lazy.map_partitions(change, meta=meta, writable=False).compute()
    assert float(lazy.map_partitions(change, meta=meta).f.max().compute()) == 299_999


def test_a_function_may_write_into_its_block_and_changes_nobody_elses() -> None:
    def sort(block: Any) -> Any:
        block.sort(axis=-1)
        block[0] = -1
        return block

    values = np.random.default_rng(3).random((600, 500))
    lazy = xp.from_array(values, chunks=(200, 500)).persist()
    expected = np.sort(values, axis=1)
    expected[::200] = -1
    np.testing.assert_array_equal(lazy.map_blocks(sort, dtype=float, writable=True), expected)
    np.testing.assert_array_equal(lazy, values)
    with pytest.raises(ValueError, match="read-only"):
        lazy.map_blocks(sort, dtype=float).compute()
    doubled = lazy * 2  # in the making, and read twice in one task
    both = doubled.map_blocks(sort, dtype=float, writable=True) + doubled
    expected = np.sort(values * 2, axis=1)
    expected[::200] = -1
    np.testing.assert_array_equal(both, expected + values * 2)


def sort(a: Any) -> None:
    a.sort()


def add(a: Any) -> None:
    a += 1


def shuffle(a: Any) -> None:
    np.random.default_rng(2).shuffle(a)


def median(a: Any) -> None:
    np.median(a, overwrite_input=True)


def nan_to_num(a: Any) -> None:
    np.nan_to_num(a, copy=False)


def export(a: Any) -> None:
    a.__dlpack__()


def typed(a: Any) -> None:
    memoryview(a)[0] = 1.5


@pytest.mark.parametrize("change", [sort, add, shuffle, median, nan_to_num, export, typed])
def test_what_fails_on_read_only_buffers_passes(change: Any) -> None:
    values = np.random.default_rng(1).random(100_000)
    values[5] = np.nan
    ref = sf.put(values)
    with pytest.raises((ValueError, BufferError, TypeError), match=r"(?i)read.?only|modify"):
        change(sf.get(ref))
    view = sf.get(ref, writable=True)
    change(view)
    change(values)
    np.testing.assert_array_equal(view, values)


def changed(array: Any, change: Any) -> Any:
    change(array)
    return array


@pytest.mark.parametrize("change", [sort, add, shuffle, median, nan_to_num, export, typed])
def test_what_fails_on_read_only_inputs_passes_in_a_task_that_may_write(change: Any) -> None:
    values = np.random.default_rng(1).random(100_000)
    ref = sf.put(values)
    with pytest.raises((ValueError, BufferError, TypeError), match=r"(?i)read.?only|modify"):
        sf.get(sf.remote(changed).remote(ref, change))
    found = sf.get(sf.remote(writable=True)(changed).remote(ref, change))
    np.testing.assert_array_equal(sf.get(ref), values)
    change(values)
    np.testing.assert_array_equal(found, values)


def dirtied(array: Any, nbytes: int) -> int:
    array.view(np.uint8)[:nbytes] = 7
    return private_dirty(array)


@pytest.mark.parametrize("nbytes", [1, 100_000, 1 << 22])
def test_only_the_pages_that_a_task_writes_are_copied(nbytes: int) -> None:
    ref = sf.put(np.zeros(1 << 20))
    found = sf.get(sf.remote(writable=True)(dirtied).remote(ref, nbytes))
    assert abs(found - nbytes) <= PAGE
    assert sf.get(ref).sum() == 0
