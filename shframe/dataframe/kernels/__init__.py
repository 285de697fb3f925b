"""What runs in workers on partitions; knows no node of a plan."""

from shframe.dataframe.kernels import (
    csv,
    groupby,
    join,
    merging,
    parquet,
    reduce,
    rowwise,
    shuffle,
    small,
    sorting,
    writing,
)

__all__ = [
    "csv",
    "groupby",
    "join",
    "merging",
    "parquet",
    "reduce",
    "rowwise",
    "shuffle",
    "small",
    "sorting",
    "writing",
]
