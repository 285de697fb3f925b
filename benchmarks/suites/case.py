"""The shape of a job, and the suites by name."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SUITES: dict[str, tuple[str, ...]] = {
    "groupby": ("GroupBy",),
    "join": ("Join",),
    "tpch": ("TPCH",),
    "files": ("Files",),
    "functions": ("Functions",),
    "small": ("Small", "Planning"),
    "scaling": ("Rows", "Workers"),
    "out_of_core": ("Events", "Budget"),
    "arrays": ("Arrays", "Tile"),
    "tasks": ("NoOp", "Tree", "Chain", "RoundTrip", "Build"),
    "store": ("Fresh", "PutGet", "Results", "FirstSum", "Attach"),
    "start": ("Cold", "FirstTask", "StartAgain"),
    "kernels": ("Kernels",),
    "decoding": ("Decoding",),
    "dask_programs": ("DaskPrograms",),
    "executors": ("OnEngines",),
}


class Case:
    """A job that several engines do. A process makes one, for one combination of `params`.

    size, quick_size, large_size: how large the data are, in `unit`; the size that is asked for
    is set on the class before `setup`.
    params: what is asked, in one or more lists, and last the engines, ours first.
    scale: what seconds are multiplied by where an engine is given less to do.
    rounds: how often a long job is timed; None: as often as is asked for.
    """

    size: Any
    quick_size: Any
    large_size: Any = None
    unit = "rows"
    params: tuple[Sequence[Any], ...]
    scale = 1.0
    rounds: int | None = None

    def setup(self, *chosen: Any) -> None:
        """Have data and engine ready; not timed."""

    def time_answer(self, *chosen: Any) -> Any:
        """Do the job; None where the engines' answers cannot be compared."""
        raise NotImplementedError

    def teardown(self, *chosen: Any) -> None:
        """End what was started."""

    def compared(self, answer: Any) -> Any:
        """What answers.py compares of an answer; not timed."""
        return answer

    def files(self) -> list[Path]:
        """The files that are read, whose pages may be in the page cache."""
        return []

    def note(self) -> str:
        """What else there is to say of the rounds, in a line."""
        return ""

    @classmethod
    def values_of(cls, names: Sequence[str]) -> list[Any]:
        """The values of params by their names."""
        return [
            next(value for value in values if str(value) == name)
            for values, name in zip(cls.params, names, strict=True)
        ]

    @classmethod
    def questions(cls) -> Iterator[tuple[str, ...]]:
        """All combinations of params without engines, by their names."""
        for chosen in itertools.product(*cls.params[:-1]):
            yield tuple(map(str, chosen))

    @classmethod
    def can_ask(cls, question: tuple[str, ...], engine: str) -> bool:
        """Whether a question is one for this engine."""
        return True


def find_case(suite: str, name: str) -> type[Case]:
    """A class of a suite."""
    module = importlib.import_module(f"shframe.benchmarks.suites.{suite}")
    found: type[Case] = getattr(module, name)
    return found
