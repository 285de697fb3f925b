"""Windows: each partition with what it needs of those before and after it.

What a partition needs is passed from neighbour to neighbour: each step is as small as that.
"""

from __future__ import annotations

from shframe.dataframe.expr.windows import Carried, Windowed
from shframe.dataframe.kernels import carrying, rowwise, window
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    gather,
    keys_of,
    number_rows,
    per_partition,
)
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_windowed(node: Windowed, sources: tuple[Layer, ...]) -> Layer:
    """Find what each partition passes on, pass it on, and call the method between that."""
    name, plan = node.name, node.plan
    keys, tasks = number_rows(node.source.name, sources[0])
    given = tuple(layer.keys[0] for layer in sources[1:])
    count = len(keys)
    before: list[Key | None] = [None] * count
    after: list[Key | None] = [None] * count
    if plan.before != 0 and count > 1:
        passed, more = _pass_on(f"{name}-before", node, keys[:-1], given, backward=False)
        before[1:], tasks = passed, [*tasks, *more]
    if plan.after != 0 and count > 1:
        passed, more = _pass_on(f"{name}-after", node, keys[:0:-1], given, backward=True)
        after[:-1], tasks = passed[::-1], [*tasks, *more]
    made = []
    for n, key in enumerate(keys):
        sides = before[n], after[n]
        call = Function(
            window.call_between, sides=tuple(one is not None for one in sides), plan=plan
        )
        others = tuple(one for one in sides if one is not None)
        made.append(Task(Key(name, (n,)), call, (key, *others, *given)))
    return Layer(keys_of(made), [*tasks, *made], about=About(nbytes=sources[0].about.nbytes))


def _pass_on(
    name: str, node: Windowed, keys: list[Key], given: tuple[Key, ...], *, backward: bool
) -> tuple[list[Key], list[Task]]:
    """What is passed on behind each partition, in the order of `keys`."""
    how = {"plan": node.plan, "backward": backward}
    found = per_partition(f"{name}-found", Function(window.find_reached, **how), keys, *given)
    join = Function(window.join_reached, **how)
    passed, steps = [found[0].key], []
    for n, task in enumerate(found[1:]):
        steps.append(Task(Key(name, (n,)), join, (task.key, passed[-1], *given)))
        passed.append(steps[-1].key)
    return passed, [*found, *steps]


def lower_carried(node: Carried, sources: tuple[Layer, ...]) -> Layer:
    """A few numbers of each partition, then each partition with those of all others."""
    name, layer, how = node.name, sources[0], {"plan": node.plan}
    keys, before = number_rows(node.source.name, layer)
    found = per_partition(f"{name}-found", Function(carrying.find_state, **how), keys)
    states = gather(f"{name}-states", Function(rowwise.collect), found)
    about = About(nbytes=layer.about.nbytes)
    calls = [Function(carrying.call_carried, place=n, **how) for n in range(len(keys))]
    pairs = zip(keys, calls, strict=True)
    made = [Task(Key(name, (n,)), call, (key, states.key)) for n, (key, call) in enumerate(pairs)]
    return Layer(keys_of(made), [*before, *found, states, *made], about=about)
