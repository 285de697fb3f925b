"""Groups of rows: they hold the keys until an aggregation is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, overload

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Aggregate, unify_dtypes
from shframe.dataframe.kernels.aggregation import Aggregation, Output
from shframe.dataframe.methods.selection import assign_lazy
from shframe.dataframe.wrap import wrap
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.graph.tasks.function import UserCode

NAMES = (
    *("sum", "mean", "min", "max", "count", "size", "std", "var", "first", "last", "nunique"),
    *("median", "prod", "any", "all", "quantile", "sem", "skew"),
)
FrameT = TypeVar("FrameT")
SeriesT = TypeVar("SeriesT")
ResultT = TypeVar("ResultT")


def group_rows(frame: Relation, by: Any, options: dict[str, bool]) -> Groups:
    """The groups of a frame; lazy columns among the keys are added to it under hidden labels."""
    keys = list(by) if isinstance(by, (list, tuple)) else [by]
    if not keys:
        raise InvalidArgument("No group keys passed!")
    labels, names = [], []
    for n, key in enumerate(keys):
        if arguments.is_rows(key):
            hidden = f"__shframe_key_{n}"
            while hidden in frame.meta.columns:
                hidden += "_"
            names.append(key.expr.meta.name)
            frame = assign_lazy(frame, hidden, key.expr, grows=False)
            labels.append(hidden)
        elif callable(key) or isinstance(key, (pd.Series, dict)):
            raise UnsupportedType(
                f"groupby() takes column labels and lazy columns, got {type(key).__name__}"
            )
        else:
            if key not in frame.meta.columns:
                raise ColumnNotFound.among(key, frame.meta.columns, "groupby")
            labels.append(key)
            names.append(key)
    return Groups(frame, tuple(labels), tuple(names), options)


class Groups:
    """A frame and what it is grouped by."""

    __slots__ = ("frame", "keys", "names", "options")

    def __init__(
        self,
        frame: Relation,
        keys: tuple[Any, ...],
        names: tuple[Any, ...],
        options: dict[str, bool],
    ) -> None:
        self.frame = frame
        self.keys = keys
        self.names = names
        self.options = options

    @property
    def columns(self) -> Any:
        """All labels of the frame, hidden keys too."""
        return self.frame.meta.columns

    @property
    def visible(self) -> list[Any]:
        """The labels that are no keys."""
        return [label for label in self.columns if label not in self.keys]

    def aggregate(self, outputs: list[Output], labels: Any, name: Any = None) -> Any:
        """The frame of some outputs, or the Series of one, where there are no labels."""
        plan = Aggregation(self.keys, self.names, tuple(outputs), labels, name, **self.options)
        source = self.frame
        if any(isinstance(output.how, UserCode) for output in outputs):
            source = unify_dtypes(source)  # a user's function sees what it would of the whole
        return wrap(Aggregate(source, plan))


class GroupBy(Generic[ResultT]):
    """Groups of rows; an aggregation returns a lazy frame or series with the keys as index."""

    __slots__ = ("_columns", "_groups")

    def __init__(self, groups: Groups, columns: list[Any]) -> None:
        self._groups = groups
        self._columns = columns

    def __repr__(self) -> str:
        names = list(self._groups.names)
        return f"<shframe {type(self).__name__}: keys {names}, columns {self._columns}>"

    def _one(self, how: Any, **kwargs: Any) -> ResultT:
        """One aggregation of every column."""
        raise AssertionError(f"{type(self).__name__} lacks aggregations")

    def sum(self) -> ResultT:
        """Sums."""
        return self._one("sum")

    def mean(self) -> ResultT:
        """Means of the values that are not missing."""
        return self._one("mean")

    def min(self) -> ResultT:
        """Smallest values."""
        return self._one("min")

    def max(self) -> ResultT:
        """Largest values."""
        return self._one("max")

    def count(self) -> ResultT:
        """Values that are not missing."""
        return self._one("count")

    def prod(self) -> ResultT:
        """Products."""
        return self._one("prod")

    def any(self) -> ResultT:
        """Whether any value is true."""
        return self._one("any")

    def all(self) -> ResultT:
        """Whether all values are true."""
        return self._one("all")

    def first(self) -> ResultT:
        """The first value that is not missing."""
        return self._one("first")

    def last(self) -> ResultT:
        """The last value that is not missing."""
        return self._one("last")

    def std(self, ddof: int = 1) -> ResultT:
        """Standard deviations."""
        return self._one("std", ddof=ddof)

    def var(self, ddof: int = 1) -> ResultT:
        """Variances."""
        return self._one("var", ddof=ddof)

    def sem(self, ddof: int = 1) -> ResultT:
        """Standard errors of the means. Cost: brings whole groups together."""
        return self._one("sem", ddof=ddof)

    def skew(self) -> ResultT:
        """Skewness. Cost: brings whole groups together."""
        return self._one("skew")

    def quantile(self, q: float = 0.5) -> ResultT:
        """Exact quantiles. Cost: brings whole groups together."""
        return self._one("quantile", q=q)

    def median(self) -> ResultT:
        """Exact medians. Cost: brings whole groups together."""
        return self._one("median")

    def nunique(self) -> ResultT:
        """How many different values. Cost: brings whole groups together."""
        return self._one("nunique")


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
            return DataFrameGroupBy[FrameT, SeriesT](groups, labels)
        return SeriesGroupBy[SeriesT, FrameT](groups, labels)

    def __getattr__(self, name: str) -> SeriesGroupBy[SeriesT, FrameT]:
        if not name.startswith("_") and name in (*self._columns, *self._groups.keys):
            return SeriesGroupBy(self._groups, [name])
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}, and there is no such column"
        )

    def agg(self, func: Any = None, **named: Any) -> FrameT:
        """Aggregations: a name or function, a list of them, a dict by column, or named ones.

        func: "sum", ["min", "max"], {"v": "mean", "w": ["min", "max"]}, or a Python function.
        named: label=("column", "sum").
        """
        if func is None and not named:
            raise InvalidArgument("Must provide 'func' or tuples of '(column, aggfunc)'")
        if named:
            return self._named(named)
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
        outputs = [Output(c, c, checked, tuple(kwargs.items())) for c in self._columns]
        labels = pd.Index(self._columns, name=self._groups.columns.name)
        made: FrameT = self._groups.aggregate(outputs, labels)
        return made

    def _by_column(self, asked: dict[Any, Any]) -> FrameT:
        for column in asked:
            if column not in self._groups.columns:
                raise _unknown(column, self._groups)
        many = any(isinstance(how, (list, tuple)) for how in asked.values())
        outputs = [
            Output((c, _label(how)) if many else c, c, _check(how))
            for c, hows in asked.items()
            for how in (hows if isinstance(hows, (list, tuple)) else [hows])
        ]
        labels = [output.label for output in outputs]
        index = pd.MultiIndex.from_tuples(labels) if many else pd.Index(labels)
        made: FrameT = self._groups.aggregate(outputs, index)
        return made

    def _named(self, named: dict[str, Any]) -> FrameT:
        outputs = []
        for label, asked in named.items():
            try:
                column, how = asked
            except (TypeError, ValueError):
                raise InvalidArgument(
                    f"agg({label}=...) must be a pair (column, aggregation), got {asked!r}"
                ) from None
            if column not in self._groups.columns:
                raise _unknown(column, self._groups)
            outputs.append(Output(label, column, _check(how)))
        made: FrameT = self._groups.aggregate(outputs, pd.Index(list(named)))
        return made

    def size(self) -> SeriesT:
        """Rows of each group."""
        made: SeriesT = self._groups.aggregate([Output(None, None, "size")], None)
        return made


class SeriesGroupBy(GroupBy[SeriesT], Generic[SeriesT, FrameT]):
    """Groups of one column's values."""

    __slots__ = ()

    @property
    def _column(self) -> Any:
        return self._columns[0]

    @overload
    def agg(self, func: str | Callable[..., Any]) -> SeriesT: ...
    @overload
    def agg(self, func: list[Any]) -> FrameT: ...
    @overload
    def agg(self, **named: Any) -> FrameT: ...
    def agg(self, func: Any = None, **named: Any) -> Any:
        """Aggregations: a name or function gives a Series; a list of them, or label="sum", a
        DataFrame."""
        if func is None and not named:
            raise InvalidArgument("Must provide 'func' or named aggregations")
        if named:
            return self._named(named)
        if isinstance(func, dict):
            raise InvalidArgument("nested renamer is not supported: pass label='sum'")
        if isinstance(func, (list, tuple)):
            return self._several([(_label(how), how) for how in func])
        return self._one(func)

    aggregate = agg

    def _one(self, how: Any, **kwargs: Any) -> SeriesT:
        checked = _check(how)
        if checked == "size":
            return self.size()
        outputs = [Output(self._column, self._column, checked, tuple(kwargs.items()))]
        made: SeriesT = self._groups.aggregate(outputs, None, self._column)
        return made

    def _named(self, named: dict[str, Any]) -> FrameT:
        pairs = ((one, how[1] if isinstance(how, tuple) else how) for one, how in named.items())
        return self._several(list(pairs))

    def _several(self, asked: list[tuple[Any, Any]]) -> FrameT:
        outputs = [Output(label, self._column, _check(how)) for label, how in asked]
        made: FrameT = self._groups.aggregate(outputs, pd.Index([label for label, _ in asked]))
        return made

    def size(self) -> SeriesT:
        """Rows of each group."""
        groups, name = self._groups, self._column
        masked = not isinstance(groups.frame.meta.dtypes[name], np.dtype)
        outputs = [Output(name, name if masked else None, "size")]
        label = name if groups.options["as_index"] else None
        made: SeriesT = groups.aggregate(outputs, None, label)
        return made


def _unknown(column: Any, groups: Groups) -> ColumnNotFound:
    sentence = f"Label(s) [{column!r}] do not exist"
    return ColumnNotFound.among(column, groups.columns, "agg()", sentence)


def _check(how: Any) -> Any:
    """The name of an aggregation, or a user's function captured by value."""
    if isinstance(how, str):
        if how not in NAMES:
            raise InvalidArgument(f"unknown aggregation {how!r}; there are {', '.join(NAMES)}")
        return how
    if how in (sum, max, min):
        return how.__name__
    if callable(how):
        return UserCode(how)
    raise UnsupportedType(f"an aggregation is a name or a function, got {type(how).__name__}")


def _label(how: Any) -> Any:
    return how if isinstance(how, str) else getattr(how, "__name__", "<lambda>")
