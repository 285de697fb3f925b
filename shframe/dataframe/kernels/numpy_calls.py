"""NumPy's functions on partitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.arguments import fill_places


def call_ufunc(*inputs: Any, ufunc: Any, args: Any, kwargs: Any) -> Any:
    """A ufunc; pandas' objects take part in it by their own rules."""
    values = [partition.as_pandas(one) for one in inputs]
    return ufunc(*fill_places(args, values), **fill_places(kwargs, values))


def select(*inputs: Any, args: Any, count: int) -> Any:
    """np.select, as a Series with the labels of the rows."""
    values = [partition.as_pandas(one) for one in inputs]
    *given, default = fill_places(args, values)
    made = np.select(given[:count], given[count:], default=default)
    return pd.Series(made, index=values[0].index)


def choose(*inputs: Any, args: Any) -> Any:
    """np.where, as a Series or frame with the labels of the rows."""
    values = [partition.as_pandas(one) for one in inputs]
    made = np.where(*fill_places(args, values))
    first = values[0]
    if made.ndim == 2:
        return pd.DataFrame(made, index=first.index, columns=first.columns)
    return pd.Series(made, index=first.index)
