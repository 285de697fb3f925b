"""Which row groups may hold a row that is asked for, by the statistics in the footers.

A bound is used only where the footer's value is the column's own: of one leaf, of the type of the
whole, readable, and not NaN. It is compared as the filter itself compares the values (by pandas
for a mask, by Arrow for `filters=`), so that both round alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from shframe.dataframe import partition
from shframe.dataframe.sources.parquet_source import ParquetSource, RowGroup

Term = tuple[str, str, Any]  # a field, an operator as Arrow writes it, a value
Comparison = Callable[[Any, str, Any], Any]  # bounds, operator, value -> where it holds
MOST_VALUES = 64  # of an `in`: with more, the smallest and the largest stand for all
_NAMES = {"==": "eq", "=": "eq", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "in": "in"}
_SIGNS = {name: sign for sign, name in _NAMES.items()}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Smallest and largest values of a column in the row groups at these places.

    impossible: places of row groups where every value is missing.
    """

    places: list[int]
    lows: Any
    highs: Any
    impossible: Sequence[int] = ()


def needed_groups(
    source: ParquetSource,
    prune: Sequence[tuple[Any, str, Any]],
    filters: Sequence[Sequence[Term]],
    limit: int | None,
) -> list[RowGroup]:
    """Row groups that may hold a row which meets all conditions, up to `limit` rows.

    prune: conditions of masks (label, name of an operator, value), all of which hold.
    filters: alternatives, each of terms that all hold; none: every row.
    """
    keep = np.ones(len(source.row_groups), bool)
    for label, op, value in prune:
        field = source.field_of(label)
        if field is not None:  # else it is a level of the index
            compare = _compare_by_pandas(source.meta[label].dtype)
            keep &= _find_possible(source, field, op, value, compare)
    if filters:
        keep &= np.any([_find_alternative(source, terms) for terms in filters], axis=0)
    groups = [group for group, kept in zip(source.row_groups, keep, strict=True) if kept]
    return groups if limit is None else _take_rows(groups, limit)


def _take_rows(groups: list[RowGroup], limit: int) -> list[RowGroup]:
    rows = 0
    for n, group in enumerate(groups):
        rows += group.rows
        if rows >= limit:
            return groups[: n + 1]
    return groups


def _find_alternative(source: ParquetSource, terms: Sequence[Term]) -> Any:
    keep = np.ones(len(source.row_groups), bool)
    for name, sign, value in terms:
        if sign in _NAMES:
            keep &= _find_possible(source, name, _NAMES[sign], value, _compare_by_arrow)
    return keep


def _find_possible(
    source: ParquetSource, name: str, op: str, value: Any, compare: Comparison
) -> Any:
    """Where a row of a row group can meet the condition, (row groups,) bool."""
    keep = np.ones(len(source.row_groups), bool)
    if op == "in":
        value = list(value)
    if any(pd.isna(one) for one in (value if op == "in" else [value])):
        return keep  # a missing value may be what is asked for
    try:
        bounds = _find_bounds(source, name, op)
        if bounds.places:
            keep[bounds.places] = _compare_bounds(bounds, op, value, compare)
    except Exception:  # what does not compare is for the exact filter to say
        return np.ones(len(source.row_groups), bool)
    keep[list(bounds.impossible)] = False
    return keep


def _compare_bounds(bounds: Bounds, op: str, value: Any, compare: Comparison) -> Any:
    if op in ("lt", "le"):
        return compare(bounds.lows, op, value)
    if op in ("gt", "ge"):
        return compare(bounds.highs, op, value)
    if op == "in" and compare is _compare_by_arrow:  # it rounds them to the column's type
        value = pa.array(value).cast(bounds.lows.type, safe=False).to_pylist()
    ranges = [(value, value)] if op == "eq" else [(one, one) for one in value]
    if len(ranges) > MOST_VALUES:
        ranges = [(min(value), max(value))]
    possible = np.zeros(len(bounds.places), bool)
    for low, high in ranges:
        possible |= compare(bounds.lows, "le", high) & compare(bounds.highs, "ge", low)
    return possible


