"""Tasks of a graph by number, entered into the scheduler in slices, in the order of their priority.

What is known of a task only while it is under way (its number by key, its sources) is made for
some thousands of tasks at once: of a million tasks the scheduler knows few at any time. What is
kept of all of them is their order and two integers each, in arrays.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from shframe.graph.scheduler.messages import Entered, Submitted
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph

SLICE = 4096  # tasks: below 1,000 the round through the scheduler shows, beyond 10,000 the memory


class GraphSubmission:
    """The tasks that the outputs of a graph need, with numbers from `first` on.

    order: their keys in the order of the numbers; entered: how many the scheduler knows.
    readers: how many tasks read each result, and one more where it is an output.
    numbers: by key, of results that tasks still to be entered read, and of outputs.
    """

    __slots__ = ("_unread", "entered", "first", "graph", "numbers", "order", "readers")

    def __init__(self, graph: TaskGraph) -> None:
        """Raises CycleFound."""
        self.graph = graph
        self.order = order = graph.sorted_keys()
        counts = graph.readers(order)
        for key in set(graph.outputs):
            if key in counts:
                counts[key] += 1
        self.readers = array("I", map(counts.__getitem__, order))
        self._unread = array("I", self.readers)  # readers that are still to be entered
        self.numbers: dict[Key, int] = {}
        self.first = self.entered = 0

    def __len__(self) -> int:
        return len(self.order)

    def has(self, number: int) -> bool:
        """Whether the task is one of these."""
        return self.first <= number < self.first + len(self.order)

    def task(self, number: int) -> Task:
        return self.graph.tasks[self.order[number - self.first]]

    def submitted(self, run: int, first: int, priority: int = 0, parent: int = 0) -> Submitted:
        """The event that opens the run; tasks are numbered from `first` on."""
        self.first = first
        return Submitted(run, first, self.readers, priority, parent)

    def next(self, run: int, kind: Callable[[Function], object]) -> Entered:
        """The event that enters the next slice."""
        kinds: list[object] = []
        sources: list[tuple[int, ...]] = []
        tasks, numbers = self.graph.tasks, self.numbers
        low = self.entered
        self.entered = min(low + SLICE, len(self.order))
        for at in range(low, self.entered):
            task = tasks[self.order[at]]
            kinds.append(kind(task.function))
            sources.append(self._sources(task) if task.inputs else ())
            if self._unread[at]:
                numbers[task.key] = self.first + at
        return Entered(run, kinds, sources)

    def _sources(self, task: Task) -> tuple[int, ...]:
        tasks, numbers, unread = self.graph.tasks, self.numbers, self._unread
        found = []
        for key in dict.fromkeys(task.inputs):
            if key in tasks:
                number = numbers[key]
                found.append(number)
                unread[number - self.first] -= 1
                if not unread[number - self.first]:
                    del numbers[key]
        return tuple(found)

    def inputs(self, number: int, sources: tuple[int, ...]) -> list[Key | int]:
        """What the task reads, in its order: the key of data, or the number of the task, one of
        `sources`, that makes it."""
        task, graph = self.task(number), self.graph
        if len(sources) == len(task.inputs) and not graph.data:
            return [*sources]
        made = (key for key in dict.fromkeys(task.inputs) if key in graph.tasks)
        numbers = dict(zip(made, sources, strict=True))
        return [key if key in graph.data else numbers[key] for key in task.inputs]
