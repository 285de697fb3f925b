"""filter(): rows or columns by their labels, or by a condition."""

from __future__ import annotations

from typing import Any, Self

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Relation
from shframe.dataframe.methods import delegating, selection
from shframe.dataframe.methods.rowwise import call_if_callable
from shframe.dataframe.rows import Rows


class Filtering(Rows):
    """A method that DataFrame and Series have."""

    __slots__ = ()

    def filter(
        self,
        arg: Any = None,
        /,
        like: str | None = None,
        regex: str | None = None,
        axis: Any = None,
        *,
        items: Any = None,
        cond: Any = None,
        na: Any = False,
    ) -> Self:
        """What has some labels, a string in its label, or a label that matches; or the rows where a
        condition holds.

        arg: labels, or a function or expression that is the condition. axis: 0 for rows, 1 for
        columns; None: columns by label, rows by a condition. na: what a missing value of the
        condition means, or "raise".

        Cost: labels of rows, as `items`, bring all rows into one task.
        """
        given = [one for one in (arg, items, cond, like, regex) if one is not None]
        if len(given) != 1:
            raise TypeError(
                "The positional argument and the keyword arguments `items`, `cond`, `like`, and "
                "`regex` are mutually exclusive"
                if given
                else "Must pass a positional argument or one of `items`, `cond`, `like`, or `regex`"
            )
        arguments.check_axis(self.expr, axis)
        if callable(arg):
            cond, arg = arg, None
        if cond is not None:
            return self._filter_by(call_if_callable(cond, self), axis, na)
        named = arguments.given(items=items if arg is None else arg, like=like, regex=regex)
        source = self.expr
        if source.meta.ndim == 2 and axis not in (0, "index", "rows"):
            labels = list(source.meta.filter(**named).columns)
            return self._wrap(selection.select_columns(source, labels))
        how = {**named, "axis": 0}
        if "items" in named:
            node = delegating.call_in_one_task(source, "filter", (), how)
            assert isinstance(node, Relation), "rows"
            return self._wrap(node)
        return self._wrap(delegating.choose_by_label(source, "filter", (), how))

    def _filter_by(self, condition: Any, axis: Any, na: Any) -> Self:
        if na not in (True, False, "raise"):
            raise ValueError(f"na must be 'raise', True, or False, got {na!r}")
        by_column = axis in (1, "columns") and self._meta.ndim == 2
        if arguments.is_value(condition) or (by_column and arguments.is_rows(condition)):
            condition = condition.compute()
        if not arguments.is_rows(condition):
            labels = condition.index if isinstance(condition, pd.Series) else None
            condition = pd.Series(pd.array(condition, dtype="boolean"), index=labels)
        if na == "raise" and bool(condition.isna().any()):
            raise ValueError("The mask contains missing values")
        if na is True:
            condition = condition.fillna(True)
        if not arguments.is_rows(condition):
            aligned = by_column and labels is not None
            flags = condition.reindex(self._meta.columns) if aligned else condition
            flags = flags.fillna(False).astype(bool)
            if by_column:
                chosen = list(self._meta.columns[flags.to_numpy()])
                return self._wrap(selection.select_columns(self.expr, chosen))
            condition = flags.to_numpy() if labels is None else flags
        return self[condition]  # type: ignore[index, no-any-return]
