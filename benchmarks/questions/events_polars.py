"""Questions about more events than the memory holds, on a lazy frame of Polars."""

from __future__ import annotations

from typing import Any

from polars import col


def q1(events: Any) -> Any:
    return events.group_by("kind").agg(col("price").sum())


def q2(events: Any) -> Any:
    return events.group_by("user").agg(col("price").sum())


def q3(events: Any) -> Any:
    return events.filter(col("score") > 0.9).group_by("item").agg(col("price").sum())


def q4(events: Any) -> Any:
    return events.select("id", "price").top_k(1000, by=["price", "id"])


def q5(events: Any) -> Any:
    return events.select(different=col("item").n_unique() + col("user").n_unique())
