"""The loop of a worker process: take tasks in, read inputs in place, run, seal results, report.

Results go back in batches: at once when nothing is left to do, otherwise at most FLUSH_SECONDS
after the first of them, so that a short task costs no message of its own and a long one keeps no
finished neighbour waiting.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import time
import traceback
from collections import OrderedDict, deque
from typing import Any, NamedTuple, Self

from shframe.graph import conversions, output
from shframe.graph.channel import Channel, Closed
from shframe.graph.errors import TaskFailed
from shframe.graph.function import Function
from shframe.store.errors import StoreFull
from shframe.store.local import LocalStore
from shframe.store.ref import Ref

FLUSH_SECONDS = 0.003
CHECK_SECONDS = 0.0005  # between two looks for recalls and new tasks while tasks are waiting
FUNCTIONS_KEPT = 4096


Assigned = tuple[int, bytes, tuple[Ref, ...], tuple[Any, ...], bool]


class Work(NamedTuple):
    """Driver to worker: tasks and what they need.

    tasks: (number, digest of the function, refs of the inputs, own arguments, whether it has
        a target) each; the targets' descriptors come after those of the segments.
    functions: pickled (callable, shared parameters) by digest, of those not sent before.
    segments: ids of segments whose read-only descriptors come with the message, in order.
    gone: ids of segments that hold no object any more.
    freed: refs of this worker's own objects whose memory may be used again.
    punched: own blocks (segment, offset, bytes) that have moved to the disk, pages and all.
    trim: bytes of pages not in use that are to be given back, -1: all; and that is reported.
    recalled: numbers of tasks that are not to be started any more.
    surroundings: (working directory, environment) when they have changed.
    """

    tasks: list[Assigned]
    functions: dict[bytes, bytes]
    segments: list[int]
    gone: list[int]
    freed: list[Any]
    punched: list[tuple[int, int, int]]
    trim: int
    recalled: list[int]
    surroundings: tuple[str, dict[str, str]] | None

    @classmethod
    def nothing(cls) -> Self:
        """A message to be filled."""
        return cls([], {}, [], [], [], [], 0, [], None)


class Result(NamedTuple):
    """How one task ended: its result's ref, or the pickled error.

    needed: bytes that it found no memory for, which may change; 0: that was not why it failed.
    """

    number: int
    ref: Ref | None
    error: bytes | None
    needed: int
    start: float
    end: float
    bytes_in: int
    copied: conversions.Copied


class Report(NamedTuple):
    """Worker to driver.

    held, let_go: objects of which views (still, no longer) live here.
    trimmed: pages that are not in use have been given back, as was asked.
    """

    results: list[Result]
    segments: list[int]
    held: list[int]
    let_go: list[int]
    recalled: list[int]
    trimmed: bool


class Worker:
    """One worker's state between messages."""

    def __init__(self, channel: Channel, store: LocalStore) -> None:
        self.channel = channel
        self.store = store
        self.waiting: deque[Assigned] = deque()
        self.targets: dict[int, int] = {}  # task -> descriptor of what it fills a part of
        self.functions: OrderedDict[bytes, Function] = OrderedDict()
        self.results: list[Result] = []
        self.recalled: list[int] = []
        self.trimmed = False
        self.held: set[int] = set()  # as the driver knows
        self.kept: set[int] = set()  # what no collection of garbage could free
        self.flushed = 0.0
        self.looked = 0.0

    def run(self) -> None:
        """Serve until the driver is gone."""
        output.use(self.store.empty)
        try:
            while True:
                if not self.waiting:
                    self._report()
                    message, fds = self.channel.receive()
                    self._take(Work(*message), fds)
                self._look()
                if self.waiting:
                    self._run_next()
        except Closed:
            return

    def _look(self) -> None:
        """Take in what has arrived meanwhile, without waiting."""
        now = time.monotonic()
        if self.results and now - self.flushed > FLUSH_SECONDS:
            self._report()
        if now - self.looked < CHECK_SECONDS:
            return
        self.looked = now
        while self.channel.fill():
            pass
        for message, fds in self.channel.arrived():
            self._take(Work(*message), fds)

    def _take(self, work: Work, fds: list[int]) -> None:
        rest = iter(fds)
        for segment in work.segments:
            self.store.attach(segment, next(rest))
        self.targets.update((task[0], next(rest)) for task in work.tasks if task[4])
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
        self.waiting.extend(work.tasks)
        if work.recalled:
            given_back = set(work.recalled)
            back = [task[0] for task in self.waiting if task[0] in given_back]
            for number in back:
                if number in self.targets:
                    os.close(self.targets.pop(number))
            self.recalled.extend(back)
            self.waiting = deque(t for t in self.waiting if t[0] not in given_back)

    @staticmethod
    def _surround(folder: str, environment: dict[str, str]) -> None:
        try:
            os.chdir(folder)
        except OSError as error:
            print(f"shframe worker: cannot enter {folder!r}: {error}", file=sys.stderr)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)

    def _run_next(self) -> None:
        number, digest, refs, args, filling = self.waiting.popleft()
        if not self.results:
            self.flushed = time.monotonic()
        self.store.ledger.note(number + 1)  # the driver reads it if this process ends here
        start = time.monotonic()
        try:
            if filling:
                with output.opened(self.targets.pop(number)):
                    ref = self._call(digest, refs, args)
            else:
                ref = self._call(digest, refs, args)
            error, needed = None, 0
        except BaseException as raised:
            ref, error, needed = None, _packed(raised), self._needed(raised)
            del raised
        self.store.ledger.note(0)
        size = sum(ref.nbytes for ref in refs) if refs else 0
        copied = conversions.taken()
        self.results.append(
            Result(number, ref, error, needed, start, time.monotonic(), size, copied)
        )
        if ref is not None and not ref.inline:
            self._report()  # what is sealed must not be lost with a task that ends this process

    def _call(self, digest: bytes, refs: tuple[Ref, ...], args: tuple[Any, ...]) -> Ref:
        function = self.functions[digest]
        inputs = [self.store.get(ref) for ref in refs]
        return self.store.put(function(*inputs, *args))

    def _needed(self, error: BaseException) -> int:
        """What an empty store would have had room for; 0 for any other error."""
        if isinstance(error, StoreFull) and error.needed <= self.store.budget:
            return error.needed
        return 0

    def _report(self) -> None:
        """Send results, new segments and which views outlive their tasks."""
        pinned = self.store.pinned()
        if not self.waiting and pinned != self.kept:
            gc.collect()  # a cycle may hold what its task has let go: no view that lives on
            pinned = self.kept = self.store.pinned()
        segments = self.store.new_segments()
        held, let_go = pinned - self.held, self.held - pinned
        if self.results or segments or held or let_go or self.recalled or self.trimmed:
            report = Report(
                self.results,
                [s for s, _ in segments],
                list(held),
                list(let_go),
                self.recalled,
                self.trimmed,
            )
            self.channel.send(tuple(report), [fd for _, fd in segments])
            self.results, self.recalled, self.trimmed = [], [], False
        self.held = set(pinned)
        self.flushed = time.monotonic()


class _Unloadable:
    """Stands for a function that could not be unpickled here: raises why when called."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *_: Any) -> Any:
        raise self.error


def _unpickled(payload: bytes) -> Any:
    try:
        call, shared = pickle.loads(payload)
    except Exception as error:
        return _Unloadable(error)
    return Function(call, **shared)


def _packed(error: BaseException) -> bytes:
    """The error with its traceback as text; one that cannot travel becomes TaskFailed."""
    import cloudpickle

    text = "".join(traceback.format_exception(error))
    bare = error.with_traceback(None)
    bare.__cause__ = bare.__context__ = None
    try:
        payload = cloudpickle.dumps((bare, text), protocol=5)
        pickle.loads(payload)
    except Exception:
        stand_in = TaskFailed(
            f"a task raised {type(error).__name__}, which cannot travel between processes\n"
            f"  it said: {error!s:.500}"
        )
        payload = cloudpickle.dumps((stand_in, text), protocol=5)
    return bytes(payload)
