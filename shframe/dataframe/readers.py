"""Where frames come from: pandas, Arrow, Parquet and CSV."""

from __future__ import annotations

import os
from typing import Any, overload

import pandas as pd
import pyarrow as pa

from shframe.dataframe import arguments
from shframe.dataframe.expr.relations import ReadParquet
from shframe.dataframe.frame import DataFrame, Index, Series
from shframe.dataframe.methods.csv_reading import read_files
from shframe.dataframe.methods.selection import select_columns
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.sources import files, parquet_source
from shframe.dataframe.wrap import wrap, wrap_as
from shframe.errors import InvalidArgument, UnsupportedType


@overload
def from_pandas(obj: pd.DataFrame, npartitions: int | None = None) -> DataFrame: ...
@overload
def from_pandas(obj: pd.Series[Any], npartitions: int | None = None) -> Series: ...
@overload
def from_pandas(obj: pd.Index[Any], npartitions: int | None = None) -> Index: ...
def from_pandas(obj: Any, npartitions: int | None = None) -> Any:
    """A DataFrame, Series or Index of pandas, in partitions; the values are taken at the call.

    npartitions: how many; None: by size, at least two for each worker where there are enough rows.

    Cost: one copy of the values into shared memory.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> sf.from_pandas(pd.Series([1, 2, 3]), npartitions=2).sum().compute()
    6
    """
    return wrap(store_pandas(obj, npartitions))


def from_arrow(table: Any, npartitions: int | None = None) -> DataFrame:
    """A pyarrow Table in partitions, with the dtypes that `table.to_pandas()` has."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if not isinstance(table, pa.Table):
        raise UnsupportedType(f"from_arrow() takes a Table, got {type(table).__name__}")
    return DataFrame(store_pandas(table.to_pandas(), npartitions))


def from_arrow_stream(stream: Any, npartitions: int | None = None) -> DataFrame:
    """A frame of what gives Arrow's record batches: a RecordBatchReader, or an object that has
    `__arrow_c_stream__`, as frames of polars, DuckDB and pandas have; stored at the call.

    npartitions: how many; None: by size. Dtypes are those that `to_pandas()` of all has.

    Examples
    --------
    >>> import pyarrow as pa, shframe as sf
    >>> batches = pa.table({"a": [1, 2, 3]}).to_reader(max_chunksize=2)
    >>> sf.from_arrow_stream(batches).a.sum().compute()
    6
    """
    if not isinstance(stream, pa.RecordBatchReader) and not hasattr(stream, "__arrow_c_stream__"):
        raise UnsupportedType(
            "from_arrow_stream() takes a RecordBatchReader or an object with __arrow_c_stream__, "
            f"got {type(stream).__name__}"
        )
    reader = pa.RecordBatchReader.from_stream(stream)
    return from_arrow(reader.read_all(), npartitions)


_CUTS = frozenset(
    {"blocksize", "split_row_groups", "aggregate_files", "calculate_divisions"}
    | {"ignore_metadata_file"}
)


def read_parquet(
    path: Any,
    columns: Any = None,
    filters: Any = None,
    *,
    engine: str = "auto",
    storage_options: Any = None,
    filesystem: Any = None,
    **options: Any,
) -> DataFrame:
    """A Parquet file, a folder of them (hive partitions too), a pattern, or a list.

    The footers are read now, values when computed: only the columns that are needed, and only
    row groups whose statistics do not rule them out.

    columns: labels to read; filters: [(column, op, value), ...], all of which must hold, with
        op among == = != < <= > >= in "not in", or a list of such lists, one of which must hold.
        Columns, levels of the index and folders' names can be asked for; Arrow compares.
    engine: "auto" or "pyarrow", which is the one. options: those of Dask that say how a data set
        is cut (blocksize, split_row_groups, aggregate_files, calculate_divisions,
        ignore_metadata_file) are accepted, without effect: partitions follow from row groups.
    storage_options, filesystem: where files are elsewhere (`s3://...`), as pandas has them: options
        of fsspec, a filesystem of Arrow's or of fsspec. The workers open the files there.

    Cost: a file of a web page (`https://...`) is read by pandas at the call, in this process.

    Raises: SourceNotFound, SourceDamaged (by name), ColumnNotFound.

    Examples
    --------
    >>> import pandas as pd, shframe as sf, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "t.parquet")
    >>> pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}).to_parquet(path)
    >>> sf.read_parquet(path, columns=["b"]).sum().compute().to_dict()
    {'b': 15}
    """
    if engine not in ("auto", "pyarrow"):
        raise InvalidArgument(f"engine must be one of 'auto', 'pyarrow', got {engine!r}")
    for name in sorted(set(options) - _CUTS):
        raise InvalidArgument(f"read_parquet() takes no {name}=")
    if str(path).startswith(files.PAGES):
        how = arguments.given(storage_options=storage_options, filesystem=filesystem)
        made: Any = pd.read_parquet(path, columns=columns, filters=filters, **how)
        return wrap_as(DataFrame, store_pandas(made))
    source = _parquet_source(path, filesystem, storage_options)
    chosen = None if columns is None else parquet_source.checked_columns(source, columns)
    terms = () if filters is None else parquet_source.checked_filters(source, filters)
    node = ReadParquet(source, filters=terms)
    return wrap_as(DataFrame, node if chosen is None else select_columns(node, chosen))


def _parquet_source(path: Any, filesystem: Any, storage_options: Any) -> Any:
    if not files.is_elsewhere(path, filesystem, storage_options):
        return parquet_source.ParquetSource(path)
    listed = list(path) if isinstance(path, (list, tuple)) else [path]
    found = [files.filesystem_of(one, filesystem, storage_options) for one in listed]
    places = [inside for _, inside in found]
    inside = places if isinstance(path, (list, tuple)) else places[0]
    return parquet_source.ParquetSource(inside, found[0][0])


def read_csv(
    path: Any,
    *,
    index_col: Any = None,
    usecols: Any = None,
    blocksize: Any = None,
    low_memory: bool | None = None,
    **options: Any,
) -> DataFrame:
    """CSV files, read in parallel in byte ranges; options are those of pandas.read_csv.

    path: a file, a list of them, a pattern or a folder: their rows follow each other, counted from
        0. What else pandas reads (a URL, an open file) it reads at the call.
    index_col, usecols: columns that are the labels of rows; columns that are kept.
    blocksize, low_memory: accepted, without effect: blocks follow from the size of the file and
        the number of workers, and the dtypes are always those of the whole file.

    What is computed is what pandas gives for the whole file (with low_memory=False); `dtypes` are
    known before that from the first lines. A file is read in one piece where it is not certain
    that a line's end is a record's, and with header=, names=, skiprows=, nrows=, engine= and other
    options beside sep, dtype, na_values, keep_default_na, parse_dates and decimal.

    Raises: SourceNotFound, SourceDamaged, InvalidArgument.
    """
    for name in ("chunksize", "iterator"):
        if options.get(name):
            raise InvalidArgument(f"read_csv takes no {name}=: partitions are the chunks")
    if not isinstance(path, (str, os.PathLike, list, tuple)) or "://" in str(path):
        how = {"index_col": index_col, "usecols": usecols, "low_memory": False, **options}
        return wrap_as(DataFrame, store_pandas(pd.read_csv(path, **how)))
    return wrap_as(DataFrame, read_files(path, index_col, usecols, options))
