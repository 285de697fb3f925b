"""What is kept of a run: a record of each job, the machine, the versions; as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from shframe.benchmarks.datasets.folder import folder

PACKAGES = (
    *("shframe", "numpy", "pandas", "pyarrow", "polars", "duckdb", "dask", "distributed"),
    *("ray", "numexpr", "joblib", "loky", "tpchgen-cli"),
)
OWN = "shframe"
UNCACHED = "uncached"  # the environment in which it decodes its files for each answer


@dataclass
class Job:
    """One job of one engine. status: ok, wrong, leak, failed, timeout.

    seconds: of each round, after the first one, which warms up. memory: the largest PSS of the
    process tree in that first round. others: processors that other programs kept busy meanwhile;
    stolen: what the machine's host took. cached: the share of the files' pages in the page cache.
    """

    suite: str
    case: str
    question: list[str]
    engine: str
    size: float
    unit: str
    environment: str = ""
    status: str = "ok"
    problem: str = ""
    first: float = 0.0
    seconds: list[float] = field(default_factory=list)
    memory: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    others: float = 0.0
    stolen: float = 0.0
    cached: float | None = None
    answer: dict[str, Any] | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """The engine, and its environment where there are several."""
        return f"{self.engine} ({self.environment})" if self.environment else self.engine

    @property
    def without_files(self) -> int:
        """The most private and shared memory; pages of mapped files are the kernel's to drop."""
        if not self.parts:
            return 0
        return self.parts["anon"] + max(self.parts["shared"], self.parts["segments"])

    @property
    def median(self) -> float | None:
        """Seconds; None for a job that failed."""
        if self.status != "ok" or not self.seconds:
            return None
        ordered = sorted(self.seconds)
        middle = len(ordered) // 2
        return (ordered[middle] + ordered[~middle]) / 2

    @property
    def spread(self) -> float:
        """The range of the seconds over their median."""
        median = self.median
        return (max(self.seconds) - min(self.seconds)) / median if median else 0.0


@dataclass
class Run:
    """All jobs of a run."""

    started: str
    command: str
    commit: str
    machine: dict[str, Any]
    versions: dict[str, str]
    page_cache: str
    workers: int
    jobs: list[Job] = field(default_factory=list)

    def of_environment(self, name: str) -> Run:
        """The run as if it had been of one environment alone."""
        jobs = [replace(job, environment="") for job in self.jobs if job.environment == name]
        return replace(self, jobs=jobs)

    def by_case(self) -> dict[tuple[str, str], list[Job]]:
        """Jobs by suite and class, in order."""
        found: dict[tuple[str, str], list[Job]] = {}
        for job in self.jobs:
            found.setdefault((job.suite, job.case), []).append(job)
        return found

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1))


def load(path: Path) -> Run:
    """A run that was saved."""
    read = json.loads(path.read_text())
    return Run(**{**read, "jobs": [Job(**job) for job in read["jobs"]]})


def new_run(page_cache: str, workers: int) -> Run:
    """A run that starts now, here."""
    return Run(
        started=time.strftime("%Y-%m-%dT%H:%M:%S"),
        command=" ".join(["python -m benchmarks", *sys.argv[1:]]),
        commit=_commit(),
        machine=_machine(),
        versions=_versions(),
        page_cache=page_cache,
        workers=workers,
    )


def history_folder() -> Path:
    """Where runs are kept."""
    here = Path(__file__).resolve().parents[1]
    checkout = (here.parent / "pyproject.toml").exists()
    return here / "results" / "local" if checkout else folder() / "results"


def _machine() -> dict[str, Any]:
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processors": len(os.sched_getaffinity(0)),
        "model": model,
        "memory": memory,
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 2),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _commit() -> str:
    """The commit of the checkout, with a + when files differ from it."""
    here = Path(__file__).resolve().parents[2]
    asked = ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--abbrev=9"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
