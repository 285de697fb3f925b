"""A frame written to CSV and Parquet."""

from __future__ import annotations

import os
from typing import Any

from shframe.dataframe.methods.csv_writing import write_csv
from shframe.dataframe.methods.parquet_writing import write_parquet
from shframe.dataframe.rows import Rows
from shframe.dataframe.sources import files
from shframe.errors import InvalidArgument, UnsupportedType


class FrameWriting(Rows):
    """Methods that write files."""

    __slots__ = ()

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write CSV with pandas' options: one file, or one per partition where the name has a *.

        Partitions are written side by side, and put in place when all are there; a write that fails
        leaves what was there. Without a path the text is returned. What is elsewhere (`s3://...`,
        storage_options=) is written on this machine and copied by the workers.

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
        append: bool = False,
        partition_on: Any = None,
        storage_options: Any = None,
        filesystem: Any = None,
        **options: Any,
    ) -> None:
        """Write a folder of Parquet files, a file per partition.

        A data set that was written there before is replaced as a whole, once the new one is
        complete; files of others are not touched.

        partition_cols: columns whose values name folders, as pandas has it.
        index: whether it is stored; None: unless it counts the rows from 0, or as the data set has
            it to which rows are appended. write_index: Dask's name for it.
        engine: "auto" or "pyarrow", which is the one. overwrite: accepted.
        append: the files come beside those that an earlier to_parquet() wrote, of the same schema.
        partition_on: partition_cols under Dask's name.
        storage_options, filesystem: where the folder is elsewhere (`s3://...`): options of fsspec,
            a filesystem of Arrow's or of fsspec. Files are written on this machine and copied by
            the workers under new names; those of the data set before are removed at last. Until
            then a reader sees both; a write that fails removes what it has copied.
        options: row_group_size, and what pyarrow.parquet.write_table() takes for the format:
            use_dictionary, write_statistics, compression_level, version, data_page_size,
            coerce_timestamps, allow_truncated_timestamps.

        Raises: WriteFailed where the folder cannot be written to, or holds Parquet files of
        others; InvalidArgument where columns that are appended are not those that are there. What
        was there stays as it was.
        """
        if engine not in ("auto", "pyarrow"):
            raise InvalidArgument(f"engine must be one of 'auto', 'pyarrow', got {engine!r}")
        if partition_on is not None:
            if partition_cols is not None:
                raise InvalidArgument(
                    "Cannot use both partition_on and partition_cols. Use partition_cols"
                )
            partition_cols = partition_on
        if not options.pop("compute", True):
            raise UnsupportedType("to_parquet() takes no compute=False: it writes at the call")
        stored = write_index if index is None else index
        if files.is_elsewhere(path, filesystem, storage_options):
            filesystem, path = files.filesystem_of(path, filesystem, storage_options)
        how = {"compression": compression, **options}
        more = {"append": append, "filesystem": filesystem}
        write_parquet(self.expr, path, partition_cols, stored, how, **more)
