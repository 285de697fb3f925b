"""db-benchmark, group-by q1 to q10, by pandas' methods.

As in its solution for pandas groups are in order of appearance, and keys are columns.
q9 is R squared by sums of products, which all engines can do and none has to do row by row.
"""

from __future__ import annotations

from typing import Any

from shframe.benchmarks.questions.columns import reads
from shframe.benchmarks.questions.grouping import group


@reads(x="id1 v1")
def q1(x: Any) -> Any:
    return group(x, "id1", in_order=False, v1=("v1", "sum"))


@reads(x="id1 id2 v1")
def q2(x: Any) -> Any:
    return group(x, ["id1", "id2"], in_order=False, v1=("v1", "sum"))


@reads(x="id3 v1 v3")
def q3(x: Any) -> Any:
    return group(x, "id3", in_order=False, v1=("v1", "sum"), v3=("v3", "mean"))


@reads(x="id4 v1 v2 v3")
def q4(x: Any) -> Any:
    return group(x, "id4", in_order=False, v1=("v1", "mean"), v2=("v2", "mean"), v3=("v3", "mean"))


@reads(x="id6 v1 v2 v3")
def q5(x: Any) -> Any:
    return group(x, "id6", in_order=False, v1=("v1", "sum"), v2=("v2", "sum"), v3=("v3", "sum"))


@reads(x="id4 id5 v3")
def q6(x: Any) -> Any:
    return group(
        x,
        ["id4", "id5"],
        in_order=False,
        median_v3=("v3", "median"),
        sd_v3=("v3", "std"),
    )


@reads(x="id3 v1 v2")
def q7(x: Any) -> Any:
    found = group(x, "id3", in_order=False, v1=("v1", "max"), v2=("v2", "min"))
    return found.assign(range_v1_v2=found["v1"] - found["v2"])[["id3", "range_v1_v2"]]


@reads(x="id6 v3")
def q8(x: Any) -> Any:
    ordered = x[~x["v3"].isna()][["id6", "v3"]].sort_values("v3", ascending=False)
    return ordered.groupby("id6").head(2)


@reads(x="id2 id4 v1 v2")
def q9(x: Any) -> Any:
    x = x.assign(v11=x["v1"] * x["v1"], v22=x["v2"] * x["v2"], v12=x["v1"] * x["v2"])
    sums = group(
        x,
        ["id2", "id4"],
        in_order=False,
        n=("v1", "count"),
        s1=("v1", "sum"),
        s2=("v2", "sum"),
        s11=("v11", "sum"),
        s22=("v22", "sum"),
        s12=("v12", "sum"),
    )
    with_both = sums["n"] * sums["s12"] - sums["s1"] * sums["s2"]
    first = sums["n"] * sums["s11"] - sums["s1"] * sums["s1"]
    second = sums["n"] * sums["s22"] - sums["s2"] * sums["s2"]
    return sums.assign(r2=with_both / first * with_both / second)[["id2", "id4", "r2"]]


@reads(x="id1 id2 id3 id4 id5 id6 v1 v3")
def q10(x: Any) -> Any:
    keys = ["id1", "id2", "id3", "id4", "id5", "id6"]
    return group(x, keys, in_order=False, v3=("v3", "sum"), count=("v1", "size"))
