"""DataFrame: each method checks, makes a node, and returns a lazy object."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.base import Partitioned, row_count, wrap
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.lineage import correspond, same_rows
from shframe.dataframe.expr.relations import Params
from shframe.dataframe.kernels import combine, labelling, rowwise
from shframe.dataframe.kernels.arguments import Place
from shframe.dataframe.methods import evaluating
from shframe.dataframe.plan import dtype_probe
from shframe.dataframe.plan.inferred_schema import mapped_by_user
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.graph.plan.expr import Expr
from shframe.lazy.collection import Collection


class DataFrame(Partitioned):
    """A lazy DataFrame in partitions; methods and results are those of pandas.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> df = sf.from_pandas(pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]}))
    >>> df[df.v > 1].groupby("k").v.sum().compute().to_dict()
    {'a': 3, 'b': 2}
    """

    __slots__ = ()

    def _summary(self) -> str:
        names = ", ".join(f"{name}: {dtype}" for name, dtype in self.dtypes.items())
        return names if len(names) < 400 else names[:397] + "..."

    # --- what it looks like -------------------------------------------------------------

    @property
    def columns(self) -> Any:
        """Column labels."""
        return self._meta.columns

    @property
    def dtypes(self) -> Any:
        """pandas' dtype of each column."""
        return self._meta.dtypes

    @property
    def ndim(self) -> int:
        return 2

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns). Cost: computes the row counts."""
        return len(self), len(self.columns)

    @property
    def index(self) -> Any:
        """The index, lazily."""
        return self._map(rowwise.as_index, rows="same")

    def __dir__(self) -> list[str]:
        names = [name for name in self.columns if isinstance(name, str) and name.isidentifier()]
        return [*super().__dir__(), *names]

    def __contains__(self, label: object) -> bool:
        return label in self.columns

    def __iter__(self) -> Any:
        return iter(self.columns)

    # --- choosing -----------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self.columns:
            return self[name]
        raise AttributeError(f"{type(self).__name__} has no attribute or column {name!r}")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Partitioned):
            return self._filtered(key)
        if isinstance(key, (list, pd.Index, np.ndarray)):
            labels = list(key)
            if labels and all(isinstance(one, (bool, np.bool_)) for one in labels):
                raise UnsupportedType("a plain list of booleans is no filter; use a lazy condition")
            self._known(labels, "frame[[...]]")
            return self._map(rowwise.columns, rows="same", index_free=True, labels=labels)
        if isinstance(key, slice):
            raise UnsupportedType("slices of rows are not there; head(), tail() and filters are")
        self._known([key], "frame[...]")
        return self._map(rowwise.column, rows="same", index_free=True, label=key)

    def _known(self, labels: list[Any], where: str) -> None:
        for label in labels:
            if label not in self.columns:
                raise ColumnNotFound.among(label, self.columns, where)

    def __setitem__(self, label: Any, value: Any) -> None:
        self.expr = (
            self.assign(**{label: value}).expr
            if isinstance(label, str)
            else self._assigned({label: value}).expr
        )

    def assign(self, **values: Any) -> DataFrame:
        """The frame with further columns: lazy ones, constants, or functions of the frame."""
        return self._assigned(values)

    def _assigned(self, values: dict[Any, Any]) -> DataFrame:
        made = self
        for label, value in values.items():
            given = value(made) if callable(value) and not isinstance(value, Collection) else value
            made = made._with_column(label, given)
            _ = made.expr.meta
        return made

    def _with_column(self, label: Any, value: Any) -> DataFrame:
        if arguments.is_rows(value):
            return self._with_lazy_column(label, value)
        if arguments.is_many(value) and not isinstance(value, Collection):
            raise UnsupportedType(
                f"assign({label!r}=...) takes a lazy column or a single value, "
                f"found {type(value).__name__}\n  sf.from_pandas makes a lazy one"
            )
        plain, nodes = arguments.of_value(value)
        return self._map(
            rowwise.assigned,
            rows="same",
            index_free=True,
            values=nodes,
            labels=(),
            plain={label: plain},
        )

    def _with_lazy_column(self, label: Any, value: Any, grows: bool = True) -> DataFrame:
        """The frame with a lazy column at its side, aligned by label.

        grows: whether a frame without any rows gets those of the column, as in an assignment.
        """
        whole: Any = 0 if grows else 1
        values: tuple[Expr, ...] = ()
        lineages = [self.expr.lineage, value.expr.lineage]
        if grows and correspond(lineages) and not same_rows(lineages):
            whole, values = Place(1), (self._count_of_rows(),)
        how: dict[str, Any] = {"labels": (label,), "plain": {}, "whole": whole}
        return self._map(
            rowwise.assigned, value, rows="same", index_free=True, values=values, **how
        )

    def query(self, text: str) -> DataFrame:
        """Rows where the expression holds; `@name` means a variable of the caller.

        Raises: ColumnNotFound for a name that is no column.
        """
        mask = self._evaluated(text, sys._getframe(1))
        return self[mask]

    def eval(self, text: str) -> Any:
        """The value of an expression of columns, as pandas' eval has it."""
        return self._evaluated(text, sys._getframe(1))

    def _evaluated(self, text: str, caller: Any) -> Any:
        if not isinstance(text, str) or not text.strip():
            raise InvalidArgument(f"an expression as text is needed, found {text!r}")
        names = evaluating.variables(text, caller)
        try:
            made = self._by_expression(text, arguments.of_method((), names))
            if isinstance(made.expr, relations.Map):
                dtype_probe.compare(made.expr)
            return made
        except pd.errors.UndefinedVariableError as error:
            missing = str(error).split("'")[1]
            raise ColumnNotFound.among(missing, self.columns, f"query {text!r}") from error
        except SyntaxError as error:
            raise InvalidArgument(f"the expression {text!r} cannot be read: {error}") from error
        except (AttributeError, NotImplementedError) as error:
            raise UnsupportedType(
                f"the expression {text!r} has a part that pandas cannot evaluate: {error}"
            ) from error

    def _by_expression(self, text: str, given: arguments.Arguments) -> Any:
        how: dict[str, Any] = {"text": text, "names": given.kwargs}
        levels = {"index", *(f"ilevel_{n}" for n in range(self._meta.index.nlevels))}
        labels = evaluating.names_of(text) & {*levels, *self._meta.index.names}
        if evaluating.is_row_by_row(text):
            return self._map(
                rowwise.evaluated, rows="same", index_free=not labels, values=given.values, **how
            )
        sources, params = (self.expr, *given.values), Params(**how)
        whole = relations.Whole(sources, rowwise.evaluated, params)
        if isinstance(whole.meta, (pd.Series, pd.DataFrame)):
            return wrap(whole)
        return wrap(relations.Computed(sources, rowwise.evaluated, params))

    def drop(self, labels: Any = None, *, columns: Any = None, axis: Any = 0) -> DataFrame:
        """The frame without some columns."""
        if columns is None and axis in (1, "columns"):
            columns = labels
        if columns is None:
            raise UnsupportedType("drop() takes columns=...; rows are dropped by a filter")
        gone = list(columns) if isinstance(columns, (list, tuple, pd.Index)) else [columns]
        self._known(gone, "drop")
        return self[[label for label in self.columns if label not in gone]]

    def rename(self, columns: Any = None) -> DataFrame:
        """The frame with other column labels: a dict, or a function of a label."""
        return self._method("rename", columns=columns)

    def dropna(self, how: str = "any", subset: Any = None) -> DataFrame:
        """Rows without missing values."""
        return self._method("dropna", rows="chosen", index_free=False, how=how, subset=subset)

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> DataFrame:
        """The columns with some dtypes."""
        return self[list(self._meta.select_dtypes(include, exclude).columns)]

    def apply(self, function: Callable[..., Any], axis: Any = 0, args: tuple[Any, ...] = ()) -> Any:
        """`function` called on each row (axis=1), on all cores."""
        if axis not in (1, "columns"):
            raise UnsupportedType(
                "apply() works on rows (axis=1); agg() and map_partitions() on columns"
            )
        return mapped_by_user(self, _apply_rows, (function, args), {}, rows="same")

    # --- in order, together, apart ------------------------------------------------------

    def sort_values(
        self,
        by: Any,
        *,
        ascending: Any = True,
        na_position: str = "last",
        ignore_index: bool = False,
        kind: str | None = None,
    ) -> DataFrame:
        """Rows in the order of columns; rows with equal keys keep their order, whatever `kind`."""
        names = list(by) if isinstance(by, (list, tuple)) else [by]
        self._known(names, "sort_values")
        if not names:
            raise InvalidArgument("sort_values() needs at least one column")
        flags = (
            tuple(ascending) if isinstance(ascending, (list, tuple)) else (ascending,) * len(names)
        )
        if len(flags) != len(names):
            raise InvalidArgument(f"{len(names)} columns to sort by but {len(flags)} in ascending=")
        if na_position not in ("first", "last"):
            raise InvalidArgument(f"na_position={na_position!r}; it is 'first' or 'last'")
        node = relations.Sort(
            self.expr, tuple(names), tuple(map(bool, flags)), na_position, ignore_index
        )
        made = wrap(node)
        return made.reset_index(drop=True) if ignore_index else made

    def sort_index(self, *, ascending: bool = True, na_position: str = "last") -> DataFrame:
        """Rows in the order of the index."""
        return wrap(relations.Sort(self.expr, None, (ascending,), na_position, False))

    def merge(
        self,
        right: Any,
        how: str = "inner",
        on: Any = None,
        left_on: Any = None,
        right_on: Any = None,
        suffixes: tuple[str | None, str | None] = ("_x", "_y"),
    ) -> DataFrame:
        """Rows of both frames that have equal keys, in pandas' order; the index counts them.

        Raises: ColumnNotFound for a key that a side does not have, InvalidArgument for a `how`
        or a combination of keys that is not there.
        """
        from shframe.dataframe.io.readers import from_pandas

        if isinstance(right, pd.DataFrame):
            right = from_pandas(right, npartitions=1)
        if not isinstance(right, DataFrame):
            raise UnsupportedType(f"merge() takes a DataFrame, found {type(right).__name__}")
        if how not in ("inner", "left", "right", "outer"):
            raise InvalidArgument(f"how={how!r}; it is 'inner', 'left', 'right' or 'outer'")
        left_keys, right_keys = _merge_keys(self, right, on, left_on, right_on)
        self._known(left_keys, "merge (left)")
        right._known(right_keys, "merge (right)")
        node = relations.Merge(
            relations.agreed(self.expr),
            relations.agreed(right.expr),
            how,
            tuple(left_keys),
            tuple(right_keys),
            (suffixes[0], suffixes[1]),
        )
        return wrap(node)

    def groupby(
        self,
        by: Any,
        *,
        sort: bool = True,
        dropna: bool = True,
        observed: bool = True,
        as_index: bool = True,
    ) -> Any:
        """Groups by one or more columns (labels, or lazy columns of this frame)."""
        from shframe.dataframe.groupby import grouped

        return grouped(self, by, sort=sort, dropna=dropna, observed=observed, as_index=as_index)

    def drop_duplicates(
        self, subset: Any = None, *, keep: Any = "first", ignore_index: bool = False
    ) -> DataFrame:
        """Rows that differ in some columns; the first or last of equal ones is kept.

        keep: False drops all that are there more than once. Cost: brings them into one task.
        """
        names = (
            None
            if subset is None
            else (list(subset) if isinstance(subset, (list, tuple)) else [subset])
        )
        self._known(names or [], "drop_duplicates")
        if keep not in ("first", "last", False):
            raise InvalidArgument(f"keep={keep!r}; it is 'first', 'last' or False")
        if keep is False:
            how = Params(name="drop_duplicates", args=(names,), kwargs={"keep": False})
            made = wrap(relations.Whole((self.expr,), rowwise.method, how))
        else:
            params = Params(subset=names, keep=keep)
            made = wrap(
                relations.Tree(self.expr, combine.distinct, combine.distinct_of_all, params)
            )
        return made.reset_index(drop=True) if ignore_index else made

    def nlargest(self, n: int, columns: Any, keep: str = "first") -> DataFrame:
        """The `n` rows with the largest values."""
        return self._extreme("nlargest", n, columns, keep)

    def nsmallest(self, n: int, columns: Any, keep: str = "first") -> DataFrame:
        """The `n` rows with the smallest values."""
        return self._extreme("nsmallest", n, columns, keep)

    def _extreme(self, name: str, n: int, columns: Any, keep: str) -> Any:
        names = list(columns) if isinstance(columns, (list, tuple)) else [columns]
        self._known(names, name)
        params = Params(name=name, args=(row_count(n), names), keep=keep)
        return wrap(relations.Tree(self.expr, combine.extreme, combine.extreme_of_all, params))

    # --- index --------------------------------------------------------------------------

    def reset_index(self, drop: bool = False) -> DataFrame:
        """An index that counts rows; the old one becomes columns, or goes with drop=True."""
        made = self if drop else self._method("reset_index", rows="made", index_free=False)
        return wrap(relations.Renumber(made.expr))

    def set_index(self, keys: Any, drop: bool = True) -> DataFrame:
        """Columns as the index; rows keep their order."""
        names = list(keys) if isinstance(keys, (list, tuple)) else [keys]
        self._known(names, "set_index")
        dtypes = [self._meta[name].dtype for name in names]
        if np.dtype(object) in dtypes:  # of which pandas looks for a dtype for all
            how = Params(name="set_index", args=(keys,), kwargs={"drop": drop})
            return wrap(relations.Whole((self.expr,), rowwise.method, how))
        if len(dtypes) == 1 and str(dtypes[0]) in ("int8", "int16", "int32"):
            return self._set_small_index(names[0], drop)
        return self._method("set_index", keys, rows="made", index_free=False, drop=drop)

    def _set_small_index(self, label: Any, drop: bool) -> DataFrame:
        """A column of integers that may become int64 as an index."""
        spaced = relations.Reduce(self[label].expr, labelling.spacing, labelling.is_even, Params())
        return self._map(labelling.indexed, rows="made", values=(spaced,), label=label, drop=drop)

    def to_parquet(
        self,
        path: Any,
        *,
        partition_cols: Any = None,
        index: bool | None = None,
        compression: str | None = "snappy",
    ) -> None:
        """Write a folder of Parquet files, a file per partition.

        A data set that was written there before is replaced as a whole, once the new one is
        complete; files of others are not touched.

        partition_cols: columns whose values name folders, as pandas has it.
        index: whether it is stored; None: unless it counts the rows from 0.

        Raises: WriteFailed where the folder cannot be written to, or holds Parquet files of
        others. What was there stays as it was.
        """
        from shframe.dataframe.io.parquet_writer import to_parquet

        to_parquet(self, path, partition_cols=partition_cols, index=index, compression=compression)


def _apply_rows(part: Any, function: Any, args: tuple[Any, ...]) -> Any:
    return part.apply(function, axis=1, args=args)


def _merge_keys(
    left: Any, right: Any, on: Any, left_on: Any, right_on: Any
) -> tuple[list[Any], list[Any]]:
    def listed(keys: Any) -> list[Any]:
        return list(keys) if isinstance(keys, (list, tuple)) else [keys]

    if on is not None:
        if left_on is not None or right_on is not None:
            raise InvalidArgument("merge() takes on=, or left_on= and right_on=, not both")
        return listed(on), listed(on)
    if left_on is None and right_on is None:
        common = [label for label in left.columns if label in right.columns]
        if not common:
            raise InvalidArgument("merge() without on=: the frames have no column in common")
        return common, common
    if left_on is None or right_on is None:
        raise InvalidArgument("merge() needs both left_on= and right_on=")
    a, b = listed(left_on), listed(right_on)
    if len(a) != len(b):
        raise InvalidArgument(f"left_on has {len(a)} columns, right_on {len(b)}")
    return a, b
