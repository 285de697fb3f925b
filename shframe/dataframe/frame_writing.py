"""A frame written to CSV and Parquet."""

from __future__ import annotations

import os
from typing import Any

from shframe.dataframe.methods.csv_writing import write_csv
from shframe.dataframe.methods.parquet_writing import write_parquet
from shframe.dataframe.rows import Rows
from shframe.errors import InvalidArgument


class FrameWriting(Rows):
    """Methods that write files."""

    __slots__ = ()

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write CSV with pandas' options: one file, or one per partition where the name has a *.

        Partitions are written side by side, and put in place when all are there; a write that fails
        leaves what was there. Without a path the text is returned.

        Returns: the names of the files where there are several, else None, as in pandas.

        Cost: columns of times without date_format=, and archives, are written by one task.
        """
        if not isinstance(path_or_buf, (str, os.PathLike)) or "a" in options.get("mode", "w"):
            return self.compute().to_csv(path_or_buf, **options)
        names = write_csv(self.expr, path_or_buf, options)
        return names if "*" in os.path.basename(os.fspath(path_or_buf)) else None

    def to_parquet(
        self,
        path: Any,
        *,
        partition_cols: Any = None,
        index: bool | None = None,
        compression: str | None = "snappy",
        engine: str = "auto",
        overwrite: bool = True,
        write_index: bool | None = None,
    ) -> None:
        """Write a folder of Parquet files, a file per partition.

        A data set that was written there before is replaced as a whole, once the new one is
        complete; files of others are not touched.

        partition_cols: columns whose values name folders, as pandas has it.
        index: whether it is stored; None: unless it counts the rows from 0. write_index: Dask's
            name for it. engine: "auto" or "pyarrow", which is the one. overwrite: accepted.

        Raises: WriteFailed where the folder cannot be written to, or holds Parquet files of
        others. What was there stays as it was.
        """
        if engine not in ("auto", "pyarrow"):
            raise InvalidArgument(f"engine must be one of 'auto', 'pyarrow', got {engine!r}")
        stored = write_index if index is None else index
        write_parquet(self.expr, path, partition_cols, stored, compression)
