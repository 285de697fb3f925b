"""Small arrays are computed in the driver: the same values as anywhere, and no worker starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe as sf
import shframe.array as xp
from shframe.array.plan.cost import cost_of
from shframe.array.plan.direct import evaluate_directly
from shframe.session import Session
from tests.array.arrays import LIGHT, pairs, quiet, same

VALUES = np.random.default_rng(3).normal(size=(40, 30))
JOBS = {
    "chain": lambda x: xp.sqrt(x * x + 1) * 3 - xp.sin(x) / 2,
    "sum": lambda x: x.sum(),
    "mean by axis": lambda x: x.mean(axis=0),
    "std": lambda x: x.std(),
    "cumsum": lambda x: xp.cumsum(x, axis=1),
    "product": lambda x: x @ x.T,
    "slice": lambda x: x[3:, ::-2],
    "view": lambda x: x.T,
    "places": lambda x: x[[3, 1, 1]],
    "join": lambda x: xp.concat([x, x[:, :1]], axis=1),
    "blocks that are equal": lambda x: xp.zeros((4, 4), chunks=2),
    "random": lambda x: xp.random.normal(size=7, seed=1, chunks=3),
    "one element": lambda x: x[1, 2],
    "nothing": lambda x: x[:0],
}


@pytest.fixture
def small(request: pytest.FixtureRequest) -> Iterator[Session]:
    yield sf.init(workers=2)
    sf.shutdown()


def computed(job: Any, **options: Any) -> Any:
    sf.init(workers=2, **options)
    made = job(xp.from_array(VALUES, chunks=(13, 8))).compute()
    sf.shutdown()
    return made


@pytest.mark.parametrize("name", JOBS)
def test_the_driver_computes_the_bits_that_workers_compute(name: str) -> None:
    here, there = computed(JOBS[name]), computed(JOBS[name], inline_bytes=0)
    assert np.asarray(here).tobytes() == np.asarray(there).tobytes()
    assert (here.shape, here.dtype) == (there.shape, there.dtype)
    if here.ndim:
        assert here.flags.writeable
        assert here.flags.c_contiguous


def test_the_result_is_the_users_own(small: Session) -> None:
    values = np.arange(4.0)
    lazy = xp.from_array(values)
    for made in (lazy.compute(), (lazy + 0).compute(), lazy.persist().compute()):
        made[0] = 7
    assert lazy.compute().tolist() == values.tolist()


def test_the_trace_says_that_tasks_ran_in_the_driver(small: Session) -> None:
    made = (xp.from_array(VALUES, chunks=(40, 30)) + 1).sum(axis=1)
    assert np.allclose(made.compute(), (VALUES + 1).sum(axis=1))
    assert [span.worker for span in small.last_trace.spans] == [-1, -1]
    assert small.last_trace.notes == ["2 small tasks ran in the driver"]
    assert small.executor.pids == []  # type: ignore[attr-defined]


@given(data=st.data())
@LIGHT
def test_what_needs_no_plan_has_the_values_of_any_plan(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["f8", "i4"], hnp.array_shapes(min_dims=2, max_dims=2)))
    places = np.arange(len(values))[::-1]

    def made(m: Any, x: Any) -> Any:
        part = m.where(x[:, :1] > 0, x, 1) + x[::-1]
        return m.concat([part, m.broadcast_to(x[0], x.shape)])[places].T.reshape(-1)

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SHFRAME_CHECK")
        direct = quiet(lambda: evaluate_directly(made(xp, lazy).expr))
        assert direct is not None
        np.testing.assert_array_equal(direct, quiet(lambda: made(np, values)))
    same(made(xp, lazy), direct)


def test_a_task_that_fails_says_so_as_in_a_worker(small: Session) -> None:
    lazy = xp.average(xp.ones(3), weights=xp.zeros(3))
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero") as caught:
        lazy.compute()
    assert "task" in caught.value.__notes__[0]


def test_a_users_function_is_never_called_in_the_driver() -> None:
    lazy = xp.ones(4).map_blocks(lambda block: block, dtype=float)
    assert cost_of(lazy.expr) == float("inf")
    sf.shutdown()


def test_a_plan_costs_what_its_steps_cost() -> None:
    x = xp.ones(1_000_000, chunks=250_000)
    one, two = cost_of((x + x.sum()).expr), cost_of((xp.sin(x) + x.sum()).expr)
    assert 1e7 < one < two < 20 * one
    sf.shutdown()
