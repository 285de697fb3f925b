"""Tasks as their user knows them: for the status, log lines and messages."""

from __future__ import annotations

from shframe.graph.driver.call import Call
from shframe.graph.driver.graph_runs import GraphRuns
from shframe.graph.scheduler.messages import SINGLE
from shframe.graph.scheduler.scheduler import Scheduler


def name_of(scheduler: Scheduler, runs: GraphRuns, number: int) -> str:
    """A task's function and where it was called, or its key."""
    task = scheduler.tasks.get(number)
    if isinstance(task, Call):
        return f"{task.name} (called at {task.site})" if task.site else task.name
    live = None if task is not None and task.run == SINGLE else runs.holding(number)
    if live is None:
        return f"task {number}"
    found = live.submission.task(number)
    return f"{found.function.label} {found.key}"
