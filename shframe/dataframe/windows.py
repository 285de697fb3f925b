"""Methods that look at rows before and after each row, and windows of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pandas.api.extensions import no_default

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Relation
from shframe.dataframe.in_place import may_be_in_place
from shframe.dataframe.methods import intervals, windows
from shframe.dataframe.rows import Rows
from shframe.dataframe.wrap import wrap
from shframe.errors import ColumnNotFound

_STATISTICS = "sum mean min max count std var median skew kurt sem quantile rank first last nunique"
_OF_WINDOWS = frozenset([*_STATISTICS.split(), "corr", "cov", "apply", "agg", "aggregate"])
_NAMES = """
    window min_periods center win_type on closed step method ndim com span halflife alpha adjust
    ignore_na times
"""
_ARGUMENTS = frozenset(_NAMES.split())  # what windows were made with, as attributes
_OF_INTERVALS = frozenset(
    [
        *_STATISTICS.split(),
        *("prod", "size", "ohlc", "apply", "agg", "aggregate", "transform", "ffill", "bfill"),
        *("nearest", "asfreq", "interpolate", "fillna"),
    ]
)


class Windows:
    """Windows of rows, or intervals of time; a method returns a lazy frame or series.

    Methods and their arguments are pandas' own.
    """

    __slots__ = ("_columns", "_how", "_kind", "_source")

    def __init__(self, source: Relation, kind: str, how: dict[str, Any]) -> None:
        self._source = source
        self._kind = kind
        self._how = how
        self._columns: Any = None
        getattr(source.meta, kind)(**how)  # pandas reports at the call what is wrong with it

    def __repr__(self) -> str:
        return f"<shframe {self._kind}: {self._how}>"

    @property
    def _methods(self) -> frozenset[str]:
        return _OF_INTERVALS if self._kind == "resample" else _OF_WINDOWS

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._methods]

    def __getitem__(self, key: Any) -> Windows:
        """The windows of one column, or of some."""
        columns = self._source.meta.columns
        for label in key if isinstance(key, list) else [key]:
            if label not in columns:
                sentence = f"Column not found: {label}"
                raise ColumnNotFound.among(label, columns, f"{self._kind}(...)[...]", sentence)
        made = Windows(self._source, self._kind, self._how)
        made._columns = key
        return made

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in ("_columns", "_how", "_kind", "_source") or name not in self._methods:
            if not name.startswith("_") and name in getattr(self._source.meta, "columns", ()):
                return self[name]  # type: ignore[return-value]  # as an attribute, in pandas too
            if not name.startswith("_") and name in _ARGUMENTS:
                asked = getattr(self._source.meta, self._kind)(**self._how)
                return getattr(asked, name)  # type: ignore[no-any-return]
            raise AttributeError(f"{self._kind}() has no attribute {name!r}")
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        how, chosen = self._how, self._columns
        if self._kind == "rolling":
            return wrap(windows.roll(self._source, how, chosen, name, args, kwargs))
        if self._kind == "resample" and not args and not kwargs:
            made = intervals.resample(self._source, how, chosen, name)
            if made is not None:
                return wrap(made)
        return wrap(windows.expand(self._source, self._kind, how, chosen, name, args, kwargs))

    def pipe(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """What the function returns for these windows."""
        return func(self, *args, **kwargs)


def resample_by(obj: Any, grouper: Any) -> Windows:
    """The intervals that pandas' Grouper means, those without rows too: groups by it alone."""
    names = ("closed", "label", "convention", "origin", "offset", "level")
    how = {name: getattr(grouper, name) for name in names}
    on = {} if grouper.key is None else {"on": grouper.key}
    made: Windows = obj.resample(grouper.freq, **how, **on)
    return made


