"""Carries out what tasks request while they run (worker/client.py), and keeps their handles.

For each worker the driver holds a handle of every handle that exists there, so that what it refers
to exists as long. It goes when the worker reports that, or dies.
"""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shframe.graph.driver.actors import Actors
from shframe.graph.driver.call import Call
from shframe.graph.driver.context import Context
from shframe.graph.driver.graph_runs import GraphRuns, LiveRun
from shframe.graph.driver.outbox import Outbox
from shframe.graph.driver.pool import WorkerHandle
from shframe.graph.driver.task_calls import TaskCalls
from shframe.graph.errors import Cancelled
from shframe.graph.failures.error_pickling import PickledError, pack_unraised
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.object_ref import Failure, ObjectRef, Pending
from shframe.graph.scheduler.messages import Blocked, Resumed
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks.arguments import Arguments
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing.trace import Trace
from shframe.graph.wire.requests import (
    Block,
    Callee,
    CallTask,
    CancelTask,
    CreateActor,
    Fetch,
    FindActor,
    GetItem,
    KillActor,
    NoValue,
    Put,
    Resume,
    Retain,
    RunGraph,
    StopGraph,
    Value,
    Yield,
    awaiting,
    from_wire,
    to_wire,
)
from shframe.store.ref import Ref
from shframe.store.store import DRIVER


@dataclass(frozen=True, slots=True)
class ForwardedFunction:
    """A function that a task has sent, as it will be sent on."""

    digest: bytes
    payload: bytes
    name: str


class Borrowed:
    """A handle that exists in a worker, how often; sent: the address that it has of the value."""

    __slots__ = ("count", "ref", "sent")

    def __init__(self, ref: ObjectRef) -> None:
        self.ref = ref
        self.count = 0
        self.sent: Ref | None = None


