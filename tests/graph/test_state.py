"""The scheduler: events in, instructions out, against a model that runs the tasks by itself."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.scheduler.assignment import HORIZON
from shframe.graph.scheduler.messages import (
    Abort,
    Died,
    Done,
    Drop,
    Entered,
    Failed,
    Finish,
    Joined,
    More,
    Recall,
    Recalled,
    Refused,
    Relieved,
    Run,
    TaskCancelled,
)
from shframe.graph.scheduler.scheduler import AHEAD, REFUSALS, RETRIES, Scheduler
from tests.examples import examples
from tests.graph.submitting import Sliced, submit


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[int, ...]], list[int]]:
    """Sources of each task (always earlier ones), and the outputs."""
    count = draw(st.integers(1, 12))
    sources = []
    for n in range(count):
        chosen = draw(st.sets(st.integers(0, n - 1), max_size=3)) if n else set()
        sources.append(tuple(sorted(chosen)))
    read = {s for row in sources for s in row}
    sinks = [n for n in range(count) if n not in read]
    extra = draw(st.sets(st.integers(0, count - 1), max_size=2))
    return sources, sorted({*sinks, *extra})


slices = st.lists(st.integers(1, 12), min_size=1, max_size=4)


class Model:
    """Carries instructions out the way the loop and its workers do, and checks each one.

    sizes: of the slices in which the run is entered, one after the other, the last for all that
    follow; ahead: see Scheduler.
    """

    def __init__(
        self,
        sources: list[tuple[int, ...]],
        outputs: list[int],
        workers: int,
        sizes: Sequence[int] = (12,),
        ahead: int = AHEAD,
    ) -> None:
        self.sources, self.outputs = sources, outputs
        self.sizes = [*sizes]
        self.scheduler = Scheduler(ahead=ahead)
        self.queues: dict[int, list[int]] = {}
        self.there: set[int] = set()
        self.dropped: list[int] = []
        self.finished = False
        self.aborted: Abort | None = None
        self.next_worker = 0
        for _ in range(workers):
            self.join()
        kinds = [n % 3 for n in range(len(sources))]
        self.run = Sliced(1, 0, kinds, sources, outputs)
        self.take(self.scheduler.handle(self.run.submitted))

    def join(self) -> None:
        self.queues[self.next_worker] = []
        self.take(self.scheduler.handle(Joined(self.next_worker)))
        self.next_worker += 1

    def take(self, instructions: list[object]) -> None:
        for instruction in instructions:
            if isinstance(instruction, Run):
                for number in instruction.tasks:
                    assert number < self.run.entered
                    assert all(s in self.there for s in self.sources[number])
                    assert number not in self.there
                    assert all(number not in line for line in self.queues.values())
                    self.queues[instruction.worker].append(number)
            elif isinstance(instruction, Drop):
                for number in instruction.tasks:
                    if number in self.there:
                        self.there.discard(number)
                    self.dropped.append(number)
            elif isinstance(instruction, Finish):
                assert not self.finished
                self.finished = True
            elif isinstance(instruction, Abort):
                self.aborted = instruction
            elif isinstance(instruction, More):
                assert not self.finished
                assert self.aborted is None
                size = self.sizes.pop(0) if len(self.sizes) > 1 else self.sizes[0]
                self.take(self.scheduler.handle(self.run.slice(size)))
            else:
                assert isinstance(instruction, Recall)

    def finish_some(self, worker: int, count: int, seconds: float, nbytes: int = 0) -> None:
        line = self.queues[worker]
        done, self.queues[worker] = line[:count], line[count:]
        if done:
            self.there.update(done)
            self.take(self.scheduler.handle(Done(worker, [(n, seconds, nbytes) for n in done])))

    def refuse(self, worker: int) -> None:
        """The first task of a worker finds no memory."""
        number = self.queues[worker].pop(0)
        self.take(self.scheduler.handle(Refused(worker, number, 1 << 20, False)))
        if not any(self.queues.values()):
            self.take(self.scheduler.handle(Relieved()))

    def die(self, worker: int) -> None:
        line = self.queues.pop(worker)
        self.take(self.scheduler.handle(Died(worker, line[0] if line else None)))
        self.join()


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), st.integers(1, 3), slices, st.integers(0, 12), st.data())
def test_every_task_runs_once_after_its_inputs_and_results_are_dropped_when_last_read(
    graph: tuple[list[tuple[int, ...]], list[int]],
    workers: int,
    sizes: list[int],
    ahead: int,
    data: st.DataObject,
) -> None:
    sources, outputs = graph
    model = Model(sources, outputs, workers, sizes, ahead)
    deaths = refusals = 0
    while not model.finished:
        busy = [w for w, line in model.queues.items() if line]
        assert busy, "ready tasks wait while every worker is idle"
        worker = data.draw(st.sampled_from(busy))
        model.scheduler.admission.room = data.draw(st.sampled_from([0, 1 << 20, 1 << 24]))
        if deaths < RETRIES and data.draw(st.integers(0, 5)) == 0:
            deaths += 1
            model.die(worker)
        elif refusals < REFUSALS and data.draw(st.integers(0, 5)) == 0:
            refusals += 1
            model.refuse(worker)
        else:
            seconds, nbytes = data.draw(st.floats(0, 0.01)), data.draw(st.integers(0, 1 << 21))
            model.finish_some(worker, data.draw(st.integers(1, 4)), seconds, nbytes)
    assert model.run.entered >= len(sources)
    assert model.there == set(outputs)
    assert sorted(model.dropped) == sorted(set(range(len(sources))) - set(outputs))
    assert model.scheduler.tasks == {}
    assert model.scheduler.runs == {}


@settings(max_examples=examples(50), deadline=None)
@given(graphs(), st.integers(1, 3), slices, st.integers(0, 12), st.integers(0, 5), st.booleans())
def test_a_run_given_up_leaves_nothing_behind(
    graph: tuple[list[tuple[int, ...]], list[int]],
    workers: int,
    sizes: list[int],
    ahead: int,
    before: int,
    fail: bool,
) -> None:
    model = Model(*graph, workers, sizes, ahead)
    for _ in range(before):
        busy = [w for w, line in model.queues.items() if line]
        if busy and not model.finished:
            model.finish_some(busy[0], 1, 0.0)
    if model.finished:
        return
    worker, line = next((w, line) for w, line in model.queues.items() if line)
    event = Failed(worker, line.pop(0)) if fail else TaskCancelled(1)
    model.take(model.scheduler.handle(event))
    assert model.aborted is not None
    assert model.there == set()
    assert model.scheduler.tasks == {}
    for name, rest in model.queues.items():  # what was under way ends by itself, and is dropped
        for number in rest:
            assert model.scheduler.handle(Done(name, [(number, 0.0, 0)])) == [Drop([number])]
    assert all(not w.assigned for w in model.scheduler.workers.values())
    assert model.scheduler.handle(Entered(1, ["late"], [()])) == []  # it was asked for before
    assert model.scheduler.tasks == {}


def test_few_tasks_are_known_ahead_of_those_that_are_done() -> None:
    sources = [()] * 1000
    model = Model(sources, [999], 2, sizes=[10], ahead=20)
    done = 0
    while not model.finished:
        assert len(model.scheduler.tasks) <= 30
        assert model.run.entered <= done + 30
        worker = next(w for w, line in model.queues.items() if line)
        model.finish_some(worker, 1, 0.1)
        done += 1
    assert done == 1000


def test_a_run_is_entered_further_while_workers_find_nothing_to_do() -> None:
    chains = [(n - 1,) if n % 100 else () for n in range(1000)]  # one after the other
    model = Model(chains, [n + 99 for n in range(0, 1000, 100)], 3, sizes=[10], ahead=20)
    assert sorted(n for line in model.queues.values() for n in line) == [0, 100, 200]
    assert model.run.entered == 210  # no further than the workers need
    for _ in range(50):
        for worker in range(3):
            model.finish_some(worker, 1, 0.1)
    assert model.run.entered == 260  # the third chain as far as its worker has come


def test_a_task_that_is_entered_late_reads_results_that_are_there() -> None:
    model = Model([(), (), (0,), (0, 1)], [2, 3], 1, sizes=[2], ahead=1)
    model.finish_some(0, 1, 1.0)
    model.finish_some(0, 1, 1.0)
    assert model.run.entered == 4
    assert model.there == {0, 1}
    while not model.finished:
        model.finish_some(0, 1, 1.0)
    assert model.there == {2, 3}


def test_a_task_whose_worker_dies_each_time_aborts_the_run_after_the_retries() -> None:
    model = Model([()], [0], 1)
    for _ in range(RETRIES + 1):
        assert model.aborted is None
        worker = next(iter(model.queues))
        model.die(worker)
    assert model.aborted == Abort(1, 0, died=True)


def test_a_queued_task_loses_no_try_when_the_worker_dies() -> None:
    scheduler = Scheduler()
    scheduler.handle(Joined(0))
    submit(scheduler, 1, 0, ["k"], [()], [0])
    scheduler.handle(Done(0, [(0, 1e-6, 0)]))
    (run,) = submit(scheduler, 2, 1, ["k"] * 3, [()] * 3, [1, 2, 3])
    assert run == Run(0, [1, 2, 3])
    scheduler.handle(Died(0, None))
    assert [scheduler.tasks[n].tries for n in (1, 2, 3)] == [1, 0, 0]


def test_short_tasks_go_ahead_in_batches_and_long_ones_one_at_a_time() -> None:
    scheduler = Scheduler()
    scheduler.handle(Joined(0))
    submit(scheduler, 1, 0, ["short", "long"], [(), ()], [])
    scheduler.handle(Done(0, [(0, HORIZON / 100, 0)]))
    scheduler.handle(Done(0, [(1, 1.0, 0)]))
    (run,) = submit(scheduler, 2, 2, ["short"] * 500, [()] * 500, [])
    assert isinstance(run, Run)
    assert 90 <= len(run.tasks) <= 101
    scheduler.handle(TaskCancelled(2))
    scheduler.handle(Recalled(0, run.tasks))
    (run,) = submit(scheduler, 3, 502, ["long"] * 5, [()] * 5, [])
    assert run == Run(0, [502])


def test_ready_tasks_are_shared_out_over_idle_workers() -> None:
    scheduler = Scheduler()
    for worker in range(4):
        scheduler.handle(Joined(worker))
    submit(scheduler, 1, 0, ["k"], [()], [])
    scheduler.handle(Done(0, [(0, 1e-6, 0)]))
    runs = submit(scheduler, 2, 1, ["k"] * 8, [()] * 8, [])
    assert sorted(len(run.tasks) for run in runs if isinstance(run, Run)) == [2, 2, 2, 2]


def test_tasks_run_side_by_side_only_as_far_as_their_results_fit() -> None:
    scheduler = Scheduler()
    for worker in range(4):
        scheduler.handle(Joined(worker))
    scheduler.admission.room = 10 << 20
    submit(scheduler, 1, 0, ["one"] * 20, [()] * 20, list(range(20)))
    for worker in range(4):  # unknown sizes: each worker has one
        scheduler.handle(Done(worker, [(worker, 1.0, 4 << 20)]))
    assert sum(len(state.assigned) for state in scheduler.workers.values()) == 2
    assert scheduler.admission.short == 2 << 20
    scheduler.admission.room = 0  # one task may always run
    while scheduler.tasks:
        busy = [(w, n) for w, state in scheduler.workers.items() for n in state.assigned]
        worker, number = busy[0]
        scheduler.handle(Done(worker, [(number, 1.0, 4 << 20)]))
        busy = [n for state in scheduler.workers.values() for n in state.assigned]
        assert len(busy) <= 1
    assert scheduler.runs == {}


def test_a_task_that_never_finds_memory_is_given_up_when_nothing_else_runs() -> None:
    scheduler = Scheduler()
    for worker in range(2):
        scheduler.handle(Joined(worker))
    submit(scheduler, 1, 0, ["one", "two"], [(), ()], [0, 1])
    for _ in range(REFUSALS + 3):  # task 1 runs on
        assert scheduler.handle(Refused(0, 0, 100, False)) == []
        assert scheduler.handle(Relieved()) == [Run(0, [0])]
    scheduler.handle(Done(1, [(1, 0.1, 0)]))
    assert scheduler.handle(Refused(0, 0, 100, False)) == [Drop([1]), Abort(1, 0)]
    assert scheduler.tasks == {}


def test_only_the_task_that_was_running_is_blamed_for_a_death() -> None:
    scheduler = Scheduler(retries=1)
    scheduler.handle(Joined(0))
    submit(scheduler, 1, 0, ["one"] * 4, [()] * 4, [0, 1, 2, 3])
    scheduler.handle(Done(0, [(0, 1e-6, 0)]))
    assert list(scheduler.workers[0].assigned) == [1, 2, 3]
    scheduler.handle(Died(0, 2))  # task 1 has ended, but nobody heard of it
    assert [scheduler.tasks[n].tries for n in (1, 2, 3)] == [0, 1, 0]
    scheduler.handle(Joined(1))
    out = scheduler.handle(Died(1, 2))
    assert out[-1] == Abort(1, 2, died=True)
