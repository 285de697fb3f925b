"""One job of one engine, in this process: what the runner starts, and a hand tool.

    python -m shframe.benchmarks.ask tpch TPCH q3 shframe --size 1 --rounds 3

The job is set up, done twice to warm up, and timed. Times are of the wall clock.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shframe.benchmarks.answers import Digest, digest
from shframe.benchmarks.runner.page_cache import cached_share, drop_from_cache
from shframe.benchmarks.suites.case import Case, find_case

WARM = 2  # rounds that are not timed: the first one of shframe may still be in the driver
MOST = 20  # rounds that are


@dataclass
class Rounds:
    """What came of a job. first: seconds of the warm-up; leaked: objects that the timed rounds
    left in the store."""

    first: float = 0.0
    seconds: list[float] = field(default_factory=list)
    answer: Digest | None = None
    note: str = ""
    leaked: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite")
    parser.add_argument("case", help="the class of the suite")
    parser.add_argument("chosen", nargs="+", help="a value of each of its params, last the engine")
    parser.add_argument("--size", type=float, default=None, help="rows or scale")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=float, default=0.0, help="seconds to be timed in all")
    parser.add_argument("--cold", action="store_true", help="files are read from the disk")
    parser.add_argument("--report", type=int, default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    cls = find_case(asked.suite, asked.case)
    if asked.size is not None:
        cls.size = type(cls.size)(asked.size)
    chosen = cls.values_of(asked.chosen)
    rounds = Timed(cls(), chosen, asked.cold, _reporter(asked.report)).do(
        cls.rounds or asked.rounds, 0.0 if cls.rounds else asked.least
    )
    if asked.report is None:
        times = " ".join(f"{one:.3f}" for one in rounds.seconds)
        print(f"first {rounds.first:.3f} s, then {times}; {rounds.note}")
        print(json.dumps(rounds.answer))
    return 0


class Timed:
    """A job that is set up, done to warm up, timed, and looked at for what it left.

    report: told of each step by its name.
    """

    def __init__(
        self, case: Case, chosen: Sequence[Any], cold: bool, report: Callable[..., None]
    ) -> None:
        self._case = case
        self._chosen = chosen
        self._cold = cold
        self._report = report

    def do(self, count: int, least: float) -> Rounds:
        """So many rounds, and more until `least` seconds were timed."""
        case, found = self._case, Rounds()
        case.setup(*self._chosen)
        try:
            self._report("ready")
            found.first, answer = self._once()
            self._report("warm")
            found.answer = None if answer is None else digest(case.compared(answer))
            del answer
            for _ in range(0 if case.rounds else WARM - 1):
                self._once()
            kept = _stored_objects()
            self._report("begin", cached=None if self._cold else cached_share(case.files()))
            while len(found.seconds) < count or (
                sum(found.seconds) < least and len(found.seconds) < MOST
            ):
                found.seconds.append(self._once()[0])
            self._report("end")
            found.leaked = _left_objects(kept)
            found.note = case.note()
        finally:
            case.teardown(*self._chosen)
        self._report("done", **asdict(found))
        return found

    def _once(self) -> tuple[float, Any]:
        if self._cold:
            drop_from_cache(self._case.files())
        start = time.perf_counter()
        answer = self._case.time_answer(*self._chosen)
        return (time.perf_counter() - start) * self._case.scale, answer


def _left_objects(kept: int, patience: float = 3.0) -> int:
    """By how many objects the store holds more than it did, once what was dropped is released."""
    deadline = time.monotonic() + patience
    while (left := _stored_objects() - kept) > 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    return max(left, 0)


def _stored_objects() -> int:
    """Objects in the store of this process, if it has one, beside the columns of its file cache."""
    gc.collect()
    module = sys.modules.get("shframe.session")
    if module is None or not module.is_initialized():
        return 0
    session = module.current()
    session.put(None)  # releases what was dropped
    executor = session.executor
    if not hasattr(executor, "store"):
        return 0
    return len(executor.store.objects()) - len(getattr(session, "file_cache", ()))


def _reporter(descriptor: int | None) -> Callable[..., None]:
    """Lines of JSON to a pipe of the runner; nothing without one."""

    def report(event: str, **values: Any) -> None:
        if descriptor is not None:
            os.write(descriptor, (json.dumps({"event": event, **values}) + "\n").encode())

    return report


if __name__ == "__main__":
    sys.exit(main())
