"""The scheduler: a pure state machine, events in, instructions out.

It knows no time, no process, no lock and no value. A task is waiting (for inputs), ready,
assigned (to a worker that runs its tasks in order), or done. Results are counted by their readers
and dropped with the last one. Any worker may run any task: the data are in shared memory.

Ready tasks are taken by number, which is depth-first order, so that memory is freed early. A
worker gets as many tasks ahead as it is expected to run in HORIZON seconds: enough that a short
task costs no round trip, few enough that a long one keeps nothing waiting. Seconds are learned
per kind of task; of an unknown kind a worker gets one at a time.

A task is sent only when what it is expected to make fits into memory (admission.py). One that
found no room all the same waits until another task has ended or memory was made free.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from shframe.graph.admission import Admission
from shframe.graph.messages import (
    Abort,
    Cancelled,
    Died,
    Done,
    Drop,
    Event,
    Failed,
    Finish,
    Instruction,
    Joined,
    Recall,
    Refused,
    Relieved,
    Run,
    Submitted,
)

HORIZON = 0.012  # seconds of work ahead of a worker: a hundred round trips of 0.1 ms
RETRIES = 3  # a task that was running when its worker died is tried so often again
REFUSALS = (
    4  # a task that finds no memory so often in a row, with nothing else running, is given up
)
SMOOTHING = 0.3  # weight of the newest duration in the learned one


@dataclass(slots=True)
class TaskState:
    """What the scheduler knows of a task."""

    run: int
    kind: object
    sources: tuple[int, ...]
    missing: int  # inputs that are not there yet
    readers: int  # tasks that have yet to read the result, and 1 for an output
    dependents: list[int] = field(default_factory=list)
    tries: int = 0
    refusals: int = 0  # since memory was last made free
    done: bool = False


@dataclass(slots=True)
class WorkerState:
    """The tasks that a worker has been sent, in the order in which it runs them."""

    assigned: dict[int, float] = field(default_factory=dict)  # task -> expected seconds
    load: float = 0.0  # sum of the expected seconds


@dataclass(slots=True)
class RunState:
    """How much of a run is left; `live` are its tasks that the scheduler still knows."""

    remaining: int
    live: set[int]


class Scheduler:
    """The machine; `handle` takes an event and gives the instructions that follow from it."""

    def __init__(self, retries: int = RETRIES) -> None:
        self.retries = retries
        self.tasks: dict[int, TaskState] = {}
        self.runs: dict[int, RunState] = {}
        self.workers: dict[int, WorkerState] = {}
        self.ready: list[int] = []
        self.seconds: dict[object, float] = {}
        self.admission = Admission()
        self._without_room: list[int] = []  # tasks that found no memory
        self._handlers: dict[type[Any], Callable[[Any], list[Instruction]]] = {
            Submitted: self._submitted,
            Done: self._done,
            Failed: self._failed,
            Cancelled: self._cancelled,
            Joined: self._joined,
            Died: self._died,
            Refused: self._refused,
            Relieved: self._relieved,
        }

    def handle(self, event: Event) -> list[Instruction]:
        """Take an event in; the instructions are to be carried out in their order."""
        out = self._handlers[type(event)](event)
        out.extend(self._assign())
        return out

    def _submitted(self, event: Submitted) -> list[Instruction]:
        first, run = event.first, event.run
        for place, (kind, sources) in enumerate(zip(event.kinds, event.sources, strict=True)):
            self.tasks[first + place] = TaskState(run, kind, sources, len(sources), 0)
            if not sources:
                heapq.heappush(self.ready, first + place)
            for source in sources:
                state = self.tasks[source]
                state.dependents.append(first + place)
                state.readers += 1
        for output in event.outputs:
            self.tasks[output].readers += 1
        count = len(event.kinds)
        self.runs[run] = RunState(count, set(range(first, first + count)))
        return [] if count else self._finished(run)

    def _done(self, event: Done) -> list[Instruction]:
        dropped: list[int] = []
        ended: list[int] = []
        self._try_again()
        longest = max(event.tasks, key=itemgetter(1))[0] if event.heap else None
        for number, seconds, nbytes in event.tasks:
            self._unassign(event.worker, number)
            task = self.tasks.get(number)
            if task is None:  # its run was given up while it ran
                dropped.append(number)
                continue
            self._learn(task.kind, seconds)
            self.admission.learn(task.kind, nbytes, event.heap if number == longest else 0)
            task.done = True
            self._feed_dependents(task)
            self._release_sources(task, dropped)
            if not task.readers:
                self._forget(number, task, dropped)
            run = self.runs[task.run]
            run.remaining -= 1
            if not run.remaining:
                ended.append(task.run)
        out: list[Instruction] = [Drop(dropped)] if dropped else []
        for run_number in ended:
            out.extend(self._finished(run_number))
        return out

    def _feed_dependents(self, task: TaskState) -> None:
        for number in task.dependents:
            dependent = self.tasks[number]
            dependent.missing -= 1
            if not dependent.missing:
                heapq.heappush(self.ready, number)

    def _release_sources(self, task: TaskState, dropped: list[int]) -> None:
        for number in task.sources:
            source = self.tasks[number]
            source.readers -= 1
            if not source.readers:
                self._forget(number, source, dropped)

    def _forget(self, number: int, task: TaskState, dropped: list[int]) -> None:
        """Nobody reads the result any more; a task is never asked about again after that."""
        del self.tasks[number]
        self.runs[task.run].live.discard(number)
        dropped.append(number)

    def _finished(self, run: int) -> list[Instruction]:
        for number in self.runs.pop(run).live:
            del self.tasks[number]  # outputs: the user's handles count from here on
        return [Finish(run)]

    def _learn(self, kind: object, seconds: float) -> None:
        old = self.seconds.get(kind)
        new = seconds if old is None else old + SMOOTHING * (seconds - old)
        self.seconds[kind] = new

    def _failed(self, event: Failed) -> list[Instruction]:
        self._unassign(event.worker, event.task)
        task = self.tasks.get(event.task)
        if task is None:
            return []
        return [*self._given_up(task.run), Abort(task.run, event.task)]

    def _refused(self, event: Refused) -> list[Instruction]:
        self._unassign(event.worker, event.task)
        task = self.tasks.get(event.task)
        if task is None:
            return []
        self.admission.learn(task.kind, event.needed)
        task.refusals = 0 if event.relieved else task.refusals + 1
        if task.refusals > REFUSALS and not self._anything_runs():
            return [*self._given_up(task.run), Abort(task.run, event.task)]
        self._without_room.append(event.task)
        return []

    def _relieved(self, _: Relieved) -> list[Instruction]:
        self._try_again()
        return []

    def _try_again(self) -> None:
        for number in self._without_room:
            if number in self.tasks:
                heapq.heappush(self.ready, number)
        self._without_room.clear()

    def _anything_runs(self) -> bool:
        return any(state.assigned for state in self.workers.values())

    def _cancelled(self, event: Cancelled) -> list[Instruction]:
        if event.run not in self.runs:
            return []
        return [*self._given_up(event.run), Abort(event.run, None)]

    def _given_up(self, run: int) -> list[Instruction]:
        """Forget the run: done results are dropped, tasks not yet started are recalled."""
        live = self.runs.pop(run).live
        dropped = [number for number in sorted(live) if self.tasks[number].done]
        for number in live:
            del self.tasks[number]
        self.ready = [number for number in self.ready if number not in live]
        heapq.heapify(self.ready)
        out: list[Instruction] = [Drop(dropped)] if dropped else []
        for worker, state in self.workers.items():
            recalled = [number for number in state.assigned if number in live]
            if recalled:
                out.append(Recall(worker, recalled))
        return out

    def _joined(self, event: Joined) -> list[Instruction]:
        self.workers[event.worker] = WorkerState()
        return []

    def _died(self, event: Died) -> list[Instruction]:
        """The task that was running, or was to run next, has used up a try; the others go back."""
        out: list[Instruction] = []
        state = self.workers.pop(event.worker, WorkerState())
        blamed = next(iter(state.assigned), None) if event.running is None else event.running
        for number in state.assigned:
            self.admission.ended(number)
            task = self.tasks.get(number)
            if task is None:
                continue
            if number == blamed:
                task.tries += 1
            if task.tries > self.retries:
                out.extend(self._given_up(task.run))
                out.append(Abort(task.run, number, died=True))
            else:
                heapq.heappush(self.ready, number)
        return out

    def _unassign(self, worker: int, number: int) -> None:
        self.admission.ended(number)
        state = self.workers.get(worker)
        if state is not None:
            state.load -= state.assigned.pop(number, 0.0)
            if not state.assigned:
                state.load = 0.0

    def recalled(self, worker: int, numbers: list[int]) -> list[Instruction]:
        """The worker confirms that it will not run these tasks."""
        for number in numbers:
            self._unassign(worker, number)
        return list(self._assign())

    def _assign(self) -> list[Instruction]:
        """Give ready tasks to the workers with the least to do."""
        self.admission.short = 0
        if not self.ready:
            return []
        out: list[Instruction] = []
        alone = not self._anything_runs()
        share = -(-len(self.ready) // max(1, len(self.workers)))
        for worker, state in sorted(self.workers.items(), key=lambda item: item[1].load):
            batch = self._filled(state, share, alone)
            if batch:
                alone = False
                out.append(Run(worker, batch))
        return out

    def _filled(self, state: WorkerState, share: int, alone: bool) -> list[int]:
        batch: list[int] = []
        while self.ready and len(batch) < share:
            if state.assigned and state.load >= HORIZON:
                break
            number = self.ready[0]
            kind = self.tasks[number].kind
            expected = self.seconds.get(kind)
            if expected is None:
                expected = HORIZON
            if state.assigned and state.load + expected > HORIZON:
                break
            if not self.admission.admits(number, kind, alone and not batch):
                break
            heapq.heappop(self.ready)
            state.assigned[number] = expected
            state.load += expected
            batch.append(number)
        return batch
