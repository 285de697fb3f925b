"""Keys of many rows: the kernels that are chosen by how many there are, against pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import same

ROWS = 150_000
KINDS = ["one length", "short", "long", "unicode", "wide", "floats", "times", "dense", "in order"]
OUTPUTS = {
    "n": ("i", "size"),
    "total": ("i", "sum"),
    "mean": ("f", "mean"),
    "least": ("f", "min"),
    "most": ("i", "max"),
    "spread": ("f", "var"),
    "first": ("f", "first"),
}
WHOLE = {"different": ("i", "nunique"), "middle": ("f", "median")}


def draw_key(kind: str, rng: np.random.Generator, count: int, rows: int) -> Any:
    """A key column of about so many different values, one in fifty missing but for integers."""
    numbers = rng.integers(0, count, rows)
    if kind == "dense":
        return numbers
    if kind == "in order":
        return np.sort(numbers)
    if kind == "wide":
        return rng.integers(-(2**62), 2**62, count)[numbers]
    gone = rng.random(rows) < 0.02
    if kind == "floats":
        return np.where(gone, np.nan, rng.standard_normal(count)[numbers])
    if kind == "times":
        times = pd.Series(pd.to_datetime(rng.integers(0, 2**40, count), unit="us"))[numbers]
        return times.where(~gone).array
    words = {
        "one length": [f"id{n:010d}" for n in range(count)],
        "short": [f"{n:x}"[:7] for n in range(count)],
        "long": [f"{n}" * (1 + n % 6) for n in range(count)],
        "unicode": ["", *(f"{n}é" * (1 + n % 3) for n in range(1, count))],
    }[kind]
    return pd.Series(np.array(words, object)[numbers]).where(~gone).astype("str").array


def draw_frame(kinds: list[str], seed: int, count: int, rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    keys = {f"k{n}": draw_key(kind, rng, count, rows) for n, kind in enumerate(kinds)}
    values = rng.standard_normal(rows)
    values[rng.random(rows) < 0.05] = np.nan
    return pd.DataFrame({**keys, "i": rng.integers(-9, 9, rows), "f": values})


@pytest.mark.parametrize("count", [300, 60_000], ids=["few", "many"])
@pytest.mark.parametrize(
    "kinds", [[k] for k in KINDS] + [["dense", "one length"], ["long", "wide"]]
)
def test_groups(session: Session, kinds: list[str], count: int) -> None:
    frame = draw_frame(kinds, len(kinds[0]) + count, count)
    lazy, by = sf.from_pandas(frame, npartitions=3), [f"k{n}" for n in range(len(kinds))]
    for how in ({"sort": True}, {"sort": False, "dropna": False}):
        made, expected = (d.groupby(by, **how).agg(**OUTPUTS) for d in (lazy, frame))
        same(made.compute(), expected, inexact=True)
        made, expected = (d.groupby(by, **how).agg(**WHOLE) for d in (lazy, frame))
        same(made.compute(), expected, inexact=True)
    same(lazy.drop_duplicates(by).compute(), frame.drop_duplicates(by))
    ordered, expected = (d.sort_values([*by, "f"], kind="stable") for d in (lazy, frame))
    same(ordered.compute(), expected)
    top, expected = (d.groupby(by).head(2) for d in (ordered, expected))
    same(top.compute(), expected)


@pytest.mark.parametrize("how", ["inner", "left"])
@pytest.mark.parametrize("smaller", ["left", "right"])
@pytest.mark.parametrize("kinds", [[k] for k in KINDS] + [["dense", "one length"]])
def test_joins(session: Session, kinds: list[str], smaller: str, how: Any) -> None:
    rows = (20_000, 60_000) if smaller == "left" else (60_000, 20_000)
    left, right = (draw_frame(kinds, 7, 30_000, n) for n in rows)
    on = [f"k{n}" for n in range(len(kinds))]
    right = right.rename(columns={"i": "j"})
    made = sf.from_pandas(left, npartitions=4).merge(
        sf.from_pandas(right, npartitions=4), on=on, how=how
    )
    same(made.compute(), left.merge(right, on=on, how=how))
