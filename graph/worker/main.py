"""The loop of a worker process: take tasks in, read inputs in place, run, seal results, report.

Results go back in batches: at once when nothing is left to do, otherwise at most FLUSH_SECONDS
after the first of them, so that a short task costs no message of its own and a long one keeps no
finished neighbour waiting. What tasks ask for themselves is client.py's.
"""

from __future__ import annotations

import functools
import gc
import inspect
import logging
import os
import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import Any

from shframe import graph, store
from shframe.graph.errors import TaskFailed
from shframe.graph.failures.error_pickling import packed_error
from shframe.graph.objects import ref_pickling
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.function import Function
from shframe.graph.tracing import copies
from shframe.graph.wire.call_format import FILLS, PLAIN, How, placed, unpacked
from shframe.graph.wire.channel import Channel, Closed
from shframe.graph.wire.log_messages import Levels
from shframe.graph.wire.work import Assigned, Raised, Report, Result, Wired, Work, sent
from shframe.graph.worker.log_capture import Voice
from shframe.store.codec import codec
from shframe.store.errors import StoreFull
from shframe.store.local_store import LocalStore
from shframe.store.ref import INLINE, Ref

log = logging.getLogger("shframe")

FLUSH_SECONDS = 0.003
CHECK_SECONDS = 0.0005  # between two looks for recalls and new tasks while tasks are waiting
SPIN_SECONDS = 0.0005  # before it blocks: waking a halted core takes as long


