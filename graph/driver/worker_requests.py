"""Carries out what tasks request while they run (worker/client.py), and keeps their handles.

For each worker the driver holds a handle of every handle that exists there, so that what it refers
to exists as long. It goes when the worker says so, or dies.
"""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shframe.graph.driver.call import Call
from shframe.graph.driver.graph_runs import LiveRun
from shframe.graph.errors import Cancelled
from shframe.graph.failures.error_pickling import Told, packed
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.object_ref import Failure, ObjectRef, Pending
from shframe.graph.objects.stream import Stream
from shframe.graph.scheduler.messages import Blocked, Resumed
from shframe.graph.scheduler.submission import Entry
from shframe.graph.tasks.arguments import Arguments
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
    ItemsTaken,
    KillActor,
    NoValue,
    Put,
    Request,
    Resume,
    Retain,
    RunGraph,
    StopGraph,
    Value,
    Yield,
    awaiting,
)
from shframe.store.errors import ObjectLost
from shframe.store.ref import Ref
from shframe.store.store import DRIVER

if TYPE_CHECKING:
    from shframe.graph.driver.loop import Shell
    from shframe.graph.driver.pool import WorkerHandle
    from shframe.graph.tasks.task_graph import TaskGraph


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

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
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

    def take_in(self, worker: WorkerHandle, requests: Sequence[Request]) -> None:
        """Carry requests out, in order. What cannot be done fails for the task that waits."""
        for request in requests:
            try:
                self._handlers[type(request)](worker, request)
            except Exception as error:
                self._refuse(worker.slot, awaiting(request), Failure(error))
                if isinstance(request, Yield):  # a reader of the generator waits for its value
                    self.shell.calls.revoke(request.task, error)

    def _refuse(self, slot: int, ids: Sequence[int], failure: Failure) -> None:
        """Handles that a task waits for will have no value."""
        for id in ids:
            ref = self.shell.home.known.get(id)
            if ref is not None and not ref.done():
                ref.settle(failure)
            self._answer_failure(slot, id, failure)

    # --- handles ------------------------------------------------------------------------

    def _lend(self, worker: WorkerHandle, ref: ObjectRef) -> None:
        self.shell.home.note(ref)
        held = self.borrowed.setdefault(worker.slot, {})
        if ref.id not in held:
            held[ref.id] = Borrowed(ref)
        held[ref.id].count += 1

    def left(self, slot: int, ids: Sequence[int]) -> None:
        """Handles have died in a worker."""
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
            self.shell.store.ended((one.sent,))

    def gone(self, slot: int) -> None:
        """A worker is no more, and what lived in it."""
        for one in self.borrowed.pop(slot, {}).values():
            self._take_back(one)
        self._functions.pop(slot, None)

    def _retain(self, worker: WorkerHandle, request: Retain) -> None:
        ref = self.shell.home.known.get(request.id)
        if ref is not None:  # else the value that held it is gone: reading it raises ObjectLost
            self._lend(worker, ref)

    def _put(self, worker: WorkerHandle, request: Put) -> None:
        home, store = self.shell.home, self.shell.store
        held, keep = request.held, self.found(request.inside)
        if type(held) is Ref:
            store.adopt(held, DRIVER if held.inline else worker.slot)
        self._lend(worker, ObjectRef(request.id, held, home, keep))

    def _fetch(self, worker: WorkerHandle, request: Fetch) -> None:
        slot = worker.slot
        for id in request.ids:
            ref = self.shell.home.known.get(id)
            if ref is not None:
                ref.attach(lambda ref: self.answer(slot, ref))
            else:
                self._answer_failure(slot, id, self._lost(id).state)

    def answer(self, slot: int, ref: ObjectRef) -> None:
        """Tell a worker the value of a handle. In the shell's thread, or in the user's."""
        self.shell.do(
            lambda: self._answer(slot, ref),
            lambda error: self._answer_failure(slot, ref.id, Failure(error)),
        )

    def _answer(self, slot: int, ref: ObjectRef) -> None:
        worker = self.shell.pool.workers.get(slot)
        if worker is None:
            return
        work = self.shell.work_for(slot)
        held = ref.state
        if type(held) is Failure:
            self._answer_failure(slot, ref.id, held)
            return
        one = self.borrowed.get(slot, {}).get(ref.id)
        if type(held) is Ref and not held.inline:
            if one is None:
                return  # it has died there meanwhile
            (held,) = self.shell.store.send((held,))
            self.shell.show(worker, work, held)
            if one.sent is not None:
                self.shell.store.ended((one.sent,))
            one.sent = held
        work.answers.append(Value(ref.id, held))

    def _answer_failure(self, slot: int, id: int, failure: Failure) -> None:
        """Tell a worker why a handle has no value: the error is made again there."""
        source = failure.source
        if isinstance(source, BaseException):  # one of ours
            source = Told(packed(source))
        self.shell.work_for(slot).answers.append(NoValue(id, source))

    # --- tasks --------------------------------------------------------------------------

    def _received(
        self, worker: WorkerHandle, callee: Callee
    ) -> tuple[ForwardedFunction, Arguments]:
        """What a task calls, as calls of the driver have it."""
        known = self._functions.setdefault(worker.slot, {})
        if callee.payload is not None:
            known[callee.digest] = ForwardedFunction(callee.digest, callee.payload, callee.name)
        inputs, keep = self.found(callee.inputs), self.found(callee.keep)
        arguments = Arguments(callee.args, inputs, callee.places, callee.packed, keep)
        return known[callee.digest], arguments

    def _call_task(self, worker: WorkerHandle, request: CallTask) -> None:
        ids, callee, options, method, actor, site, parent = request
        call = Call(*self._received(worker, callee), options, site, method, actor, parent)
        call.priority = options.priority + self._depth(parent)
        for ref in self.shell.calls.handles_of(call, ids):
            self._lend(worker, ref)
        self.shell.calls.enter((call,))

    def found(self, ids: Sequence[int]) -> tuple[ObjectRef, ...]:
        """The handles with these numbers; one that is gone is a handle that says so."""
        home = self.shell.home
        return tuple(home.known.get(id) or self._lost(id) for id in ids)

    def _lost(self, id: int) -> ObjectRef:
        lost = ObjectLost.for_id(id, "no handle of it was left")
        return ObjectRef(id, Failure(lost), self.shell.home)

    def _depth(self, parent: int) -> int:
        """Tasks of tasks come first: somebody waits for them."""
        task = self.shell.scheduler.tasks.get(parent)
        return 1 if task is None else (parent - task.rank >> 48) + 1

    def _create_actor(self, worker: WorkerHandle, request: CreateActor) -> None:
        id, callee, options, actor_options, site, parent = request
        ref = ObjectRef(id, Pending(), self.shell.home)
        self._lend(worker, ref)
        self.shell.actors.create_actor(
            ref, *self._received(worker, callee), options, actor_options, site, parent
        )

    def _block(self, worker: WorkerHandle, request: Block) -> None:
        known = self.shell.home.known
        awaited = []
        for id in request.ids:
            ref = known.get(id)
            if ref is not None and type(ref.state) is Call:
                awaited.append(ref.state.number)
        self.shell.handle(Blocked(worker.slot, request.task, awaited))

    def _resume(self, worker: WorkerHandle, _: Resume) -> None:
        self.shell.handle(Resumed(worker.slot))

    def _run_graph(self, worker: WorkerHandle, request: RunGraph) -> None:
        """A graph of a task: its outputs are settled when all is done."""
        ids, payload, inside, parent = request
        shell, home = self.shell, self.shell.home
        refs = [ObjectRef(id, Pending(), home) for id in ids]
        for ref in refs:
            self._lend(worker, ref)
        keep = [*self.found(inside)]  # until the graph holds them
        self._graphs[ids[0]] = None

        def load() -> None:  # which may import the user's modules
            try:
                with ref_pickling.home_is(home):
                    graph: TaskGraph = pickle.loads(payload)
                live = LiveRun(graph, Entry(graph), Trace(), next(self._numbers), site="")
            except BaseException as error:
                failure = Failure(error)
                shell.do_some_time(lambda: self._settle_all(refs, failure))
                return
            live.told = lambda live: self._graph_ended(refs, live)
            shell.do_some_time(lambda: self._enter_graph(live, ids[0], parent))
            keep.clear()

        shell.aside.call(load)

    def _enter_graph(self, live: LiveRun, id: int, parent: int) -> None:
        if id not in self._graphs:  # it was given up meanwhile
            live.error = Cancelled("the computation was given up")
            self.shell.runs.break_off(live, live.error)
            return
        live.priority, live.parent = self._depth(parent), parent
        self._graphs[id] = live
        self.shell.runs.submit(live)

    @staticmethod
    def _settle_all(refs: list[ObjectRef], failure: Failure) -> None:
        for ref in refs:
            ref.settle(failure)

    def _graph_ended(self, refs: list[ObjectRef], live: LiveRun) -> None:
        if refs:
            self._graphs.pop(refs[0].id, None)
        if live.error is not None:
            self._settle_all(refs, Failure(live.error))
            return
        for ref, made in zip(refs, live.handles, strict=True):
            held = made.state
            if type(held) is Ref:
                self.shell.store.retain(held.id)
            ref.settle(held, made.keep)

    def _stop_graph(self, worker: WorkerHandle, request: StopGraph) -> None:
        live = self._graphs.pop(request.id, None)
        if live is not None:
            self.shell.runs.cancel(live)

    # --- generators ---------------------------------------------------------------------

    def _yield(self, worker: WorkerHandle, request: Yield) -> None:
        number, index, held, inside = request
        home = self.shell.home
        if type(held) is Ref:
            self.shell.store.adopt(held, DRIVER if held.inline else worker.slot)
        one = ObjectRef(home.next_id(), held, home, self.found(inside))
        call = self.shell.calls.live.get(number)
        if call is not None and call.stream is not None:
            call.stream.made(index, one)
            self.took(call, call.stream)

    def item(self, generator: ObjectRef, place: int, ref: ObjectRef) -> None:
        """Somebody asks for a value of a generator."""
        call = generator.state
        if type(call) is Call and call.stream is not None:
            call.stream.want(place, ref)
            self.took(call, call.stream)
        else:
            stream = next(one for one in generator.keep if isinstance(one, Stream))
            stream.want(place, ref)

    def took(self, call: Call, stream: Stream) -> None:
        """Tell the generator how many of its values somebody has asked for."""
        if call.worker in self.shell.pool.workers and call.number in self.shell.calls.live:
            work = self.shell.work_for(call.worker)
            work.answers.append(ItemsTaken(call.number, stream.taken))

    def _get_item(self, worker: WorkerHandle, request: GetItem) -> None:
        ref = ObjectRef(request.id, Pending(), self.shell.home)
        self._lend(worker, ref)
        (found,) = self.found((request.generator,))
        self.item(found, request.position, ref)

    # --- the rest -----------------------------------------------------------------------

    def _cancel_task(self, worker: WorkerHandle, request: CancelTask) -> None:
        ref = self.shell.home.known.get(request.id)
        if ref is not None:
            self.shell.calls.cancel(ref, request.force, request.recursive)

    def _kill_actor(self, worker: WorkerHandle, request: KillActor) -> None:
        self.shell.actors.kill(request.actor, request.restart)

    def _find_actor(self, worker: WorkerHandle, request: FindActor) -> None:
        """The handle gets the pickled (handle, methods)."""
        ref = ObjectRef(request.id, Pending(), self.shell.home)
        self._lend(worker, ref)
        try:
            value = self.shell.actors.named(request.name)
            with ref_pickling.noting() as inside:
                held = pickle.dumps(value, protocol=5)
            ref.settle(held, tuple(inside))
        except Exception as error:
            ref.settle(Failure(error))
