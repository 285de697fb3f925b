"""The executor on worker processes: the thin shell around the scheduler.

A background thread of the driver is the only place that waits: on the workers' sockets, the
server's, and a wake-up pipe through which the user's threads hand in runs. It turns what arrives
into events, and carries the scheduler's instructions out. Data never pass through here: messages
hold addresses of objects in shared memory, and results below the inline limit.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import pickle
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from shframe.graph.channel import Closed
from shframe.graph.errors import (
    Cancelled as CancelledError,
)
from shframe.graph.errors import (
    RemoteTraceback,
    SessionClosed,
    WorkerDied,
)
from shframe.graph.executor import Progress, wait_for
from shframe.graph.heaps import PAUSE, Heaps
from shframe.graph.idle import Idle
from shframe.graph.messages import (
    Abort,
    Cancelled,
    Died,
    Done,
    Drop,
    Failed,
    Finish,
    Instruction,
    Joined,
    Recall,
    Refused,
    Relieved,
    Run,
    Submitted,
)
from shframe.graph.objectref import ObjectRef, swept
from shframe.graph.pool import Pool, WorkerHandle
from shframe.graph.pressure import PATIENCE, SLACK, Pressure, next_uses
from shframe.graph.server import Ended
from shframe.graph.site import user_line
from shframe.graph.state import Scheduler
from shframe.graph.task import Key, Task
from shframe.graph.taskgraph import TaskGraph
from shframe.graph.trace import Span, Trace
from shframe.graph.worker import Report, Result, Work
from shframe.store.ref import Ref
from shframe.store.store import DRIVER, Store

GRACE_SECONDS = 0.3  # a worker that still runs a task given up is killed after that


@dataclass(slots=True)
class LiveRun:
    """One computation under way."""

    graph: TaskGraph
    order: list[Key]
    trace: Trace
    number: int
    first: int = 0
    place: dict[Key, int] = field(default_factory=dict)  # the number of each key's task
    done: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    handles: list[ObjectRef] = field(default_factory=list)
    error: BaseException | None = None
    site: str = field(default_factory=user_line)


class ProcessExecutor:
    """Runs graphs on forked worker processes, which start with the first run."""

    def __init__(self, store: Store, dropped: deque[int], workers: int) -> None:
        self.store = store
        self.dropped = dropped
        self.count = workers
        self._owner = os.getpid()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # two user threads may start the shell at once
        self._shell: Shell | None = None
        self._closed = False
        store.ask_for_pages = self._ask_for_pages

    def put(self, value: object) -> ObjectRef:
        """Store a value and give a handle on it."""
        self._check()
        swept(self.store, self.dropped)
        return ObjectRef(self.store.put(value), self.store, self.dropped)

    def start(self) -> Shell:
        """The shell with its pool; starting it is asynchronous."""
        self._check()
        with self._lock:
            if self._shell is None:
                self._shell = Shell(self.store, self.dropped, self.count)
            return self._shell

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """Run a graph on the workers; the calling thread only waits."""
        shell = self.start()
        live = LiveRun(graph, graph.sorted_keys(), trace, next(self._numbers))
        for task in graph.tasks.values():
            _ = task.function.digest  # raises NotPicklable here, at the call
        shell.submit(live)
        try:
            wait_for(live.ended, progress, lambda: (live.done, len(live.order)))
        except BaseException:
            shell.cancel(live)
            raise
        if live.error is not None:
            raise live.error
        return live.handles

    def _ask_for_pages(self) -> None:
        """Have the workers give back the pages that they do not use, unless they are busy."""
        if self._shell is not None:
            self._shell.ask_for_pages().wait(PATIENCE)

    @property
    def pids(self) -> list[int]:
        """Pids of the server and its workers; empty before the first run."""
        if self._shell is None:
            return []
        pool = self._shell.pool
        return [pool.process.pid, *(w.pid for w in pool.workers.values() if w.pid)]

    @property
    def slots(self) -> dict[int, int]:
        """The pid of the worker in each slot of the store."""
        if self._shell is None:
            return {}
        return {w.slot: w.pid for w in [*self._shell.pool.workers.values()] if w.pid}

    def _check(self) -> None:
        if self._closed:
            raise SessionClosed("this session has been shut down; sf.init() starts a new one")
        if os.getpid() != self._owner:
            raise SessionClosed(
                "this session belongs to the process that forked this one\n"
                "  call sf.init() in the child for a session of its own"
            )

    def close(self) -> None:
        """End the workers and free the store."""
        if self._closed or os.getpid() != self._owner:
            return
        self._closed = True
        if self._shell is not None:
            self._shell.close()
        self.store.close()


class Shell:
    """The background thread, its pool and its scheduler."""

    def __init__(self, store: Store, dropped: deque[int], workers: int) -> None:
        self.store = store
        self.dropped = dropped
        self.scheduler = Scheduler()
        self.pool = Pool(store, workers)
        self.pressure = Pressure(store)
        self.refs: dict[int, Ref] = {}
        self.sent: dict[tuple[int, int], list[Ref]] = {}  # (worker, task) -> what it was sent
        self.refusals: dict[int, bytes] = {}  # task -> the error of one that found no memory
        self.runs: dict[int, LiveRun] = {}
        self.run_of: list[tuple[int, LiveRun]] = []  # first task of a run, in order
        self.next_task = 0
        self.outbox: dict[int, Work] = {}
        self.targets: dict[int, list[int]] = {}  # worker -> descriptors of what its tasks fill
        self.doomed: dict[tuple[int, int], float] = {}  # (worker, task given up) -> deadline
        self.aborted: list[LiveRun] = []  # whose tasks have not all ended yet
        self.surroundings: tuple[str, dict[str, str]] = (os.getcwd(), dict(os.environ))
        self.last_end = Ended(0, 0, 0)
        self.segments_closed = 0
        self.idle = Idle()
        self.heaps = Heaps()
        self.scheduler.admission.most_heap = store.budget // 2
        self.last_rest: object = None
        self.changes = 0
        self.commands: deque[Callable[[], None]] = deque()
        self.wake_out, self.wake_in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.stopping = False
        for slot in self.pool.workers:
            self.scheduler.handle(Joined(slot))
        self.thread = threading.Thread(target=self._serve, name="shframe-shell", daemon=True)
        self.thread.start()

    # --- called by the user's threads ---------------------------------------------------

    def submit(self, live: LiveRun) -> None:
        """Hand a run in."""
        here = (os.getcwd(), dict(os.environ))
        self._call(lambda: self._submit(live, here))

    def cancel(self, live: LiveRun) -> None:
        """Give a run up; a run that has ended already loses nothing."""
        self._call(lambda: self._carry_out(self.scheduler.handle(Cancelled(live.number))))

    def ask_for_pages(self) -> threading.Event:
        """Ask all workers for the pages that they do not use; set when all have answered."""
        answered = threading.Event()
        self._call(lambda: self._tell_when_trimmed(answered))
        return answered

    def close(self) -> None:
        """End the thread and the pool; runs under way fail with SessionClosed."""
        self.stopping = True
        self._call(lambda: None)
        self.thread.join()
        self.pool.close()
        os.close(self.wake_in)
        os.close(self.wake_out)

    def _call(self, command: Callable[[], None]) -> None:
        self.commands.append(command)
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self.wake_in, b"x")

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

    def _turn(self) -> None:
        """Wait for something, take it in, send what follows from it."""
        ready = self._wait()
        if self.runs:
            self._watch_memory()
        if self.wake_out in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake_out, 65536)
        while self.commands:
            self.commands.popleft()()
        for worker in [*self.pool.workers.values()]:
            if worker.channel.fileno() in ready:
                self._hear(worker)
        if self.pool.channel.fileno() in ready:
            for ended in self.pool.news():
                self._bury(ended)
        self._kill_doomed()
        if self.aborted:
            self._end_aborted()
        swept(self.store, self.dropped)
        if self.scheduler.admission.short:
            self._relieve(self.scheduler.admission.short)
        if not self.runs:
            self._give_back()
        self._post()

    def _watch_memory(self) -> None:
        """Look what the workers' heaps take; pages that are only kept warm make way for them."""
        slots = {worker.slot: worker.pid for worker in self.pool.workers.values() if worker.pid}
        self.heaps.look(time.monotonic(), slots)
        admission = self.scheduler.admission
        if not admission.counts:
            return
        self._count_room()
        live, resident = self.store.ledger.totals()
        over = min(
            resident + admission.heap + self.heaps.kept() - self.store.budget, resident - live
        )
        if over > self.store.budget // SLACK:
            over -= self.store.trim(int(over))
            if over > 0:
                self._ask_to_trim(int(over))

    def _count_room(self) -> None:
        kept = min(self.heaps.kept(), self.scheduler.admission.most_heap)
        self.scheduler.admission.room = self.store.room() - kept

    def _wait(self) -> set[int]:
        poll = select.poll()
        poll.register(self.wake_out, select.POLLIN)
        poll.register(self.pool.channel.fileno(), select.POLLIN)
        for worker in self.pool.workers.values():
            wanted = select.POLLIN | (select.POLLOUT if worker.channel.pending else 0)
            poll.register(worker.channel.fileno(), wanted)
        timeout = None
        due = min(self.doomed.values(), default=math.inf)
        if due < math.inf:
            timeout = max(0.0, due - time.monotonic()) * 1000
        elif self.runs:
            timeout = PAUSE * 1000
        else:
            timeout = self.idle.wait(time.monotonic(), *self._rest()) * 1000
        return {fd for fd, _ in poll.poll(timeout)}

    def _rest(self) -> tuple[object, int]:
        """What changes with all that is done; bytes of pages that no object uses."""
        live, resident = self.store.ledger.totals()
        return (self.next_task, live, self.store.ledger.flow()), resident - live

    def _give_back(self) -> None:
        """Of a session at rest, the driver's warm pages first, then those of its workers."""
        before = self._rest()
        asked = self.idle.give_back(time.monotonic(), *before)
        if not asked:
            return
        left = asked - self.store.trim(asked)
        if left > 0:
            self._ask_to_trim(left)
            if before == self.last_rest:  # the workers gave nothing the last time
                self.idle.nothing_left()
            self.last_rest = before

    def _submit(self, live: LiveRun, here: tuple[str, dict[str, str]]) -> None:
        if here != self.surroundings:
            self.surroundings = here
            self.changes += 1
        live.first = first = self.next_task
        self.next_task += len(live.order)
        place = live.place = {key: first + n for n, key in enumerate(live.order)}
        tasks = live.graph.tasks
        sources = [
            tuple(dict.fromkeys(place[k] for k in tasks[key].inputs if k in place))
            for key in live.order
        ]
        kinds = [tasks[key].function.digest for key in live.order]
        outputs = [place[key] for key in live.graph.outputs if key in place]
        self.runs[live.number] = live
        if live.order:
            self.run_of.append((first, live))
        event = Submitted(live.number, first, kinds, sources, list(dict.fromkeys(outputs)))
        self._carry_out(self.scheduler.handle(event))

    def _run_holding(self, number: int) -> LiveRun | None:
        """The run that the task belongs to, while it is under way."""
        for first, live in self.run_of:
            if first <= number < first + len(live.order):
                return live
        return None

    def _hear(self, worker: WorkerHandle) -> None:
        try:
            worker.channel.flush()
            worker.channel.fill()
        except Closed:
            return  # the server will say how it ended
        for message, fds in worker.channel.arrived():
            self._take(worker, Report(*message), fds)

    def _take(self, worker: WorkerHandle, report: Report, fds: list[int]) -> None:
        for segment, fd in zip(report.segments, fds, strict=True):
            self.store.attach_worker(worker.slot, segment, fd)
            worker.segments.add(segment)
        results = [Result(*result) for result in report.results]
        # an inline result has no memory to be counted
        shared = [r.ref for r in results if r.ref is not None and r.ref.segment >= 0]
        if shared:
            self.store.adopt_all(shared, worker.slot)
        for held in report.held:
            self.store.hold(held, worker.slot)
        for let_go in report.let_go:
            self.store.unhold(let_go, worker.slot)
        if report.recalled:
            for number in report.recalled:
                self._ended(worker.slot, number)
            self._carry_out(self.scheduler.recalled(worker.slot, report.recalled))
        if results:
            self._take_results(worker, results)
        if report.trimmed:
            self.pressure.answered(worker.slot)
            self._carry_out(self.scheduler.handle(Relieved()))

    def _ended(self, slot: int, number: int) -> None:
        """The worker does not run the task any more."""
        self.doomed.pop((slot, number), None)
        sent = self.sent.pop((slot, number), None)
        if sent is not None:
            self.store.ended(sent)

    def _take_results(self, worker: WorkerHandle, results: list[Result]) -> None:
        done: list[tuple[int, float, int]] = []
        failed: list[Result] = []
        live: LiveRun | None = None
        for result in results:
            self._ended(worker.slot, result.number)
            if result.ref is None:
                failed.append(result)
                continue
            ref = result.ref
            self.refs[result.number] = ref
            self.refusals.pop(result.number, None)
            size = 0 if ref.inline else ref.nbytes
            done.append((result.number, result.end - result.start, size))
            if live is None or not live.first <= result.number < live.first + len(live.order):
                live = self._run_holding(result.number)
            if live is not None:
                self._record(worker, live, result, ref.nbytes)
        if done:
            heap = self.heaps.taken(worker.slot)
            self._carry_out(self.scheduler.handle(Done(worker.slot, done, heap)))
        for result in failed:
            if result.needed:
                self._refuse(worker, result)
                continue
            live = self._run_holding(result.number)
            if live is not None and live.error is None:
                live.error = _unpacked(result.error)
            self._carry_out(self.scheduler.handle(Failed(worker.slot, result.number)))

    # --- when memory runs short ---------------------------------------------------------

    def _refuse(self, worker: WorkerHandle, result: Result) -> None:
        """A task found no memory: make room, and let it run again."""
        assert result.error is not None, "a task without a result has an error"
        self.refusals[result.number] = result.error
        asked = self._ask_to_trim()
        relieved = self._made_free(result.needed) > 0
        refused = Refused(worker.slot, result.number, result.needed, relieved)
        self._carry_out(self.scheduler.handle(refused))
        if relieved or not asked:
            self._carry_out(self.scheduler.handle(Relieved()))

    def _relieve(self, short: int) -> None:
        """Make room for a task that waits for it; where there is none, it waits for others."""
        if self.store.room() < self.store.budget // 8:
            self._ask_to_trim()
        if self._made_free(short):
            self._carry_out(self.scheduler.handle(Relieved()))

    def _made_free(self, needed: int) -> int:
        graphs = [(live.first, live.order, live.graph) for live in self.runs.values()]
        freed = self.pressure.relieve(needed, next_uses(self.scheduler, graphs, self.refs))
        self._count_room()
        return freed

    def _tell_when_trimmed(self, answered: threading.Event) -> None:
        self._ask_to_trim()
        self.pressure.tell(answered)

    def _ask_to_trim(self, nbytes: int | None = None) -> bool:
        """Have all workers give back pages that they do not use, all or about `nbytes`.

        False: all are asked already.
        """
        new = self.pressure.ask(self.pool.workers)
        share = -1 if nbytes is None else -(-nbytes // len(self.pool.workers))
        for slot in new:
            self.outbox[slot] = self._work_for(slot)._replace(trim=share)
        return bool(new)

    def _record(self, worker: WorkerHandle, live: LiveRun, result: Result, size: int) -> None:
        key = live.order[result.number - live.first]
        call = live.graph.tasks[key].function.name
        live.done += 1
        start, end, read, copied = result[4:]
        live.trace.spans.append(
            Span(key, call, worker.slot, worker.pid, start, end, read, size, copied)
        )

    # --- carrying instructions out ------------------------------------------------------

    def _carry_out(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            if isinstance(instruction, Run):
                self._send_tasks(instruction)
            elif isinstance(instruction, Drop):
                for number in instruction.tasks:
                    ref = self.refs.pop(number, None)
                    if ref is not None and ref.segment >= 0:
                        self.store.release(ref.id)
            elif isinstance(instruction, Finish):
                self._finish(instruction.run)
            elif isinstance(instruction, Abort):
                self._abort(instruction)
            elif isinstance(instruction, Recall):
                self._recall(instruction)

    def _work_for(self, slot: int) -> Work:
        if slot not in self.outbox:
            self.outbox[slot] = Work.nothing()
        return self.outbox[slot]

    def _send_tasks(self, instruction: Run) -> None:
        worker = self.pool.workers[instruction.worker]
        work = self._work_for(worker.slot)
        live = self._run_holding(instruction.tasks[0])
        for number in instruction.tasks:
            if live is None or not live.first <= number < live.first + len(live.order):
                live = self._run_holding(number)
            assert live is not None, "the scheduler runs tasks of live runs only"
            task = live.graph.tasks[live.order[number - live.first]]
            refs = self._sent(worker, work, number, live, task) if task.inputs else ()
            function = task.function
            if function.digest not in worker.known:
                worker.known.add(function.digest)
                work.functions[function.digest] = function.payload
            filled = task.target is not None
            work.tasks.append((number, function.digest, refs, task.args, filled))
            if task.target is not None:
                self.targets.setdefault(worker.slot, []).append(self.store.lent_fd(task.target))

    def _sent(
        self, worker: WorkerHandle, work: Work, number: int, live: LiveRun, task: Task
    ) -> tuple[Ref, ...]:
        """Where the inputs lie now; they stay there until the task has ended."""
        refs = tuple(self.store.send(self._source(live, key) for key in task.inputs))
        shared = [ref for ref in refs if not ref.inline]
        for ref in shared:
            if ref.segment not in worker.segments:
                worker.segments.add(ref.segment)
                work.segments.append(ref.segment)
        if shared:
            self.sent[worker.slot, number] = shared
        return refs

    def _source(self, live: LiveRun, key: Key) -> Ref:
        data = live.graph.data.get(key)
        if data is not None:
            return data.ref
        return self.refs[live.place[key]]

    def _finish(self, number: int) -> None:
        live = self.runs.pop(number)
        data = live.graph.data
        made = {key: data[key] for key in live.graph.outputs if key in data}
        wanted = [key for key in dict.fromkeys(live.graph.outputs) if key not in made]
        refs = [self.refs.pop(live.place[key]) for key in wanted]
        self.store.adopt_all((ref for ref in refs if ref.inline), DRIVER)
        for key, ref in zip(wanted, refs, strict=True):
            made[key] = ObjectRef(ref, self.store, self.dropped, live.site)
        live.handles = [made[key] for key in live.graph.outputs]
        self._end(live)

    def _end(self, live: LiveRun) -> None:
        self.run_of = [pair for pair in self.run_of if pair[1] is not live]
        live.ended.set()

    def _abort(self, instruction: Abort) -> None:
        live = self.runs.pop(instruction.run)
        refusal = self.refusals.get(-1 if instruction.task is None else instruction.task)
        for number in list(self.refusals):
            if live.first <= number < live.first + len(live.order):
                del self.refusals[number]
        if live.error is None:
            if refusal is not None and not instruction.died:
                live.error = _unpacked(refusal)
            elif instruction.died and instruction.task is not None:
                live.error = self._death(live, instruction.task)
            else:
                live.error = CancelledError("the computation was given up")
        self.aborted.append(live)

    def _recall(self, instruction: Recall) -> None:
        """Tasks not started come back; one that runs gets a little time, then its worker goes."""
        self._work_for(instruction.worker).recalled.extend(instruction.tasks)
        deadline = time.monotonic() + GRACE_SECONDS
        for number in instruction.tasks:
            self.doomed[instruction.worker, number] = deadline

    def _kill_doomed(self) -> None:
        now = time.monotonic()
        for slot, number in [pair for pair, deadline in self.doomed.items() if deadline <= now]:
            self.doomed[slot, number] = math.inf  # until the worker is buried
            self.pool.kill(slot)

    def _end_aborted(self) -> None:
        """Tell the user of a run given up when none of its tasks does anything any more."""
        for live in [*self.aborted]:
            numbers = range(live.first, live.first + len(live.order))
            if not any(number in numbers for _, number in self.doomed):
                self.aborted.remove(live)
                self._end(live)

    # --- deaths -------------------------------------------------------------------------

    def _bury(self, ended: Ended) -> None:
        """A worker has ended: hear its last words, replace it, run its tasks elsewhere."""
        worker = self.pool.workers.get(ended.slot)
        if worker is None:
            return
        with contextlib.suppress(Closed):
            while worker.channel.fill():
                pass
        for message, fds in worker.channel.arrived():
            self._take(worker, Report(*message), fds)
        self.last_end = ended
        note = self.store.ledger.note_of(ended.slot)
        running = note - 1 if note else None
        self.pool.remove(ended.slot)
        self.outbox.pop(ended.slot, None)
        for fd in self.targets.pop(ended.slot, []):
            os.close(fd)
        for slot, number in [pair for pair in (*self.doomed, *self.sent) if pair[0] == ended.slot]:
            self._ended(slot, number)
        self.pressure.answered(ended.slot)
        self.store.worker_died(ended.slot)
        for live in self.runs.values():
            live.trace.notes.append(f"worker pid {ended.pid} ended with code {ended.code}")
        self._carry_out(self.scheduler.handle(Died(ended.slot, running)))
        replacement = self.pool.add_worker()
        self._carry_out(self.scheduler.handle(Joined(replacement.slot)))

    def _death(self, live: LiveRun, number: int) -> WorkerDied:
        task = live.graph.tasks[live.order[number - live.first]]
        inputs = ", ".join(self._described(live, task)) or "none"
        tries = self.scheduler.retries + 1
        end = self.last_end
        what = f"{task.function.name} {task.key}"
        return WorkerDied.while_running(what, end.slot, end.pid, end.code, tries, inputs)

    def _described(self, live: LiveRun, task: Task) -> list[str]:
        found = []
        for key in task.inputs[:5]:
            data = live.graph.data.get(key)
            ref = data.ref if data is not None else self.refs.get(live.place.get(key, -1))
            if ref is not None:
                found.append(f"{ref.kind} of {ref.nbytes} bytes")
        return found

    def _fail_all(self, error: BaseException) -> None:
        for live in [*self.runs.values(), *self.aborted]:
            live.error = live.error or error
            self._end(live)
        self.runs.clear()
        self.aborted.clear()
        self.refs.clear()

    # --- sending ------------------------------------------------------------------------

    def _post(self) -> None:
        """Send what has come together for each worker, as one message."""
        self._tell_what_is_gone()
        for worker in [*self.pool.workers.values()]:
            work = self.outbox.pop(worker.slot, None)
            freed, punched = self.store.freed(worker.slot), self.store.punched(worker.slot)
            if work is None and not freed and not punched:
                continue
            work = work or Work.nothing()
            if worker.surroundings != self.changes:
                worker.surroundings = self.changes
                work = work._replace(surroundings=self.surroundings)
            work = work._replace(freed=freed, punched=punched)
            fds = [self.store.descriptor(segment) for segment in work.segments]
            fds += self.targets.pop(worker.slot, [])
            worker.channel.queue(_encoded(work), fds)
        for worker in self.pool.workers.values():
            if worker.channel.pending:
                with contextlib.suppress(Closed):  # the server will say how it ended
                    worker.channel.flush()

    def _tell_what_is_gone(self) -> None:
        """Have workers forget segments that are no more, or their descriptors would run out."""
        if self.store.segments_closed == self.segments_closed:
            return
        self.segments_closed = self.store.segments_closed
        for worker in self.pool.workers.values():
            gone = self.store.gone(worker.segments)
            if gone:
                worker.segments.difference_update(gone)
                self._work_for(worker.slot).gone.extend(gone)


def _encoded(work: Work) -> bytes:
    """Plain pickle; cloudpickle only where a task's own arguments need it."""
    try:
        return pickle.dumps(tuple(work), protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError):
        import cloudpickle

        return bytes(cloudpickle.dumps(tuple(work), protocol=5))


def _unpacked(payload: bytes | None) -> BaseException:
    """The worker's exception with its traceback as cause."""
    assert payload is not None, "a result has a ref or an error"
    error, text = pickle.loads(payload)
    error.__cause__ = RemoteTraceback(text)
    return error  # type: ignore[no-any-return]