class WorkerRequests:
    """Requests of tasks, and their handles; used by the loop's thread only."""

    def __init__(
        self,
        context: Context,
        outbox: Outbox,
        runs: GraphRuns,
        calls: TaskCalls,
        actors: Actors,
    ) -> None:
        self.context = context
        self.outbox = outbox
        self.runs = runs
        self.calls = calls
        self.actors = actors
        self.borrowed: dict[int, dict[int, Borrowed]] = {}  # slot -> id -> handle
        self._functions: dict[int, dict[bytes, ForwardedFunction]] = {}  # slot -> those it has sent
        self._graphs: dict[int, LiveRun | None] = {}  # by the id of its first handle; None: comes
        self._numbers = itertools.count(-1, -1)  # of runs: the driver's are above 0
        self._handlers: dict[type[Any], Callable[[WorkerHandle, Any], None]] = {
            CallTask: self._call_task,
            CreateActor: self._create_actor,
            FindActor: self._find_actor,
            KillActor: self._kill_actor,
            RunGraph: self._run_graph,
            StopGraph: self._stop_graph,
            CancelTask: self._cancel_task,
            Put: self._put,
            Retain: self._retain,
            Fetch: self._fetch,
            Block: self._block,
            Resume: self._resume,
            Yield: self._yield,
            GetItem: self._get_item,
        }

    def take_in(self, worker: WorkerHandle, requests: Sequence[tuple[Any, ...]]) -> None:
        """Carry requests out, in order. What cannot be done fails for the task that waits."""
        for packed in requests:
            request = from_wire(packed)
            try:
                self._handlers[type(request)](worker, request)
            except Exception as error:
                self._refuse(worker.slot, awaiting(request), Failure(error))
                if isinstance(request, Yield):  # a reader of the generator waits for its value
                    self.calls.revoke(request.task, error)

    def _refuse(self, slot: int, ids: Sequence[int], failure: Failure) -> None:
        """Handles that a task waits for will have no value."""
        for id in ids:
            ref = self.context.home.known.get(id)
            if ref is not None and not ref.done():
                ref.settle(failure)
            self._answer_failure(slot, id, failure)

    # --- handles ------------------------------------------------------------------------

    def _lend(self, worker: WorkerHandle, ref: ObjectRef) -> None:
        self.context.home.note(ref)
        held = self.borrowed.setdefault(worker.slot, {})
        if ref.id not in held:
            held[ref.id] = Borrowed(ref)
        held[ref.id].count += 1

    def take_dropped(self, slot: int, ids: Sequence[int]) -> None:
        """Handles were dropped in a worker."""
        held = self.borrowed.get(slot, {})
        for id in ids:
            one = held.get(id)
            if one is None:
                continue
            one.count -= 1
            if not one.count:
                del held[id]
                self._take_back(one)

    def _take_back(self, one: Borrowed) -> None:
        if one.sent is not None:
            self.context.store.ended((one.sent,))

    def forget_worker(self, slot: int) -> None:
        """A worker has ended, and its handles with it."""
        for one in self.borrowed.pop(slot, {}).values():
            self._take_back(one)
        self._functions.pop(slot, None)

    def _retain(self, worker: WorkerHandle, request: Retain) -> None:
        ref = self.context.home.known.get(request.id)
        if ref is not None:  # else the value that held it is gone: reading it raises ObjectLost
            self._lend(worker, ref)

    def _put(self, worker: WorkerHandle, request: Put) -> None:
        home, store = self.context.home, self.context.store
        held, keep = request.held, self.context.home.find_all(request.inside)
        if type(held) is Ref:
            store.adopt(held, DRIVER if held.inline else worker.slot)
        self._lend(worker, ObjectRef(request.id, held, home, keep))

    def _fetch(self, worker: WorkerHandle, request: Fetch) -> None:
        slot = worker.slot
        home = self.context.home
        for id in request.ids:
            ref = home.known.get(id)
            if ref is not None:
                ref.add_callback(lambda ref: self.answer(slot, ref))
            else:
                self._answer_failure(slot, id, home.lost(id).state)

    def answer(self, slot: int, ref: ObjectRef) -> None:
        """Tell a worker the value of a handle. In the loop's thread, or in the user's."""
        self.context.do(
            lambda: self._answer(slot, ref),
            lambda error: self._answer_failure(slot, ref.id, Failure(error)),
        )

    def _answer(self, slot: int, ref: ObjectRef) -> None:
        worker = self.context.pool.workers.get(slot)
        if worker is None:
            return
        work = self.outbox.work_for(slot)
        held = ref.state
        if type(held) is Failure:
            self._answer_failure(slot, ref.id, held)
            return
        one = self.borrowed.get(slot, {}).get(ref.id)
        if type(held) is Ref and not held.inline:
            if one is None:
                return  # it was dropped there since
            (held,) = self.context.store.send((held,))
            self.outbox.add_segment(worker, work, held)
            if one.sent is not None:
                self.context.store.ended((one.sent,))
            one.sent = held
        work.answers.append(to_wire(Value(ref.id, held)))

    def _answer_failure(self, slot: int, id: int, failure: Failure) -> None:
        """Tell a worker why a handle has no value: the error is made again there."""
        source = failure.source
        if isinstance(source, BaseException):  # one of ours
            source = PickledError(pack_unraised(source))
        self.outbox.work_for(slot).answers.append(to_wire(NoValue(id, source)))

    # --- tasks --------------------------------------------------------------------------

    def _receive(self, worker: WorkerHandle, callee: Callee) -> tuple[ForwardedFunction, Arguments]:
        """What a task calls, as calls of the driver have it."""
        known = self._functions.setdefault(worker.slot, {})
        if callee.payload is not None:
            known[callee.digest] = ForwardedFunction(callee.digest, callee.payload, callee.name)
        inputs, keep = (
            self.context.home.find_all(callee.inputs),
            self.context.home.find_all(callee.keep),
        )
        arguments = Arguments(callee.args, inputs, callee.places, callee.packed, keep)
        return known[callee.digest], arguments

    def _call_task(self, worker: WorkerHandle, request: CallTask) -> None:
        ids, packed, options, method, actor, site, parent = request
        call = Call(*self._receive(worker, Callee(*packed)), options, site, method, actor, parent)
        call.priority = options.priority + self._depth(parent)
        for ref in self.calls.handles_of(call, ids):
            self._lend(worker, ref)
        self.calls.enter((call,))

    def _depth(self, parent: int) -> int:
        """Tasks of tasks come first: their parents wait for them."""
        task = self.context.scheduler.tasks.get(parent)
        return 1 if task is None else (parent - task.rank >> 48) + 1

    def _create_actor(self, worker: WorkerHandle, request: CreateActor) -> None:
        id, packed, _, actor_options, site, parent = request
        ref = ObjectRef(id, Pending(), self.context.home)
        self._lend(worker, ref)
        self.actors.create_actor(
            ref, *self._receive(worker, Callee(*packed)), actor_options, site, parent
        )

    def _block(self, worker: WorkerHandle, request: Block) -> None:
        known = self.context.home.known
        awaited = []
        for id in request.ids:
            ref = known.get(id)
            if ref is not None and type(ref.state) is Call:
                awaited.append(ref.state.number)
        self.context.handle(Blocked(worker.slot, request.task, awaited))

    def _resume(self, worker: WorkerHandle, _: Resume) -> None:
        self.context.handle(Resumed(worker.slot))

    def _run_graph(self, worker: WorkerHandle, request: RunGraph) -> None:
        """A graph of a task: its outputs are settled when all is done."""
        ids, payload, inside, parent = request
        context, home = self.context, self.context.home
        refs = [ObjectRef(id, Pending(), home) for id in ids]
        for ref in refs:
            self._lend(worker, ref)
        keep = [*self.context.home.find_all(inside)]  # until the graph holds them
        self._graphs[ids[0]] = None

        def load() -> None:  # which may import the user's modules
            try:
                with ref_pickling.home_is(home):
                    graph: TaskGraph = pickle.loads(payload)
                live = LiveRun(graph, GraphSubmission(graph), Trace(), next(self._numbers), site="")
            except BaseException as error:
                failure = Failure(error)
                context.do_some_time(lambda: self._set_all(refs, failure))
                return
            live.on_end = lambda live: self._graph_ended(refs, live)
            context.do_some_time(lambda: self._enter_graph(live, ids[0], parent))
            keep.clear()

        context.aside.call(load)

    def _enter_graph(self, live: LiveRun, id: int, parent: int) -> None:
        if id not in self._graphs:  # it was cancelled since
            live.error = Cancelled("the computation was cancelled")
            self.runs.break_off(live, live.error)
            return
        live.priority, live.parent = self._depth(parent), parent
        self._graphs[id] = live
        self.runs.submit(live)

    @staticmethod
    def _set_all(refs: list[ObjectRef], failure: Failure) -> None:
        for ref in refs:
            ref.settle(failure)

    def _graph_ended(self, refs: list[ObjectRef], live: LiveRun) -> None:
        if refs:
            self._graphs.pop(refs[0].id, None)
        if live.error is not None:
            self._set_all(refs, Failure(live.error))
            return
        for ref, made in zip(refs, live.handles, strict=True):
            held = made.state
            if type(held) is Ref:
                self.context.store.retain(held.id)
            ref.settle(held, made.keep)

    def _stop_graph(self, worker: WorkerHandle, request: StopGraph) -> None:
        live = self._graphs.pop(request.id, None)
        if live is not None:
            self.runs.cancel(live)

    # --- generators ---------------------------------------------------------------------

    def _yield(self, worker: WorkerHandle, request: Yield) -> None:
        number, position, held, inside = request
        home = self.context.home
        if type(held) is Ref:
            self.context.store.adopt(held, DRIVER if held.inline else worker.slot)
        item = ObjectRef(home.next_id(), held, home, home.find_all(inside))
        self.calls.add_item(number, position, item)

    def _get_item(self, worker: WorkerHandle, request: GetItem) -> None:
        ref = ObjectRef(request.id, Pending(), self.context.home)
        self._lend(worker, ref)
        (found,) = self.context.home.find_all((request.generator,))
        self.calls.get_item(found, request.position, ref)

    # --- the rest -----------------------------------------------------------------------

    def _cancel_task(self, worker: WorkerHandle, request: CancelTask) -> None:
        ref = self.context.home.known.get(request.id)
        if ref is not None:
            self.calls.cancel(ref, request.force, request.recursive)

    def _kill_actor(self, worker: WorkerHandle, request: KillActor) -> None:
        self.actors.kill(request.actor, request.restart)

    def _find_actor(self, worker: WorkerHandle, request: FindActor) -> None:
        """The handle gets the pickled (handle, methods)."""
        ref = ObjectRef(request.id, Pending(), self.context.home)
        self._lend(worker, ref)
        try:
            value = self.actors.find(request.name)
            with ref_pickling.noting() as inside:
                held = pickle.dumps(value, protocol=5)
            ref.settle(held, tuple(inside))
        except Exception as error:
            ref.settle(Failure(error))
