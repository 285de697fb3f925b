"""Arguments of pandas: each is there, by its name and at its place, and means what it means."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import same
from tests.dataframe.oracle import outcome

# What the methods below need beside their options; others are called without.
_NEEDED = """
agg aggregate: 'sum'
apply map transform: abs
add sub mul div floordiv mod pow eq ne lt le gt ge add_prefix add_suffix clip fillna fill: 2
isin: [1]
replace: 1, 2
sort_values set_index explode: 'k'
nlargest nsmallest: 1, 'k'
shift diff nth head tail: 2
merge append union intersection difference symmetric_difference equals compare: one
combine_first align corrwith update: one
query: 'k > 1'
filter: ['k']
to_period floor ceil round_: 'D'
at_time: '00:00'
between_time: '00:00', '01:00'
contains startswith endswith match fullmatch split rsplit find partition: 'x'
extract extractall: '(x)'
pad center zfill: 3
strftime: '%Y'
take: [0]
repeat: 2
reindex: [0]
between: 0, 1
get_indexer: [0]
searchsorted: 1
rename_axis: 'x'
rename_categories: ['p', 'q']
set_categories: ['a']
reorder_categories: ['b', 'a']
add_categories: 'z'
remove_categories: 'a'
"""
NEEDED = {
    name: program
    for line in _NEEDED.strip().splitlines()
    for name in line.partition(":")[0].split()
    for program in [line.partition(":")[2]]
}
# Of a column, and of groups of one, some are called in another way.
OF_COLUMN = {"nlargest": "1", "nsmallest": "1", "corr": "one", "cov": "one"}
OF_COLUMN |= dict.fromkeys(["sort_values", "explode", "filter"], "") | {"filter": "[0]"}
# What gives computed objects, files or nothing to compare, or is told apart elsewhere.
_APART = """
    to_ plot hist boxplot info style memory_usage items iter keys pipe groupby rolling expanding ewm
    resample sample eval asfreq normalize swaplevel reorder_levels xs unstack transpose get describe
"""
APART = tuple(_APART.split())
# Options of NumPy, which pandas takes and does nothing with.
OTHERS = {("Times", "std"): {"dtype", "out", "keepdims"}}


def _objects(frame: Any) -> dict[str, Any]:
    numbers, times = frame[["k", "v"]], frame.set_index("t")
    return {
        "DataFrame": numbers,
        "Series": frame.v,
        "Index": numbers.index,
        "Times": times.index,
        "DataFrameGroupBy": numbers.groupby("k"),
        "SeriesGroupBy": frame.groupby("k").v,
        "Rolling": frame.v.rolling(2),
        "Expanding": frame.v.expanding(),
        "Weighted": frame.v.ewm(com=2),
        "Intervals": times.v.resample("D"),
        "str": frame.s.str,
        "dt": frame.t.dt,
        "cat": frame.c.cat,
    }


def _frame() -> Any:
    frame = pd.DataFrame({"k": [1, 2, 1], "v": [1.0, 3.0, 2.0], "s": ["x", "y", "z"]})
    frame["c"] = pd.Categorical(["a", "b", "a"])
    frame["t"] = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-05"]).as_unit("us")
    return frame


def _needed(of: str, name: str, one: Any) -> tuple[Any, ...]:
    column = of in ("Series", "SeriesGroupBy", "Index", "Times")
    program = OF_COLUMN.get(name) if column else None
    program = NEEDED.get(name, "") if program is None else program
    made = eval(f"({program},)" if program.strip() else "()", {"one": one, "abs": np.abs})
    return tuple(made)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of what it will drop
        yield


def _methods(one: Any) -> list[str]:
    names = []
    for name in dir(one):
        if not name.startswith(("_", *APART)):
            with contextlib.suppress(Exception), _quiet():
                if callable(getattr(one, name)):
                    names.append(name)
    return names


def _options(call: Any, needed: int) -> list[inspect.Parameter]:
    """The parameters that may be given and have a default, beside what changes an object."""
    found = list(inspect.signature(call).parameters.values())[needed:]
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one for one in found if one.kind in kinds and one.default is not one.empty]


def _calls(name: str, of: str, plain: Any) -> list[tuple[list[Any], dict[str, Any]]]:
    """Arguments for a method: each option by its name, as it is unless it is given, and of a switch
    what it is not; and all that have a place, as they are."""
    method = getattr(plain, name)
    given = _needed(of, name, plain)
    try:
        options = _options(method, len(given))
    except ValueError:
        return []  # a method whose signature is not told
    options = [one for one in options if one.name not in OTHERS.get((of, name), ())]
    made: list[tuple[list[Any], dict[str, Any]]] = []
    for one in options:
        values = [one.default, not one.default] if isinstance(one.default, bool) else [one.default]
        made += [([], {one.name: value}) for value in values if one.name != "inplace"]
    places = [one for one in options if one.kind is one.POSITIONAL_OR_KEYWORD]
    if all(one.name != "inplace" for one in places) and (of, name) not in OTHERS:
        made.append(([one.default for one in places], {}))
    return made


def _compare(found: Any, expected: Any) -> None:
    """Assert that both are the same, or that both are errors."""
    if isinstance(expected, Exception):
        assert isinstance(found, Exception), f"pandas raises {expected!r}"
    elif isinstance(found, Exception):
        raise found
    elif isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            _compare(one.compute() if hasattr(one, "compute") else one, other)
    elif isinstance(expected, (np.ndarray, pd.api.extensions.ExtensionArray)):
        assert type(found) is type(expected)
        same(pd.Series(found), pd.Series(expected), inexact=True)
    elif expected is not None:
        same(found, expected, inexact=True)


@pytest.mark.parametrize("of", _objects(_frame()))
def test_options_are_those_of_pandas(session: Session, of: str) -> None:
    frame = _frame()
    plain, lazy = _objects(frame)[of], _objects(sf.from_pandas(frame, npartitions=2))[of]
    count, wrong = 0, []
    for name in _methods(plain):
        if not hasattr(lazy, name):
            continue  # test_surface.py knows of it
        for args, kwargs in _calls(name, of, plain):
            count += 1

            def work(one: Any, args: Any = args, kwargs: Any = kwargs, name: str = name) -> Any:
                made = getattr(one, name)(*_needed(of, name, one), *args, **kwargs)
                return made if hasattr(made, "compute") or not hasattr(made, "obj") else None

            found, expected = outcome(work, lazy), outcome(work, plain)
            try:
                _compare(found, expected)
            except Exception as error:
                wrong.append(f"{name}{args}{kwargs}: {error!r}"[:200])
    print(f"{of}: {count} calls")
    assert count > 0
    assert not wrong, "\n".join(wrong)
