"""db-benchmark, join q1 to q5, by pandas' methods. The whole result is asked for."""

from __future__ import annotations

from typing import Any

SUFFIXES = ("", "_right")


def q1(x: Any, small: Any) -> Any:
    return x.merge(small, on="id1", suffixes=SUFFIXES)


def q2(x: Any, medium: Any) -> Any:
    return x.merge(medium, on="id2", suffixes=SUFFIXES)


def q3(x: Any, medium: Any) -> Any:
    return x.merge(medium, how="left", on="id2", suffixes=SUFFIXES)


def q4(x: Any, medium: Any) -> Any:
    return x.merge(medium, on="id5", suffixes=SUFFIXES)


def q5(x: Any, big: Any) -> Any:
    return x.merge(big, on="id3", suffixes=SUFFIXES)
