"""Functions of pandas on lazy objects: tables, classes of values, conversions; and CSV files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.errors import WriteFailed
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def of(d: Any) -> Any:
    """pandas or shframe, whichever an object is of."""
    return pd if type(d).__module__.startswith("pandas") else sf


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "pivot_table": lambda d: d.pivot_table("i", "k", "b"),
    "pivot_table of sums": lambda d: of(d).pivot_table(
        d, values=["i", "f"], index=["k"], columns=["b"], aggfunc="sum", fill_value=0
    ),
    "pivot_table of counts": lambda d: d.pivot_table("f", "k", "s", aggfunc="count"),
    "pivot_table of one key": lambda d: d.pivot_table(index="k", values=["i", "f"], aggfunc="max"),
    "pivot_table with margins": lambda d: d.pivot_table("i", "k", "b", "sum", margins=True),
    "pivot_table of functions": lambda d: d.pivot_table("i", "k", aggfunc=["min", "max"]),
    "pivot_table of several keys": lambda d: d.pivot_table("i", ["k", "s"], "b", "median"),
    "pivot": lambda d: of(d).pivot(d.drop_duplicates(["k", "b"]), index="k", columns="b"),
    "crosstab": lambda d: of(d).crosstab(d.k, d.b),
    "crosstab of shares": lambda d: of(d).crosstab(d.k, d.s, normalize="index"),
    "crosstab with margins": lambda d: of(d).crosstab([d.k, d.b], d.s, margins=True),
    "crosstab of categories": lambda d: of(d).crosstab(d.k, d.c, rownames=["row"]),
    "crosstab of values": lambda d: of(d).crosstab(d.k, d.b, values=d.i, aggfunc="sum"),
    "get_dummies": lambda d: of(d).get_dummies(d.s),
    "get_dummies of a frame": lambda d: of(d).get_dummies(d[["k", "s", "c"]]),
    "get_dummies of columns": lambda d: of(d).get_dummies(d[["i", "k", "b"]], columns=["k"]),
    "get_dummies with arguments": lambda d: of(d).get_dummies(
        d[["s"]], prefix="x", dummy_na=True, drop_first=True, dtype="int8"
    ),
    "cut": lambda d: of(d).cut(d.i, [-50, 0, 10, 50]),
    "cut by number": lambda d: of(d).cut(d.i, 4),
    "cut with labels": lambda d: of(d).cut(d.i, 2, labels=["low", "high"], right=False),
    "cut as numbers": lambda d: of(d).cut(d.i, [-60, 0, 60], labels=False),
    "qcut": lambda d: of(d).qcut(d.i, 3, duplicates="drop"),
    "qcut by places": lambda d: of(d).qcut(d.i, [0, 0.5, 1], labels=["a", "b"]),
    "to_datetime": lambda d: of(d).to_datetime(d.t.dt.strftime("%Y-%m-%d")),
    "to_datetime of a format": lambda d: of(d).to_datetime(
        d.t.dt.strftime("%d.%m.%Y"), format="%d.%m.%Y", errors="coerce"
    ),
    "to_datetime of seconds": lambda d: of(d).to_datetime(d.i, unit="s"),
    "to_datetime of what is none": lambda d: of(d).to_datetime(d.s, errors="coerce"),
    "to_numeric": lambda d: of(d).to_numeric(d.i.astype(str)),
    "to_numeric and coerce": lambda d: of(d).to_numeric(d.s, errors="coerce"),
    "to_numeric and downcast": lambda d: of(d).to_numeric(d.i, downcast="integer"),
    "to_timedelta": lambda d: of(d).to_timedelta(d.i, unit="h"),
    "isna": lambda d: of(d).isna(d[["f", "s"]]),
    "notna": lambda d: of(d).notna(d.s),
    "unique": lambda d: of(d).unique(d.k),
    "melt": lambda d: of(d).melt(d[["k", "i"]], id_vars="k"),
    "merge": lambda d: of(d).merge(d[["k", "i"]], d.drop_duplicates("k")[["k", "f"]], on="k"),
}


@FEW
@given(case=cases(), names=some(FUNCTIONS, 8))
def test_functions(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(FUNCTIONS[name], lazy, case.frame, inexact=True)


WRITINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without an index": {"index": False},
    "with options": {"sep": ";", "na_rep": "-", "float_format": "%.2f", "index_label": "n"},
    "some columns": {"columns": ["i", "s"], "header": False},
    "dates": {"date_format": "%Y/%m/%d"},
    "compressed": {"compression": "gzip"},
}


@FEW
@given(case=cases(), names=some(WRITINGS, 3))
def test_csv_that_is_written(
    session: Session, case: Case, names: list[str], tmp_path: Path
) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        for work in (lambda d: d, lambda d: d.drop(columns="t")):
            mine, theirs = tmp_path / "mine.csv", tmp_path / "theirs.csv"
            assert work(lazy).to_csv(mine, **WRITINGS[name]) is None
            work(case.frame).to_csv(theirs, **WRITINGS[name])
            how = {"compression": WRITINGS[name].get("compression")}
            assert _text(mine, **how) == _text(theirs, **how)
        assert sorted(os.listdir(tmp_path)) == ["mine.csv", "theirs.csv"]


def _text(path: Path, compression: Any) -> str:
    import gzip

    return gzip.open(path, "rt").read() if compression else path.read_text()


def test_csv_in_several_files(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(6), "s": list("abcdef")})
    lazy = sf.from_pandas(frame, npartitions=3)
    names = lazy.to_csv(tmp_path / "part-*.csv", index=False)
    assert [os.path.basename(name) for name in names] == [f"part-{n}.csv" for n in range(3)]
    same(pd.concat(map(pd.read_csv, names), ignore_index=True), frame)
    assert lazy.to_csv() == frame.to_csv()
    assert lazy.s.to_csv(index=False) == frame.s.to_csv(index=False)
    with pytest.raises(WriteFailed, match="non-existent directory"):
        lazy.to_csv(tmp_path / "nowhere" / "x.csv")


def test_a_csv_that_fails_leaves_what_was_there(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("before")
    lazy = sf.from_pandas(pd.Series(["1", "x"], name="v").to_frame(), npartitions=2)
    with pytest.raises(ValueError, match="invalid literal"):
        lazy.astype("int64").to_csv(path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.csv"]


def test_what_is_not_lazy_is_what_pandas_makes_of_it(session: Session) -> None:
    same(sf.from_dict({"a": [1, 2]}, npartitions=2).compute(), pd.DataFrame({"a": [1, 2]}))
    assert sf.to_datetime("2024-01-02") == pd.Timestamp("2024-01-02")
    assert sf.to_timedelta("1h") == pd.Timedelta("1h")
    assert sf.to_numeric(["1", "2"]).tolist() == [1, 2]
    assert sf.isna(None)
    with pytest.raises(TypeError, match="DataFrame or Series"):
        sf.melt([1])


def test_frames_of_items_and_of_objects(session: Session, tmp_path: Path) -> None:
    def make(n: int, plus: int = 0) -> pd.DataFrame:
        return pd.DataFrame({"a": [n, n + plus], "s": "x"})

    made = sf.from_map(make, [1, 5, 9], plus=2)
    assert made.npartitions == 3
    same(made.compute(), pd.concat([make(n, 2) for n in (1, 5, 9)]))
    same(sf.from_map(lambda a, b: make(a + b), [1], [2]).compute(), make(3))
    with pytest.raises(ValueError, match="at least one item"):
        sf.from_map(make, [])
    delayed = [sf.delayed(make)(n) for n in (1, 2)]
    same(sf.from_delayed(delayed).compute(), pd.concat([make(1), make(2)]))
    same(sf.from_array(pd.Series([1, 2]).to_numpy(), "a").compute(), pd.Series([1, 2], name="a"))
    frame = pd.DataFrame({"a": [1, 2, 3], "s": ["x", None, "z"]})
    lazy = sf.from_pandas(frame, npartitions=2)
    same(sf.map_partitions(lambda part: part.head(1), lazy).compute(), frame.iloc[[0, 1]])
    path = tmp_path / "x.json"
    frame.to_json(path, orient="records", lines=True)
    same(
        sf.read_json(path, orient="records", lines=True, npartitions=2).compute(),
        pd.read_json(path, orient="records", lines=True),
    )
    frame.to_feather(tmp_path / "x.feather")
    same(sf.read_feather(tmp_path / "x.feather").compute(), frame)
    frame.to_csv(tmp_path / "x.tsv", sep="\t", index=False)
    same(sf.read_table(tmp_path / "x.tsv").compute(), frame)
    sf.to_csv(lazy, tmp_path / "y.csv")
    assert (tmp_path / "y.csv").read_text() == frame.to_csv()


def test_rows_beside_the_last_before_them(session: Session) -> None:
    left = pd.DataFrame({"at": [1, 5, 10], "v": [1.0, 2.0, 3.0]})
    right = pd.DataFrame({"at": [1, 2, 6], "w": ["a", "b", "c"]})
    lazy = sf.from_pandas(left, npartitions=2), sf.from_pandas(right, npartitions=2)
    for how in ({"on": "at"}, {"on": "at", "direction": "nearest"}):
        same(sf.merge_asof(*lazy, **how).compute(), pd.merge_asof(left, right, **how))
    same(sf.merge_ordered(*lazy, on="at").compute(), pd.merge_ordered(left, right, on="at"))
    wide = pd.DataFrame({"id": [1, 2], "x1": [3, 4], "x2": [5, 6]})
    same(
        sf.wide_to_long(sf.from_pandas(wide, npartitions=2), "x", i="id", j="n").compute(),
        pd.wide_to_long(wide, "x", i="id", j="n"),
    )
    codes, values = sf.factorize(lazy[1].w).compute()
    assert (codes.tolist(), list(values)) == ([0, 1, 2], ["a", "b", "c"])
