"""DataFrame, Series and Index, and where they come from."""

from shframe.dataframe.frame import DataFrame
from shframe.dataframe.groupby import GroupBy
from shframe.dataframe.io import from_arrow, from_pandas, read_csv, read_parquet
from shframe.dataframe.series import Index, Series

__all__ = [
    "DataFrame",
    "GroupBy",
    "Index",
    "Series",
    "from_arrow",
    "from_pandas",
    "read_csv",
    "read_parquet",
]
