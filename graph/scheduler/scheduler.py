"""The scheduler: a pure state machine, events in, instructions out.

It knows no time, no process, no lock and no value. A task is waiting (for inputs), ready,
assigned (to a worker that runs its tasks in order), or done. Results of a run's tasks are counted
by their readers and dropped with the last one; those of single tasks belong to the user's handles.
A run is entered in slices: the order of its tasks is that of their priority, so that few need to be
known ahead of those that are done, unless workers find nothing to do among them.
Any worker may run any task: the data are in shared memory. Calls of an actor go to its own worker.

Which ready task goes to which worker, and when, is decided in assignment.py. A task that found no
memory waits until another one has ended or memory was made free.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
from operator import itemgetter
from typing import Any

from shframe.graph.scheduler.assignment import HORIZON, Assignment
from shframe.graph.scheduler.messages import (
    SINGLE,
    Abort,
    ActorEnded,
    ActorStarted,
    Blocked,
    Called,
    Died,
    Done,
    Drop,
    Due,
    Entered,
    Event,
    Fail,
    Failed,
    Finish,
    Instruction,
    Joined,
    Late,
    Left,
    More,
    Recall,
    Recalled,
    Refused,
    Relieved,
    Resumed,
    Revoked,
    Run,
    Submitted,
    TaskCancelled,
    Untied,
)
from shframe.graph.scheduler.task_state import NUMBER, ActorState, RunState, TaskState, rank_of
from shframe.graph.scheduler.worker_load import WorkerState

RETRIES = 3  # a task that was running when its worker died is tried so often again
# A task that finds no memory so often in a row, with nothing else running, fails.
REFUSALS = 4
SMOOTHING = 0.3  # weight of the newest duration in the learned one
AHEAD = 4096  # tasks of a run that are to be known and not done: the next are entered below that


class Scheduler:
    """The machine; `handle` takes an event and returns the instructions that follow from it."""

    def __init__(
        self, retries: int = RETRIES, limit: int | None = None, ahead: int = AHEAD
    ) -> None:
        """limit: how many workers may run at once, None: all of them.

        ahead: how many tasks of a run are to be known and not done; see AHEAD.
        """
        self.retries = retries
        self.ahead = ahead
        self.limit = limit
        self.tasks: dict[int, TaskState] = {}
        self.runs: dict[int, RunState] = {}
        self.actors: dict[int, ActorState] = {}
        self.assignment = Assignment(self.tasks, self.actors, limit)
        self.loads = self.assignment.loads
        self.workers = self.loads.workers  # those of actors too
        self.general_workers = self.loads.general_workers  # those that run anything
        self.ready = self.assignment.ready
        self.seconds = self.assignment.seconds
        self.admission = self.assignment.admission
        self._partial: dict[int, RunState] = {}  # runs with tasks that are still to be entered
        self._without_room: list[int] = []  # tasks that found no memory
        self._handlers: dict[type[Any], Callable[[Any], list[Instruction]]] = {
            Submitted: self._submitted,
            Entered: self._entered,
            Called: self._called,
            Done: self._done,
            Failed: self._failed,
            Due: self._due,
            TaskCancelled: self._cancelled,
            Revoked: self._revoked,
            Late: self._late,
            Joined: self._joined,
            ActorStarted: self._actor_started,
            Left: self._left,
            ActorEnded: self._actor_ended,
            Blocked: self._blocked,
            Resumed: self._resumed,
            Untied: self._untied,
            Died: self._died,
            Recalled: self._recalled,
            Refused: self._refused,
            Relieved: self._relieved,
        }

    def handle(self, event: Event) -> list[Instruction]:
        """Take an event in; the instructions are to be carried out in their order."""
        out = self._handlers[type(event)](event)
        out.extend(self.assignment.place())
        if self._partial:
            out.extend(self._more())
        return out

    # --- tasks come ---------------------------------------------------------------------

    def _submitted(self, event: Submitted) -> list[Instruction]:
        readers = event.readers
        state = RunState(
            event.first, readers, rank_of(0, event.priority), event.parent, len(readers)
        )
        self.runs[event.run] = state
        if not readers:
            return self._finished(event.run)
        self._partial[event.run] = state
        return []

    def _entered(self, event: Entered) -> list[Instruction]:
        run = self._partial.get(event.run)
        if run is None:  # it was cancelled
            return []
        tasks, ready, retries = self.tasks, self.ready, self.retries
        numbers = range(run.first + run.entered, run.first + run.entered + len(event.kinds))
        for number, kind, sources in zip(numbers, event.kinds, event.sources, strict=True):
            rank = number + run.shift
            task = TaskState(event.run, kind, sources, rank, retries, 0, run.parent)
            task.readers = run.readers[number - run.first]
            tasks[number] = task
            for one in sources:
                source = tasks[one]
                if source.done:
                    task.missing -= 1
                else:
                    self._follow(source, number)
            if not task.missing:
                heapq.heappush(ready, rank)
        run.entered += len(numbers)
        run.asked = False
        if run.entered == len(run.readers):
            del self._partial[event.run]
        return []

    def _more(self) -> list[Instruction]:
        """Ask for tasks of runs of which few are left, and of all where workers find nothing."""
        starved = not self.ready and self.loads.has_room(HORIZON)
        out: list[Instruction] = []
        for number, run in self._partial.items():
            if not run.asked and (starved or run.ahead < self.ahead):
                run.asked = True
                out.append(More(number))
        return out

    def _called(self, event: Called) -> list[Instruction]:
        tasks, ready = self.tasks, self.ready
        for number, task in enumerate(event.tasks, event.first):
            tasks[number] = task
            for source in task.sources:
                self._follow(tasks[source], number)
            if task.actor:
                self._queue(number, task)
            elif not task.sources:
                heapq.heappush(ready, task.rank)
            else:
                self.assignment.followers.append(number)
        return []

    def _queue(self, number: int, task: TaskState) -> None:
        """A call of an actor: in its line, or beside it until its inputs are there, where calls
        need not begin in their order."""
        actor = self.actors.setdefault(task.actor, ActorState())
        if task.missing and actor.width > 1:
            actor.waiting[number] = None
            return
        actor.queue.append(number)
        self.assignment.queues[task.actor] = None

    @staticmethod
    def _follow(source: TaskState, number: int) -> None:
        if source.dependents is None:
            source.dependents = []
        source.dependents.append(number)

    # --- tasks end ----------------------------------------------------------------------

    def _done(self, event: Done) -> list[Instruction]:
        dropped: list[int] = []
        ended: list[int] = []
        out: list[Instruction] = []
        self._try_again()
        longest = max(event.tasks, key=itemgetter(1))[0] if event.heap else None
        admission, known, tasks = self.admission, self.seconds, self.tasks
        state = self.workers.get(event.worker) or WorkerState(event.worker)
        assigned = state.assigned
        self.loads.touch(event.worker)
        for number, seconds, nbytes in event.tasks:
            state.load -= assigned.pop(number, 0.0)
            if admission.counts:
                admission.end(number)
            task = tasks.get(number)
            if task is None:  # it was cancelled while it ran, or another worker was faster
                dropped.append(number)
                continue
            kind = task.kind
            old = known.get(kind)
            known[kind] = seconds if old is None else old + SMOOTHING * (seconds - old)
            if nbytes or admission.counts or number == longest:
                admission.learn(kind, nbytes, event.heap if number == longest else 0)
            if task.copies or task.at != event.worker:  # another worker runs it too
                out.extend(self._recall_all((number,)))
            task.done = True
            task.at = None
            if task.dependents is not None:
                self._feed_dependents(task)
            if task.run == SINGLE:
                del tasks[number]
                continue
            self._release_sources(task, dropped)
            if not task.readers:
                self._forget(number, task, dropped)
            run = self.runs[task.run]
            run.remaining -= 1
            if not run.remaining:
                ended.append(task.run)
        if not assigned:
            state.load = 0.0  # no errors of rounding add up
        if dropped:
            out.append(Drop(dropped))
        for run_number in ended:
            out.extend(self._finished(run_number))
        return out

    def _feed_dependents(self, task: TaskState) -> None:
        for number in task.dependents or ():
            dependent = self.tasks.get(number)
            if dependent is None:  # it was cancelled
                continue
            dependent.missing -= 1
            if dependent.missing:
                continue
            if dependent.actor:
                actor = self.actors.get(dependent.actor)
                if actor is not None and number in actor.waiting:
                    del actor.waiting[number]
                    self._queue(number, dependent)
            elif dependent.at is None:
                heapq.heappush(self.ready, dependent.rank)

    def _release_sources(self, task: TaskState, dropped: list[int]) -> None:
        for number in task.sources:
            source = self.tasks[number]
            source.readers -= 1
            if not source.readers:
                self._forget(number, source, dropped)

    def _forget(self, number: int, task: TaskState, dropped: list[int]) -> None:
        """The result is not read any more; the task is never asked about after that."""
        del self.tasks[number]
        dropped.append(number)

    def _finished(self, run: int) -> list[Instruction]:
        for number in self.runs.pop(run).known:
            self.tasks.pop(number, None)  # outputs: the user's handles count from here on
        return [Finish(run)]

    def _failed(self, event: Failed) -> list[Instruction]:
        self._unassign(event.worker, event.task)
        task = self.tasks.get(event.task)
        if task is None or event.again:
            return []
        return self._fail_task(event.task, task)

    def _due(self, event: Due) -> list[Instruction]:
        task = self.tasks.get(event.task)
        if task is not None:
            self._back(event.task, task)
        return []

    def _back(self, number: int, task: TaskState) -> None:
        """A task that was sent is to be sent again, when its inputs are there."""
        task.at = None
        if task.actor:
            self.actors[task.actor].queue.appendleft(number)
            self.assignment.queues[task.actor] = None
        elif not task.missing:
            heapq.heappush(self.ready, task.rank)

    def _fail_task(self, number: int, task: TaskState, died: bool = False) -> list[Instruction]:
        """The task cannot end well: nor can its run, or those that would read its result."""
        if task.run != SINGLE:
            return [*self._cancel_run(task.run), Abort(task.run, number, died)]
        return self._lost(number, died)

    def _lost(self, number: int, died: bool = False) -> list[Instruction]:
        """Forget a single task and all that depend on it; copies of it are recalled."""
        lost = {number: None}
        waiting = [number]
        while waiting:
            one = waiting.pop()
            task = self.tasks.pop(one)
            if task.actor in self.actors:
                self.actors[task.actor].waiting.pop(one, None)
            for dependent in task.dependents or ():
                if dependent in self.tasks and dependent not in lost:
                    lost[dependent] = None
                    waiting.append(dependent)
        others = list(lost)[1:]
        return [Fail(number, others, died), *self._recall_all(lost)]

    def _recall_all(self, numbers: Collection[int]) -> list[Instruction]:
        out: list[Instruction] = []
        for worker, state in self.workers.items():
            if state.assigned:
                recalled = [number for number in numbers if number in state.assigned]
                if recalled:
                    out.append(Recall(worker, recalled))
        return out

    # --- cancelled ----------------------------------------------------------------------

    def _cancelled(self, event: TaskCancelled) -> list[Instruction]:
        if event.run not in self.runs:
            return []
        return [*self._cancel_run(event.run), Abort(event.run, None)]

    def _revoked(self, event: Revoked) -> list[Instruction]:
        return self._lost(event.task) if event.task in self.tasks else []

    def _cancel_run(self, run: int) -> list[Instruction]:
        """Forget the run: done results are dropped, tasks not yet started are recalled."""
        known = self.runs.pop(run).known
        self._partial.pop(run, None)
        tasks = [(number, self.tasks.pop(number, None)) for number in known]
        dropped = [number for number, task in tasks if task is not None and task.done]
        self.ready[:] = [rank for rank in self.ready if rank & NUMBER not in known]
        heapq.heapify(self.ready)
        out: list[Instruction] = [Drop(dropped)] if dropped else []
        for worker, state in self.workers.items():
            recalled = [number for number in state.assigned if number in known]
            if recalled:
                out.append(Recall(worker, recalled))
        return out

    def _recalled(self, event: Recalled) -> list[Instruction]:
        for number in reversed(event.tasks):
            self._unassign(event.worker, number)
            task = self.tasks.get(number)
            if task is not None and not task.copies and not task.done and task.at is None:
                self._back(number, task)
        return []

    # --- memory -------------------------------------------------------------------------

    def _refused(self, event: Refused) -> list[Instruction]:
        self._unassign(event.worker, event.task)
        task = self.tasks.get(event.task)
        if task is None:
            return []
        self.admission.learn(task.kind, event.needed)
        task.refusals = 0 if event.relieved else task.refusals + 1
        if task.refusals > REFUSALS and not self.loads.anything_runs():
            return self._fail_task(event.task, task)
        self._without_room.append(event.task)
        return []

    def _relieved(self, _: Relieved) -> list[Instruction]:
        self._try_again()
        return []

    def _try_again(self) -> None:
        waiting, self._without_room = self._without_room, []
        for number in waiting:
            task = self.tasks.get(number)
            if task is not None:
                self._back(number, task)

    # --- workers ------------------------------------------------------------------------

    def _joined(self, event: Joined) -> list[Instruction]:
        self.workers[event.worker] = self.general_workers[event.worker] = WorkerState(event.worker)
        self.loads.touch(event.worker)
        return []

    def _actor_started(self, event: ActorStarted) -> list[Instruction]:
        self.workers[event.worker] = WorkerState(event.worker, actor=event.actor)
        self.loads.touch(event.worker)
        self.assignment.queues[event.actor] = None
        actor = self.actors[event.actor]
        actor.worker, actor.width, actor.first = event.worker, event.width, event.first
        actor.queue.remove(event.first)
        actor.queue.appendleft(event.first)
        return []

    def _left(self, event: Left) -> list[Instruction]:
        del self.workers[event.worker]
        self.general_workers.pop(event.worker, None)
        self.loads.touch(event.worker)
        return []

    def _actor_ended(self, event: ActorEnded) -> list[Instruction]:
        actor = self.actors.pop(event.actor, ActorState())
        numbers = [*actor.queue, *actor.waiting]
        if actor.worker is not None:
            numbers = [*self.workers.pop(actor.worker).assigned, *numbers]
            self.loads.touch(actor.worker)
        out: list[Instruction] = []
        for number in numbers:
            if number in self.tasks:
                out.extend(self._lost(number))
        return out

    def retire(self, worker: int) -> None:
        """A worker gets no more tasks."""
        self.general_workers.pop(worker, None)
        self.loads.touch(worker)

    def spare(self) -> list[int]:
        """Workers beyond the limit that have nothing to do."""
        beyond = len(self.general_workers) - (
            len(self.general_workers) if self.limit is None else self.limit
        )
        idle = [worker for worker, state in self.general_workers.items() if not state.assigned]
        return idle[max(len(idle) - beyond, 0) :] if beyond > 0 else []

    def _blocked(self, event: Blocked) -> list[Instruction]:
        state = self.workers[event.worker]
        state.blocked.append((event.task, frozenset(event.awaited)))
        self.loads.touch(event.worker)
        return []

    def _resumed(self, event: Resumed) -> list[Instruction]:
        self.workers[event.worker].blocked.pop()
        self.loads.touch(event.worker)
        return []

    def _untied(self, event: Untied) -> list[Instruction]:
        actor = self.actors.get(event.actor)
        if actor is None or actor.worker is None or event.task not in actor.queue:
            return []
        actor.queue.remove(event.task)
        self.assignment.assign_to(self.workers[actor.worker], event.task, 0.0)
        return [Run(actor.worker, [event.task])]

    def _died(self, event: Died) -> list[Instruction]:
        """What was running, or was to run next, has used up a try; the others go back."""
        out: list[Instruction] = []
        state = self.workers.pop(event.worker, WorkerState(event.worker))
        self.general_workers.pop(event.worker, None)
        self.loads.touch(event.worker)
        blamed = {task for task, _ in state.blocked}
        actor = self.actors.get(state.actor)
        if actor is not None:
            actor.worker = None
            if actor.first in state.assigned:  # no other call has begun
                blamed.add(actor.first)
            elif actor.width > 1:  # all that it was sent may have begun
                blamed.update(state.assigned)
        first = event.running
        if first is None and not state.actor:  # what it was to run next may have ended it
            first = next(iter(state.assigned), None)
        if first is not None:
            blamed.add(first)
        for number in reversed(state.assigned):
            self.admission.end(number)
            task = self.tasks.get(number)
            if task is None:
                continue
            if task.copies:
                self._drop_copy(number, task)
                continue
            if number in blamed:
                task.tries += 1
            if task.tries > task.retries:
                out.extend(self._fail_task(number, task, died=True))
            else:
                self._back(number, task)
        return out

    def _unassign(self, worker: int, number: int) -> None:
        if self.admission.counts:
            self.admission.end(number)
        state = self.workers.get(worker)
        if state is None:
            return
        seconds = state.assigned.pop(number, None)
        if seconds is None:
            return
        state.load = state.load - seconds if state.assigned else 0.0
        self.loads.touch(worker)
        task = self.tasks.get(number)
        if task is not None:
            if task.copies:
                self._drop_copy(number, task)
            else:
                task.at = None

    def _drop_copy(self, number: int, task: TaskState) -> None:
        task.copies -= 1
        task.at = next(slot for slot, state in self.workers.items() if number in state.assigned)

    def _late(self, event: Late) -> list[Instruction]:
        """Run a task a second time, beside the first, if a worker is idle."""
        task = self.tasks.get(event.task)
        idle = [w for w, state in self.general_workers.items() if not state.assigned]
        running = [state for state in self.general_workers.values() if event.task in state.assigned]
        if task is None or not idle or len(running) != 1:
            return []
        self.assignment.assign_to(
            self.general_workers[idle[0]], event.task, self.seconds.get(task.kind, HORIZON)
        )
        task.copies += 1
        return [Run(idle[0], [event.task])]
