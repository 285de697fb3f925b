"""Answers of engines in few numbers, so that they can be compared between processes and runs.

An answer is a table (of pandas, Polars or Arrow), an array, or a single value. A table's digest has
its number of rows and a few sums of each column, which do not depend on the order of rows: of
integers, times and strings a sum of hashes; of other numbers their sum, and their sum weighted
by the hash of what else is in the row, so that values in a wrong row are found. What engines
add up in different orders is compared to nine digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Digest = dict[str, Any]

TOLERANCE = 1e-9  # of the sum of absolute values
MANY = 100_000  # rows, above which strings are hashed in one row of sixteen
MISSING = np.int64(-(1 << 62))


def digest(answer: Any) -> Digest:
    """What is compared of an answer."""
    if isinstance(answer, np.ndarray) and answer.ndim:
        flat = answer.ravel(order="C")
        shape = [*answer.shape]
        return {"rows": len(flat), "shape": shape, "columns": {"value": _sums(flat, _steps(flat))}}
    if isinstance(answer, np.ndarray):
        answer = answer.item()
    if answer is None or np.isscalar(answer):
        answer = pa.table({"value": [answer]})
    table = as_table(answer)
    exact, numbers, strings = _sort_out(table)
    hashes = np.zeros(len(table), np.uint64)
    for name in sorted(exact):
        hashes = _mix(hashes, exact[name])
    sampled = bool(exact) and len(table) > MANY
    chosen = np.flatnonzero(hashes >> np.uint64(60) == 0) if sampled else np.arange(len(table))
    ends = {name: _hash_strings(column.take(pa.array(chosen))) for name, column in strings.items()}
    of_rows = hashes[chosen]
    for name in sorted(ends):
        of_rows = _mix(of_rows, ends[name])
    share = _as_weights(hashes if sampled else of_rows)
    columns: dict[str, Any] = {name: _sums(v, share) for name, v in numbers.items()}
    for name, values in {**exact, **ends}.items():
        columns[name] = str(_mix(np.zeros(len(values), np.uint64), values).sum(dtype=np.uint64))
    together = str(of_rows.sum(dtype=np.uint64))
    return {"rows": len(table), "together": together, "columns": columns}


def differences(one: Digest, other: Digest) -> list[str]:
    """What two digests differ in; nothing where the answers are the same."""
    found = []
    if (one["rows"], one.get("shape")) != (other["rows"], other.get("shape")):
        return [f"{one.get('shape', one['rows'])} and {other.get('shape', other['rows'])} rows"]
    for name in sorted({*one["columns"], *other["columns"]}):
        mine, theirs = one["columns"].get(name), other["columns"].get(name)
        if mine is None or theirs is None:
            found.append(f"column {name} is in one only")
        elif not _are_close(mine, theirs):
            found.append(f"column {name}: {mine} and {theirs}")
    if not found and one.get("together") != other.get("together"):
        found.append("the values of some columns are in other rows")
    return found


def _are_close(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, str) or isinstance(theirs, str):
        return bool(mine == theirs)
    slack = TOLERANCE * max(mine["size"], theirs["size"]) + 1e-300
    same = mine["missing"] == theirs["missing"]
    return same and all(abs(mine[k] - theirs[k]) <= slack for k in ("size", "sum", "weighted"))


def as_table(answer: Any) -> Any:
    """An Arrow table without an index that only counts; a single column is called `value`."""
    if isinstance(answer, pd.Series):
        answer = answer.to_frame("value" if answer.name is None else str(answer.name))
    if isinstance(answer, pd.DataFrame):
        named = [name for name in answer.index.names if name is not None]
        if named:
            answer = answer.reset_index()
        answer = pa.Table.from_pandas(answer, preserve_index=False)
    elif not isinstance(answer, pa.Table):
        answer = answer.to_arrow()  # of Polars
    if answer.num_columns == 1:
        answer = answer.rename_columns(["value"])
    return answer


def _sort_out(table: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Columns by name: as integers, where all values are whole; as floats; as strings."""
    exact: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    strings: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
            strings[name] = column.cast(pa.large_string()).combine_chunks()
            continue
        if pa.types.is_temporal(kind):
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
            exact[name] = column.cast(pa.int64()).fill_null(MISSING).to_numpy()
            continue
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        missing = np.isnan(values)
        whole = np.rint(np.where(missing, 0.0, values))
        if len(values) and (np.abs(whole) < 1 << 53).all() and _are_whole(values, whole, missing):
            exact[name] = np.where(missing, MISSING, whole.astype(np.int64))
        elif len(values):
            numbers[name] = values
        else:
            exact[name] = np.zeros(0, np.int64)
    return exact, numbers, strings


def _are_whole(values: Any, whole: Any, missing: Any) -> bool:
    return bool((missing | (np.abs(values - whole) < 1e-6)).all())


def _sums(values: Any, weights: Any) -> dict[str, Any]:
    """The sums of numbers that are compared."""
    values = np.asarray(values, dtype=float)
    missing = np.isnan(values)
    if missing.any():
        values = np.where(missing, 0.0, values)
    return {
        "missing": int(missing.sum()),
        "size": float(np.abs(values).sum()),
        "sum": float(values.sum()),
        "weighted": float(values @ weights),
    }


def _steps(values: Any) -> Any:
    """Weights by position."""
    return _as_weights(_mix(np.zeros(len(values), np.uint64), np.arange(len(values))))


def _as_weights(hashes: Any) -> Any:
    return (hashes >> np.uint64(11)).astype(float) / (1 << 53)


def _hash_strings(column: Any) -> Any:
    """64 bits for each text; each different one is hashed once."""
    encoded = column.dictionary_encode()
    words = pd.util.hash_array(encoded.dictionary.to_numpy(zero_copy_only=False))
    codes = pc.fill_null(encoded.indices, len(words)).to_numpy(zero_copy_only=False)
    return np.append(words, np.uint64(1))[codes]


def _mix(hashes: Any, values: Any) -> Any:
    """splitmix64 of both (Steele, Lea, Flood: Fast splittable pseudorandom number generators)."""
    mixed = (hashes * np.uint64(31)) ^ np.ascontiguousarray(values).view(np.uint64)
    mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
