"""Methods that groups of a frame and of a column share; groupby.py has the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from pandas.api.extensions import no_default

from shframe.dataframe import arguments
from shframe.dataframe.dask_options import AGGREGATIONS, accept_all
from shframe.dataframe.group_windows import GroupWindows
from shframe.dataframe.methods import grouping
from shframe.dataframe.methods.grouping import Chosen, Groups

ResultT = TypeVar("ResultT")


class GroupMethods(Generic[ResultT]):
    """Aggregations, and methods that return rows.

    Rows with equal keys are brought together by the hash of their keys, so whole groups must fit
    into memory. Groups of categories, and dropna=False or sort=False where the result has a row or
    several for each group, are computed in one task.
    """

    __slots__ = ("_chosen", "_columns", "_groups")

    def __init__(self, groups: Groups, columns: list[Any], chosen: bool = False) -> None:
        self._groups = groups
        self._columns = columns
        self._chosen = chosen

    # --- what methods stand on ------------------------------------------------------------

    def _one(self, how: Any, **kwargs: Any) -> ResultT:
        """One aggregation of every column."""
        raise AssertionError(f"{type(self).__name__} lacks aggregations")

    def _shown(self, node: Any) -> Any:
        return grouping.wrap_result(self._groups, node)

    @property
    def _selection(self) -> Chosen:
        return tuple(self._columns) if self._chosen else None

    def _rows(self, method: str, *args: Any, **kwargs: Any) -> ResultT:
        return self._shown(grouping.call_rows(self._groups, self._selection, method, args, kwargs))  # type: ignore[no-any-return]

    def _result(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._shown(
            grouping.call_result(self._groups, self._selection, method, args, kwargs)
        )

    def _whole(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._shown(grouping.call_whole(self._groups, self._selection, method, args, kwargs))

    def _picked(self, method: str, *args: Any, **kwargs: Any) -> ResultT:
        return self._shown(grouping.pick_rows(self._groups, self._selection, method, args, kwargs))  # type: ignore[no-any-return]

    # --- a row for each group -------------------------------------------------------------

    def sum(self, numeric_only: bool = False, min_count: int = 0, skipna: bool = True) -> ResultT:
        """Sums; min_count: with fewer values that are not missing the result is missing."""
        return self._one("sum", numeric_only=numeric_only, min_count=min_count, skipna=skipna)

    def prod(self, numeric_only: bool = False, min_count: int = 0, skipna: bool = True) -> ResultT:
        """Products; min_count: as sum() has it."""
        return self._one("prod", numeric_only=numeric_only, min_count=min_count, skipna=skipna)

    def mean(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Means of the values that are not missing."""
        return self._one("mean", numeric_only=numeric_only, skipna=skipna)

    def min(self, numeric_only: bool = False, min_count: int = -1, skipna: bool = True) -> ResultT:
        """Smallest values."""
        return self._one("min", numeric_only=numeric_only, min_count=min_count, skipna=skipna)

    def max(self, numeric_only: bool = False, min_count: int = -1, skipna: bool = True) -> ResultT:
        """Largest values."""
        return self._one("max", numeric_only=numeric_only, min_count=min_count, skipna=skipna)

    def first(
        self, numeric_only: bool = False, min_count: int = -1, skipna: bool = True
    ) -> ResultT:
        """The first value that is not missing."""
        return self._one("first", numeric_only=numeric_only, min_count=min_count, skipna=skipna)

    def last(self, numeric_only: bool = False, min_count: int = -1, skipna: bool = True) -> ResultT:
        """The last value that is not missing."""
        return self._one("last", numeric_only=numeric_only, min_count=min_count, skipna=skipna)

    def count(self) -> ResultT:
        """Values that are not missing."""
        return self._one("count")

    def any(self, skipna: bool = True) -> ResultT:
        """Whether any value is true."""
        return self._one("any", skipna=skipna)

    def all(self, skipna: bool = True) -> ResultT:
        """Whether all values are true."""
        return self._one("all", skipna=skipna)

    def std(self, ddof: int = 1, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Standard deviations."""
        return self._one("std", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def var(self, ddof: int = 1, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Variances."""
        return self._one("var", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def sem(self, ddof: int = 1, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Standard errors of the means. Cost: brings whole groups together."""
        return self._one("sem", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def skew(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Skewness. Cost: brings whole groups together."""
        return self._one("skew", numeric_only=numeric_only, skipna=skipna)

    def kurt(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Kurtosis. Cost: brings whole groups together."""
        return self._one("kurt", numeric_only=numeric_only, skipna=skipna)

    def median(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Exact medians. Cost: brings whole groups together."""
        return self._one("median", numeric_only=numeric_only, skipna=skipna)

    def nunique(self, dropna: bool = True) -> ResultT:
        """How many different values. Cost: brings whole groups together."""
        return self._one("nunique", dropna=dropna)

    def quantile(
        self, q: Any = 0.5, interpolation: str = "linear", numeric_only: bool = False
    ) -> Any:
        """Exact quantiles; of several `q` a row for each. Cost: brings whole groups together."""
        how = {"interpolation": interpolation, "numeric_only": numeric_only}
        if isinstance(q, (int, float)):
            return self._one("quantile", q=q, **how)
        return self._result("quantile", q, **how)

    def idxmin(self, skipna: bool = True, numeric_only: bool = False) -> ResultT:
        """The labels of the smallest values."""
        only = {"numeric_only": True} if numeric_only else {}  # those of a column take none
        return self._result("idxmin", skipna=skipna, **only)  # type: ignore[no-any-return]

    def idxmax(self, skipna: bool = True, numeric_only: bool = False) -> ResultT:
        """The labels of the largest values."""
        only = {"numeric_only": True} if numeric_only else {}  # those of a column take none
        return self._result("idxmax", skipna=skipna, **only)  # type: ignore[no-any-return]

    # --- a row for each row ---------------------------------------------------------------

    def transform(self, func: Any, *args: Any, **kwargs: Any) -> ResultT:
        """A value for each row from its group: the name of a method, or a function of the group.

        What a function returns is learned by running it when it is needed. Cost: of a function, and
        of other names than those of plain reductions, rows are moved by the hash of their keys.
        """
        how = self._groups, self._selection, (func, *args), kwargs
        return self._shown(grouping.transform(*how))  # type: ignore[no-any-return]

    def cumsum(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Sums of each group up to each row."""
        return self._rows("cumsum", numeric_only=numeric_only, skipna=skipna)

    def cumprod(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Products of each group up to each row."""
        return self._rows("cumprod", numeric_only=numeric_only, skipna=skipna)

    def cummin(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Smallest values of each group up to each row."""
        return self._rows("cummin", numeric_only=numeric_only, skipna=skipna)

    def cummax(self, numeric_only: bool = False, skipna: bool = True) -> ResultT:
        """Largest values of each group up to each row."""
        return self._rows("cummax", numeric_only=numeric_only, skipna=skipna)

    def cumcount(self, ascending: bool = True) -> Any:
        """The number of each row in its group, from 0; ascending=False: from the last one."""
        return self._rows("cumcount", ascending)

    def ngroup(self, ascending: bool = True) -> Any:
        """The number of each row's group. Cost: brings the keys into one task."""
        return self._whole("ngroup", ascending)

    def shift(
        self, periods: Any = 1, freq: Any = None, fill_value: Any = no_default, suffix: Any = None
    ) -> ResultT:
        """Values of the row that is `periods` before in the group, negative: after it.

        freq: moves the labels instead. Cost: with it, brings all rows into one task.
        """
        named = {"freq": freq, "suffix": suffix}
        if fill_value is not no_default:
            named["fill_value"] = fill_value
        if freq is not None:
            return self._whole("shift", periods, **named)  # type: ignore[no-any-return]
        return self._rows("shift", periods, **named)

    def diff(self, periods: int = 1) -> ResultT:
        """Differences from the row that is `periods` before in the group."""
        return self._rows("diff", periods)

    def pct_change(self, periods: int = 1, fill_method: None = None, freq: Any = None) -> ResultT:
        """Relative changes from the row that is `periods` before in the group."""
        if freq is not None:
            return self._whole("pct_change", periods, freq=freq)  # type: ignore[no-any-return]
        return self._rows("pct_change", periods, fill_method=fill_method)

    def rank(
        self,
        method: str = "average",
        ascending: bool = True,
        na_option: str = "keep",
        pct: bool = False,
    ) -> ResultT:
        """The rank of each value in its group."""
        return self._rows("rank", method, ascending, na_option, pct)

    def ffill(self, limit: int | None = None) -> ResultT:
        """Missing values replaced by the last one before them in the group."""
        return self._rows("ffill", limit)

    def bfill(self, limit: int | None = None) -> ResultT:
        """Missing values replaced by the first one after them in the group."""
        return self._rows("bfill", limit)

    # --- some rows of each group ----------------------------------------------------------

    def head(self, n: int = 5) -> ResultT:
        """The first `n` rows of each group, in the order of all rows; negative: all but the last.

        Cost: moves the keys only.
        """
        return self._picked("head", n)

    def tail(self, n: int = 5) -> ResultT:
        """The last `n` rows of each group, in the order of all rows; negative: all but the first.

        Cost: moves the keys only.
        """
        return self._picked("tail", n)

    def nth(self, n: Any, dropna: Any = None) -> ResultT:
        """The rows with some numbers in their group: an integer, a list or a slice.

        dropna: "any" or "all": of rows without missing values. Cost: with it, one task.
        """
        if dropna is not None:
            return self._whole("nth", n, dropna)  # type: ignore[no-any-return]
        return self._picked("nth", n)

    def filter(
        self, func: Callable[..., Any], dropna: bool = True, *args: Any, **kwargs: Any
    ) -> ResultT:
        """The rows of groups for which the function returns true.

        dropna: False keeps the other rows, with missing values.
        """
        how = self._groups, self._selection, (func, *args), kwargs
        if dropna:
            return self._shown(grouping.filter_groups(*how))  # type: ignore[no-any-return]
        mask = self._shown(grouping.filter_mask(*how))
        shown = self._shown(grouping.shown_columns(self._groups, self._selection))
        return shown.where(mask)  # type: ignore[no-any-return]

    def sample(
        self,
        n: int | None = None,
        frac: float | None = None,
        replace: bool = False,
        weights: Any = None,
        random_state: Any = None,
    ) -> ResultT:
        """Rows of each group by chance. Cost: brings all rows into one task."""
        named = {"replace": replace, "weights": weights, "random_state": random_state}
        return self._whole("sample", n, frac, **named)  # type: ignore[no-any-return]

    def take(self, indices: Any) -> ResultT:
        """The rows with some numbers in their group. Cost: brings all rows into one task."""
        return self._whole("take", indices)  # type: ignore[no-any-return]

    # --- several rows for each group ------------------------------------------------------

    def apply(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """What the function returns for each group, put together as pandas does.

        Cost: runs the function at the call, on all cores, since only it knows what it returns;
        the results are put together in one task.
        """
        if isinstance(func, str):
            return getattr(self, func)(*args, **kwargs)
        return self._shown(
            grouping.apply_function(self._groups, self._selection, (func, *args), kwargs)
        )

    def describe(self, percentiles: Any = None, include: Any = None, exclude: Any = None) -> Any:
        """Counts, means, deviations and quantiles of each group."""
        return self._result("describe", percentiles, include, exclude)

    def pipe(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """What the function returns for these groups: `func(groups, *args, **kwargs)`."""
        if isinstance(func, tuple):
            function, name = func
            return function(*args, **{name: self}, **kwargs)
        return func(self, *args, **kwargs)

    def rolling(
        self,
        window: Any,
        min_periods: int | None = None,
        center: bool = False,
        win_type: str | None = None,
        on: Any = None,
        closed: str | None = None,
        method: str = "single",
    ) -> GroupWindows:
        """Windows of rows in each group: of `window` rows, or of a time before each."""
        how = {"min_periods": min_periods, "center": center, "win_type": win_type, "on": on}
        named = arguments.given(window=window, **how, closed=closed, method=method)
        return GroupWindows(self._groups, self._selection, "rolling", named)

    def expanding(self, min_periods: int = 1, method: str = "single") -> GroupWindows:
        """Windows of all rows of the group up to each."""
        named = {"min_periods": min_periods, "method": method}
        return GroupWindows(self._groups, self._selection, "expanding", named)

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
    ) -> GroupWindows:
        """Exponentially weighted windows of the rows of the group, with pandas' arguments."""
        weights = {"com": com, "span": span, "halflife": halflife, "alpha": alpha, "times": times}
        how = {"min_periods": min_periods, "adjust": adjust, "ignore_na": ignore_na}
        named = arguments.given(**weights, **how, method=method)
        return GroupWindows(self._groups, self._selection, "ewm", named)

    def resample(
        self,
        rule: Any,
        closed: str | None = None,
        label: str | None = None,
        convention: str | None = "start",
        on: Any = None,
        origin: Any = "start_day",
        offset: Any = None,
        group_keys: bool = False,
    ) -> GroupWindows:
        """The rows of each group by intervals of time, with pandas' arguments."""
        groups, columns = self._groups, self._selection
        if on is not None:
            groups, columns = grouping.label_by(groups, columns, on)
        how = {"closed": closed, "label": label, "convention": convention, "origin": origin}
        named = arguments.given(rule=rule, **how, offset=offset, group_keys=group_keys)
        return GroupWindows(groups, columns, "resample", named)

    # --- the groups themselves ------------------------------------------------------------

    def compute(self) -> Any:
        """pandas' own groups of the computed rows. Cost: computes all rows."""
        return grouping.groups_in_memory(self._groups, self._selection)

    @property
    def ndim(self) -> int:
        """2 of a frame, 1 of a column."""
        return int(getattr(self._shown(self._groups.frame), "ndim", 2))

    @property
    def plot(self) -> Any:
        """pandas' plots of groups. Cost: computes all rows."""
        return self.compute().plot

    def hist(self, *args: Any, **kwargs: Any) -> Any:
        """A histogram of each group, drawn by pandas. Cost: computes all rows."""
        return self.compute().hist(*args, **kwargs)

    @property
    def ngroups(self) -> int:
        """How many groups there are. Cost: computes the keys."""
        return int(self._keys_in_memory().ngroups)

    @property
    def groups(self) -> Any:
        """The labels of the rows of each group, by its key. Cost: computes the keys."""
        return self._keys_in_memory().groups

    @property
    def indices(self) -> Any:
        """The numbers of the rows of each group, by its key. Cost: computes the keys."""
        return self._keys_in_memory().indices

    def get_group(self, name: Any) -> ResultT:
        """The rows of one group, by its key. Raises: KeyError when they are computed.

        Cost: of a missing key, one task has the rows of all groups.
        """
        return self._shown(grouping.get_group(self._groups, self._selection, name))  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """(key, rows of the group as a pandas object). Cost: computes all rows at once."""
        made = grouping.groups_in_memory(self._groups, self._selection)
        if not self._groups.unnamed:
            return iter(made)
        return ((key, rows.rename(None)) for key, rows in made)

    def __len__(self) -> int:
        return self.ngroups

    def _keys_in_memory(self) -> Any:
        return grouping.groups_in_memory(self._groups, self._selection, keys_only=True)


_EVERY = """
    sum prod mean min max first last count any all std var sem skew kurt median nunique quantile
    idxmin idxmax transform apply cumsum cumprod cummin cummax cumcount shift ffill bfill head tail
"""
_ENGINES = {"sum": 3, "min": 3, "max": 3, "mean": 2, "std": 1, "var": 1}
accept_all(GroupMethods, _EVERY, *AGGREGATIONS, engines=_ENGINES)
