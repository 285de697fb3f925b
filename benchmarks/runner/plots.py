"""Plots of a class of jobs, as SVG; matplotlib is of the extra `bench`."""

from __future__ import annotations

import io
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib.figure import Figure

from shframe.benchmarks.runner.record import Job
from shframe.benchmarks.runner.tables import (
    group_by_question,
    labels_of,
    ratios_to_best,
)

NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # of what SVG may say of itself
COLOURS = {
    "shframe": "#d62728",
    "pandas": "#7f7f7f",
    "numpy": "#7f7f7f",
    "polars": "#1f77b4",
    "duckdb": "#bcbd22",
    "dask": "#ff7f0e",
}


def plot_jobs(jobs: list[Job]) -> str:
    """Bars of each question's times over the best; lines where the first param is a number."""
    axis = [question[0] for question in group_by_question(jobs) if question]
    lines = len(axis) > 1 and all(_is_number(word) for word in axis)
    return as_svg(_lines(jobs) if lines else _bars(jobs))


def as_svg(figure: Any) -> str:
    """The figure as an SVG element."""
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata=NOTHING)
    found = text.getvalue()
    return found[found.index("<svg") :]


def _bars(jobs: list[Job]) -> Any:
    questions, labels = group_by_question(jobs), labels_of(jobs)
    figure = Figure(figsize=(max(6.0, 0.25 * len(questions) * len(labels)), 3.2))
    axes = figure.subplots()
    width = 0.8 / max(len(labels), 1)
    for n, label in enumerate(labels):
        places, heights = [], []
        for place, by_label in enumerate(questions.values()):
            ratio = ratios_to_best(by_label).get(label)
            if ratio is not None:
                places.append(place + n * width - 0.4 + width / 2)
                heights.append(ratio)
        axes.bar(places, heights, width, label=label, color=COLOURS.get(label))
    axes.set_yscale("log")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(questions)), [" ".join(one) for one in questions], rotation=60)
    axes.set_ylabel("time / best")
    axes.legend(ncols=6, fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def _lines(jobs: list[Job]) -> Any:
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    series: dict[str, list[tuple[float, float]]] = {}
    for job in jobs:
        if job.median is not None:
            name = " ".join([*job.question[1:], job.label])
            series.setdefault(name, []).append((float(job.question[0]), job.median))
    for name, points in series.items():
        xs, ys = zip(*sorted(points), strict=True)
        axes.plot(xs, ys, marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylabel("seconds")
    axes.legend(fontsize=8, frameon=False)
    return figure


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdigit()
