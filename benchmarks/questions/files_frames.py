"""Reading, filtering and sorting files, by pandas' methods. x is in Parquet, text in CSV."""

from __future__ import annotations

from typing import Any

from shframe.benchmarks.questions.columns import reads
from shframe.benchmarks.questions.grouping import group


def read_parquet(x: Any) -> Any:
    return x


def read_csv(text: Any) -> Any:
    return text


def group_csv(text: Any) -> Any:
    return group(text, "id1", v1=("v1", "sum"), v3=("v3", "mean"))


@reads(x="id1 id4 v1 v3")
def filter_parquet(x: Any) -> Any:
    return x[(x["v1"] > 3) & (x["v3"] < 10)][["id1", "id4", "v3"]]


@reads(x="id3 id6")
def nunique(x: Any) -> Any:
    return x["id3"].nunique() + x["id6"].nunique()


def sort(x: Any) -> Any:
    return x.sort_values(["id6", "v3"])


@reads(x="id6 v3")
def top(x: Any) -> Any:
    return x[["id6", "v3"]].nlargest(100, ["v3", "id6"])
