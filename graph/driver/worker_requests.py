"""What tasks ask of the shell while they run (their side is client.py), and their handles.

For each worker the driver holds a handle of every handle that lives there, so that what it refers
to lives as long. It goes when the worker says so, or dies.
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
from shframe.graph.tasks.arguments import Arguments, TaskOptions
from shframe.graph.tracing.trace import Trace
from shframe.store.errors import ObjectLost
from shframe.store.ref import Ref
from shframe.store.store import DRIVER

if TYPE_CHECKING:
    from shframe.graph.driver.loop import Shell
    from shframe.graph.driver.pool import WorkerHandle
    from shframe.graph.tasks.task_graph import TaskGraph
    from shframe.graph.wire.work import Sent


@dataclass(frozen=True, slots=True)
class Carried:
    """A function that a task has sent, as it will be sent on."""

    digest: bytes
    payload: bytes
    name: str


# By what is asked for: the numbers of the handles that wait for it.
_AWAITED: dict[str, Callable[[list[Any]], Sequence[int]]] = {
    **dict.fromkeys(("call", "graph", "fetch"), lambda details: details[0]),
    **dict.fromkeys(("create_actor", "put", "named"), lambda details: details[:1]),
    **dict.fromkeys(("retain", "block", "resume", "stop", "yield", "cancel", "kill"), lambda _: ()),
    "item": lambda details: details[2:],
}


class Borrowed:
    """A handle that lives in a worker, how often; sent: where it was told that the value lies."""

    __slots__ = ("count", "ref", "sent")

    def __init__(self, ref: ObjectRef) -> None:
        self.ref = ref
        self.count = 0
        self.sent: Ref | None = None


class Asking:
    """Answers tasks; used by the shell's thread only."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.borrowed: dict[int, dict[int, Borrowed]] = {}  # slot -> id -> handle
        self._functions: dict[int, dict[bytes, Carried]] = {}  # slot -> those it has sent
        self._graphs: dict[int, LiveRun | None] = {}  # by the id of its first handle; None: comes
        self._numbers = itertools.count(-1, -1)  # of runs: the driver's are above 0
        self._hearers: dict[str, Callable[..., None]] = {
            "call": self._call,
            "create_actor": self._create_actor,
            "put": self._put,
            "retain": self._retain,
            "fetch": self._fetch,
            "block": self._block,
            "resume": self._resume,
            "graph": self._graph,
            "stop": self._stop,
            "yield": self._yield,
            "item": self._item,
            "cancel": self._cancel,
            "kill": self._kill,
            "named": self._named,
        }

    def hear(self, worker: WorkerHandle, asks: Sequence[tuple[Any, ...]]) -> None:
        """Take in what tasks ask for, in order. What cannot be done fails for who asked for it."""
        for what, *details in asks:
            try:
                self._hearers[what](worker, *details)
            except Exception as error:
                self._refuse(worker.slot, _AWAITED[what](details), Failure(error))
                if what == "yield":  # who reads the generator waits for its value
                    self.shell.calls.revoke(details[0], error)

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

    def _retain(self, worker: WorkerHandle, id: int) -> None:
        ref = self.shell.home.known.get(id)
        if ref is not None:  # else what it lay in is gone: who reads it hears so
            self._lend(worker, ref)

    def _put(self, worker: WorkerHandle, id: int, held: Any, inside: Sequence[int]) -> None:
        home, store = self.shell.home, self.shell.store
        keep = self.found(inside)
        if type(held) is Ref:
            store.adopt(held, DRIVER if held.inline else worker.slot)
        self._lend(worker, ObjectRef(id, held, home, keep))

    def _fetch(self, worker: WorkerHandle, ids: Sequence[int]) -> None:
        slot = worker.slot
        for id in ids:
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
        work.answers.append((ref.id, held))

    def _answer_failure(self, slot: int, id: int, failure: Failure) -> None:
        """Tell a worker why a handle has no value: the error is made again there."""
        source = failure.source
        if isinstance(source, BaseException):  # one of ours
            source = Told(packed(source))
        self.shell.work_for(slot).answers.append((id, None, source))

    # --- tasks --------------------------------------------------------------------------

    def _received(self, worker: WorkerHandle, what: Sent) -> tuple[Carried, Arguments]:
        """What a task calls, as calls of the driver have it."""
        known = self._functions.setdefault(worker.slot, {})
        if what.payload is not None:
            known[what.digest] = Carried(what.digest, what.payload, what.name)
        inputs, keep = self.found(what.inputs), self.found(what.keep)
        arguments = Arguments(what.args, inputs, what.places, what.packed, keep)
        return known[what.digest], arguments

    def _call(
        self,
        worker: WorkerHandle,
        ids: Sequence[int],
        what: Sent,
        options: TaskOptions,
        method: str,
        actor: int,
        site: str,
        parent: int,
    ) -> None:
        call = Call(*self._received(worker, what), options, site, method, actor, parent)
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

    def _create_actor(
        self,
        worker: WorkerHandle,
        id: int,
        what: Sent,
        options: TaskOptions,
        actor_options: Any,
        site: str,
        parent: int,
    ) -> None:
        ref = ObjectRef(id, Pending(), self.shell.home)
        self._lend(worker, ref)
        self.shell.actors.create_actor(
            ref, *self._received(worker, what), options, actor_options, site, parent
        )

    def _block(self, worker: WorkerHandle, task: int, ids: Sequence[int]) -> None:
        known = self.shell.home.known
        awaited = []
        for id in ids:
            ref = known.get(id)
            if ref is not None and type(ref.state) is Call:
                awaited.append(ref.state.number)
        self.shell.handle(Blocked(worker.slot, task, awaited))

    def _resume(self, worker: WorkerHandle) -> None:
        self.shell.handle(Resumed(worker.slot))

    def _graph(
        self,
        worker: WorkerHandle,
        ids: Sequence[int],
        payload: bytes,
        inside: Sequence[int],
        parent: int,
    ) -> None:
        """A graph of a task: its outputs are settled when all is done."""
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

    def _stop(self, worker: WorkerHandle, id: int) -> None:
        live = self._graphs.pop(id, None)
        if live is not None:
            self.shell.runs.cancel(live)

    # --- generators ---------------------------------------------------------------------

    def _yield(
        self, worker: WorkerHandle, number: int, place: int, held: Any, inside: Sequence[int]
    ) -> None:
        home = self.shell.home
        if type(held) is Ref:
            self.shell.store.adopt(held, DRIVER if held.inline else worker.slot)
        one = ObjectRef(home.next_id(), held, home, self.found(inside))
        call = self.shell.calls.live.get(number)
        if call is not None and call.stream is not None:
            call.stream.made(place, one)
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
            work.answers.append((None, None, call.number, stream.taken))

    def _item(self, worker: WorkerHandle, generator: int, place: int, id: int) -> None:
        ref = ObjectRef(id, Pending(), self.shell.home)
        self._lend(worker, ref)
        (found,) = self.found((generator,))
        self.item(found, place, ref)

    # --- the rest -----------------------------------------------------------------------

    def _cancel(self, worker: WorkerHandle, id: int, force: bool, recursive: bool) -> None:
        ref = self.shell.home.known.get(id)
        if ref is not None:
            self.shell.calls.cancel(ref, force, recursive)

    def _kill(self, worker: WorkerHandle, actor: int, restart: bool) -> None:
        self.shell.actors.kill(actor, restart)

    def _named(self, worker: WorkerHandle, id: int, name: str) -> None:
        """The handle is settled with the pickled (handle, what it can be asked)."""
        ref = ObjectRef(id, Pending(), self.shell.home)
        self._lend(worker, ref)
        try:
            value = self.shell.actors.named(name)
            with ref_pickling.noting() as inside:
                held = pickle.dumps(value, protocol=5)
            ref.settle(held, tuple(inside))
        except Exception as error:
            ref.settle(Failure(error))
