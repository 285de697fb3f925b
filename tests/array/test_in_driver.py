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


ONE_BLOCK: dict[str, Any] = {
    "sum": lambda x: x.sum(axis=0),
    "sum of what is made": lambda x: (x * 2 + 1).sum(),
    "std": lambda x: xp.std(x, axis=1, keepdims=True),
    "nanvar": lambda x: xp.nanvar(x),
    "argmax": lambda x: xp.argmax(x, axis=0),
    "topk": lambda x: xp.topk(x, 2),
    "unique": lambda x: xp.unique_counts(x).counts,
    "cumsum": lambda x: xp.cumsum(x, axis=0),
    "running power": lambda x: xp.power.accumulate(x, axis=1),
    "sort": lambda x: xp.sort(x, axis=0),
    "median": lambda x: xp.median(x),
    "product": lambda x: x.T @ x,
    "norm": lambda x: xp.linalg.norm(x),
    "svd": lambda x: xp.linalg.svd(x, full_matrices=False)[1],
    "fft": lambda x: xp.fft.rfft(x, axis=0),
    "histogram": lambda x: xp.histogram(x, bins=3, range=(-1, 1))[0],
    "interp": lambda x: xp.interp(x, [-1.0, 1.0], [2.0, 3.0]),
    "cov": lambda x: xp.cov(x),
    "range": lambda x: xp.arange(5) + 1,
    "diagonal": lambda x: xp.eye(4, 3, k=1),
    "random": lambda x: xp.random.default_rng(3).normal(size=(3, 2)),
    "records": lambda x: xp.unique(x[:, 0] > 0, return_index=True)[1],
}


@pytest.mark.parametrize("name", ONE_BLOCK)
def test_what_is_one_block_has_the_bits_of_a_plan(name: str) -> None:
    """Which also says that it needs none."""

    def made(**options: Any) -> Any:
        session = sf.init(workers=2, **options)
        found = ONE_BLOCK[name](xp.from_array(VALUES)).compute()
        notes = session.last_trace.notes
        sf.shutdown()
        return found, notes

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SHFRAME_CHECK")
        (here, notes), (there, _) = made(), made(inline_bytes=0)
    assert "computed in the driver, without tasks" in notes
    assert np.asarray(here).tobytes() == np.asarray(there).tobytes()
    assert (here.shape, here.dtype) == (there.shape, there.dtype)
    assert not here.ndim or (here.flags.writeable and here.flags.c_contiguous)


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


USERS = {
    "map_blocks": lambda f, x: x.map_blocks(f, dtype=float),
    "map_overlap": lambda f, x: x.map_overlap(f, depth=1, dtype=float),
    "apply_along_axis": lambda f, x: xp.apply_along_axis(f, 0, x, dtype=float, shape=(2,)),
    "apply_gufunc": lambda f, x: xp.apply_gufunc(f, "()->()", x, output_dtypes=float),
    "blockwise": lambda f, x: xp.blockwise(f, "i", x, "i", dtype=float),
    "reduction": lambda f, x: xp.reduction(x, lambda b, **_: f(b)[:1], xp.sum, dtype=float),
    "coarsen": lambda f, x: xp.coarsen(lambda b, axis: f(b[:, 0]), x, {0: 2}),
    "pad": lambda f, x: xp.pad(x, 1, mode=lambda v, *_: f(v)),
}


@pytest.mark.parametrize("name", USERS)
def test_a_users_function_is_never_called_in_the_driver(name: str, small: Session) -> None:
    lazy = USERS[name](lambda block: np.asarray(block) * 0.5, xp.ones(2))
    assert cost_of(lazy.expr) == float("inf")
    assert evaluate_directly(lazy.expr) is None


def test_a_plan_costs_what_its_steps_cost() -> None:
    x = xp.ones(1_000_000, chunks=250_000)
    one, two = cost_of((x + x.sum()).expr), cost_of((xp.sin(x) + x.sum()).expr)
    assert 1e7 < one < two < 20 * one
    sf.shutdown()
