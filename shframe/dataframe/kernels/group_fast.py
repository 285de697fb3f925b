"""Sums, counts and sizes of groups without pandas: over small codes, or by Arrow's hash table.

Keys become one small code a row where that is cheap: dictionary codes as they were read, integers
of a small range by subtraction; several keys in mixed radix. Sums over codes are bincounts, made
in blocks that stay in the cache and whose temporaries the allocator reuses. Whole numbers are
added as floats only within a block and while that is exact, then as integers. Text that was not
read as a dictionary goes through Arrow's hash table, which needs one pass where codes need two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe import chunks

EXACT_FLOAT = 2**53
LEAST_CODES = 1 << 16  # so many codes are counted directly even for fewer rows
BLOCK = 1 << 17  # rows: 1 MB of float64
MOST_SHORT = 1 << 31  # bytes that 32-bit offsets can count
ADDED = frozenset({"sum", "count", "size"})

Slots = Sequence[tuple[Any, str]]  # (column label or None, primitive)


class _Key(NamedTuple):
    """A key's codes: `codes` of a column's block, how many there may be, and what they mean."""

    codes: Any
    size: int
    values: Any


def partial_sums(table: Any, keys: Sequence[Any], slots: Slots, sort: bool) -> Any:
    """The primitives of each group: a frame of columns k0 ... p0 ...; None where neither way does.

    Groups come in the order in which they appear, or, where `sort`, in any.
    """
    if table.num_rows == 0 or not all(primitive in ADDED for _, primitive in slots):
        return None
    layout = chunks.layout_of(table)
    places = {label: n for n, label in enumerate(layout.labels)}
    labels = list(dict.fromkeys(label for label, _ in slots if label is not None))
    if not all(_is_plain(table.column(places[la]), layout.dtypes[places[la]]) for la in labels):
        return None
    columns = [table.column(places[key]) for key in keys]
    if any(column.null_count for column in columns):
        return None
    dtypes = [layout.dtypes[places[key]] for key in keys]
    values = {label: table.column(places[label]) for label in labels}
    if any(_is_text(column.type) for column in columns):
        return _by_hash(columns, dtypes, values, slots)
    return _by_codes(columns, dtypes, values, slots, sort)


def _is_plain(column: Any, dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf" and not column.null_count


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


# --- codes ----------------------------------------------------------------------------------


def _by_codes(
    columns: list[Any], dtypes: list[Any], values: dict[Any, Any], slots: Slots, sort: bool
) -> Any:
    rows = len(columns[0])
    whole = pa.Table.from_arrays([*columns, *values.values()], names=_names(columns, values))
    whole = whole.unify_dictionaries()
    keys = [_key(whole.column(n), dtype, rows) for n, dtype in enumerate(dtypes)]
    known = [key for key in keys if key is not None]
    total = int(np.prod([max(key.size, 1) for key in known], dtype=object))
    if len(known) < len(keys) or total > max(LEAST_CODES, 4 * rows):
        return None
    sums = _Sums(total, list(values), slots, first=not sort)
    for batch in whole.to_batches(max_chunksize=max(BLOCK, total)):
        codes = _joined([key.codes(batch.column(n)) for n, key in enumerate(known)], known)
        for n, label in enumerate(values):
            sums.add(label, codes, batch.column(len(known) + n).to_numpy())
        sums.count(codes)
    present = sums.present()
    made = dict(zip(_key_names(keys), _decoded(present, known), strict=True))
    return pd.DataFrame(made | {f"p{n}": sums.of(*slot)[present] for n, slot in enumerate(slots)})


def _names(columns: list[Any], values: dict[Any, Any]) -> list[str]:
    return [str(n) for n in range(len(columns) + len(values))]


def _key_names(keys: Sequence[Any]) -> list[str]:
    return [f"k{n}" for n in range(len(keys))]


def _joined(codes: list[Any], keys: list[_Key]) -> Any:
    """Mixed radix of all keys' codes."""
    whole = codes[0].astype(np.intp, copy=len(codes) > 1)
    for more, key in zip(codes[1:], keys[1:], strict=True):
        whole *= key.size
        whole += more
    return whole


