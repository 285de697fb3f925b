"""Everything in one task, and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe import session
from shframe.dataframe.expr.base import Value
from shframe.dataframe.expr.relations import Whole
from shframe.dataframe.expr.values import AllRows, Computed, Given, ValueOperation
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.lower.layer import About, Layer, number_rows
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_whole(node: Whole, sources: tuple[Layer, ...]) -> Layer:
    """Bring each source together in one task, then run the kernel on them."""
    return run_whole(node, node.kernel, node.params.values, sources)


def lower_computed(node: Computed | ValueOperation, sources: tuple[Layer, ...]) -> Layer:
    """The same for a value."""
    return run_whole(node, *node.call, sources)


def run_whole(
    node: Expr, kernel: Callable[..., Any], params: dict[str, Any], sources: tuple[Layer, ...]
) -> Layer:
    """One task that gets all rows of each relation among the node's children, and the values."""
    tasks: list[Task] = []
    inputs: list[Key] = []
    labelled = not isinstance(node, AllRows) or node.labels
    for child, layer in zip(node.children(), sources, strict=True):
        if isinstance(child, Value):
            inputs.append(layer.keys[0])
            continue
        keys, numbering = number_rows(child.name, layer) if labelled else (layer.keys, [])
        key = Key(f"{node.name}-whole-{len(inputs)}")
        tasks.extend((*numbering, Task(key, Function(rowwise.stack), tuple(keys))))
        inputs.append(key)
    nbytes = 0 if inputs else 1  # of a constant
    function = Function(kernel, **params)
    task = Task(Key(node.name, (0,)), function, tuple(inputs), nbytes=nbytes, fan_in=True)
    size = sum(len(layer.keys) for layer in sources)
    note = f"{task.function.name} ran in one task over all of its {size} partitions"
    return Layer([task.key], [*tasks, task], about=About(), notes=(note,) if tasks else ())


def lower_given(node: Given, sources: tuple[Layer, ...]) -> Layer:
    """What a lazy object of another room computes is computed now, and stored."""
    held = node.held.value
    ref = held if isinstance(held, ObjectRef) else session.executor().put(held.compute())
    key = Key(node.name)
    return Layer([key], about=About(), data={key: ref})
