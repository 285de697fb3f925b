"""Fusion against the plain graph: the same results from fewer tasks."""

from __future__ import annotations

import pickle
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.plan.fuse import fused
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from tests.examples import examples


def combine(*values: Any, salt: int) -> tuple[Any, ...]:
    return (salt, *values)


def evaluated(graph: TaskGraph) -> list[Any]:
    values: dict[Key, Any] = {}
    for key in graph.sorted_keys():
        task = graph.tasks[key]
        values[key] = task.function(*(values[k] for k in task.inputs), *task.args)
    return [values[key] for key in graph.outputs]


@st.composite
def task_graphs(draw: st.DrawFn) -> TaskGraph:
    functions = [Function(combine, salt=n) for n in range(3)]
    count = draw(st.integers(1, 10))
    graph = TaskGraph()
    for n in range(count):
        sources = draw(st.lists(st.integers(0, n - 1), max_size=3)) if n else []
        function = functions[draw(st.integers(0, 2))]
        inputs = tuple(Key("t", (s,)) for s in sources)
        graph.add([Task(Key("t", (n,)), function, inputs, (n,), fan_in=draw(st.booleans()))])
    wanted = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
    graph.outputs = tuple(Key("t", (n,)) for n in wanted)
    return graph.culled()


@settings(max_examples=examples(100), deadline=None)
@given(task_graphs())
def test_fused_graphs_give_the_same_results_from_no_more_tasks(graph: TaskGraph) -> None:
    smaller = fused(graph)
    assert evaluated(smaller) == evaluated(graph)
    assert len(smaller.tasks) <= len(graph.tasks)


def chain(parts: int) -> TaskGraph:
    read, step = Function(combine, salt=0), Function(combine, salt=1)
    graph = TaskGraph()
    for n in range(parts):
        graph.add([Task(Key("read", (n,)), read, (), (n,))])
        graph.add([Task(Key("step", (n,)), step, (Key("read", (n,)),))])
    graph.outputs = tuple(Key("step", (n,)) for n in range(parts))
    return graph


def test_a_chain_becomes_one_task_and_its_program_is_shared_by_the_partitions() -> None:
    graph = fused(chain(4))
    assert len(graph.tasks) == 4
    assert len({id(task.function) for task in graph.tasks.values()}) == 1
    assert evaluated(graph) == evaluated(chain(4))


def test_a_fused_function_travels_by_pickle() -> None:
    task = next(iter(fused(chain(1)).tasks.values()))
    call, shared = pickle.loads(task.function.payload)
    assert Function(call, **shared)(*task.args) == task.function(*task.args)
