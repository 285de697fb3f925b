"""Every method of `.str`, `.dt` and `.cat` gives what pandas gives, in any partitions and order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.methods.accessing import ROW_BY_ROW
from shframe.session import Session
from tests.dataframe.frames import FEW, same
from tests.dataframe.oracle import as_pandas_does

Works = dict[str, list[Callable[[Any], Any]]]

WORDS = st.sampled_from(["a b c", "d", "", "ab-1", "Été", "x|y", " z ", "12", None, None])
TIMES = st.sampled_from(["2020-02-29 12:30:00.5", "1969-07-20", "2021-12-31 23:59:59", None])
PLAIN = """
    capitalize casefold isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace istitle
    isupper len lower lstrip rstrip strip swapcase title upper
"""
TEXT: Works = {
    **{name: [lambda s, name=name: getattr(s.str, name)()] for name in PLAIN.split()},
    "center": [lambda s: s.str.center(8, "*")],
    "contains": [lambda s: s.str.contains("a|d")],
    "count": [lambda s: s.str.count("a")],
    "decode": [lambda s: s.fillna("-").str.encode("utf8").str.decode("utf8")],
    "encode": [lambda s: s.str.encode("utf8")],
    "endswith": [lambda s: s.str.endswith("c")],
    "extract": [lambda s: s.str.extract("(a)(.)?"), lambda s: s.str.extract("(a)", expand=False)],
    "find": [lambda s: s.str.find("b")],
    "findall": [lambda s: s.str.findall("[ab]")],
    "fullmatch": [lambda s: s.str.fullmatch("[a-d]")],
    "get": [lambda s: s.str.get(1), lambda s: s.str[0], lambda s: s.str[-1]],
    "index": [lambda s: s.dropna().str.index("")],
    "join": [lambda s: s.fillna("-").str.split(" ").str.join("+"), lambda s: s.str.join("-")],
    "ljust": [lambda s: s.str.ljust(5)],
    "match": [lambda s: s.str.match("a")],
    "normalize": [lambda s: s.str.normalize("NFD")],
    "pad": [lambda s: s.str.pad(6, "both")],
    "partition": [lambda s: s.str.partition(" "), lambda s: s.str.partition(" ", expand=False)],
    "removeprefix": [lambda s: s.str.removeprefix("a")],
    "removesuffix": [lambda s: s.str.removesuffix("c")],
    "repeat": [lambda s: s.str.repeat(2)],
    "replace": [
        lambda s: s.str.replace("a", "oo"),
        lambda s: s.str.replace("[ab]", "", regex=True),
    ],
    "rfind": [lambda s: s.str.rfind("b")],
    "rindex": [lambda s: s.dropna().str.rindex("")],
    "rjust": [lambda s: s.str.rjust(5)],
    "rpartition": [lambda s: s.str.rpartition(" ")],
    "rsplit": [lambda s: s.str.rsplit(" ", n=1), lambda s: s.str.rsplit(" ", n=1, expand=True)],
    "slice": [lambda s: s.str.slice(1, 3), lambda s: s.str[1:], lambda s: s.str[::-1]],
    "slice_replace": [lambda s: s.str.slice_replace(0, 1, "_")],
    "split": [
        lambda s: s.str.split(" "),
        lambda s: s.str.split(" ", expand=True),
        lambda s: s.str.split(" ", expand=True)[0],
    ],
    "startswith": [lambda s: s.str.startswith("a")],
    "translate": [lambda s: s.str.translate({97: "o"})],
    "wrap": [lambda s: s.str.wrap(2)],
    "zfill": [lambda s: s.str.zfill(4)],
}
TEXT_OF_WHOLE: Works = {
    "cat": [
        lambda s: s.str.cat(sep=","),
        lambda s: s.str.cat(na_rep="-"),
        lambda s: s.str.cat(s, sep="/", na_rep="?"),
        lambda s: s.str.cat([s.str.upper(), s[s.str.len() > 1]]),
        lambda s: s.str.cat(s[s.str.len() > 1], join="inner"),
    ],
    "get_dummies": [lambda s: s.str.get_dummies(" "), lambda s: s.str.get_dummies()],
    "extractall": [lambda s: s.str.extractall("([ab])")],
}
NAMES = """
    date day day_of_week day_of_year dayofweek dayofyear days_in_month daysinmonth hour
    is_leap_year is_month_end is_month_start is_quarter_end is_quarter_start is_year_end
    is_year_start microsecond minute month nanosecond quarter second time timetz weekday year
