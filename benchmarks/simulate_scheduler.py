"""Where the central loop saturates: the real scheduler, virtual workers and a virtual clock.

`python -m shframe.benchmarks.simulate_scheduler [--plot FILE]`. No worker process is started for
the simulation: tasks take virtual seconds. What the one central thread does takes as long as it
does here: the time in `Scheduler.handle` and in entering tasks is measured at each event; encoding,
decoding and sending of a message are measured once on a real channel, and what the loop does for
each task beside that once on a real run (its thread's CPU time a task, less the scheduler's part).
All are CPU seconds, so that other programs of the machine do not count. The lengths called
"recorded" are those of a group-by and of an array job, run once at the start.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
import pickle
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from shframe.benchmarks.many_tasks import leaves_of, tree
from shframe.graph.scheduler.messages import Done, Finish, Instruction, Joined, More, Run
from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.wire.channel import Channel, pair
from shframe.graph.wire.work import Report, Work, without_empty
from shframe.graph.worker.driver_link import FLUSH_SECONDS

WORKERS = (2, 4, 8, 16, 32, 64, 128, 256)
LENGTHS = {"0.1 ms": 1e-4, "1 ms": 1e-3, "10 ms": 1e-2, "100 ms": 1e-1}
LATENCY = 30e-6  # seconds from one process to another; a round trip takes 20 to 75 us
TASKS = 12_000  # at least; and at least so many for each worker:
TASKS_EACH = 60
JITTER = 0.2  # a task's length is off by so much at most, or all workers would end at once


@dataclass(frozen=True)
class Costs:
    """Seconds of the central thread: for each message out and in, for each task beside those."""

    out: float
    into: float
    task: float


# --- what is measured once ------------------------------------------------------------------


def message_cost(message: Work | Report, times: int = 2000) -> float:
    """CPU seconds to encode and send it, or to receive and decode it, on a real channel."""
    ends = [Channel(sock) for sock in pair()]
    spent = 0.0
    for _ in range(times):
        begin = time.thread_time()
        ends[0].queue(pickle.dumps(without_empty(message), protocol=5))
        ends[0].flush()
        middle = time.thread_time()
        while not ends[1].fill():
            pass
        for found, _ in ends[1].arrived():
            type(message)(*found)
        spent += (middle - begin) if isinstance(message, Work) else (time.thread_time() - middle)
    for end in ends:
        end.close()
    return spent / times


def task_cost(tasks: int = 20_000) -> float:
    """CPU seconds of the loop's thread for each task of a real run, less the scheduler's."""
    from shframe import session

    current = session.current()
    current.run(tree(1000))
    loop = current.executor.start()  # type: ignore[attr-defined]
    scheduler, spent = loop.scheduler, [0.0]
    plain: Callable[[Any], list[Instruction]] = scheduler.handle

    def handle(event: Any) -> list[Instruction]:
        begin = time.thread_time()
        out = plain(event)
        spent[0] += time.thread_time() - begin
        return out

    scheduler.handle = handle
    clock = time.pthread_getcpuclockid(loop.thread.ident)
    graph = tree(leaves_of(tasks))
    begin = time.clock_gettime(clock)
    current.run(graph)
    whole = time.clock_gettime(clock) - begin
    scheduler.handle = plain
    return (whole - spent[0]) / len(graph.tasks)


def recorded() -> list[tuple[str, float]]:
    """Kind and seconds of the tasks of a group-by and of an array job."""
    import numpy as np
    import pandas as pd

    import shframe as sf
    import shframe.array as xp
    from shframe import session

    rows = 2_000_000
    values = np.random.default_rng(0)
    frame = pd.DataFrame({"key": values.integers(0, 1000, rows), "value": values.random(rows)})
    found: list[tuple[str, float]] = []
    for job in (
        sf.from_pandas(frame, npartitions=40).groupby("key").agg({"value": "mean"}),
        (xp.from_array(values.random(8_000_000), chunks=100_000) * 2 + 1).sum(),
    ):
        for _ in range(2):  # the first warms up
            job.compute()
            spans = session.current().last_trace.spans
        found += [(span.call, span.end - span.start) for span in spans]
    return found


# --- the simulation -------------------------------------------------------------------------


@dataclass
class Virtual:
    """A worker: runs its queue in order, reports as a real one does."""

    queue: deque[int] = field(default_factory=deque)
    busy: bool = False
    results: list[tuple[int, float, int]] = field(default_factory=list)
    flushed: float = 0.0
    worked: float = 0.0


class Simulation:
    """One run of a graph by so many virtual workers.

    lengths: seconds of each task by number; kinds: what its seconds are learned by.
    handled: events of the scheduler and the seconds that they took.
    """

    def __init__(
        self,
        submission: GraphSubmission,
        workers: int,
        lengths: Sequence[float],
        costs: Costs,
        kinds: list[str],
    ) -> None:
        self.submission, self.lengths, self.costs = submission, lengths, costs
        self._kinds = iter(kinds)
        self.scheduler = Scheduler(limit=workers)
        self.workers = [Virtual() for _ in range(workers)]
        for slot in range(workers):
            self.scheduler.handle(Joined(slot))
        self.now = 0.0  # of the central loop: it is busy until then
        self.ended = False
        self.inbox: deque[tuple[int, list[tuple[int, float, int]]]] = deque()
        self.events = 0
        self.seconds = 0.0
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._turns = False

    def run(self) -> float:
        """Run it to its end; the virtual seconds that it took."""
        self._handle(self.submission.submitted(1, 0))
        while not self.ended:
            at, _, action = heapq.heappop(self._agenda)
            action(at)
        return self.now

    def _at(self, when: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), action))

    def _handle(self, event: Any) -> None:
        """Have the scheduler take events in, and send each worker what comes of them at once."""
        waiting, sent = deque([event]), dict[int, list[int]]()
        while waiting:
            begin = time.thread_time()
            out = self.scheduler.handle(waiting.popleft())
            for one in out:
                if isinstance(one, More):
                    waiting.append(self.submission.next(1, lambda _: next(self._kinds)))
            spent = time.thread_time() - begin
            self.events += 1
            self.seconds += spent
            self.now += spent
            for one in out:
                if isinstance(one, Run):
                    sent.setdefault(one.worker, []).extend(one.tasks)
                self.ended = self.ended or isinstance(one, Finish)
        for slot, numbers in sent.items():
            self.now += self.costs.out + self.costs.task * len(numbers)
            self._at(self.now + LATENCY, partial(self._deliver, slot, numbers))

    def _deliver(self, slot: int, numbers: list[int], at: float) -> None:
        worker = self.workers[slot]
        worker.queue.extend(numbers)
        if not worker.busy:
            self._begin(at, slot)

    def _begin(self, at: float, slot: int) -> None:
        worker = self.workers[slot]
        worker.busy = True
        number = worker.queue.popleft()
        self._at(at + self.lengths[number], lambda at: self._end(at, slot, number))

    def _end(self, at: float, slot: int, number: int) -> None:
        worker = self.workers[slot]
        worker.busy = False
        worker.worked += self.lengths[number]
        worker.results.append((number, self.lengths[number], 0))
        if not worker.queue or at - worker.flushed > FLUSH_SECONDS:
            results, worker.results, worker.flushed = worker.results, [], at
            self._at(at + LATENCY, lambda at: self._arrive(at, slot, results))
        if worker.queue:
            self._begin(at, slot)

    def _arrive(self, at: float, slot: int, results: list[tuple[int, float, int]]) -> None:
        self.inbox.append((slot, results))
        if not self._turns:
            self._turns = True
            self._at(max(at, self.now), self._turn)

    def _turn(self, at: float) -> None:
        """The central loop takes in what has arrived."""
        self._turns = False
        self.now = max(self.now, at)
        for slot, results in [*self.inbox]:
            self.inbox.popleft()
            self.now += self.costs.into
            self._handle(Done(slot, results))

    @property
    def worked(self) -> float:
        """Seconds that all workers ran tasks."""
        return sum(worker.worked for worker in self.workers)


@dataclass(frozen=True)
class Outcome:
    """throughput: tasks a second; used: part of the workers' time in tasks; event: seconds."""

    workers: int
    throughput: float
    used: float
    event: float


