"""Partitions: an Arrow table with a layout, or a pandas object; and the way from one to the other.

A partition is a table where it was read or joined (columns by position, labels and index in the
layout, text of low cardinality as dictionaries) and a pandas object where pandas worked on it.
Both are stored as aligned buffers and read in place. What the table cannot hold (Python objects,
complex numbers, periods) stays a pandas object, so that nothing is converted by surprise.
"""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shframe.dataframe.answers import Answers
from shframe.dataframe.taking import take_columns, take_plain
from shframe.graph.tracing.copies import converted, looked_at
from shframe.store.reader import writable_copy

_META = b"shframe"
MOSTLY = 0.9  # of rows: where more are kept, Arrow copies runs of them
FEW_ROWS = 1 << 16  # copied before threads for it would have started


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table's columns are in pandas.

    labels: the column labels, of any kind, duplicates too.
    dtypes: pandas' dtype of each column.
    names: names of the index levels; the levels are the last columns of the table.
    levels: pandas' dtypes of those.
    start: where there is no level: the first value of the RangeIndex.
    """

    labels: Any  # pd.Index
    dtypes: tuple[Any, ...]
    names: tuple[Any, ...] = (None,)
    levels: tuple[Any, ...] = ()
    start: int = 0

    @property
    def width(self) -> int:
        """Columns that are not index levels."""
        return len(self.dtypes)


@functools.lru_cache(maxsize=512)
def _unpack(packed: bytes) -> Layout:
    layout: Layout = pickle.loads(packed)
    return layout


def layout_of(table: Any) -> Layout:
    """The layout that a table carries in its schema."""
    return _unpack(table.schema.metadata[_META])


def with_layout(table: Any, layout: Layout) -> Any:
    """The table with this layout; nothing is copied."""
    return table.replace_schema_metadata({_META: _pack(layout)})


_ask_once = Answers().ask


def _pack(layout: Layout) -> bytes:
    """A layout as bytes; those of the same labels, which most operations hand on, are kept."""
    if any(isinstance(one, pd.CategoricalDtype) for one in (*layout.dtypes, *layout.levels)):
        return pickle.dumps(layout, protocol=5)  # whose hash is that of all categories
    names = layout.names
    rest = layout.dtypes, layout.levels, layout.start, names, tuple(map(type, names))
    return _ask_once(rest, [layout.labels], lambda: pickle.dumps(layout, protocol=5))  # type: ignore[no-any-return]


def table_of(columns: Sequence[Any], layout: Layout) -> Any:
    """A table of these columns (index levels last)."""
    names = [str(n) for n in range(len(columns))]
    return with_layout(pa.Table.from_arrays(list(columns), names=names), layout)


def is_table(part: Any) -> bool:
    return isinstance(part, pa.Table)


def rows_in(part: Any) -> int:
    """Rows of a partition of either kind."""
    return int(part.num_rows) if is_table(part) else len(part)


def as_pandas(part: Any) -> Any:
    """The partition as a pandas object; zero-copy for numbers, times and text without nulls."""
    if not is_table(part):
        return part
    layout = layout_of(part)
    looked_at("as pandas", lambda: int(part.nbytes))
    columns = [series_values(part.column(n), dtype) for n, dtype in enumerate(layout.dtypes)]
    index = index_of(part, layout)
    frame = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
    frame.columns = layout.labels
    return frame


def series_of(table: Any, place: int) -> Any:
    """One column of a table as a Series."""
    layout, column = layout_of(table), table.column(place)
    looked_at("as pandas", lambda: int(column.nbytes))
    values = series_values(column, layout.dtypes[place])
    index = index_of(table, layout)
    return pd.Series(values, index=index, name=layout.labels[place], copy=False)


def as_writable(part: Any) -> Any:
    """The partition as a pandas object that its reader may change: columns of numbers and times
    in the store are copied by the page, as they are written."""
    seen = as_pandas(part)
    if isinstance(seen, pd.Index):
        return seen  # immutable
    if isinstance(seen, pd.Series):
        return pd.Series(_writable(seen), index=seen.index, name=seen.name, copy=False)
    columns = {n: _writable(seen.iloc[:, n]) for n in range(seen.shape[1])}
    frame = pd.DataFrame(columns, index=seen.index, copy=False)
    frame.columns = seen.columns
    return frame


def _writable(column: Any) -> Any:
    if isinstance(column.dtype, np.dtype):
        return writable_copy(column.to_numpy())
    return column.array.copy()


def index_of(table: Any, layout: Layout) -> Any:
    """The index that the layout describes."""
    width = layout.width
    if not layout.levels:
        return pd.RangeIndex(layout.start, layout.start + table.num_rows, name=layout.names[0])
    levels = [series_values(table.column(width + n), d) for n, d in enumerate(layout.levels)]
    if len(levels) == 1:
        return pd.Index(levels[0], name=layout.names[0], copy=False)
    return pd.MultiIndex.from_arrays(levels, names=list(layout.names))


def series_values(column: Any, dtype: Any) -> Any:
    """A column as pandas holds it: an array or extension array of this dtype.

    Where the column has nulls that the dtype cannot hold, pandas' own promotion is given:
    integers become float64, booleans become objects.
    """
    if isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow":
        return _text_values(column, dtype)
    if isinstance(dtype, np.dtype):
        return _numpy_values(column, dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical_values(column, dtype)
    if isinstance(dtype, pd.ArrowDtype):
        return pd.arrays.ArrowExtensionArray(column.cast(dtype.pyarrow_dtype))
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(column)  # through NumPy large numbers beside NA would round
    return pd.Series(column.to_pandas()).astype(dtype).array


def as_text(column: Any) -> Any:
    """A column of text, however it is encoded, as pandas' own string arrays hold it."""
    if column.type == pa.large_string():
        return column
    text = column.cast(pa.large_string())
    plain = pa.types.is_string(column.type)  # only its offsets become longer
    converted(f"{_kind(column)} to text", 8 * len(text) if plain else text.nbytes)
    return text


