"""Formats that pandas reads: at the call, in this process, and stored in partitions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
from pandas.api.extensions import no_default

from shframe.compat.dask_scheduler import dask_get
from shframe.dataframe.frame import DataFrame
from shframe.dataframe.functions import from_delayed
from shframe.dataframe.methods import delta_reading
from shframe.dataframe.methods.csv_reading import files_of
from shframe.dataframe.methods.selection import select_columns
from shframe.dataframe.methods.sql_reading import read_ranges
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.readers import from_arrow, read_csv
from shframe.dataframe.wrap import wrap_as
from shframe.errors import InvalidArgument, SourceDamaged, SourceNotFound
from shframe.lazy.delayed import delayed


def _reader(name: str, what: str) -> Callable[..., DataFrame]:
    """pandas' reader of this name, whose frame is stored in partitions."""

    def read(*args: Any, npartitions: int | None = None, **kwargs: Any) -> DataFrame:
        made = getattr(pd, name)(*args, **kwargs)
        return wrap_as(DataFrame, store_pandas(made, npartitions))

    read.__name__ = read.__qualname__ = name
    read.__doc__ = (
        f"{what}, with pandas' arguments.\n\n"
        "npartitions: into how many partitions it is stored.\n\n"
        "Cost: read by pandas at the call, in this process."
    )
    read.__wrapped__ = getattr(pd, name)  # type: ignore[attr-defined]
    return read


read_excel = _reader("read_excel", "A sheet of Excel")
read_feather = _reader("read_feather", "A Feather file")
read_fwf = _reader("read_fwf", "A file of fields of fixed widths")
read_hdf = _reader("read_hdf", "A table of an HDF5 file")
read_json = _reader("read_json", "JSON, or lines of it with lines=True")
read_orc = _reader("read_orc", "An ORC file")
read_pickle = _reader("read_pickle", "A pickled frame")
read_sas = _reader("read_sas", "A file of SAS")
read_spss = _reader("read_spss", "A file of SPSS")
read_stata = _reader("read_stata", "A file of Stata")
read_xml = _reader("read_xml", "A table of XML")
read_clipboard = _reader("read_clipboard", "What is in the clipboard")
json_normalize = _reader("json_normalize", "Records of JSON as columns")
read_sql = _reader("read_sql", "A query, or a table, of a database")
read_sql_query = _reader("read_sql_query", "A query of a database")


def read_sql_table(
    table_name: str,
    con: Any,
    schema: str | None = None,
    index_col: Any = None,
    coerce_float: bool = True,
    parse_dates: Any = None,
    columns: Any = None,
    chunksize: None = None,
    dtype_backend: Any = no_default,
    *,
    npartitions: int | None = None,
    divisions: Any = None,
    limits: Any = None,
    engine_kwargs: Any = None,
    **options: Any,
) -> DataFrame:
    """A table of a database, with pandas' arguments, and Dask's for its partitions.

    npartitions, divisions: with a URL as `con` and a column as `index_col`, ranges of that column
        are partitions, which the workers read when they are computed: so many of equal width, or
        those between some values. limits: the smallest and largest value; None: they are asked
        for. engine_kwargs: of SQLAlchemy's create_engine().
    bytes_per_chunk, head_rows, meta: accepted as Dask has them, without effect.

    Rows come in the order of the ranges.

    Raises: ValueError for no such table, ColumnNotFound. Cost: without these, read by pandas at
    the call, in this process.
    """
    for name in sorted(set(options) - {"bytes_per_chunk", "head_rows", "meta"}):
        raise TypeError(f"read_sql_table() got an unexpected keyword argument {name!r}")
    if chunksize is not None:
        raise InvalidArgument("read_sql_table takes no chunksize=: partitions are the chunks")
    how: dict[str, Any] = {"coerce_float": coerce_float, "parse_dates": parse_dates}
    if dtype_backend is not no_default:
        how["dtype_backend"] = dtype_backend
    parts = divisions is not None or (npartitions or 1) > 1
    if parts and isinstance(con, str) and isinstance(index_col, str):
        node = read_ranges(
            table_name,
            con,
            index_col,
            schema=schema,
            columns=None if columns is None else list(columns),
            count=npartitions or 1,
            bounds=None if divisions is None else list(divisions)[1:-1],
            limits=limits,
            engine_kwargs=engine_kwargs or {},
            how=how,
        )
        return wrap_as(DataFrame, node)
    more = {"schema": schema, "index_col": index_col, "columns": columns}
    made: Any = pd.read_sql_table(table_name, con, **how, **more)
    return wrap_as(DataFrame, store_pandas(made, npartitions))


