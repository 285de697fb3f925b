"""Two lazy objects of one origin are aligned by label over the whole, whatever was done to each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, same, some
from tests.dataframe.oracle import as_pandas_does

ROW = st.tuples(
    st.integers(-3, 3),
    st.sampled_from([1.5, float("nan"), float("inf"), -2.0, 0.0]),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from(["x", "y", None]),
)
LABELS: dict[str, Callable[[int], Any]] = {
    "counted": lambda n: pd.RangeIndex(n),
    "counted from five": lambda n: pd.RangeIndex(5, 5 + n),
    "downwards": lambda n: pd.RangeIndex(n, 0, -1),
    "in no order": lambda n: pd.Index([place * 7 % 11 for place in range(n)]),
    "several times": lambda n: pd.Index([place * 7 % 3 for place in range(n)]),
    "several times in order": lambda n: pd.Index([place // 2 for place in range(n)]),
    "words": lambda n: pd.Index(["abc"[place * 7 % 3] for place in range(n)], dtype="str"),
    "missing ones": lambda n: pd.Index([[0.5, float("nan"), 1.5][place % 3] for place in range(n)]),
    "two levels": lambda n: pd.MultiIndex.from_arrays([[p % 2 for p in range(n)], range(n)]),
}


@st.composite
def frames(draw: Callable[..., Any]) -> Any:
    """Frames with columns a f b k s and labels of any kind."""
    rows = draw(st.lists(ROW, max_size=10))
    a, f, b, k, s = zip(*rows, strict=True) if rows else ((),) * 5
    columns = {
        "a": pd.Series(a, dtype="int64"),
        "f": pd.Series(f, dtype="float64"),
        "b": pd.Series(b, dtype="bool"),
        "k": pd.Series(k, dtype="int64"),
        "s": pd.Series(s, dtype="str"),
    }
    frame = pd.DataFrame(columns)
    frame.index = LABELS[draw(st.sampled_from(sorted(LABELS)))](len(frame))
    return frame


SIDES: dict[str, Callable[[Any], Any]] = {
    "itself": lambda d: d,
    "some rows": lambda d: d[d.a > 0],
    "other rows": lambda d: d[d.f >= 0],
    "no row": lambda d: d[d.a > 99],
    "rows of rows": lambda d: d[d.a > -2][d.b],
    "by another label": lambda d: d.set_index("k", drop=False),
    "by text": lambda d: d.set_index("s", drop=False),
    "counted anew": lambda d: d.reset_index(drop=True),
    "without gaps": lambda d: d.dropna(),
    "sorted": lambda d: d.sort_values("a", kind="stable"),
    "the first": lambda d: d.head(3),
    "different ones": lambda d: d.drop_duplicates("a"),
    "with another column": lambda d: d.assign(a=d.a + 1),
    "by a function": lambda d: d.assign(a=d.a.map(lambda value: value * 2)),
    "with gaps": lambda d: d.assign(a=d[d.b].a),
}
PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x.a + y.a,
    "sub": lambda x, y: x.f - y.a,
    "eq": lambda x, y: x.a == y.a,
    "and": lambda x, y: x.b & y.b,
    "where": lambda x, y: x.a.where(y.b, y.f),
    "mask": lambda x, y: x.f.mask(y.a > 0, 0.0),
    "where of a frame": lambda x, y: x[["a", "f"]].where(y[["a", "f"]] > 0),
    "fillna": lambda x, y: x.f.fillna(y.f),
    "fillna of a frame": lambda x, y: x[["f"]].fillna(y[["f"]]),
    "clip": lambda x, y: x.f.clip(y.a, y.a + 1),
    "between": lambda x, y: x.f.between(y.a, 5),
    "assign": lambda x, y: x.assign(w=y.a),
    "assign booleans": lambda x, y: x.assign(w=y.b),
    "assign labels": lambda x, y: x.assign(w=y.index),
    "rows of a frame": lambda x, y: x[y.b],
    "rows of a column": lambda x, y: x.a[y.b],
    "frames": lambda x, y: x[["a", "f"]] + y[["f", "k"]],
    "groups": lambda x, y: x.groupby(y.k).a.sum(),
    "groups of a column": lambda x, y: x.a.groupby(y.s).max(),
    "isin": lambda x, y: x.a.isin(y.a),
    "sum": lambda x, y: (x.a + y.a).sum(),
    "text": lambda x, y: x.s.str.cat(y.s),
    "map": lambda x, y: x.a.map(y.set_index("a").f),
    "as text afterwards": lambda x, y: x.assign(w=y.a)[x.b].w.astype("str"),
    "a function afterwards": lambda x, y: x.assign(w=y.a).w.map(repr),
}


@FEW
@given(
    frame=frames(),
    npartitions=st.integers(1, 4),
    sides=st.lists(st.tuples(*[st.sampled_from(sorted(SIDES))] * 2), min_size=7, max_size=7),
    names=some(PAIRS),
)
def test_pairs_of_one_origin(
    session: Session, frame: Any, npartitions: int, sides: list[tuple[str, str]], names: list[str]
) -> None:
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    for (left, right), name in zip(sides, names, strict=True):
        note(f"{name} of {left} and {right}")
        as_pandas_does(
            lambda d, left=left, right=right, name=name: PAIRS[name](
                SIDES[left](d), SIDES[right](d)
            ),
            lazy,
            frame,
        )


@pytest.mark.parametrize("npartitions", [1, 3])
@pytest.mark.parametrize("labels", sorted(LABELS))
def test_labels_become_a_column(session: Session, labels: str, npartitions: int) -> None:
    frame = pd.DataFrame({"a": range(5), "b": True}, index=LABELS[labels](5))
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    for work in (
        lambda d: d.assign(w=d.index),
        lambda d: d.assign(w=d.index, b=d.a).a,
        lambda d: d.assign(a=d.index)[d.b].a,
    ):
        as_pandas_does(work, lazy, frame)


def test_rows_that_correspond_stay_in_their_partitions(session: Session) -> None:
    frame = pd.DataFrame({"a": range(12), "b": range(12)})
    lazy = sf.from_pandas(frame, npartitions=4)
    for work in (
        lambda d: d.a + d.b,
        lambda d: d[d.a > 3].a + d[d.a > 3].b,
        lambda d: d.a + d[d.a > 3].b,
        lambda d: d.assign(w=d.apply(lambda row: row.a, axis=1)),
        lambda d: d.a.reset_index(drop=True) + d.b.reset_index(drop=True),
        lambda d: d.set_index("a").b + d.set_index("a").b,
    ):
        made = work(lazy)
        assert made.npartitions == 4
        same(made.compute(), work(frame))


def test_a_series_of_rows_is_not_matched_with_columns(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), npartitions=2)
    with pytest.raises(UnsupportedType, match="labels of rows among the columns"):
        lazy + lazy.a
    with pytest.raises(UnsupportedType, match="cannot be used here"):
        lazy.fillna(lazy.a)
    with pytest.raises(KeyError, match="are in the"):
        lazy.a[lazy.b].compute()
