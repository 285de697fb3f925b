"""The shape of a job, and the suites by name."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUITES: dict[str, tuple[str, ...]] = {
    "groupby": ("GroupBy",),
    "join": ("Join",),
    "tpch": ("TPCH",),
}


class Case:
    """A job that several engines do. A process makes one, for one combination of `params`.

    size, quick_size, large_size: how large the data are, in `unit`; the size that is asked for
    is set on the class before `setup`.
    params: what is asked, in one or more lists, and last the engines, ours first.
    scale: what seconds are multiplied by where an engine is given less to do.
    """

    size: float
    quick_size: float
    large_size: float | None = None
    unit = "rows"
    params: tuple[list[str], ...]
    scale = 1.0

    def setup(self, *chosen: str) -> None:
        """Have data and engine ready; not timed."""

    def time_answer(self, *chosen: str) -> Any:
        """Do the job; what it returns is compared between the engines (see answers.py)."""
        raise NotImplementedError

    def teardown(self, *chosen: str) -> None:
        """End what was started."""

    def files(self) -> list[Path]:
        """The files that are read, whose pages may be in the page cache."""
        return []

    def note(self) -> str:
        """What else there is to say of the rounds, in a line."""
        return ""

    @classmethod
    def questions(cls) -> Iterator[tuple[str, ...]]:
        """All combinations of params without engines."""
        yield from itertools.product(*cls.params[:-1])

    @classmethod
    def engines(cls, question: tuple[str, ...]) -> list[str]:
        """The engines that a question can be asked of."""
        return cls.params[-1]


def find_case(suite: str, name: str) -> type[Case]:
    """A class of a suite."""
    module = importlib.import_module(f"shframe.benchmarks.suites.{suite}")
    found: type[Case] = getattr(module, name)
    return found
