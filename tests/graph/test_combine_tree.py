"""Partial results are combined in a tree whose shape depends on their number alone."""

from __future__ import annotations

from typing import Any

import pytest

from shframe.graph.plan.combine_tree import ARITY, combine_tree
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key


def join(*parts: Any) -> Any:
    return sum(parts, ())


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 64, 65, 600])
def test_the_tree_combines_every_key_once_and_in_order(count: int) -> None:
    keys = [Key("part", (n,)) for n in range(count)]
    tasks = combine_tree(Key("all", (3, 1)), keys, Function(join), Function(join), nbytes=5)
    values: dict[Key, Any] = {key: (key.index[0],) for key in keys}
    for task in tasks:
        assert 1 <= len(task.inputs) <= ARITY
        assert task.nbytes == 5
        assert task.key not in values
        values[task.key] = task.function(*[values[key] for key in task.inputs])
    assert tasks[-1].key == Key("all", (3, 1))
    assert values[tasks[-1].key] == tuple(range(count))
    assert len(tasks) <= 1 + count // 4
