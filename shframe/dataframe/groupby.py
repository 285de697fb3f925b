"""Groups of rows: they hold the keys until an aggregation is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, overload

import numpy as np
import pandas as pd

from shframe.dataframe.dask_options import AGGREGATIONS, accept_all
from shframe.dataframe.group_methods import GroupMethods
from shframe.dataframe.kernels.aggregation import Output
from shframe.dataframe.kernels.custom_aggregation import CustomAggregation
from shframe.dataframe.methods import grouping
from shframe.dataframe.methods.grouping import Groups
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.graph.tasks.function import UserCode

NAMES = (
    *("sum", "mean", "min", "max", "count", "size", "std", "var", "first", "last", "nunique"),
    *("median", "prod", "any", "all", "quantile", "sem", "skew", "kurt"),
)
FrameT = TypeVar("FrameT")
SeriesT = TypeVar("SeriesT")
ResultT = TypeVar("ResultT")


class GroupBy(GroupMethods[ResultT], Generic[ResultT]):
    """Groups of rows; an aggregation returns a lazy frame or series with the keys as index."""

    __slots__ = ()

    def __repr__(self) -> str:
        names = list(self._groups.names)
        return f"<shframe {type(self).__name__}: keys {names}, columns {self._columns}>"

    def _one(self, how: Any, **kwargs: Any) -> ResultT:
        """One aggregation of every column."""
        raise AssertionError(f"{type(self).__name__} lacks aggregations")


class DataFrameGroupBy(GroupBy[FrameT], Generic[FrameT, SeriesT]):
    """Groups of the rows of a frame."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: list[Any]) -> DataFrameGroupBy[FrameT, SeriesT]: ...
    @overload
    def __getitem__(self, key: Hashable) -> SeriesGroupBy[SeriesT, FrameT]: ...
    def __getitem__(self, key: Any) -> Any:
        """The groups of one column (a label), or of some (a list of labels)."""
        groups = self._groups
        many = isinstance(key, (list, tuple))
        labels = list(key) if many else [key]
        for label in labels:
            if label not in groups.columns:
                sentence = f"Column not found: {label}"
                raise ColumnNotFound.among(label, groups.columns, "groupby[...]", sentence)
        if many:
            return DataFrameGroupBy[FrameT, SeriesT](groups, labels, chosen=True)
        return SeriesGroupBy[SeriesT, FrameT](groups, labels)

    def __getattr__(self, name: str) -> SeriesGroupBy[SeriesT, FrameT]:
        if not name.startswith("_") and name in (*self._columns, *self._groups.keys):
            return SeriesGroupBy(self._groups, [name])
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}, and there is no such column"
        )

    def agg(self, func: Any = None, *args: Any, **named: Any) -> FrameT:
        """Aggregations: a name or function, a list of them, a dict by column, or named ones.

        func: "sum", ["min", "max"], {"v": "mean", "w": ["min", "max"]}, or a Python function; args
        and named are further arguments of it. named without it: label=("column", "sum").
        """
        if func is None and not named:
            raise InvalidArgument("Must provide 'func' or tuples of '(column, aggfunc)'")
        if func is None:
            return self._named(named)
        if (args or named) and isinstance(func, str):
            made: FrameT = _call_named(self, func, args, named)
            return made
        func = _bind(func, args, named)
        if isinstance(func, dict):
            return self._by_column(func)
        if isinstance(func, (list, tuple)):
            return self._by_column({column: list(func) for column in self._columns})
        return self._one(func)

    aggregate = agg

    def _one(self, how: Any, **kwargs: Any) -> FrameT:
        checked = _check(how)
        if checked == "size":
            return self.size()  # type: ignore[return-value]  # pandas gives a Series for it
        columns = self._columns
        if kwargs.pop("numeric_only", False):
            columns = _numeric(self._groups, columns)
        more = _asked(kwargs)
        outputs = [Output(c, c, checked, more) for c in columns]
        known = self._groups.columns
        labels = pd.Index(columns, name=known.name) if columns else known[:0]
        made: FrameT = _aggregate(self._groups, outputs, labels)
        return made

    def _by_column(self, asked: dict[Any, Any]) -> FrameT:
        for column in asked:
            if column not in self._groups.columns:
                raise _unknown(column, self._groups)
        many = any(isinstance(how, (list, tuple)) for how in asked.values())
        outputs = []
        for c, hows in asked.items():
            listed = list(hows) if isinstance(hows, (list, tuple)) else [hows]
            for label, how in zip(_labels(listed), listed, strict=True):
                outputs.append(Output((c, label) if many else c, c, _check(how)))
        labels = [output.label for output in outputs]
        index = pd.MultiIndex.from_tuples(labels) if many else pd.Index(labels)
        made: FrameT = _aggregate(self._groups, outputs, index)
        return made

    def _named(self, named: dict[str, Any]) -> FrameT:
        outputs = []
        for label, asked in named.items():
            more: tuple[tuple[str, Any], ...] = ()
            if isinstance(asked, pd.NamedAgg):
                if getattr(asked, "args", ()):
                    raise UnsupportedType("NamedAgg() takes arguments of its function by name")
                more = tuple(getattr(asked, "kwargs", {}).items())
                asked = asked.column, asked.aggfunc
            try:
                column, how = asked
            except (TypeError, ValueError):
                raise InvalidArgument(
                    f"agg({label}=...) must be a pair (column, aggregation), got {asked!r}"
                ) from None
            if column not in self._groups.columns:
                raise _unknown(column, self._groups)
            outputs.append(Output(label, column, _check(how), more))
        made: FrameT = _aggregate(self._groups, outputs, pd.Index(list(named)))
        return made

    def size(self) -> SeriesT:
        """Rows of each group."""
        made: SeriesT = _aggregate(self._groups, [Output(None, None, "size")], None)
        return made

    def corr(
        self, method: Any = "pearson", min_periods: int = 1, numeric_only: bool = False
    ) -> FrameT:
        """Correlations of the columns in each group."""
        made: FrameT = self._result("corr", method, min_periods, numeric_only)
        return made

    def cov(
        self, min_periods: int | None = None, ddof: int | None = 1, numeric_only: bool = False
    ) -> FrameT:
        """Covariances of the columns in each group."""
        made: FrameT = self._result("cov", min_periods, ddof, numeric_only)
        return made

    def value_counts(
        self,
        subset: Any = None,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        dropna: bool = True,
    ) -> SeriesT:
        """How often each combination of values is in each group. Cost: one task."""
        made: SeriesT = self._whole("value_counts", subset, normalize, sort, ascending, dropna)
        return made

    def ohlc(self) -> FrameT:
        """The first, largest, smallest and last value of each column in each group."""
        made: FrameT = self._result("ohlc")
        return made


