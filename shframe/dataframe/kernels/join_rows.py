"""Which rows of two tables belong together, as pandas' merge has it, and bringing them together.

Row numbers are found first, on the key columns alone; then every column is taken once. Missing
keys match each other, as in pandas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Columns = Sequence[Any]  # of pa.ChunkedArray


class Matches(NamedTuple):
    """Row numbers of the left and right side for each row of the result; -1 is none.

    None in place of the numbers: every row once, in order.
    """

    left: Any
    right: Any


def find_matches(left: Columns, right: Columns, how: str) -> Matches:
    """Rows that belong together, in pandas' order.

    how: "inner" or "left": in the order of the left rows, matches in the order of the right;
        "right": in the order of the right rows; "outer": sorted by the keys.
    """
    if how in ("inner", "left") and len(left) == 1:
        found = _by_unique_right(left[0], right[0], how)
        if found is not None:
            return found
    if how == "right" and len(left) == 1:
        found = _by_unique_right(right[0], left[0], "left")
        if found is not None:
            return Matches(found.right, found.left)
    return _by_merge(left, right, how)


def _by_unique_right(left: Any, right: Any, how: str) -> Matches | None:
    """Look each left key up in the right keys; only where those are all different."""
    left, right = _comparable(left, right)
    if left is None:
        return None
    values = _whole(right)
    if values.type == pa.float64() and pc.any(pc.is_nan(values)).as_py():
        return None  # pandas lets NaN meet a missing key; a look-up does not
    if len(pc.unique(values)) != len(values):
        return None
    places = pc.index_in(left, value_set=values)
    if places.null_count == 0:
        return Matches(None, _numbers(places))
    if how == "left":
        return Matches(None, _numbers(places.fill_null(-1)))
    here = np.flatnonzero(places.is_valid().to_numpy())
    return Matches(here, _numbers(places.drop_null()))


def _comparable(left: Any, right: Any) -> tuple[Any, Any]:
    """Both keys in one type that a look-up knows; (None, None) where there is none."""
    a, b = left.type, right.type
    if pa.types.is_dictionary(a) or pa.types.is_dictionary(b):
        left, right = _plain(left), _plain(right)
        a, b = left.type, right.type
    if a == b:
        known = pa.types.is_integer(a) or pa.types.is_large_string(a) or pa.types.is_string(a)
        return (left, right) if known or pa.types.is_temporal(a) else (None, None)
    if pa.types.is_signed_integer(a) and pa.types.is_signed_integer(b):
        return left.cast(pa.int64()), right.cast(pa.int64())
    texts = (pa.string(), pa.large_string())
    if a in texts and b in texts:
        return left.cast(pa.large_string()), right.cast(pa.large_string())
    return None, None


def _plain(column: Any) -> Any:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _whole(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return column


def _numbers(places: Any) -> Any:
    return places.to_numpy().astype(np.int64, copy=False)


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


def take_rows(column: Any, rows: Any) -> Any:
    """A column's values at these row numbers; -1 gives a null, None gives the column itself."""
    if rows is None:
        return column
    return column.take(row_array(rows))


def row_array(rows: Any) -> Any:
    """Row numbers as Arrow wants them, with nulls for -1."""
    missing = rows < 0
    return pa.array(rows, mask=missing) if missing.any() else pa.array(rows)


def coalesce(left: Any, right: Any, found: Matches) -> Any:
    """The result's key column: the left's value where there is a left row, else the right's."""
    a = take_rows(left, found.left)
    if found.left is None or not (found.left < 0).any():
        return a
    b = take_rows(right, found.right)
    if a.type != b.type:
        b = b.cast(a.type)
    return pc.if_else(pa.array(found.left < 0), b, a)
