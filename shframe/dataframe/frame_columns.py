"""The columns of a frame: added, computed, chosen by dtype or label."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Literal, Self, overload

from shframe.dataframe import arguments
from shframe.dataframe.arranging import FrameArranging
from shframe.dataframe.expr.base import Relation, Value
from shframe.dataframe.frame_labels import FrameLabels
from shframe.dataframe.in_place import IN_METHOD, warn_of_copy
from shframe.dataframe.kernels.lazy_results import with_computed_results
from shframe.dataframe.methods import casting, evaluating, reshaping, selection, sorting
from shframe.dataframe.methods.rowwise import call_if_callable, is_expression
from shframe.dataframe.methods.user_functions import map_partitions
from shframe.dataframe.wrap import wrap
from shframe.errors import InvalidArgument, UnsupportedType


class FrameColumns(FrameLabels, FrameArranging):
    """Methods that add columns, change them, or choose some."""

    __slots__ = ()

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
        self.expr = selection.select_columns(self._assign({column: value}).expr, labels)

    def isetitem(self, loc: int, value: Any) -> None:
        """Put other values into the column with a number."""
        self.expr = self._assign({self.columns[loc]: value}).expr

    def get(self, key: Any, default: Any = None) -> Any:
        """A column, or columns; the default where they are missing."""
        wanted = key if isinstance(key, list) else [key]
        found = all(one in self.columns for one in wanted)
        return self[key] if found else default  # type: ignore[index]

    def select(self, /, *args: Any, **kwargs: Any) -> Self:
        """The columns with some labels, or what expressions (`sf.col`) give; kwargs: computed
        columns by their labels, as assign() has them.

        Examples
        --------
        >>> import pandas as pd, shframe as sf
        >>> df = sf.from_pandas(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
        >>> df.select("b", c=sf.col("a") * 10).compute().columns.tolist()
        ['b', 'c']
        """
        listed = len(args) == 1 and arguments.is_many(args[0]) and not isinstance(args[0], tuple)
        frame, chosen = self, list[Any]()
        for item in list(args[0]) if listed else args:
            if not is_expression(item):
                chosen.append(frame[[item]])  # type: ignore[index]
                continue
            made = call_if_callable(item, frame)
            columns = [made[label] for label in made.columns] if made.ndim == 2 else [made]
            if any(one.name is None for one in columns):
                raise TypeError(
                    f"expression {item!r} evaluated to an unnamed Series; use .rename(...) to "
                    "name it or pass it as a keyword argument"
                )
            frame = frame._assign({one.name: one for one in columns})
            chosen.append(frame[[one.name for one in columns]])  # type: ignore[index]
        for label, value in kwargs.items():
            frame = frame._assign({label: value})
            chosen.append(frame[[label]])  # type: ignore[index]
        if not chosen:
            return self._wrap(selection.select_columns(self.expr, []))
        how: Any = ("outer", False, None, None, None, False, False, {})
        return self._wrap(reshaping.concat(chosen, 1, *how))

    def assign(self, **values: Any) -> Self:
        """The frame with further columns: lazy ones, constants, or functions of the frame."""
        return self._assign(values)

    def _assign(self, values: dict[Any, Any]) -> Self:
        made = self
        for label, value in values.items():
            given = call_if_callable(value, made)
            made = self._wrap(selection.assign_column(made.expr, label, given))
        return made

    def _assign_several(self, labels: list[Any], value: Any) -> Self:
        """Several columns at once: of a frame, or one value for all."""
        if not (arguments.is_rows(value) and value.ndim == 2):
            return self._assign(dict.fromkeys(labels, value))
        if len(labels) != len(value.columns):
            raise InvalidArgument("Columns must be same length as key")
        pairs = zip(labels, value.columns, strict=True)
        return self._assign({label: value[column] for label, column in pairs})

    @overload
    def query(self, expr: str, *, inplace: Literal[False] = False, **options: Any) -> Self: ...
    @overload
    def query(self, expr: str, *, inplace: bool, **options: Any) -> Self | None: ...
    def query(self, expr: str, *, inplace: bool = False, **options: Any) -> Any:
        """Rows where the expression holds; `@name` means a variable of the caller.

        local_dict, global_dict: variables instead of the caller's. inplace: this object is changed.

        Raises: ColumnNotFound for a name that is no column.
        """
        scope = evaluating.scope_of(sys._getframe(1), options)
        mask = wrap(evaluating.evaluate(self.expr, expr, scope))
        made: Self = self[mask]  # type: ignore[index]
        if not inplace:
            return made
        warn_of_copy(self, IN_METHOD)
        self.expr = made.expr
        return None

    def eval(self, expr: str, *, inplace: bool = False, **options: Any) -> Any:
        """The value of an expression of columns, or the frame with the columns that it assigns.

        expr: `a + b`, or `c = a + b`, of which there may be several, a line each. inplace: this
        object gets the columns. local_dict, global_dict: as query() has them.

        Raises: ColumnNotFound for a name that is no column.

        Examples
        --------
        >>> import pandas as pd, shframe as sf
        >>> df = sf.from_pandas(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
        >>> df.eval("c = a + b").c.compute().tolist()
        [4, 6]
        """
        scope = evaluating.scope_of(sys._getframe(1), options)
        lines = evaluating.split_assignments(expr)
        if lines[0][0] is None:
            if inplace:
                raise InvalidArgument("Cannot operate inplace if there is no assignment")
            return _wrapped(evaluating.evaluate(self.expr, lines[0][1], scope))
        node = self.expr
        for label, text in lines:
            value = _wrapped(evaluating.evaluate(node, text, scope))
            node = selection.assign_column(node, label, value)
        if not inplace:
            return self._wrap(node)
        warn_of_copy(self, IN_METHOD)
        self.expr = node
        return None

    def categorize(self, columns: Any = None, index: Any = None, **how: Any) -> Self:
        """Columns of text and objects, or those of some labels, as categories; index: not changed.

        Dask's split_every= is accepted, without effect.
        """
        kinds = ["object", "string", "category"]
        found = self._meta.select_dtypes(kinds).columns
        labels = found if columns is None else sorting.as_list(columns)
        return self._wrap(casting.cast(self.expr, dict.fromkeys(labels, "category")))

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> Self:
        """The columns with some dtypes."""
        labels = list(self._meta.select_dtypes(include, exclude).columns)
        return self._wrap(selection.select_columns(self.expr, labels))

    def map(self, func: Callable[..., Any], na_action: Any = None, **kwargs: Any) -> Self:
        """`func` called on each value, on all cores."""
        made = map_partitions(self.expr, _map_cells, (func, na_action, kwargs), {}, rows="same")
        return self._wrap(made)

    def __delitem__(self, label: Any) -> None:
        self.expr = self.drop(columns=[label]).expr


def _wrapped(value: Any) -> Any:
    """The object for a node; what is no node is a value already."""
    return wrap(value) if isinstance(value, (Relation, Value)) else value


def _map_cells(part: Any, function: Any, na_action: Any, kwargs: dict[str, Any]) -> Any:
    return part.map(with_computed_results(function), na_action=na_action, **kwargs)
