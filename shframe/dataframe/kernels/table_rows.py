"""Rows of a table by their numbers, and the codes of its rows by some columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from shframe.dataframe import partition
from shframe.dataframe.kernels.key_codes import Codes, code_keys, one_array


class CodedRows(NamedTuple):
    """Columns as one array each, their pandas dtypes, and a code for each row; None: none known."""

    keys: list[Any]
    dtypes: list[Any]
    codes: Codes | None


def pick_rows(table: Any, rows: Any) -> Any:
    """Rows of a table whose labels are a column, or that has none."""
    places = pa.array(rows)
    columns = [one_array(column).take(places) for column in table.columns]
    return partition.table_of(columns, partition.layout_of(table))


def columns_at(table: Any, labels: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """(columns as one array each, their pandas dtypes)."""
    layout = partition.layout_of(table)
    places = [layout.labels.get_loc(label) for label in labels]
    return [one_array(table.column(n)) for n in places], [layout.dtypes[n] for n in places]


def code_rows(table: Any, labels: Sequence[Any]) -> CodedRows:
    """The codes of rows by the columns with these labels, in the dtypes that pandas compares."""
    keys, dtypes = _promoted(*columns_at(table, labels))
    codes = None if _may_be_objects(keys, dtypes) else code_keys(keys, dtypes)
    return CodedRows(keys, dtypes, codes)


def _promoted(keys: list[Any], dtypes: list[Any]) -> tuple[list[Any], list[Any]]:
    """Integers of which one is missing as the floats that they are in pandas."""
    floats = np.dtype("f8")
    lost = [
        key.null_count > 0 and isinstance(dtype, np.dtype) and dtype.kind in "iu"
        for key, dtype in zip(keys, dtypes, strict=True)
    ]
    made = [
        key.cast(pa.float64(), safe=False) if gap else key
        for key, gap in zip(keys, lost, strict=True)
    ]
    return made, [floats if gap else dtype for dtype, gap in zip(dtypes, lost, strict=True)]


def _may_be_objects(keys: list[Any], dtypes: list[Any]) -> bool:
    """Whether a key is of booleans of which one is missing: those are objects in pandas."""
    pairs = zip(keys, dtypes, strict=True)
    return any(key.null_count > 0 and dtype == np.dtype("bool") for key, dtype in pairs)
