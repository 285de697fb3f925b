"""The message that is being made for a worker, until the shell sends it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shframe.graph.errors import NotPicklable
from shframe.graph.wire.channel import MOST_FDS
from shframe.graph.wire.requests import Answer
from shframe.graph.wire.work import Assigned, Surroundings, Work, fills, sent


@dataclass(slots=True)
class Outgoing:
    """What has come together: the fields are those of worker.Work.

    segments: with their descriptors, which go with the message.
    """

    tasks: list[Assigned] = field(default_factory=list)
    functions: dict[bytes, bytes] = field(default_factory=dict)
    freed: Sequence[Any] = ()
    segments: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    punched: Sequence[tuple[int, int, int]] = ()
    trim: int = 0
    recalled: list[int] = field(default_factory=list)
    surroundings: Surroundings | None = None
    answers: list[Answer] = field(default_factory=list)
    on_top: list[int] = field(default_factory=list)

    def messages(self, targets: Sequence[int]) -> Iterator[tuple[Outgoing, list[int]]]:
        """What is sent, with its descriptors: one message, or several where one takes no more.

        targets: descriptors of what tasks fill, in the order of the tasks.
        """
        if len(self.segments) + len(targets) <= MOST_FDS:
            yield self, [*self.segments.values(), *targets]
            return
        segments, tasks, left = [*self.segments.items()], self.tasks, [*targets]
        for start in range(0, len(segments), MOST_FDS):
            some = dict(segments[start : start + MOST_FDS])
            yield Outgoing(segments=some), [*some.values()]
        yield replace(self, segments={}, tasks=[]), []
        for start in range(0, len(tasks), MOST_FDS):
            batch = tasks[start : start + MOST_FDS]
            count = sum(fills(task) for task in batch)
            yield Outgoing(batch), left[:count]
            del left[:count]

    def encoded(self) -> bytes:
        """As it travels: plain pickle; cloudpickle only where a task's own arguments need it."""
        work = sent(
            Work(
                self.tasks,
                self.functions,
                self.freed,
                [*self.segments],
                self.gone,
                self.punched,
                self.trim,
                self.recalled,
                self.surroundings,
                self.answers,
                self.on_top,
            )
        )
        try:
            return pickle.dumps(work, protocol=5)
        except (pickle.PicklingError, AttributeError, TypeError):
            return _cloudpickled(work)

    def drop_unpicklable(self, fds: list[int]) -> list[tuple[int, Exception]]:
        """Take out the tasks whose arguments cannot be pickled, and what they fill; why each."""
        dropped: list[tuple[int, Exception]] = []
        kept = []
        place = len(self.segments)
        for task in self.tasks:
            try:
                _cloudpickled(task)
            except Exception as error:
                if fills(task):
                    os.close(fds.pop(place))
                reason = NotPicklable(f"an argument of a task cannot be pickled: {error}")
                dropped.append((task[0], reason))
                continue
            place += fills(task)
            kept.append(task)
        self.tasks = kept
        return dropped


def _cloudpickled(value: Any) -> bytes:
    import cloudpickle

    return bytes(cloudpickle.dumps(value, protocol=5))
