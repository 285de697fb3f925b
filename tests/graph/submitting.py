"""Runs for tests of the scheduler: their tasks are entered as it asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from shframe.graph.scheduler.messages import Entered, Instruction, More, Submitted
from shframe.graph.scheduler.scheduler import Scheduler


class Sliced:
    """A run of tasks first, first + 1, ..., of which the next are entered with each slice."""

    def __init__(
        self,
        run: int,
        first: int,
        kinds: Sequence[object],
        sources: Sequence[tuple[int, ...]],
        outputs: Sequence[int],
    ) -> None:
        self.run = run
        self.kinds, self.sources = kinds, sources
        self.entered = 0
        readers = [0] * len(kinds)
        for number in [*outputs, *(one for row in sources for one in row)]:
            readers[number - first] += 1
        self.submitted = Submitted(run, first, readers)

    def slice(self, size: int) -> Entered:
        low, self.entered = self.entered, self.entered + size
        assert low < len(self.kinds), "asked for tasks of a run that is entered whole"
        return Entered(self.run, self.kinds[low : low + size], self.sources[low : low + size])


def submit(
    scheduler: Scheduler,
    run: int,
    first: int,
    kinds: Sequence[object],
    sources: Sequence[tuple[int, ...]],
    outputs: Sequence[int],
) -> list[Instruction]:
    """Enter a run whole; what follows from that."""
    sliced = Sliced(run, first, kinds, sources, outputs)
    assert scheduler.handle(sliced.submitted) == [More(run)]
    return scheduler.handle(sliced.slice(len(kinds)))
