"""eval(): expressions of columns, assignments, and expressions of variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, some
from tests.dataframe.oracle import as_pandas_does


def _in_place(d: Any) -> Any:
    assert d.eval("z = i - k", inplace=True) is None
    return d


def _query_in_place(d: Any) -> Any:
    assert d.query("i > 0", inplace=True) is None
    return d


def _of_variables(d: Any) -> Any:
    limit = 3
    made = d.eval("big = i > @limit")
    assert limit == 3
    return made


def _of_given_variables(d: Any) -> Any:
    return d.eval("big = i > @limit", local_dict={"limit": 3})


COLUMNS: dict[str, Callable[[Any], Any]] = {
    "value": lambda d: d.eval("i + k * 2"),
    "assignment": lambda d: d.eval("z = i + f"),
    "assignment to a column": lambda d: d.eval("i = i * 2"),
    "several": lambda d: d.eval("z = i + k\ny = z * 2\nk = y - z"),
    "several with space": lambda d: d.eval("\n   z = i + k\n\n   y = z > 3\n"),
    "a constant": lambda d: d.eval("z = 1.5"),
    "a condition": lambda d: d.eval("z = i > 3 and not b"),
    "text": lambda d: d.eval("z = s == 'a'"),
    "of the whole": lambda d: d.eval("z = i - i.mean()"),
    "in place": _in_place,
    "query in place": _query_in_place,
    "variables": _of_variables,
    "given variables": _of_given_variables,
    "engine": lambda d: d.eval("z = i + 1", engine="python"),
    "then a filter": lambda d: d.eval("z = i + k").query("z > 2"),
    "wrong lines": lambda d: d.eval("z = i\ni + 1"),
    "wrong in place": lambda d: d.eval("i + 1", inplace=True),
}


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # which pandas will drop
@FEW
@given(case=cases(), names=some(COLUMNS, 7))
def test_eval_of_columns(session: Session, case: Case, names: list[str]) -> None:
    for name in names:
        note(name)
        as_pandas_does(COLUMNS[name], case.lazy(), case.frame.copy(), inexact=True)


def test_eval_without_columns_is_the_value(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [1, 2, 3]}), npartitions=3)
    assert lazy.eval("1 + 2") == 3


def _library(d: Any) -> Any:
    return pd if isinstance(d, pd.DataFrame) else sf


VARIABLES: dict[str, str] = {
    "sum": "d.i + d.k * 2",
    "of frames": "n + n * 2",
    "precedence": "d.i > 0 & d.k < 2",
    "words": "d.i > 0 and d.k < 2 or not d.b",
    "a chain": "0 < d.i <= 20",
    "in a list": "d.k in [1, 2]",
    "not in a list": "d.k not in [1, 2]",
    "equal to a list": "d.k == [1, 2]",
    "brackets": "d['i'] - d['k']",
    "a function": "sin(d.f) + exp(d.k)",
    "a method": "d.f.fillna(0) + limit",
    "a power": "-d.i ** 2",
    "a value": "d.i.sum() + limit",
}


@FEW
@given(case=cases(), names=some(VARIABLES, 6))
def test_eval_of_variables(session: Session, case: Case, names: list[str]) -> None:
    for name in names:
        note(name)

        def work(d: Any, text: str = VARIABLES[name]) -> Any:
            n, limit = d[["i", "k"]], 3
            made = _library(d).eval(text)
            assert n is not None
            assert limit == 3
            return made

        as_pandas_does(work, case.lazy(), case.frame, inexact=True)


def test_eval_assigns_to_a_target(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.0, 6.0]})
    lazy = sf.from_pandas(frame, npartitions=3)
    made = sf.eval("c = lazy.a + lazy.b\nd = c * 2", target=lazy)
    expected = pd.eval("c = frame.a + frame.b\nd = c * 2", target=frame)
    pd.testing.assert_frame_equal(made.compute(), expected)
    assert list(lazy.columns) == ["a", "b"]
    assert sf.eval("c = lazy.a", target=lazy, inplace=True) is None
    assert list(lazy.columns) == ["a", "b", "c"]


def test_eval_of_nothing_lazy_is_that_of_pandas() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    pd.testing.assert_series_equal(sf.eval("frame.a * 2"), frame.a * 2)
    assert sf.eval("a + 1", local_dict={"a": 2}) == 3
    with pytest.raises(pd.errors.UndefinedVariableError, match="gone"):
        sf.eval("gone + 1")


def test_mistakes_of_eval(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [1, 2, 3]}), npartitions=3)
    with pytest.raises(pd.errors.UndefinedVariableError, match="gone"):
        sf.eval("lazy.a + gone")
    with pytest.raises(SyntaxError):
        sf.eval("lazy.a +")
    with pytest.raises(InvalidArgument, match="without a target"):
        sf.eval("c = lazy.a")
    with pytest.raises(InvalidArgument, match="no assignment"):
        sf.eval("lazy.a", inplace=True)
    with pytest.raises(UnsupportedType, match="not a supported function"):
        sf.eval("open(lazy.a)")
    with pytest.raises(UnsupportedType, match="Lambda"):
        sf.eval("(lambda: lazy.a)()")
    with pytest.raises(UnsupportedType, match="parser='python'"):
        sf.eval("lazy.a", parser="python")
    with pytest.raises(ColumnNotFound, match="'q'"):
        lazy.eval("c = q + 1")
    with pytest.raises(UnsupportedType, match="target="):
        lazy.eval("c = a + 1", target=lazy)
    with pytest.raises(TypeError, match="unexpected keyword argument 'inplce'"):
        lazy.eval("c = a + 1", inplce=True)
