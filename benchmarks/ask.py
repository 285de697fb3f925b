"""One job of one engine, in this process: what the runner starts, and a hand tool.

    python -m shframe.benchmarks.ask tpch TPCH q3 shframe --size 1 --rounds 3

The job is set up, done once to warm up, and timed. Times are of the wall clock.
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
from shframe.benchmarks.suites.case import Case, find_case


@dataclass
class Rounds:
    """What came of a job. first: seconds of the warm-up; leaked: objects left in the store."""

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
    parser.add_argument("--report", type=int, default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    cls = find_case(asked.suite, asked.case)
    if asked.size is not None:
        cls.size = asked.size
    rounds = do_rounds(cls(), asked.chosen, asked.rounds, _reporter(asked.report))
    if asked.report is None:
        times = " ".join(f"{one:.3f}" for one in rounds.seconds)
        print(f"first {rounds.first:.3f} s, then {times}; {rounds.note}")
        print(json.dumps(rounds.answer))
    return 0


def do_rounds(case: Case, chosen: Sequence[str], count: int, report: Callable[..., None]) -> Rounds:
    """Set up, warm up, time, and look whether the store holds more than before.

    report: told of each step by its name: ready, warm, round, done.
    """
    found = Rounds()
    case.setup(*chosen)
    try:
        before = _stored_objects()
        report("ready")
        start = time.perf_counter()
        answer = case.time_answer(*chosen)
        found.first = (time.perf_counter() - start) * case.scale
        report("warm", files=[str(path) for path in case.files()])
        found.answer = None if answer is None else digest(answer)
        del answer
        gc.collect()
        report("begin")
        for _ in range(count):
            start = time.perf_counter()
            answer = case.time_answer(*chosen)
            spent = time.perf_counter() - start
            found.seconds.append(spent * case.scale)
            del answer
            report("round")
        report("end")
        gc.collect()
        found.leaked = _stored_objects() - before
        found.note = case.note()
    finally:
        case.teardown(*chosen)
    report("done", **asdict(found))
    return found


def _stored_objects() -> int:
    """Objects in the store of this process, if it has one: what an answer left there is a leak."""
    module = sys.modules.get("shframe.session")
    if module is None or not module.is_initialized():
        return 0
    session = module.current()
    session.put(None)  # releases what was dropped
    executor = session.executor
    return len(executor.store.objects()) if hasattr(executor, "store") else 0


def _reporter(descriptor: int | None) -> Callable[..., None]:
    """Lines of JSON to a pipe of the runner, which waits for some of them; nothing without one."""

    def report(event: str, **values: Any) -> None:
        if descriptor is not None:
            line = json.dumps({"event": event, "at": time.monotonic(), **values}) + "\n"
            os.write(descriptor, line.encode())

    return report


if __name__ == "__main__":
    sys.exit(main())
