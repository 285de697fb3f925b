"""db-benchmark, join q1 to q5, on lazy frames of Polars."""

from __future__ import annotations

from typing import Any


def q1(x: Any, small: Any) -> Any:
    return x.join(small, on="id1")


def q2(x: Any, medium: Any) -> Any:
    return x.join(medium, on="id2")


def q3(x: Any, medium: Any) -> Any:
    return x.join(medium, on="id2", how="left")


def q4(x: Any, medium: Any) -> Any:
    return x.join(medium, on="id5")


def q5(x: Any, big: Any) -> Any:
    return x.join(big, on="id3")
