"""What programs set on what an object hands out: as in pandas or an error, never for nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, some
from tests.dataframe.oracle import as_pandas_does


def _name_columns(d: Any) -> Any:
    d.columns.name = "what"
    return d


def _name_levels(d: Any) -> Any:
    d.columns.names = ["what"]
    return d


def _name_later(d: Any) -> Any:
    labels = d.columns
    d["more"] = d.i * 2
    labels.name = "lost"  # of the labels that the frame had before
    return d


def _name_and_go_on(d: Any) -> Any:
    labels = d.columns
    assert d.columns is labels
    labels.name = "what"
    made = d[["i", "f"]] * 2
    labels.name = "other"
    return sf_concat(made, d)


def sf_concat(one: Any, two: Any) -> Any:
    """Both side by side, whichever library they are of."""
    library: Any = pd if isinstance(one, pd.DataFrame) else sf
    return library.concat([one, two], axis=1)


def _name_keys(d: Any) -> Any:
    d.keys().name = "what"
    return d


def _name_axis(d: Any) -> Any:
    d.axes[1].name = "what"
    return d


def _name_columns_in_place(d: Any) -> Any:
    d.columns.rename("what", inplace=True)
    return d


def _name_levels_of_columns(d: Any) -> Any:
    made = d[["i", "f"]].agg(["min", "max"]).T
    made.columns.name = "how"
    return made


def _name_two_levels(d: Any) -> Any:
    made = d.groupby("k").agg({"i": ["min", "max"], "f": ["sum"]})
    made.columns.names = ["column", "how"]
    return made


def _name_index(d: Any) -> Any:
    d = d.reset_index(drop=True)
    d.index.name = "row"
    return d


def _name_index_levels(d: Any) -> Any:
    d = d.set_index(["k", "i"])
    d.index.names = ["one", "two"]
    return d


def _name_index_in_place(d: Any) -> Any:
    d = d.reset_index(drop=True)
    d.index.rename("row", inplace=True)
    return d


def _name_index_levels_in_place(d: Any) -> Any:
    d = d.set_index(["k", "i"])
    d.index.set_names("two", level=1, inplace=True)
    return d


def _name_index_of_a_series(d: Any) -> Any:
    s = d.reset_index(drop=True).f
    s.index.name = "row"
    return s


def _name_index_levels_of_a_series(d: Any) -> Any:
    s = d.set_index(["k", "i"]).f
    s.index.names = ["one", None]
    return s


def _name_dtypes(d: Any) -> Any:
    d.dtypes.index.name = "lost"
    return d


def _set_dtype(d: Any) -> Any:
    d.dtypes["i"] = "float64"
    return d


def _set_column_label(d: Any) -> Any:
    d.columns[0] = "x"
    return d


def _set_index_label(d: Any) -> Any:
    d.index[0] = "x"
    return d


def _set_values_of_columns(d: Any) -> Any:
    d.columns.values[0] = "x"
    return d


def _set_a_value(d: Any) -> Any:
    d[["i"]].values[0, 0] = 5
    return d


def _rename_a_column(d: Any) -> Any:
    column = d.f
    column.name = "g"
    return d.assign(g=column)


SET: dict[str, Callable[[Any], Any]] = {
    name.removeprefix("_").replace("_", " "): found
    for name, found in list(globals().items())
    if name.startswith(("_name", "_set", "_rename"))
}


@FEW
@given(case=cases(), names=some(SET, 8))
def test_what_is_set_is_as_in_pandas(session: Session, case: Case, names: list[str]) -> None:
    for name in names:
        note(name)
        if name == "set a value" and case.frame.empty:
            continue
        as_pandas_does(SET[name], case.lazy(), case.frame.copy())


@pytest.mark.parametrize("work", [_set_column_label, _set_values_of_columns, _set_index_label])
def test_labels_are_not_set_one_by_one(session: Session, work: Callable[[Any], Any]) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"i": [1, 2, 3]}), npartitions=3)
    with pytest.raises((TypeError, ValueError)):
        work(lazy)
    assert list(lazy.columns) == ["i"]


def test_attrs_say_what_there_is_instead(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"i": [1, 2, 3]}), npartitions=3)
    with pytest.raises(AttributeError, match="pandas has it"):
        lazy.attrs["source"] = "sensor"


def test_a_named_frame_is_pickled_with_its_name(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"i": [1, 2, 3]}), npartitions=3)
    lazy.columns.name = "what"
    assert lazy.map_partitions(lambda part: part).compute().columns.name == "what"
    plan = lazy.explain()
    lazy.columns.name = "what"
    assert lazy.explain() == plan


def _chained_item(d: Any) -> None:
    d["i"][0] = 5


def _chained_column(d: Any) -> None:
    d[d.i > 0]["i"] = 5


def _chained_loc(d: Any) -> None:
    d["i"].loc[0] = 5


def _chained_iloc(d: Any) -> None:
    d[["i"]].iloc[0] = 5


def _chained_at(d: Any) -> None:
    d["i"].at[0] = 5


def _chained_iat(d: Any) -> None:
    d["i"].iat[0] = 5


def _chained_method(d: Any) -> None:
    d["f"].fillna(0, inplace=True)


def _chained_attribute(d: Any) -> None:
    d.f.replace(1.0, 2.0, inplace=True)


def _chained_update(d: Any) -> None:
    d["i"].update(d["i"] * 2)


CHAINED = [one for name, one in list(globals().items()) if name.startswith("_chained")]


def _frame() -> Any:
    return pd.DataFrame({"i": [1, 2, 3, 4], "f": [1.0, np.nan, 2.0, 1.0]})


@pytest.mark.parametrize("work", CHAINED, ids=lambda one: one.__name__)
def test_a_change_that_reaches_nothing_warns(session: Session, work: Callable[[Any], Any]) -> None:
    frame = _frame()
    lazy = sf.from_pandas(frame, npartitions=3)
    with pytest.warns(pd.errors.ChainedAssignmentError, match="set on a copy of a DataFrame"):
        work(frame)
    with pytest.warns(pd.errors.ChainedAssignmentError, match="set on a copy of a DataFrame"):
        work(lazy)
    pd.testing.assert_frame_equal(lazy.compute(), frame)


def test_a_change_of_a_named_object_does_not_warn(session: Session) -> None:
    lazy = sf.from_pandas(_frame(), npartitions=3)
    column = lazy["f"]
    column.fillna(0, inplace=True)
    column[0] = 7.0
    column.loc[1] = 8.0
    lazy["f"] = column
    lazy.loc[lazy.i > 3, "f"] = 9.0
    lazy.iloc[2, 1] = 5.0
    lazy.fillna(0, inplace=True)
    holder = {"df": lazy}
    holder["df"]["g"] = 1
    assert lazy.compute().f.tolist() == [7.0, 8.0, 5.0, 9.0]
    assert list(lazy.columns) == ["i", "f", "g"]


def test_a_frame_keeps_its_columns_names_through_pickles(session: Session) -> None:
    frame = _frame().rename_axis(columns="what")
    lazy = sf.from_pandas(frame, npartitions=3)
    assert pickle.loads(pickle.dumps(lazy.columns)).name == "what"
    lazy.columns.name = None
    pd.testing.assert_frame_equal(lazy.compute(), _frame())
