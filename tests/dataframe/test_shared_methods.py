"""Methods of frames and series that are pandas' own take its arguments and give its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.errors import InvalidArgument
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does

OPERATORS: dict[str, Callable[[Any], Any]] = {
    "add": lambda d: d[["i", "f"]].add(1),
    "add a column": lambda d: d.i.add(d.f),
    "add with a fill": lambda d: d.f.add(d.i, fill_value=0),
    "radd": lambda d: d.i.radd(2),
    "sub by column": lambda d: d[["i", "f"]].sub({"i": 1, "f": 2}),
    "subtract": lambda d: d.i.subtract(d.k),
    "mul": lambda d: d[["i", "k"]].mul(d[["i", "k"]]),
    "div": lambda d: d.i.div(4),
    "truediv": lambda d: d.i.truediv(d.k),
    "rtruediv": lambda d: d.k.rtruediv(1),
    "floordiv": lambda d: d.i.floordiv(3),
    "mod": lambda d: d.i.mod(5),
    "rmod": lambda d: d.k.rmod(5),
    "pow": lambda d: d.k.pow(2),
    "rpow": lambda d: d.k.rpow(2),
    "eq": lambda d: d.i.eq(d.k),
    "ne": lambda d: d[["i", "f"]].ne(0),
    "lt": lambda d: d.i.lt(3),
    "ge": lambda d: d.f.ge(d.i),
    "gt of a mean": lambda d: d.i.gt(d.i.mean()),
    "add other rows": lambda d: d.i.add(d[d.b].i, fill_value=1),
}
LABELS: dict[str, Callable[[Any], Any]] = {
    "add_prefix": lambda d: d.add_prefix("x_"),
    "add_suffix": lambda d: d.i.add_suffix("_y"),
    "rename_axis": lambda d: d.reset_index(drop=True).rename_axis("rows"),
    "rename_axis of columns": lambda d: d.rename_axis("names", axis=1),
    "droplevel": lambda d: d.set_index(["k", "i"]).droplevel(0),
    "swaplevel": lambda d: d.set_index(["k", "i"]).swaplevel(),
    "set_axis": lambda d: d[["i", "f"]].set_axis(["a", "b"], axis=1),
    "truncate": lambda d: d.reset_index(drop=True).truncate(1, 3),
    "xs": lambda d: d.set_index(["k", "i"]).xs(1, level="k"),
    "at_time": lambda d: d[d.t.notna()].set_index("t").at_time("12:30"),
    "between_time": lambda d: d[d.t.notna()].set_index("t").i.between_time("12:00", "23:00"),
    "tz_localize": lambda d: d[d.t.notna()].set_index("t").i.tz_localize("UTC"),
    "to_period": lambda d: d[d.t.notna()].set_index("t").i.to_period("M"),
}


def _correlated(d: Any) -> Any:
    """Of no rows pandas gives a frame without rows, and we the series of other frames."""
    return d[["i", "k"]].corrwith(d.f) if len(d) else d.i


def _numbered(d: Any) -> Any:
    """The rows without their labels, which pandas cannot align where there are none of several."""
    return d.reset_index(drop=True)


VALUES: dict[str, Callable[[Any], Any]] = {
    "rank": lambda d: d[["i", "f"]].rank(method="dense", ascending=False),
    "rank of a column": lambda d: d.f.rank(pct=True),
    "rank of all kinds": lambda d: d[["k", "f", "s", "t", "b"]].rank(na_option="top"),
    "rank by place": lambda d: d[["k", "f"]].rank(method="first", na_option="bottom"),
    "rank of rows": lambda d: d[["i", "k"]].rank(axis=1),
    "interpolate": lambda d: d[["f", "i"]].mask(d.b).interpolate(),
    "interpolate both ways": lambda d: d.f.interpolate(limit_direction="both"),
    "interpolate inside": lambda d: d.f.interpolate(limit_area="inside"),
    "convert_dtypes": lambda d: d.convert_dtypes(),
    "combine_first": lambda d: d.f.combine_first(d.i * 1.0),
    "combine": lambda d: d.i.combine(d.k, max),
    "duplicated": lambda d: d.duplicated(subset=["k"]),
    "duplicated of a column": lambda d: d.s.duplicated(keep=False),
    "duplicated categories": lambda d: d.duplicated(["c", "f"], keep="last"),
    "without all duplicates": lambda d: d.drop_duplicates(["k", "s"], keep=False),
    "equals": lambda d: d.equals(d),
    "first_valid_index": lambda d: d.f.reset_index(drop=True).first_valid_index(),
    "skew": lambda d: d[["i", "f"]].skew(),
    "kurt": lambda d: d.i.kurt(),
    "sem": lambda d: d.i.sem(ddof=0),
    "mode": lambda d: d[["k", "s"]].mode(),
    "mode with gaps": lambda d: d[["f", "t"]].mode(dropna=False),
    "describe": lambda d: d.describe(),
    "describe numbers": lambda d: d[["i", "f"]].describe(percentiles=[0.9, 0.1]),
    "describe all": lambda d: d[["i", "s"]].describe(include="all"),
    "describe a column": lambda d: d.i.describe(percentiles=[0.1]),
    "describe text": lambda d: d.s.describe(),
    "transform": lambda d: d[["i", "k"]].transform(lambda column: column - column.min()),
    "transform by names": lambda d: d.f.transform(["abs", "sqrt"]),
    "unstack": lambda d: d.groupby(["k", "b"]).i.sum().unstack(),
    "stack": lambda d: d[["i", "k", "f"]].stack(),
    "stack a level": lambda d: d.groupby("k")[["i", "f"]].agg(["sum", "count"]).stack(0),
    "pivot": lambda d: d.drop_duplicates(["k", "b"]).pivot(index="k", columns="b", values="i"),
    "transpose": lambda d: d[["i", "f"]].reset_index(drop=True).transpose(),
    "corr": lambda d: d[["i", "f", "k"]].corr(),
    "cov": lambda d: d[["i", "k"]].cov(ddof=0),
    "cov with gaps": lambda d: (1 / d[["i", "f", "k"]]).cov(ddof=0),
    "corr of a column": lambda d: d.i.corr(d.f, min_periods=3),
    "cov of a column": lambda d: d.f.cov(d.k, ddof=0),
    "autocorr": lambda d: d.i.autocorr(2),
    "corrwith": lambda d: _correlated(_numbered(d)),
    "value_counts": lambda d: d[["k", "b"]].value_counts(),
    "sample": lambda d: d.sample(n=min(3, len(d)), random_state=1),
    "sample a share": lambda d: d.sample(frac=0.5, random_state=7),
    "sample again and again": lambda d: d.i.sample(frac=2.0, replace=True, random_state=3),
    "sample and count": lambda d: d.sample(frac=1, random_state=0, ignore_index=True),
    "memory_usage": lambda d: d[["i"]].memory_usage(index=False),
    "pipe": lambda d: d.pipe(lambda frame, label: frame[label], label="i"),
    "copy": lambda d: d.copy(),
    "labels as text": lambda d: d.set_index("s").index.str.len(),
    "divmod": lambda d: d.i.divmod(7)[1],
    "axes": lambda d: d.i.axes[0],
    "squeeze": lambda d: d[["i"]].squeeze(axis=1),
    "chained": lambda d: d.describe().loc["mean", "i"],
}


@pytest.mark.parametrize(
    "table", [OPERATORS, LABELS, VALUES], ids=["operators", "labels", "values"]
)
def test_tables(session: Session, table: dict[str, Callable[[Any], Any]]) -> None:
    count = min(12, len(table))

    @FEW
    @given(case=cases(), names=some(table, count))
    def agree(case: Case, names: list[str]) -> None:
        lazy = case.lazy()
        for name in names:
            note(name)
            as_pandas_does(table[name], lazy, case.frame, inexact=True)

    agree()


def test_what_is_computed_in_this_process(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "s": ["x", "y", None]})
    lazy = sf.from_pandas(frame, npartitions=3)
    assert lazy.a.to_dict() == frame.a.to_dict()
    assert lazy.to_dict("list") == frame.to_dict("list")
    np.testing.assert_array_equal(lazy.a.values, frame.a.values)
    np.testing.assert_array_equal(lazy.a.to_numpy("f8"), frame.a.to_numpy("f8"))
    assert [row.a for row in lazy.itertuples()] == [1, 2, 3]
    assert [label for label, _ in lazy.iterrows()] == [0, 1, 2]
    assert lazy.to_json() == frame.to_json()
    assert lazy.to_string() == frame.to_string()
    assert lazy.to_html() == frame.to_html()
    assert not lazy.empty
    assert lazy[lazy.a > 9].empty
    same(lazy.get_partition(1).compute(), frame.iloc[1:2])
    assert lazy.divisions == lazy.index.divisions == (None,) * 4
    same(lazy.index.partitions[1].compute(), frame.index[1:2])
    assert lazy.nunique_approx().compute() == 3
    assert lazy.a.median_approximate().compute() == 2.0
    same(lazy.categorize().s.compute(), frame.s.astype("category"))
    same(sf.DataFrame.from_records([(1, "x")], columns=["a", "s"]).compute(), frame[["a", "s"]][:1])
    with pytest.raises(InvalidArgument, match="of 0 to 2"):
        lazy.get_partition(3)


def test_a_sample_brings_only_its_rows_together(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": range(100)}), npartitions=4)
    assert len(lazy.sample(n=5).compute()) == 5
    with pytest.raises(TypeError, match="unexpected keyword"):
        lazy.rank(wrong=1)
    with pytest.raises(ValueError, match="Please enter a value for `frac` OR `n`"):
        lazy.sample(n=1, frac=0.5).compute()
