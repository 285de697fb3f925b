"""GroupBy: holds the keys until an aggregation is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.base import Partitioned, wrap
from shframe.dataframe.expr import relations
from shframe.dataframe.kernels.aggregate import Output, Plan
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.graph.tasks.function import UserCode

NAMES = [
    "sum",
    "mean",
    "min",
    "max",
    "count",
    "size",
    "std",
    "var",
    "first",
    "last",
    "nunique",
    "median",
    "prod",
    "any",
    "all",
    "quantile",
    "sem",
    "skew",
]


def grouped(frame: Any, by: Any, **options: bool) -> GroupBy:
    """The groups of a frame; lazy columns among the keys are added to it under hidden labels."""
    keys = list(by) if isinstance(by, (list, tuple)) else [by]
    if not keys:
        raise InvalidArgument("groupby() needs at least one key")
    labels, names = [], []
    for n, key in enumerate(keys):
        if isinstance(key, Partitioned):
            hidden = f"__shframe_key_{n}"
            while hidden in frame.columns:
                hidden += "_"
            names.append(key._meta.name)
            frame = frame._with_lazy_column(hidden, key, grows=False)
            labels.append(hidden)
        elif callable(key) or isinstance(key, (pd.Series, dict)):
            raise UnsupportedType(
                f"groupby() takes column labels and lazy columns, found {type(key).__name__}"
            )
        else:
            if key not in frame.columns:
                raise ColumnNotFound.among(key, frame.columns, "groupby")
            labels.append(key)
            names.append(key)
    visible = [c for c in frame.columns if c not in labels]
    return GroupBy(frame, tuple(labels), tuple(names), visible, None, options)


class GroupBy:
    """Groups of rows; an aggregation gives a lazy frame or series with the keys as index."""

    __slots__ = ("_chosen", "_columns", "_frame", "_keys", "_names", "_options")

    def __init__(
        self,
        frame: Any,
        keys: tuple[Any, ...],
        names: tuple[Any, ...],
        columns: list[Any],
        chosen: Any,
        options: dict[str, bool],
    ) -> None:
        self._frame = frame
        self._keys = keys
        self._names = names
        self._columns = columns
        self._chosen = chosen  # the one label of a SeriesGroupBy, in a tuple; None for a frame
        self._options = options

    def __repr__(self) -> str:
        return f"<shframe GroupBy: keys {list(self._names)}, columns {self._columns}>"

    def __getitem__(self, key: Any) -> GroupBy:
        labels = list(key) if isinstance(key, (list, tuple)) else [key]
        for label in labels:
            if label not in self._frame.columns:
                raise ColumnNotFound.among(label, self._frame.columns, "groupby[...]")
        chosen = None if isinstance(key, (list, tuple)) else (key,)
        return GroupBy(self._frame, self._keys, self._names, labels, chosen, self._options)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in (*self._columns, *self._keys):
            return self[name]
        raise AttributeError(f"GroupBy has no attribute or column {name!r}")

    def agg(self, func: Any = None, **named: Any) -> Any:
        """Aggregations: a name or function, a list of them, a dict by column, or named ones.

        func: "sum", ["min", "max"], {"v": "mean", "w": ["min", "max"]}, or a Python function.
        named: label=("column", "sum"), or for a single column label="sum".
        """
        if func is None and not named:
            raise InvalidArgument("agg() needs an aggregation")
        if named:
            return self._named(named)
        if isinstance(func, dict):
            return self._by_column(func)
        if isinstance(func, (list, tuple)):
            return self._listed(list(func))
        return self._each(func)

    aggregate = agg

    def _each(self, how: Any, **kwargs: Any) -> Any:
        """One aggregation of every column."""
        checked = _checked(how)
        if checked == "size":
            return self.size()
        outputs = [Output(c, c, checked, tuple(kwargs.items())) for c in self._columns]
        if self._chosen is not None:
            return self._made(outputs, None, self._chosen[0])
        return self._made(outputs, pd.Index(self._columns, name=self._frame.columns.name))

    def _listed(self, hows: list[Any]) -> Any:
        if self._chosen is not None:
            column = self._chosen[0]
            outputs = [Output(_label(how), column, _checked(how)) for how in hows]
            return self._made(outputs, pd.Index([o.label for o in outputs]))
        return self._by_column({column: hows for column in self._columns})

    def _by_column(self, asked: dict[Any, Any]) -> Any:
        for column in asked:
            if column not in self._frame.columns:
                raise ColumnNotFound.among(column, self._frame.columns, "agg")
        if not any(isinstance(how, (list, tuple)) for how in asked.values()):
            outputs = [Output(c, c, _checked(how)) for c, how in asked.items()]
            return self._made(outputs, pd.Index(list(asked)))
        outputs = [
            Output((c, _label(how)), c, _checked(how))
            for c, hows in asked.items()
            for how in (hows if isinstance(hows, (list, tuple)) else [hows])
        ]
        return self._made(outputs, pd.MultiIndex.from_tuples([o.label for o in outputs]))

    def _named(self, named: dict[str, Any]) -> Any:
        outputs = []
        for label, asked in named.items():
            if self._chosen is not None and not isinstance(asked, tuple):
                column, how = self._chosen[0], asked
            else:
                try:
                    column, how = asked
                except (TypeError, ValueError):
                    raise InvalidArgument(
                        f"agg({label}=...) needs a pair (column, aggregation), found {asked!r}"
                    ) from None
            if column not in self._frame.columns:
                raise ColumnNotFound.among(column, self._frame.columns, "agg")
            outputs.append(Output(label, column, _checked(how)))
        return self._made(outputs, pd.Index(list(named)))

    def _made(self, outputs: list[Output], labels: Any, name: Any = None) -> Any:
        plan = Plan(self._keys, self._names, tuple(outputs), labels, name, **self._options)
        source = self._frame.expr
        if any(isinstance(output.how, UserCode) for output in outputs):
            source = relations.agreed(source)  # a user's function sees what it would of the whole
        return wrap(relations.GroupAgg(source, plan))

    def size(self) -> Any:
        """Rows of each group."""
        name = self._chosen[0] if self._chosen is not None else None
        masked = name is not None and not isinstance(self._frame.dtypes[name], np.dtype)
        outputs = [Output(name, name if masked else None, "size")]
        return self._made(outputs, None, name if self._options["as_index"] else None)

    def sum(self) -> Any:
        """Sums."""
        return self._each("sum")

    def mean(self) -> Any:
        """Means of the values that are not missing."""
        return self._each("mean")

    def min(self) -> Any:
        """Smallest values."""
        return self._each("min")

    def max(self) -> Any:
        """Largest values."""
        return self._each("max")

    def count(self) -> Any:
        """Values that are not missing."""
        return self._each("count")

    def prod(self) -> Any:
        """Products."""
        return self._each("prod")

    def any(self) -> Any:
        """Whether any value is true."""
        return self._each("any")

    def all(self) -> Any:
        """Whether all values are true."""
        return self._each("all")

    def first(self) -> Any:
        """The first value that is not missing."""
        return self._each("first")

    def last(self) -> Any:
        """The last value that is not missing."""
        return self._each("last")

    def std(self, ddof: int = 1) -> Any:
        """Standard deviations."""
        return self._each("std", ddof=ddof)

    def var(self, ddof: int = 1) -> Any:
        """Variances."""
        return self._each("var", ddof=ddof)

    def sem(self, ddof: int = 1) -> Any:
        """Standard errors of the means. Cost: brings whole groups together."""
        return self._each("sem", ddof=ddof)

    def skew(self) -> Any:
        """Skewness. Cost: brings whole groups together."""
        return self._each("skew")

    def quantile(self, q: float = 0.5) -> Any:
        """Exact quantiles. Cost: brings whole groups together."""
        return self._each("quantile", q=q)

    def median(self) -> Any:
        """Exact medians. Cost: brings whole groups together."""
        return self._each("median")

    def nunique(self) -> Any:
        """How many different values. Cost: brings whole groups together."""
        return self._each("nunique")


def _checked(how: Any) -> Any:
    """The name of an aggregation, or a user's function captured by value."""
    if isinstance(how, str):
        if how not in NAMES:
            raise InvalidArgument(f"no aggregation {how!r}; there are {', '.join(NAMES)}")
        return how
    if how in (sum, max, min):
        return how.__name__
    if callable(how):
        return UserCode(how)
    raise UnsupportedType(f"an aggregation is a name or a function, found {type(how).__name__}")


def _label(how: Any) -> Any:
    return how if isinstance(how, str) else getattr(how, "__name__", "<lambda>")
