"""Graphs under way: the results of their tasks, and what becomes of them at the end."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from shframe.graph.driver.context import Context
from shframe.graph.driver.outbox import Outbox, Outgoing
from shframe.graph.driver.pool import WorkerHandle
from shframe.graph.errors import Cancelled as CancelledError
from shframe.graph.errors import WorkerDied
from shframe.graph.failures.error_pickling import PickledError, describe_value, note_of_task
from shframe.graph.failures.failed_task import failed_task
from shframe.graph.objects.callbacks import run_guarded
from shframe.graph.objects.object_ref import FailureSource, ObjectRef
from shframe.graph.scheduler.messages import Abort, Finish, More, TaskCancelled
from shframe.graph.scheduler.scheduler import RETRIES
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks.result_buffer import target_size
from shframe.graph.tasks.task import Key
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing.call_site import user_line
from shframe.graph.tracing.trace import Span, Trace
from shframe.graph.wire.call_format import FILLS, PLAIN, Wired
from shframe.graph.wire.work import Assigned, Raised, Result
from shframe.store.errors import ObjectLost
from shframe.store.ref import Ref
from shframe.store.store import DRIVER


@dataclass(slots=True)
class LiveRun:
    """One computation under way.

    on_end: called in the loop's thread when it has ended.
    """

    graph: TaskGraph
    submission: GraphSubmission
    trace: Trace
    number: int
    done: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    handles: list[ObjectRef] = field(default_factory=list)
    error: BaseException | FailureSource | None = None
    site: str = field(default_factory=user_line)
    priority: int = 0
    parent: int = 0
    on_end: Callable[[LiveRun], None] | None = None


class GraphRuns:
    """The graphs of one session; used by the loop's thread only."""

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self.context = context
        self.outbox = outbox
        self.live: dict[int, LiveRun] = {}
        self.refs: dict[int, Wired] = {}  # task -> its result
        self.refusals = context.refusals
        self.aborted: list[LiveRun] = []  # whose tasks have not all ended yet
        self._run_of: list[LiveRun] = []

    def submit(self, live: LiveRun) -> None:
        """Enter a run."""
        context = self.context
        first = context.take_numbers(len(live.submission))
        self.live[live.number] = live
        if len(live.submission):
            self._run_of.append(live)
        context.handle(live.submission.submitted(live.number, first, live.priority, live.parent))

    def more(self, number: int) -> None:
        """Enter the next tasks of a run."""
        live = self.live[number]
        self.context.handle(live.submission.next(number, attrgetter("digest")))

    def cancel(self, live: LiveRun) -> None:
        """Cancel a run."""
        self.context.handle(TaskCancelled(live.number))

    def holding(self, number: int) -> LiveRun | None:
        """The run that the task belongs to, while it is under way."""
        for live in self._run_of:
            if live.submission.has(number):
                return live
        return None

    def assign(self, number: int, work: Outgoing, worker: WorkerHandle) -> Assigned:
        """A task as the worker gets it."""
        live = self.holding(number)
        assert live is not None, "the scheduler runs tasks of live runs only"
        task = live.submission.task(number)
        inputs = self._inputs(live, number) if task.inputs else []
        refs = self.outbox.add_inputs(worker, work, number, inputs) if inputs else ()
        if task.target is not None:
            fd = self.context.store.lent_fd(task.target)
            self.outbox.targets.setdefault(worker.slot, []).append(fd)
        self.outbox.add_function(worker, work, task.function)
        how = PLAIN if task.target is None else FILLS
        return number, task.function.digest, refs, task.args, how

    def _inputs(self, live: LiveRun, number: int) -> list[Wired]:
        """What the task reads, as it is stored now."""
        data = live.graph.data
        return [
            self.refs[one] if isinstance(one, int) else data[one].held()
            for one in self._sources(live, number)
        ]

    def _sources(self, live: LiveRun, number: int) -> list[Key | int]:
        return live.submission.inputs(number, self.context.scheduler.tasks[number].sources)

    def take(self, worker: WorkerHandle, result: Result) -> int:
        """A task has ended well; the bytes of its result."""
        held = result.held
        self.refs[result.number] = held
        self.refusals.pop(result.number, None)
        live = self.holding(result.number)
        size = len(held) if isinstance(held, bytes) else held.nbytes
        if live is not None:
            self._record(worker, live, result, size)
        return 0 if isinstance(held, bytes) or held.inline else size

    def _record(self, worker: WorkerHandle, live: LiveRun, result: Result, size: int) -> None:
        task = live.submission.task(result.number)
        live.done += 1
        live.trace.add(
            Span(
                task.key,
                task.function.name,
                worker.slot,
                worker.pid,
                result.start,
                result.end,
                result.bytes_in,
                size,
                result.copied,
            )
        )

    def fail_task(self, number: int, raised: Raised) -> None:
        """A task has raised."""
        live = self.holding(number)
        if live is not None and live.error is None:
            task = live.submission.task(number)
            note = note_of_task(task, live.site, self._inputs(live, number))
            live.error = pickled = PickledError(raised, note)
            inputs, size = self._handles(live, number), target_size(self.context.store, task)
            self.context.failed = failed_task(task, inputs, note, pickled.error, size)

    def drop(self, numbers: Sequence[int]) -> None:
        """Release results that are not read any more."""
        for number in numbers:
            held = self.refs.pop(number, None)
            if isinstance(held, Ref) and not held.inline:
                with contextlib.suppress(ObjectLost):  # it is gone already
                    self.context.store.release(held.id)

    def carry_out(self, instruction: More | Finish | Abort) -> None:
        """Do what the scheduler says of a run; it ends with what that raises."""
        live = self.live[instruction.run]
        try:
            if isinstance(instruction, More):
                self.more(instruction.run)
            elif isinstance(instruction, Finish):
                self.finish(live)
            else:
                self.abort(live, instruction)
        except Exception as error:
            self.break_off(live, error)

    def break_off(self, live: LiveRun, error: BaseException) -> None:
        """End a run whose graph cannot be followed."""
        live.error = live.error or error
        if live.number in self.context.scheduler.runs:
            self.cancel(live)
        elif live not in self.aborted:
            self.live.pop(live.number, None)
            self._end(live)

    def finish(self, live: LiveRun) -> None:
        """All tasks of a run are done."""
        data = live.graph.data
        made = {key: data[key] for key in live.graph.outputs if key in data}
        home, store = self.context.home, self.context.store
        for key in dict.fromkeys(live.graph.outputs):
            if key in made:
                continue
            held = self.refs.pop(live.submission.numbers[key])
            if isinstance(held, bytes):
                made[key] = ObjectRef(home.next_id(), held, home)
            else:
                if held.inline:
                    store.adopt(held, DRIVER)
                made[key] = home.handle(held, live.site)
        live.handles = [made[key] for key in live.graph.outputs]
        del self.live[live.number]
        self._end(live)

    def _end(self, live: LiveRun) -> None:
        self._run_of = [one for one in self._run_of if one is not live]
        if live.on_end is not None:
            run_guarded(functools.partial(live.on_end, live))
        live.ended.set()

    def abort(self, live: LiveRun, instruction: Abort) -> None:
        """A run ends badly, when none of its tasks does anything any more."""
        del self.live[live.number]
        self.aborted.append(live)
        refusal = self.refusals.get(-1 if instruction.task is None else instruction.task)
        for number in [number for number in self.refusals if live.submission.has(number)]:
            del self.refusals[number]
        if live.error is None:
            if refusal is not None and not instruction.died:
                live.error = PickledError(refusal)
            elif instruction.died and instruction.task is not None:
                live.error = self._death(live, instruction.task)
            else:
                live.error = CancelledError("the computation was cancelled")

    def end_aborted(self, busy: Callable[[LiveRun], bool]) -> None:
        """End cancelled runs whose tasks do nothing any more."""
        for live in [*self.aborted]:
            if not busy(live):
                self.aborted.remove(live)
                self._end(live)

    def _death(self, live: LiveRun, number: int) -> WorkerDied:
        task, data = live.submission.task(number), live.graph.data
        # what the run's own tasks have made is dropped already
        held = [data[key].held() for key in task.inputs if key in data]
        inputs = ", ".join(map(describe_value, held[:5])) or "none that are left"
        return self.context.death_of(f"{task.function.name} {task.key}", RETRIES + 1, inputs)

    def _handles(self, live: LiveRun, number: int) -> list[ObjectRef]:
        """Handles of the inputs of a task that has failed, which keep them after its run."""
        made: dict[Key | int, ObjectRef] = {}
        for source in (sources := self._sources(live, number)):
            if not isinstance(source, int):
                made[source] = live.graph.data[source]
            elif source not in made:
                made[source] = self._handle(live, self.refs[source])
        return [made[source] for source in sources]

    def _handle(self, live: LiveRun, held: Wired) -> ObjectRef:
        home, store = self.context.home, self.context.store
        if isinstance(held, bytes):
            return ObjectRef(home.next_id(), held, home)
        if held.inline:
            store.adopt(held, DRIVER)
        else:
            store.retain(held.id)
        return home.handle(held, live.site)

    def fail_all(self, error: BaseException) -> None:
        """The session ends."""
        for live in [*self.live.values(), *self.aborted]:
            live.error = live.error or error
            self._end(live)
        self.live.clear()
        self.aborted.clear()
        self.refs.clear()
