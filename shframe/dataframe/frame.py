"""DataFrame: each method checks, makes a node, and returns a lazy object."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import relations, trial
from shframe.dataframe.base import Partitioned, row_count, wrap
from shframe.dataframe.kernels import rowwise, small
from shframe.dataframe.relations import Params
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType


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
        return self._map(rowwise.as_index)

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
            return self._map(rowwise.columns, index_free=True, labels=labels)
        if isinstance(key, slice):
            raise UnsupportedType("slices of rows are not there; head(), tail() and filters are")
        self._known([key], "frame[...]")
        return self._map(rowwise.column, index_free=True, label=key)

    def _filtered(self, mask: Partitioned) -> Any:
        dtype = getattr(mask._meta, "dtype", None)
        if dtype is None or str(dtype) not in ("bool", "boolean", "bool[pyarrow]"):
            raise UnsupportedType(f"a filter must be a Series of booleans, found dtype {dtype}")
        return self._map(rowwise.rows, mask)

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
            value = value(made) if callable(value) and not isinstance(value, Partitioned) else value
            if isinstance(value, Partitioned):
                made = made._map(
                    rowwise.assigned,
                    value,
                    index_free=made.expr is value.expr,
                    labels=(label,),
                    plain={},
                )
            elif np.ndim(value) == 0:
                made = made._map(rowwise.assigned, index_free=True, labels=(), plain={label: value})
            else:
                raise UnsupportedType(
                    f"assign({label!r}=...) takes a lazy column or a single value, "
                    f"found {type(value).__name__}\n  sf.from_pandas makes a lazy one"
                )
            _ = made.expr.meta
        return made

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
        names = _named_values(text, caller)
        try:
            made = self._map(rowwise.evaluated, index_free=True, text=text, names=names)
            trial.compare(made.expr)
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
        return self._kept("dropna", how=how, subset=subset)

    def _kept(self, name: str, **kwargs: Any) -> Any:
        made = self._map(rowwise.method, name=name, args=(), kwargs=kwargs)
        _ = made.expr.meta
        return made

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> DataFrame:
        """The columns with some dtypes."""
        return self[list(self._meta.select_dtypes(include, exclude).columns)]

    def apply(self, function: Callable[..., Any], axis: Any = 0, args: tuple[Any, ...] = ()) -> Any:
        """`function` called on each row (axis=1), on all cores."""
        if axis not in (1, "columns"):
            raise UnsupportedType(
                "apply() works on rows (axis=1); agg() and map_partitions() on columns"
            )
        return self.map_partitions(_apply_rows, function, args)

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
        from shframe.dataframe.io import from_pandas

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
            self.expr,
            right.expr,
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
        self, subset: Any = None, *, keep: str = "first", ignore_index: bool = False
    ) -> DataFrame:
        """Rows that differ in some columns; the first or last of equal ones is kept."""
        names = (
            None
            if subset is None
            else (list(subset) if isinstance(subset, (list, tuple)) else [subset])
        )
        self._known(names or [], "drop_duplicates")
        if keep not in ("first", "last"):
            raise InvalidArgument(f"keep={keep!r}; it is 'first' or 'last'")
        params = Params(subset=names, keep=keep)
        made = wrap(relations.Tree(self.expr, small.distinct, small.distinct_of_all, params))
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
        return wrap(relations.Tree(self.expr, small.extreme, small.extreme_of_all, params))

    # --- index --------------------------------------------------------------------------

    def reset_index(self, drop: bool = False) -> DataFrame:
        """An index that counts rows; the old one becomes columns, or goes with drop=True."""
        made = self if drop else self._map(rowwise.method, name="reset_index", args=(), kwargs={})
        _ = made.expr.meta
        return wrap(relations.Renumber(made.expr))

    def set_index(self, keys: Any, drop: bool = True) -> DataFrame:
        """Columns as the index; rows keep their order."""
        names = list(keys) if isinstance(keys, (list, tuple)) else [keys]
        self._known(names, "set_index")
        return self._kept("set_index", keys=keys, drop=drop)

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
        from shframe.dataframe.writing import to_parquet

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


def _named_values(text: str, caller: Any) -> dict[str, Any]:
    """The caller's variables that the text names with @; taken at the call."""
    import re

    names = set(re.findall(r"@([A-Za-z_]\w*)", text))
    found = {}
    for name in names:
        if name in caller.f_locals:
            found[name] = caller.f_locals[name]
        elif name in caller.f_globals:
            found[name] = caller.f_globals[name]
        else:
            raise InvalidArgument(f"query {text!r}: no variable {name!r} where it was called")
    return found
