"""A tree of tasks that combines partial results, of frames and arrays alike.

Its shape depends on the number of keys alone, so that two runs add up in the same order and give
the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task

ARITY = 8  # partial results that one task combines


def combine_tree(
    result: Key, keys: Sequence[Key], combine: Function, final: Function, nbytes: int = 0
) -> list[Task]:
    """Tasks that combine the values of `keys`, in their order; the last of the list is `result`.

    combine: of up to ARITY partial results one; final: of those that are left, the result.
    nbytes: bytes that each of the tasks reads and makes, 0: what its inputs hold.
    Cost: a seventh of a task a key.

    Examples
    --------
    >>> keys = [Key("part", (n,)) for n in range(20)]
    >>> tasks = combine_tree(Key("sum"), keys, Function(sum), Function(sum))
    >>> [len(task.inputs) for task in tasks]
    [8, 8, 4, 3]
    """
    tasks: list[Task] = []
    level = 0
    while len(keys) > ARITY:
        groups = [tuple(keys[n : n + ARITY]) for n in range(0, len(keys), ARITY)]
        name = f"{result.name}-combine"
        made = [
            Task(Key(name, (*result.index, level, n)), combine, group, nbytes=nbytes)
            for n, group in enumerate(groups)
        ]
        tasks += made
        keys = [task.key for task in made]
        level += 1
    tasks.append(Task(result, final, tuple(keys), nbytes=nbytes))
    return tasks
