"""Rows of a table by their numbers, and the codes of its rows by some columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from shframe.dataframe import partition
from shframe.dataframe.kernels.group_rows import group_rows
from shframe.dataframe.kernels.key_codes import Codes, code_keys, one_array

DRAWN = 1 << 13  # rows by which it is decided whether keys repeat
LEAST_DRAWN = 1 << 17  # rows of a table of which some are drawn


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
    keys, dtypes = promoted_columns(table, labels)
    codes = None if _may_be_objects(keys, dtypes) else code_keys(keys, dtypes)
    return CodedRows(keys, dtypes, codes)


def hardly_repeat(table: Any, labels: Sequence[Any]) -> bool:
    """Whether rows are likely to have more than half as many different keys as there are rows."""
    rows = table.num_rows
    if rows < LEAST_DRAWN or 2 * _most_words(table, labels) <= rows:
        return False
    drawn = draw_keys(table, labels)
    keys = None if drawn is None else guess_keys(drawn, labels)
    return keys is not None and 2 * keys > rows


def _most_words(table: Any, labels: Sequence[Any]) -> float:
    """How many keys there may be of columns that are all dictionaries."""
    most = 1.0
    for key in columns_at(table, labels)[0]:
        most *= len(key.dictionary) + 1 if pa.types.is_dictionary(key.type) else np.inf
    return most


def draw_keys(table: Any, labels: Sequence[Any]) -> Any:
    """Some rows, always the same, of the columns with these labels; None where pandas compares
    them in another way."""
    if _may_be_objects(*columns_at(table, labels)):
        return None
    rows = table.num_rows
    drawn = np.sort(np.random.default_rng(rows).integers(0, rows, DRAWN))
    drawn = drawn[np.diff(drawn, prepend=-1) > 0]
    layout = partition.layout_of(table)
    places = [layout.labels.get_loc(label) for label in labels]
    return pick_rows(partition.select(table, places, pd.Index(labels)), drawn)


def guess_keys(drawn: Any, labels: Sequence[Any]) -> float | None:
    """About how many different keys the rows have of which these were drawn; None: not known.

    By pairs of equal keys: of n rows with G different keys about n^2 / 2G pairs are equal.
    """
    codes = code_rows(drawn, labels).codes
    if codes is None:
        return None
    sizes = group_rows(codes).sizes
    pairs = int((sizes * (sizes - 1)).sum()) // 2
    return drawn.num_rows**2 / (2 * pairs) if pairs else np.inf


def promoted_columns(table: Any, labels: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Columns and dtypes; integers of which one is missing are the floats that pandas has."""
    keys, dtypes = columns_at(table, labels)
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
