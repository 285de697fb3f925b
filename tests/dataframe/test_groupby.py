"""Groups give what pandas gives: values, dtypes, order of groups, index and labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, agrees, all_agree, cases, same, some

KEYS = st.sampled_from(
    ["k", "s", "f", "b", "t", "c", ["k"], ["k", "s"], ["c", "b"], ["t", "k"], ["k", "b", "s"]]
)
OPTIONS = st.fixed_dictionaries(
    {"sort": st.booleans(), "dropna": st.booleans(), "observed": st.just(True)}
)
EXACT = ["min", "max", "count", "size", "first", "last", "nunique", "median", "any", "all"]
CLOSE = ["sum", "mean", "std", "var", "prod"]


@FEW
@given(case=cases(), by=KEYS, options=OPTIONS, hows=st.permutations(EXACT))
def test_exact_aggregations_of_one_column(
    session: Session, case: Case, by: Any, options: dict[str, bool], hows: list[str]
) -> None:
    for how in hows[:4]:
        agrees(case, lambda d, how=how: getattr(d.groupby(by, **options)["i"], how)())


@FEW
@given(case=cases(), by=KEYS, options=OPTIONS, hows=st.permutations(CLOSE))
def test_aggregations_of_floats(
    session: Session, case: Case, by: Any, options: dict[str, bool], hows: list[str]
) -> None:
    if by == "f":
        by = "k"
    for how in hows[:3]:
        agrees(
            case,
            lambda d, how=how: getattr(d.groupby(by, **options)[["f", "i"]], how)(),
            inexact=True,
        )


FORMS: dict[str, Callable[[Any], Any]] = {
    "all columns": lambda g: g.count(),
    "text": lambda g: g[["s", "t"]].agg("min"),
    "first of all": lambda g: g[["s", "t", "f", "b"]].first(),
    "last of all": lambda g: g[["s", "t", "f", "b"]].last(),
    "size": lambda g: g.size(),
    "by name": lambda g: g["i"].agg("sum"),
    "builtin": lambda g: g["i"].agg(max),
    "list": lambda g: g["i"].agg(["min", "max", "count"]),
    "list of a frame": lambda g: g[["i", "f"]].agg(["min", "max"]),
    "dict": lambda g: g.agg({"i": "sum", "f": "max"}),
    "dict of lists": lambda g: g.agg({"i": ["sum", "min"], "f": ["count"]}),
    "dict mixed": lambda g: g.agg({"i": "sum", "f": ["count", "max"]}),
    "named": lambda g: g.agg(total=("i", "sum"), most=("f", "max"), n=("s", "count")),
    "named of one column": lambda g: g["i"].agg(low="min", high="max"),
    "sum and mean of i": lambda g: g.agg(a=("i", "sum"), b=("i", "mean"), c=("i", "sum")),
    "std of zero degrees": lambda g: g["i"].std(ddof=0),
    "nunique of text": lambda g: g["s"].nunique(),
    "any of b": lambda g: g["b"].any(),
    "all of b": lambda g: g["b"].all(),
    "attribute": lambda g: g.i.sum(),
}


def forms_by(by: Any, **options: Any) -> dict[str, Callable[[Any], Any]]:
    return {
        name: lambda d, form=form: form(d.groupby(by, **options)) for name, form in FORMS.items()
    }


@FEW
@given(
    case=cases(),
    by=st.sampled_from(["k", ["k"], ["k", "c"]]),
    sort=st.booleans(),
    names=some(FORMS),
)
def test_forms_of_agg(session: Session, case: Case, by: Any, sort: bool, names: list[str]) -> None:
    all_agree(case, forms_by(by, sort=sort, observed=True), names, inexact=True)


@FEW
@given(case=cases(), by=st.sampled_from(["k", ["k", "c"], ["b", "k"]]))
def test_keys_as_columns(session: Session, case: Case, by: Any) -> None:
    options = {"as_index": False, "observed": True}
    agrees(case, lambda d: d.groupby(by, **options)["i"].sum())
    agrees(case, lambda d: d.groupby(by, **options)[["i", "f"]].max())
    agrees(case, lambda d: d.groupby(by, **options).size())
    agrees(case, lambda d: d.groupby(by, **options).agg({"i": "max", "f": "count"}))
    agrees(case, lambda d: d.groupby(by, **options).agg(n=("i", "count")))


@FEW
@given(case=cases(), how=st.sampled_from(["count", "size", "sum", "min", "nunique"]))
def test_categories_without_rows_come_when_asked_for(
    session: Session, case: Case, how: str
) -> None:
    agrees(case, lambda d: getattr(d.groupby("c", observed=False)["i"], how)())


@FEW
@given(case=cases())
def test_lazy_columns_are_keys(session: Session, case: Case) -> None:
    agrees(case, lambda d: d.groupby(d.i % 3)["f"].max())
    agrees(case, lambda d: d.groupby([d.t.dt.floor("D"), "k"])["i"].sum())
    agrees(case, lambda d: d.i.groupby(d.k).sum())


@FEW
@given(case=cases())
def test_python_functions_see_whole_groups(session: Session, case: Case) -> None:
    agrees(case, lambda d: d.groupby("k")["i"].agg(lambda group: group.max() - group.min()))


@FEW
@given(case=cases(), by=KEYS)
def test_two_runs_give_the_same_bits(session: Session, case: Case, by: Any) -> None:
    grouped = case.lazy().groupby(by)["i"].agg(["mean", "var"])
    same(grouped.compute(), grouped.compute())


@pytest.mark.parametrize("keys", [3, 5_000])
@pytest.mark.parametrize("how", ["sum", "mean", "min", "first", "nunique", "median"])
def test_many_rows_and_groups(session: Session, how: str, keys: int) -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "k": random.integers(0, keys, 20_000),
            "g": random.choice(["a", "b", "c"], 20_000),
            "v": random.normal(size=20_000),
        }
    )
    lazy = sf.from_pandas(frame, npartitions=4)
    for by in ("k", ["k", "g"], ["g"]):
        found = getattr(lazy.groupby(by)["v"], how)().compute()
        same(found, getattr(frame.groupby(by)["v"], how)(), inexact=True)


def test_mistakes_show_at_the_call(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"k": [1, 2], "s": ["a", "b"]}), npartitions=2)
    with pytest.raises(ColumnNotFound):
        lazy.groupby("nothing")
    with pytest.raises(ColumnNotFound):
        lazy.groupby("k")["nothing"]
    with pytest.raises(ColumnNotFound):
        lazy.groupby("k").agg({"nothing": "sum"})
    with pytest.raises(InvalidArgument, match="unknown aggregation 'total'"):
        lazy.groupby("k").agg("total")
    with pytest.raises(TypeError):
        lazy.groupby("k")["s"].mean()


@FEW
@given(
    case=cases(24),
    keys=st.sampled_from([["k"], ["s"], ["t"], ["f"], ["k", "s"], ["s", "f", "t"]]),
    hows=st.lists(st.sampled_from(["sum", "mean", "min", "first", "std", "count"]), min_size=1),
    dropna=st.booleans(),
)
def test_many_groups_in_the_order_in_which_they_appear(
    session: Session, case: Case, keys: list[str], hows: list[str], dropna: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shframe.dataframe.lower.groupby.MANY_GROUPS", 0)
        patch.setattr("shframe.dataframe.lower.groupby.AT_ONCE", 0)
        found = case.lazy().groupby(keys, sort=False, dropna=dropna)["i"].agg(hows).compute()
    expected = case.frame.groupby(keys, sort=False, dropna=dropna)["i"].agg(hows)
    same(found, expected, inexact=True)
