"""An actor in its worker: the instance, and where its methods run.

One call at a time runs in the worker's main thread, in the order of the calls. With more at once
they run on threads; coroutine methods run on an event loop, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from shframe.graph.wire.call_format import READY, STREAM, How
from shframe.graph.wire.work import Assigned
from shframe.graph.worker.client import WorkerClient
from shframe.graph.worker.driver_link import DriverLink
from shframe.graph.worker.task_runner import TaskRunner


class Actor:
    """The one actor of a worker."""

    def __init__(
        self, link: DriverLink, runner: TaskRunner, client: WorkerClient, width: int
    ) -> None:
        self.link = link
        self.runner = runner
        self.client = client
        self.width = width
        self.instance: Any = None
        self._threads: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun: dict[int, Future[None]] = {}  # calls on the loop or on threads
        self._running: set[int] = set()  # those of them that have started

    def make(self, kind: type, *args: Any, **kwargs: Any) -> None:
        """Call the constructor."""
        self.instance = kind(*args, **kwargs)
        if is_async(kind):
            self._loop = asyncio.new_event_loop()
            threading.Thread(
                target=self._loop.run_forever, name="shframe-loop", daemon=True
            ).start()
        elif self.width > 1:
            self._threads = ThreadPoolExecutor(self.width, "shframe-actor")

    def method(self, name: str) -> Any:
        """The instance's method, to be called in this thread."""
        if name == READY:
            return lambda: True
        return getattr(self.instance, name)

    def takes(self, assigned: Assigned) -> bool:
        """Run the call beside others; False: it is the main thread's."""
        if self._loop is not None:
            begun = asyncio.run_coroutine_threadsafe(self._await(assigned), self._loop)
        elif self._threads is not None:
            begun = self._threads.submit(self._apart, assigned)
        else:
            return False
        number, *_ = assigned
        self._begun[number] = begun
        begun.add_done_callback(lambda _: self._begun.pop(number, None))
        return True

    def give_up(self, numbers: Iterable[int]) -> None:
        """End cancelled calls: coroutines where they wait, others if they have not
        begun."""
        for number in numbers:
            begun = self._begun.get(number)
            if begun is not None and begun.cancel() and number not in self._running:
                self.link.queue.recalled.append(number)

    def _apart(self, assigned: Assigned) -> None:
        number, *_ = assigned
        self._running.add(number)
        self.runner.set_task(number)
        self._finish(self.runner.run(assigned))

    async def _await(self, assigned: Assigned) -> None:
        """A call whose method may be a coroutine: the same as `TaskRunner.run`."""
        number, digest, inputs, args, wired = assigned
        how = How(*wired)
        self._running.add(number)
        self.runner.set_task(number)
        method: Any = getattr(self.instance, how.method, None)
        if not _waits(method):
            self._finish(self.runner.run(assigned))
            return
        outcome = _Outcome()
        try:
            positional, named = self.runner.arguments(inputs, args, how)
            made = method(*positional, **named)
            if how.returns == STREAM:
                outcome.value = await self.client.stream_async(number, made, how.ahead)
                how = how._replace(returns=1)
                if inspect.isasyncgen(made):  # it may stand at a yield
                    await made.aclose()
            else:
                outcome.value = await made
        except BaseException as error:
            outcome.error = error
        how = how._replace(packed=False, places=None)
        self._finish(self.runner.run((number, digest, (), (), tuple(how)), outcome))

    def _finish(self, result: tuple[Any, ...]) -> None:
        number, *_ = result
        with self.link.sending:
            self._running.discard(number)
            self.link.results.append(result)
            self.link.report()


class _Outcome:
    """The outcome of a coroutine; called, it returns or raises that."""

    value: Any = None
    error: BaseException | None = None

    def __call__(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def is_async(kind: type) -> bool:
    """Whether any method of a class is a coroutine."""
    return any(_waits(method) for _, method in inspect.getmembers(kind, inspect.isfunction))


def _waits(method: Any) -> Any:
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
