"""Calls that wait for each other forever: found, named, and resolved.

A method of an actor that waits for another actor holds up all calls of its own. Where those two
wait for each other, in a circle of any length, nothing goes on. Calls that come from the very call
that waits run on top of it at once (assignment.py); a circle of calls from several chains is found
here, some time after it has come to be. Its members are named in a log line and in the status, and
one of them runs on top of the call that holds it up, as those of one chain do: the only other end
would be none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from shframe.graph.driver.context import Context
from shframe.graph.driver.graph_runs import GraphRuns
from shframe.graph.driver.task_names import name_of
from shframe.graph.scheduler.messages import Untied
from shframe.graph.scheduler.scheduler import Scheduler

log = logging.getLogger("shframe")

LOOK_SECONDS = 0.5  # a circle that is there at two looks in a row does not end


class Deadlocks:
    """Looks for circles in one session; used by the loop's thread only.

    newest: the message about the newest one, for the status.
    """

    def __init__(self, context: Context, runs: GraphRuns) -> None:
        self.context = context
        self.runs = runs
        self.newest = ""
        self._looked = 0.0
        self._seen: tuple[int, ...] = ()

    def look(self, now: float) -> None:
        """Resolve a circle that was there at the last look already.

        Cost: next to nothing while no actor's call waits.
        """
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        scheduler = self.context.scheduler
        if not any(state.actor and state.blocked for state in scheduler.workers.values()):
            return
        found = circle(scheduler)
        if found and found == self._seen:
            self._resolve(found)
            found = ()
        self._seen = found

    def _resolve(self, tasks: tuple[int, ...]) -> None:
        scheduler = self.context.scheduler
        names = [name_of(scheduler, self.runs, number) for number in tasks]
        chain = ", which waits for ".join([*names, names[0]])
        held_up = next((n for n in tasks if _is_queued(scheduler, n)), None)
        self.newest = f"these calls wait for each other: {chain}"
        if held_up is None:
            log.warning("%s", self.newest)
            return
        name = name_of(scheduler, self.runs, held_up)
        self.newest += f"; {name} was run before the call that its actor is in"
        log.warning("%s", self.newest)
        self.context.handle(Untied(scheduler.tasks[held_up].actor, held_up))


def circle(scheduler: Scheduler) -> tuple[int, ...]:
    """Tasks of which each waits for the next, and the last for the first; the smallest number
    first. Empty when there is no such circle. Cost: one look at what waits."""
    waits = _waits(scheduler)
    settled: set[int] = set()
    for start in [*waits]:
        path: dict[int, None] = {}
        stack = [(start, iter(_needs(scheduler, waits, start)))]
        path[start] = None
        while stack:
            task, needs = stack[-1]
            following = next((n for n in needs if n not in settled), None)
            if following is None:
                settled.add(task)
                del path[task]
                stack.pop()
            elif following in path:
                order = [*path]
                return _rotate_to_smallest(order[order.index(following) :])
            else:
                path[following] = None
                stack.append((following, iter(_needs(scheduler, waits, following))))
    return ()


def _waits(scheduler: Scheduler) -> dict[int, Iterable[int]]:
    """Of each task that has begun and waits: what it waits for, and what runs on top of it."""
    found: dict[int, Iterable[int]] = {}
    for state in scheduler.workers.values():
        above: list[int] = []
        for task, awaited in reversed(state.blocked):
            found[task] = [*sorted(awaited), *above]
            above = [task]
    return found


def _needs(scheduler: Scheduler, waits: dict[int, Iterable[int]], number: int) -> Iterable[int]:
    """What must end before a task goes on."""
    if number in waits:
        return waits[number]
    task = scheduler.tasks.get(number)
    if task is None or task.done:
        return ()
    if task.missing:
        return [one for one in task.sources if one in scheduler.tasks]
    if not _is_queued(scheduler, number):
        return ()
    worker = scheduler.actors[task.actor].worker
    state = None if worker is None else scheduler.workers.get(worker)
    return [state.blocked[-1][0]] if state is not None and state.waits else ()


def _is_queued(scheduler: Scheduler, number: int) -> bool:
    """Whether it is a call that waits for its actor alone."""
    task = scheduler.tasks.get(number)
    if task is None or not task.actor or task.missing or task.at is not None:
        return False
    return task.actor in scheduler.actors


def _rotate_to_smallest(tasks: list[int]) -> tuple[int, ...]:
    start = tasks.index(min(tasks))
    return (*tasks[start:], *tasks[:start])
