"""What runs in workers on partitions; knows no node of a plan."""

from shframe.dataframe.kernels import (
    aggregate,
    combine,
    csv,
    join_partitions,
    join_rows,
    parquet,
    reduce,
    rowwise,
    shuffle,
    sorting,
    writing,
)

__all__ = [
    "csv",
    "aggregate",
    "join_rows",
    "join_partitions",
    "parquet",
    "reduce",
    "rowwise",
    "shuffle",
    "combine",
    "sorting",
    "writing",
]
