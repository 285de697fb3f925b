"""Series and Index: one lazy column, with pandas' accessors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.accessors import Accessor
from shframe.dataframe.base import Partitioned, row_count, wrap
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.relations import Params
from shframe.dataframe.kernels import combine, rowwise
from shframe.dataframe.plan.inferred_schema import mapped_by_user
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.planner import Layer


class Series(Partitioned):
    """A lazy Series in partitions; methods and results are those of pandas."""

    __slots__ = ()

    def _summary(self) -> str:
        return f"{self.name}: {self.dtype}"

    @property
    def dtype(self) -> Any:
        """pandas' dtype."""
        return self._meta.dtype

    @property
    def name(self) -> Any:
        """The label."""
        return self._meta.name

    @property
    def ndim(self) -> int:
        return 1

    @property
    def shape(self) -> tuple[int]:
        """(rows,). Cost: computes the row counts."""
        return (len(self),)

    @property
    def size(self) -> int:
        """Rows. Cost: computes the row counts."""
        return len(self)

    @property
    def index(self) -> Any:
        """The index, lazily."""
        return self._map(rowwise.as_index, rows="same")

    @property
    def str(self) -> Accessor:
        """Methods of text."""
        return Accessor(self, "str")

    @property
    def dt(self) -> Accessor:
        """Parts and methods of times."""
        return Accessor(self, "dt")

    @property
    def cat(self) -> Accessor:
        """Parts and methods of categories."""
        return Accessor(self, "cat")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Partitioned):
            return self._filtered(key)
        raise UnsupportedType(
            "a Series is chosen from by a lazy condition; head() gives first rows"
        )

    def between(self, left: Any, right: Any, inclusive: Any = "both") -> Series:
        """Where values lie between two limits."""
        for limit in (left, right):
            self._check_one(limit, "between")
        return self._method("between", left, right, inclusive)

    def map(self, function: Any, na_action: Any = None) -> Series:
        """Values replaced through a function or a dict, on all cores."""
        if arguments.is_rows(function):
            function = wrap(relations.everything(function.expr))
        elif callable(function):
            return self._by_value(_mapped, function, na_action)
        return self._method("map", function, na_action=na_action)

    def apply(self, function: Callable[..., Any], args: tuple[Any, ...] = ()) -> Any:
        """`function` called on each value, on all cores."""
        return self._by_value(_applied, function, args)

    def _by_value(self, kernel: Callable[..., Any], function: Any, more: Any) -> Any:
        """A user's function called on each value: the rows stay what they are."""
        return mapped_by_user(self, kernel, (function, more), {}, rows="same")

    def rename(self, name: Any) -> Series:
        """The series under another name."""
        if callable(name) or (arguments.is_many(name) and not isinstance(name, tuple)):
            return self._method("rename", name, rows="made", index_free=False)  # labels of rows
        return self._method("rename", name)

    def to_frame(self, name: Any = None) -> Any:
        """A frame of this one column."""
        return self._method("to_frame") if name is None else self._method("to_frame", name)

    def dropna(self) -> Series:
        """Values that are not missing."""
        return self._method("dropna", rows="chosen", index_free=False)

    def unique(self) -> Any:
        """The different values, in the order in which they appear, as pandas gives them."""
        return self._whole("unique")

    def drop_duplicates(self, keep: Any = "first") -> Series:
        """Values that differ; the first or last of equal ones is kept.

        keep: False drops all that are there more than once. Cost: brings them into one task.
        """
        if keep not in ("first", "last"):
            return self._distinct_once(keep)
        params = Params(subset=None, keep=keep)
        return wrap(relations.Tree(self.expr, combine.distinct, combine.distinct_of_all, params))

    def _distinct_once(self, keep: Any) -> Series:
        if keep is not False:
            raise InvalidArgument(f"keep={keep!r}; it is 'first', 'last' or False")
        params = Params(name="drop_duplicates", args=(), kwargs={"keep": False})
        return wrap(relations.Whole((self.expr,), rowwise.method, params))

    def nlargest(self, n: int = 5, keep: Any = "first") -> Series:
        """The `n` largest values."""
        return self._extreme("nlargest", n, keep)

    def nsmallest(self, n: int = 5, keep: Any = "first") -> Series:
        """The `n` smallest values."""
        return self._extreme("nsmallest", n, keep)

    def _extreme(self, name: Any, n: int, keep: Any) -> Any:
        params = Params(name=name, args=(row_count(n),), keep=keep)
        return wrap(relations.Tree(self.expr, combine.extreme, combine.extreme_of_all, params))

    def value_counts(
        self,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        dropna: bool = True,
    ) -> Series:
        """How often each value is there, the most frequent first."""
        how = {"sort": sort, "ascending": ascending, "normalize": normalize, "dropna": dropna}
        if not combine.is_counted_alike(self.dtype):
            given = Params(name="value_counts", args=(), kwargs=how)
            return wrap(relations.Whole((self.expr,), rowwise.method, given))
        params = Params(**how)
        node = relations.Tree(
            self.expr, combine.values_counted, combine.values_counted_of_all, params
        )
        return wrap(node)

    def sort_values(
        self, *, ascending: bool = True, na_position: Any = "last", ignore_index: bool = False
    ) -> Series:
        """Values in order; equal ones keep their order."""
        label = self.name
        frame = self.to_frame(0 if label is None else label)
        column = frame.columns[0]
        made = frame.sort_values(
            [column], ascending=ascending, na_position=na_position, ignore_index=ignore_index
        )[column]
        return made.rename(None) if label is None else made

    def reset_index(self, drop: bool = False, name: Any = None) -> Any:
        """An index that counts rows; the old one becomes a column, or goes with drop=True."""
        if drop:
            return wrap(relations.Renumber(self.expr))
        frame = self.to_frame(name) if name is not None else self.to_frame()
        return frame.reset_index()

    def groupby(self, by: Any, **options: Any) -> Any:
        """Groups of this column's values, by another lazy column of the same frame."""
        label = self.name if self.name is not None else 0
        return self.to_frame(label).groupby(by, **options)[label]


class Index(Partitioned):
    """A lazy Index in partitions."""

    __slots__ = ()

    def _result(self, refs: list[ObjectRef], layer: Layer) -> Any:
        made = super()._result(refs, layer)
        node = self.expr
        worked = isinstance(node, relations.Map) and node.kernel is not rowwise.as_index
        compared = worked and pd.api.types.is_bool_dtype(made.dtype)
        return (
            made.array if compared and made.dtype != bool else made.to_numpy() if compared else made
        )

    def _summary(self) -> str:
        return f"{self.name}: {self.dtype}"

    @property
    def dtype(self) -> Any:
        """pandas' dtype."""
        return self._meta.dtype

    @property
    def name(self) -> Any:
        """The name."""
        return self._meta.name

    @property
    def names(self) -> Any:
        """The names of the levels."""
        return self._meta.names

    @property
    def nlevels(self) -> int:
        """How many levels there are."""
        return int(self._meta.nlevels)

    @property
    def ndim(self) -> int:
        return 1

    def to_frame(self) -> Any:
        """A frame of the levels."""
        return self._method("to_frame", index_free=False)

    def to_series(self) -> Any:
        """The values as a Series that has them as index too."""
        return self._method("to_series", index_free=False)


def _mapped(part: Any, function: Any, na_action: Any) -> Any:
    return part.map(function, na_action=na_action)


def _applied(part: Any, function: Any, args: tuple[Any, ...]) -> Any:
    return part.apply(function, args=args)
