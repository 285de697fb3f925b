"""Which objects are needed next, whether or not their readers have been entered."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.driver.spilling import next_uses
from shframe.graph.scheduler import submission
from shframe.graph.scheduler.messages import Done, Joined, More, Run
from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.store.ref import Ref
from tests.examples import examples
from tests.graph.test_fuse import task_graphs


@settings(max_examples=examples(100), deadline=None)
@given(task_graphs(), st.integers(1, 10), st.integers(0, 4), st.integers(0, 9))
def test_each_result_is_known_by_the_first_task_that_will_read_it(
    graph: TaskGraph, size: int, ahead: int, done: int
) -> None:
    run, scheduler = GraphSubmission(graph), Scheduler(ahead=ahead)
    scheduler.handle(Joined(0))
    waiting = [run.submitted(1, 100)]
    ended: list[int] = []
    with patch.object(submission, "SLICE", size):
        while waiting:
            for out in scheduler.handle(waiting.pop(0)):
                if isinstance(out, More):
                    waiting.append(run.next(1, id))
                elif isinstance(out, Run) and len(ended) < done:
                    ended += out.tasks
                    waiting.append(Done(0, [(number, 1.0, 1 << 20) for number in out.tasks]))
    refs = {number: Ref(number, 1, 0, 1 << 20, "array", b"", ()) for number in ended}
    number_of = {key: number for number, key in enumerate(run.order, 100)}
    wanted: dict[int, int] = {}
    for key, number in number_of.items():
        for source in graph.tasks[key].inputs if number not in ended else ():
            if number_of[source] in refs:
                wanted.setdefault(number_of[source], number)
    assert next_uses(scheduler, [run], refs) == wanted
