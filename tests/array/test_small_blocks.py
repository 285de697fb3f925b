"""Many small blocks: several are worked on by one task, where the grid is not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shframe.array as xp
from shframe.session import Session

pytestmark = pytest.mark.usefixtures("session")
VALUES = np.random.default_rng(4).normal(size=(400, 30))
JOBS: dict[str, Any] = {
    "sum": lambda m, x: x.sum(),
    "chain": lambda m, x: m.sqrt(x * x + 1).sum(axis=0),
    "kept axis": lambda m, x: x.max(axis=1),
    "std": lambda m, x: x.std(axis=0),
    "argmax": lambda m, x: m.argmax(x),
    "argmin along": lambda m, x: m.argmin(x, axis=0),
    "result": lambda m, x: x * 2 + x[:1],
}


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("job", sorted(JOBS))
def test_the_values_are_those_of_the_blocks(session: Session, job: str, stored: bool) -> None:
    lazy = xp.from_array(VALUES, chunks=(2, 15))
    made = JOBS[job](xp, lazy if stored else lazy.persist()).compute()
    np.testing.assert_allclose(made, JOBS[job](np, VALUES), rtol=1e-12)


def test_a_sum_of_many_blocks_is_few_tasks(session: Session) -> None:
    lazy = xp.from_array(VALUES, chunks=(1, 30))
    lazy.sum().compute()
    assert len(session.last_trace.spans) < 30
    lazy.persist().sum().compute()
    assert len(session.last_trace.spans) < 30
    (lazy + 1).compute()
    assert len(session.last_trace.spans) < 30
    kept = (lazy + 1).persist()
    assert kept.numblocks == (400, 1)


def test_a_users_reduction_gets_the_blocks_that_the_user_made() -> None:
    lazy = xp.from_array(np.arange(100.0), chunks=2)

    def size(block: Any, axis: Any, keepdims: bool) -> Any:
        return np.full((1,) * keepdims, len(block))

    made = xp.reduction(lazy, size, lambda sizes, axis, keepdims: sizes.max(keepdims=keepdims))
    assert made.compute() == 2


@pytest.mark.parametrize("chunks", [(300, 400), (150, 400), (130, 170)])
def test_turned_operands_are_worked_on_in_squares(chunks: Any) -> None:
    values = np.random.default_rng(4).normal(size=(300, 400))
    lazy = xp.from_array(values, chunks=chunks)
    for source in (lazy, lazy + 0):
        turned = source.T
        np.testing.assert_array_equal(turned.compute(), values.T)
        made = turned[:, :290] * 2 + xp.from_array(values.T[:, :290].copy())
        np.testing.assert_array_equal(made.compute(), values.T[:, :290] * 3)
        np.testing.assert_allclose(turned.sum(axis=0).compute(), values.sum(1), rtol=1e-12)
        total = (turned + 1).std(axis=1).compute()
        np.testing.assert_allclose(total, values.std(0), rtol=1e-12)
        stack = xp.stack([turned, turned * 2])
        np.testing.assert_array_equal(stack.compute(), np.stack([values.T, values.T * 2]))
        other = source.rechunk((170, 130)).T.rechunk((200, 300))
        np.testing.assert_array_equal(other.compute(), values.T)
