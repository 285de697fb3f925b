"""Python functions on rows, values, groups and partitions, by pandas' methods."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.benchmarks.questions.columns import reads


def _steps(value: float) -> int:
    """A little work in Python alone."""
    n, steps = int(value * 10) + 1, 0
    while n > 1 and steps < 30:
        n = 3 * n + 1 if n % 2 else n // 2
        steps += 1
    return steps


def _of_row(row: Any) -> float:
    return float(row["v1"] * row["v3"] + row["v2"])


def _of_group(rows: Any) -> float:
    return float((rows["v3"] * rows["v1"]).sum() / rows["v1"].sum())


def _of_part(part: Any) -> Any:
    return pd.DataFrame({"steps": [_steps(value) for value in part["v3"]]}, index=part.index)


@reads(x="v3")
def map_values(x: Any) -> Any:
    return x["v3"].map(_steps).sum()


@reads(x="v1 v2 v3")
def apply_rows(x: Any) -> Any:
    return x[["v1", "v2", "v3"]].apply(_of_row, axis=1).sum()


@reads(x="id6 v1 v3")
def apply_groups(x: Any) -> Any:
    return x.groupby("id6")[["v1", "v3"]].apply(_of_group).sum()


@reads(x="v3")
def map_partitions(x: Any) -> Any:
    if isinstance(x, pd.DataFrame):
        return _of_part(x)["steps"].sum()
    return x[["v3"]].map_partitions(_of_part)["steps"].sum()
