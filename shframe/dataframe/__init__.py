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
        factorize,
        from_array,
        from_delayed,
        from_dict,
        from_map,
        from_numpy,
        from_polars,
        get_dummies,
        isna,
        isnull,
        map_partitions,
        melt,
        merge,
        merge_asof,
        merge_ordered,
        notna,
        notnull,
        pivot,
        pivot_table,
        qcut,
        to_csv,
        to_datetime,
        to_numeric,
        to_parquet,
        to_timedelta,
        unique,
        wide_to_long,
    )
    from shframe.dataframe.groupby import GroupBy
    from shframe.dataframe.pandas_readers import (
        read_excel,
        read_feather,
        read_fwf,
        read_hdf,
        read_json,
        read_orc,
        read_sql,
        read_sql_query,
        read_sql_table,
        read_table,
    )
    from shframe.dataframe.readers import from_arrow, from_pandas, read_csv, read_parquet

_HOMES = {
    "DataFrame": "frame",
    "GroupBy": "groupby",
    "Index": "frame",
    "Series": "frame",
    "concat": "functions",
    "crosstab": "functions",
    "cut": "functions",
    "factorize": "functions",
    "from_array": "functions",
    "from_arrow": "readers",
    "from_delayed": "functions",
    "from_dict": "functions",
    "from_map": "functions",
    "from_numpy": "functions",
    "from_pandas": "readers",
    "from_polars": "functions",
    "get_dummies": "functions",
    "isna": "functions",
    "isnull": "functions",
    "map_partitions": "functions",
    "melt": "functions",
    "merge": "functions",
    "merge_asof": "functions",
    "merge_ordered": "functions",
    "notna": "functions",
    "notnull": "functions",
    "pivot": "functions",
    "pivot_table": "functions",
    "qcut": "functions",
    "read_csv": "readers",
    "read_excel": "pandas_readers",
    "read_feather": "pandas_readers",
    "read_fwf": "pandas_readers",
    "read_hdf": "pandas_readers",
    "read_json": "pandas_readers",
    "read_orc": "pandas_readers",
    "read_parquet": "readers",
    "read_sql": "pandas_readers",
    "read_sql_query": "pandas_readers",
    "read_sql_table": "pandas_readers",
    "read_table": "pandas_readers",
    "to_csv": "functions",
    "to_datetime": "functions",
    "to_numeric": "functions",
    "to_parquet": "functions",
    "to_timedelta": "functions",
    "unique": "functions",
    "wide_to_long": "functions",
}

__all__ = [
    "DataFrame",
    "GroupBy",
    "Index",
    "Series",
    "concat",
    "crosstab",
    "cut",
    "factorize",
    "from_array",
    "from_arrow",
    "from_delayed",
    "from_dict",
    "from_map",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_dummies",
    "isna",
    "isnull",
    "map_partitions",
    "melt",
    "merge",
    "merge_asof",
    "merge_ordered",
    "notna",
    "notnull",
    "pivot",
    "pivot_table",
    "qcut",
    "read_csv",
    "read_excel",
    "read_feather",
    "read_fwf",
    "read_hdf",
    "read_json",
    "read_orc",
    "read_parquet",
    "read_sql",
    "read_sql_query",
    "read_sql_table",
    "read_table",
    "to_csv",
    "to_datetime",
    "to_numeric",
    "to_parquet",
    "to_timedelta",
    "unique",
    "wide_to_long",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'shframe.dataframe' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"shframe.dataframe.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
