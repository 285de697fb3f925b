"""Arrays of four times the session's memory are put in order, searched, picked from and laid out
anew, with what NumPy gives for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import shframe as sf
import shframe.array as xp

BUDGET = 32 << 20
ROWS = 1 << 18  # of a block: 2 MiB of float64
COUNT = 4 * BUDGET // 8


@pytest.fixture(autouse=True, scope="module")
def small_session() -> Iterator[None]:
    sf.init(memory=BUDGET, workers=2)
    (xp.arange(COUNT, chunks=ROWS) + 1).persist()  # starts the workers, opens the file of the store
    yield
    sf.shutdown()


def scattered() -> Any:
    """Each number below a prime about as often, in blocks that tasks make."""
    return xp.arange(COUNT, chunks=ROWS, dtype="f8") * 7919 % 1_000_003


def known() -> Any:
    return np.arange(COUNT, dtype="f8") * 7919 % 1_000_003


def test_it_is_sorted() -> None:
    made = xp.sort(scattered()).persist()
    expected = np.sort(known())
    for start in range(0, COUNT, 16 * ROWS):
        found = made[start : start + ROWS].compute()
        np.testing.assert_array_equal(found, expected[start : start + ROWS])


def test_its_quantiles_are_found() -> None:
    values = known()
    assert xp.median(scattered()).compute() == np.median(values)
    holes = xp.where(scattered() < 1e5, np.nan, scattered())
    values[values < 1e5] = np.nan
    shares = [0.1, 0.5, 0.99]
    np.testing.assert_allclose(xp.nanquantile(holes, shares), np.nanquantile(values, shares))
    np.testing.assert_allclose(xp.nanmedian(holes).compute(), np.nanmedian(values))


def test_its_different_values_are_found() -> None:
    values, counts = xp.unique(scattered() % 1000, return_counts=True)
    expected = np.unique(known() % 1000, return_counts=True)
    np.testing.assert_array_equal(values.compute(), expected[0])
    np.testing.assert_array_equal(counts.compute(), expected[1])


def test_it_is_searched() -> None:
    line = xp.arange(COUNT, chunks=ROWS, dtype="f8")
    assert xp.searchsorted(line, scattered()).sum().compute() == int(known().sum())


def test_elements_are_picked() -> None:
    wanted = np.random.default_rng(0).integers(0, COUNT, COUNT // 8)
    assert scattered()[wanted].sum().compute() == known()[wanted].sum()


def test_short_and_fat_becomes_tall_and_thin() -> None:
    rows = 64
    fat = (xp.arange(COUNT, chunks=ROWS, dtype="f8") + 1).reshape(rows, -1).rechunk((1, -1))
    columns = COUNT // rows
    made = (fat.persist().rechunk((rows, columns // 64)) * 2).sum(axis=0)
    first = np.arange(columns) + 1.0
    expected = 2 * (rows * first + columns * (rows * (rows - 1) / 2))
    np.testing.assert_allclose(made.compute(), expected)
