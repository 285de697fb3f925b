"""The executor that runs everything in the calling thread."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Any

from shframe.graph.executors.in_process import InProcess
from shframe.graph.objects.object_ref import Death, ObjectRef
from shframe.graph.objects.ref_backend import StoreBackend, release_dropped
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.result_buffer import target_fd, target_size
from shframe.graph.tasks.task import Key
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing import copies
from shframe.graph.tracing.call_site import user_line
from shframe.graph.tracing.trace import Span, Trace
from shframe.store.store import Store


class SyncExecutor(InProcess):
    """Everything in the calling thread, in the order of priority: for pdb and for small work."""

    workers = 1
    lends = True

    def __init__(self, store: Store, dropped: deque[Death] | None = None, home: Any = None) -> None:
        """home: where values are stored, None: in the store."""
        self.store = store
        self.dropped: deque[Death] = deque() if dropped is None else dropped
        super().__init__(home if home is not None else StoreBackend(store, self.dropped))

    def sweep(self) -> None:
        """Release the objects whose last handle has died."""
        release_dropped(self.store, self.dropped)

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """Run the graph here and store its outputs."""
        self.sweep()
        values: dict[Key, Any] = {}
        order = graph.sorted_keys()
        readers = graph.readers(order)
        outputs = set(graph.outputs)
        stored: dict[Key, ObjectRef] = dict(graph.data)
        for done, key in enumerate(order):
            task = graph.tasks[key]
            start = time.monotonic()
            for source in task.inputs:
                if source not in values:
                    values[source] = stored[source].value()
            inputs = [values[source] for source in task.inputs]
            try:
                with result_buffer.open_window(target_fd(self.store, task)):
                    value = task.function(*inputs, *task.args)
            except Exception as error:
                self.task_failed(task, inputs, user_line(), error, target_size(self.store, task))
                raise
            inputs.clear()
            for source in dict.fromkeys(task.inputs):
                readers[source] -= 1
                if not readers[source]:
                    del values[source]
            if key in outputs:
                stored[key] = self.put(value)
            if readers[key]:
                values[key] = value
            del value
            size = stored[key].nbytes if key in stored else 0
            trace.add(
                Span(
                    key,
                    task.function.name,
                    -1,
                    os.getpid(),
                    start,
                    time.monotonic(),
                    0,
                    size,
                    copies.taken(),
                )
            )
            if progress is not None:
                progress(done + 1, len(order))
        return [stored[key] for key in graph.outputs]

    def close(self) -> None:
        """Free the store."""
        self.store.close()
