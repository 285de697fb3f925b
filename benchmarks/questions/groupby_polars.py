"""db-benchmark, group-by q1 to q10, on a lazy frame of Polars."""

from __future__ import annotations

from typing import Any

import polars as pl
from polars import col


def q1(x: Any) -> Any:
    return x.group_by("id1").agg(col("v1").sum())


def q2(x: Any) -> Any:
    return x.group_by("id1", "id2").agg(col("v1").sum())


def q3(x: Any) -> Any:
    return x.group_by("id3").agg(col("v1").sum(), col("v3").mean())


def q4(x: Any) -> Any:
    return x.group_by("id4").agg(col("v1", "v2", "v3").mean())


def q5(x: Any) -> Any:
    return x.group_by("id6").agg(col("v1", "v2", "v3").sum())


def q6(x: Any) -> Any:
    return x.group_by("id4", "id5").agg(median_v3=col("v3").median(), sd_v3=col("v3").std())


def q7(x: Any) -> Any:
    return x.group_by("id3").agg(range_v1_v2=col("v1").max() - col("v2").min())


def q8(x: Any) -> Any:
    return x.drop_nulls("v3").group_by("id6").agg(col("v3").top_k(2)).explode("v3")


def q9(x: Any) -> Any:
    return x.group_by("id2", "id4").agg(r2=pl.corr("v1", "v2") ** 2)


def q10(x: Any) -> Any:
    return x.group_by("id1", "id2", "id3", "id4", "id5", "id6").agg(col("v3").sum(), count=pl.len())
