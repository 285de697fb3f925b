"""What is done to the rows of one partition by themselves; run in workers, on real partitions
and, to find dtypes and mistakes at the call, on empty ones."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.arguments import Place, as_written, fill_places
from shframe.dataframe.kernels.lazy_results import computed

ARRAYS = (np.ndarray, pd.api.extensions.ExtensionArray)
COUNT_OF_WHOLE = Place(1)  # the second of what assigned() gets besides the frame

OPERATORS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "and_",
        "or_",
        "xor",
        "neg",
        "pos",
        "invert",
        "abs",
    ]
}


def select_columns(part: Any, *, labels: Any) -> Any:
    """Some columns as a frame; a table stays a table, unless only its rows are left of it."""
    if partition.is_table(part) and labels:
        known = partition.layout_of(part).labels
        if known.is_unique:
            return partition.select(part, [known.get_loc(n) for n in labels])
    return partition.as_pandas(part)[list(labels)]


def select_column(part: Any, *, label: Any) -> Any:
    """One column as a Series."""
    if partition.is_table(part):
        known = partition.layout_of(part).labels
        place = known.get_loc(label) if known.is_unique else None
        if isinstance(place, int):
            return partition.series_of(part, place)
    return partition.as_pandas(part)[label]


def operate(left: Any, right: Any, *, name: str, reflected: bool = False) -> Any:
    """An operator between two partitions, a partition and a value, or two values."""
    apply = OPERATORS[name]
    a, b = partition.as_pandas(left), partition.as_pandas(right)
    return _as_rows(apply(b, a) if reflected else apply(a, b), a, b)


def operate_scalar(part: Any, *, name: str, value: Any, reflected: bool) -> Any:
    """An operator between a partition and a plain value."""
    part = partition.as_pandas(part)
    apply = OPERATORS[name]
    return _as_rows(apply(value, part) if reflected else apply(part, value), part)


def _as_rows(made: Any, *operands: Any) -> Any:
    """What pandas gives as an array, of an Index among the operands, as an Index."""
    plain = isinstance(made, ARRAYS)
    of_index = plain and any(isinstance(one, pd.Index) for one in operands)
    return pd.Index(made) if of_index else made


def operate_unary(part: Any, *, name: str) -> Any:
    """An operator on a partition."""
    part = partition.as_pandas(part)
    return _as_rows(OPERATORS[name](part), part)


def filter_rows(part: Any, mask: Any, *, positional: bool) -> Any:
    """Rows where the mask is true; a table stays a table.

    positional: whether the mask is known to have the labels of the partition.
    """
    keep = partition.as_pandas(mask)
    if keep.dtype != bool:
        keep = keep.fillna(False).astype(bool) if str(keep.dtype) == "boolean" else keep
    if partition.is_table(part) and keep.dtype == bool and positional:
        return partition.filter_rows(part, keep.to_numpy())
    with warnings.catch_warnings():  # that the mask is reindexed is what was asked for
        warnings.simplefilter("ignore", UserWarning)
        return partition.as_pandas(part)[keep]


def assign(
    part: Any,
    *inputs: Any,
    labels: tuple[Any, ...],
    plain: dict[Any, Any],
    whole: Any = 0,
    positional: bool = False,
) -> Any:
    """A frame with further columns: partitions for `labels`, values in `plain`; a table stays one.

    whole: rows of the whole frame. If it has none, pandas gives it those of the column; a partition
    without rows is no such frame.
    positional: whether the partitions are known to have the labels of the frame's rows.
    """
    if positional and partition.is_table(part) and part.num_rows:
        made = _assign_to_table(part, labels, [partition.as_pandas(one) for one in inputs])
        if made is not None:
            return made
    frame = partition.as_pandas(part).copy(deep=False)
    empty = not len(frame) and fill_places(whole, inputs) > 0
    for label, value in zip(labels, inputs, strict=False):
        column = partition.as_pandas(value)
        by_label = empty and not isinstance(column, pd.Index)
        frame[label] = column.reindex(frame.index) if by_label else column
    for label, value in plain.items():
        frame[label] = fill_places(value, inputs)
    return frame


def _assign_to_table(table: Any, labels: tuple[Any, ...], columns: list[Any]) -> Any:
    """The table with columns at its side, or in place of others; None where it cannot hold them."""
    for label, column in zip(labels, columns, strict=False):
        if table is None or column.ndim != 1 or len(column) != table.num_rows:
            return None
        table = partition.with_column(table, label, column)
    return table


def call_method(
    part: Any, *inputs: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A pandas method, by its (dotted) name; what is an array of an index, as an index."""
    made = call_for_value(part, *inputs, name=name, args=args, kwargs=kwargs)
    return _as_rows(made, partition.as_pandas(part)) if isinstance(made, ARRAYS) else made


