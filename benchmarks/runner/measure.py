"""One job of one engine in a process of its own, watched from here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shframe.benchmarks.runner.processes import (
    MemoryWatch,
    end_left_processes,
    measure_processors,
    other_load,
    running_children,
)
from shframe.benchmarks.runner.record import OWN, UNCACHED, Job

HERE = Path(__file__).resolve().parents[1]

# Another environment asks the questions of this checkout, of the shframe that it has installed.
_ELSEWHERE = """
import importlib.util, runpy, sys, cloudpickle, shframe
spec = importlib.util.spec_from_file_location(
    "shframe.benchmarks", sys.argv[1] + "/__init__.py", submodule_search_locations=[sys.argv[1]])
module = importlib.util.module_from_spec(spec)
sys.modules["shframe.benchmarks"] = shframe.benchmarks = module
spec.loader.exec_module(module)
cloudpickle.register_pickle_by_value(module)
del sys.argv[1]
runpy.run_module("shframe.benchmarks.ask", run_name="__main__")
"""


@dataclass(frozen=True)
class Conditions:
    """How jobs are measured. least: seconds to be timed in all, by further rounds."""

    rounds: int = 3
    least: float = 1.0
    cold: bool = False
    limit: float = 900.0
    workers: int = 1


def measure(job: Job, conditions: Conditions, python: str | None = None) -> Job:
    """Fill in what came of a job. python: the interpreter of another environment."""
    reader, writer = os.pipe()
    known = running_children()
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(
            _command(job, conditions, python, writer),
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=[writer],
            env={
                **os.environ,
                "SHFRAME_BENCH_WORKERS": str(conditions.workers),
                "POLARS_MAX_THREADS": str(conditions.workers),
                **({"SHFRAME_BENCH_FILE_CACHE": "0"} if job.environment == UNCACHED else {}),
            },
        )
        os.close(writer)
        listener = _Listener(job, child.pid)
        late = threading.Event()
        timer = threading.Timer(conditions.limit, _end, [child, late])
        timer.start()
        try:
            with os.fdopen(reader) as lines:
                for line in lines:
                    listener.take_in(json.loads(line))
            code = child.wait()
        finally:
            timer.cancel()
            listener.watch.end()
            if child.poll() is None:
                child.kill()
                child.wait()
        left = end_left_processes(known)
        errors.seek(0)
        said = errors.read()
    job.memory = listener.watch.total
    job.parts = asdict(listener.watch.peak)
    if late.is_set():
        job.status, job.problem = "timeout", f"over {conditions.limit:.0f} s"
    elif code:
        job.status, job.problem = "failed", _error_line(said) or f"exit code {code}"
    elif left and job.engine == OWN:
        job.status, job.problem = "leak", f"processes left: {'; '.join(left)}"
    return job


def _command(job: Job, conditions: Conditions, python: str | None, writer: int) -> list[str]:
    begin = [sys.executable, "-m", "shframe.benchmarks.ask"]
    if python is not None:
        begin = [python, "-c", _ELSEWHERE, str(HERE)]
    asked = [job.suite, job.case, *job.question, job.engine]
    options = ["--size", str(job.size), "--rounds", str(conditions.rounds)]
    options += ["--least", str(conditions.least), "--report", str(writer)]
    return [*begin, *asked, *options, *(["--cold"] if conditions.cold else [])]


def _end(child: subprocess.Popen[Any], late: threading.Event) -> None:
    late.set()
    child.kill()


class _Listener:
    """Takes in what the process tells of a job."""

    def __init__(self, job: Job, pid: int) -> None:
        self._job = job
        self._pid = pid
        self.watch = MemoryWatch(pid)

    def take_in(self, told: dict[str, Any]) -> None:
        """What one line says."""
        event, job = told["event"], self._job
        if event == "ready":
            self._start = measure_processors(self._pid)
            self.watch.start()
        elif event == "warm":
            self.watch.stop()
        elif event == "begin":
            job.cached = told["cached"]
        elif event == "end":
            job.others, job.stolen = other_load(self._start, measure_processors(self._pid))
        elif event == "done":
            job.first, job.seconds = told["first"], told["seconds"]
            job.answer, job.note = told["answer"], told["note"]
            if told["leaked"]:
                job.status, job.problem = "leak", f"{told['leaked']} objects left in the store"


def _error_line(said: str) -> str:
    """The line of the last traceback that names the error, else the last line."""
    _, traceback, after = said.rpartition("Traceback (most recent call last):")
    lines = [line for line in (after if traceback else said).splitlines() if line.strip()]
    names = [line for line in lines if not line[0].isspace()] if traceback else lines[-1:]
    return names[0].strip()[:300] if names else ""