"""
DATES: Works = {
    **{name: [lambda s, name=name: getattr(s.dt, name)] for name in NAMES.split()},
    "as_unit": [lambda s: s.dt.as_unit("ms")],
    "ceil": [lambda s: s.dt.ceil("h")],
    "day_name": [lambda s: s.dt.day_name()],
    "floor": [lambda s: s.dt.floor("D")],
    "isocalendar": [lambda s: s.dt.isocalendar()],
    "month_name": [lambda s: s.dt.month_name()],
    "normalize": [lambda s: s.dt.normalize()],
    "round": [lambda s: s.dt.round("min")],
    "strftime": [lambda s: s.dt.strftime("%Y-%m")],
    "to_period": [lambda s: s.dt.to_period("M")],
    "tz_convert": [lambda s: s.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")],
    "tz_localize": [lambda s: s.dt.tz_localize("UTC")],
}
SPANS = "components days microseconds nanoseconds seconds to_pytimedelta total_seconds"
PERIODS = " asfreq end_time qyear start_time to_timestamp week weekofyear"
DATES_OF_WHOLE: Works = {
    "tz": [lambda s: pd.Series([str(s.dt.tz)])],
    "freq": [lambda s: s.dt.freq],
    "infer": [lambda s: s.dt.tz_localize("Europe/Paris", ambiguous="infer")],
}
CATEGORIES: Works = {
    "add_categories": [lambda s: s.cat.add_categories(["new"])],
    "as_ordered": [lambda s: s.cat.as_ordered()],
    "as_unordered": [lambda s: s.cat.as_unordered()],
    "codes": [lambda s: s.cat.codes],
    "remove_categories": [lambda s: s.cat.remove_categories(["d"])],
    "rename_categories": [lambda s: s.cat.rename_categories(str.upper)],
    "reorder_categories": [lambda s: s.cat.reorder_categories(["d", "", "12", "a b c"])],
    "set_categories": [lambda s: s.cat.set_categories(["12", "d", "more"])],
}
CATEGORIES_OF_WHOLE: Works = {
    "remove_unused_categories": [lambda s: s.cat.remove_unused_categories()],
    "categories": [lambda s: s.cat.categories],
    "astype": [lambda s: s.astype("str").astype("category")],
    "codes of the values": [lambda s: s.astype("str").astype("category").cat.codes],
}


def shuffled(values: list[Any], order: Any) -> pd.Series[Any]:
    return pd.Series([values[place] for place in order], index=list(order), dtype=object)


@st.composite
def columns(draw: Callable[..., Any], values: Any, **size: int) -> tuple[pd.Series[Any], int]:
    drawn = draw(st.lists(values, **size))
    return shuffled(drawn, draw(st.permutations(range(len(drawn))))), draw(st.integers(1, 4))


def all_alike(works: Works, series: Any, npartitions: int, start: int, count: int) -> None:
    lazy = sf.from_pandas(series, npartitions=npartitions)
    names = sorted(works)
    for place in range(start, start + count):
        name = names[place % len(names)]
        for work in works[name]:
            note(name)
            as_pandas_does(work, lazy, series)


TEXTS = {"of rows": TEXT, "of the whole": TEXT_OF_WHOLE}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("dtype", ["str", "object"])
@FEW
@given(drawn=columns(WORDS, max_size=8), start=st.integers(0, 100))
def test_text(session: Session, kind: str, dtype: str, drawn: Any, start: int) -> None:
    series, npartitions = drawn
    if dtype == "object":  # of which pandas makes floats where all of a result is missing
        series = pd.concat([series, pd.Series(["abc d"], index=[len(series)])])
    all_alike(TEXTS[kind], series.astype(dtype), npartitions, start, 7)


@FEW
@given(drawn=columns(TIMES, max_size=8), start=st.integers(0, 100))
def test_times(session: Session, drawn: Any, start: int) -> None:
    series, npartitions = drawn
    times = pd.to_datetime(series, format="mixed").astype("datetime64[us]")
    all_alike(DATES, times, npartitions, start, 7)
    all_alike(DATES_OF_WHOLE, times, npartitions, 0, 3)


@FEW
@given(drawn=columns(st.sampled_from(["a b c", "d", "", "12", None]), max_size=8))
def test_categories(session: Session, drawn: Any) -> None:
    series, npartitions = drawn
    kind = pd.CategoricalDtype(["a b c", "d", "", "12"])
    whole = series.astype(kind)
    all_alike(CATEGORIES, whole, npartitions, 0, len(CATEGORIES))
    all_alike(CATEGORIES_OF_WHOLE, whole, npartitions, 0, len(CATEGORIES_OF_WHOLE))


def test_each_method_that_goes_row_by_row_is_tried() -> None:
    assert ROW_BY_ROW["str"] == TEXT.keys()
    assert ROW_BY_ROW["cat"] == CATEGORIES.keys()
    of_others = (SPANS + PERIODS + " to_pydatetime").split()
    assert ROW_BY_ROW["dt"] == DATES.keys() | {*of_others} - {"to_pytimedelta"}


def test_durations_and_periods(session: Session) -> None:
    spans = pd.Series(pd.to_timedelta([1, None, 90_061, -5], unit="s"))
    months = pd.Series(pd.period_range("2020-11", periods=4, freq="M"))
    for series, works in (
        (spans, SPANS),
        (months, PERIODS),
    ):
        lazy = sf.from_pandas(series, npartitions=3)
        for name in works.split():
            args = ("D",) if name == "asfreq" else ()

            def work(s: Any, name: str = name, args: tuple[str, ...] = args) -> Any:
                found = getattr(s.dt, name)
                return found(*args) if callable(found) else found

            as_pandas_does(work, lazy, series)


def test_columns_of_split_are_there_to_be_chosen(session: Session) -> None:
    series = pd.Series(["a b", None, "c", "d e f"], index=[3, 1, 1, 0])
    lazy = sf.from_pandas(series, npartitions=4)
    made = lazy.str.split(" ", expand=True)
    assert list(made.columns) == [0, 1, 2]
    same(made[1].compute(), series.str.split(" ", expand=True)[1])
    same(lazy.to_frame("s").assign(w=made[2]).compute().w, made[2].compute().rename("w"))
    with pytest.raises(TypeError):
        iter(lazy.str)
