"""Where frames come from: pandas, Arrow, Parquet and CSV."""

from __future__ import annotations

from typing import Any, overload

import pandas as pd
import pyarrow as pa

from shframe.dataframe.expr.relations import ReadCsv, ReadParquet
from shframe.dataframe.frame import DataFrame, Index, Series
from shframe.dataframe.methods.selection import select_columns
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.sources import parquet_source
from shframe.dataframe.sources.csv_source import CsvSource
from shframe.dataframe.wrap import wrap, wrap_as
from shframe.errors import UnsupportedType


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


def read_parquet(path: Any, columns: Any = None, filters: Any = None) -> DataFrame:
    """A Parquet file, a folder of them (hive partitions too), a pattern, or a list.

    The footers are read now, values when computed: only the columns that are needed, and only
    row groups whose statistics do not rule them out.

    columns: labels to read; filters: [(column, op, value), ...], all of which must hold, with
        op among == = != < <= > >= in "not in", or a list of such lists, one of which must hold.
        Columns, levels of the index and folders' names can be asked for; Arrow compares.

    Raises: SourceNotFound, SourceDamaged (by name), ColumnNotFound.

    Examples
    --------
    >>> import pandas as pd, shframe as sf, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "t.parquet")
    >>> pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}).to_parquet(path)
    >>> sf.read_parquet(path, columns=["b"]).sum().compute().to_dict()
    {'b': 15}
    """
    source = parquet_source.ParquetSource(path)
    chosen = None if columns is None else parquet_source.checked_columns(source, columns)
    terms = () if filters is None else parquet_source.checked_filters(source, filters)
    node = ReadParquet(source, filters=terms)
    return wrap_as(DataFrame, node if chosen is None else select_columns(node, chosen))


def read_csv(path: Any, **options: Any) -> DataFrame:
    """A CSV file, read in parallel in byte ranges; options are those of pandas.read_csv.

    What is computed is what pandas gives for the whole file (with low_memory=False); `dtypes` are
    known before that from the first lines. A file is read in one piece where it is not certain
    that a line's end is a record's.

    Raises: SourceNotFound, SourceDamaged, InvalidArgument.
    """
    return wrap_as(DataFrame, ReadCsv(CsvSource(path, options)))