class SeriesGroupBy(GroupBy[SeriesT], Generic[SeriesT, FrameT]):
    """Groups of one column's values."""

    __slots__ = ()

    @property
    def _column(self) -> Any:
        return self._columns[0]

    @property
    def _selection(self) -> Any:
        return self._columns[0]

    @property
    def dtype(self) -> SeriesT:
        """The dtype of each group's values. Cost: one task."""
        made: SeriesT = self._whole("agg", lambda values: values.dtype)
        return made

    def nlargest(self, n: int = 5, keep: str = "first") -> SeriesT:
        """The `n` largest values of each group, with its key as a further level of the index."""
        made: SeriesT = self._result("nlargest", n, keep)
        return made

    def nsmallest(self, n: int = 5, keep: str = "first") -> SeriesT:
        """The `n` smallest values of each group, with its key as a further level of the index."""
        made: SeriesT = self._result("nsmallest", n, keep)
        return made

    def unique(self) -> SeriesT:
        """The different values of each group, an array for each."""
        made: SeriesT = self._result("unique")
        return made

    def value_counts(
        self,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        bins: Any = None,
        dropna: bool = True,
    ) -> SeriesT:
        """How often each value is in each group. Cost: one task."""
        made: SeriesT = self._whole("value_counts", normalize, sort, ascending, bins, dropna)
        return made

    def corr(self, other: Any, method: Any = "pearson", min_periods: int | None = None) -> SeriesT:
        """Correlations of each group's values with those of another series."""
        made: SeriesT = self._result("corr", other, method, min_periods)
        return made

    def cov(self, other: Any, min_periods: int | None = None, ddof: int | None = 1) -> SeriesT:
        """Covariances of each group's values with those of another series."""
        made: SeriesT = self._result("cov", other, min_periods, ddof)
        return made

    def ohlc(self) -> FrameT:
        """The first, largest, smallest and last value of each group."""
        made: FrameT = self._result("ohlc")
        return made

    @overload
    def agg(self, func: str | Callable[..., Any], *args: Any, **named: Any) -> SeriesT: ...
    @overload
    def agg(self, func: list[Any], *args: Any, **named: Any) -> FrameT: ...
    @overload
    def agg(self, **named: Any) -> FrameT: ...
    def agg(self, func: Any = None, *args: Any, **named: Any) -> Any:
        """Aggregations: a name or function gives a Series; a list of them, or label="sum", a
        DataFrame. With func, args and named are further arguments of it."""
        if func is None and not named:
            raise InvalidArgument("Must provide 'func' or named aggregations")
        if func is None:
            return self._named(named)
        if (args or named) and isinstance(func, str):
            return _call_named(self, func, args, named)
        func = _bind(func, args, named)
        if isinstance(func, dict):
            raise InvalidArgument("nested renamer is not supported: pass label='sum'")
        if isinstance(func, (list, tuple)):
            return self._several(list(zip(_labels(func), func, strict=True)))
        return self._one(func)

    aggregate = agg

    def _one(self, how: Any, **kwargs: Any) -> SeriesT:
        checked = _check(how)
        if checked == "size":
            return self.size()
        if kwargs.pop("numeric_only", False) and not _numeric(self._groups, self._columns):
            sentence = f"numeric_only does not implement {self._groups.columns.dtype}"
            raise UnsupportedType(f"{sentence}: groups of a column that is no number")
        outputs = [Output(self._column, self._column, checked, _asked(kwargs))]
        made: SeriesT = _aggregate(self._groups, outputs, None, self._column)
        return made

    def _named(self, named: dict[str, Any]) -> FrameT:
        pairs = ((one, how[1] if isinstance(how, tuple) else how) for one, how in named.items())
        return self._several(list(pairs))

    def _several(self, asked: list[tuple[Any, Any]]) -> FrameT:
        outputs = [Output(label, self._column, _check(how)) for label, how in asked]
        made: FrameT = _aggregate(self._groups, outputs, pd.Index([label for label, _ in asked]))
        return made

    def size(self) -> SeriesT:
        """Rows of each group."""
        groups, name = self._groups, self._column
        masked = not isinstance(groups.frame.meta.dtypes[name], np.dtype)
        outputs = [Output(name, name if masked else None, "size")]
        label = name if groups.options["as_index"] else None
        made: SeriesT = _aggregate(groups, outputs, None, label)
        return made


