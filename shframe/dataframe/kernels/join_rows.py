"""Which rows of two tables belong together, as pandas' merge has it, and bringing them together.

Row numbers are found first, on the key columns alone; then every column is taken once. Missing
keys match each other, as in pandas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe.kernels.key_codes import one_array
from shframe.dataframe.kernels.key_table import KeyTable, Matches, build_table, look_up
from shframe.dataframe.taking import take_columns

Columns = Sequence[Any]  # of pa.ChunkedArray


def find_matches(left: Columns, right: Columns, how: str, table: KeyTable | None = None) -> Matches:
    """Rows that belong together, in pandas' order.

    how: "inner" or "left": in the order of the left rows, matches in the order of the right;
        "right": in the order of the right rows; "outer": sorted by the keys.
    table: the look-up of the side that does not give the order, where it was made before.
    """
    if how != "outer" and table is None:
        table = build_table(left if how == "right" else right)
    if how == "outer" or table is None:
        return _by_merge(left, right, how)
    if how == "right":
        found = look_up(table, right, "left")
        return Matches(found.right, found.left)
    return look_up(table, left, how)


def _plain(column: Any) -> Any:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _by_merge(left: Columns, right: Columns, how: str) -> Matches:
    """Let pandas merge the keys with the row numbers of both sides."""
    a, b = _key_frame(left, "left"), _key_frame(right, "right")
    names = [f"k{n}" for n in range(len(left))]
    merged = a.merge(b, how=how, on=names)
    return Matches(_row_numbers(merged["left"]), _row_numbers(merged["right"]))


def _key_frame(keys: Columns, side: str) -> Any:
    frame = pd.DataFrame({f"k{n}": _plain(key).to_pandas() for n, key in enumerate(keys)})
    frame[side] = np.arange(len(frame))
    return frame


def _row_numbers(column: Any) -> Any:
    return column.fillna(-1).to_numpy().astype(np.int64)


def take_rows(columns: Columns, rows: Any) -> list[Any]:
    """Columns at these row numbers; -1 gives a null, None gives the columns themselves."""
    return list(columns) if rows is None else take_columns(columns, rows)


def coalesce(left: Any, right: Any, found: Matches) -> Any:
    """The result's key column: the left's value where there is a left row, else the right's."""
    [a] = take_rows([left], found.left)
    if found.left is None or not (found.left < 0).any():
        return a
    [b] = take_rows([right], found.right)
    if a.type != b.type:
        b = b.cast(a.type)
    missing = pa.array(found.left < 0)
    if not pa.types.is_dictionary(a.type):
        return pc.if_else(missing, b, a)
    # if_else would make a dictionary of the words that are there: categories in another order
    a, b = pa.chunked_array([one_array(a), one_array(b)]).unify_dictionaries().chunks
    codes = pc.if_else(missing, b.indices, a.indices)
    return pa.DictionaryArray.from_arrays(codes, a.dictionary, ordered=a.type.ordered)
