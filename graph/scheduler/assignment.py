"""Which tasks go to which workers, and when. Part of the pure scheduler.

Ready tasks are taken by rank: by priority, then by number, which is depth-first order within a run,
so that memory is freed early. A worker gets as many tasks ahead as it is expected to run in HORIZON
seconds: enough that a short task costs no round trip, few enough that a long one keeps nothing
waiting. Seconds are learned per kind of task; of an unknown kind a worker gets one at a time.

A task is sent only when what it is expected to make fits into memory (admission.py).

A task that waits for others does not count: beside the `limit` of workers that run, there are more
for those that wait, at most EXTRA. Beyond that a blocked worker runs what its task waits for.
"""

from __future__ import annotations

import heapq

from shframe.graph.scheduler.admission import Admission
from shframe.graph.scheduler.messages import SINGLE, Grow, Instruction, Run
from shframe.graph.scheduler.task_state import NUMBER, ActorState, TaskState
from shframe.graph.scheduler.worker_load import Loads, WorkerState

HORIZON = 0.012  # seconds of work ahead of a worker: a hundred round trips of 0.1 ms
FOLLOWS = 0.0005  # seconds: a longer task is worth the round trip, another worker may be free
EXTRA = 64  # workers beyond the limit, for tasks that wait


class Assignment:
    """Places the tasks of the scheduler, whose `tasks` and `actors` these are.

    ready: a heap of ranks; of tasks that are no more, too.
    queues: actors that may have calls which were not sent yet.
    followers: single tasks that may follow their sources to a worker.
    seconds: what tasks of a kind are expected to take.
    extra: how many workers beyond the limit there may be.
    """

    def __init__(
        self, tasks: dict[int, TaskState], actors: dict[int, ActorState], limit: int | None
    ) -> None:
        """limit: how many workers may run at once, None: all of them."""
        self.tasks = tasks
        self.actors = actors
        self.limit = limit
        self.extra = EXTRA
        self.loads = Loads()
        self.admission = Admission()
        self.ready: list[int] = []
        self.queues: dict[int, None] = {}
        self.followers: list[int] = []
        self.seconds: dict[object, float] = {}

    def place(self) -> list[Instruction]:
        """Give calls to their actors, and ready tasks to the workers with the least to do."""
        out = self._feed_actors() if self.queues else []
        self.admission.short = 0
        if self.ready:
            out.extend(self._begin_ready())
        if self.followers:
            out.extend(self._follow_sources())
        return out

    def assign_to(self, state: WorkerState, number: int, seconds: float) -> None:
        """Note that a worker is sent a task, which is expected to take so long."""
        state.assigned[number] = seconds
        state.load += seconds
        self.loads.touch(state.slot)
        task = self.tasks[number]
        task.at = state.slot
        if task.dependents is not None and task.run == SINGLE:
            self.followers.extend(task.dependents)

    def _begin_ready(self) -> list[Instruction]:
        out: list[Instruction] = []
        free, busy = self.loads.counts()
        places = free if self.limit is None else self.limit
        idle = places - busy
        alone = not self.loads.anything_runs()
        share = -(-len(self.ready) // max(1, min(places, free)))
        seen: list[WorkerState] = []
        while self.ready and (state := self.loads.least()) is not None:
            seen.append(state)
            if not state.assigned:
                if idle <= 0:
                    continue
                idle -= 1
            batch = self._fill(state, share, alone)
            if not batch:
                break  # nor is there room for it where there is more to do
            alone = False
            out.append(Run(state.slot, batch))
        self.loads.take_back(seen)
        if self.ready and free < len(self.loads.general_workers):  # some wait
            out.extend(self._grow_or_nest(places))
        return out

    def _fill(self, state: WorkerState, share: int, alone: bool) -> list[int]:
        """Take ready tasks for a worker. `assign_to` is repeated inline, for speed."""
        batch: list[int] = []
        ready, tasks, assigned = self.ready, self.tasks, state.assigned
        counts = self.admission.counts
        while ready and len(batch) < share:
            if assigned and state.load >= HORIZON:
                break
            number = ready[0] & NUMBER
            task = tasks.get(number)
            if task is None:  # it was cancelled
                heapq.heappop(ready)
                continue
            expected = self.seconds.get(task.kind)
            if expected is None:
                expected = HORIZON
            if assigned and state.load + expected > HORIZON:
                break
            if (counts or task.memory) and not self.admission.admits(
                number, task.kind, alone and not batch, task.memory
            ):
                break
            heapq.heappop(ready)
            assigned[number] = expected
            state.load += expected
            task.at = state.slot
            if task.dependents is not None and task.run == SINGLE:
                self.followers.extend(task.dependents)
            batch.append(number)
        return batch

    def _follow_sources(self) -> list[Instruction]:
        """Send tasks behind their sources to the worker that has all of those: so a chain of short
        tasks costs no round trip for each."""
        out: list[Instruction] = []
        followers, self.followers = self.followers, []
        for number in followers:  # grows on the way
            worker = self._worker_of_sources(number)
            if worker is None:
                continue
            task, state = self.tasks[number], self.loads.workers[worker]
            expected = self.seconds.get(task.kind, HORIZON)
            if expected > FOLLOWS or state.load + expected > HORIZON or state.blocked:
                continue
            if (self.admission.counts or task.memory) and not self.admission.admits(
                number, task.kind, False, task.memory
            ):
                continue
            state.assigned[number] = expected
            state.load += expected
            self.loads.touch(worker)
            task.at = worker
            followers.extend(task.dependents or ())
            if out and isinstance(out[-1], Run) and out[-1].worker == worker:
                out[-1].tasks.append(number)
            else:
                out.append(Run(worker, [number]))
        return out

    def _worker_of_sources(self, number: int) -> int | None:
        """The worker that has been sent all that the task waits for, if it is one that runs
        its tasks in order."""
        tasks = self.tasks
        task = tasks.get(number)
        if task is None or not task.missing or task.actor or task.at is not None:
            return None
        found: int | None = None
        for one in task.sources:
            source = tasks.get(one)
            if source is None:  # it is there
                continue
            at = source.at
            if at is None or source.copies or (found is not None and found != at):
                return None
            found = at
        return found if found in self.loads.general_workers else None

    def _grow_or_nest(self, places: int) -> list[Instruction]:
        """Tasks are ready and tasks wait: get a worker, or run some nested on blocked workers."""
        free, busy = self.loads.counts()
        if free >= places or busy < free:
            return []
        if len(self.loads.general_workers) - places < self.extra:
            return [Grow()]
        out = self._run_nested(any_task=False)
        return out if out or self.loads.anything_runs() else self._run_nested(any_task=True)

    def _run_nested(self, any_task: bool) -> list[Instruction]:
        out: list[Instruction] = []
        for worker, state in self.loads.general_workers.items():
            if state.waits and not (any_task and out):
                number = self._take_nested(state, any_task)
                if number is not None:
                    out.append(Run(worker, [number]))
        return out

    def _take_nested(self, state: WorkerState, any_task: bool) -> int | None:
        """A ready task for a worker whose task waits, to be run on top of that.

        What the task waits for or has called; or any, where no other worker runs one.
        """
        waiting, awaited = state.blocked[-1]

        def fits(rank: int) -> bool:
            number = rank & NUMBER
            task = self.tasks.get(number)
            return task is not None and (any_task or number in awaited or task.parent == waiting)

        first = min(filter(fits, self.ready), default=None)
        if first is None:
            return None
        self.ready.remove(first)
        heapq.heapify(self.ready)
        self.assign_to(state, first & NUMBER, 0.0)
        return first & NUMBER

    def _feed_actors(self) -> list[Instruction]:
        out: list[Instruction] = []
        for number in [*self.queues]:
            actor = self.actors.get(number)
            if actor is None or not actor.queue:
                del self.queues[number]
            elif actor.worker is not None:
                state = self.loads.workers[actor.worker]
                batch = self._on_top(actor, state) if state.blocked else self._feed(actor, state)
                if batch:
                    out.append(Run(actor.worker, batch))
        return out

    def _feed(self, actor: ActorState, state: WorkerState) -> list[int]:
        """The next calls of an actor, while their inputs are there and it has room."""
        batch: list[int] = []
        while actor.queue:
            number = actor.queue[0]
            task = self.tasks.get(number)
            if task is None:
                actor.queue.popleft()
                continue
            expected = self.seconds.get(task.kind, HORIZON)
            full = len(state.assigned) >= actor.width
            if task.missing or (full and (actor.width > 1 or state.load + expected > HORIZON)):
                break
            actor.queue.popleft()
            self.assign_to(state, number, expected)
            batch.append(number)
        return batch

    def _on_top(self, actor: ActorState, state: WorkerState) -> list[int]:
        """A call that comes from the very call that waits here: else both would wait forever."""
        if not state.waits:
            return []
        for number in actor.queue:
            task = self.tasks.get(number)
            if task is not None and not task.missing and self._comes_from(task, state):
                actor.queue.remove(number)
                self.assign_to(state, number, 0.0)
                return [number]
        return []

    def _comes_from(self, task: TaskState, state: WorkerState) -> bool:
        waiting = {number for number, _ in state.blocked}
        parent = task.parent
        while parent:
            if parent in waiting:
                return True
            above = self.tasks.get(parent)
            parent = 0 if above is None else above.parent
        return False