def read_arrow(path: Any, columns: Any = None, npartitions: int | None = None) -> DataFrame:
    """Files of Arrow's IPC format (`.arrow`, `.feather`), or streams of it (`.arrows`).

    path: a file, a pattern, or a list of them, whose rows follow each other. columns: labels to
    read. npartitions: into how many partitions it is stored. Dtypes are those of `to_pandas()`.

    Raises: SourceNotFound, SourceDamaged (by name). Cost: mapped into memory and stored at the
    call, in this process.
    """
    files = files_of(path)
    for file in files:
        if not os.path.isfile(file):
            raise SourceNotFound(f"No such file or directory: {file!r}")
    tables = [_read_ipc(file) for file in files]
    whole = pa.concat_tables(tables, promote_options="default")
    chosen = whole if columns is None else whole.select(list(columns))
    return from_arrow(chosen, npartitions)


def _read_ipc(file: str) -> Any:
    """The table of a file, of either format."""
    try:
        with pa.memory_map(file) as source:
            begin = source.read(6)
            source.seek(0)
            opened = pa.ipc.open_file if begin == b"ARROW1" else pa.ipc.open_stream
            return opened(source).read_all()
    except (pa.ArrowException, OSError, EOFError) as error:
        raise SourceDamaged(f"the Arrow file {file!r} cannot be read\n  {error}") from error


read_iceberg = _reader("read_iceberg", "An Iceberg table, by pyiceberg (shframe[iceberg])")


def read_delta(
    table: Any,
    columns: Any = None,
    *,
    version: Any = None,
    storage_options: Any = None,
    npartitions: int | None = None,
) -> DataFrame:
    """A table of Delta Lake, by deltalake (shframe[delta]).

    table: its path or URI, or a DeltaTable. columns: labels to read. version: of the table, a
    number or a time; None: the newest. storage_options: those of deltalake.

    The files are read when computed, as read_parquet() reads them.

    Raises: ImportError without deltalake. Cost: of a table that is elsewhere, has deleted rows,
    renamed or added columns, or folders by other values than integers and words, all is read at
    the call, in this process, and stored.
    """
    try:
        from deltalake import DeltaTable
    except ImportError as error:
        raise ImportError("read_delta() needs deltalake: pip install 'shframe[delta]'") from error
    if not isinstance(table, DeltaTable):
        table = DeltaTable(table, version=version, storage_options=storage_options)
    node = delta_reading.read_files(table)
    if node is None:
        made = table.to_pyarrow_table(columns=None if columns is None else list(columns))
        return from_arrow(made, npartitions)
    chosen = node if columns is None else select_columns(node, list(columns))
    found: DataFrame = wrap_as(DataFrame, chosen)
    return found if npartitions is None else found.repartition(npartitions)


def from_graph(
    layer: Any, meta: Any, divisions: Any, keys: Any, name_prefix: str = "from-graph"
) -> Any:
    """A frame whose partitions are the values of some keys of a graph of Dask's.

    meta, divisions, name_prefix: accepted as Dask has them, and not needed. Cost: the graph runs at
    the call, on this session's workers. Raises: ImportError without Dask (shframe[dask]).
    """
    values = dask_get(layer, list(keys))
    return from_delayed([delayed(one) for one in values])


def read_table(path: Any, **options: Any) -> DataFrame:
    """A file of fields with tabs between them: read_csv() with sep="\\t"."""
    return read_csv(path, **{"sep": "\t", **options})
