"""The tasks that a worker was sent and has not begun, and results that later ones read."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from shframe.graph.wire.call_format import Wired
from shframe.graph.wire.work import Assigned, fills


class TaskQueue:
    """Tasks in the order in which they run. Tasks are taken out by the main thread only.

    recalled: numbers of tasks that are not run here, to be reported.
    unwanted: tasks that are not to be started any more. on_top: those that may run on top of one
    that waits. targets: task -> descriptor of what it fills a part of. readers: task -> tasks sent
    behind it that read its result.
    """

    def __init__(self) -> None:
        self.waiting: deque[Assigned] = deque()
        self.recalled: deque[int] = deque()
        self.unwanted: set[int] = set()
        self.on_top: set[int] = set()
        self.targets: dict[int, int] = {}
        self.readers: dict[int, int] = {}
        self._results: dict[int, Wired] = {}  # of tasks that have readers

    def add(self, tasks: Sequence[Assigned]) -> None:
        """Take in tasks that were sent."""
        for task in tasks:
            _, _, inputs, _, _ = task
            for held in inputs:
                if type(held) is int:
                    self.readers[held] = self.readers.get(held, 0) + 1
        self.waiting.extend(tasks)

    def add_targets(self, tasks: Sequence[Assigned], fds: Iterable[int]) -> None:
        """Take in the descriptors that were sent with those of the tasks that fill something."""
        numbers = [task[0] for task in tasks if fills(task)]
        self.targets.update(zip(numbers, fds, strict=True))

    def recall(self, unwanted: Callable[[int], bool]) -> None:
        """Return queued tasks for which `unwanted` is true to the scheduler.

        In place: another thread may append at the same time.
        """
        kept = []
        for _ in range(len(self.waiting)):
            task = self.waiting.popleft()
            number, _, inputs, _, _ = task
            if not unwanted(number):
                kept.append(task)
                continue
            if number in self.targets:
                os.close(self.targets.pop(number))
            self.resolve(inputs)
            self.recalled.append(number)
        self.waiting.extendleft(reversed(kept))

    def recall_unwanted(self) -> None:
        """Return what the driver has recalled and was not begun."""
        if self.unwanted:
            unwanted, self.unwanted = self.unwanted, set()
            self.recall(unwanted.__contains__)

    def resolve(self, inputs: tuple[Wired, ...]) -> tuple[Wired, ...] | None:
        """Replace numbers of tasks among inputs by their results; None: one is missing.

        The inputs are not read by this task any more.
        """
        found = tuple(self._results.get(one) if type(one) is int else one for one in inputs)
        for one in inputs:
            if type(one) is int:
                self.readers[one] -= 1
                if not self.readers[one]:
                    del self.readers[one]
                    self._results.pop(one, None)
        return None if any(one is None for one in found) else found

    def keep_result(self, number: int, held: Wired) -> None:
        """Keep a result for tasks that were sent behind its task."""
        if number in self.readers and held is not None:
            self._results[number] = held

    def take_recalled(self) -> list[int]:
        """The numbers to be reported; each once, whatever thread reports."""
        found = []
        while self.recalled:
            found.append(self.recalled.popleft())
        return found
