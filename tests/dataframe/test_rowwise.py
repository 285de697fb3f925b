"""What is done row by row gives what pandas gives, for any frame in any partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

import shframe as sf
from shframe.errors import ColumnNotFound, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, agrees, all_agree, cases, same, some

CHOICES: dict[str, Callable[[Any], Any]] = {
    "one column": lambda d: d["f"],
    "attribute": lambda d: d.s,
    "columns in another order": lambda d: d[["t", "c", "i"]],
    "no columns of a dtype": lambda d: d.select_dtypes("number"),
    "drop": lambda d: d.drop(columns=["s", "k"]),
    "rename by dict": lambda d: d.rename(columns={"s": "text", "nothing": "x"}),
    "rename by function": lambda d: d.rename(columns=str.upper),
    "rename a series": lambda d: d.i.rename("other"),
    "to_frame": lambda d: d.f.to_frame("g"),
    "index": lambda d: d.index,
}
FILTERS: dict[str, Callable[[Any], Any]] = {
    "comparison": lambda d: d[d.i > 3],
    "and": lambda d: d[(d.i > -10) & (d.f <= 1.5)],
    "or": lambda d: d[d.b | (d.s == "a")],
    "not": lambda d: d[~d.b],
    "text": lambda d: d[d.s.str.contains("a", na=False)],
    "times": lambda d: d[d.t >= pd.Timestamp("2020-02-29")],
    "category": lambda d: d[d.c == "y"],
    "of a series": lambda d: d.s[d.i < 0],
    "twice": lambda d: d[d.i > -20][["i", "s", "c"]],
    "query": lambda d: d.query("i > 0 and f < 10"),
    "query of text": lambda d: d.query("s == 'a' or b"),
    "isin": lambda d: d[d.k.isin([1, 3])],
    "isin text and nothing": lambda d: d[d.s.isin(["b", None])],
    "dropna": lambda d: d.dropna(),
    "dropna of some": lambda d: d.dropna(subset=["s", "f"], how="all"),
    "dropna of a series": lambda d: d.t.dropna(),
    "between": lambda d: d[d.f.between(-2.25, 1.5)],
}
VALUES: dict[str, Callable[[Any], Any]] = {
    "add columns": lambda d: d.i + d.f,
    "sub": lambda d: d.k - 3,
    "reflected sub": lambda d: 3 - d.f,
    "mul frame": lambda d: d[["i", "f"]] * 2,
    "truediv by zero": lambda d: d.i / d.k,
    "floordiv": lambda d: d.i // 7,
    "mod": lambda d: d.i % 7,
    "pow": lambda d: d.f**2,
    "neg": lambda d: -d.f,
    "abs": lambda d: d.i.abs(),
    "xor": lambda d: d.b ^ (d.i > 0),
    "compare columns": lambda d: d.i <= d.f,
    "compare frames": lambda d: (
        d[["i", "k"]] != d[["k", "k"]].set_axis(["i", "k"], axis=1)
        if isinstance(d, pd.DataFrame)
        else d[["i", "k"]] != d[["k"]].assign(i=d.k)[["i", "k"]]
    ),
    "add text": lambda d: d.s + "!",
    "difference of times": lambda d: d.t - pd.Timestamp("2020-01-01"),
    "eval": lambda d: d.eval("i * 2 + f"),
    "isna": lambda d: d.isna(),
    "notna": lambda d: d.s.notna(),
    "fillna with a value": lambda d: d.f.fillna(0.5),
    "fillna by column": lambda d: d.fillna({"f": -1.0, "s": "?", "c": "never"}),
    "astype": lambda d: d.i.astype("float64"),
    "astype by column": lambda d: d.astype({"i": "int8", "b": "int64", "k": "str"}),
    "round": lambda d: d.f.round(1),
    "clip": lambda d: d.i.clip(-5, 5),
    "where": lambda d: d.f.where(d.b),
    "where with another": lambda d: d.i.where(d.b, d.k),
    "mask": lambda d: d.i.mask(d.b, 0),
    "replace": lambda d: d.k.replace(1, 10),
    "map by dict": lambda d: d.k.map({0: "zero", 1: "one"}),
    "map by function": lambda d: d.i.map(abs),
    "assign": lambda d: d.assign(g=d.i * 2, h=1.5, i=lambda x: x.g + 1),
    "assign text": lambda d: d.assign(s=d.s.str.upper()),
    "str.len": lambda d: d.s.str.len(),
    "str.slice": lambda d: d.s.str.slice(0, 1),
    "str.replace": lambda d: d.s.str.replace("a", "oo"),
    "str.startswith": lambda d: d.s.str.startswith("A"),
    "dt.year": lambda d: d.t.dt.year,
    "dt.day_of_week": lambda d: d.t.dt.day_of_week,
    "dt.floor": lambda d: d.t.dt.floor("D"),
    "dt.strftime": lambda d: d.t.dt.strftime("%Y-%m"),
    "cat.codes": lambda d: d.c.cat.codes,
    "cat.rename": lambda d: d.c.cat.rename_categories({"x": "u"}),
}


@FEW
@given(case=cases(), names=some(CHOICES))
def test_choosing_columns(session: Session, case: Case, names: list[str]) -> None:
    all_agree(case, CHOICES, names)


@FEW
@given(case=cases(), names=some(FILTERS))
def test_filtering_rows(session: Session, case: Case, names: list[str]) -> None:
    all_agree(case, FILTERS, names)


@FEW
@given(case=cases(), names=some(VALUES))
def test_making_values(session: Session, case: Case, names: list[str]) -> None:
    all_agree(case, VALUES, names)


@FEW
@given(case=cases())
def test_a_frame_comes_back_as_it_went_in(session: Session, case: Case) -> None:
    agrees(case, lambda d: d)
    assert len(case.lazy()) == len(case.frame)
    assert case.lazy().shape == case.frame.shape


@FEW
@given(case=cases())
def test_variables_in_a_query_are_those_of_the_caller(session: Session, case: Case) -> None:
    limit, names = 2, ["a", "b"]
    found = case.lazy().query("k < @limit and s in @names").compute()
    assert (limit, names) == (2, ["a", "b"])
    same(found, case.frame.query("k < @limit and s in @names"))


@FEW
@given(case=cases())
def test_columns_set_in_place_change_this_frame_alone(session: Session, case: Case) -> None:
    lazy, frame = case.lazy(), case.frame.copy()
    before = lazy[["i", "f"]]
    lazy["i"] = lazy.i + 1
    lazy["new"] = lazy.i * lazy.f
    frame["i"] = frame.i + 1
    frame["new"] = frame.i * frame.f
    same(lazy.compute(), frame)
    same(before.compute(), case.frame[["i", "f"]])


def doubled(part: pd.DataFrame, column: str, by: int) -> pd.DataFrame:
    part[column] = part[column] * by
    return part


@FEW
@given(case=cases())
def test_map_partitions_may_change_its_partition(session: Session, case: Case) -> None:
    lazy = case.lazy()
    agrees(
        case,
        lambda d: d.map_partitions(doubled, "i", by=2),
        lambda d: doubled(d.copy(), "i", 2),
    )
    same(lazy.compute(), case.frame)


@FEW
@given(case=cases().filter(lambda case: len(case.frame) > 0))
def test_apply_calls_the_function_on_each_row_and_value(session: Session, case: Case) -> None:
    agrees(case, lambda d: d[["i", "k"]].apply(lambda row: row.i * 10 + row.k, axis=1))
    agrees(case, lambda d: d.i.apply(lambda value, by: value // by, args=(3,)))


def test_mistakes_show_at_the_call(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"amount": [1, 2], "s": ["a", "b"]}), npartitions=2)
    with pytest.raises(ColumnNotFound, match="amount"):
        lazy["amuont"]
    with pytest.raises(KeyError):
        lazy[["amount", "nothing"]]
    with pytest.raises(ColumnNotFound):
        lazy.query("amuont > 1")
    with pytest.raises(ColumnNotFound):
        lazy.drop(columns="nothing")
    with pytest.raises(UnsupportedType):
        lazy[lazy.amount]
    with pytest.raises(TypeError):
        lazy.amount + "text"
    with pytest.raises(ValueError, match="truth value"):
        bool(lazy.amount > 1)
