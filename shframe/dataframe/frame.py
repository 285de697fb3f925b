"""DataFrame, Series and Index: what leads from one of them to another.

They are in one file since their methods name each other. Each method is a line: what it checks and
which node it makes is in methods/.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe.arranging import FrameArranging
from shframe.dataframe.attributes import missing_attribute
from shframe.dataframe.base import Partitioned
from shframe.dataframe.dask_options import AGGREGATIONS, MOVES, accept_all
from shframe.dataframe.expr.columns import (
    Column,
    SteadyElementwise,
)
from shframe.dataframe.frame_tables import FrameTables
from shframe.dataframe.groupby import DataFrameGroupBy, SeriesGroupBy
from shframe.dataframe.in_place import may_be_in_place
from shframe.dataframe.index_methods import IndexMethods
from shframe.dataframe.indexers import Indexers
from shframe.dataframe.methods import (
    arranging,
    delegating,
    duplicates,
    indexing,
    joining,
    moments,
    ordering,
    relabelling,
    reshaping,
    selection,
    sorting,
    summarising,
    tabulating,
)
from shframe.dataframe.methods.csv_writing import write_csv
from shframe.dataframe.methods.evaluating import evaluate
from shframe.dataframe.methods.grouping import group_rows
from shframe.dataframe.methods.parquet_writing import write_parquet
from shframe.dataframe.methods.rowwise import call_if_callable, call_method, rename_series
from shframe.dataframe.methods.storing import build, place_values, store_pandas
from shframe.dataframe.methods.user_functions import map_partitions
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.series import SeriesMethods
from shframe.dataframe.shared_methods import SharedMethods
from shframe.dataframe.windows import WindowMethods, resample_by
from shframe.dataframe.wrap import wrap, wrap_as, wraps
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.lazy.collection import Collection


@wraps(pd.Index)
class Index(IndexMethods):
    """A lazy Index in partitions."""

    __slots__ = ()

    def __init__(self, data: Any = None, dtype: Any = None, name: Any = None, **how: Any) -> None:
        """The index that pandas makes of data, with its arguments; stored at the call."""
        Collection.__init__(self, build(pd.Index, data, dtype=dtype, name=name, **how))

    def to_frame(self) -> DataFrame:
        """A frame of the levels."""
        how: dict[str, Any] = {"kind": SteadyElementwise, "index_asked": True}
        return wrap_as(DataFrame, call_method(self.expr, "to_frame", **how))

    def to_series(self) -> Series:
        """The values as a Series that has them as index too."""
        return wrap_as(Series, call_method(self.expr, "to_series", index_asked=True))


@wraps(pd.Series)
class Series(SeriesMethods):
    """A lazy Series in partitions; methods and results are those of pandas."""

    __slots__ = ()

    def __init__(
        self,
        data: Any = None,
        index: Any = None,
        dtype: Any = None,
        name: Any = None,
        copy: Any = None,
    ) -> None:
        """The series that pandas makes of data, with its arguments; stored at the call."""
        how = {"index": index, "dtype": dtype, "name": name, "copy": copy}
        Collection.__init__(self, build(pd.Series, data, **how))

    @property
    def index(self) -> Index:
        """The labels of the rows, lazily; they, and their name, can be set."""
        made: Index = self._labels()
        return made

    @index.setter
    def index(self, labels: Any) -> None:
        self._set_labels(labels)

    @property
    def name(self) -> Any:
        """The label, which can be set."""
        return self._meta.name

    @name.setter
    def name(self, label: Any) -> None:
        self.expr = call_method(self.expr, "rename", [label], kind=SteadyElementwise)

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write CSV as DataFrame.to_csv() does."""
        return self.to_frame(0 if self.name is None else None).to_csv(path_or_buf, **options)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """(label, value) pairs. Cost: computes all values."""
        return iter(self.compute().items())

    def to_frame(self, name: Any = None) -> DataFrame:
        """A frame of this one column."""
        given = () if name is None else (name,)
        return wrap_as(DataFrame, sorting.to_frame(self.expr, *given))

    @overload
    def reset_index(
        self, level: Any = None, *, drop: Literal[True], inplace: bool = False
    ) -> Series: ...
    @overload
    def reset_index(
        self,
        level: Any = None,
        *,
        drop: Literal[False] = False,
        name: Any = no_default,
        inplace: bool = False,
        allow_duplicates: bool = False,
    ) -> DataFrame: ...
    def reset_index(
        self,
        level: Any = None,
        *,
        drop: bool = False,
        name: Any = no_default,
        inplace: bool = False,
        allow_duplicates: bool = False,
    ) -> Any:
        """An index that counts rows; the old one becomes columns, or goes with drop=True.

        level: only these levels, by number or name; name: of the column of values.
        """
        if not drop:
            if inplace:
                raise TypeError("Cannot reset_index inplace on a Series to create a DataFrame")
            named = {"allow_duplicates": True} if allow_duplicates else {}
            made = self.to_frame() if name is no_default else self.to_frame(name)
            return made.reset_index(level, **named)
        frame = sorting.to_frame(self.expr, 0)
        column = Column(arranging.reset_index(frame, level, True, {}), 0)
        node = rename_series(column, self.name)
        if not inplace:
            return wrap(node)
        self.expr = node
        return None

    def groupby(
        self,
        by: Any = None,
        level: Any = None,
        *,
        as_index: bool = True,
        sort: bool = True,
        group_keys: bool = True,
        observed: bool = True,
        dropna: bool = True,
    ) -> SeriesGroupBy[Series, DataFrame]:
        """Groups of this column's values, by another lazy column of the same frame, or by levels
        of the index, functions or mappings of the labels of rows."""
        if isinstance(by, pd.Grouper) and by.freq is not None:
            return resample_by(self, by)  # type: ignore[return-value]
        label = self.name if self.name is not None else 0
        options = {"sort": sort, "dropna": dropna, "observed": observed, "as_index": as_index}
        frame = sorting.to_frame(self.expr, label)
        unnamed = self.name is None
        groups = group_rows(frame, by, level, group_keys, options, unnamed)
        return SeriesGroupBy(groups, [label])


