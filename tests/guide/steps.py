"""A step of a program, run with pandas and with shframe in its place: the results are equal."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import shframe as sf

Step = Callable[[Any, Any], Any]
"""What a step does: the library and its data in, a result out."""


def check(step: Step, data: dict[str, Any]) -> None:
    """Assert that a step gives with shframe what it gives with pandas.

    data: objects of pandas by name; with shframe they are in three partitions.
    """
    expected = step(pd, SimpleNamespace(**{name: _own(one) for name, one in data.items()}))
    lazy = {name: _lazy(_own(one)) for name, one in data.items()}
    assert_equal(step(sf, SimpleNamespace(**lazy)), expected)


def _own(value: Any) -> Any:
    return value.copy() if hasattr(value, "copy") else value


def _lazy(value: Any) -> Any:
    kinds = (pd.DataFrame, pd.Series)
    return sf.from_pandas(value, npartitions=3) if isinstance(value, kinds) else value


def assert_equal(found: Any, expected: Any) -> None:
    """Assert that a result, or all in it, is what pandas gives; sums of floats to 1e-9.

    The frequency of an index is no part of its values: partitions do not have it.
    """
    found = found.compute() if hasattr(found, "compute") else found
    how: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9}
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, one in expected.items():
            assert_equal(found[key], one)
    elif isinstance(expected, (list, tuple)):
        assert type(found) is type(expected), f"{type(found).__name__} is no {type(expected)}"
        assert len(found) == len(expected)
        for one, two in zip(found, expected, strict=True):
            assert_equal(one, two)
    elif isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_freq=False, **how)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected, check_freq=False, **how)
    elif isinstance(expected, pd.Index):
        pd.testing.assert_index_equal(found, expected, check_freq=False, **how)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, pd.api.extensions.ExtensionArray):
        pd.testing.assert_extension_array_equal(found, expected)
    elif isinstance(expected, float) and not isinstance(expected, np.generic):
        assert found == expected or abs(found - expected) < 1e-9 or found != found
        assert (found != found) == (expected != expected)
    elif pd.api.types.is_scalar(expected):
        assert type(found) is type(expected), f"{found!r} and {expected!r}"
        assert found == expected or (pd.isna(found) and pd.isna(expected))
    else:
        assert found == expected
