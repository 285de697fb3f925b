"""Single tasks under way: entered, sent, ended; retried, timed out and doubled when they are late.

Used by the loop's thread only, but for `submit` and what says otherwise. A call that waits for a
handle which is no task's (an item of a generator, a graph of another task) is entered when that is
there.
"""

from __future__ import annotations

import functools
import heapq
import math
import pickle
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from shframe.graph.driver.actor_records import ActorRecords
from shframe.graph.driver.call import Call, failed_call, note_of_call
from shframe.graph.driver.cancellation import Cancellation
from shframe.graph.driver.context import Context
from shframe.graph.driver.outbox import Outbox, Outgoing
from shframe.graph.driver.pool import WorkerHandle
from shframe.graph.errors import Cancelled, TimedOut
from shframe.graph.failures.error_pickling import (
    PickledError,
    describe_value,
    pack_unraised,
    unpack_error,
)
from shframe.graph.objects.object_ref import Failure, FailureSource, Lifetime, ObjectRef
from shframe.graph.objects.stream import Stream
from shframe.graph.scheduler.messages import Called, Due, Fail, Late, Revoked
from shframe.graph.tracing.trace import Span
from shframe.graph.wire.call_format import Wired
from shframe.graph.wire.requests import ItemsTaken, to_wire
from shframe.graph.wire.work import Assigned, Raised, Result
from shframe.store.ref import Ref
from shframe.store.store import DRIVER

LOOK_SECONDS = 0.05  # between two looks at tasks that have a time limit or may be doubled
LATE = 3.0  # times what others of its kind take: a speculative task is doubled after that
LATE_LEAST = 0.2  # seconds; a worker for the second run may have to be woken
_NOTHING = pickle.dumps(None, protocol=5)
HISTORY = 10_000  # ended calls that are kept for the timeline


