"""Methods of a Series that give series and single values; frame.py has the class itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe import arguments
from shframe.dataframe.accessors import Accessor
from shframe.dataframe.attributes import missing_attribute
from shframe.dataframe.column import ColumnMethods
from shframe.dataframe.dask_options import refuse_engine
from shframe.dataframe.expr.columns import DropNull
from shframe.dataframe.expr.relations import MapPartitions, NumberRows
from shframe.dataframe.expr.values import collect_rows
from shframe.dataframe.in_place import IN_ITEM, IN_METHOD, may_be_in_place, warn_of_copy
from shframe.dataframe.indexers import Indexers
from shframe.dataframe.kernels.lazy_results import with_computed_results
from shframe.dataframe.methods import (
    arranging,
    duplicates,
    moments,
    ordering,
    reductions,
    reshaping,
    rowwise,
    sorting,
    summarising,
    tabulating,
)
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.user_functions import map_partitions
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.series_tables import SeriesTables
from shframe.dataframe.shared_methods import SharedMethods
from shframe.dataframe.windows import WindowMethods
from shframe.dataframe.wrap import wrap
from shframe.errors import InvalidArgument


class SeriesMethods(Indexers, WindowMethods, SeriesTables, SharedMethods, ColumnMethods):
    """What pandas does with one column of a frame."""

    __slots__ = ()

    @property
    def str(self) -> Accessor:
        """Methods of strings."""
        return Accessor(self.expr, "str")

    @property
    def dt(self) -> Accessor:
        """Parts and methods of times."""
        return Accessor(self.expr, "dt")

    @property
    def cat(self) -> Accessor:
        """Parts and methods of categories."""
        return Accessor(self.expr, "cat")

    @property
    def T(self) -> Self:
        """The same: a series has one axis."""
        return self._wrap(self.expr)

    def transpose(self) -> Self:
        """The same: a series has one axis."""
        return self._wrap(self.expr)

    @property
    def dtypes(self) -> Any:
        """pandas' dtype."""
        return self.dtype

    def divmod(
        self, other: Any, level: Any = None, fill_value: Any = None, axis: Any = 0
    ) -> tuple[Self, Self]:
        """(self // other, self % other)."""
        named = arguments.given(level=level, fill_value=fill_value, axis=axis)
        return self.floordiv(other, **named), self.mod(other, **named)

    def rdivmod(
        self, other: Any, level: Any = None, fill_value: Any = None, axis: Any = 0
    ) -> tuple[Self, Self]:
        """(other // self, other % self)."""
        named = arguments.given(level=level, fill_value=fill_value, axis=axis)
        return self.rfloordiv(other, **named), self.rmod(other, **named)

    @overload
    def __getitem__(self, key: ColumnMethods | slice | list[Any]) -> Self: ...
    @overload
    def __getitem__(self, key: Any) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        """Rows by a condition, labels, or a slice, of numbers or of labels; of a label its value,
        lazily."""
        return self._indexer(key)[rowwise.call_if_callable(key, self)]

    def __setitem__(self, key: Any, value: Any) -> None:
        warn_of_copy(self, IN_ITEM)
        self._indexer(key)[key] = value

    def _indexer(self, key: Any) -> Any:
        """What the key is one of: a slice of numbers is by number, all else by label."""
        numbers = isinstance(key, slice) and all(
            isinstance(one, (int, np.integer, type(None))) for one in (key.start, key.stop)
        )
        by_label = pd.api.types.is_float_dtype(self._meta.index.dtype)
        return self.iloc if numbers and not by_label else self.loc

    def __iter__(self) -> Iterator[Any]:
        return iter(self.compute())

    def __contains__(self, label: object) -> bool:
        return label in self.index.compute()

    def agg(self, func: Any = None, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
        """Reductions: a name or function, a list of them, a dict or label="sum".

        Cost: functions, and names of what has no partial results, bring the column into one task.
        """
        arguments.check_axis(self.expr, axis)
        return wrap(summarising.aggregate(self.expr, func, 0, args, kwargs))

    aggregate = agg

    def idxmin(self, axis: Any = 0, skipna: bool = True) -> Scalar:
        """The label of the smallest value."""
        return self._reduce("idxmin", axis, skipna=skipna)

    def idxmax(self, axis: Any = 0, skipna: bool = True) -> Scalar:
        """The label of the largest value."""
        return self._reduce("idxmax", axis, skipna=skipna)

    def __getattr__(self, name: Any) -> Any:
        if name in ("str", "dt", "cat"):
            getattr(self._meta, name)  # raises, as it is the accessor of another dtype
        raise missing_attribute(self, name, pd.Series, [])

    def between(self, left: Any, right: Any, inclusive: Any = "both") -> Self:
        """Whether values are between two limits."""
        return self._wrap(rowwise.between(self.expr, left, right, inclusive))

    def map(self, func: Any = None, na_action: Any = None, engine: Any = None, **how: Any) -> Self:
        """Values replaced through a function or a dict, on all cores.

        how: further arguments of the function. meta: accepted as Dask has it, and not needed.

        Raises: UnsupportedType for an engine: the function itself runs.
        """
        refuse_engine("map", engine)
        how.pop("meta", None)
        function: Any = functools.partial(func, **how) if how else func
        if callable(function) and not arguments.is_rows(function):
            return self._wrap(self._call_each(_map, function, na_action))
        if arguments.is_rows(function):
            function = wrap(collect_rows(function.expr))
        named = {"na_action": na_action}
        return self._wrap(rowwise.call_method(self.expr, "map", [function], named))

    def apply(
        self, func: Any, args: tuple[Any, ...] = (), *, by_row: Any = "compat", **kwargs: Any
    ) -> Any:
        """`func` called on each value, on all cores; a Series, or a DataFrame of results.

        meta: accepted as Dask has it, and not needed. Cost: by_row=False calls it on all values.
        """
        kwargs.pop("meta", None)
        refuse_engine("apply", kwargs.pop("engine", None))
        if isinstance(func, (str, list, dict)) or by_row is False:
            return self.agg(func, 0, *args, **kwargs)
        return wrap(self._call_each(_apply, func, (args, kwargs)))

    def _call_each(self, kernel: Callable[..., Any], function: Any, more: Any) -> MapPartitions:
        """A user's function called on each value: the rows stay what they are."""
        return map_partitions(self.expr, kernel, (function, more), {}, rows="same")

    @may_be_in_place
    def rename(
        self,
        index: Any = None,
        *,
        axis: Any = None,
        copy: Any = no_default,
        level: Any = None,
        errors: Any = "ignore",
    ) -> Self:
        """The series under another name; a function or dict renames the labels of its rows.

        level: only those of this level. errors: "raise" where there is no such label. axis, copy:
        accepted, without effect.

        Raises: KeyError, when it is computed.
        """
        arguments.check_axis(self.expr, axis)
        return self._wrap(rowwise.rename_series(self.expr, index, level, errors))

    @may_be_in_place
    def dropna(self, *, axis: Any = 0, how: Any = None, ignore_index: bool = False) -> Self:
        """Values that are not missing."""
        arguments.check_axis(self.expr, axis)
        made = rowwise.call_method(self.expr, "dropna", kind=DropNull, index_asked=True)
        return self._wrap(NumberRows(made) if ignore_index else made)

    def unique(self) -> Scalar:
        """The different values, in the order in which they appear, as pandas returns them."""
        return Scalar(reductions.find_distinct(self.expr))

    def argmin(self, axis: Any = None, skipna: bool = True) -> Scalar:
        """The number of the row with the smallest value."""
        arguments.check_axis(self.expr, axis)
        return Scalar(reductions.find_number(self.expr, "argmin", skipna))

    def argmax(self, axis: Any = None, skipna: bool = True) -> Scalar:
        """The number of the row with the largest value."""
        arguments.check_axis(self.expr, axis)
        return Scalar(reductions.find_number(self.expr, "argmax", skipna))

    @may_be_in_place
    def sort_index(
        self,
        *,
        axis: Any = 0,
        level: Any = None,
        ascending: Any = True,
        kind: Any = None,
        na_position: Any = "last",
        sort_remaining: bool = True,
        ignore_index: bool = False,
        key: Any = None,
    ) -> Self:
        """The values in the order of their labels.

        Cost: with level=, key= and several `ascending`, brings all rows into one task.
        """
        arguments.check_axis(self.expr, axis)
        named = {"level": level, "ascending": ascending, "na_position": na_position}
        named |= {"sort_remaining": sort_remaining, "ignore_index": ignore_index, "key": key}
        return self._wrap(arranging.sort_series_by_labels(self.expr, named))

    def drop(
        self,
        labels: Any = None,
        *,
        axis: Any = 0,
        index: Any = None,
        columns: Any = None,
        level: Any = None,
        inplace: bool = False,
        errors: Any = "raise",
    ) -> Any:
        """The values without those under some labels.

        Raises: KeyError for a label that does not exist, when it is computed. Cost: with level=,
        brings all rows into one task.
        """
        if columns is not None or axis not in (0, "index", "rows"):
            raise InvalidArgument("drop() of a Series takes labels of its index")
        node = arranging.drop_of_series(self.expr, labels, index, level, errors)
        if not inplace:
            return self._wrap(node)
        warn_of_copy(self, IN_METHOD)
        self.expr = node
        return None

    def explode(self, ignore_index: bool = False) -> Self:
        """A row for each item of a list.

        Cost: of Python's lists, brings all values into one task, as the dtype is that of all items.
        """
        return self._wrap(reshaping.explode(self.expr, None, ignore_index))

    @may_be_in_place
    def drop_duplicates(self, *, keep: Any = "first", ignore_index: bool = False) -> Self:
        """Values that differ; the first or last of equal ones is kept.

        keep: False drops all that are there more than once.
        """
        made = duplicates.distinct_rows(self.expr, None, keep)
        return self._wrap(NumberRows(made) if ignore_index else made)

    def pop(self, item: Any) -> Any:
        """The value under a label, computed; the series has it no more."""
        value = self.loc[item].compute()
        self.expr = self.drop(item).expr
        return value

    def duplicated(self, keep: Any = "first") -> Self:
        """Whether each value was there before; keep="last": comes again; False: either."""
        return self._wrap(duplicates.find_duplicates(self.expr, None, keep))

    def corr(self, other: Any, method: Any = "pearson", min_periods: int | None = None) -> Scalar:
        """The correlation with another series, by label.

        Cost: of other methods, and of a series with other rows, one task has both.
        """
        return Scalar(moments.correlate_pair(self.expr, other, method, min_periods))

    def cov(self, other: Any, min_periods: int | None = None, ddof: int = 1) -> Scalar:
        """The covariance with another series, by label.

        Cost: of a series with other rows, one task has both.
        """
        return Scalar(moments.covary_pair(self.expr, other, min_periods, ddof))

    def autocorr(self, lag: int = 1) -> Scalar:
        """The correlation with the values `lag` rows before."""
        return Scalar(moments.correlate_with_shifted(self.expr, lag))

    def mode(self, dropna: bool = True) -> Self:
        """The most frequent values, in order.

        Cost: of Python objects, categories and nullable dtypes one task has all values.
        """
        return self._wrap(ordering.find_modes(self.expr, 0, False, dropna))

    def nlargest(self, n: int = 5, keep: Any = "first") -> Self:
        """The `n` largest values."""
        return self._wrap(sorting.top_rows(self.expr, n, None, True, keep))

    def nsmallest(self, n: int = 5, keep: Any = "first") -> Self:
        """The `n` smallest values."""
        return self._wrap(sorting.top_rows(self.expr, n, None, False, keep))

    def value_counts(
        self,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        bins: Any = None,
        dropna: bool = True,
    ) -> Self:
        """How often each value is there, the most frequent first.

        bins: how often a value is in each of so many intervals of equal width, or in those between
        some bounds. Cost: with it, the extremes are computed at the call.
        """
        how = {"sort": sort, "ascending": ascending, "normalize": normalize, "dropna": dropna}
        if bins is not None:
            return self._wrap(tabulating.count_classes(self.expr, bins, how))
        return self._wrap(sorting.count_values(self.expr, **how))

    @may_be_in_place
    def sort_values(
        self,
        *,
        axis: Any = 0,
        ascending: bool = True,
        kind: Any = None,
        na_position: Any = "last",
        ignore_index: bool = False,
        key: Any = None,
    ) -> Self:
        """Values in order; equal ones keep their order, whatever `kind`.

        Cost: with key=, brings all values into one task.
        """
        arguments.check_axis(self.expr, axis)
        if key is not None:
            named = {"ascending": ascending, "na_position": na_position, "kind": "stable"}
            named |= {"ignore_index": ignore_index, "key": key}
            return self._wrap(call_in_one_task(self.expr, "sort_values", (), named))  # type: ignore[arg-type]
        node = sorting.sort_series(self.expr, ascending, na_position, ignore_index)
        return self._wrap(node)


def _map(part: Any, function: Any, na_action: Any) -> Any:
    return part.map(with_computed_results(function), na_action=na_action)


def _apply(part: Any, function: Any, more: tuple[tuple[Any, ...], dict[str, Any]]) -> Any:
    args, kwargs = more
    return part.apply(with_computed_results(function), args=args, **kwargs)
