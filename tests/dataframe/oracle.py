"""The same program on a pandas frame and on a lazy one: equal results, or both raise."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import note

from shframe.errors import UnsupportedType
from tests.dataframe.frames import same


def outcome(work: Callable[[Any], Any], frame: Any) -> Any:
    """What a program gives, or the error that it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of what is asked here on purpose
        try:
            made = work(frame)
            return made.compute() if hasattr(made, "compute") else made
        except Exception as error:
            return error


def as_pandas_does(
    work: Callable[[Any], Any],
    lazy: Any,
    frame: Any,
    *,
    inexact: bool = False,
    may_refuse: bool = False,
) -> None:
    """Assert that a program gives for the lazy frame what it gives for pandas' one.

    may_refuse: whether UnsupportedType is right too.
    """
    found, expected = outcome(work, lazy), outcome(work, frame)
    if isinstance(expected, Exception):
        note(repr(expected))
        assert isinstance(found, Exception), f"pandas raises {expected!r}, here is {found!r}"
        return
    if may_refuse and isinstance(found, UnsupportedType):
        return
    if isinstance(found, Exception):
        raise found
    if isinstance(expected, (np.ndarray, pd.api.extensions.ExtensionArray)):
        assert type(found) is type(expected)
        found, expected = pd.Series(found), pd.Series(expected)
    same(found, expected, inexact=inexact)
