"""Plans of arrays: what each rule makes of a plan, as text, and that all of them change no value.

plans/*.txt hold typical expressions as they are written and as they are run; after a change that
is meant, `python -m tests.array.test_plans` writes them again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.array.expr import nodes
from shframe.array.grid.chunks import bounds
from shframe.array.plan.plan_text import line_of
from shframe.array.plan.planner import PLANNER
from shframe.array.plan.validate import check_layer, check_node, check_rewriting
from shframe.array.rules.finish import ask_for_blocks, into_final
from shframe.array.rules.fold_constants import fold_constants
from shframe.array.rules.fuse_elementwise import fuse_elementwise
from shframe.array.rules.merge_rechunks import (
    compute_by_other_chunks,
    read_by_other_chunks,
    skip_rechunk,
)
from shframe.array.rules.push_slices import push_slice_below_elementwise, read_part
from shframe.graph.plan.expr import Expr, tree_text, walk
from shframe.graph.plan.planner import Layer
from shframe.graph.plan.rewrite import Rule, Stage
from shframe.graph.tasks.task import Key, Task
from tests.array.arrays import LIGHT, pairs, quiet, same

PLANS = Path(__file__).with_name("plans")


@pytest.fixture(autouse=True, scope="module")
def here() -> Iterator[None]:
    sf.init(executor="sync", workers=2)
    yield
    sf.shutdown()


def data(rows: int = 6, columns: int = 4, step: int = 4) -> Any:
    return xp.from_array(np.ones((rows, columns)), chunks=(step, -1))


# a rule, a plan, and the plan after the rule was applied to it once, wherever it fits
RULES: dict[str, tuple[Rule, Callable[[], Any], str]] = {
    "a rechunk to the grid that is there": (
        skip_rechunk,
        lambda: xp.Array(nodes.Rechunk(data().expr, data().chunks, data().dtype)),
        "from_array: float64 (6, 4) in blocks (4+2, 4)",
    ),
    "a rechunk of a rechunk": (
        skip_rechunk,
        lambda: (data() + 1).rechunk(3).rechunk(2),
        """
