"""Windows and intervals of groups: `groups.rolling(3).sum()`, `groups.resample("D").mean()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.dataframe.methods import grouping
from shframe.dataframe.methods.grouping import Chosen, Groups
from shframe.errors import ColumnNotFound

_STATISTICS = """
    sum mean min max count std var median skew kurt sem quantile rank first last nunique prod
    size ohlc corr cov apply agg aggregate ffill bfill nearest asfreq interpolate pipe
"""
METHODS = frozenset(_STATISTICS.split())


class GroupWindows:
    """Windows of the rows of each group; a method returns a frame or series with the keys as the
    first levels of its index. Methods and arguments are pandas' own.

    Cost: whole groups are brought together by the hash of their keys.
    """

    __slots__ = ("_columns", "_groups", "_how", "_method")

    def __init__(self, groups: Groups, columns: Chosen, method: str, how: dict[str, Any]) -> None:
        self._groups = groups
        self._columns = columns
        self._method = method
        self._how = how

    def __repr__(self) -> str:
        return f"<shframe groups.{self._method}: {self._how}>"

    def __getitem__(self, key: Any) -> GroupWindows:
        """The windows of one column, or of some."""
        labels = list(key) if isinstance(key, list) else [key]
        for label in labels:
            if label not in self._groups.columns:
                sentence = f"Column not found: {label}"
                where = f"{self._method}(...)[...]"
                raise ColumnNotFound.among(label, self._groups.columns, where, sentence)
        chosen = tuple(key) if isinstance(key, list) else key
        return GroupWindows(self._groups, chosen, self._method, self._how)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *METHODS]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in METHODS:
            if not name.startswith("_") and name in self._groups.columns:
                return self[name]  # type: ignore[return-value]  # as an attribute, in pandas too
            raise AttributeError(f"groups.{self._method}() has no attribute {name!r}")
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        how = self._groups, self._columns, self._method, self._how
        node = grouping.call_windows(*how, name, args, kwargs)
        return grouping.wrap_result(self._groups, node)
