"""What tasks are to see of the driver around them: its folder, environment, module path, levels of
loggers. Looked at with each call, and sent to a worker when it has changed.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from shframe.graph.wire.log_messages import STANDARD_LEVELS, Levels
from shframe.graph.wire.work import Surroundings


class Environment:
    """The surroundings as tasks that start now are to see them.

    changes: counts those since the session began; a worker was started in others.
    """

    def __init__(self) -> None:
        self.now: Surroundings = (*surroundings()[:3], STANDARD_LEVELS)
        self.changes = 1
        self._environment = dict(_raw_environment())

    def look(self) -> None:
        """Notice what has changed. Cost: microseconds."""
        folder, _, path, known = self.now
        environment = _raw_environment()
        if (
            environment != self._environment
            or path != sys.path
            or folder != _folder()
            or known != levels()
        ):
            self._environment = dict(environment)
            self.become(surroundings())

    def become(self, here: Surroundings) -> None:
        """Tasks are to see these from now on."""
        if here != self.now:
            self.now = here
            self.changes += 1


def surroundings() -> Surroundings:
    """What tasks that start now are to see of this process."""
    path = [one for one in sys.path if type(one) is str]  # as the interpreter itself looks at it
    return _folder(), dict(os.environ), path, levels()


def _folder() -> str:
    """The working directory; "" where it was removed: workers stay where they are."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def _raw_environment() -> dict[bytes, bytes]:
    """The environment as the os module keeps it: comparing that takes microseconds."""
    kept: Any = os.environ
    return getattr(kept, "_data", kept)  # type: ignore[no-any-return]


_PROBE = -7919  # a level that is not used
_levels: Levels | None = None


def levels() -> Levels:
    """What the loggers of this process take. Cost: below 1 us when no level was set since.

    Setting a level clears the cache of every logger: then our mark in the root's is gone.
    """
    global _levels
    cache = getattr(logging.root, "_cache", {})
    if _levels is None or _PROBE not in cache:
        cache[_PROBE] = False
        _levels = logging.root.manager.disable, tuple(sorted(_levels_set()))
    return _levels


def _levels_set() -> Iterator[tuple[str, int]]:
    yield "", logging.root.level
    for name, logger in [*logging.root.manager.loggerDict.items()]:
        if isinstance(logger, logging.Logger) and logger.level:
            yield name, logger.level