class WindowMethods(Rows):
    """shift, diff, cumulative results, filling by neighbours, rolling, expanding, resample."""

    __slots__ = ()

    def shift(
        self,
        periods: Any = 1,
        freq: Any = None,
        axis: Any = 0,
        fill_value: Any = no_default,
        suffix: str | None = None,
    ) -> Any:
        """Values of the row that is `periods` before, negative: after; of several, a column each.

        freq: moves the labels instead.
        """
        more = {} if fill_value is no_default else {"fill_value": fill_value}
        if suffix is not None:
            more["suffix"] = suffix
        return wrap(windows.shift_rows(self.expr, periods, freq, axis, more))

    def diff(self, periods: int = 1, axis: Any = 0) -> Self:
        """Differences from the row that is `periods` before; axis=1: from the column."""
        how = {} if axis in (0, "index", "rows") else {"axis": axis}
        return self._wrap(windows.compare_rows(self.expr, "diff", periods, how))

    def pct_change(
        self, periods: int = 1, fill_method: None = None, freq: Any = None, **more: Any
    ) -> Self:
        """Relative changes from the row that is `periods` before.

        Cost: with `freq`, brings all rows into one task.
        """
        named = {"fill_method": fill_method, "freq": freq, **more}
        return self._wrap(windows.change_of_rows(self.expr, periods, named))

    def cumsum(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Self:
        """Sums up to each row."""
        return self._wrap(windows.accumulate(self.expr, "cumsum", axis, skipna, numeric_only))

    def cumprod(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Self:
        """Products up to each row."""
        return self._wrap(windows.accumulate(self.expr, "cumprod", axis, skipna, numeric_only))

    def cummax(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Self:
        """Largest values up to each row."""
        return self._wrap(windows.accumulate(self.expr, "cummax", axis, skipna, numeric_only))

    def cummin(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Self:
        """Smallest values up to each row."""
        return self._wrap(windows.accumulate(self.expr, "cummin", axis, skipna, numeric_only))

    @may_be_in_place
    def ffill(self, *, axis: Any = 0, limit: int | None = None, limit_area: Any = None) -> Self:
        """Missing values replaced by the last one before them; limit: at most so many of a gap."""
        return self._wrap(windows.fill_along(self.expr, "ffill", axis, limit, limit_area))

    @may_be_in_place
    def bfill(self, *, axis: Any = 0, limit: int | None = None, limit_area: Any = None) -> Self:
        """Missing values replaced by the first one after them; limit: at most so many of a gap."""
        return self._wrap(windows.fill_along(self.expr, "bfill", axis, limit, limit_area))

    @may_be_in_place
    def interpolate(self, *args: Any, **kwargs: Any) -> Self:
        """Missing values replaced by what is between their neighbours; arguments are pandas'.

        Cost: another method than "linear", limit= and other dtypes bring all rows into one task.
        """
        return self._wrap(windows.interpolate(self.expr, args, kwargs))

    def rolling(
        self,
        window: Any,
        min_periods: int | None = None,
        center: bool = False,
        win_type: str | None = None,
        on: Any = None,
        closed: str | None = None,
        step: int | None = None,
        method: str = "single",
    ) -> Windows:
        """Windows of `window` rows, or of a time such as "2h", that end at each row.

        A partition reads the rows of others that its windows reach. Cost: with step, corr() and
        cov() one task has all rows.
        """
        how = {"min_periods": min_periods, "center": center, "win_type": win_type, "on": on}
        more = {"closed": closed, "step": step, "method": method}
        return Windows(self.expr, "rolling", {"window": window, **how, **more})

    def expanding(self, min_periods: int = 1, method: str = "single") -> Windows:
        """Windows of all rows up to each.

        Cost: sum, mean, min, max, count, var and std of numbers carry a few numbers from partition
        to partition; all others bring the columns into one task.
        """
        return Windows(self.expr, "expanding", {"min_periods": min_periods, "method": method})

    def ewm(
        self,
        com: float | None = None,
        span: float | None = None,
        halflife: Any = None,
        alpha: float | None = None,
        min_periods: int | None = 0,
        adjust: bool = True,
        ignore_na: bool = False,
        times: Any = None,
        method: str = "single",
    ) -> Windows:
        """Exponentially weighted windows, with pandas' arguments.

        mean, sum, var and std of numbers carry a few numbers from partition to partition.

        Cost: with adjust=False and times=, and of all others, one task has the columns.
        """
        weights = {"com": com, "span": span, "halflife": halflife, "alpha": alpha, "times": times}
        how = {"min_periods": min_periods, "adjust": adjust, "ignore_na": ignore_na}
        named = arguments.given(**weights, **how, method=method)
        return Windows(self.expr, "ewm", named)

    def resample(
        self,
        rule: Any,
        closed: str | None = None,
        label: str | None = None,
        convention: str | None = "start",
        on: Any = None,
        level: Any = None,
        origin: Any = "start_day",
        offset: Any = None,
        group_keys: bool = False,
    ) -> Windows:
        """Rows by intervals of time, such as "D", with pandas' arguments.

        Counts, sums, means, extremes and deviations of numbers, first and last values, and ohlc()
        of a column, are those of groups. Cost: all others, level= and periods bring the columns
        into one task.
        """
        how = {"closed": closed, "label": label, "convention": convention, "on": on}
        more = {"level": level, "origin": origin, "offset": offset, "group_keys": group_keys}
        named = arguments.given(rule=rule, **how, **more)
        return Windows(self.expr, "resample", named)
