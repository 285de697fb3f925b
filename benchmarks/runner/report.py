"""A run as one HTML page that needs no other file: tables, conditions, and plots (matplotlib)."""

from __future__ import annotations

import html
import importlib.util
from pathlib import Path

from shframe.benchmarks.runner.record import Job, Run
from shframe.benchmarks.runner.tables import describe_run, labels_of, rows_of
from shframe.benchmarks.suites.case import find_case

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.15em 0.7em; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
td.best { font-weight: bold; } td.bad { color: #b00; }
pre { white-space: pre-wrap; background: #f6f6f6; padding: 0.7em; }
svg { max-width: 100%; height: auto; }
"""


def write_report(run: Run, path: Path) -> None:
    """Write the page. Plots are left out where matplotlib is not installed (extra `bench`)."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>shframe benchmarks</title>",
        f"<style>{STYLE}</style><h1>shframe benchmarks</h1>",
        f"<pre>{html.escape(describe_run(run))}</pre>",
        "<p>Seconds: the median of the rounds after those that warm up, each engine in a fresh "
        "process. In brackets: over the best of all on that question. Bold: the best.</p>",
    ]
    for name, jobs in run.by_case().items():
        first = (find_case(*name).__doc__ or "").splitlines()[0]
        parts.append(f"<h2>{html.escape(name[1])}: {html.escape(first)}</h2>")
        parts.append(f"<p>{jobs[0].size:,g} {html.escape(jobs[0].unit)}</p>")
        parts.append(_plots(jobs))
        parts.append(_table(*rows_of(jobs)))
        parts.append(_details(jobs))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


def write_plots(run: Run, folder: Path) -> None:
    """Write a plot of each class as SVG; needs matplotlib (extra `bench`)."""
    from shframe.benchmarks.runner.plots import plot_jobs

    folder.mkdir(parents=True, exist_ok=True)
    for (_, case), jobs in run.by_case().items():
        (folder / f"{case}.svg").write_text(plot_jobs(jobs))


def _plots(jobs: list[Job]) -> str:
    if importlib.util.find_spec("matplotlib") is None:
        return ""
    from shframe.benchmarks.runner.plots import plot_jobs

    return plot_jobs(jobs)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["<table><tr>", *(f"<th>{html.escape(head)}</th>" for head in heads), "</tr>"]
    for row in rows:
        lines += ["<tr>", *map(_cell, row), "</tr>"]
    return "".join([*lines, "</table>"])


def _cell(text: str) -> str:
    kind = " class='best'" if text.endswith(" *") else ""
    if text in ("wrong", "leak", "failed", "timeout"):
        kind = " class='bad'"
    return f"<td{kind}>{html.escape(text.removesuffix(' *'))}</td>"


def _details(jobs: list[Job]) -> str:
    """Each job's range, memory and conditions, folded away."""
    heads = [
        *("question", "engine", "rounds", "least", "median", "most", "first"),
        *("peak MB (PSS)", "other load", "stolen", "in page cache", "remark"),
    ]
    rows = []
    for job in jobs:
        times = sorted(job.seconds)
        shown = [f"{one:.4g}" if one is not None else "" for one in _range(job, times)]
        cached = "" if job.cached is None else f"{job.cached:.0%}"
        remark = job.problem or job.note
        rows.append(
            [
                " ".join(job.question),
                job.label,
                str(len(times)),
                *shown,
                f"{job.memory / 1e6:.0f}",
                f"{job.others:.2f}",
                f"{job.stolen:.2f}",
                cached,
                f"{job.status}: {remark}" if job.status != "ok" else remark,
            ]
        )
    engines = ", ".join(labels_of(jobs))
    table = _table(heads, rows)
    return f"<details><summary>Each job: {html.escape(engines)}</summary>{table}</details>"


def _range(job: Job, times: list[float]) -> list[float | None]:
    ends = [times[0], job.median, times[-1]] if times else [None, None, None]
    return [*ends, job.first]
