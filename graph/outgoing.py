"""The message that is being made for a worker, until the shell sends it."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shframe.graph.worker import Assigned, Surroundings, Work, sent


@dataclass(slots=True)
class Outgoing:
    """What has come together: the fields are those of worker.Work."""

    tasks: list[Assigned] = field(default_factory=list)
    functions: dict[bytes, bytes] = field(default_factory=dict)
    segments: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    trim: int = 0
    recalled: list[int] = field(default_factory=list)
    answers: list[tuple[Any, ...]] = field(default_factory=list)
    on_top: list[int] = field(default_factory=list)

    def encoded(
        self,
        freed: Sequence[Any],
        punched: Sequence[tuple[int, int, int]],
        surroundings: Surroundings | None,
    ) -> bytes:
        """As it travels: plain pickle; cloudpickle only where a task's own arguments need it."""
        work = sent(
            Work(
                self.tasks,
                self.functions,
                freed,
                self.segments,
                self.gone,
                punched,
                self.trim,
                self.recalled,
                surroundings,
                self.answers,
                self.on_top,
            )
        )
        try:
            return pickle.dumps(work, protocol=5)
        except (pickle.PicklingError, AttributeError, TypeError):
            import cloudpickle

            return bytes(cloudpickle.dumps(work, protocol=5))