def _decoded(present: Any, keys: list[_Key]) -> list[Any]:
    """Each key's values for joined codes."""
    rest, columns = present, []
    for key in reversed(keys):
        rest, own = np.divmod(rest, max(key.size, 1))
        columns.append(key.values(own))
    return columns[::-1]


def _key(column: Any, dtype: Any, rows: int) -> _Key | None:
    kind = column.type
    if pa.types.is_dictionary(kind):
        words = column.chunk(0).dictionary
        if words.null_count:
            return None

        def text(codes: Any) -> Any:
            return chunks.series_values(pa.chunked_array([words.take(pa.array(codes))]), dtype)

        return _Key(lambda block: block.indices.to_numpy(), len(words), text)
    if not pa.types.is_integer(kind) or getattr(dtype, "kind", "O") not in "iu":
        return None
    limits = pc.min_max(column)
    low, high = limits["min"].as_py(), limits["max"].as_py()
    if high - low >= max(LEAST_CODES, 4 * rows):
        return None
    wide = np.uint64 if dtype.kind == "u" else np.int64  # no difference of the two overflows
    return _Key(
        lambda block: (block.to_numpy().astype(wide, copy=False) - wide(low)).astype(np.intp),
        high - low + 1,
        lambda codes: (codes.astype(wide) + wide(low)).astype(dtype),
    )


class _Sums:
    """Sums, counts and sizes by code, block by block."""

    def __init__(self, total: int, labels: list[Any], slots: Slots, first: bool) -> None:
        self.total = total
        self.sizes = np.zeros(total, np.int64)
        self.summed = {label for label, primitive in slots if primitive == "sum"}
        self.sums: dict[Any, Any] = dict.fromkeys(labels)
        self.lost: dict[Any, Any] = dict.fromkeys(labels, 0)  # missing values of each group
        self.order: list[Any] | None = [] if first else None

    def count(self, codes: Any) -> None:
        """Take in how many rows of a block each group has."""
        found = np.bincount(codes, minlength=self.total)
        if self.order is not None:
            self.order.append(_in_order(codes, np.flatnonzero((found > 0) & (self.sizes == 0))))
        self.sizes += found

    def add(self, label: Any, codes: Any, values: Any) -> None:
        """Take in a block of one column."""
        if values.dtype.kind == "f":
            missing = np.isnan(values)
            if missing.any():
                self.lost[label] = self.lost[label] + np.bincount(
                    codes[missing], minlength=self.total
                )
                values = np.where(missing, 0.0, values)
        if label not in self.summed:
            return
        found = _block_sums(codes, values, self.total)
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, as in pandas
            self.sums[label] = found if self.sums[label] is None else self.sums[label] + found

    def present(self) -> Any:
        """Codes that occur, in the order of the codes or of their first rows."""
        if self.order is None:
            return np.flatnonzero(self.sizes)
        return np.concatenate(self.order)

    def of(self, label: Any, primitive: str) -> Any:
        """One primitive by code."""
        if primitive == "size":
            return self.sizes
        return self.sums[label] if primitive == "sum" else self.sizes - self.lost[label]


def _in_order(codes: Any, new: Any) -> Any:
    """Codes that a block brings, by their first rows in it."""
    if len(new) < 2:
        return new
    first = np.full(int(codes.max()) + 1, len(codes))
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return new[np.argsort(first[new], kind="stable")]


def _block_sums(codes: Any, values: Any, total: int) -> Any:
    """Sums by code; of whole numbers exact, in 64 bits."""
    if values.dtype.kind == "f":
        return np.bincount(codes, weights=values, minlength=total)
    wide = np.uint64 if values.dtype.kind == "u" else np.int64
    reach = max(abs(int(values.min())), abs(int(values.max())))
    if reach * len(values) < EXACT_FLOAT:
        return np.bincount(codes, weights=values, minlength=total).astype(wide)
    sums = np.zeros(total, wide)
    np.add.at(sums, codes, values.astype(wide))
    return sums


