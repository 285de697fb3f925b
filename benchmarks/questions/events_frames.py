"""Questions about more events than the memory holds, by pandas' methods."""

from __future__ import annotations

from typing import Any

from shframe.benchmarks.questions.columns import reads
from shframe.benchmarks.questions.grouping import group


@reads(events="kind price")
def q1(events: Any) -> Any:
    """Few groups."""
    return group(events, "kind", price=("price", "sum"))


@reads(events="user price")
def q2(events: Any) -> Any:
    """Two million groups."""
    return group(events, "user", price=("price", "sum"))


@reads(events="item price score")
def q3(events: Any) -> Any:
    """A filter, and a hundred thousand groups."""
    return group(events[events["score"] > 0.9], "item", price=("price", "sum"))


@reads(events="id price")
def q4(events: Any) -> Any:
    """The thousand dearest."""
    return events[["id", "price"]].nlargest(1000, ["price", "id"])


@reads(events="user item")
def q5(events: Any) -> Any:
    """How many different items and users there are, exactly."""
    return events["item"].nunique() + events["user"].nunique()
