"""Frames one after another, side by side, and in other shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def room(d: Any) -> Any:
    """pandas or shframe, whichever an object is of."""
    return pd if type(d).__module__.startswith("pandas") else sf


PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "one after another": lambda x, y: room(x).concat([x, y]),
    "three": lambda x, y: room(x).concat([x, y, x]),
    "counted": lambda x, y: room(x).concat([x, y], ignore_index=True),
    "common columns": lambda x, y: room(x).concat([x[["k", "i"]], y[["i", "f"]]], join="inner"),
    "other columns": lambda x, y: room(x).concat([x[["k", "s"]], y[["i", "b", "t"]]]),
    "other dtypes": lambda x, y: room(x).concat([x[["i"]], y[["f"]].rename(columns={"f": "i"})]),
    "with keys": lambda x, y: room(x).concat([x[["i"]], y[["i"]]], keys=["x", "y"]),
    "with named keys": lambda x, y: room(x).concat({"x": x.i, "y": y.i}, names=["side"]),
    "columns": lambda x, y: room(x).concat([x.i, y.i]),
    "columns of other names": lambda x, y: room(x).concat([x.i, y.f]),
    "a frame and a column": lambda x, y: room(x).concat([x[["i"]], y.f]),
    "sorted columns": lambda x, y: room(x).concat([x[["s", "i"]], y[["k"]]], sort=True),
    "categories": lambda x, y: room(x).concat([x[["c"]], y[["c"]]]),
    "then a sum": lambda x, y: room(x).concat([x, y]).groupby("k").i.sum(),
    "then a filter": lambda x, y: room(x).concat([x, y], ignore_index=True).query("i > 0"),
    "side by side": lambda x, y: room(x).concat([x[["i"]], x[["f"]] * 2], axis=1),
    "side by side of columns": lambda x, y: room(x).concat([x.i, x.f.rename("g")], axis=1),
    "side by side with keys": lambda x, y: room(x).concat([x.i, x.f], axis=1, keys=["a", "b"]),
    "counted columns": lambda x, y: room(x).concat([x.i, x.f], axis=1, ignore_index=True),
    "by label": lambda x, y: room(x).concat(
        [x.reset_index(drop=True).i, y.reset_index(drop=True).f.rename("g")], axis=1
    ),
    "common labels": lambda x, y: room(x).concat(
        [x.reset_index(drop=True)[["i"]], y.reset_index(drop=True)[["f"]]], axis=1, join="inner"
    ),
}
SIDES: dict[str, Callable[[Any], Any]] = {
    "all": lambda d: d,
    "some": lambda d: d[d.i > 0],
    "none": lambda d: d[d.i > 99],
    "head": lambda d: d.head(2),
    "sorted": lambda d: d.sort_values("i", kind="stable"),
}


@FEW
@given(case=cases(12), names=some(PAIRS, 6), side=st.sampled_from(sorted(SIDES)))
def test_concat(session: Session, case: Case, names: list[str], side: str) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(lambda d, name=name: PAIRS[name](d, SIDES[side](d)), lazy, case.frame)


def test_concat_keeps_partitions_and_takes_objects_of_pandas(session: Session) -> None:
    frame = pd.DataFrame({"a": range(6)})
    lazy = sf.from_pandas(frame, npartitions=3)
    assert sf.concat([lazy, lazy]).npartitions == 6
    assert sf.concat([lazy.a, lazy.a + 1], axis=1).npartitions == 3
    same(sf.concat([lazy, frame, None]).compute(), pd.concat([frame, frame, None]))
    for wrong in (lazy, frame, "ab"):
        with pytest.raises(TypeError, match="first argument must be an iterable"):
            sf.concat(wrong)
    with pytest.raises(ValueError, match="No objects to concatenate"):
        sf.concat([])
    with pytest.raises(TypeError, match="cannot concatenate object of type"):
        sf.concat([lazy, 1])
    with pytest.raises(ValueError, match=r"Only can inner \(intersect\) or outer \(union\)"):
        sf.concat([lazy], join="left")


SHAPES: dict[str, Callable[[Any], Any]] = {
    "melt": lambda d: d.melt(id_vars="k", value_vars=["i", "f"]),
    "melt all": lambda d: d[["i", "k"]].melt(),
    "melt with names": lambda d: d.melt(["k", "s"], ["i"], var_name="v", value_name="n"),
    "melt and keep labels": lambda d: d.melt("k", ["i", "f"], ignore_index=False),
    "melt of text and numbers": lambda d: d.melt("k", ["i", "s"]),
    "explode": lambda d: d.assign(w=d.s.str.split("b")).explode("w"),
    "explode a column": lambda d: d.s.str.split("b").explode(),
    "explode and count": lambda d: d.s.str.split(" ").explode(ignore_index=True),
}


@FEW
@given(case=cases(), names=some(SHAPES, 4))
def test_shapes(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(SHAPES[name], lazy, case.frame)
