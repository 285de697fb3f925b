"""The session as tasks see it: calls of further tasks, puts, values of handles.

A task uses the session as the driver does: this is a worker's executor and the home of its handles.
Requests (wire/requests.py) go to the driver in order; what a task waits for comes back as answers.
While the main thread waits, its place in the pool is given to another worker, and what the driver
sends meanwhile is run on top of the task that waits.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from shframe.graph.errors import SessionClosed
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.object_ref import (
    Death,
    Failure,
    ObjectRef,
    Pending,
    take_dropped_ids,
    wait_all,
)
from shframe.graph.objects.signal import Signal
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing.call_site import Place, line_of
from shframe.graph.tracing.trace import Trace
from shframe.graph.wire.call_format import CLOSED
from shframe.graph.wire.requests import (
    Answer,
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
    Yield,
    from_wire,
    to_wire,
)
from shframe.graph.worker.driver_link import DriverLink
from shframe.graph.worker.interrupts import Interrupts
from shframe.graph.worker.task_runner import TaskRunner
from shframe.store.ref import Ref
from shframe.store.shared_memory import forks
from shframe.store.shared_memory.pins import Pin

if TYPE_CHECKING:  # workers need not load it
    from shframe.store.store import Store

STEP = 0.05  # seconds of one look at the channel
LOOK_SECONDS = 0.01  # between two looks of a generator that need not wait

here: WorkerClient | None = None  # that of this process, if it is a worker


class Unfetched(Pending):
    """A value that the driver knows. requested: whether it was asked for it."""

    __slots__ = ("requested",)

    def __init__(self) -> None:
        super().__init__()
        self.requested = False


class WorkerClient:
    """A worker's executor. Safe to call from any thread of a task."""

    lends = False  # final objects are the driver's

    def __init__(self, link: DriverLink, runner: TaskRunner, interrupts: Interrupts) -> None:
        global here
        here = self
        self.link = link
        self.runner = runner
        self.queue = link.queue
        self.interrupts = interrupts
        self.pid = os.getpid()
        self.store = link.store
        self.home = self
        self.dropped: deque[Death] = deque()  # unused: handles are reported, not objects
        self.main = threading.get_ident()
        self.known: weakref.WeakValueDictionary[int, ObjectRef] = weakref.WeakValueDictionary()
        self.next_id = link.store.next_id
        self.workers = 1
        self._gone: deque[Death] = deque()
        self._sent: set[bytes] = set()  # functions that the driver has from here
        self._taken: dict[int, int] = {}  # task -> values of its generator that were asked for
        self._pumping: threading.Thread | None = None
        self._wanted: dict[int, ObjectRef] = {}  # handles with callbacks
        forks.watch(self)

    # --- the executor's face ------------------------------------------------------------

    def warm_up(self) -> bool:
        """Nothing is to be started."""
        return False

    def call(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None = None,
        method: str = "",
        actor: int = 0,
    ) -> tuple[ObjectRef, ...]:
        """Start a task; its handles."""
        refs = tuple(self._new(self.next_id()) for _ in range(options.handles))
        ids = tuple(ref.id for ref in refs)
        callee, site = self._callee(function, arguments), line_of(place)
        self._request(CallTask(ids, callee, options, method, actor, site, self.task))
        return refs

    def create_actor(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None,
        actor_options: Any,
    ) -> ObjectRef:
        """Start an actor; the handle that keeps it alive."""
        ref = self._new(self.next_id())
        callee, site = self._callee(function, arguments), line_of(place)
        self._request(CreateActor(ref.id, callee, options, actor_options, site, self.task))
        return ref

    def put(self, value: object) -> ObjectRef:
        """Store a value; its handle."""
        wired, inside = self.runner.store_value(value)
        id = wired.id if type(wired) is Ref else self.next_id()
        ref = ObjectRef(id, wired, self)
        self._watch(ref)
        self._request(Put(id, wired, inside))
        return ref

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """Run a graph in the pool of the session; a handle for each output."""
        wait_all(graph.data.values(), None)
        for ref in graph.data.values():
            ref.held()  # raises what a task that was to make it has raised
        ids = [self.next_id() for _ in graph.outputs]
        refs = [self._new(id) for id in ids]
        with ref_pickling.noting() as inside:
            from shframe.store.codec.pickling import dumps

            payload = dumps(graph)
        keep = tuple(ref.id for ref in inside)
        self._request(RunGraph(tuple(ids), payload, keep, self.task))
        try:
            wait_all(refs, None)
        except BaseException:
            self._request(StopGraph(ids[0]))
            raise
        for ref in refs:
            error = ref.error()
            if error is not None:
                raise error
        return refs

    def item(self, generator: ObjectRef, place: int) -> ObjectRef:
        """The handle of a generator's value at that place, when there is one."""
        ref = self._new(self.next_id())
        self._request(GetItem(generator.id, place, ref.id))
        return ref

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """Cancel a task."""
        self._request(CancelTask(ref.id, force, recursive))

    def kill(self, actor: ObjectRef, restart: bool) -> None:
        """End an actor now."""
        self._request(KillActor(actor.id, restart))

    def named(self, name: str) -> tuple[ObjectRef, Any]:
        """The actor of that name: its handle and its methods. Raises: ActorNotFound."""
        id = self.next_id()
        ref = self._new(id)
        self._request(FindActor(id, name))
        return ref.value()  # type: ignore[no-any-return]

    def close(self) -> None:
        """The driver ends it."""

    def sweep(self) -> None:
        """Dropped handles are reported with the next message."""

    @property
    def task(self) -> int:
        """The number of the task that runs in this thread, or in this process."""
        return self.runner.task

    def live_pins(self) -> list[Pin]:
        """Of what the handles of tasks here are known to hold: a child may read it (forks.py)."""
        if os.getpid() != self.pid:
            return []
        known = [ref.state for ref in list(self.known.values())]
        pins = [self.store.hold(held) for held in known if type(held) is Ref]
        return [pin for pin in pins if pin is not None]

    def forked(self) -> None:
        """A child asks for nothing."""

    # --- requests -----------------------------------------------------------------------

    def _new(self, id: int) -> ObjectRef:
        ref = ObjectRef(id, Unfetched(), self)
        self._watch(ref)
        return ref

    def _watch(self, ref: ObjectRef) -> None:
        """Report the end of the handle to the driver."""
        self.known[ref.id] = ref
        Death.watch(ref, ref.id, self._gone)

    def _callee(self, function: CallableRef, arguments: Arguments) -> tuple[Any, ...]:
        """A function and its arguments for the driver: the function's content only once."""
        payload = None
        if function.digest not in self._sent:
            payload = function.payload
            self._sent.add(function.digest)
        return tuple(
            Callee(
                function.digest,
                payload,
                function.name,
                arguments.args,
                tuple(ref.id for ref in arguments.inputs),
                arguments.places,
                arguments.packed,
                tuple(ref.id for ref in arguments.keep),
            )
        )

    def _request(self, request: Request) -> None:
        self._check()
        self.link.request(request)

    def take_answers(self, answers: Iterable[tuple[Any, ...]]) -> None:
        """Take in what the driver answers."""
        for packed in answers:
            answer: Answer = from_wire(packed)
            if isinstance(answer, ItemsTaken):
                if answer.task in self._taken:
                    self._taken[answer.task] = answer.taken
                continue
            ref = self._wanted.pop(answer.id, None) or self.known.get(answer.id)
            if ref is None or ref.done():
                continue
            if isinstance(answer, NoValue):
                ref.settle(Failure(answer.source))
            else:
                ref.settle(answer.held)

    def stream(self, number: int, values: Iterable[Any], ahead: int) -> int:
        """Send the values of a generator one by one, at most so many ahead of its reader, until
        there is no reader.
        """
        count = 0
        self._taken[number] = 0
        looked = time.monotonic()
        for value in values:
            self._yield(number, count, value)
            del value
            count += 1
            if ahead and self._lags(number, count - ahead):
                self._pause(number, count - ahead)
            elif time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
                self.link.pump(0)
            if self._taken[number] == CLOSED:
                break
        del self._taken[number]
        return count

    async def stream_async(self, number: int, values: AsyncIterator[Any], ahead: int) -> int:
        """As `stream`, on an event loop that others use too."""
        import asyncio

        count = 0
        self._taken[number] = 0
        async for value in values:
            self._yield(number, count, value)
            del value
            count += 1
            while ahead and self._lags(number, count - ahead):
                await asyncio.sleep(STEP / 10)
            if self._taken[number] == CLOSED:
                break
        del self._taken[number]
        return count

    def _yield(self, number: int, index: int, value: Any) -> None:
        wired, inside = self.runner.store_value(value)
        self._request(Yield(number, index, wired, inside))

    def _lags(self, number: int, count: int) -> bool:
        """Whether no more values of a generator were taken than that."""
        return CLOSED < self._taken[number] <= count

    def _pause(self, number: int, count: int) -> None:
        """Wait until more values of the generator have been taken, or it is to be closed."""
        begun = self._begin([])
        try:
            while self._lags(number, count):
                self._turn(begun)
        finally:
            self._end(begun)

    # --- the home's face ----------------------------------------------------------------

    def find(self, id: int) -> ObjectRef:
        """A handle that has arrived in a value."""
        ref = self.known.get(id)
        if ref is None:
            ref = self._new(id)
            with self.link.sending:
                self.link.requests.append(to_wire(Retain(id)))
        return ref

    def note(self, ref: ObjectRef) -> None:
        """The driver knows all handles."""

    def read(self, ref: ObjectRef, writable: bool) -> Any:
        """The value, in place."""
        held = ref.state
        if type(held) is bytes:
            return pickle.loads(held)
        return self.store.get_writable(held) if writable else self.store.get(held)

    def own(self, ref: ObjectRef, id: int) -> None:
        """The driver holds the reference, as long as the handle exists."""

    def uses(self, store: Store) -> bool:
        """Values are in the driver's store, not here."""
        return False

    def story(self, ref: ObjectRef) -> Sequence[str]:
        """The driver knows it."""
        return ()

    def aside(self, call: Callable[[], None]) -> None:
        """The thread that answers come in belongs to the task."""
        call()

    def take_dropped(self) -> list[int]:
        """The handles that have died since the last call."""
        return take_dropped_ids(self._gone)

    def _check(self) -> None:
        """Raises: SessionClosed: in a child that a task has forked, which has no connection."""
        if os.getpid() != self.pid:
            raise SessionClosed.in_child()

    def wait(self, refs: Sequence[ObjectRef], ended: Signal, timeout: float | None) -> None:
        """Wait for the signal, and take in messages until then."""
        self._check()
        deadline = None if timeout is None else time.monotonic() + timeout
        begun = self._begin(refs)
        try:
            while not ended.is_set():
                if deadline is not None and time.monotonic() >= deadline:
                    return
                self._turn(begun, ended, deadline)
        finally:
            self._end(begun)

    def _begin(self, refs: Sequence[ObjectRef]) -> bool:
        """Ask for values; the main thread returns what it has not begun to the scheduler."""
        waits = threading.get_ident() == self.main and bool(self.runner.running)
        with self.link.sending:
            self._fetch(refs)
            if waits:
                self.queue.recall(self._not_on_top)
                ids = tuple(ref.id for ref in refs)
                self.link.requests.append(to_wire(Block(self.runner.running, ids)))
            self.link.send_now()
        return waits

    def _end(self, waits: bool) -> None:
        if waits:
            self._request(Resume())

    def _turn(
        self, waits: bool, ended: Signal | None = None, deadline: float | None = None
    ) -> None:
        left = STEP if deadline is None else min(STEP, max(deadline - time.monotonic(), 0.0001))
        if not self.link.pump(left) and ended is not None:
            ended.wait(min(left, 0.01))
        if waits:
            self.interrupts.end_if_unwanted()
        if waits and self.queue.waiting:
            self.queue.recall(self._not_on_top)
            if self.queue.waiting:
                self.runner.run_next()
            self.link.report()

    def _not_on_top(self, number: int) -> bool:
        return number not in self.queue.on_top

    def _fetch(self, refs: Sequence[ObjectRef]) -> None:
        ids = []
        for ref in refs:
            held = ref.state
            if isinstance(held, Unfetched) and not held.requested:
                held.requested = True
                ids.append(ref.id)
        if ids:
            self.link.requests.append(to_wire(Fetch(tuple(ids))))

    def expect(self, ref: ObjectRef) -> None:
        """A callback waits: a thread takes in messages while tasks run."""
        if ref.done():
            return
        with self.link.sending:
            self._wanted[ref.id] = ref  # it is kept until then
            self._fetch([ref])
            self.link.send_now()
            if self._pumping is None or not self._pumping.is_alive():
                self._pumping = threading.Thread(
                    target=self._pump, name="shframe-answers", daemon=True
                )
                self._pumping.start()

    def _pump(self) -> None:
        while self._wanted:
            if not self.link.pump(STEP):
                time.sleep(0.001)
