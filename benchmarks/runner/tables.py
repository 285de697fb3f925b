"""Tables of a run, and of two runs, as text."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable

from shframe.benchmarks.runner.record import OWN, Job, Run

BASES = ("pandas", "numpy")


def describe_run(run: Run) -> str:
    """The machine, the versions and the conditions, in a few lines."""
    machine = run.machine
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return (
        f"{run.command}\n{run.started}, commit {run.commit}\n"
        f"{machine['processors']} processors ({machine['model']}), "
        f"{machine['memory'] / 2**30:.0f} GiB, {machine['system']}, load {machine['load']}; "
        f"{run.workers} workers or threads for each engine\n{versions}\n"
        f"page cache {run.page_cache}: files are read "
        + ("from the disk each time" if run.page_cache == "cold" else "before they are timed")
    )


def group_by_question(jobs: Iterable[Job]) -> dict[tuple[str, ...], dict[str, Job]]:
    """Jobs by question, in order, and by engine."""
    found: dict[tuple[str, ...], dict[str, Job]] = {}
    for job in jobs:
        found.setdefault(tuple(job.question), {})[job.label] = job
    return found


def ratios_to_best(jobs: dict[str, Job]) -> dict[str, float]:
    """Each engine's time over the best of all on one question."""
    times = {label: job.median for label, job in jobs.items() if job.median is not None}
    best = min(times.values(), default=1.0)
    return {label: time / max(best, 1e-9) for label, time in times.items()}


def ratio_to_others(jobs: dict[str, Job], own: str) -> float | None:
    """One engine's time over the best of the others on one question."""
    others = [
        job.median for label, job in jobs.items() if job.engine != OWN and job.median is not None
    ]
    mine = jobs[own].median if own in jobs else None
    return mine / min(others) if mine is not None and others else None


def ratio_to_base(jobs: dict[str, Job], label: str) -> float | None:
    """An engine's time over that of pandas or NumPy on one question."""
    bases = [jobs[base].median for base in BASES if base in jobs]
    mine = jobs[label].median if label in jobs else None
    return mine / bases[0] if mine is not None and bases and bases[0] else None


def geometric_mean(values: Iterable[float | None]) -> tuple[float, int] | None:
    """(the mean, of how many); None of none."""
    there = [value for value in values if value]
    if not there:
        return None
    return math.exp(statistics.fmean(map(math.log, there))), len(there)


def labels_of(jobs: Iterable[Job]) -> list[str]:
    """The engines in order of appearance."""
    return list(dict.fromkeys(job.label for job in jobs))


def rows_of(jobs: list[Job]) -> tuple[list[str], list[list[str]]]:
    """(heads, rows) of the table of one class: seconds, ratios to the best; means at the end."""
    labels = labels_of(jobs)
    own = [label for label in labels if label.split(" ")[0] == OWN][:1]  # of environments, one
    base = next((label for label in BASES if label in labels), BASES[0])
    heads = ["", *labels, *(["/ best other", f"/ {base}"] if own else [])]
    rows = []
    questions = group_by_question(jobs)
    for question, by_label in questions.items():
        ratios = ratios_to_best(by_label)
        row = [" ".join(question) or jobs[0].case]
        row += [_cell(by_label.get(label), ratios.get(label)) for label in labels]
        row += [_ratio(f(by_label, own[0])) for f in (ratio_to_others, ratio_to_base) if own]
        rows.append(row)
    if len(questions) > 1:
        by_question = [ratios_to_best(one) for one in questions.values()]
        row = ["geometric mean / best"]
        row += [_mean(ratios.get(label) for ratios in by_question) for label in labels]
        if own:
            row += [
                _mean(f(one, own[0]) for one in questions.values())
                for f in (ratio_to_others, ratio_to_base)
            ]
        rows.append(row)
        row = [f"geometric mean / {base}"]
        row += [_mean(ratio_to_base(one, label) for one in questions.values()) for label in labels]
        rows.append([*row, *(["", ""] if own else [])])
    return heads, [row for row in rows if any(row[1:])]


def print_tables(jobs: list[Job], about: str) -> None:
    """The table of one class."""
    first = about.splitlines()[0] if about else ""
    print(f"\n{jobs[0].case}, {jobs[0].size:,g} {jobs[0].unit}: {first}")
    heads, rows = rows_of(jobs)
    widths = [max(len(line[n]) for line in (heads, *rows)) for n in range(len(heads))]
    for line in (heads, *rows):
        cells = [f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join([f"{line[0]:<{widths[0]}}", *cells]))
    print(flush=True)


def compare_runs(old: Run, new: Run) -> str:
    """The jobs of both runs: seconds, their ratio (below 1 the new one is faster), and means."""
    lines = [f"old: {old.started} {old.commit}, new: {new.started} {new.commit}"]
    before = {_name(job): job for job in old.jobs}
    ratios: dict[str, list[float]] = {}
    for job in new.jobs:
        past = before.get(_name(job))
        if past is None or past.median is None or job.median is None:
            continue
        ratio = job.median / past.median
        noise = max(job.spread, past.spread)
        ratios.setdefault(f"{job.suite} {job.label}", []).append(ratio)
        mark = "" if abs(ratio - 1) <= noise else ("  faster" if ratio < 1 else "  slower")
        memory = job.memory / past.memory if past.memory else 1.0
        lines.append(
            f"{' '.join([job.case, *job.question, job.label]):<44} {past.median:>9.4f} "
            f"{job.median:>9.4f}  {ratio:>5.2f}x  memory {memory:>5.2f}x{mark}"
        )
    for name, values in ratios.items():
        mean = geometric_mean(values)
        assert mean is not None
        lines.append(f"geometric mean {name}: {mean[0]:.2f}x (n={mean[1]})")
    return "\n".join(lines)


def _name(job: Job) -> tuple[object, ...]:
    return (job.suite, job.case, tuple(job.question), job.label, job.size)


def _cell(job: Job | None, ratio: float | None) -> str:
    if job is None:
        return "-"
    if job.median is None or ratio is None:
        return job.status
    return f"{job.median:.4g} ({ratio:.2f}x)" if ratio > 1.005 else f"{job.median:.4g} *"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}x"


def _mean(values: Iterable[float | None]) -> str:
    mean = geometric_mean(values)
    return "" if mean is None else f"{mean[0]:.2f}x n={mean[1]}"
