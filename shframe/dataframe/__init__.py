"""DataFrame, Series and Index, and where they come from.

The names load with their first use: workers need the kernels, nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shframe.dataframe.frame import DataFrame, Index, Series
    from shframe.dataframe.functions import concat
    from shframe.dataframe.groupby import GroupBy
    from shframe.dataframe.readers import from_arrow, from_pandas, read_csv, read_parquet

_HOMES = {
    "DataFrame": "frame",
    "GroupBy": "groupby",
    "Index": "frame",
    "Series": "frame",
    "concat": "functions",
    "from_arrow": "readers",
    "from_pandas": "readers",
    "read_csv": "readers",
    "read_parquet": "readers",
}

__all__ = [
    "DataFrame",
    "GroupBy",
    "Index",
    "Series",
    "concat",
    "from_arrow",
    "from_pandas",
    "read_csv",
    "read_parquet",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'shframe.dataframe' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"shframe.dataframe.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
