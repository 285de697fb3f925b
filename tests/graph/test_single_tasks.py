"""Loose tasks in the scheduler, against a model that runs them with deaths, failures and waits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.scheduler.assignment import EXTRA, FOLLOWS, HORIZON
from shframe.graph.scheduler.messages import (
    SINGLE,
    ActorEnded,
    ActorStarted,
    Blocked,
    Called,
    Died,
    Done,
    Due,
    Fail,
    Failed,
    Grow,
    Joined,
    Late,
    Left,
    Recall,
    Recalled,
    Resumed,
    Revoked,
    Run,
)
from shframe.graph.scheduler.scheduler import RETRIES, Scheduler
from shframe.graph.scheduler.task_state import TaskState, rank_of
from tests.examples import examples


def loose(
    number: int,
    sources: tuple[int, ...] = (),
    *,
    kind: object = "kind",
    priority: int = 0,
    actor: int = 0,
    parent: int = 0,
    retries: int = RETRIES,
    memory: int = 0,
) -> TaskState:
    rank = rank_of(number, priority)
    return TaskState(SINGLE, kind, sources, rank, retries, actor, parent, memory)


class Model:
    """Carries instructions out as the loop and workers do, and checks each one.

    A worker runs its queue in order. `ended` are tasks whose results are there, `failed` those that
    will have none. What a worker was told to give back it gives back before it runs on.
    """

    def __init__(self, workers: int) -> None:
        self.scheduler = Scheduler(limit=workers)
        self.sources: dict[int, tuple[int, ...]] = {}
        self.queues: dict[int, list[int]] = {}
        self.ended: set[int] = set()
        self.failed: set[int] = set()
        self.deaths: dict[int, int] = {}
        self.unwanted: set[tuple[int, int]] = set()
        self.next_worker = 1
        self.next_task = 1
        for _ in range(workers):
            self.join()

    def join(self) -> None:
        slot, self.next_worker = self.next_worker, self.next_worker + 1
        self.queues[slot] = []
        self.take(self.scheduler.handle(Joined(slot)))

    def call(self, *tasks: TaskState) -> None:
        first = self.next_task
        self.next_task += len(tasks)
        for number, task in enumerate(tasks, first):
            assert task.rank & ((1 << 48) - 1) == number
            self.sources[number] = task.sources
        self.take(self.scheduler.handle(Called(first, tasks)))

    def take(self, instructions: list[object]) -> None:
        for instruction in instructions:
            if isinstance(instruction, Run):
                line = self.queues[instruction.worker]
                for number in instruction.tasks:
                    assert number not in self.ended | self.failed
                    for source in self.sources[number]:  # there, or to run before it
                        assert source in self.ended or source in line
                    line.append(number)
            elif isinstance(instruction, Fail):
                lost = {instruction.task, *instruction.others}
                assert not lost & (self.ended | self.failed)
                self.failed |= lost
            elif isinstance(instruction, Recall):
                self.unwanted |= {(instruction.worker, n) for n in instruction.tasks}
            elif isinstance(instruction, Grow):
                self.join()
            else:
                raise AssertionError(f"{instruction} is for runs")

    def step(self, worker: int, seconds: float, fails: bool = False) -> None:
        """The first task of a worker ends, or is given back."""
        number = self.queues[worker].pop(0)
        there = all(source in self.ended for source in self.sources[number])
        if (worker, number) in self.unwanted or not there:
            self.unwanted.discard((worker, number))
            self.take(self.scheduler.handle(Recalled(worker, [number])))
        elif fails:
            self.take(self.scheduler.handle(Failed(worker, number)))
        else:
            if number not in self.failed:
                self.ended.add(number)
            self.take(self.scheduler.handle(Done(worker, [(number, seconds, 0)])))

    def die(self, worker: int) -> None:
        line = self.queues.pop(worker)
        self.unwanted = {pair for pair in self.unwanted if pair[0] != worker}
        self.take(self.scheduler.handle(Died(worker, line[0] if line else None)))
        self.join()


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(1, 3), st.data())
def test_every_loose_task_ends_once_or_fails_with_what_it_reads(
    workers: int, data: st.DataObject
) -> None:
    model = Model(workers)
    total = data.draw(st.integers(1, 25))
    deaths = 0
    while len(model.ended | model.failed) < model.next_task - 1 or model.next_task <= total:
        busy = [w for w, line in model.queues.items() if line]
        act = data.draw(st.sampled_from(["call", "step", "step", "step", "fail", "die", "revoke"]))
        if model.next_task <= total and (act == "call" or not busy):
            known = [n for n in range(1, model.next_task) if n in model.scheduler.tasks]
            chosen = data.draw(st.sets(st.sampled_from(known), max_size=2)) if known else set()
            kind = data.draw(st.sampled_from(["short", "long"]))
            priority = data.draw(st.integers(0, 1))
            sources = tuple(sorted(chosen))
            model.call(loose(model.next_task, sources, kind=kind, priority=priority))
            continue
        assert busy, "tasks are under way and nobody has them"
        worker = data.draw(st.sampled_from(busy))
        if act == "die" and deaths < RETRIES:
            deaths += 1
            model.die(worker)
        elif act == "revoke":
            number = data.draw(st.integers(1, model.next_task - 1))
            live = number in model.scheduler.tasks
            model.take(model.scheduler.handle(Revoked(number)))
            assert not live or number in model.failed
        else:
            number = model.queues[worker][0]
            task = model.scheduler.tasks.get(number)
            seconds = HORIZON if task is not None and task.kind == "long" else FOLLOWS / 10
            model.step(worker, seconds, fails=act == "fail")
    for worker, line in [*model.queues.items()]:
        while line:  # what was given up is still to be given back
            model.step(worker, 0.0)
    assert model.ended.isdisjoint(model.failed)
    for number in model.ended:
        assert set(model.sources[number]) <= model.ended
    assert model.scheduler.tasks == {}
    assert not any(state.assigned for state in model.scheduler.workers.values())


def scheduler_of(workers: int, **known: float) -> Scheduler:
    made = Scheduler(limit=workers)
    made.seconds.update(known)
    for slot in range(1, workers + 1):
        made.handle(Joined(slot))
    return made


def test_a_chain_of_short_tasks_is_sent_to_one_worker_at_once() -> None:
    scheduler = scheduler_of(2, kind=1e-6)
    chain = [loose(1), *(loose(n, (n - 1,)) for n in range(2, 101))]
    runs = scheduler.handle(Called(1, chain))
    assert {run.worker for run in runs if isinstance(run, Run)} == {runs[0].worker}  # type: ignore[union-attr]
    sent = [n for run in runs if isinstance(run, Run) for n in run.tasks]
    assert sent == list(range(1, 101))


def test_longer_tasks_do_not_follow_each_other() -> None:
    scheduler = scheduler_of(2, kind=FOLLOWS * 2)
    assert scheduler.handle(Called(1, [loose(1), loose(2, (1,))])) == [Run(1, [1])]


def test_a_task_that_waits_gives_its_place_to_another_worker() -> None:
    scheduler = scheduler_of(1)
    assert scheduler.handle(Called(1, [loose(1)])) == [Run(1, [1])]
    scheduler.handle(Called(2, [loose(2, parent=1)]))
    assert scheduler.handle(Blocked(1, 1, [2])) == [Grow()]
    assert scheduler.handle(Joined(2)) == [Run(2, [2])]
    assert scheduler.handle(Done(2, [(2, 0.1, 0)])) == []
    assert scheduler.handle(Resumed(1)) == []
    assert scheduler.spare() == [2]
    assert scheduler.handle(Called(3, [loose(3)])) == []  # one runs, and one may
    assert scheduler.handle(Done(1, [(1, 0.1, 0)])) != []


def test_beyond_the_extra_workers_a_waiting_worker_runs_the_child_itself() -> None:
    scheduler = scheduler_of(1)
    workers = 1
    scheduler.handle(Called(1, [loose(1)]))
    for depth in range(2, EXTRA + 10):
        worker = next(w for w, s in scheduler.workers.items() if depth - 1 in s.assigned)
        scheduler.handle(Called(depth, [loose(depth, parent=depth - 1)]))
        out = scheduler.handle(Blocked(worker, depth - 1, [depth]))
        if out == [Grow()]:
            workers += 1
            out = scheduler.handle(Joined(workers))
        assert out == [Run(workers if depth <= EXTRA + 1 else worker, [depth])]
    assert workers == EXTRA + 1


def test_calls_of_an_actor_run_in_order_and_wait_for_their_inputs() -> None:
    scheduler = scheduler_of(1, kind=1e-6)
    scheduler.handle(Called(1, [loose(1, actor=7)]))
    assert scheduler.handle(ActorStarted(2, 7, 1, 1)) == [Run(2, [1])]
    scheduler.handle(Called(2, [loose(2, kind="slow")]))
    scheduler.handle(Done(2, [(1, 1e-6, 0)]))
    calls = [loose(3, (2,), actor=7), loose(4, actor=7)]
    assert scheduler.handle(Called(3, calls)) == []  # the second call waits behind the first
    assert scheduler.handle(Done(1, [(2, 1.0, 0)])) == [Run(2, [3, 4])]


def test_an_actor_that_is_made_anew_gets_its_constructor_first() -> None:
    scheduler = scheduler_of(1)
    scheduler.handle(Called(1, [loose(1, actor=7)]))
    scheduler.handle(ActorStarted(2, 7, 1, 1))
    scheduler.handle(Done(2, [(1, 0.1, 0)]))
    calls = [loose(n, actor=7, retries=0) for n in (2, 3)]
    assert scheduler.handle(Called(2, calls)) == [Run(2, [2])]
    assert scheduler.handle(Died(2, 2)) == [Fail(2, [], True)]
    scheduler.handle(Called(4, [loose(4, actor=7)]))
    assert scheduler.handle(ActorStarted(3, 7, 1, 4)) == [Run(3, [4])]
    assert scheduler.handle(Done(3, [(4, 0.1, 0)])) == [Run(3, [3])]
    assert scheduler.handle(ActorEnded(7)) == [Fail(3, [])]


def test_a_call_back_into_an_actor_that_waits_runs_on_top_of_the_call_that_waits() -> None:
    scheduler = scheduler_of(1)
    for actor, slot, number in ((7, 2, 1), (8, 3, 2)):
        scheduler.handle(Called(number, [loose(number, actor=actor)]))
        scheduler.handle(ActorStarted(slot, actor, 1, number))
        scheduler.handle(Done(slot, [(number, 0.1, 0)]))
    assert scheduler.handle(Called(3, [loose(3, actor=7)])) == [Run(2, [3])]
    assert scheduler.handle(Called(4, [loose(4, actor=8, parent=3)])) == [Run(3, [4])]
    scheduler.handle(Blocked(2, 3, [4]))
    assert scheduler.handle(Called(5, [loose(5, actor=7)])) == []  # of somebody else: it waits
    assert scheduler.handle(Called(6, [loose(6, actor=7, parent=4)])) == [Run(2, [6])]


def test_a_late_task_is_doubled_and_the_slower_one_is_recalled() -> None:
    scheduler = scheduler_of(2, kind=0.1)
    assert scheduler.handle(Called(1, [loose(1)])) == [Run(1, [1])]
    assert scheduler.handle(Late(1)) == [Run(2, [1])]
    assert scheduler.handle(Late(1)) == []
    assert scheduler.handle(Done(2, [(1, 0.1, 0)])) == [Recall(1, [1])]
    assert scheduler.handle(Done(1, [(1, 0.5, 0)])) != []  # its result is dropped
    assert not any(state.assigned for state in scheduler.workers.values())


def test_a_doubled_task_goes_on_where_it_still_runs_when_the_other_worker_dies() -> None:
    scheduler = scheduler_of(2, kind=0.1)
    scheduler.handle(Called(1, [loose(1)]))
    scheduler.handle(Late(1))
    assert scheduler.handle(Died(1, 1)) == []
    assert scheduler.handle(Done(2, [(1, 0.1, 0)])) == []
    assert scheduler.tasks == {}


def test_a_task_that_is_to_be_tried_again_waits_until_it_is_due() -> None:
    scheduler = scheduler_of(1)
    scheduler.handle(Called(1, [loose(1)]))
    assert scheduler.handle(Failed(1, 1, again=True)) == []
    assert scheduler.handle(Due(1)) == [Run(1, [1])]


def test_a_more_urgent_task_goes_first() -> None:
    scheduler = scheduler_of(1)
    scheduler.handle(Called(1, [loose(1)]))
    scheduler.handle(Called(2, [loose(2), loose(3, priority=2), loose(4, priority=1)]))
    order = []
    number = 1
    while scheduler.tasks:
        out = scheduler.handle(Done(1, [(number, 1.0, 0)]))
        if out:
            (number,) = out[0].tasks  # type: ignore[union-attr]
            order.append(number)
    assert order == [3, 4, 2]


def test_memory_that_a_task_was_said_to_need_is_admitted_before_it_was_ever_seen() -> None:
    scheduler = scheduler_of(2)
    scheduler.admission.room = 10 << 20
    tasks = [loose(n, memory=8 << 20) for n in (1, 2)]
    assert scheduler.handle(Called(1, tasks)) == [Run(1, [1])]
    assert scheduler.handle(Done(1, [(1, 0.1, 0)])) == [Run(1, [2])]


def test_spare_workers_leave() -> None:
    scheduler = scheduler_of(1)
    scheduler.handle(Joined(2))
    assert scheduler.spare() == [2]
    scheduler.handle(Left(2))
    assert scheduler.spare() == []
    assert scheduler.handle(Called(1, [loose(1)])) == [Run(1, [1])]
