"""Forks of a process that has views of objects: what its child may still read is kept.

A child has its parent's mappings, so views that it inherits stay valid as long as their
memory is not reused. So the parent keeps the pins of that moment until the child has ended, which
a pipe tells: its writing end is closed with the last process that inherited it, or by an exec.
Calls of the store raise in the child (StoreClosed), so it can look at nothing else.
"""

from __future__ import annotations

import os
import select
import threading
import weakref
from typing import Any, Protocol

from shframe.store.shared_memory.pins import Pin


class Forkable(Protocol):
    """An object with pins, or only with a lock that the child must replace."""

    def live_pins(self) -> list[Pin]:
        """The pins of what this process looks at."""

    def forked(self) -> None:
        """Called in the child: locks that another thread held at the fork stay held forever."""


_known: weakref.WeakSet[Any] = weakref.WeakSet()
_children: list[tuple[int, list[Pin]]] = []  # what tells the end of a child, and what it may read
_at_fork: list[tuple[int, int, list[Pin]]] = []  # between the hooks of one fork
_inherited: list[list[Pin]] = []  # in a child: what it may read
_lock = threading.Lock()


def watch(one: Forkable) -> None:
    """Keep the objects that `one` has views of whenever this process forks."""
    _known.add(one)


def sweep() -> None:
    """Release what was kept for children that have ended. Costs nothing if there are none."""
    if not _children:
        return
    with _lock:
        for child in [*_children]:
            poll = select.poll()
            poll.register(child[0], select.POLLIN)
            if poll.poll(0):
                _children.remove(child)
                os.close(child[0])


def _before() -> None:
    pins = [pin for one in list(_known) for pin in one.live_pins()]
    if pins:
        _at_fork.append((*os.pipe2(os.O_CLOEXEC), pins))


def _after_in_parent() -> None:
    while _at_fork:
        ours, theirs, pins = _at_fork.pop()
        os.close(theirs)
        _children.append((ours, pins))


def _after_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    while _at_fork:  # the other end stays open until this process ends, and its children
        ours, _, pins = _at_fork.pop()
        os.close(ours)
        _inherited.append(pins)
    for one in list(_known):
        one.forked()


os.register_at_fork(
    before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
)
