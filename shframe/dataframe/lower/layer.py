"""What lowerings share: what is known of a layer's partitions, and tasks that many of them make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shframe import session
from shframe.dataframe.kernels import rowwise
from shframe.executor_choice import planned_cores
from shframe.graph.plan import planner
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


@dataclass(frozen=True, slots=True)
class About:
    """fresh: the index counts rows from 0 in each partition, and must count those of the whole.

    nbytes: the most bytes that all partitions may have, None when nothing is known.
    likely: an estimate of them, by what filters leave; None: the same.
    """

    fresh: bool = False
    nbytes: int | None = None
    likely: int | None = None


if TYPE_CHECKING:
    Layer = planner.Layer[About]
else:  # which is called in a third of the time
    Layer = planner.Layer


def workers() -> int:
    """Workers that will run the plan: the session's, or those of a cluster."""
    return planned_cores() or session.current().options.worker_count


def partition_bytes() -> int:
    """What a partition may have in memory, in that session."""
    return session.current().options.partition_bytes


def parts_for(layer: Layer, least: int) -> int:
    """Partitions for the rows of a layer, at least so many, so that each fits into memory."""
    return max(least, -(-(layer.about.nbytes or 0) // partition_bytes()))


def per_partition(
    name: str, function: Function, partitions: Iterable[Key], *shared: Key
) -> list[Task]:
    """A task for each partition, which gets it and then what all of them share."""
    return [Task(Key(name, (n,)), function, (key, *shared)) for n, key in enumerate(partitions)]


def per_place(
    name: str, functions: Iterable[Function], inputs: Sequence[Key], *more: Key
) -> list[Task]:
    """A task for each partition of the result, which gets all of `inputs` and then `more`."""
    every = (*inputs, *more)
    return [Task(Key(name, (n,)), function, every) for n, function in enumerate(functions)]


def keys_of(tasks: Iterable[Task]) -> tuple[Key, ...]:
    """The keys of some tasks, in order."""
    return tuple(task.key for task in tasks)


def gather(name: str, kernel: Function, tasks: Iterable[Task]) -> Task:
    """One task that gets the results of all of them."""
    return Task(Key(name), kernel, keys_of(tasks))


def count_rows(name: str, keys: Iterable[Key]) -> tuple[Key, list[Task]]:
    """The key of the rows of each partition, as a list, and the tasks that count them."""
    counted = per_partition(f"{name}-count", Function(rowwise.count_rows), keys)
    counts = gather(f"{name}-counts", Function(rowwise.collect), counted)
    return counts.key, [*counted, counts]


def number_rows(name: str, layer: Layer) -> tuple[list[Key], list[Task]]:
    """The partitions with an index that counts the rows of the whole, and the tasks for that.

    There are none where the index is right already.
    """
    if not layer.about.fresh:
        return list(layer.keys), []
    counts, counting = count_rows(name, layer.keys)
    made = [
        Task(Key(f"{name}-numbered", (n,)), Function(rowwise.renumber, place=n), (key, counts))
        for n, key in enumerate(layer.keys)
    ]
    return list(keys_of(made)), [*counting, *made]
