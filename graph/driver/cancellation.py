"""Cancelled tasks that workers have been sent: recalled, interrupted, and in the end killed.

A task that was not begun comes back. In one that runs KeyboardInterrupt is raised, again and again;
a worker that still runs it after GRACE_SECONDS is killed.
"""

from __future__ import annotations

import functools
import math
import time

from shframe.graph.driver.context import Context
from shframe.graph.driver.outbox import Outbox
from shframe.graph.scheduler.messages import Recall
from shframe.graph.scheduler.submission import GraphSubmission

GRACE_SECONDS = 0.3  # a worker that still runs a cancelled task is killed after that
INTERRUPT_SECONDS = 0.02  # between two interrupts of such a task


class Cancellation:
    """The cancelled tasks of one session; used by the loop's thread only.

    deadlines: (worker, cancelled task) -> when the worker is killed if it still runs that.
    """

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self.scheduler = context.scheduler
        self.pool = context.pool
        self.ledger = context.store.ledger
        self.outbox = outbox
        self.deadlines: dict[tuple[int, int], float] = {}

    def recall(self, instruction: Recall) -> None:
        """Have a worker return tasks that it has not begun, and end one that it runs."""
        worker = self.pool.workers.get(instruction.worker)
        if worker is None:
            return
        owed = [number for number in instruction.tasks if number in worker.owes]
        self.outbox.work_for(instruction.worker).recalled.extend(owed)
        deadline = time.monotonic() + GRACE_SECONDS
        for number in owed:  # of others it has reported the end already
            self.deadlines[instruction.worker, number] = deadline

    def kill_soon(self, number: int) -> None:
        """A worker that still runs a cancelled task gets no more time."""
        for pair in self.deadlines:
            if pair[1] == number:
                self.deadlines[pair] = 0.0

    def end_task(self, slot: int, number: int) -> None:
        """The worker does not run the task any more: it has ended, or came back."""
        worker = self.pool.workers.get(slot)
        if worker is not None:
            worker.owes.discard(number)
        if self.deadlines:
            self.deadlines.pop((slot, number), None)
        self.outbox.release_inputs(slot, number)

    def end_tasks_of(self, slot: int) -> None:
        """A worker runs nothing any more."""
        pairs = (*self.deadlines, *self.outbox.reading)
        for _, number in [pair for pair in pairs if pair[0] == slot]:
            self.end_task(slot, number)

    def has_any_of(self, submission: GraphSubmission) -> bool:
        """Whether a task of a graph is still to end."""
        return any(submission.has(number) for _, number in self.deadlines)

    def due(self, now: float) -> float:
        """When `enforce` is to be called next."""
        if not self.deadlines:
            return math.inf
        return min(*self.deadlines.values(), now + INTERRUPT_SECONDS)

    def enforce(self) -> None:
        """Interrupt cancelled tasks. Kill workers that still run one after its deadline, and no
        others: what else they were sent goes on elsewhere, but what they run now would be lost."""
        now = time.monotonic()
        for slot, number in [pair for pair, deadline in self.deadlines.items() if deadline > now]:
            if self.ledger.note_of(slot) - 1 == number:
                self.ledger.tell(slot, number + 1)
                self.pool.interrupt(slot)
        for slot, number in [pair for pair, deadline in self.deadlines.items() if deadline <= now]:
            if self.pool.kill_if(slot, functools.partial(self._runs, slot, number)):
                self.deadlines[slot, number] = math.inf  # until the worker's end is handled
            else:  # it was not begun, or has just ended: the worker will report it
                self.deadlines[slot, number] = now + GRACE_SECONDS

    def _runs(self, slot: int, number: int) -> bool:
        """Whether a worker is in a task now, or the task waits there below another one."""
        if self.ledger.note_of(slot) - 1 == number:
            return True
        state = self.scheduler.workers.get(slot)
        return state is not None and any(number == waiting for waiting, _ in state.blocked)