def call_for_value(
    part: Any, *inputs: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A pandas method, by its (dotted) name."""
    values = [partition.as_pandas(one) for one in inputs]
    if name == "rename" and partition.is_table(part) and list(kwargs) == ["columns"] and not inputs:
        empty = partition.as_pandas(part.slice(0, 0)).rename(**as_written(kwargs))
        return partition.with_labels_of(part, empty.columns)
    part = partition.as_pandas(part)
    words = name.split(".")
    found: Any = part
    if words[0] == "str" and part.dtype == "f8":  # all missing: pandas forgot what was to be here
        found = part.astype(object)
    for word in words:
        found = getattr(found, word)
    given = as_written(fill_places(args, values)), as_written(fill_places(kwargs, values))
    return found(*given[0], **given[1])


def call_for_item(
    part: Any, *inputs: Any, name: str, args: Any, kwargs: dict[str, Any], item: int
) -> Any:
    """One of the objects that a pandas method returns."""
    return call_method(part, *inputs, name=name, args=args, kwargs=kwargs)[item]


def call_to_update(part: Any, *inputs: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """The rows after a pandas method changed them."""
    made = partition.as_pandas(part).copy()
    call_method(made, *inputs, name=name, args=args, kwargs=kwargs)
    return made


def get_attribute(part: Any, *, name: str) -> Any:
    """A pandas attribute, by its (dotted) name."""
    found: Any = partition.as_pandas(part)
    for word in name.split("."):
        found = getattr(found, word)
    return found


def get_of_each(part: Any, *, name: str) -> Any:
    """An attribute that has a value for each row; of an index, as an index."""
    part = partition.as_pandas(part)
    return _as_rows(get_attribute(part, name=name), part)


def call_user_function(
    part: Any, *values: Any, function: Any, args: Any, kwargs: Any, writable: bool = True
) -> Any:
    """A user's function on a partition; it sees pandas objects."""
    seen = partition.as_writable if writable else partition.as_pandas
    made = function(seen(part), *fill_places(args, values), **fill_places(kwargs, values))
    found = computed(made)
    one = found is not None and pd.api.types.is_scalar(found)
    return pd.Series([found]) if one else found  # a value for each partition, as Dask has it


def evaluate(part: Any, *values: Any, text: str, names: dict[str, Any]) -> Any:
    """pandas' eval of an expression with the local values that it names."""
    known = fill_places(names, values)
    frame = partition.as_pandas(part)
    made = frame.eval(text, local_dict=known, global_dict={}, engine="python")
    return _as_rows(made, frame.index)


def pass_through(part: Any) -> Any:
    """The partition."""
    return part


def get_index(part: Any) -> Any:
    """The index of a partition."""
    if partition.is_table(part):
        return partition.index_of(part, partition.layout_of(part))
    return part.index


def get_level(part: Any, *, level: Any) -> Any:
    """The labels of one level of the index as a Series."""
    index = get_index(part)
    return pd.Series(index.get_level_values(level), index=index)


def map_labels(part: Any, *, function: Any) -> Any:
    """What a function or mapping makes of each label of the rows, as a Series."""
    index = get_index(part)
    called = function.get if isinstance(function, dict) else getattr(function, "function", function)
    return pd.Series(index.map(called), index=index)


def count_rows(part: Any) -> int:
    """Rows of a partition."""
    return partition.rows_in(part)


def add_counts(*counts: int) -> int:
    """Rows of all partitions."""
    return sum(counts)


def renumber(part: Any, counts: list[int], *, place: int) -> Any:
    """The partition with an index that goes on where the partitions before it end."""
    start = sum(counts[:place])
    if partition.is_table(part):
        layout = partition.layout_of(part)
        return partition.with_layout(part, partition.with_start(layout, start))
    part = part.copy(deep=False)
    part.index = pd.RangeIndex(start, start + len(part), name=part.index.name)
    return part


def collect(*counts: int) -> list[int]:
    """The row counts of all partitions."""
    return list(counts)


def take_first(part: Any, *, count: int) -> Any:
    """The first rows of a partition."""
    return partition.slice_rows(part, 0, min(count, partition.rows_in(part)))


def take_last(part: Any, *, count: int) -> Any:
    """The last rows of a partition."""
    size = partition.rows_in(part)
    return partition.slice_rows(part, max(size - count, 0), size)


def stack(*parts: Any) -> Any:
    """Partitions one after another as one pandas object."""
    return partition.concatenate(parts, partition.as_pandas(parts[0]), fresh=False)


def stack_and_number(*parts: Any) -> Any:
    """Partitions one after another, with an index that counts their rows."""
    return partition.concatenate(parts, partition.as_pandas(parts[0]), fresh=True)


def take_run(counts: list[int], *parts: Any, place: int, count: int) -> Any:
    """The rows of all partitions from place / count of them to (place + 1) / count."""
    total = sum(counts)
    start, stop = total * place // count, total * (place + 1) // count
    pieces, begin = [], 0
    for part, size in zip(parts, counts, strict=True):
        low, high = max(start - begin, 0), min(stop - begin, size)
        if low < high:
            pieces.append(partition.slice_rows(part, low, high))
        begin += size
    return stack(*(pieces or [partition.slice_rows(parts[0], 0, 0)]))


def take_place(whole: Any, counts: list[int], *, place: int) -> Any:
    """The rows of the whole that one of its partitions had."""
    start = sum(counts[:place])
    return partition.slice_rows(whole, start, start + counts[place])


def drop_index(part: Any) -> Any:
    """The rows with an index that counts them from 0."""
    if partition.is_table(part):
        layout = partition.layout_of(part)
        columns = part.columns[: layout.width]
        return partition.table_of(columns, partition.Layout(layout.labels, layout.dtypes))
    return part.reset_index(drop=True)


def decode_strings(part: Any) -> Any:
    """The partition as a result holds it: text as text, not as the dictionary it was read as."""
    if not partition.is_table(part):
        return part
    layout = partition.layout_of(part)
    dtypes = (*layout.dtypes, *layout.levels)
    if not any(isinstance(dtype, pd.StringDtype) for dtype in dtypes):
        return part
    columns = [
        partition.as_text(column) if isinstance(dtype, pd.StringDtype) else column
        for column, dtype in zip(part.columns, dtypes, strict=True)
    ]
    return partition.table_of(columns, layout)
