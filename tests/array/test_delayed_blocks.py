"""Blocks from delayed calls and back, and the names that Dask has for grids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import shframe as sf
import shframe.array as xp

pytestmark = pytest.mark.usefixtures("session")
VALUES = np.arange(12.0).reshape(3, 4)


def test_delayed_calls_are_blocks() -> None:
    parts = [xp.from_delayed(sf.delayed(np.full)(2, n), (2,), int) for n in range(3)]
    made = xp.concatenate(parts)
    assert (made * 2 + made.sum()).compute().tolist() == [6, 6, 8, 8, 10, 10]
    wrong: list[tuple[Any, type[Exception], str]] = [
        (np.ones(3), ValueError, "has the shape"),
        (np.ones(2) * 1j, TypeError, "of dtype complex128"),
    ]
    for value, error, message in wrong:
        with pytest.raises(error, match=message):
            xp.from_delayed(sf.delayed(value), (2,), float).compute()


def test_blocks_are_delayed_calls() -> None:
    lazy = xp.from_array(VALUES, chunks=2)
    apart = VALUES - VALUES.mean()
    blocks = (lazy - lazy.mean()).to_delayed()
    assert blocks.shape == (2, 2)
    sums = sf.compute(*(sf.delayed(np.sum)(block) for block in blocks.ravel()))
    assert np.allclose(sums, [part.sum() for half in (apart[:2], apart[2:]) for part in
                              (half[:, :2], half[:, 2:])])  # fmt: skip
    assert np.array_equal(blocks[1, 0].compute(), apart[2:, :2])


def test_grids_under_dasks_names() -> None:
    normalize = xp.core.normalize_chunks
    assert normalize(((2, 1), (3,))) == ((2, 1), (3,))
    assert normalize({0: 2}, (3, 4), previous_chunks=((3,), (2, 2))) == ((2, 1), (2, 2))
    grid = normalize("auto", (1000, 1000), limit="1MiB", dtype="f4")
    assert 4 * max(grid[0]) * max(grid[1]) <= 1 << 20
    assert xp.core.slices_from_chunks(((2, 1),)) == [(slice(0, 2),), (slice(2, 3),)]
    with pytest.raises(ValueError, match="needs a shape"):
        normalize("auto")


def test_gaps_are_filled_from_before_and_moments() -> None:
    gaps = np.array([[np.nan, 1, np.nan, np.nan, 4], [2, np.nan, np.nan, np.nan, np.nan]])
    lazy = xp.from_array(gaps, chunks=2)
    expected = [[np.nan, 1, 1, np.nan, 4], [2, 2, np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(xp.push(lazy, 1).compute(), expected)
    np.testing.assert_array_equal(xp.push(lazy).compute()[:, -2:], [[1, 4], [2, 2]])
    third = ((VALUES - VALUES.mean(0)) ** 3).sum(0) / 2
    made = xp.from_array(VALUES, chunks=2).moment(3, axis=0, ddof=1)
    np.testing.assert_allclose(made.compute(), third, atol=1e-12)


@pytest.fixture
def zarr() -> Iterator[Any]:
    """The package, whose threads end with the test."""
    package = pytest.importorskip("zarr")
    yield package
    package.core.sync.cleanup_resources()


def test_zarr_arrays(zarr: Any, tmp_path: Any) -> None:
    values = np.arange(35.0).reshape(5, 7)
    path = str(tmp_path / "a.zarr")
    lazy = xp.from_array(values, chunks=(2, 3))
    lazy.to_zarr(path)
    stored = zarr.open_array(path)
    assert stored.chunks == (2, 3)
    assert np.array_equal(stored[:], values)
    for chunks in (None, (2, 2)):
        assert np.array_equal(xp.from_zarr(path, chunks=chunks).compute(), values)
    (lazy[:2, :3] * 0).to_zarr(stored, region=(slice(1, 3), slice(3, 6)))
    (lazy[:2, :3] * 0).to_zarr(stored, region=(slice(2, 4), slice(0, 3)))
    expected = values.copy()
    expected[1:3, 3:6] = expected[2:4, :3] = 0
    assert np.array_equal(stored[:], expected)
    with pytest.raises(ValueError, match="could not broadcast"):
        lazy.to_zarr(stored, region=(slice(1, 3), slice(3, 6)))
    again = lazy.to_zarr(path, overwrite=True, return_stored=True)
    assert np.array_equal(again.compute(), values)