def simulated(workers: int, mix: Sequence[tuple[str, float]], costs: Costs) -> Outcome:
    """A tree of tasks whose kinds and lengths are drawn from the mix."""
    submission = GraphSubmission(tree(leaves_of(max(TASKS, TASKS_EACH * workers))))
    draw = random.Random(0)
    chosen = [draw.choice(mix) for _ in range(len(submission))]
    lengths = [seconds * draw.uniform(1 - JITTER, 1 + JITTER) for _, seconds in chosen]
    one = Simulation(submission, workers, lengths, costs, [kind for kind, _ in chosen])
    spent = one.run()
    used = one.worked / (spent * workers)
    return Outcome(workers, len(submission) / spent, used, one.seconds / one.events)


# --- what is shown --------------------------------------------------------------------------


def table(found: dict[str, list[Outcome]]) -> str:
    """Markdown: a row for each number of workers."""
    names = [*found]
    lines = ["| workers | " + " | ".join(names) + " |", "|---:|" + "---:|" * len(names)]
    for row in zip(*found.values(), strict=True):
        cells = [f"{100 * one.used:.0f} %, {one.throughput:,.0f}/s" for one in row]
        lines.append(f"| {row[0].workers} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(found: dict[str, list[Outcome]], path: Path) -> None:
    """Utilisation and throughput against the number of workers, as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "shframe"  # the same file for the same figures
    mpl.rcParams["svg.fonttype"] = "none"  # text as text: a tenth of the size
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, outcomes in found.items():
        counts = [one.workers for one in outcomes]
        left.plot(counts, [100 * one.used for one in outcomes], marker="o", label=name)
        right.plot(counts, [one.throughput for one in outcomes], marker="o", label=name)
    for axes, what in ((left, "time that workers run tasks, %"), (right, "tasks a second")):
        axes.set_xscale("log", base=2)
        axes.set_xticks(WORKERS, map(str, WORKERS))
        axes.set_xlabel("virtual workers")
        axes.set_ylabel(what)
        axes.grid(alpha=0.3)
    right.set_yscale("log")
    left.legend(title="length of a task")
    figure.savefig(path, metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the costs, simulate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, help="an SVG file; needs matplotlib")
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS)
    asked = parser.parse_args(arguments)
    import shframe as sf

    sf.init(inline_bytes=0)
    work = Work([(1, bytes(16), (), (1,), 0)])
    report = Report([(1, b"x" * 40, 0.0, 0.1)])
    costs = Costs(message_cost(work), message_cost(report), task_cost())
    mixes = {name: [(name, seconds)] for name, seconds in LENGTHS.items()}
    mixes["recorded"] = recorded()
    sf.shutdown()
    lengths = sorted(seconds for _, seconds in mixes["recorded"])
    middle, mean = lengths[len(lengths) // 2], sum(lengths) / len(lengths)
    print(
        f"{os.cpu_count()} cores, {threading.active_count()} thread; a message out "
        f"{costs.out * 1e6:.1f} us, in {costs.into * 1e6:.1f} us; a task {costs.task * 1e6:.1f} us "
        f"beside the scheduler; recorded: {len(lengths)} tasks, median {middle * 1e3:.2f} ms, "
        f"mean {mean * 1e3:.2f} ms, longest {lengths[-1] * 1e3:.1f} ms"
    )
    found = {
        name: [simulated(workers, mix, costs) for workers in asked.workers]
        for name, mix in mixes.items()
    }
    print(table(found))
    for name, outcomes in found.items():
        events = ", ".join(f"{one.workers}: {one.event * 1e6:.0f}" for one in outcomes)
        print(f"us of an event of the scheduler, {name}, by workers: {events}")
    if asked.plot is not None:
        plot(found, asked.plot)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