# --- Arrow's hash table ---------------------------------------------------------------------


def _by_hash(columns: list[Any], dtypes: list[Any], values: dict[Any, Any], slots: Slots) -> Any:
    """By Arrow; None where a float column has NaN, which Arrow would add."""
    for column in values.values():
        if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
            return None
    columns = [_flat(column) for column in columns]
    labels = list(values)
    table = pa.Table.from_arrays([*columns, *values.values()], names=_names(columns, values))
    made = _grouped(table, len(columns), [_spec(slot, labels, len(columns)) for slot in slots])
    keys = [chunks.series_values(made.column(n), dtype) for n, dtype in enumerate(dtypes)]
    found = [made.column(len(columns) + n).to_numpy() for n in range(len(slots))]
    names = [f"p{n}" for n in range(len(slots))]
    return pd.DataFrame(dict(zip([*_key_names(keys), *names], [*keys, *found], strict=True)))


def _flat(column: Any) -> Any:
    """A key as Arrow's hash table likes it: its fast one has no 64-bit offsets."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_large_string(kind) and column.nbytes < MOST_SHORT:
        kind = pa.string()
    return column if kind == column.type else column.cast(kind)


def _spec(slot: tuple[Any, str], labels: list[Any], keys: int) -> tuple[str | list[str], str]:
    label, primitive = slot
    if primitive == "size":
        return [], "count_all"
    return str(keys + labels.index(label)), primitive


def _grouped(table: Any, keys: int, specs: list[tuple[str | list[str], str]]) -> Any:
    """Keys, then the aggregates in their order; groups in the order in which they appear."""
    names = [str(n) for n in range(keys)]
    made = pa.TableGroupBy(table, names, use_threads=False).aggregate(specs)
    found = [
        made.column("count_all" if how == "count_all" else f"{name}_{how}") for name, how in specs
    ]
    every = [*(made.column(name) for name in names), *found]
    return pa.Table.from_arrays(every, names=[str(n) for n in range(len(every))])


def combined_sums(frame: Any, keys: int, slots: Slots, sort: bool) -> Any:
    """Partials of several partitions as one, keys as index; None where Arrow would not do.

    A sum that is NaN (of infinities) stays so: missing values have been left out before.
    """
    if not all(primitive in ADDED for _, primitive in slots) or not slots:
        return None
    arrays = [_key_array(frame[f"k{n}"]) for n in range(keys)]
    if any(array is None for array in arrays):
        return None
    values = [pa.array(frame[f"p{n}"].to_numpy()) for n in range(len(slots))]
    names = [str(n) for n in range(keys + len(values))]
    table = pa.Table.from_arrays([*arrays, *values], names=names)
    made = _grouped(table, keys, [(str(keys + n), "sum") for n in range(len(values))])
    if sort:
        order = pc.sort_indices(made, sort_keys=[(str(n), "ascending") for n in range(keys)])
        made = made.take(order)
    found = {f"p{n}": made.column(keys + n).to_numpy() for n in range(len(values))}
    levels = [
        pd.Index(chunks.series_values(made.column(n), frame[f"k{n}"].dtype), name=f"k{n}")
        for n in range(keys)
    ]
    index = levels[0] if keys == 1 else pd.MultiIndex.from_arrays(levels)
    return pd.DataFrame(found, index=index)


def _key_array(key: Any) -> Any:
    """Text and whole numbers as Arrow has them; None for others and where keys are missing."""
    text = isinstance(key.dtype, pd.StringDtype) and key.dtype.storage == "pyarrow"
    if not text and not (isinstance(key.dtype, np.dtype) and key.dtype.kind in "iu"):
        return None
    array = pa.array(key.array)
    return None if array.null_count else _flat(array)