def _compare_by_pandas(dtype: Any) -> Comparison:
    """Compare as a Series of the dtype does; a category as its values do."""

    def compare(bounds: Any, op: str, value: Any) -> Any:
        category = isinstance(dtype, pd.CategoricalDtype)
        series = pd.Series(
            bounds.to_pylist() if category else partition.series_values(bounds, dtype)
        )
        return np.asarray(getattr(operator, op)(series, value), dtype=bool)

    return compare


def _compare_by_arrow(bounds: Any, op: str, value: Any) -> Any:
    table = pa.table({"bound": bounds, "place": np.arange(len(bounds))})
    holds = pq.filters_to_expression([("bound", _SIGNS[op], value)])
    kept = ds.dataset(table).to_table(filter=holds, use_threads=False)["place"].to_numpy()
    return np.isin(np.arange(len(bounds)), kept)


def _find_bounds(source: ParquetSource, name: str, op: str) -> Bounds:
    if name in source.hive.dtypes:
        return _bounds_of_folders(source, name)
    kind = source.schema.field(name).type
    if pa.types.is_dictionary(kind) and op in ("eq", "in"):
        kind = kind.value_type
    found = list(_read_statistics(source, name)) if _compares(kind) else []
    return Bounds(
        [place for place, _, _ in found],
        pa.array([low for _, low, _ in found], kind),
        pa.array([high for _, _, high in found], kind),
    )


def find_range(source: ParquetSource, name: str) -> tuple[int, int] | None:
    """The smallest and the largest integer of a column; None where the footers do not say."""
    if not pa.types.is_integer(source.schema.field(name).type):
        return None
    found = list(_read_statistics(source, name))
    if not found or len(found) < len(source.row_groups):
        return None
    return min(low for _, low, _ in found), max(high for _, _, high in found)


def count_missing(source: ParquetSource, name: str) -> int | None:
    """How many values of a column are null; None where the footers do not say."""
    if name in source.hive.dtypes or pa.types.is_nested(source.schema.field(name).type):
        return None
    total = 0
    for group in source.row_groups:
        leaves = source.layouts[group.file].leaves.get(name)
        if leaves is None:
            return None
        column = source.footer(group.file).row_group(group.number).column(leaves[0])
        if column.statistics is None or not column.statistics.has_null_count:
            return None
        total += column.statistics.null_count
    return total


def _bounds_of_folders(source: ParquetSource, name: str) -> Bounds:
    values = [source.hive.values[group.file][name] for group in source.row_groups]
    places = [n for n, value in enumerate(values) if value is not None]
    known = pa.array([values[n] for n in places])
    return Bounds(places, known, known, [n for n, value in enumerate(values) if value is None])


def _compares(kind: Any) -> bool:
    """Whether a footer's bounds of this type are values of the column, in its order."""
    types = pa.types
    return bool(
        types.is_integer(kind)
        or (types.is_floating(kind) and kind != pa.float16())
        or types.is_boolean(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_timestamp(kind)
        or types.is_date(kind)
    )


def _read_statistics(source: ParquetSource, name: str) -> Iterator[tuple[int, Any, Any]]:
    """Place, smallest and largest value of the row groups whose footers say them."""
    whole = source.schema.field(name).type
    for place, group in enumerate(source.row_groups):
        layout = source.layouts[group.file]
        leaves = layout.leaves.get(name)
        if leaves is None or layout.schema.field(name).type != whole:
            continue
        statistics = source.footer(group.file).row_group(group.number).column(leaves[0]).statistics
        if statistics is None or not statistics.has_min_max:
            continue
        try:
            low, high = statistics.min, statistics.max
        except Exception:  # a bound that Python cannot hold, or cut within a letter
            continue
        if low == low and high == high:
            yield place, low, high
