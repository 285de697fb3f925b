"""Loose tasks under way: entered, sent, settled; retried, timed out and doubled when they are late.

Used by the shell's thread only, but for `submit` and what says otherwise. A call that waits for a
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
from typing import TYPE_CHECKING, Any

from shframe.graph.driver.call import Call, failed_call, note_of_call
from shframe.graph.driver.graph_runs import died
from shframe.graph.driver.outbox import Outgoing
from shframe.graph.errors import Cancelled, TimedOut
from shframe.graph.failures.error_pickling import Told, described, packed, unpacked_error
from shframe.graph.objects.object_ref import Failure, Life, ObjectRef, Unmade
from shframe.graph.scheduler.messages import Called, Due, Fail, Late, Revoked
from shframe.graph.tracing.trace import Span
from shframe.graph.wire.call_format import Wired
from shframe.graph.wire.work import Assigned, Raised, Result
from shframe.store.ref import Ref
from shframe.store.store import DRIVER

if TYPE_CHECKING:
    from shframe.graph.driver.loop import Shell
    from shframe.graph.driver.pool import WorkerHandle

LOOK_SECONDS = 0.05  # between two looks at tasks that have a time limit or may be doubled
LATE = 3.0  # times what others of its kind take: a speculative task is doubled after that
LATE_LEAST = 0.2  # seconds; a worker for the second run may have to be woken
_NOTHING = pickle.dumps(None, protocol=5)
HISTORY = 10_000  # ended calls that are kept for the timeline


class Calls:
    """The loose tasks of one session.

    incoming: calls that were made and not entered yet, and what is to be done between them.
    errors: why tasks fail of which the scheduler is about to hear so.
    history: (function, slot, pid, start, end, bytes) of calls that have ended.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.incoming: deque[Call | Callable[[], None]] = deque()
        self.live: dict[int, Call] = {}
        self.history: deque[tuple[Any, ...]] = deque(maxlen=HISTORY)
        self.errors: dict[int, BaseException | Unmade] = {}
        self.refusals = shell.memory.refusals
        self._later: list[tuple[float, int]] = []  # when a task is tried again
        self._watched: set[int] = set()  # tasks that have a time limit or may be doubled
        self._begun: dict[int, float] = {}  # when a watched task was first seen to run
        self._looked = 0.0

    def submit(self, call: Call | Callable[[], None]) -> None:
        """Hand a call in, or what is to be done between calls; from any thread."""
        self.incoming.append(call)
        if self.shell.asleep:
            self.shell.waking.wake()
        if self.shell.dead is not None:
            self.fail_all(self.shell.dead)

    def enter_all(self) -> None:
        """Enter what was handed in, and do what is due."""
        if self.incoming:
            self.shell.around.look()
            self.shell.renew()
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
        """Give calls to the scheduler, as far as what they read is there or under way."""
        entered = []
        shell, live = self.shell, self.live
        first = number = shell.next_task
        for call in calls:
            call.number = number
            call.rank = number - (call.priority << 48)
            if call.inputs and not self._enter_inputs(call):
                call.number = 0
                continue
            if call.actor and call.actor not in shell.scheduler.actors and not call.constructs:
                self.settle_failure(call, Failure(shell.actors.why(call.actor)))
                call.number = 0
                continue
            live[number] = call
            number += 1
            entered.append(call)
            if call.options.timeout is not None or call.options.speculative:
                self._watched.add(call.number)
        shell.next_task = number
        if entered:
            shell.handle(Called(first, entered))

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
                ref.attach(lambda _: self.submit(call))
                return False
        call.sources = tuple(sources)
        call.missing = len(sources)
        return True

    # --- sending and settling -----------------------------------------------------------

    def wired(self, call: Call, work: Outgoing, worker: WorkerHandle) -> Assigned:
        """A call as the worker gets it."""
        function = call.function
        digest = function.digest
        if digest not in worker.known:
            self.shell.function_for(worker, work, function)
        call.worker = worker.slot
        inputs: tuple[Wired, ...] = ()
        if call.inputs:
            held = [ref.state for ref in call.inputs]
            inputs = self.shell.sent_to(worker, work, call.number, held)
        return call.number, digest, inputs, call.args, call.how

    def take(self, worker: WorkerHandle, call: Call, result: tuple[Any, ...]) -> int:
        """A call has ended well; the bytes of its result in the store."""
        held = result[1]
        del self.live[call.number]
        if self.refusals:
            self.refusals.pop(call.number, None)
        if type(held) is bytes and len(result) == 4 and call.stays is None and call.refs:
            size = 0
            call.refs[0].settle(held)
        else:
            size = self._settle_all(worker, call, Result(*result))
        self.history.append((call.function, worker.slot, worker.pid, result[2], result[3], size))
        if self._watched:
            self._forget(call.number)
        return size

    def ended(self) -> list[Span]:
        """The newest calls that have ended well; from any thread."""
        return [
            Span(function.name, function.name, slot, pid, start, end, 0, size)
            for function, slot, pid, start, end, size in self.history.copy()
        ]

    def _settle_all(self, worker: WorkerHandle, call: Call, result: Result) -> int:
        """The handles of a call have their values; the bytes in the store."""
        if call.stream is not None:
            call.stream.ended(None)
        handles = call.handles
        if not handles:  # of an actor that was made anew, or of what nobody awaits
            return 0
        size = self.settle(handles[0], result.held, result.inside, call)
        for ref, (value, within) in zip(handles[1:], result.others, strict=False):
            if type(value) is Ref and not value.inline:
                self.shell.store.adopt(value, worker.slot)
            size += self.settle(ref, value, within, call)
        return size

    def settle(self, ref: ObjectRef, held: Any, inside: Sequence[int], call: Call) -> int:
        """A handle has its value; its bytes in the store."""
        keep: tuple[Any, ...] = self.shell.asking.found(inside) if inside else ()
        if call.stays is not None:
            keep = (*keep, call.stays)
        size = 0
        if type(held) is Ref:
            if held.inline:
                self.shell.store.adopt(held, DRIVER)
            else:
                size = held.nbytes
                self.shell.store.note_site(held.id, call.site)
                self._keep_for_followers(call, held)
        ref.settle(held, keep)
        return size

    def _keep_for_followers(self, call: Call, held: Ref) -> None:
        """Tasks that were sent behind a call to its worker read its result where it lies."""
        for number in call.dependents or ():
            follower = self.live.get(number)
            if follower is not None and follower.at == follower.worker == call.worker:
                sent = self.shell.sent.setdefault((call.worker, number), [])
                sent.extend(self.shell.store.send((held,)))

    def failed(self, call: Call, result: Result) -> bool:
        """A call has raised; whether it is to be tried again."""
        assert result.error is not None, "a call without a result has an error"
        options, raised = call.options, result.error
        if options.retry_exceptions and call.failures < options.retries and raised.usual:
            if isinstance(options.retry_exceptions, tuple):
                self.shell.home.aside(functools.partial(self._judge, call, raised))
            else:
                self._try_later(call)
            return True
        self._note_failure(call, raised)
        return False

    def _judge(self, call: Call, raised: Raised) -> None:
        """See whether a call is to be tried again after an error of that type. Not in the shell's
        thread: to make the error again runs users' code."""
        wanted = call.options.retry_exceptions
        assert isinstance(wanted, tuple), "who wants all errors need not see them"
        kinds = type(unpacked_error(raised)).__mro__  # as `except` compares, but nothing is called
        again = any(kind in wanted for kind in kinds)
        self.shell.do_some_time(lambda: self._judged(call, raised, again))

    def _judged(self, call: Call, raised: Raised, again: bool) -> None:
        if call.number not in self.live:  # it was given up meanwhile
            return
        if again:
            self._try_later(call)
            return
        self._note_failure(call, raised)
        self.shell.handle(Revoked(call.number))

    def _try_later(self, call: Call) -> None:
        wait = call.options.backoff * 2**call.failures
        call.failures += 1
        heapq.heappush(self._later, (time.monotonic() + wait, call.number))

    def _note_failure(self, call: Call, raised: Raised) -> None:
        told = Told(raised, note_of_call(call), called=True)
        self.errors[call.number] = told
        self.shell.failed = failed_call(call, told.error, self.shell.home)

    def fail(self, instruction: Fail) -> None:
        """Calls that will have no result."""
        try:
            failure = Failure(self._reason(self.live[instruction.task], instruction.died))
        except Exception as error:
            failure = Failure(error)
        for number in (instruction.task, *instruction.others):
            lost = self.live.pop(number, None)
            self._forget(number)
            if lost is not None:
                self.settle_failure(lost, failure)

    def _reason(self, call: Call, has_died: bool) -> BaseException | Unmade:
        """Why a call has no result."""
        error = self.errors.pop(call.number, None)
        refusal = self.refusals.pop(call.number, None)
        if error is not None:
            return error
        if has_died:
            return self.shell.actors.why(call.actor) if call.actor else self._death(call)
        if refusal is not None:
            self._note_failure(call, refusal)
            return self.errors.pop(call.number)
        if call.actor and call.actor not in self.shell.scheduler.actors:
            return self.shell.actors.why(call.actor)
        return Cancelled(f"the task {call.name} was cancelled")

    def _death(self, call: Call) -> BaseException:
        inputs = [described(ref.state) for ref in call.inputs[:5]]
        what = f"{call.name} (called at {call.site})"
        tries = call.options.retries + 1
        error = died(self.shell, what, tries, ", ".join(inputs) or "none")
        self.shell.failed = failed_call(call, Told(packed(error)).error, self.shell.home, died=True)
        return error

    def settle_failure(self, call: Call, failure: Failure) -> None:
        """The handles of a call that will have no value hold why."""
        if call.stream is not None:
            call.stream.ended(failure)
        for ref in call.handles:
            ref.settle(failure, () if call.stays is None else (call.stays,))
        if call.constructs:
            self.shell.actors.failed(call.actor, failure)

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
        generator that of the whole and one that lives as long as somebody may ask for its values.
        From any thread.
        """
        home, stream = self.shell.home, call.stream
        if stream is None:
            call.refs = tuple(ObjectRef(id, call, home) for id in ids)
            return call.refs  # type: ignore[no-any-return]
        id, reader = ids

        def ended(what: Callable[[], None]) -> Life:
            return Life(lambda: self.shell.do_some_time(lambda: self._left(call, what)))

        whole = ObjectRef(id, call, home, (ended(stream.look),))
        stream.whole = weakref.ref(whole)
        return whole, ObjectRef(reader, _NOTHING, home, (ended(stream.leave),))

    def _left(self, call: Call, what: Callable[[], None]) -> None:
        what()
        stream = call.stream
        if stream is not None and call.number in self.live:
            self.shell.asking.took(call, stream)

    # --- given up, late, tried again ----------------------------------------------------

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """Give up the task of a handle; one that has ended keeps its value."""
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
        """Give a call up, if it is under way. now: its worker gets no time to end it."""
        if number not in self.live:
            return
        self.errors[number] = error
        self.shell.handle(Revoked(number))
        if now:
            self.shell.hurry(number)

    def due(self, now: float) -> float:
        """When something is to be looked at by itself."""
        due = self._later[0][0] if self._later else math.inf
        return min(due, max(self._looked + LOOK_SECONDS, now)) if self._watched else due

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            _, number = heapq.heappop(self._later)
            self.shell.handle(Due(number))
        if self._watched and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._look(now)

    def _look(self, now: float) -> None:
        """See which watched tasks run, and for how long."""
        note_of = self.shell.store.ledger.note_of
        running = {note_of(slot) - 1 for slot in self.shell.pool.workers}
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
                self.shell.handle(Late(number))

    def _is_late(self, call: Call, seconds: float) -> bool:
        usual = self.shell.scheduler.seconds.get(call.kind)
        return usual is not None and seconds > max(usual * LATE, LATE_LEAST)
