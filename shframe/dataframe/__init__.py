"""DataFrame, Series and Index, and where they come from.

The names load with their first use: workers need the kernels, nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shframe.dataframe.frame import DataFrame, Index, Series
    from shframe.dataframe.functions import (
        concat,
        crosstab,
        cut,
        from_dict,
        get_dummies,
        isna,
        isnull,
        melt,
        merge,
        notna,
        notnull,
        pivot,
        pivot_table,
        qcut,
        to_datetime,
        to_numeric,
        to_timedelta,
        unique,
    )
    from shframe.dataframe.groupby import GroupBy
    from shframe.dataframe.readers import from_arrow, from_pandas, read_csv, read_parquet

_HOMES = {
    "DataFrame": "frame",
    "GroupBy": "groupby",
    "Index": "frame",
    "Series": "frame",
    "concat": "functions",
    "crosstab": "functions",
    "cut": "functions",
    "from_arrow": "readers",
    "from_dict": "functions",
    "from_pandas": "readers",
    "get_dummies": "functions",
    "isna": "functions",
    "isnull": "functions",
    "melt": "functions",
    "merge": "functions",
    "notna": "functions",
    "notnull": "functions",
    "pivot": "functions",
    "pivot_table": "functions",
    "qcut": "functions",
    "read_csv": "readers",
    "read_parquet": "readers",
    "to_datetime": "functions",
    "to_numeric": "functions",
    "to_timedelta": "functions",
    "unique": "functions",
}

__all__ = [
    "DataFrame",
    "GroupBy",
    "Index",
    "Series",
    "concat",
    "crosstab",
    "cut",
    "from_arrow",
    "from_dict",
    "from_pandas",
    "get_dummies",
    "isna",
    "isnull",
    "melt",
    "merge",
    "notna",
    "notnull",
    "pivot",
    "pivot_table",
    "qcut",
    "read_csv",
    "read_parquet",
    "to_datetime",
    "to_numeric",
    "to_timedelta",
    "unique",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'shframe.dataframe' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"shframe.dataframe.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
