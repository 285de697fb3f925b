"""pandas' indexes of evenly spaced values, between bounds that may be lazy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pandas as pd

from shframe.dataframe import arguments

P = ParamSpec("P")
T = TypeVar("T")


def _of_values(function: Callable[P, T]) -> Callable[P, T]:
    """pandas' function, which gets lazy values computed."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        values, named = arguments.compute_lazy(*args, **kwargs)
        return function(*values, **named)

    return call


date_range = _of_values(pd.date_range)
bdate_range = _of_values(pd.bdate_range)
period_range = _of_values(pd.period_range)
timedelta_range = _of_values(pd.timedelta_range)
interval_range = _of_values(pd.interval_range)
