"""The shell: the thread of the driver that waits, sends, and does what the scheduler says.

It is the only place that waits: on the workers' sockets, the server's, and a wake-up pipe through
which the user's threads hand in work. It turns what arrives into events. Data never pass through
here: messages hold addresses of objects in shared memory, and results below the inline limit. What
belongs to graphs is in graph_runs.py, to single tasks in task_calls.py, to actors in actors.py, to
memory in memory.py; worker_requests.py answers what tasks ask for.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from shframe.graph.driver.actors import Actors
from shframe.graph.driver.call import Call
from shframe.graph.driver.deadlocks import Knots
from shframe.graph.driver.environment import Watched
from shframe.graph.driver.graph_runs import LiveRun, Runs
from shframe.graph.driver.launcher import Launched, heavy
from shframe.graph.driver.log_relay import LogRelay
from shframe.graph.driver.memory import Memory
from shframe.graph.driver.outbox import Outgoing
from shframe.graph.driver.pool import Pool, WorkerHandle
from shframe.graph.driver.reloaded_modules import UserModules
from shframe.graph.driver.status import Running
from shframe.graph.driver.task_calls import Calls
from shframe.graph.driver.user_code import Aside
from shframe.graph.driver.wakeup_pipe import WakePipe
from shframe.graph.driver.worker_memory import PAUSE
from shframe.graph.driver.worker_requests import WorkerRequests
from shframe.graph.errors import SessionClosed, WorkerDied, WorkerNotStarted
from shframe.graph.failures.failed_task import FailedTask
from shframe.graph.objects.callbacks import attempt, guarded
from shframe.graph.objects.ref_backend import StoreHome, swept
from shframe.graph.scheduler.messages import (
    Abort,
    Died,
    Done,
    Drop,
    Event,
    Fail,
    Failed,
    Finish,
    Grow,
    Instruction,
    Joined,
    Left,
    More,
    Recall,
    Recalled,
    Relieved,
    Run,
)
from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.tasks.arguments import CallableRef
from shframe.graph.tasks.function import Function
from shframe.graph.wire.call_format import Wired
from shframe.graph.wire.channel import Closed
from shframe.graph.wire.fork_messages import Ended
from shframe.graph.wire.work import Report, Result, Surroundings
from shframe.store.ref import Ref
from shframe.store.store import Store

log = logging.getLogger("shframe")

LINGER = 0.05  # seconds after the last message before the session counts as being at rest
SPIN_SECONDS = 0.00015  # before it sleeps while one call is awaited: a wake-up takes a tenth of it
GRACE_SECONDS = 0.3  # a worker that still runs a task given up is killed after that
ALONE_SECONDS = 2.0  # without any worker what waits for one is given up after that
ASK_SECONDS = 0.02  # between two interrupts of such a task


class Shell:
    """The background thread, which `start` starts, its pool and its scheduler.

    last_end: what ended last, for messages about deaths.
    failed: the newest task that failed, for sf.debug(): it holds handles of what the task read.
    """

    def __init__(
        self, store: Store, home: StoreHome, workers: int, launched: Launched | None = None
    ) -> None:
        self.store = store
        self.home = home
        self.scheduler = Scheduler(limit=workers)
        self.voices = LogRelay(self._who)
        self.aside = Aside()
        try:
            self.pool = self._pool(workers, launched)
        except BaseException:
            self.aside.close()
            self.voices.close()
            raise
        home.heard = self.heard
        home.aside = self.aside.call
        self.memory = Memory(self)
        self.runs = Runs(self)
        self.calls = Calls(self)
        self.actors = Actors(self)
        self.asking = WorkerRequests(self)
        self.knots = Knots(self)
        self.sent: dict[tuple[int, int], list[Ref]] = {}  # (worker, task) -> what it was sent
        self.next_task = 1
        self.outbox: dict[int, Outgoing] = {}
        self.unsent: set[int] = set()  # workers for whom something waits in our end of the socket
        self.targets: dict[int, list[int]] = {}  # worker -> descriptors of what its tasks fill
        self.doomed: dict[tuple[int, int], float] = {}  # (worker, task given up) -> deadline
        self.around = Watched()
        self.dismissed: set[int] = set()  # workers that were sent away and have not ended yet
        self.retired: set[int] = set()  # workers that get no more tasks
        self.code = UserModules()
        self.last_end = Ended(0, 0, 0)
        self.failed: FailedTask | None = None
        self.refusal: OSError | None = None  # why no worker could be started the last time
        self._alone = math.inf  # since when there is none
        self.distrusted: dict[int, str] = {}  # workers that were ended for what they sent
        self.segments_closed = 0
        self.running = Running()
        self.events: deque[Event | Callable[[], None]] = deque()  # to be handled
        self._handling = False
        self.commands: deque[Callable[[], None]] = deque()
        self.waking = WakePipe()
        self.asleep = False
        self.quiet = False  # nothing has happened since the last turn
        self.stopping = False
        self.dead: BaseException | None = None  # why the thread has ended
        self._poll = select.poll()
        self._polled: object = None
        self._workers: dict[int, WorkerHandle] = {}  # by the descriptors that are polled
        for slot in self.pool.workers:
            self.scheduler.handle(Joined(slot))
        self.thread = threading.Thread(target=self._serve, name="shframe-shell", daemon=True)

    def _pool(self, workers: int, launched: Launched | None) -> Pool:
        return Pool(self.store, workers, self.voices, launched)

    def start(self) -> None:
        """Begin to serve."""
        self.thread.start()

    # --- called by the user's threads ---------------------------------------------------

    def do(
        self, command: Callable[[], None], blame: Callable[[BaseException], None] | None = None
    ) -> None:
        """Have the shell's thread call it. blame: tells who waits for it what it has raised."""
        if blame is not None:
            command = functools.partial(attempt, command, blame)
        self.do_some_time(command)
        if self.dead is not None:
            self._fail_all(self.dead)

    def do_some_time(self, command: Callable[[], None]) -> None:
        """As `do`, unless the session has ended. Takes no lock: for finalizers."""
        self.commands.append(command)
        if self.asleep:
            self.waking.wake()

    def heard(self) -> None:
        """Somebody has waited: what tasks have said until now is shown."""
        self.voices.heard(not self.busy)

    def _who(self, slot: int) -> tuple[int, str]:
        """The pid of the worker in a slot and the name of what it runs; from any thread."""
        worker = self.pool.workers.get(slot)
        number = self.store.ledger.note_of(slot) - 1
        return 0 if worker is None else worker.pid, self.name_of(number) if number > 0 else ""

    def name_of(self, number: int) -> str:
        """What a task is called; "" when it has ended. From any thread."""
        call = self.calls.live.get(number)
        if call is not None:
            return call.name
        live = self.runs.holding(number)
        return "" if live is None else live.entry.task(number).function.label

    def ask_for_pages(self) -> threading.Event:
        """Ask all workers for the pages that they do not use; set when all have answered."""
        answered = threading.Event()
        self.do(lambda: self.memory.tell_when_trimmed(answered))
        return answered

    def close(self) -> None:
        """End the thread and the pool; runs under way fail with SessionClosed."""
        self.stopping = True
        self.waking.wake()
        self.thread.join()
        self.aside.close()
        self.home.aside = guarded
        self.failed = None
        self.pool.close()
        self.voices.close()
        self.waking.close()

    # --- the thread ---------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self.stopping:
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
            self._fail_all(error)
            raise

    def _fail_all(self, error: BaseException) -> None:
        """Nothing is done any more: what is under way, and what comes, fails."""
        self.dead = error
        self.runs.fail_all(error)
        self.calls.fail_all(error)
        with contextlib.suppress(IndexError):  # another thread takes them, too
            while True:
                guarded(self.commands.popleft())
        self.runs.fail_all(error)
        self.calls.fail_all(error)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.runs.live or self.calls.live)

    def _turn(self) -> None:
        """Wait for something, take it in, send what follows from it."""
        ready = self._wait()
        if self.waking.fileno() in ready:
            self.waking.drain()
        while self.commands:
            guarded(self.commands.popleft())
        self.calls.enter_all()
        for fd in ready:
            worker = self._workers.get(fd)
            if worker is not None and worker.slot in self.pool.workers:
                self._hear(worker)
                os.sched_yield()  # who waits for a result goes on, and may call the next task
        if self.calls.incoming:
            self.calls.enter_all()
        if self.pool.channel.fileno() in ready:
            for ended in self.pool.news():
                self._bury(ended)
        if self.doomed:
            self._end_doomed()
        if self.runs.aborted:
            self.runs.end_aborted(lambda live: any(live.entry.has(n) for _, n in self.doomed))
        if self.home.dropped:
            swept(self.store, self.home.dropped)
        if self.scheduler.admission.short:
            self.memory.relieve(self.scheduler.admission.short)
        if self.retired:
            self._dismiss_retired()
        self._post()
        if self.busy:
            self._look()
        elif not ready:
            self._send_spare_away()
            self.memory.give_back()
            self._post()
        self.quiet = not ready

    def _wait(self) -> list[int]:
        """The descriptors of which something is to be taken in."""
        polled = (self.pool.changes, frozenset(self.unsent))
        if polled != self._polled:
            self._register()
            self._polled = polled
        self.asleep = True
        if self.commands or self.calls.incoming or self.stopping:
            found = self._poll.poll(0)
        else:
            found = self._soon() or self._poll.poll(self._timeout())
        self.asleep = False
        return [fd for fd, _ in found]

    def _soon(self) -> list[tuple[int, int]]:
        """What comes at once; where a single call is under way it is worth staying awake for a
        moment, as its worker does."""
        if len(self.calls.live) != 1 or self.quiet or self.runs.live:
            return []
        deadline = time.monotonic() + SPIN_SECONDS
        while not (found := self._poll.poll(0)) and time.monotonic() < deadline:
            os.sched_yield()  # whoever has work to do comes first
        return found

    def _register(self) -> None:
        self._poll = select.poll()
        self._poll.register(self.waking, select.POLLIN)
        self._poll.register(self.pool.channel.fileno(), select.POLLIN)
        self._workers = {worker.channel.fileno(): worker for worker in self.pool.workers.values()}
        for fd, worker in self._workers.items():
            wanted = select.POLLIN | (select.POLLOUT if worker.slot in self.unsent else 0)
            self._poll.register(fd, wanted)

    def _timeout(self) -> float:
        """Milliseconds until something is due by itself."""
        now = time.monotonic()
        due = self.calls.due(now)
        if self.doomed:
            due = min(due, *self.doomed.values(), now + ASK_SECONDS)
        if self.busy:
            due = min(due, now + PAUSE)
        elif not self.quiet:
            due = min(due, now + LINGER)
        else:
            due = min(due, now + self.memory.wait(now))
        return max(0.0, due - now) * 1000

    def _look(self) -> None:
        """See what runs and how much memory that takes."""
        now = time.monotonic()
        self.knots.look(now)
        if self.memory.look(now):
            note_of = self.store.ledger.note_of
            self.running.look(now, {slot: note_of(slot) for slot in self.pool.workers})
            if self.scheduler.crew or self._add_worker():
                self._alone = math.inf
            else:
                self._alone = min(self._alone, now)
                if now - self._alone > ALONE_SECONDS:
                    self._give_up_without_workers()

    def numbers(self, count: int) -> int:
        """Take so many numbers for tasks; the first of them."""
        first = self.next_task
        self.next_task += count
        return first

    def submit(self, live: LiveRun, here: Surroundings) -> None:
        """Enter a graph of the user's."""
        self.around.become(here)
        self.renew()
        self.runs.submit(live)

    # --- hearing ------------------------------------------------------------------------

    def _hear(self, worker: WorkerHandle) -> None:
        try:
            worker.channel.fill()
        except Closed:
            return  # the server will say how it ended
        except OSError as error:
            self._distrust(worker, error)
            return
        self._take_all(worker)

    def _take_all(self, worker: WorkerHandle) -> None:
        try:
            for message, fds in worker.channel.arrived():
                if len(message) == 1:  # as most: results and nothing else
                    self._take_results(worker, message[0])
                else:
                    self._take(worker, Report(*message), fds)
        except Exception as error:
            self._distrust(worker, error)

    def _distrust(self, worker: WorkerHandle, error: Exception) -> None:
        """What a worker has sent cannot be taken in: it is ended, and what it ran runs again."""
        if worker.slot not in self.distrusted:
            log.warning("worker %d (pid %d) is ended: %s", worker.slot, worker.pid, error)
        self.distrusted[worker.slot] = str(error)
        self.pool.kill(worker.slot)

    def _take(self, worker: WorkerHandle, report: Report, fds: list[int]) -> None:
        slot = worker.slot
        for segment, fd in zip(report.segments, fds, strict=True):
            self.store.attach_worker(slot, segment, fd)
            worker.segments.add(segment)
        if report.spoke:
            self.voices.spoke = True
        if report.requests:
            self.asking.take_in(worker, report.requests)
        for held in report.held:  # before results let go of what is held
            self.store.hold(held, slot)
        for let_go in report.let_go:
            self.store.unhold(let_go, slot)
        if report.recalled:
            for number in report.recalled:
                self._ended(slot, number)
            self.handle(Recalled(slot, report.recalled))
        if report.results:
            self._take_results(worker, report.results)
        if report.left:
            self.asking.left(slot, report.left)
        if report.trimmed:
            self.memory.answered(slot)
            self.handle(Relieved())

    def _ended(self, slot: int, number: int) -> None:
        """The worker does not run the task any more."""
        worker = self.pool.workers.get(slot)
        if worker is not None:
            worker.owes.discard(number)
        if self.doomed:
            self.doomed.pop((slot, number), None)
        if self.sent:
            sent = self.sent.pop((slot, number), None)
            if sent is not None:
                self.store.ended(sent)

    def _take_results(self, worker: WorkerHandle, results: Sequence[tuple[Any, ...]]) -> None:
        done: list[tuple[int, float, int]] = []
        failed: list[tuple[int, bool]] = []
        live, slot = self.calls.live, worker.slot
        made = [r[1] for r in results if type(r[1]) is Ref and not r[1].inline]
        if made:
            self.store.adopt_all(made, slot)
        worker.owes.difference_update([result[0] for result in results])
        for result in results:
            number, held = result[0], result[1]
            if self.doomed or self.sent:
                self._ended(slot, number)
            call = live.get(number)
            if held is None:
                self._take_failure(worker, result, failed)
            elif call is not None:
                done.append((number, result[3] - result[2], self.calls.take(worker, call, result)))
            elif self.runs.holding(number) is None:
                self._drop_result(held)
                done.append((number, result[3] - result[2], 0))
            else:
                size = self.runs.take(worker, Result(*result))
                done.append((number, result[3] - result[2], size))
        if done:
            self.handle(Done(slot, done, self.memory.heaps.taken(slot)))
        for number, again in failed:
            self.handle(Failed(slot, number, again))

    def _take_failure(
        self, worker: WorkerHandle, result: tuple[Any, ...], failed: list[tuple[int, bool]]
    ) -> None:
        found = Result(*result)
        if found.needed:
            self.memory.refused(worker.slot, found)
            return
        assert found.error is not None, "a task without a result has an error"
        call = self.calls.live.get(found.number)
        if call is None:
            self.runs.failed(found.number, found.error)
            failed.append((found.number, False))
        else:
            failed.append((found.number, self.calls.failed(call, found)))

    def _drop_result(self, held: object) -> None:
        """Nobody waits for it: the task was given up, or another worker was faster."""
        if type(held) is Ref and not held.inline:
            self.store.release(held.id)

    # --- workers that go ----------------------------------------------------------------

    def _send_spare_away(self) -> None:
        """Workers that were there for tasks that waited."""
        for slot in self.scheduler.spare():
            self.handle(Left(slot))
            self.dismiss(slot)

    def _dismiss_retired(self) -> None:
        for slot in [*self.retired]:
            if slot not in self.pool.workers:
                self.retired.discard(slot)
            elif not self.scheduler.workers[slot].assigned:
                self.retired.discard(slot)
                self.handle(Left(slot))
                self.dismiss(slot)

    def dismiss(self, slot: int) -> None:
        """A worker has nothing to do any more: it ends when it hears no more of us."""
        self.pool.remove(slot)
        self.dismissed.add(slot)
        self._discard(slot)
        self.asking.gone(slot)

    # --- carrying instructions out ------------------------------------------------------

    def handle(self, event: Event | Callable[[], None]) -> None:
        """Give the scheduler an event and do what it says; or do something after that.

        What is handed in while instructions are carried out waits until they are: they were given
        for the state as it was.
        """
        self.events.append(event)
        if not self._handling:
            self._handle_all()

    def _handle_all(self) -> None:
        self._handling = True
        try:
            while self.events and self.dead is None:
                event = self.events.popleft()
                if callable(event):
                    event()
                else:
                    self.carry_out(self.scheduler.handle(event))
        finally:
            self._handling = False

    def carry_out(self, instructions: list[Instruction]) -> None:
        """Do what the scheduler says. What cannot be done fails for who waits for it alone."""
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
                self._recall(instruction)
            elif isinstance(instruction, Grow) and not self._add_worker():
                self.scheduler.placing.extra = 0  # who waits runs what it waits for
                self.handle(Relieved())

    def _add_worker(self) -> bool:
        """A further worker for any task; False: the machine gives none."""
        try:
            slot = self.pool.add_worker().slot
        except OSError as error:
            if self.refusal is None:
                log.warning("%s", error)
            self.refusal = error
            return False
        self.refusal = None
        self.handle(Joined(slot))
        return True

    def _give_up_without_workers(self) -> None:
        """There is no worker, and the machine gives none: what waits for one fails."""
        error = self.refusal or WorkerNotStarted("cannot start a worker process")
        for live in [*self.runs.live.values()]:
            self.runs.break_off(live, error)
        for call in [*self.calls.live.values()]:
            if not call.actor:
                self.calls.revoke(call.number, error)

    def work_for(self, slot: int) -> Outgoing:
        """The message that is being made for a worker."""
        work = self.outbox.get(slot)
        if work is None:
            work = self.outbox[slot] = Outgoing()
        return work

    def _send_tasks(self, instruction: Run) -> None:
        worker = self.pool.workers[instruction.worker]
        work = self.work_for(worker.slot)
        live, tasks = self.calls.live, work.tasks
        if self.scheduler.workers[worker.slot].blocked:
            work.on_top.extend(instruction.tasks)
        worker.owes.update(instruction.tasks)
        for number in instruction.tasks:
            call = live.get(number)
            try:
                if call is None:
                    tasks.append(self.runs.wired(number, work, worker))
                else:
                    tasks.append(self.calls.wired(call, work, worker))
            except Exception as error:
                self._not_sent(worker, number, error)

    def _not_sent(self, worker: WorkerHandle, number: int, error: Exception) -> None:
        """A task could not be sent, as what it reads is gone or a descriptor was missing."""
        self._ended(worker.slot, number)
        live = self.runs.holding(number)
        if live is not None:
            live.error = live.error or error
        else:
            self.calls.errors[number] = error
        self.handle(Failed(worker.slot, number))

    def function_for(self, worker: WorkerHandle, work: Outgoing, function: CallableRef) -> None:
        """See that the worker has a function that its next task calls."""
        digest = function.digest
        if digest not in worker.known:
            if isinstance(function, Function):
                self.home.check(function.handles)
            worker.known.add(digest)
            work.functions[digest] = function.payload

    def sent_to(
        self, worker: WorkerHandle, work: Outgoing, number: int, inputs: list[Wired]
    ) -> tuple[Wired, ...]:
        """Inputs as the worker gets them; those in the store stay where they lie until
        the task has ended."""
        found: list[Wired] = []
        for held in inputs:
            kind = type(held)
            if kind is bytes:
                found.append(held)
            elif kind is Call:  # it is to run before this one in this worker
                found.append(held.number)
            elif kind is Ref and not held.inline:
                (now,) = self.store.send((held,))
                shared = self.sent.setdefault((worker.slot, number), [])
                shared.append(now)  # at once: what comes after it may fail
                self.show(worker, work, now)
                found.append(now)
            else:
                found.append(held)
        return tuple(found)

    def show(self, worker: WorkerHandle, work: Outgoing, ref: Ref) -> None:
        """See that the worker has the segment mapped. Raises: OSError without descriptors."""
        if ref.segment not in worker.segments:
            work.segments[ref.segment] = self.store.descriptor(ref.segment)
            worker.segments.add(ref.segment)

    def hurry(self, number: int) -> None:
        """A worker that still runs a task given up gets no more time."""
        for pair in self.doomed:
            if pair[1] == number:
                self.doomed[pair] = 0.0

    def renew(self) -> None:
        """Workers that have loaded code which has changed since are replaced, and those that
        would have to load what the server can load for all."""
        changed = self.code.changed()
        if self.code.grown and self.pool.launched.preload(heavy()):
            changed = True
        if changed:
            for slot in [*self.scheduler.crew]:
                self.retire(slot)

    def retire(self, slot: int) -> None:
        """A worker gets no more tasks, ends when it has none left, and another takes its place."""
        self._add_worker()
        self.scheduler.retire(slot)
        self.retired.add(slot)

    def _recall(self, instruction: Recall) -> None:
        """Tasks not started come back; one that runs is interrupted, and when that does not end
        it in a little time its worker goes."""
        worker = self.pool.workers.get(instruction.worker)
        if worker is None:
            return
        owed = [number for number in instruction.tasks if number in worker.owes]
        self.work_for(instruction.worker).recalled.extend(owed)
        deadline = time.monotonic() + GRACE_SECONDS
        for number in owed:  # of others it has told the end already
            self.doomed[instruction.worker, number] = deadline

    def _end_doomed(self) -> None:
        """Interrupt tasks given up. End workers that still run one, and no others: what else they
        were sent goes on elsewhere, but what they run now would be lost with them."""
        now = time.monotonic()
        for slot, number in [pair for pair, deadline in self.doomed.items() if deadline > now]:
            if self.store.ledger.note_of(slot) - 1 == number:
                self.store.ledger.tell(slot, number + 1)
                self.pool.interrupt(slot)
        for slot, number in [pair for pair, deadline in self.doomed.items() if deadline <= now]:
            if self.pool.kill_if(slot, functools.partial(self._runs, slot, number)):
                self.doomed[slot, number] = math.inf  # until the worker is buried
            else:  # it was not begun, or has just ended: the worker will say so
                self.doomed[slot, number] = now + GRACE_SECONDS

    def _runs(self, slot: int, number: int) -> bool:
        """Whether a worker is in a task now, or the task waits there below another one."""
        if self.store.ledger.note_of(slot) - 1 == number:
            return True
        state = self.scheduler.workers.get(slot)
        return state is not None and any(number == waiting for waiting, _ in state.blocked)

    # --- deaths -------------------------------------------------------------------------

    def _bury(self, ended: Ended) -> None:
        """A worker has ended: hear its last words, replace it, run its tasks elsewhere."""
        worker = self.pool.workers.get(ended.slot)
        if worker is None:
            if ended.slot in self.dismissed:
                self.dismissed.discard(ended.slot)
                self._forget_tasks_of(ended.slot)
                self.store.worker_died(ended.slot)
                self.pool.buried(ended.slot)
            return
        with contextlib.suppress(Closed, OSError):
            while worker.channel.fill():
                pass
        self._take_all(worker)
        self.last_end = ended
        note = self.store.ledger.note_of(ended.slot)
        running = note - 1 if note else None
        self.pool.remove(ended.slot)
        self._discard(ended.slot)
        self._forget_tasks_of(ended.slot)
        self.memory.answered(ended.slot)
        self.asking.gone(ended.slot)
        self.store.worker_died(ended.slot)
        for live in self.runs.live.values():
            live.trace.notes.append(f"worker pid {ended.pid} ended with code {ended.code}")
        actor = self.scheduler.workers[ended.slot].actor
        crew = len(self.scheduler.crew)
        self.handle(Died(ended.slot, running))
        self.distrusted.pop(ended.slot, None)  # another worker may come to have the slot
        self.pool.buried(ended.slot)
        if actor:
            self.actors.died(actor, ended)
        elif crew <= (self.scheduler.limit or crew) and ended.slot not in self.retired:
            self._add_worker()

    def _forget_tasks_of(self, slot: int) -> None:
        """A worker runs nothing any more: what it was sent is free."""
        for _, number in [pair for pair in (*self.doomed, *self.sent) if pair[0] == slot]:
            self._ended(slot, number)

    def _discard(self, slot: int) -> None:
        """What was to be sent to a worker that is no more, and the descriptors for it."""
        work = self.outbox.pop(slot, None)
        for fd in [*(work.segments.values() if work else ()), *self.targets.pop(slot, [])]:
            os.close(fd)

    # --- sending ------------------------------------------------------------------------

    def _post(self) -> None:
        """Send what has come together for each worker, as one message."""
        if self.store.segments_closed != self.segments_closed:
            self._tell_what_is_gone()
        owed = self.store.owed
        for slot in {*self.outbox, *owed} if owed else [*self.outbox]:
            worker = self.pool.workers.get(slot)
            work = self.outbox.pop(slot, None) or Outgoing()
            if worker is not None:
                self._send(worker, work, slot in owed)
        for slot in [*self.unsent]:
            self._flush(slot)
        if self.outbox:  # what could not be sent made room for others
            self.waking.wake()

    def _send(self, worker: WorkerHandle, work: Outgoing, owed: bool) -> None:
        slot, surroundings = worker.slot, None
        if worker.surroundings != self.around.changes:
            worker.surroundings = self.around.changes
            surroundings = self.around.now
        freed = self.store.freed(slot) if owed else ()
        punched = self.store.punched(slot) if owed else ()
        work.freed, work.punched, work.surroundings = freed, punched, surroundings
        targets = self.targets.pop(slot, []) if self.targets else []
        for message, fds in work.messages(targets):
            try:
                payload = message.encoded()
            except Exception:  # an argument of a task of a graph; the others go
                for number, error in message.drop_unpicklable(fds):
                    self._not_sent(worker, number, error)
                payload = message.encoded()
            worker.channel.queue(payload, fds)
        self.unsent.add(slot)

    def _flush(self, slot: int) -> None:
        """Send as much as the worker's socket takes now."""
        worker = self.pool.workers.get(slot)
        try:
            if worker is None or worker.channel.flush():
                self.unsent.discard(slot)
        except Closed:  # the server will say how it ended
            self.unsent.discard(slot)

    def _tell_what_is_gone(self) -> None:
        """Have workers forget segments that are no more, or their descriptors would run out."""
        self.segments_closed = self.store.segments_closed
        for worker in self.pool.workers.values():
            gone = self.store.gone(worker.segments)
            if gone:
                worker.segments.difference_update(gone)
                self.work_for(worker.slot).gone.extend(gone)