@wraps(pd.DataFrame)
class DataFrame(FrameArranging, Indexers, WindowMethods, FrameTables, SharedMethods, Partitioned):
    """A lazy DataFrame in partitions; methods and results are those of pandas.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> df = sf.from_pandas(pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]}))
    >>> df[df.v > 1].groupby("k").v.sum().compute().to_dict()
    {'a': 3, 'b': 2}
    """

    __slots__ = ()

    def __init__(
        self,
        data: Any = None,
        index: Any = None,
        columns: Any = None,
        dtype: Any = None,
        copy: Any = None,
    ) -> None:
        """The frame that pandas makes of data, with its arguments; stored at the call."""
        how = {"index": index, "columns": columns, "dtype": dtype, "copy": copy}
        Collection.__init__(self, build(pd.DataFrame, data, **how))

    @staticmethod
    def from_dict(
        data: Any, orient: Any = "columns", dtype: Any = None, columns: Any = None
    ) -> Any:
        """A frame of a dictionary, as pandas makes it; it is stored at the call."""
        made = pd.DataFrame.from_dict(data, orient=orient, dtype=dtype, columns=columns)
        return wrap_as(DataFrame, store_pandas(made))

    @staticmethod
    def from_records(data: Any, **how: Any) -> DataFrame:
        """A frame of records, with pandas' arguments; it is stored at the call."""
        return wrap_as(DataFrame, store_pandas(pd.DataFrame.from_records(data, **how)))

    @staticmethod
    def from_arrow(data: Any) -> DataFrame:
        """A frame of a table of Arrow, with the dtypes that pandas gives it; stored at the call."""
        made: Any = pd.DataFrame.from_arrow(data)  # type: ignore[attr-defined]  # the stubs lack it
        return wrap_as(DataFrame, store_pandas(made))

    def _summary(self) -> str:
        names = ", ".join(f"{name}: {dtype}" for name, dtype in self.dtypes.items())
        return names if len(names) < 400 else names[:397] + "..."

    # --- what it looks like -------------------------------------------------------------

    @property
    def columns(self) -> pd.Index[Any]:
        """Column labels, which can be set; their name is set by rename_axis(columns=...)."""
        labels: pd.Index[Any] = self._meta.columns
        return labels.view()  # what is done to it does not reach the plan

    @columns.setter
    def columns(self, labels: Any) -> None:
        self.expr = relabelling.set_column_labels(self.expr, labels)

    @property
    def dtypes(self) -> pd.Series[Any]:
        """pandas' dtype of each column."""
        found: pd.Series[Any] = self._meta.dtypes
        return found

    @property
    def ndim(self) -> int:
        return 2

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns). Cost: computes the row counts."""
        return len(self), len(self.columns)

    @property
    def index(self) -> Index:
        """The labels of the rows, lazily; they, and their name, can be set."""
        made: Index = self._labels()
        return made

    @index.setter
    def index(self, labels: Any) -> None:
        self._set_labels(labels)

    def __dir__(self) -> list[str]:
        names = [name for name in self.columns if isinstance(name, str) and name.isidentifier()]
        return [*super().__dir__(), *names]

    def __contains__(self, label: object) -> bool:
        return label in self.columns

    def __iter__(self) -> Iterator[Any]:
        return iter(self.columns)

    # --- choosing -----------------------------------------------------------------------

    def __getattr__(self, name: str) -> Series:
        if name.startswith("_"):  # asked for while a frame is read from a pickle: it has no columns
            raise AttributeError(name, name=name, obj=self)
        if name in self.columns:
            return self[name]
        raise missing_attribute(self, name, pd.DataFrame, list(self.columns))

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name) and name in self.columns:
            self[name] = value
        else:
            super().__setattr__(name, value)

    @overload
    def __getitem__(self, key: Partitioned | list[Any] | pd.Index[Any]) -> DataFrame: ...
    @overload
    def __getitem__(self, key: Hashable) -> Series: ...
    def __getitem__(self, key: Any) -> DataFrame | Series:
        key = call_if_callable(key, self)
        if isinstance(key, Partitioned):
            return self.where(key) if key.ndim == 2 else self._filter(key)  # type: ignore[attr-defined]
        if isinstance(key, pd.Series) and key.dtype == bool:
            return self._filter(wrap(store_pandas(key, 1)))
        if isinstance(key, Scalar):
            return self._filter(wrap(place_values(self.expr, key)))
        if isinstance(key, (list, pd.Index, np.ndarray)):
            labels = list(key)
            if labels and all(isinstance(one, (bool, np.bool_)) for one in labels):
                rows = indexing.rows_by_number(self.expr, np.array(labels))
                return self._wrap(rows)  # type: ignore[arg-type]
            return self._wrap(selection.select_columns(self.expr, labels))
        if isinstance(key, slice):
            return self._slice(key)
        made: Series = wrap(selection.select_column(self.expr, key))
        return made

    def _slice(self, key: slice) -> DataFrame:
        """Rows by number, or by label where the bounds are labels."""
        numbers = all(isinstance(one, (int, type(None))) for one in (key.start, key.stop))
        made: DataFrame = self.iloc[key] if numbers else self.loc[key]
        return made

    def __setitem__(self, label: Any, value: Any) -> None:
        if isinstance(label, Series):
            self.loc[label] = value
        elif isinstance(label, DataFrame):
            self.expr = self.mask(label, value).expr
        elif isinstance(label, list):
            self.expr = self._assign_several(label, value).expr
        else:
            self.expr = self._assign({label: value}).expr

    def _assign_several(self, labels: list[Any], value: Any) -> DataFrame:
        """Several columns at once: of a frame, or one value for all."""
        if not isinstance(value, DataFrame):
            return self._assign(dict.fromkeys(labels, value))
        if len(labels) != len(value.columns):
            raise InvalidArgument("Columns must be same length as key")
        pairs = zip(labels, value.columns, strict=True)
        return self._assign({label: value[column] for label, column in pairs})

    def __delitem__(self, label: Any) -> None:
        self.expr = self.drop(columns=[label]).expr

    def insert(self, loc: int, column: Any, value: Any, allow_duplicates: bool = False) -> None:
        """Put a column at a place among the others; this object is changed."""
        if allow_duplicates:
            raise UnsupportedType("insert() takes no allow_duplicates=True: rename columns first")
        if column in self.columns:
            raise InvalidArgument(f"cannot insert {column}, already exists")
        labels = list(self.columns)
        if not 0 <= loc <= len(labels):
            raise IndexError(f"index {loc} is out of bounds for axis 0 with size {len(labels)}")
        labels.insert(loc, column)
        self.expr = self._assign({column: value})[labels].expr

    def pop(self, item: Any) -> Series:
        """A column, which is taken out of this object."""
        made: Series = self[item]
        del self[item]
        return made

    def isetitem(self, loc: int, value: Any) -> None:
        """Put other values into the column with a number."""
        self.expr = self._assign({self.columns[loc]: value}).expr

    def get(self, key: Any, default: Any = None) -> Any:
        """A column, or columns; the default where they are missing."""
        wanted = key if isinstance(key, list) else [key]
        return self[key] if all(one in self.columns for one in wanted) else default

    def filter(
        self, items: Any = None, like: str | None = None, regex: str | None = None, axis: Any = None
    ) -> DataFrame:
        """The columns with some labels, with a string in their label, or whose label matches.

        axis: 0 for the labels of rows. Cost: with that, brings all rows into one task.
        """
        named = {"items": items, "like": like, "regex": regex, "axis": axis}
        if axis in (0, "index", "rows"):
            node = delegating.call_in_one_task(self.expr, "filter", (), named)
            return self._wrap(node)  # type: ignore[arg-type]
        return self[list(self._meta.filter(**named).columns)]

    def keys(self) -> pd.Index[Any]:
        """Column labels."""
        return self.columns

    def items(self) -> Iterator[tuple[Any, Series]]:
        """(label, column) pairs."""
        return ((label, self[label]) for label in self.columns)

    def melt(
        self,
        id_vars: Any = None,
        value_vars: Any = None,
        var_name: Any = None,
        value_name: Any = "value",
        col_level: Any = None,
        ignore_index: bool = True,
    ) -> DataFrame:
        """A row for each cell of `value_vars`, beside the columns `id_vars`."""
        how = (id_vars, value_vars, var_name, value_name, col_level, ignore_index)
        return self._wrap(reshaping.melt(self.expr, *how))

    def pivot_table(
        self,
        values: Any = None,
        index: Any = None,
        columns: Any = None,
        aggfunc: Any = "mean",
        fill_value: Any = None,
        margins: bool = False,
        dropna: bool = True,
        margins_name: str = "All",
        observed: bool = True,
        sort: bool = True,
        **kwargs: Any,
    ) -> DataFrame:
        """Results of groups as a table, with the values of columns as labels.

        Cost: computed at the call, since its columns are values. Groups go in parts where aggfunc
        is the name of one aggregation; else, and with margins, one task has all rows.
        """
        named = {"values": values, "index": index, "columns": columns, "aggfunc": aggfunc}
        more = {"fill_value": fill_value, "margins": margins, "dropna": dropna, "sort": sort}
        rest = {"margins_name": margins_name, "observed": observed, **kwargs}
        return self._wrap(tabulating.pivot_table(self.expr, {**named, **more, **rest}))

    @property
    def T(self) -> Any:
        """Rows as columns. Cost: computed at the call, in one task."""
        return self.transpose()

    @property
    def size(self) -> int:
        """How many values there are. Cost: counts the rows."""
        return len(self) * len(self.columns)

    def explode(self, column: Any, ignore_index: bool = False) -> DataFrame:
        """A row for each item of the lists in a column, or in several of equal lengths.

        Cost: of Python's lists, brings all rows into one task, as the dtype is that of all items.
        """
        return self._wrap(reshaping.explode(self.expr, column, ignore_index))

    def assign(self, **values: Any) -> DataFrame:
        """The frame with further columns: lazy ones, constants, or functions of the frame."""
        return self._assign(values)

    def _assign(self, values: dict[Any, Any]) -> DataFrame:
        made = self
        for label, value in values.items():
            given = value(made) if callable(value) and not isinstance(value, Collection) else value
            made = self._wrap(selection.assign_column(made.expr, label, given))
        return made

    def query(self, expr: str) -> DataFrame:
        """Rows where the expression holds; `@name` means a variable of the caller.

        Raises: ColumnNotFound for a name that is no column.
        """
        mask = wrap(evaluate(self.expr, expr, sys._getframe(1)))
        made: DataFrame = self[mask]
        return made

    def eval(self, expr: str) -> Any:
        """The value of an expression of columns, as pandas' eval has it."""
        return wrap(evaluate(self.expr, expr, sys._getframe(1)))

    def categorize(self, columns: Any = None, index: Any = None, **how: Any) -> DataFrame:
        """Columns of text and objects, or those of some labels, as categories; index: not changed.

        Dask's split_every= is accepted, without effect.
        """
        kinds = ["object", "string", "category"]
        found = self._meta.select_dtypes(kinds).columns
        labels = found if columns is None else sorting.as_list(columns)
        return self.astype(dict.fromkeys(labels, "category"))

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> DataFrame:
        """The columns with some dtypes."""
        return self[list(self._meta.select_dtypes(include, exclude).columns)]

    def agg(self, func: Any = None, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
        """Reductions: a name or function, a list of them, a dict by column, or label=("a", "sum").

        Cost: functions, and names of what has no partial results, bring the columns into one task;
        where only they know what they return, they run at the call.
        """
        return wrap(summarising.aggregate(self.expr, func, axis, args, kwargs))

    aggregate = agg

    def idxmin(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """The labels of the smallest values. Cost: brings the columns into one task."""
        return self._reduce("idxmin", axis, numeric_only, skipna=skipna)

    def idxmax(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """The labels of the largest values. Cost: brings the columns into one task."""
        return self._reduce("idxmax", axis, numeric_only, skipna=skipna)

    def apply(
        self,
        func: Any,
        axis: Any = 0,
        raw: bool = False,
        result_type: str | None = None,
        args: tuple[Any, ...] = (),
        **kwargs: Any,
    ) -> Any:
        """`func` called on each row (axis=1) on all cores, or on each column.

        meta: accepted as Dask has it, and not needed.
        Cost: of columns, brings all rows into one task, at the call.
        """
        kwargs.pop("meta", None)
        if axis in (1, "columns"):
            how = {"raw": raw, "result_type": result_type, **kwargs}
            made = map_partitions(self.expr, _apply_rows, (func, args, how), {}, rows="same")
            return wrap(made)
        named = {"raw": raw, "result_type": result_type, "args": args, **kwargs}
        return wrap(summarising.apply_to_columns(self.expr, func, named))

    def map(self, func: Callable[..., Any], na_action: Any = None, **kwargs: Any) -> DataFrame:
        """`func` called on each value, on all cores."""
        made = map_partitions(self.expr, _map_cells, (func, na_action, kwargs), {}, rows="same")
        return self._wrap(made)

    # --- in order, together, apart ------------------------------------------------------

    def merge(
        self,
        right: Any,
        how: str = "inner",
        on: Any = None,
        left_on: Any = None,
        right_on: Any = None,
        left_index: bool = False,
        right_index: bool = False,
        sort: bool = False,
        suffixes: tuple[str | None, str | None] = ("_x", "_y"),
        copy: Any = None,
        indicator: bool | str = False,
        validate: str | None = None,
    ) -> DataFrame:
        """Rows of both frames that have equal keys, in pandas' order; the index counts them.

        how: "inner", "left", "right", "outer", "cross", "left_anti", "right_anti", and "leftsemi":
            the rows of this frame that have a partner, each once.
        left_index, right_index: the labels of rows are the keys of that side.
        copy: has no effect, as in pandas 3.

        Cost: with labels as keys each partition gets the right side whole, and of "right", "outer"
        and sort=True one task has both sides.

        Raises: ColumnNotFound for a key that a side does not have, InvalidArgument for a `how`
        or a combination of keys that pandas does not have, pandas' MergeError when it is computed.
        """
        other = DataFrame(store_pandas(right, 1)) if isinstance(right, pd.DataFrame) else right
        how_keys = (how, on, left_on, right_on, left_index, right_index)
        more = (sort, suffixes, indicator, validate)
        return self._wrap(joining.merge(self.expr, joining.as_frame(other), *how_keys, *more))

    def join(
        self,
        other: Any,
        on: Any = None,
        how: str = "left",
        lsuffix: str = "",
        rsuffix: str = "",
        sort: bool = False,
        validate: str | None = None,
        suffixes: tuple[str | None, str | None] | None = None,
    ) -> DataFrame:
        """The columns of another object beside these, by its labels of rows.

        on: columns of this frame that are matched with those labels, instead of its own.
        suffixes: of equal labels on both sides; lsuffix and rsuffix are their older names.

        Cost: each partition gets the other object whole; of "right", "outer" and sort=True, and of
        a list of objects, one task has all.
        """
        if validate is not None:
            raise UnsupportedType(
                "join() takes no validate=: merge() has it, with right_index=True"
            )
        many = isinstance(other, (list, tuple))
        others = [
            Series(store_pandas(one, 1)) if isinstance(one, pd.Series)
            else DataFrame(store_pandas(one, 1)) if isinstance(one, pd.DataFrame) else one
            for one in (other if many else [other])
        ]  # fmt: skip
        nodes = [one.expr for one in others]
        both = (lsuffix, rsuffix) if suffixes is None else (suffixes[0] or "", suffixes[1] or "")
        made = joining.join(self.expr, nodes, on, how, both, sort, many)
        return self._wrap(made)

    def groupby(
        self,
        by: Any = None,
        level: Any = None,
        *,
        as_index: bool = True,
        sort: bool = True,
        group_keys: bool = True,
        observed: bool = True,
        dropna: bool = True,
    ) -> DataFrameGroupBy[DataFrame, Series]:
        """Groups by one or more columns.

        by: labels, lazy columns of this frame, functions or mappings of the labels of rows.
        level: levels of the index, by number or name, instead.
        group_keys: whether apply() adds the keys to the index of what the function returns.
        """
        if isinstance(by, pd.Grouper) and by.freq is not None:
            return resample_by(self, by)  # type: ignore[return-value]
        options = {"sort": sort, "dropna": dropna, "observed": observed, "as_index": as_index}
        groups = group_rows(self.expr, by, level, group_keys, options)
        return DataFrameGroupBy(groups, groups.visible)

    @may_be_in_place
    def drop_duplicates(
        self, subset: Any = None, *, keep: Any = "first", ignore_index: bool = False
    ) -> DataFrame:
        """Rows that differ in some columns; the first or last of equal ones is kept.

        keep: False drops all that are there more than once.
        """
        made = self._wrap(duplicates.distinct_rows(self.expr, subset, keep))
        return made.reset_index(drop=True) if ignore_index else made

    def duplicated(self, subset: Any = None, keep: Any = "first") -> Series:
        """Whether each row was there before; keep="last": comes again; False: either.

        subset: the columns that are looked at, and moved; None: all.
        """
        return wrap_as(Series, duplicates.find_duplicates(self.expr, subset, keep))

    def nlargest(self, n: int, columns: Any, keep: str = "first") -> DataFrame:
        """The `n` rows with the largest values."""
        by = sorting.as_list(columns)
        return self._wrap(sorting.top_rows(self.expr, n, by, True, keep))

    def nsmallest(self, n: int, columns: Any, keep: str = "first") -> DataFrame:
        """The `n` rows with the smallest values."""
        by = sorting.as_list(columns)
        return self._wrap(sorting.top_rows(self.expr, n, by, False, keep))

    def mode(self, axis: Any = 0, numeric_only: bool = False, dropna: bool = True) -> DataFrame:
        """The most frequent values of each column, in order.

        Cost: of Python objects, categories, nullable dtypes and of rows one task has all.
        """
        return self._wrap(ordering.find_modes(self.expr, axis, numeric_only, dropna))

    # --- columns with each other --------------------------------------------------------

    def corr(
        self, method: Any = "pearson", min_periods: int = 1, numeric_only: bool = False
    ) -> DataFrame:
        """Correlations of all pairs of columns, each of the rows that have both values.

        Cost: of other methods than "pearson" one task has all rows.
        """
        how = (method, min_periods, numeric_only)
        return self._wrap(moments.correlate_columns(self.expr, *how))

    def cov(
        self, min_periods: int | None = None, ddof: int = 1, numeric_only: bool = False
    ) -> DataFrame:
        """Covariances of all pairs of columns, each of the rows that have both values."""
        return self._wrap(moments.covary_columns(self.expr, min_periods, ddof, numeric_only))

    def corrwith(
        self,
        other: Any,
        axis: Any = 0,
        drop: bool = False,
        method: Any = "pearson",
        numeric_only: bool = False,
        min_periods: int | None = None,
    ) -> Any:
        """Correlations of the columns with a series, or with those of a frame.

        Cost: of a frame, and as Series.corr() has it, one task has all rows.
        """
        more = {"drop": drop, "numeric_only": numeric_only}
        made = moments.correlate_with(self.expr, other, axis, method, min_periods, more)
        return wrap(made)

    def stack(self, level: Any = -1, *args: Any, **named: Any) -> Any:
        """Columns as a level of the index, by rows.

        Cost: with dropna= or sort=, which pandas is about to lose, at the call and in one task.
        """
        return wrap(reshaping.stack(self.expr, (level, *args), named))

    # --- index --------------------------------------------------------------------------

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write CSV with pandas' options: one file, or one per partition where the name has a *.

        Partitions are written side by side, and put in place when all are there; a write that fails
        leaves what was there. Without a path the text is returned.

        Returns: the names of the files where there are several, else None, as in pandas.

        Cost: columns of times without date_format=, and archives, are written by one task.
        """
        if not isinstance(path_or_buf, (str, os.PathLike)) or "a" in options.get("mode", "w"):
            return self.compute().to_csv(path_or_buf, **options)
        names = write_csv(self.expr, path_or_buf, options)
        return names if "*" in os.path.basename(os.fspath(path_or_buf)) else None

    def to_parquet(
        self,
        path: Any,
        *,
        partition_cols: Any = None,
        index: bool | None = None,
        compression: str | None = "snappy",
        engine: str = "auto",
        overwrite: bool = True,
        write_index: bool | None = None,
    ) -> None:
        """Write a folder of Parquet files, a file per partition.

        A data set that was written there before is replaced as a whole, once the new one is
        complete; files of others are not touched.

        partition_cols: columns whose values name folders, as pandas has it.
        index: whether it is stored; None: unless it counts the rows from 0. write_index: Dask's
            name for it. engine: "auto" or "pyarrow", which is the one. overwrite: accepted.

        Raises: WriteFailed where the folder cannot be written to, or holds Parquet files of
        others. What was there stays as it was.
        """
        if engine not in ("auto", "pyarrow"):
            raise InvalidArgument(f"engine must be one of 'auto', 'pyarrow', got {engine!r}")
        stored = write_index if index is None else index
        write_parquet(self.expr, path, partition_cols, stored, compression)


def _apply_rows(part: Any, function: Any, args: tuple[Any, ...], how: dict[str, Any]) -> Any:
    return part.apply(function, axis=1, args=args, **how)


def _map_cells(part: Any, function: Any, na_action: Any, kwargs: dict[str, Any]) -> Any:
    return part.map(function, na_action=na_action, **kwargs)


accept_all(DataFrame, "drop_duplicates map", *AGGREGATIONS)
accept_all(DataFrame, "merge join sort_values set_index", *MOVES, "divisions", "sorted", "upsample")
accept_all(Series, "drop_duplicates map apply value_counts unique nunique", *AGGREGATIONS)
