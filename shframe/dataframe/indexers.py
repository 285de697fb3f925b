"""loc, iloc, at and iat of a lazy frame or series."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Self

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Relation, Value
from shframe.dataframe.in_place import HELD, warn_of_copy
from shframe.dataframe.methods import indexing
from shframe.dataframe.methods.rowwise import call_if_callable
from shframe.dataframe.rows import Rows
from shframe.dataframe.wrap import wrap


class Indexer:
    """What `obj.loc` and its like are: indexed, and assigned to."""

    __slots__ = ("_axis", "_owner")

    def __init__(self, owner: Rows, axis: Any = None) -> None:
        self._owner = owner
        self._axis = axis

    def __call__(self, axis: Any = None) -> Self:
        """The same for keys that are all of one axis: `df.loc(axis=1)["a"]`."""
        arguments.check_axis(self._source, axis)
        return type(self)(self._owner, axis)

    @property
    def _source(self) -> Relation:
        return self._owner.expr

    def _keys(self, key: Any) -> tuple[Any, Any]:
        """The keys of rows and of columns."""
        frame = self._source.meta.ndim == 2
        if frame and self._axis is not None:
            key = (indexing.ALL, key) if self._axis in (1, "columns") else (key, indexing.ALL)
        several = frame and isinstance(key, tuple) and len(key) == 2
        rows, columns = key if several else (key, indexing.ALL)
        if not frame and isinstance(key, tuple) and len(key) == 1:
            rows = key[0]
        columns = call_if_callable(columns, self._owner)
        if arguments.is_value(columns):
            columns = columns.compute()  # the labels of the result are to be known
        return call_if_callable(rows, self._owner), columns

    def _set_keys(self, key: Any) -> tuple[Any, Any]:
        """The same to assign to: what is one label is computed."""
        rows, columns = self._keys(key)
        return (rows.compute() if arguments.is_value(rows) else rows), columns


class LocIndexer(Indexer):
    """Rows by a lazy condition, labels or a slice of labels; columns by label.

    One label is a lazy value: whether it is a row or several only the rows tell, and a label that
    does not exist raises KeyError when it is computed. Cost: a slice of labels brings the index
    into one task.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        rows, columns = self._keys(key)
        source = self._source
        labels = source.meta.index.nlevels > 1 and isinstance(key, tuple) and source.meta.ndim == 2
        if labels and isinstance(columns, Hashable) and columns not in source.meta.columns:
            rows, columns = key, indexing.ALL  # labels of levels
        if source.meta.ndim == 2 and indexing.are_slicers(source, rows):
            chosen = indexing.rows_by_label(source, rows)
            return wrap(indexing.choose_columns(chosen, columns))  # type: ignore[arg-type]
        if source.meta.ndim == 2:
            source = indexing.choose_columns(source, columns)
        return wrap(indexing.rows_by_label(source, rows))

    def __setitem__(self, key: Any, value: Any) -> None:
        warn_of_copy(self._owner, HELD)
        rows, columns = self._set_keys(key)
        self._owner.expr = indexing.set_by_label(self._source, rows, columns, value)


class ILocIndexer(Indexer):
    """Rows and columns by number: an integer, a slice, integers or booleans.

    One number of a row is a lazy value. A number out of bounds raises IndexError when it is
    computed. Cost: counts the rows of all partitions; a lazy number is computed at the call.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        rows, columns = self._keys(key)
        source = self._source
        if source.meta.ndim == 2:
            source = indexing.choose_numbered_columns(source, columns)
        return wrap(indexing.rows_by_number(source, _number(rows)))

    def __setitem__(self, key: Any, value: Any) -> None:
        warn_of_copy(self._owner, HELD)
        rows, columns = self._set_keys(key)
        self._owner.expr = indexing.set_by_number(self._source, rows, columns, value)


class AtIndexer(Indexer):
    """One value by the labels of its row and column, lazily."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        row, column = self._keys(key)
        return wrap(self._cell(row, column))

    def _cell(self, row: Any, column: Any) -> Value:
        return indexing.get_cell(self._source, row, column)

    def __setitem__(self, key: Any, value: Any) -> None:
        warn_of_copy(self._owner, HELD)
        row, column = self._set_keys(key)
        self._owner.expr = indexing.set_by_label(self._source, row, column, value)


class IAtIndexer(AtIndexer):
    """One value by the numbers of its row and column, lazily."""

    __slots__ = ()

    def _cell(self, row: Any, column: Any) -> Value:
        return indexing.get_numbered_cell(self._source, _number(row), column)

    def __setitem__(self, key: Any, value: Any) -> None:
        warn_of_copy(self._owner, HELD)
        row, column = self._set_keys(key)
        self._owner.expr = indexing.set_by_number(self._source, row, column, value)


def _number(value: Any) -> Any:
    """A number of a row, computed if it is lazy: which partition has it is to be known."""
    return value.compute() if arguments.is_value(value) else value


class Indexers(Rows):
    """The indexers of a frame or series."""

    __slots__ = ()

    @property
    def loc(self) -> LocIndexer:
        """Rows by condition or label: `obj.loc[obj.x > 0, ["a", "b"]]`."""
        return LocIndexer(self)

    @property
    def iloc(self) -> ILocIndexer:
        """Rows by number: `obj.iloc[10:20]`, `obj.iloc[:, 1]`."""
        return ILocIndexer(self)

    @property
    def at(self) -> AtIndexer:
        """One value by label: `df.at["x", "a"]`."""
        return AtIndexer(self)

    @property
    def iat(self) -> IAtIndexer:
        """One value by number: `df.iat[0, 1]`."""
        return IAtIndexer(self)
