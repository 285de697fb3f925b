"""Large results: written by the workers where they stay, in runs, whatever grid the arrays have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import shframe.array as xp
from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.array.plan.cost import cost_of
from shframe.array.plan.planner import PLANNER
from shframe.array.rules.merge_blocks import merge_result_blocks

pytestmark = pytest.mark.usefixtures("session")

# larger than what is put together in the driver; the last axes are long enough to be turned
SHAPES = [
    ((700, 640), (300, 250)),
    ((700, 640), (-1, 250)),
    ((700, 640), (7, 640)),
    ((3, 400, 300), (2, 150, 300)),
    ((3, 400, 300), (1, 400, 130)),
    ((300, 2, 400), -1),
]


def square(x: Any) -> Any:
    side = min(x.shape[-2:])
    return x[..., :side, :side]


EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "turned": lambda m, x: x.T,
    "last axes exchanged": lambda m, x: m.swapaxes(x, -1, -2),
    "elementwise": lambda m, x: x * 2 + 1,
    "elementwise of what is turned": lambda m, x: m.swapaxes(x, -1, -2) * 2,
    "broadcast": lambda m, x: x.T + m.arange(x.shape[0]),
    "of two orders": lambda m, x: square(x) + m.swapaxes(square(x), -1, -2),
    "sum of what is turned": lambda m, x: m.sum(m.swapaxes(x, -1, -2), axis=0),
    "reversed": lambda m, x: x[::-1, ..., ::-1] - 1,
}


@pytest.mark.parametrize(("shape", "chunks"), SHAPES)
@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("kept", [False, True])
def test_results_are_numpys(name: str, shape: Any, chunks: Any, kept: bool) -> None:
    values = np.random.default_rng(0).random(shape)
    x = xp.from_array(values, chunks=chunks)
    if kept:  # blocks that are computed, whose grid is not free
        x = (x * 1).persist()
    call = EXPRESSIONS[name]
    made = call(xp, x).compute()
    np.testing.assert_allclose(made, call(np, values), rtol=1e-12)
    assert made.flags.c_contiguous
    assert made.flags.writeable


@pytest.mark.parametrize(("shape", "chunks"), SHAPES)
def test_what_is_stored_is_computed_in_runs(shape: Any, chunks: Any) -> None:
    x = xp.from_array(np.ones(shape), chunks=chunks)
    for lazy in (x + 1, x.T, x.T * 2):
        plan = merge_result_blocks(PLANNER.optimized(lazy.expr))
        assert isinstance(plan, nodes.Node)
        assert grids.contiguous(plan.chunks)
        assert plan.shape == lazy.shape


def test_an_element_somewhere_costs_more_than_one_in_a_row() -> None:
    x = xp.from_array(np.ones(1_000_000))
    some = xp.from_array(np.ones((1000, 1000)))
    index = np.arange(0, 1_000_000, 10)
    here = cost_of(PLANNER.optimized(x[index].expr))
    rows = cost_of(PLANNER.optimized(some[index[:100] // 1000].expr))
    assert here > 4 * rows
    plan = PLANNER.optimized((x[:100_000] + 1).expr)
    assert here > 4 * cost_of(plan)


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [10, 10**5, 2 * 10**6, 20 * 10**6, 10**9])
def test_automatic_blocks_are_as_many_for_each_worker(size: int, workers: int) -> None:
    (lengths,) = grids.normalize_chunks("auto", (size,), 8, parts=2 * workers)
    assert sum(lengths) == size
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) * 8 <= grids.LARGEST
    if 2 * workers < len(lengths) < 16 * workers:
        assert len(lengths) % workers == 0