class TaskCalls:
    """The single tasks of one session.

    incoming: calls that were made and not entered yet, and what is to be done between them.
    errors: errors of tasks for which the scheduler is about to get a Failed.
    history: (function, slot, pid, start, end, bytes) of calls that have ended.
    on_constructor_failed: called with the number of an actor and why it has no instance.
    """

    on_constructor_failed: Callable[[int, Failure], None]

    def __init__(
        self, context: Context, outbox: Outbox, cancellation: Cancellation, actors: ActorRecords
    ) -> None:
        self.context = context
        self.outbox = outbox
        self.cancellation = cancellation
        self.actors = actors
        self.incoming: deque[Call | Callable[[], None]] = deque()
        self.live: dict[int, Call] = {}
        self.history: deque[tuple[Any, ...]] = deque(maxlen=HISTORY)
        self.errors: dict[int, BaseException | FailureSource] = {}
        self.refusals = context.refusals
        self._later: list[tuple[float, int]] = []  # when a task is tried again
        self._watched: set[int] = set()  # tasks that have a time limit or may be doubled
        self._begun: dict[int, float] = {}  # when a watched task was first seen to run
        self._looked = 0.0

    def submit(self, call: Call | Callable[[], None]) -> None:
        """Hand a call in, or what is to be done between calls; from any thread."""
        self.incoming.append(call)
        context = self.context
        if context.asleep:
            context.waking.wake()
        if context.dead is not None:
            self.fail_all(context.dead)

    def enter_all(self) -> None:
        """Enter what was handed in, and do what is due."""
        if self.incoming:
            calls = []
            while self.incoming:
                one = self.incoming.popleft()
                if isinstance(one, Call):
                    calls.append(one)
                    continue
                self.enter(calls)
                calls = []
                one()
            self.enter(calls)
        if self._later or self._watched:
            self._do_what_is_due()

    def enter(self, calls: Sequence[Call]) -> None:
        """Give calls to the scheduler, if what they read is there or under way."""
        entered = []
        context, live = self.context, self.live
        first = number = context.next_task
        for call in calls:
            call.number = number
            call.rank = number - (call.priority << 48)
            if call.inputs and not self._enter_inputs(call):
                call.number = 0
                continue
            if call.actor and call.actor not in context.scheduler.actors and not call.constructs:
                self.settle_failure(call, Failure(self.actors.reason(call.actor)))
                call.number = 0
                continue
            live[number] = call
            number += 1
            entered.append(call)
            if call.options.timeout is not None or call.options.speculative:
                self._watched.add(call.number)
        context.next_task = number
        if entered:
            context.handle(Called(first, entered))

    def _enter_inputs(self, call: Call) -> bool:
        """Find the tasks that the call waits for; False: it is not to be entered now."""
        sources: dict[int, None] = {}
        for ref in call.inputs:
            held = ref.state
            if type(held) is Failure:
                self.settle_failure(call, held)
                return False
            if type(held) is Call and held.number:
                sources[held.number] = None
            elif not ref.done():
                ref.add_callback(lambda _: self.submit(call))
                return False
        call.sources = tuple(sources)
        call.missing = len(sources)
        return True

    # --- sent and ended -----------------------------------------------------------------

    def assign(self, call: Call, work: Outgoing, worker: WorkerHandle) -> Assigned:
        """A call as the worker gets it."""
        function = call.function
        digest = function.digest
        if digest not in worker.known:
            self.outbox.add_function(worker, work, function)
        call.worker = worker.slot
        inputs: tuple[Wired, ...] = ()
        if call.inputs:
            held = [ref.state for ref in call.inputs]
            inputs = self.outbox.add_inputs(worker, work, call.number, held)
        return call.number, digest, inputs, call.args, call.how

    def take(self, worker: WorkerHandle, call: Call, result: tuple[Any, ...]) -> int:
        """A call has ended well; the bytes of its result in the store."""
        plain = len(result) == 4
        _, held, start, end = result if plain else result[:4]
        del self.live[call.number]
        if self.refusals:
            self.refusals.pop(call.number, None)
        if plain and type(held) is bytes and call.lifetime is None and call.refs:
            size = 0
            call.refs[0].settle(held)
        else:
            size = self._set_all(worker, call, Result(*result))
        self.history.append((call.function, worker.slot, worker.pid, start, end, size))
        if self._watched:
            self._forget(call.number)
        return size

    def ended_spans(self) -> list[Span]:
        """The newest calls that have ended well; from any thread."""
        return [
            Span(function.name, function.name, slot, pid, start, end, 0, size)
            for function, slot, pid, start, end, size in self.history.copy()
        ]

    def _set_all(self, worker: WorkerHandle, call: Call, result: Result) -> int:
        """Give the handles of a call their values; the bytes in the store."""
        if call.stream is not None:
            call.stream.end(None)
        handles = call.handles
        if not handles:  # of an actor that was restarted, or none is left
            return 0
        size = self._set_value(handles[0], result.held, result.inside, call)
        for ref, (value, within) in zip(handles[1:], result.others, strict=False):
            if type(value) is Ref and not value.inline:
                self.context.store.adopt(value, worker.slot)
            size += self._set_value(ref, value, within, call)
        return size

    def _set_value(self, ref: ObjectRef, held: Any, inside: Sequence[int], call: Call) -> int:
        """Give a handle its value; its bytes in the store."""
        keep: tuple[Any, ...] = self.context.home.find_all(inside) if inside else ()
        if call.lifetime is not None:
            keep = (*keep, call.lifetime)
        size = 0
        if type(held) is Ref:
            if held.inline:
                self.context.store.adopt(held, DRIVER)
            else:
                size = held.nbytes
                self.context.store.note_site(held.id, call.site)
                self._keep_for_followers(call, held)
        ref.settle(held, keep)
        return size

    def _keep_for_followers(self, call: Call, held: Ref) -> None:
        """Tasks that were sent behind a call to its worker read its result in place."""
        for number in call.dependents or ():
            follower = self.live.get(number)
            if follower is not None and follower.at == follower.worker == call.worker:
                reading = self.outbox.reading.setdefault((call.worker, number), [])
                reading.extend(self.context.store.send((held,)))

    def handle_failure(self, call: Call, result: Result) -> bool:
        """A call has raised; whether it is to be tried again."""
        assert result.error is not None, "a call without a result has an error"
        options, raised = call.options, result.error
        if options.retry_exceptions and call.failures < options.retries and raised.usual:
            if isinstance(options.retry_exceptions, tuple):
                self.context.home.aside(functools.partial(self._judge, call, raised))
            else:
                self._try_later(call)
            return True
        self._note_failure(call, raised)
        return False

    def _judge(self, call: Call, raised: Raised) -> None:
        """See whether a call is to be tried again after an error of that type. Not in the loop's
        thread: to make the error again runs users' code."""
        wanted = call.options.retry_exceptions
        assert isinstance(wanted, tuple), "retrying after any error needs no look at it"
        kinds = type(unpack_error(raised)).__mro__  # as `except` compares, but nothing is called
        again = any(kind in wanted for kind in kinds)
        self.context.do_some_time(lambda: self._apply_judgement(call, raised, again))

    def _apply_judgement(self, call: Call, raised: Raised, again: bool) -> None:
        if call.number not in self.live:  # it was cancelled since
            return
        if again:
            self._try_later(call)
            return
        self._note_failure(call, raised)
        self.context.handle(Revoked(call.number))

    def _try_later(self, call: Call) -> None:
        wait = call.options.backoff * 2**call.failures
        call.failures += 1
        heapq.heappush(self._later, (time.monotonic() + wait, call.number))

    def _note_failure(self, call: Call, raised: Raised) -> None:
        pickled = PickledError(raised, note_of_call(call), called=True)
        self.errors[call.number] = pickled
        self.context.failed = failed_call(call, pickled.error, self.context.home)

    def fail(self, instruction: Fail) -> None:
        """Calls that will have no result."""
        try:
            failure = Failure(self._reason(self.live[instruction.task], instruction.died))
        except Exception as error:
            failure = Failure(error)
        failure.task = instruction.task
        for number in (instruction.task, *instruction.others):
            lost = self.live.pop(number, None)
            self._forget(number)
            if lost is not None:
                self.settle_failure(lost, failure)

    def _reason(self, call: Call, has_died: bool) -> BaseException | FailureSource:
        """Why a call has no result."""
        error = self.errors.pop(call.number, None)
        refusal = self.refusals.pop(call.number, None)
        if error is not None:
            return error
        if has_died:
            return self.actors.reason(call.actor) if call.actor else self._death(call)
        if refusal is not None:
            self._note_failure(call, refusal)
            return self.errors.pop(call.number)
        if call.actor and call.actor not in self.context.scheduler.actors:
            return self.actors.reason(call.actor)
        return Cancelled(f"the task {call.name} was cancelled")

    def _death(self, call: Call) -> BaseException:
        inputs = [describe_value(ref.state) for ref in call.inputs[:5]]
        what = f"{call.name} (called at {call.site})"
        tries = call.options.retries + 1
        error = self.context.death_of(what, tries, ", ".join(inputs) or "none")
        self.context.failed = failed_call(
            call, PickledError(pack_unraised(error)).error, self.context.home, died=True
        )
        return error

    def settle_failure(self, call: Call, failure: Failure) -> None:
        """The handles of a call that will have no value hold why."""
        if call.stream is not None:
            call.stream.end(failure)
        for ref in call.handles:
            ref.settle(failure, () if call.lifetime is None else (call.lifetime,))
        if call.constructs:
            self.on_constructor_failed(call.actor, failure)

    def _forget(self, number: int) -> None:
        self._watched.discard(number)
        self._begun.pop(number, None)

    def fail_all(self, error: BaseException) -> None:
        """The session ends."""
        calls = [*self.live.values()]
        self.live.clear()
        while self.incoming:
            one = self.incoming.popleft()
            if isinstance(one, Call):
                calls.append(one)
            else:
                one()
        for call in calls:
            for ref in call.handles:
                ref.settle(Failure(error))

    def add_uses(self, uses: dict[int, int]) -> None:
        """For each object that calls under way read, the number of the first of them."""
        for number, call in self.live.items():
            for ref in call.inputs:
                if type(ref.state) is Ref:
                    id = ref.state.id
                    uses[id] = min(uses.get(id, number), number)

    # --- handles ------------------------------------------------------------------------

    def handles_of(self, call: Call, ids: Sequence[int]) -> tuple[ObjectRef, ...]:
        """The handles of a call, with these numbers, of which there are `options.handles`: of a
        generator that of the whole and one that exists as long as its values can be asked for.
        From any thread.
        """
        home, stream = self.context.home, call.stream
        if stream is None:
            call.refs = tuple(ObjectRef(id, call, home) for id in ids)
            return call.refs  # type: ignore[no-any-return]
        id, reader = ids

        def on_drop(what: Callable[[], None]) -> Lifetime:
            return Lifetime(
                lambda: self.context.do_some_time(lambda: self._drop_reader(call, what))
            )

        whole = ObjectRef(id, call, home, (on_drop(stream.check_readers),))
        stream.whole = weakref.ref(whole)
        return whole, ObjectRef(reader, _NOTHING, home, (on_drop(stream.leave),))

    def _drop_reader(self, call: Call, what: Callable[[], None]) -> None:
        what()
        stream = call.stream
        if stream is not None and call.number in self.live:
            self._send_taken(call, stream)

    def get_item(self, generator: ObjectRef, position: int, ref: ObjectRef) -> None:
        """Have the handle get a generator's value at that position."""
        call = generator.state
        if type(call) is Call and call.stream is not None:
            call.stream.want(position, ref)
            self._send_taken(call, call.stream)
        else:
            stream = next(one for one in generator.keep if isinstance(one, Stream))
            stream.want(position, ref)

    def add_item(self, number: int, position: int, item: ObjectRef) -> None:
        """A generator's task has made a value."""
        call = self.live.get(number)
        if call is not None and call.stream is not None:
            call.stream.add(position, item)
            self._send_taken(call, call.stream)

    def _send_taken(self, call: Call, stream: Stream) -> None:
        """Tell the generator how many of its values were asked for."""
        if call.worker in self.context.pool.workers and call.number in self.live:
            work = self.outbox.work_for(call.worker)
            work.answers.append(to_wire(ItemsTaken(call.number, stream.taken)))

    # --- cancelled, late, tried again ---------------------------------------------------

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """Cancel the task of a handle; one that has ended keeps its value."""
        call = ref.state
        if type(call) is Call:
            self._cancel(call, force, recursive)

    def _cancel(self, call: Call, force: bool, recursive: bool) -> None:
        if not call.number:  # it waits for something else than a task
            if call in self.incoming:
                self.incoming.remove(call)
            self.settle_failure(call, Failure(Cancelled(f"the task {call.name} was cancelled")))
            return
        if recursive:
            for child in [c for c in self.live.values() if c.parent == call.number]:
                self._cancel(child, force, recursive)
        cancelled = Cancelled(f"the task {call.name} was cancelled")
        self.revoke(call.number, cancelled, now=force)

    def revoke(self, number: int, error: BaseException, now: bool = False) -> None:
        """Cancel a call, if it is under way. now: its worker gets no time to end it."""
        if number not in self.live:
            return
        self.errors[number] = error
        self.context.handle(Revoked(number))
        if now:
            self.cancellation.kill_soon(number)

    def due(self, now: float) -> float:
        """When something is to be looked at next."""
        due = self._later[0][0] if self._later else math.inf
        return min(due, max(self._looked + LOOK_SECONDS, now)) if self._watched else due

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            _, number = heapq.heappop(self._later)
            self.context.handle(Due(number))
        if self._watched and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._look(now)

    def _look(self, now: float) -> None:
        """See which watched tasks run, and for how long."""
        note_of = self.context.store.ledger.note_of
        running = {note_of(slot) - 1 for slot in self.context.pool.workers}
        for number in [*self._watched]:
            call = self.live[number]
            if number in running:
                self._begun.setdefault(number, now)
            begun = self._begun.get(number)
            if begun is None:
                continue
            limit = call.options.timeout
            if limit is not None and now - begun > limit:
                self.revoke(number, TimedOut.of_task(call.name, limit))
            elif call.options.speculative and self._is_late(call, now - begun):
                self.context.handle(Late(number))

    def _is_late(self, call: Call, seconds: float) -> bool:
        usual = self.context.scheduler.seconds.get(call.kind)
        return usual is not None and seconds > max(usual * LATE, LATE_LEAST)