def _aggregate(groups: Groups, outputs: list[Output], labels: Any, name: Any = None) -> Any:
    return grouping.wrap_result(groups, grouping.aggregate_groups(groups, outputs, labels, name))


def _unknown(column: Any, groups: Groups) -> ColumnNotFound:
    sentence = f"Label(s) [{column!r}] do not exist"
    return ColumnNotFound.among(column, groups.columns, "agg()", sentence)


def _check(how: Any) -> Any:
    """The name of an aggregation, or a user's function captured by value."""
    if isinstance(how, str):
        if how not in NAMES:
            raise InvalidArgument(f"unknown aggregation {how!r}; there are {', '.join(NAMES)}")
        return how
    if isinstance(how, CustomAggregation):
        return how
    if how in (sum, max, min):
        return how.__name__
    if callable(how):
        return UserCode(how)
    raise UnsupportedType(f"an aggregation is a name or a function, got {type(how).__name__}")


_DEFAULTS = {
    "skipna": (True,),
    "min_count": (0, -1),
    "dropna": (True,),
    "interpolation": ("linear",),
}


def _asked(kwargs: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The arguments that say something."""
    return tuple(
        (name, value) for name, value in kwargs.items() if value not in _DEFAULTS.get(name, ())
    )


def _numeric(groups: Groups, columns: list[Any]) -> list[Any]:
    """The labels of columns of numbers and booleans."""
    dtypes = groups.frame.meta.dtypes
    return [one for one in columns if pd.api.types.is_numeric_dtype(dtypes[one])]


def _labels(hows: Any) -> list[Any]:
    """The labels of several aggregations: pandas numbers functions without a name."""
    labels = []
    unnamed = 0
    for how in hows:
        label = how if isinstance(how, str) else getattr(how, "__name__", "<lambda>")
        if label == "<lambda>" and len(hows) > 1:
            label, unnamed = f"<lambda_{unnamed}>", unnamed + 1
        labels.append(label)
    return labels


def _bind(func: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The aggregation with further arguments: a function, or those of a list or dictionary."""
    if not args and not named:
        return func
    if isinstance(func, dict):
        return {label: _bind(one, args, named) for label, one in func.items()}
    if isinstance(func, (list, tuple)):
        return [_bind(one, args, named) for one in func]
    if isinstance(func, str) or not callable(func):
        raise UnsupportedType(f"agg() takes no arguments of {func!r}: pass a function")

    def bound(values: Any) -> Any:
        return func(values, *args, **named)

    bound.__name__ = getattr(func, "__name__", "<lambda>")
    return bound


def _call_named(groups: Any, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """An aggregation by its name, with arguments."""
    return getattr(groups, _check(name))(*args, **named)


for _kind in (DataFrameGroupBy, SeriesGroupBy):
    accept_all(_kind, "agg aggregate", "split_every", "split_out", "shuffle_method")
    accept_all(_kind, "size value_counts", *AGGREGATIONS)
accept_all(SeriesGroupBy, "unique", *AGGREGATIONS)
