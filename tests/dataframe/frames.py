"""Strategies for frames as users have them, and their lazy twins in uneven partitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import shframe as sf

LIGHT = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

_CELLS: dict[str, Any] = {
    "int": st.integers(-50, 50),
    "float": st.sampled_from([0.0, -1.5, 2.25, 1e6, float("nan")]),
    "bool": st.booleans(),
    "text": st.sampled_from(["a", "b", "", "é", None]),
    "time": st.sampled_from([0, 86_400_000_000, 10**15]).map(lambda n: pd.Timestamp(n, unit="us")),
}
_DTYPES = {
    "int": "int64",
    "float": "float64",
    "bool": "bool",
    "text": "str",
    "time": "datetime64[us]",
}


@st.composite
def frames(draw: st.DrawFn, *, least: int = 0, indexed: bool = True) -> Any:
    """Columns k (few integers), g (text), i, f, b, s and t, and an index of one of three kinds."""
    rows = draw(st.integers(least, 14))
    column = lambda kind: draw(st.lists(_CELLS[kind], min_size=rows, max_size=rows))  # noqa: E731
    made = {
        "k": pd.Series(
            draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)), dtype="int64"
        ),
        "g": pd.Series(column("text"), dtype="str"),
        "i": pd.Series(column("int"), dtype=_DTYPES["int"]),
        "f": pd.Series(column("float"), dtype=_DTYPES["float"]),
        "b": pd.Series(column("bool"), dtype=_DTYPES["bool"]),
        "s": pd.Series(column("text"), dtype=_DTYPES["text"]),
        "t": pd.Series(column("time"), dtype=_DTYPES["time"]),
    }
    frame = pd.DataFrame(made)
    kind = draw(st.sampled_from(["range", "int", "text"])) if indexed else "range"
    if kind == "int":
        frame.index = pd.Index(np.arange(rows)[::-1] * 3, name="n")
    elif kind == "text":
        frame.index = pd.Index([f"r{n}" for n in range(rows)], dtype="str")
    return frame


@st.composite
def pairs(draw: st.DrawFn, *, least: int = 0, indexed: bool = True) -> tuple[Any, Any]:
    """A pandas frame and the same lazily in 3 to 5 partitions, some of which may be empty."""
    frame = draw(frames(least=least, indexed=indexed))
    return frame, sf.from_pandas(frame, npartitions=draw(st.integers(3, 5)))


def same(lazy: Any, expected: Any, *, rtol: float | None = None) -> None:
    """The computed object equals pandas' in values, dtypes, index, names and order."""
    made = lazy.compute()
    how: dict[str, Any] = {"check_exact": True} if rtol is None else {"rtol": rtol, "atol": 0}
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(made, expected, **how)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(made, expected, **how)
    elif isinstance(expected, pd.Index):
        pd.testing.assert_index_equal(made, expected)
    elif rtol is not None:
        np.testing.assert_allclose(made, expected, rtol=rtol)
    else:
        np.testing.assert_array_equal(np.asarray(made), np.asarray(expected))
        assert type(made) is type(expected)
