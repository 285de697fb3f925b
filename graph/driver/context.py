"""What the parts of the driver share: the session's store, scheduler and pool, and what happened.

Each part takes the Context, and those parts below it that it uses; loop.py, at the top, makes them
all and carries the scheduler's instructions out.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable

from shframe.graph.driver.event_log import EventLog
from shframe.graph.driver.pool import Pool, WorkerHandle
from shframe.graph.driver.user_code import Aside
from shframe.graph.driver.wakeup_pipe import WakePipe
from shframe.graph.errors import WorkerDied
from shframe.graph.failures.failed_task import FailedTask
from shframe.graph.objects.callbacks import attempt
from shframe.graph.objects.ref_backend import StoreBackend
from shframe.graph.scheduler.messages import Event, Instruction
from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.wire.fork_messages import Ended
from shframe.graph.wire.work import Raised
from shframe.store.store import Store

log = logging.getLogger("shframe")


class Context:
    """One session's driver. Used by the loop's thread only, but for `do` and what says otherwise.

    carry_out: does what the scheduler says. fail_all: ends all that is under way; both the loop's.
    failed: the newest task that failed, for sf.debug(): it holds handles of what the task read.
    last_end: the worker that ended last, for messages. distrusted: workers that were ended for
    what they sent, and what that was. refusals: task -> the error of one that found no memory.
    dead: why the thread has ended; None while it runs.
    """

    carry_out: Callable[[list[Instruction]], None]
    fail_all: Callable[[BaseException], None]

    def __init__(
        self, store: Store, home: StoreBackend, pool: Pool, scheduler: Scheduler, aside: Aside
    ) -> None:
        self.store = store
        self.home = home
        self.pool = pool
        self.scheduler = scheduler
        self.aside = aside
        self.log = EventLog()
        self.failed: FailedTask | None = None
        self.last_end = Ended(0, 0, 0)
        self.distrusted: dict[int, str] = {}
        self.refusals: dict[int, Raised] = {}
        self.next_task = 1
        self.commands: deque[Callable[[], None]] = deque()
        self.waking = WakePipe()
        self.asleep = False
        self.dead: BaseException | None = None
        self._events: deque[Event | Callable[[], None]] = deque()  # to be handled
        self._handling = False

    # --- called by the user's threads too -----------------------------------------------

    def do(
        self, command: Callable[[], None], blame: Callable[[BaseException], None] | None = None
    ) -> None:
        """Have the loop's thread call it. blame: called with what it raises."""
        if blame is not None:
            command = functools.partial(attempt, command, blame)
        self.do_some_time(command)
        if self.dead is not None:
            self.fail_all(self.dead)

    def do_some_time(self, command: Callable[[], None]) -> None:
        """As `do`, unless the session has ended. Takes no lock: for finalizers."""
        self.commands.append(command)
        self.wake()

    def wake(self) -> None:
        """Have the loop look at what was handed in, if it waits."""
        if self.asleep:
            self.waking.wake()

    # --- the loop's thread --------------------------------------------------------------

    def handle(self, event: Event | Callable[[], None]) -> None:
        """Give the scheduler an event and do what it says; or do something after that.

        What is handed in while instructions are carried out waits until they are: they were given
        for the state as it was.
        """
        self._events.append(event)
        if not self._handling:
            self._handle_all()

    def _handle_all(self) -> None:
        self._handling = True
        try:
            while self._events and self.dead is None:
                event = self._events.popleft()
                if callable(event):
                    event()
                else:
                    instructions = self.scheduler.handle(event)
                    self.log.add(event, instructions)
                    self.carry_out(instructions)
        finally:
            self._handling = False

    def take_numbers(self, count: int) -> int:
        """Take so many numbers for tasks; the first of them."""
        first = self.next_task
        self.next_task += count
        return first

    def distrust(self, worker: WorkerHandle, error: Exception) -> None:
        """End a worker whose message cannot be taken in; what it ran runs again."""
        if worker.slot not in self.distrusted:
            log.warning("worker %d (pid %d) is ended: %s", worker.slot, worker.pid, error)
        self.distrusted[worker.slot] = str(error)
        self.pool.kill(worker.slot)

    def death_of(self, task: str, tries: int, inputs: str) -> WorkerDied:
        """The error of a task whose worker has died each time."""
        end = self.last_end
        why = self.distrusted.get(end.slot, "")
        return WorkerDied.while_running(task, end.slot, end.pid, end.code, tries, inputs, why)
