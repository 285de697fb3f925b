"""Whatever is said in whatever order, every computation and every call comes to an end."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.driver.graph_runs import LiveRun
from shframe.graph.errors import ActorDied, Cancelled, WorkerDied
from shframe.graph.objects.object_ref import Failure, ObjectRef
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, Arguments, TaskOptions, arguments_of
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from tests.examples import examples
from tests.graph import simulated
from tests.graph.simulated import Simulation


class Planned(Exception):
    """What tasks raise that are to fail."""


def act(*values: Any, how: str = "") -> int:
    """A task: it may let others go on while it runs, and may fail. how: the last argument."""
    *inputs, how = values
    if simulated.now is not None:
        simulated.now.during()
    if how == "fails":
        raise Planned(how)
    return 1 + sum(inputs)


class Acting:
    """An actor."""

    def act(self, *values: Any) -> int:
        return act(*values)


HOWS = ("ends", "ends", "ends", "fails")
CODE = Function(act)
FLAKY = TaskOptions(retries=2, retry_exceptions=(Planned,))


class Program:
    """What a user does in a session, at random; `values` says what a call that ends well gives."""

    def __init__(self, seed: int) -> None:
        self.simulation = Simulation(seed, workers=2)
        self.dice = self.simulation.dice
        self.refs: list[ObjectRef] = []
        self.actors: list[tuple[ObjectRef, int]] = []
        self.failing: dict[int, bool] = {}  # run -> whether one of its tasks fails
        self.cancelled: set[int] = set()

    def step(self) -> None:
        """Something of the user's, or of the machine's."""
        acts = [self.compute, self.call, self.call, self.cancel_run, self.cancel_call, self.kill]
        acts += [self.create_actor, self.call_actor, self.call_actor, self.end_actor, self.drop]
        if self.dice.random() < 0.25:
            self.dice.choice(acts)()
        else:
            self.simulation.step()

    def compute(self) -> None:
        count = self.dice.randint(1, 8)
        graph = TaskGraph()
        keys = [Key("t", (n,)) for n in range(count)]
        kinds = self.dice.choice((HOWS, HOWS[-2:], HOWS[-1:]))  # often several fail at once
        hows = [self.dice.choice(kinds) for _ in keys]
        for n, (key, how) in enumerate(zip(keys, hows, strict=True)):
            inputs = tuple(self.dice.sample(keys[:n], min(n, self.dice.randint(0, 2))))
            graph.add([Task(key, CODE, inputs, (how,))])
        graph.outputs = tuple(keys)
        live = self.simulation.submit(graph)
        self.failing[live.number] = "fails" in hows

    def call(self) -> None:
        terms = self.dice.choice((DEFAULT_OPTIONS, DEFAULT_OPTIONS, FLAKY))
        self.refs.extend(self.simulation.executor.call(CODE, self.arguments(), terms))

    def arguments(self) -> Arguments:
        inputs = self.dice.sample(self.refs, min(len(self.refs), self.dice.randint(0, 2)))
        return arguments_of((*inputs, self.dice.choice(HOWS)), {}, self.simulation.executor.put)

    def create_actor(self) -> None:
        width = self.dice.choice((1, 1, 3))
        job = ActorOptions(None, False, width, self.dice.choice((0, 1)), None)
        nothing = arguments_of((), {}, self.simulation.executor.put)
        ref = self.simulation.executor.create_actor(
            Function(Acting), nothing, DEFAULT_OPTIONS, None, job
        )
        self.actors.append((ref, width))

    def call_actor(self) -> None:
        if self.actors:
            ref, _ = self.dice.choice(self.actors)
            args = self.arguments()
            args = args._replace(keep=(*args.keep, ref))
            executor = self.simulation.executor
            self.refs.extend(executor.call(CODE, args, DEFAULT_OPTIONS, None, "act", ref.id))

    def end_actor(self) -> None:
        if self.actors and self.dice.random() < 0.3:
            ref, _ = self.dice.choice(self.actors)
            self.simulation.executor.kill(ref, self.dice.random() < 0.5)

    def cancel_run(self) -> None:
        if self.simulation.runs:
            live = self.dice.choice(self.simulation.runs)
            self.cancelled.add(live.number)
            self.simulation.cancel(live)

    def cancel_call(self) -> None:
        if self.refs:
            ref = self.dice.choice(self.refs)
            self.simulation.executor.cancel(ref, self.dice.random() < 0.2, recursive=True)

    def kill(self) -> None:
        alive = [slot for slot, worker in self.simulation.workers.items() if worker.alive]
        if alive and self.dice.random() < 0.3:
            self.simulation.kill(self.dice.choice(alive), -9)

    def drop(self) -> None:
        if self.refs:
            del self.refs[self.dice.randrange(len(self.refs))]

    # --- the end --------------------------------------------------------------------------

    def check(self) -> None:
        loop = self.simulation.loop
        assert loop.context.dead is None
        for live in self.simulation.runs:
            self.check_run(live)
        for ref in self.refs:
            assert ref.done(), ref
            if isinstance(ref.state, Failure):
                assert isinstance(ref.state.error, (Planned, Cancelled, WorkerDied, ActorDied))
        assert not loop.cancellation.deadlines
        assert not loop.outbox.reading
        assert not loop.calls.live
        assert not loop.calls.errors
        assert not loop.runs.live
        assert not loop.runs.aborted
        assert not loop.scheduler.tasks
        assert not any(worker.owes for worker in loop.pool.workers.values())

    def check_run(self, live: LiveRun) -> None:
        assert live.ended.is_set(), live.number
        error = None if live.error is None else Failure(live.error).error
        if error is None:
            assert not self.failing[live.number]
            assert len(live.handles) == len(live.graph.outputs)
        elif isinstance(error, Planned):
            assert self.failing[live.number]
        elif isinstance(error, Cancelled):
            assert live.number in self.cancelled
        else:
            assert isinstance(error, WorkerDied)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32))
def test_every_run_and_every_call_ends(seed: int) -> None:
    program = Program(seed)
    try:
        for _ in range(program.dice.randint(10, 150)):
            program.step()
        program.simulation.settle()
        program.check()
    finally:
        program.simulation.close()
