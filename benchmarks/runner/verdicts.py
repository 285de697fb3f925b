"""Whether the engines agree on an answer."""

from __future__ import annotations

from shframe.benchmarks.answers import differences
from shframe.benchmarks.runner.record import OWN, Job

ORACLES = ("pandas", "numpy", "duckdb", "polars")  # whose answer is taken as right, the first there


def judge_answers(jobs: list[Job]) -> None:
    """Mark the jobs of one question whose answer differs from the oracle's as wrong."""
    answered = [job for job in jobs if job.status == "ok" and job.answer is not None]
    by_rank = sorted(answered, key=_rank)
    for job in by_rank[1:]:
        oracle = by_rank[0]
        assert oracle.answer is not None
        assert job.answer is not None
        found = differences(oracle.answer, job.answer)
        if found:
            job.status = "wrong"
            job.problem = f"differs from {oracle.label}: {'; '.join(found)}"[:500]


def _rank(job: Job) -> int:
    if job.engine in ORACLES:
        return ORACLES.index(job.engine)
    return len(ORACLES) + (job.engine == OWN)
