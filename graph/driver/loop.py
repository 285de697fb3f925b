"""The driver's loop: the thread that waits, takes in what workers send, and sends what follows.

It is the only place that waits: on the workers' sockets, the server's, and a wake-up pipe through
which the user's threads hand in work. It turns what arrives into events, and carries out what the
scheduler says. Data never pass through here: messages hold addresses of objects in shared memory,
and results below the inline limit. What the parts of the driver share is in context.py; graphs are
in graph_runs.py, single tasks in task_calls.py, actors in actors.py, memory in memory.py.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
import time

from shframe.graph.driver.actor_records import ActorRecords
from shframe.graph.driver.actors import Actors
from shframe.graph.driver.cancellation import Cancellation
from shframe.graph.driver.context import Context
from shframe.graph.driver.deadlocks import Deadlocks
from shframe.graph.driver.environment import Environment
from shframe.graph.driver.graph_runs import GraphRuns, LiveRun
from shframe.graph.driver.launcher import Launched
from shframe.graph.driver.log_relay import LogRelay
from shframe.graph.driver.memory import Memory
from shframe.graph.driver.outbox import Outbox
from shframe.graph.driver.pool import Pool, WorkerHandle
from shframe.graph.driver.reports import Reports
from shframe.graph.driver.status import Observer
from shframe.graph.driver.task_calls import TaskCalls
from shframe.graph.driver.user_code import Aside
from shframe.graph.driver.worker_memory import PAUSE
from shframe.graph.driver.worker_requests import WorkerRequests
from shframe.graph.driver.workers import Workers
from shframe.graph.errors import SessionClosed, WorkerDied
from shframe.graph.objects.callbacks import run_guarded
from shframe.graph.objects.ref_backend import StoreBackend, release_dropped
from shframe.graph.scheduler.messages import (
    Abort,
    Drop,
    Fail,
    Failed,
    Finish,
    Grow,
    Instruction,
    Joined,
    More,
    Recall,
    Relieved,
    Run,
)
from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.wire.channel import Closed
from shframe.graph.wire.work import Surroundings
from shframe.store.store import Store

log = logging.getLogger("shframe")

IDLE_SECONDS = 0.05  # after the last message before the session counts as idle
SPIN_SECONDS = 0.00015  # before it sleeps while one call is awaited: a wake-up takes a tenth of it
SHOWN_EVENTS = 20  # in the log when the loop has failed


class DriverLoop:
    """The background thread of one session, which `start` starts, and the parts of the driver."""

    def __init__(
        self, store: Store, home: StoreBackend, workers: int, launched: Launched | None = None
    ) -> None:
        self.store = store
        self.home = home
        self.scheduler = Scheduler(limit=workers)
        self.logs = LogRelay(self._worker_and_task)
        aside = Aside()
        try:
            self.pool = self._new_pool(workers, launched)
        except BaseException:
            aside.close()
            self.logs.close()
            raise
        self.context = Context(store, home, self.pool, self.scheduler, aside)
        self.context.carry_out = self._carry_out
        self.context.fail_all = self._fail_all
        self.do = self.context.do
        home.flush_output = self.flush_output
        home.aside = aside.call
        self._make_parts()
        home.story_of = self.observer.story_of
        self._idle = False  # nothing has happened since the last turn
        self._stopping = False
        self._poll = select.poll()
        self._polled: object = None
        self._waking = self.context.waking.fileno()
        self._server = self.pool.channel.fileno()
        self._workers: dict[int, WorkerHandle] = {}  # by the descriptors that are polled
        for slot in self.pool.workers:
            self.scheduler.handle(Joined(slot))
        self.thread = threading.Thread(target=self._serve, name="shframe-driver", daemon=True)

    def _new_pool(self, workers: int, launched: Launched | None) -> Pool:
        return Pool(self.store, workers, self.logs, launched)

    def _make_parts(self) -> None:
        """Make the parts of the driver, each after those that it uses."""
        context, records = self.context, ActorRecords()
        self.environment = Environment()
        self.outbox = Outbox(context, self.environment)
        self.cancellation = Cancellation(context, self.outbox)
        self.runs = GraphRuns(context, self.outbox)
        self.calls = TaskCalls(context, self.outbox, self.cancellation, records)
        self.memory = Memory(context, self.outbox, self.runs, self.calls)
        self.actors = Actors(context, self.calls, records, lambda slot: self.workers.dismiss(slot))
        self.requests = WorkerRequests(context, self.outbox, self.runs, self.calls, self.actors)
        self.reports = Reports(
            context,
            self.outbox,
            self.cancellation,
            self.runs,
            self.calls,
            self.memory,
            self.requests,
            self.logs,
        )
        self.workers = Workers(
            context,
            self.outbox,
            self.cancellation,
            self.runs,
            self.calls,
            self.memory,
            self.actors,
            self.requests,
            self.reports,
        )
        self.deadlocks = Deadlocks(context, self.runs)
        self.observer = Observer(context, self.runs, records, self.workers.running, self.deadlocks)

    def start(self) -> None:
        """Begin to serve."""
        self.thread.start()

    # --- called by the user's threads ---------------------------------------------------

    def submit(self, live: LiveRun, here: Surroundings) -> None:
        """Enter a graph of the user's. In the loop's thread."""
        self.environment.become(here)
        self.workers.renew()
        self.runs.submit(live)

    def flush_output(self) -> None:
        """A thread has waited: output of tasks until now is shown."""
        self.logs.flush(not self.busy)

    def _worker_and_task(self, slot: int) -> tuple[int, str]:
        """The pid of the worker in a slot and the name of what it runs; from any thread."""
        worker = self.pool.workers.get(slot)
        number = self.store.ledger.note_of(slot) - 1
        return 0 if worker is None else worker.pid, self._label_of(number) if number > 0 else ""

    def _label_of(self, number: int) -> str:
        """What a task is called; "" when it has ended. From any thread."""
        call = self.calls.live.get(number)
        if call is not None:
            return call.name
        live = self.runs.holding(number)
        return "" if live is None else live.submission.task(number).function.label

    def ask_for_pages(self) -> threading.Event:
        """Ask all workers for the pages that they do not use; set when all have answered."""
        answered = threading.Event()
        self.do(lambda: self.memory.notify_when_trimmed(answered))
        return answered

    def close(self) -> None:
        """End the thread and the pool; runs under way fail with SessionClosed."""
        self._stopping = True
        self.context.waking.wake()
        self.thread.join()
        self.context.aside.close()
        self.home.aside = run_guarded
        self.context.failed = None
        self.pool.close()
        self.logs.close()
        self.context.waking.close()

    # --- the thread ---------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._stopping:
                self._turn()
            self._fail_all(SessionClosed("the session was shut down while this was computed"))
        except Closed:
            self._fail_all(
                WorkerDied(
                    "the server process that forks the workers has ended\n"
                    "  call sf.init() to start a new session"
                )
            )
        except BaseException as error:
            events = "\n  ".join(self.context.log.newest(SHOWN_EVENTS)) or "none"
            log.critical("the driver's loop has failed; its last events:\n  %s", events)
            self._fail_all(error)
            raise

    def _fail_all(self, error: BaseException) -> None:
        """Nothing is done any more: what is under way, and what comes, fails."""
        self.context.dead = error
        self.runs.fail_all(error)
        self.calls.fail_all(error)
        with contextlib.suppress(IndexError):  # another thread takes them, too
            while True:
                run_guarded(self.context.commands.popleft())
        self.runs.fail_all(error)
        self.calls.fail_all(error)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.runs.live or self.calls.live)

    def _turn(self) -> None:
        """Wait for something, take it in, send what follows from it."""
        ready = self._wait()
        context = self.context
        if self._waking in ready:
            context.waking.drain()
        while context.commands:
            run_guarded(context.commands.popleft())
        self._enter_calls()
        # first of all the pids of workers that have started; ends after what those have sent
        ended = self.pool.news() if self._server in ready else ()
        for fd in ready:
            worker = self._workers.get(fd)
            if worker is not None and worker.slot in self.pool.workers:
                self._read(worker)
                os.sched_yield()  # a thread that waits for a result goes on, and may call again
        if self.calls.incoming:
            self._enter_calls()
        for one in ended:
            self.workers.handle_end(one)
        self._do_what_is_due()
        self._post()
        if self.busy:
            self._look()
        elif not ready:
            self.workers.dismiss_spare()
            self.memory.give_back()
            self._post()
        self._idle = not ready

    def _enter_calls(self) -> None:
        if self.calls.incoming:
            self.environment.look()
            self.workers.renew()
        self.calls.enter_all()

    def _do_what_is_due(self) -> None:
        if self.cancellation.deadlines:
            self.cancellation.enforce()
        if self.runs.aborted:
            self.runs.end_aborted(lambda live: self.cancellation.has_any_of(live.submission))
        if self.home.dropped:
            release_dropped(self.store, self.home.dropped)
        if self.scheduler.admission.short:
            self.memory.relieve(self.scheduler.admission.short)
        if self.workers.retired:
            self.workers.dismiss_retired()

    def _look(self) -> None:
        """See what runs and how much memory that takes."""
        now = time.monotonic()
        self.deadlocks.look(now)
        if self.memory.look(now):
            self.workers.look(now)

    # --- waiting ------------------------------------------------------------------------

    def _wait(self) -> list[int]:
        """The descriptors of which something is to be taken in."""
        polled = (self.pool.changes, frozenset(self.outbox.unsent))
        if polled != self._polled:
            self._register()
            self._polled = polled
        self.context.asleep = True
        if self.context.commands or self.calls.incoming or self._stopping:
            found = self._poll.poll(0)
        else:
            found = self._soon() or self._poll.poll(self._timeout())
        self.context.asleep = False
        return [fd for fd, _ in found]

    def _soon(self) -> list[tuple[int, int]]:
        """What comes at once; where a single call is under way it is worth staying awake for a
        moment, as its worker does."""
        if len(self.calls.live) != 1 or self._idle or self.runs.live:
            return []
        deadline = time.monotonic() + SPIN_SECONDS
        while not (found := self._poll.poll(0)) and time.monotonic() < deadline:
            os.sched_yield()  # other threads with work to do come first
        return found

    def _register(self) -> None:
        self._poll = select.poll()
        self._poll.register(self._waking, select.POLLIN)
        self._poll.register(self._server, select.POLLIN)
        self._workers = {worker.channel.fileno(): worker for worker in self.pool.workers.values()}
        for fd, worker in self._workers.items():
            unsent = worker.slot in self.outbox.unsent
            self._poll.register(fd, select.POLLIN | (select.POLLOUT if unsent else 0))

    def _timeout(self) -> float:
        """Milliseconds until something is due."""
        now = time.monotonic()
        due = min(self.calls.due(now), self.cancellation.due(now))
        if self.busy:
            due = min(due, now + PAUSE)
        elif not self._idle:
            due = min(due, now + IDLE_SECONDS)
        else:
            due = min(due, now + self.memory.wait(now))
        return max(0.0, due - now) * 1000

    def _read(self, worker: WorkerHandle) -> None:
        try:
            worker.channel.fill()
        except Closed:
            return  # the server will say how it ended
        except OSError as error:
            self.context.distrust(worker, error)
            return
        self.reports.take_in(worker)

    # --- carrying instructions out ------------------------------------------------------

    def _carry_out(self, instructions: list[Instruction]) -> None:
        """Do what the scheduler says. What cannot be done fails for its task alone."""
        for instruction in instructions:
            if isinstance(instruction, Run):
                self._send_tasks(instruction)
            elif isinstance(instruction, Drop):
                self.runs.drop(instruction.tasks)
            elif isinstance(instruction, (More, Finish, Abort)):
                self.runs.carry_out(instruction)
            elif isinstance(instruction, Fail):
                self.calls.fail(instruction)
            elif isinstance(instruction, Recall):
                self.cancellation.recall(instruction)
            elif isinstance(instruction, Grow) and not self.workers.add():
                self.scheduler.assignment.extra = 0  # a worker that waits runs what it waits for
                self.context.handle(Relieved())

    def _send_tasks(self, instruction: Run) -> None:
        worker = self.pool.workers[instruction.worker]
        work = self.outbox.work_for(worker.slot)
        live, tasks = self.calls.live, work.tasks
        if self.scheduler.workers[worker.slot].blocked:
            work.on_top.extend(instruction.tasks)
        worker.owes.update(instruction.tasks)
        for number in instruction.tasks:
            call = live.get(number)
            try:
                if call is None:
                    tasks.append(self.runs.assign(number, work, worker))
                else:
                    tasks.append(self.calls.assign(call, work, worker))
            except Exception as error:
                self._not_sent(worker, number, error)

    def _not_sent(self, worker: WorkerHandle, number: int, error: Exception) -> None:
        """A task could not be sent, as what it reads is gone or a descriptor was missing."""
        self.cancellation.end_task(worker.slot, number)
        live = self.runs.holding(number)
        if live is not None:
            live.error = live.error or error
        else:
            self.calls.errors[number] = error
        self.context.handle(Failed(worker.slot, number))

    def _post(self) -> None:
        """Send what has come together for each worker."""
        for worker, number, error in self.outbox.post():
            self._not_sent(worker, number, error)
        if self.outbox.waiting:  # what could not be sent made room for others
            self.context.waking.wake()