rechunk(a): float64 (6, 4) in blocks (3x2, 2x2)
  a + 1: float64 (6, 4) in blocks (4+2, 4)
    from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "a rechunk of what is read": (
        read_by_other_chunks,
        lambda: data().rechunk(3),
        "from_array: float64 (6, 4) in blocks (2x3, 3+1)",
    ),
    "a rechunk of what is computed of that": (
        compute_by_other_chunks,
        lambda: (data() + 1).rechunk(3),
        """
a + 1: float64 (6, 4) in blocks (2x3, 3+1)
  rechunk(a): float64 (6, 4) in blocks (2x3, 3+1)
    from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "a rechunk of one value": (
        read_by_other_chunks,
        lambda: xp.zeros((4, 2), chunks=2).rechunk(3),
        "full(0.0): float64 (4, 2) in blocks (3+1, 2)",
    ),
    "a slice of what is read": (
        read_part,
        lambda: data()[1:5, ::-2],
        "from_array[1:, 3::-2]: float64 (4, 2) in blocks (3+1, 2)",
    ),
    "a slice of one value": (
        read_part,
        lambda: xp.ones((4, 2), chunks=2)[1:, 0],
        "full(1.0): float64 (3,) in blocks (1+2,)",
    ),
    "an integer drops an axis, which a read cannot": (
        read_part,
        lambda: data()[2],
        """
a[2, :]: float64 (4,)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "a slice of elementwise work": (
        push_slice_below_elementwise,
        lambda: (data() * 2)[1:],
        """
a * 2: float64 (5, 4) in blocks (3+2, 4)
  a[1:6, :]: float64 (5, 4) in blocks (3+2, 4)
    from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "a slice of operands that broadcast": (
        push_slice_below_elementwise,
        lambda: (data() + xp.arange(6.0, chunks=6)[:, None].rechunk((4, 1)))[:2, 1],
        """
a + b: float64 (2,)
  a[0:2, 1]: float64 (2,)
    from_array: float64 (6, 4) in blocks (4+2, 4)
  a[0:2, 0]: float64 (2,)
    rechunk(a): float64 (6, 1) in blocks (4+2, 1)
      expand_dims(a, (1,)): float64 (6, 1)
        arange(0.0, step=1.0): float64 (6,)
""",
    ),
    "one value is a constant": (
        fold_constants,
        lambda: data() * xp.full((6, 4), 3.0, chunks=(4, -1)),
        """
a * 3.0: float64 (6, 4) in blocks (4+2, 4)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_makes_this_of_a_plan(name: str) -> None:
    rule, build, expected = RULES[name]
    stage = Stage("one", rules=(rule,), check=check_rewriting)
    assert tree_text(stage.apply(build().expr), line_of) == expected.strip()


def test_every_rule_has_a_plan() -> None:
    used = {rule.name for stage in PLANNER.stages for rule in stage.rules}
    assert used == {rule.name for rule, _, _ in RULES.values()}


PASSES: dict[str, tuple[Callable[[Expr], Expr], Callable[[], Any], str]] = {
    "a chain": (
        fuse_elementwise,
        lambda: xp.sqrt(data() + 1) * 2,
        """
sqrt(a + 1) * 2: float64 (6, 4) in blocks (4+2, 4)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "a reduction of a chain": (
        fuse_elementwise,
        lambda: (data() + 1).sum(axis=0),
        """
sum(a + 1, axis=(0,)): float64 (4,)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "what the chain reads twice": (
        fuse_elementwise,
        lambda: (lambda x: x * x)(data() + 1),
        """
t0 = a + 1; t0 * t0: float64 (6, 4) in blocks (4+2, 4)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "what two read stays": (
        fuse_elementwise,
        lambda: (lambda x: xp.concat([x * 2, x.T.T + 1]))(xp.sin(data())),
        """
concat([a, b], axis=0): float64 (12, 4) in blocks (4+2+4+2, 4)
  a * 2: float64 (6, 4) in blocks (4+2, 4)
    sin(a): float64 (6, 4) in blocks (4+2, 4)
      from_array: float64 (6, 4) in blocks (4+2, 4)
  a + 1: float64 (6, 4) in blocks (4+2, 4)
    transpose(a, (1, 0)): float64 (6, 4) in blocks (4+2, 4)
      transpose(a, (1, 0)): float64 (4, 6) in blocks (4, 4+2)
        sin(a): float64 (6, 4) in blocks (4+2, 4) (shown above)
""",
    ),
    "another grid stays": (
        fuse_elementwise,
        lambda: (data() + 1).rechunk(3) * 2,
        """
a * 2: float64 (6, 4) in blocks (2x3, 3+1)
  rechunk(a): float64 (6, 4) in blocks (2x3, 3+1)
    a + 1: float64 (6, 4) in blocks (4+2, 4)
      from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "blocks of its own": (
        ask_for_blocks,
        lambda: data(),
        """
result: float64 (6, 4) in blocks (4+2, 4)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
    "a final array": (
        lambda plan: into_final(ask_for_blocks(plan), 3),
        lambda: data(),
        """
result in shared memory: float64 (6, 4) in blocks (4+2, 4)
  from_array: float64 (6, 4) in blocks (4+2, 4)
""",
    ),
}


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_makes_this_of_a_plan(name: str) -> None:
    apply, build, expected = PASSES[name]
    before = build().expr
    after = apply(before)
    check_rewriting(before, after)
    assert tree_text(after, line_of) == expected.strip()


TYPICAL: dict[str, Callable[[], Any]] = {
    "standardised": lambda: (lambda x: (x - x.mean(axis=0)) / x.std(axis=0))(data(1000, 30, 400)),
    "differences": lambda: xp.abs(data(1000, 30, 400)[1:] - data(1000, 30, 400)[:-1]).max(),
    "product": lambda: (data(1000, 30, 400).T @ data(1000, 30, 400)).sum(axis=1),
    "masked_sum": lambda: (lambda x: xp.where(x > 0, xp.log(x + 1), 0.0).sum(axis=1))(data()),
    "joined": lambda: xp.cumsum(xp.concat([data(), data().rechunk(3)]), axis=0)[::2, [0, 2]],
}


def text_of(name: str) -> str:
    return f"{TYPICAL[name]().explain()}\n"


@pytest.mark.parametrize("name", TYPICAL)
def test_a_typical_expression_has_the_committed_plan(name: str) -> None:
    assert text_of(name) == PLANS.joinpath(f"{name}.txt").read_text()


STEPS: list[Callable[[Any, Any], Any]] = [
    lambda q, x: x + 1,
    lambda q, x: q.sqrt(q.abs(x)) * x,
    lambda q, x: q.where(x > 0, x, -x),
    lambda q, x: x - q.ones(x.shape),
    lambda q, x: x * x.mean(axis=-1, keepdims=True),
    lambda q, x: x.T,
    lambda q, x: x[::-1],
    lambda q, x: x[1:] if x.shape[0] > 1 else x,
    lambda q, x: x[..., :2],
    lambda q, x: q.concatenate([x, x * 2]),
    lambda q, x: x.reshape(-1, x.shape[0]),
    lambda q, x: x.rechunk(2) if q is xp else x,
    lambda q, x: q.cumsum(x, axis=0),
    lambda q, x: q.expand_dims(x.max(axis=0), 0),
]


@LIGHT
@given(
    pairs(["f8", "i4"], st.sampled_from([(5, 4), (3, 6), (1, 7)]), finite=True),
    st.lists(st.sampled_from(range(len(STEPS))), min_size=1, max_size=7),
)
def test_a_plan_computes_the_same_optimised_and_not(pair: Any, steps: list[int]) -> None:
    values, lazy = pair
    for n in steps:
        values, lazy = quiet(lambda n=n, v=values: STEPS[n](np, v)), STEPS[n](xp, lazy)
    plain = dataclasses.replace(PLANNER, stages=())
    graph, _ = plain.graph(ask_for_blocks(lazy.expr))
    blocks = [ref.value() for ref in sf.session.current().run(graph)]
    made = np.asarray(lazy.compute())
    for place, block in zip(bounds(lazy.chunks), blocks, strict=True):
        np.testing.assert_allclose(made[place], block, rtol=1e-12)
    same(lazy, values, rtol=1e-9, atol=1e-9)


def broken(**changes: Any) -> nodes.Node:
    node = (data() + 1).expr
    return dataclasses.replace(node, **changes)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: broken(dtype=np.dtype("f4")), "dtype"),
        (lambda: broken(chunks=((6,), (4,))), "chunks"),
        (lambda: broken(chunks=((4, 4), (4,))), "shape"),
        (lambda: broken(program=()), "no step"),
    ],
)
def test_a_rule_that_changes_an_array_is_found(wrong: Callable[[], nodes.Node], words: str) -> None:
    stage = Stage("bad", passes=(lambda plan: wrong(),), check=check_rewriting)
    with pytest.raises(AssertionError, match=words):
        stage.apply((data() + 1).expr)
    rule = Rule(nodes.Elementwise, lambda node: None if node == wrong() else wrong())
    with pytest.raises(AssertionError, match=words):
        Stage("bad", rules=(rule,), check=check_rewriting).apply((data() + 1).expr)


def test_layers_with_a_key_twice_or_a_block_too_few_are_found() -> None:
    node = (data() + 1).expr
    layer = PLANNER.lowerings[nodes.Elementwise](node, (lowered(data().expr),))
    check_layer(node, layer)
    twice = Layer(layer.keys, [*layer.tasks, layer.tasks[0]], about=layer.about)
    with pytest.raises(AssertionError, match="one key"):
        check_layer(node, twice)
    strange = Layer(layer.keys, [Task(Key("x"), layer.tasks[0].function)], about=layer.about)
    with pytest.raises(AssertionError, match="other nodes"):
        check_layer(node, strange)
    with pytest.raises(AssertionError, match="1 keys of 2 blocks"):
        check_layer(node, Layer(layer.keys[:1], layer.tasks, about=layer.about[:1]))


def lowered(node: Expr) -> Layer:
    return PLANNER.lowerings[type(node)](node, ())


def test_the_nodes_of_typical_plans_are_whole() -> None:
    for build in TYPICAL.values():
        for node in walk(build().expr):
            check_node(node)


if __name__ == "__main__":
    for each in TYPICAL:
        PLANS.joinpath(f"{each}.txt").write_text(text_of(each))
