"""Idioms of programs for pandas: labels and numbers that are computed, values that are shown, and
functions that make objects with the library itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, note

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def _set_at_label(d: Any) -> Any:
    d = d.reset_index(drop=True)
    d.loc[d.i.idxmax(), "s"] = "largest"
    d.at[d.i.idxmin(), "k"] = 99
    return d


def _levels(d: Any) -> Any:
    return d.set_index(["k", "b"])


COMPUTED: dict[str, Callable[[Any], Any]] = {
    "row of a label": lambda d: d.reset_index(drop=True).loc[d.reset_index(drop=True).i.idxmax()],
    "value of a label": lambda d: d.reset_index(drop=True).loc[
        d.reset_index(drop=True).i.idxmax(), "k"
    ],
    "at of a label": lambda d: d.reset_index(drop=True).at[
        d.reset_index(drop=True).i.idxmin(), "s"
    ],
    "column of a label": lambda d: d.loc[:, d[["i", "k"]].max().idxmax()],
    "row of a number": lambda d: d.iloc[d.i.argmax()],
    "value of a number": lambda d: d.iat[d.i.argmin(), 1],
    "set at a label": _set_at_label,
    "rows of a level": lambda d: _levels(d).loc[1],
    "column of a level": lambda d: _levels(d).loc[2, "i"] if False else _levels(d).loc[2].i,
    "rows of a level of a series": lambda d: _levels(d).i.loc[1],
    "rows of two levels of three": lambda d: d.set_index(["k", "b", "i"]).loc[(1, True)],
    "a level that is missing": lambda d: _levels(d).loc[77],
    "an underscore": lambda d: d.assign(_x=d.i * 2)._x,
    "pivot by a lazy column": lambda d: d.pivot_table(
        index=d.i > 0, columns="k", values="f", aggfunc="sum"
    ),
    "pivot by lazy columns": lambda d: d.pivot_table(
        index=[d.i > 0, "b"], columns=d.k.rename("key"), values="i", aggfunc="count"
    ),
    "condition on reductions": lambda d: (lambda m: m[m > 1])(d[["i", "k"]].max()),
    "a label as an attribute": lambda d: d[["i", "k"]].max().i,
    "field of a value": lambda d: d.t.max().year,
    "method of a value": lambda d: d.t.max().strftime("%Y-%m"),
    "difference of values": lambda d: (d.t.max() - d.t.min()).days,
}


@FEW
@given(case=cases(), names=some(COMPUTED, 7))
def test_computed_labels(session: Session, case: Case, names: list[str]) -> None:
    assume(len(case.frame))
    for name in names:
        note(name)
        as_pandas_does(COMPUTED[name], case.lazy(), case.frame.copy(), inexact=True)


def test_values_are_shown_as_those_of_pandas(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 2, 4], "t": pd.date_range("2020-01-30", periods=3)})
    lazy = sf.from_pandas(frame, npartitions=3)

    def show(d: Any) -> list[str]:
        mean = d.a.mean()
        return [
            f"{mean:.3f}, {d.a.sum():>5}, {d.t.max():%d.%m.}, {d.a.max()}",
            str(mean),
            "%.1f" % mean,  # noqa: UP031  # programs do
            str(d.a.max() + 1),
        ]

    assert show(lazy) == show(frame)
    assert math.floor(lazy.a.mean()) == 2
    assert repr(lazy.a.mean()).startswith("<shframe Scalar")


def test_ranges_between_lazy_values(session: Session) -> None:
    frame = pd.DataFrame({"t": pd.date_range("2020-01-30", periods=3), "d": [1, 2, 4]})
    lazy = sf.from_pandas(frame, npartitions=3)
    for freq in ("D", "12h"):
        found = sf.date_range(lazy.t.min(), end=lazy.t.max(), freq=freq)
        pd.testing.assert_index_equal(found, pd.date_range(frame.t.min(), frame.t.max(), freq=freq))
    same(sf.date_range("2020", periods=lazy.d.max()), pd.date_range("2020", periods=4))


def _with_library(library: Any) -> dict[str, Callable[[Any], Any]]:
    """Programs whose functions name the library, which is pandas in one of them."""
    return {
        "rows": lambda d: d.apply(lambda r: library.Series([r.i, r.k], ["x", "y"]), axis=1),
        "groups": lambda d: d.groupby("k").apply(lambda g: library.Series({"m": g.i.max()})),
        "groups as frames": lambda d: d.groupby("k").apply(
            lambda g: library.DataFrame({"m": [g.i.sum()]})
        ),
        "transform": lambda d: d.groupby("k").i.transform(
            lambda g: library.Series(g.to_numpy() * 2, index=g.index)
        ),
        "agg": lambda d: d.groupby("k").i.agg(lambda g: library.Series(g.to_numpy()).max()),
        "filter": lambda d: d.groupby("k").filter(
            lambda g: library.Series(g.i.to_numpy()).max() > 3
        ),
        "values": lambda d: d.i.map(lambda one: library.Series([one, 1]).sum()),
        "columns": lambda d: d[["i", "k"]].apply(lambda c: library.Series(c.to_numpy()).max()),
        "windows": lambda d: d.i.rolling(2).apply(lambda w: library.Series(w.to_numpy()).max()),
        "pipe": lambda d: d.pipe(lambda one: library.concat([one, one])),
    }


@pytest.mark.parametrize("name", _with_library(pd))
def test_functions_may_name_the_library(session: Session, name: str) -> None:
    frame = pd.DataFrame({"k": [1, 2, 1, 2, 1, 2], "i": np.arange(6) * 7 % 5})
    lazy = sf.from_pandas(frame, npartitions=3)
    same(_with_library(sf)[name](lazy).compute(), _with_library(pd)[name](frame))


def test_partitions_may_be_made_with_the_library(session: Session) -> None:
    made = sf.from_map(lambda n: sf.DataFrame({"a": [n, n + 1]}), [1, 5])
    assert made.a.compute().tolist() == [1, 2, 5, 6]
    found = made.map_partitions(lambda part: sf.concat([part, part]))
    assert found.a.sum().compute() == 28