class Worker:
    """One worker's state between messages.

    running: the number of the task that the main thread runs, 0: none.
    """

    def __init__(self, channel: Channel, store: LocalStore, voice: Voice) -> None:
        from shframe.graph.worker.client import Nested

        self.channel = channel
        self.voice = voice
        voice.speaker = self._speaker
        self.store = store
        self.waiting: deque[Assigned] = deque()
        self.targets: dict[int, int] = {}  # task -> descriptor of what it fills a part of
        self.functions: dict[bytes, Any] = {}
        self.results: list[tuple[Any, ...]] = []
        self.recalled: list[int] = []
        self.unwanted: set[int] = set()  # tasks that are not to be started any more
        self.on_top: set[int] = set()
        self.readers: dict[int, int] = {}  # task -> tasks sent behind it that read its result
        self.local: dict[int, Wired] = {}  # results of such tasks
        self.trimmed = False
        self.held: set[int] = set()  # as the driver knows
        self.kept: set[int] = set()  # what no collection of garbage could free
        self.flushed = 0.0
        self.looked = 0.0
        self.running = 0
        self.assigned: Assigned | None = None  # that task, and how it is called
        self.failed = False  # a task has, and may have left what it was about to make
        self.calling = False  # the main thread is in a function of the user's, or of a plan
        self.interrupting = 0  # the task that was told to end
        self.sending = threading.RLock()
        self.receiving = threading.Lock()
        self.home = Nested(self)
        self.actor: Any = None  # an actor.Actor, once there is one

    def run(self) -> None:
        """Serve until the driver is gone."""
        result_buffer.use(self.store.empty)
        ref_pickling.settle(self.home)
        try:
            while True:
                if not self.waiting:
                    self.report()
                    self._receive()
                self._look()
                if self.waiting:
                    self.run_next()
        except Closed:
            return

    def _receive(self) -> None:
        """Wait for a message: awake for a moment, then asleep."""
        with self.receiving:
            if not self.channel.soon(SPIN_SECONDS):
                self.channel.fill(wait=True)
            self._arrived()

    def pump(self, seconds: float) -> bool:
        """Take in what arrives within that time, in whatever thread waits for something.

        False: another thread does so just now.
        """
        if not self.receiving.acquire(blocking=False):
            return False
        try:
            if self.channel.fill() or self.channel.fill(seconds=seconds):
                self._arrived()
        finally:
            self.receiving.release()
        return True

    def _look(self) -> None:
        """Take in what has arrived meanwhile, without waiting."""
        now = time.monotonic()
        if self.results and now - self.flushed > FLUSH_SECONDS:
            self.report()
        if now - self.looked < CHECK_SECONDS:
            return
        self.looked = now
        with self.receiving:
            while self.channel.fill():
                pass
            self._arrived()
        if self.unwanted:
            unwanted, self.unwanted = self.unwanted, set()
            self.give_back(unwanted.__contains__)

    def _arrived(self) -> None:
        for message, fds in self.channel.arrived():
            if len(message) > 1 or fds:
                self._prepare(Work(*message), fds)
            self._accept(message[0])

    def _accept(self, tasks: Sequence[Assigned]) -> None:
        for task in tasks:
            for held in task[2]:
                if type(held) is int:
                    self.readers[held] = self.readers.get(held, 0) + 1
        self.waiting.extend(tasks)

    def _prepare(self, work: Work, fds: list[int]) -> None:
        rest = iter(fds)
        for segment in work.segments:
            self.store.attach(segment, next(rest))
        if fds:
            self.targets.update((t[0], next(rest)) for t in work.tasks if t[4] == FILLS)
        for segment in work.gone:
            self.store.detach(segment)
        if work.freed:
            self.store.free(work.freed)
        if work.punched:
            self.store.free_punched(work.punched)
        if work.trim:
            self.store.trim(work.trim if work.trim > 0 else None)
            self.trimmed = True
        if work.surroundings is not None:
            self._surround(*work.surroundings)
        for digest, payload in work.functions.items():
            self.functions[digest] = _unpickled(payload)
        self.on_top.update(work.on_top)
        self.unwanted.update(work.recalled)
        if work.recalled and self.actor is not None:
            self.actor.give_up(work.recalled)
        if work.answers:
            self.home.answered(work.answers)

    def give_back(self, unwanted: Callable[[int], bool]) -> None:
        """Tasks that were sent here and not begun are not to be run here. In the main thread only.

        In place: another thread may append meanwhile.
        """
        kept = []
        for _ in range(len(self.waiting)):
            task = self.waiting.popleft()
            if not unwanted(task[0]):
                kept.append(task)
                continue
            if task[0] in self.targets:
                os.close(self.targets.pop(task[0]))
            self.found(task[2])
            self.recalled.append(task[0])
        self.waiting.extendleft(reversed(kept))

    def _surround(
        self, folder: str, environment: dict[str, str], path: list[str], levels: Levels
    ) -> None:
        self.voice.set_levels(levels)
        try:
            if folder:  # else the driver's was removed
                os.chdir(folder)
        except OSError as error:
            log.warning("a worker cannot enter the folder %r: %s", folder, error)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        sys.path[:] = path

    def run_next(self) -> None:
        """Run the next task: alone, or on top of one that waits."""
        assigned = self.waiting.popleft()
        number, _, inputs, _, how = assigned
        self.on_top.discard(number)
        if inputs and int in map(type, inputs):
            here = self.found(inputs)
            if here is None:  # what it follows has failed, or was given back
                self.recalled.append(number)
                return
            assigned = (number, assigned[1], here, assigned[3], how)
        if type(how) is tuple and self.actor is not None and self.actor.takes(assigned):
            return
        if not self.results:
            self.flushed = time.monotonic()
        before = self.running, self.assigned
        self.running, self.assigned = number, assigned
        self.store.ledger.note(number + 1)  # the driver reads it if this process ends here
        result = self.result_of(assigned)
        if os.getpid() != self.home.pid:  # the task has forked, and its child has come to its end
            self._end_child(result)
        self.voice.task_ended()
        self.running, self.assigned = before
        self.store.ledger.note(self.running + 1 if self.running else 0)
        held = result[1]
        if number in self.readers and held is not None:
            self.local[number] = held
        with self.sending:
            self.results.append(result)
        if type(held) is Ref and held.segment != INLINE:
            self.report()  # what is sealed must not be lost with a task that ends this process

    @staticmethod
    def _end_child(result: tuple[Any, ...]) -> None:
        """End a process that is no worker: its parent says what became of the task."""
        error = Result(*result).error
        if error is not None:
            sys.stderr.write(error.text)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0 if error is None else 1)

    def found(self, inputs: tuple[Wired, ...]) -> tuple[Wired, ...] | None:
        """Inputs with the results of tasks that ran here before in their places; None: one is
        not there. They are not read by this task any more."""
        here = tuple(self.local.get(one) if type(one) is int else one for one in inputs)
        for one in inputs:
            if type(one) is int:
                self.readers[one] -= 1
                if not self.readers[one]:
                    del self.readers[one]
                    self.local.pop(one, None)
        return None if any(one is None for one in here) else here

    def _speaker(self) -> tuple[int, str]:
        """The task that runs in this thread and its name, for what it says."""
        number, actor = self.home.task, self.actor
        kind = "" if actor is None or actor.instance is None else type(actor.instance).__name__
        if number != self.running or self.assigned is None:
            return number, kind
        _, digest, _, _, how = self.assigned
        if type(how) is tuple and How(*how).method:
            return number, f"{kind}.{How(*how).method}" if kind else ""
        function = self.functions.get(digest)
        if isinstance(function, Function):
            return number, function.label
        return number, str(getattr(function, "__name__", type(function).__name__))

    def result_of(self, assigned: Assigned, call: Any = None) -> tuple[Any, ...]:
        """Run a task in this thread; `call` in place of what it names."""
        number, digest, inputs, args, how = assigned
        others: Any = ()
        start = time.monotonic()
        try:
            if how == PLAIN:
                held, inside = self.kept_value(self._plain(digest, inputs, args))
            elif how == FILLS:
                with result_buffer.opened(self.targets.pop(number)):
                    held, inside = self.kept_value(self._plain(digest, inputs, args))
            else:
                held, inside, others = self._call(number, digest, inputs, args, How(*how), call)
        except BaseException as raised:
            error, needed = _packed(raised), self._needed(raised)
            self.failed = self.failed or self.store.in_use > 0
            return Result(number, None, start, time.monotonic(), error, needed)
        read = sum(one.nbytes for one in inputs if type(one) is Ref) if inputs else 0
        copied = copies.taken()
        if read or copied or inside or others:
            end = time.monotonic()
            return Result(number, held, start, end, None, 0, read, copied, inside, others)
        return number, held, start, time.monotonic()

    def _plain(self, digest: bytes, inputs: tuple[Wired, ...], args: Any) -> Any:
        """What a function gives for its inputs and then its own arguments."""
        values = map(self.value, inputs) if inputs else ()
        return self._made(self.functions[digest], (*values, *args), _NO_NAMES)

    def _made(self, function: Any, positional: Iterable[Any], named: dict[str, Any]) -> Any:
        """What a function gives; it may be interrupted, while what is done here may not."""
        before, self.calling = self.calling, True
        try:
            return function(*positional, **named)
        finally:
            self.calling = before

    def _values_of(self, generator: Iterable[Any]) -> Iterator[Any]:
        """What a generator gives; it may be interrupted while it makes the next value."""
        values, end = iter(generator), object()
        while (value := self._made(next, (values, end), _NO_NAMES)) is not end:
            yield value
            del value

    def interrupted(self, _: int, frame: FrameType | None) -> None:
        """The driver has sent SIGINT: a task that it does not want any more ends here.

        Only in the task's own code: what is at work in the store or on a message stays whole, and
        so does a module that is being imported.
        The driver sends it again until the task has ended. Of anybody else's it is nothing.
        """
        if not self.calling:
            return
        while frame is not None and frame.f_code is not _CALLING:
            file = frame.f_code.co_filename
            if file.startswith(_WHOLE) and not file.endswith(_CALLERS):
                return
            frame = frame.f_back
        if frame is not None:
            self.end_if_unwanted()

    def end_if_unwanted(self) -> None:
        """Raise in the task that runs if the driver does not want it any more, once: where it is
        safe, as it is where a task waits."""
        number = self.running
        if number and number == self.store.ledger.told() - 1 and number != self.interrupting:
            self.interrupting = number
            raise KeyboardInterrupt(_GIVEN_UP)

    def unraisable(self, about: sys.UnraisableHookArgs) -> None:
        """An error in a finalizer, which Python passes over: an interrupt that met one is lost,
        and comes again."""
        if isinstance(about.exc_value, KeyboardInterrupt) and about.exc_value.args == (_GIVEN_UP,):
            self.interrupting = 0
        else:
            sys.__unraisablehook__(about)

    def value(self, wired: Wired) -> Any:
        """The value of an input, read in place."""
        return pickle.loads(wired) if type(wired) is bytes else self.store.get(wired)

    def _writable(self, wired: Wired) -> Any:
        return pickle.loads(wired) if type(wired) is bytes else self.store.get_writable(wired)

    def _call(
        self,
        number: int,
        digest: bytes,
        inputs: tuple[Wired, ...],
        args: Any,
        how: How,
        call: Any,
    ) -> tuple[Wired, tuple[int, ...], tuple[Any, ...]]:
        """A call that is not PLAIN: its value, the handles in it, and further values."""
        function = self._function(digest, how) if call is None else call
        positional, named = self.arguments(inputs, args, how)
        made = self._made(function, positional, named)
        del positional, named
        return self.results_of(number, made, how)

    def _function(self, digest: bytes, how: How) -> Any:
        if not how.method:
            return self.functions[digest]
        if how.method == "__init__":
            from shframe.graph.worker.actor import Actor

            self.actor = Actor(self, how.width)
            return functools.partial(self.actor.make, self.functions[digest])
        return self.actor.method(how.method)

    def arguments(
        self, inputs: tuple[Wired, ...], args: Any, how: How
    ) -> tuple[list[Any], dict[str, Any]]:
        """The positional arguments and those by name."""
        values = [*map(self._writable if how.writable else self.value, inputs)]
        if how.packed:
            return unpacked(args, values)
        return (placed(args, values, how.places) if how.places else [*values, *args]), {}

    def results_of(self, number: int, made: Any, how: How) -> tuple[Any, tuple[int, ...], Any]:
        """What a call gives: one value, several, or those of a generator one by one."""
        if how.returns == 1:
            return (*self.kept_value(made), ())
        if how.returns < 0:
            count = self.home.stream(number, self._values_of(made), how.ahead)
            if inspect.isgenerator(made):  # it may stand at a yield
                self._made(made.close, (), _NO_NAMES)
            return (*self.kept_value(count), ())
        if how.returns == 0:
            return (*self.kept_value(None), ())
        values = tuple(made)
        if len(values) != how.returns:
            raise ValueError(
                f"the task gave {len(values)} values, but num_returns={how.returns} was asked for"
            )
        first, *others = [self.kept_value(value) for value in values]
        return (*first, tuple(others))

    def kept_value(self, value: Any) -> tuple[Wired, tuple[int, ...]]:
        """A value as it travels or where it lies now, and the handles in it."""
        if type(value) in codec.ATOMS:
            recipe = codec.atom(value)
            if len(recipe) < codec.INLINE_LIMIT:
                return recipe, ()
        with ref_pickling.noting() as inside:
            ref = self.store.put(value)
        if ref.segment == INLINE and ref.kind == "pickle" and not ref.spans:
            return ref.header, tuple(one.id for one in inside)
        return ref, tuple(one.id for one in inside)

    def _needed(self, error: BaseException) -> int:
        """What an empty store would have had room for; 0 for any other error."""
        if isinstance(error, StoreFull) and error.needed <= self.store.budget:
            return error.needed
        return 0

    def report(self) -> None:
        """Send results, new segments, what tasks ask for, and which views outlive their tasks."""
        with self.sending:
            pinned = self._pinned()
            if not self.waiting and (pinned != self.kept or self.failed):
                gc.collect()  # a cycle may hold what its task has let go: no view that lives on
                pinned = self.kept = self._pinned()
                self.failed = False
            self._send(pinned)

    def _pinned(self) -> set[int]:
        """The objects that have live views here; the memory of what has died is free by now."""
        if self.store.has_released:
            self.store.drain_released()
        return self.store.pinned()

    def _send(self, pinned: set[int]) -> None:
        segments = self.store.new_segments()
        results, self.results = self.results, []
        asks, self.home.asks = self.home.asks, []
        recalled, self.recalled = self.recalled, []
        spoke, self.voice.spoke = self.voice.spoke, False
        report = Report(
            results,
            [s for s, _ in segments],
            [*(pinned - self.held)],
            [*(self.held - pinned)],
            recalled,
            self.trimmed,
            asks,
            self.home.swept(),
            spoke,
        )
        if any(report):
            self.channel.send(sent(report), [fd for _, fd in segments])
        self.trimmed = False
        self.held = pinned
        self.flushed = time.monotonic()

    def tell(self) -> None:
        """Send what a thread of a task asks for, at once."""
        with self.sending:
            self._send(self._pinned())


_GIVEN_UP = "the task was given up"
_NO_NAMES: dict[str, Any] = {}
_CALLING = Worker._made.__code__
# what is not to be left half done, but for those there who call functions of users and of plans
_WHOLE = (
    "<frozen importlib",
    *(os.path.dirname(str(room.__file__)) + os.sep for room in (graph, store)),
)
_CALLERS = tuple(os.sep + name for name in ("function.py", "fuse.py", "actor.py"))


def _packed(error: BaseException) -> Raised:
    """What a task raised, as it travels: whatever its own code does, the worker goes on."""
    try:
        return packed_error(error)
    except BaseException as failed:
        return packed_error(
            TaskFailed(
                f"a task raised {type(error).__name__}, which cannot be told:"
                f" its code raised {type(failed).__name__}"
            )
        )


class _Unloadable:
    """Stands for a function that could not be unpickled here: raises why when called."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self.error


def _unpickled(payload: bytes) -> Any:
    try:
        call, shared = pickle.loads(payload)
    except Exception as error:
        return _Unloadable(error)
    return Function(call, **shared) if shared else call