def _text_values(column: Any, dtype: Any) -> Any:
    return _text_array(as_text(column), dtype)


def _text_array(column: Any, dtype: Any) -> Any:
    make: Any = pd.arrays.ArrowStringArray  # the stubs do not know its dtype parameter
    return make(column, dtype=dtype)


def _numpy_values(column: Any, dtype: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else _one_array(column)
    if column.null_count and dtype.kind in "iu":
        values = column.to_pandas().to_numpy()
    elif column.null_count and dtype.kind == "b":
        values = column.to_numpy(zero_copy_only=False)
        values[column.is_null().to_numpy(zero_copy_only=False)] = np.nan  # not None, as in pandas
    elif dtype.kind in "mM":
        unit = np.datetime_data(dtype)[0]
        wanted = pa.timestamp(unit) if dtype.kind == "M" else pa.duration(unit)
        column = column.cast(wanted) if column.type != wanted else column
        values = column.to_numpy(zero_copy_only=False).astype(dtype, copy=False)
    else:
        values = column.to_numpy(zero_copy_only=False).astype(dtype, copy=False)
    if values.nbytes and not _shares(values, column):
        converted(f"{_kind(column)} to {values.dtype}", values.nbytes)
    return values


def _one_array(column: Any) -> Any:
    """The chunks of a column in one array."""
    if not column.num_chunks:
        return pa.array([], column.type)
    whole = pa.concat_arrays(column.chunks)
    converted(f"{column.num_chunks} chunks to one of {column.type}", whole.nbytes)
    return whole


def _shares(values: Any, column: Any) -> bool:
    """Whether the values lie where the column has them."""
    _, *buffers = column.buffers()  # a column of nulls alone has none
    return any(b is not None and 0 <= values.ctypes.data - b.address < b.size for b in buffers[:1])


def _kind(column: Any) -> str:
    """What is converted, in words."""
    return f"{column.type} with nulls" if column.null_count else str(column.type)


def _categorical_values(column: Any, dtype: Any) -> Any:
    if not pa.types.is_dictionary(column.type):
        return pd.Categorical(column.to_pandas(), dtype=dtype)
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries()
    found = column.to_pandas()
    if dtype.categories.empty:  # a file's categories are known only when it has been read
        return found.array
    return found.astype(dtype).array


def as_table(frame: Any) -> Any:
    """A pandas frame as a table with a layout; None where Arrow cannot hold it exactly.

    Cost: nothing is copied of numbers, times and text; booleans become bits.
    """
    if is_table(frame):
        return frame
    columns = [column for _, column in frame.items()]
    index = frame.index
    ranged = isinstance(index, pd.RangeIndex) and index.step == 1
    levels = [] if ranged else [index.get_level_values(n) for n in range(index.nlevels)]
    arrays = [_arrow_column(one) for one in (*columns, *levels)]
    if any(array is None for array in arrays):
        return None
    layout = Layout(
        frame.columns,
        tuple(one.dtype for one in columns),
        tuple(index.names),
        tuple(level.dtype for level in levels),
        index.start if ranged else 0,
    )
    return table_of(arrays, layout)


def fits_table(meta: Any) -> bool:
    """Whether a table can hold a frame of these dtypes exactly."""
    index = meta.index
    ranged = isinstance(index, pd.RangeIndex) and index.step == 1
    levels = [] if ranged else [index.get_level_values(n).dtype for n in range(index.nlevels)]
    return all(map(_fits_column, (*meta.dtypes, *levels)))


def _fits_column(dtype: Any) -> bool:
    if isinstance(dtype, pd.CategoricalDtype):  # whose hash is that of all categories
        return bool(pd.api.types.is_string_dtype(dtype.categories.dtype))
    return _fits_plain_column(dtype)


@functools.lru_cache(maxsize=256)
def _fits_plain_column(dtype: Any) -> bool:
    return _arrow_column(pd.Series([], dtype=dtype)) is not None


def _arrow_column(values: Any) -> Any:
    """A Series or Index as Arrow data; None where values would change."""
    if isinstance(values, pd.MultiIndex):
        return None  # whose values are tuples
    dtype = values.dtype
    array = values.array
    if isinstance(dtype, np.dtype):
        if dtype.kind in "iub" or dtype in (np.dtype("f4"), np.dtype("f8")):
            return pa.array(np.asarray(array))
        if dtype.kind in "mM":
            return pa.array(np.asarray(array))
        return None
    if isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow":
        return pa.chunked_array(array.__arrow_array__())
    if isinstance(dtype, pd.ArrowDtype):
        return array.__arrow_array__()
    if isinstance(dtype, pd.CategoricalDtype):
        text = pd.api.types.is_string_dtype(dtype.categories.dtype)
        made: Any = pa.array(array) if text else None
        if text and dtype.categories.empty:  # Arrow cannot put words of no type together
            made = made.cast(pa.dictionary(made.type.index_type, pa.large_string(), dtype.ordered))
        return made
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and hasattr(array, "_mask"):
        return pa.array(array)
    return None


def select(table: Any, places: Sequence[int], labels: Any = None) -> Any:
    """Some columns of a table, with its index; labels: what they are called, None: as they were."""
    layout = layout_of(table)
    known = layout.labels
    if labels is None:
        labels = _ask_once(("take", *places), [known], lambda: known.take(places))
    width = layout.width
    kept = [*places, *range(width, width + len(layout.levels))]
    dtypes = tuple(layout.dtypes[n] for n in places)
    new = Layout(labels, dtypes, layout.names, layout.levels, layout.start)
    return table_of([table.column(n) for n in kept], new)


def with_labels_of(table: Any, labels: Any) -> Any:
    """The table with other labels of its columns."""
    return with_layout(table, replace(layout_of(table), labels=labels))


def with_column(table: Any, label: Any, values: Any) -> Any:
    """The table with a Series or Index as a column, last or in place of the one of this label.

    None where a table cannot hold it, or where several columns have the label.
    """
    layout, array = layout_of(table), _arrow_column(values)
    if array is None or isinstance(layout.labels, pd.MultiIndex) or not layout.labels.is_unique:
        return None
    columns, dtypes = list(table.columns), list(layout.dtypes)
    if label in layout.labels:
        place = layout.labels.get_loc(label)
        columns[place], dtypes[place] = array, values.dtype
        return table_of(columns, replace(layout, dtypes=tuple(dtypes)))
    columns.insert(layout.width, array)
    known, width = layout.labels, layout.width
    asked = "insert", width, label, type(label).__name__
    labels = _ask_once(asked, [known], lambda: known.insert(width, label))
    return table_of(columns, replace(layout, labels=labels, dtypes=(*dtypes, values.dtype)))


def filter_rows(table: Any, mask: Any) -> Any:
    """Rows of a table where the mask, (rows,) bool, is true; they keep their index values."""
    layout = layout_of(table)
    rows = np.flatnonzero(mask)
    if len(rows) == table.num_rows:
        return table
    if len(rows) > MOSTLY * table.num_rows:
        keep = pa.array(mask)
        taken = [take_plain(column, rows) for column in table.columns]
        columns = [
            column.filter(keep) if made is None else made
            for column, made in zip(table.columns, taken, strict=True)
        ]
    else:
        columns = take_columns(table.columns, rows)
    if layout.levels:
        return table_of(columns, layout)
    columns.append(pa.array(rows + layout.start))
    levels = (np.dtype("int64"),)
    return table_of(columns, Layout(layout.labels, layout.dtypes, layout.names, levels))


def without_index(table: Any) -> Any:
    """The table's columns alone: the result of a join counts its own rows."""
    layout = layout_of(table)
    columns = table.columns[: layout.width]
    return table_of(columns, Layout(layout.labels, layout.dtypes))


def with_labels(table: Any) -> Any:
    """The table with the labels of its rows as a column, so that rows keep theirs when moved."""
    layout = layout_of(table)
    if layout.levels:
        return table
    labels = pa.array(np.arange(layout.start, layout.start + table.num_rows, dtype=np.int64))
    levels = (np.dtype("int64"),)
    new = Layout(layout.labels, layout.dtypes, layout.names, levels)
    return table_of([*table.columns, labels], new)


def slice_rows(part: Any, start: int, stop: int) -> Any:
    """Rows start to stop of a partition; a view."""
    if not is_table(part):
        return part.iloc[start:stop] if not isinstance(part, pd.Index) else part[start:stop]
    layout = layout_of(part)
    piece = part.slice(start, stop - start)
    if layout.levels:
        return piece
    return with_layout(piece, with_start(layout, layout.start + start))


def with_start(layout: Layout, start: int) -> Layout:
    """The layout with another start of its RangeIndex."""
    return Layout(layout.labels, layout.dtypes, layout.names, layout.levels, start)


def concatenate(parts: Sequence[Any], meta: Any, *, fresh: bool) -> Any:
    """Partitions as one ordinary pandas object that owns its memory.

    meta: the empty object with the expected dtypes, given where there is no partition.
    fresh: whether the index counts the rows of the whole, so that a new one is made.
    """
    if all(is_table(part) for part in parts) and parts:
        return _concatenate_tables(parts, fresh=fresh)
    made = [as_pandas(part) for part in parts]
    filled = [part for part in made if len(part)] or made[:1]
    if not filled:
        return meta.copy()
    if isinstance(meta, pd.Index):
        return filled[0].append(filled[1:]) if len(filled) > 1 else filled[0].copy(deep=True)
    whole = filled[0].copy() if len(filled) == 1 else stack(filled)
    if fresh:
        whole.index = pd.RangeIndex(len(whole), name=whole.index.name)
    return whole


def stack(parts: list[Any]) -> Any:
    """pandas' frames or series one after another."""
    if len(parts) == 1:
        return parts[0]
    whole = pd.concat(same_categories(parts))
    if isinstance(whole, pd.Series):
        whole.name = parts[0].name  # pandas finds that two names which are NaN differ
    return whole


def same_categories(parts: list[Any]) -> list[Any]:
    """Categorical columns with one set of categories, as concat wants them to stay so."""
    first = parts[0]
    if isinstance(first, pd.Series):
        return (
            [
                frame[0].rename(first.name)
                for frame in same_categories([p.to_frame(0) for p in parts])
            ]
            if isinstance(first.dtype, pd.CategoricalDtype)
            else parts
        )
    from pandas.api.types import union_categoricals

    places = [n for n, d in enumerate(first.dtypes) if isinstance(d, pd.CategoricalDtype)]
    for n in places:
        columns = [part.iloc[:, n] for part in parts]
        known = columns[0].dtype
        if all(column.dtype == known for column in columns):
            continue
        if not all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
            continue  # the whole has values that are none of them
        union = union_categoricals([column.array for column in columns]).categories
        parts = [part.copy(deep=False) for part in parts]
        for part in parts:
            part.isetitem(n, part.iloc[:, n].cat.set_categories(union))
    return parts


def _concatenate_tables(parts: Sequence[Any], *, fresh: bool) -> Any:
    layouts = [layout_of(part) for part in parts]
    filled = [n for n, part in enumerate(parts) if part.num_rows] or [0]
    if not are_alike([parts[n] for n in filled]):
        whole = stack([as_pandas(parts[n]) for n in filled])
        if fresh:
            whole.index = pd.RangeIndex(len(whole), name=whole.index.name)
        return whole
    first = layouts[filled[0]]
    dtypes = (*first.dtypes, *first.levels)
    pieces: list[list[Any]] = [
        [parts[n].column(place) for n in filled] for place in range(len(dtypes))
    ]
    rows = sum(parts[n].num_rows for n in filled)
    columns = _join_columns(pieces, dtypes, rows)
    index: Any
    if fresh or (not first.levels and _consecutive(parts, layouts, filled)):
        start = 0 if fresh else first.start
        index = pd.RangeIndex(start, start + rows, name=first.names[0])
    elif not first.levels:
        runs = [np.arange(layouts[n].start, layouts[n].start + parts[n].num_rows) for n in filled]
        index = pd.Index(np.concatenate(runs), name=first.names[0])
    elif len(first.levels) == 1:
        index = pd.Index(columns[first.width], name=first.names[0], copy=False)
    else:
        index = pd.MultiIndex.from_arrays(columns[first.width :], names=list(first.names))
    frame = pd.DataFrame(dict(enumerate(columns[: first.width])), index=index, copy=False)
    frame.columns = first.labels
    return frame


def _join_columns(pieces: list[list[Any]], dtypes: tuple[Any, ...], rows: int) -> list[Any]:
    """The columns of all partitions, side by side where threads gain: copies let go of the GIL."""
    if rows < FEW_ROWS:
        return list(map(_join, pieces, dtypes))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(_join, pieces, dtypes))


