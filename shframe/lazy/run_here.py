"""Running a small graph in the calling process: no value of it is stored, nothing is started."""

from __future__ import annotations

import os
import time
from typing import Any

from shframe.graph.objects.ref_backend import release_dropped
from shframe.graph.tasks.task import Key
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing import copies
from shframe.graph.tracing.trace import Span, Trace
from shframe.session import Session


def run_here(graph: TaskGraph, current: Session) -> list[Any]:
    """The values of the graph's outputs, in their order; a task's error is raised.

    A graph whose task fails is run again as any other, so that the error says which task it was
    and sf.debug() can call it.
    """
    trace = Trace()
    release_dropped(current.executor.store, current.executor.dropped)
    try:
        made = _values(graph, trace)
    except Exception:
        refs = current.run(graph)  # raises, as the tasks are the same
        return [ref.value(writable=True) for ref in refs]
    trace.notes.append(f"{len(trace.spans)} small tasks ran in the driver")
    current.last_trace = trace
    return made


def _values(graph: TaskGraph, trace: Trace) -> list[Any]:
    values: dict[Key, Any] = {key: ref.value() for key, ref in graph.data.items()}
    pid, order = os.getpid(), graph.sorted_keys()
    readers = graph.readers(order)
    for key in graph.outputs:  # which are kept
        readers[key] = readers.get(key, 0) + 1
    for key in order:
        task = graph.tasks[key]
        start = time.monotonic()
        value = task.function(*[values[source] for source in task.inputs], *task.args)
        values[key] = value
        for source in dict.fromkeys(task.inputs):
            readers[source] -= 1
            if not readers[source]:
                del values[source]
        end, size = time.monotonic(), getattr(value, "nbytes", 0)
        trace.add(Span(key, task.function.name, -1, pid, start, end, 0, size, copies.taken()))
    return [values[key] for key in graph.outputs]
