"""Functions of pandas on lazy frames and series: concat, merge, melt, to_datetime ..."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.methods import reshaping
from shframe.dataframe.wrap import wrap


def concat(
    objs: Any,
    *,
    axis: Any = 0,
    join: str = "outer",
    ignore_index: bool = False,
    keys: Any = None,
    levels: Any = None,
    names: Any = None,
    verify_integrity: bool = False,
    sort: bool = False,
) -> Any:
    """Frames and series one after another (axis=0), or side by side by their labels (axis=1).

    objs: a list, or a dictionary by keys; objects of pandas among them are stored at the call.

    Cost: side by side, objects with the same rows stay in their partitions; others are brought into
    one task. So are frames beside series, and levels=, verify_integrity= and sort=True.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> a = sf.from_pandas(pd.DataFrame({"x": [1, 2]}))
    >>> sf.concat([a, a], ignore_index=True).x.sum().compute()
    6
    """
    how = (join, ignore_index, keys, levels, names, verify_integrity, sort)
    return wrap(reshaping.concat(objs, axis, *how))