def are_alike(tables: Sequence[Any]) -> bool:
    """Whether the columns and levels of all tables are of the same dtypes."""
    layouts = [layout_of(table) for table in tables]
    first = layouts[0]
    return all(one.dtypes == first.dtypes and one.levels == first.levels for one in layouts)


def _consecutive(parts: Sequence[Any], layouts: list[Layout], filled: list[int]) -> bool:
    expected = layouts[filled[0]].start
    for n in filled:
        if layouts[n].start != expected:
            return False
        expected += parts[n].num_rows
    return True


def _join(pieces: list[Any], dtype: Any) -> Any:
    """One column of several partitions' tables, in memory of its own; text stays where it is."""
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    if isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow":
        plain = [c if c.type == pa.large_string() else c.cast(pa.large_string()) for c in chunks]
        return _text_array(pa.chunked_array(plain, pa.large_string()), dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return _join_numbers(chunks, dtype)
    if len({c.type for c in chunks}) > 1:
        parts = [series_values(pa.chunked_array([c]), dtype) for c in chunks]
        return pd.concat([pd.Series(p) for p in parts], ignore_index=True).array
    column = pa.chunked_array(chunks) if chunks else pieces[0]
    values = series_values(column.unify_dictionaries(), dtype)
    return values.copy()


def _join_numbers(chunks: list[Any], dtype: Any) -> Any:
    """Numbers in one new array; with a null among them integers become floats, as in pandas."""
    lost = dtype.kind in "iu" and any(chunk.null_count for chunk in chunks)
    whole = np.empty(sum(map(len, chunks)), np.dtype("float64") if lost else dtype)
    start = 0
    for chunk in chunks:
        place = whole[start : start + len(chunk)]
        place[:] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)
    return whole
