"""Formats that pandas reads: at the call, in this process, and stored in partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe.dataframe.frame import DataFrame
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.readers import read_csv
from shframe.dataframe.wrap import wrap_as


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
read_sql_table = _reader("read_sql_table", "A table of a database")


def read_table(path: Any, **options: Any) -> DataFrame:
    """A file of fields with tabs between them: read_csv() with sep="\\t"."""
    return read_csv(path, **{"sep": "\t", **options})
