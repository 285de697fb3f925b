"""A step of a program, run with NumPy and with shframe.array in its place: results are equal."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

import shframe.array as xp
from shframe.lazy.collection import Lazy

Step = Callable[[Any, Any], Any]
"""What a step does: the library and its data in, a result out."""


def check_arrays(step: Step, data: dict[str, Any]) -> None:
    """Assert that a step gives with shframe.array what it gives with NumPy: values, to 1e-9 of
    floats, shapes, dtypes; or an error of the same kind.

    data: arrays of NumPy by name; with shframe.array they are in three blocks along each axis.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            expected = step(np, SimpleNamespace(**{n: _own(one) for n, one in data.items()}))
        except Exception as error:
            expected = error
        try:
            found = step(xp, SimpleNamespace(**{n: _lazy(one) for n, one in data.items()}))
            found = computed(found)
        except Exception as error:
            if not isinstance(expected, Exception):
                raise
            found = error
    if isinstance(expected, Exception):
        kinds = (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError)
        kind = next(kind for kind in kinds if isinstance(expected, kind))
        assert isinstance(found, kind), f"{expected!r} and {found!r}"
        return
    assert_same(found, expected)


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _lazy(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return xp.from_array(value, chunks=tuple(max(-(-n // 3), 1) for n in value.shape))


def computed(found: Any) -> Any:
    """A result with the values of all lazy arrays in it."""
    if isinstance(found, dict):
        return {key: computed(one) for key, one in found.items()}
    if isinstance(found, list | tuple):
        return (
            type(found)(map(computed, found))
            if type(found) in (list, tuple)
            else tuple(map(computed, found))
        )
    return found.compute() if isinstance(found, Lazy) else found


def assert_same(found: Any, expected: Any) -> None:
    """Assert that results, or all in them, are equal."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, one in expected.items():
            assert_same(found[key], one)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, two in zip(found, expected, strict=True):
            assert_same(one, two)
    elif isinstance(expected, np.ndarray | np.generic):
        assert np.shape(found) == np.shape(expected), f"{np.shape(found)}, {np.shape(expected)}"
        dtype = np.asarray(found).dtype
        assert dtype == expected.dtype, f"{dtype} and {expected.dtype}"
        if expected.dtype.kind in "fc":
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
        else:
            np.testing.assert_array_equal(found, expected)
    else:
        assert type(found) is type(expected), f"{found!r} and {expected!r}"
        assert found == expected or (found != found and expected != expected)
