"""What loc, iloc, at and iat do to rows that were chosen, and to partitions when they assign."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.arguments import fill_places
from shframe.dataframe.kernels.positions import rows_of


def as_column(part: Any, labels: Any) -> Any:
    """What was found of each label, as a Series under the labels of the rows."""
    index = partition.as_pandas(part).index
    return pd.Series(np.asarray(labels, dtype=bool), index=index)


def locate(rows: Any, *, key: Any) -> Any:
    """pandas' own loc; of rows that have a schema only, those without rows."""
    found = partition.as_pandas(rows)
    return found.loc[key, :] if isinstance(key, tuple) and found.ndim == 2 else found.loc[key]


def locate_given(rows: Any, key: Any) -> Any:
    """pandas' own loc of a label that was computed."""
    return partition.as_pandas(rows).loc[key]


def have_labels(part: Any, *, parts: tuple[Any, ...]) -> Any:
    """Which rows have some labels in their first levels."""
    index = partition.as_pandas(part).index
    found = np.ones(len(index), bool)
    for level, label in enumerate(parts):
        found &= np.asarray(index.get_level_values(level) == label, dtype=bool)
    return pd.Series(found, index=index)


def any_row(mask: Any, *, parts: tuple[Any, ...]) -> bool:
    """Whether a partition has such rows."""
    return bool(mask.any())


def check_rows(*found: bool, parts: tuple[Any, ...]) -> bool:
    """Raises KeyError where no partition has them."""
    if not any(found):
        raise KeyError(parts if len(parts) > 1 else parts[0])
    return True


def drop_levels(part: Any, found: bool, *, count: int) -> Any:
    """The rows without the first levels of their labels."""
    return partition.as_pandas(part).droplevel(list(range(count)))


def find_slice(labels: Any, *, start: Any, stop: Any) -> Any:
    """Where the rows from one label to another are."""
    return labels.slice_indexer(start, stop)


def locate_number(rows: Any, *, key: Any) -> Any:
    """pandas' own iloc."""
    return rows_of(partition.as_pandas(rows), key)


def take_number(part: Any, counts: list[int], *, place: int, number: int) -> Any:
    """The row with a number in the whole, if this partition has it; raises IndexError."""
    total, begin = sum(counts), sum(counts[:place])
    if not -total <= number < total:
        raise IndexError("single positional indexer is out-of-bounds")
    here = number % total - begin
    inside = 0 <= here < counts[place]
    return partition.slice_rows(part, here if inside else 0, here + 1 if inside else 0)


def only_row(rows: Any) -> Any:
    """The one row that was chosen."""
    return partition.as_pandas(rows).iloc[0]


def only_label(labels: Any) -> Any:
    """The one label that was chosen."""
    return partition.as_pandas(labels)[0]


def take_wanted(part: Any, counts: list[int], *given: Any, place: int, wanted: Any = None) -> Any:
    """The rows of a partition whose numbers in the whole are among some, in their order."""
    total, begin = sum(counts), sum(counts[:place])
    numbers = _numbers(given[0] if given else wanted, total)
    inside = np.unique(numbers[(numbers >= begin) & (numbers < begin + counts[place])]) - begin
    return rows_of(partition.as_pandas(part), inside)


def take_in_order(rows: Any, counts: Any, *given: Any, wanted: Any = None) -> Any:
    """Rows that were chosen, in the order in which they were asked for."""
    if not isinstance(counts, list):  # of a schema only
        return rows[:0] if isinstance(rows, pd.Index) else rows.iloc[:0]
    numbers = _numbers(given[0] if given else wanted, sum(counts))
    return rows_of(rows, np.searchsorted(np.unique(numbers), numbers))


def _numbers(wanted: Any, total: int) -> Any:
    """Numbers of rows, int64, of which none is negative; raises IndexError as pandas does."""
    numbers = np.asarray(wanted)
    if numbers.dtype == bool:
        if len(numbers) != total:
            raise IndexError(f"Boolean index has wrong length: {len(numbers)} instead of {total}")
        return np.flatnonzero(numbers)
    numbers = numbers.astype(np.int64)
    if len(numbers) and (numbers.min() < -total or numbers.max() >= total):
        raise IndexError("positional indexers are out-of-bounds")
    return np.where(numbers < 0, numbers + total, numbers)


def get_at(rows: Any, *, key: Any) -> Any:
    """The value under a label."""
    return partition.as_pandas(rows).at[key]


def get_at_given(rows: Any, key: Any) -> Any:
    """The value under a label that was computed."""
    return partition.as_pandas(rows).at[key]


def set_where(part: Any, mask: Any, *more: Any, columns: Any, value: Any, others: int) -> Any:
    """A partition with a value where a condition holds; of a column that is new, else missing."""
    made = partition.as_pandas(part).copy()
    flags = np.asarray(partition.as_pandas(mask).fillna(False), dtype=bool)
    given = fill_places(value, [partition.as_pandas(one) for one in more])
    if others:
        given = given[flags]
    if made.ndim == 1:
        made.loc[flags] = given
    elif len(made):
        made.loc[flags, columns] = given
    elif isinstance(columns, Hashable) and columns not in made.columns:
        made[columns] = _new_column(given)
    return made


def _new_column(value: Any) -> Any:
    """A column without rows as it is where some of its rows have a value."""
    rows = pd.DataFrame(index=range(2))
    rows.loc[[True, False], 0] = value if pd.api.types.is_scalar(value) else np.nan
    return rows[0].iloc[:0]


def set_labels(part: Any, *given: Any, rows: Any, columns: Any, value: Any) -> Any:
    """All rows with a value under some labels."""
    inputs = [partition.as_pandas(one) for one in given]
    rows, value = fill_places(rows, inputs), fill_places(value, inputs)
    made = partition.as_pandas(part).copy()
    if made.ndim == 1:
        made.loc[rows] = value
    else:
        made.loc[rows, columns] = value
    return made


def set_numbers(rows: Any, *, key: Any, value: Any) -> Any:
    """All rows with a value at some numbers."""
    made = partition.as_pandas(rows).copy()
    made.iloc[key] = value
    return made
