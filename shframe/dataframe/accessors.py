"""`.str`, `.dt` and `.cat`: which of pandas' methods look at each value by itself.

Those of the lists below go partition by partition. All others are done by pandas on the whole, in
one task, but for those whose columns follow from all values: these are found first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.base import Partitioned, wrap
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.relations import Params
from shframe.dataframe.kernels import categories, rowwise, texts

_TEXT = """
    capitalize casefold center contains count decode encode endswith extract find findall
    fullmatch get index isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace
    istitle isupper join len ljust lower lstrip match normalize pad partition removeprefix
    removesuffix repeat replace rfind rindex rjust rpartition rsplit rstrip slice
    slice_replace split startswith strip swapcase title translate upper wrap zfill
"""
_TIMES = """
    as_unit asfreq ceil components date day day_name day_of_week day_of_year dayofweek
    dayofyear days days_in_month daysinmonth end_time floor hour is_leap_year is_month_end
    is_month_start is_quarter_end is_quarter_start is_year_end is_year_start isocalendar
    microsecond microseconds minute month month_name nanosecond nanoseconds normalize
    quarter qyear round second seconds start_time strftime time timetz to_period
    to_pydatetime to_timestamp total_seconds tz_convert tz_localize week
    weekday weekofyear year
"""
_CATEGORIES = """
    add_categories as_ordered as_unordered codes remove_categories rename_categories
    reorder_categories set_categories
"""
ROW_BY_ROW = {
    "str": frozenset(_TEXT.split()),
    "dt": frozenset(_TIMES.split()),
    "cat": frozenset(_CATEGORIES.split()),
}
OF_DTYPE = {"dt": ("tz", "unit"), "cat": ("ordered",), "str": ()}
WIDE = ("split", "rsplit", "partition", "rpartition")  # text methods that may give columns


class Accessor:
    """What pandas offers under `.str`, `.dt` or `.cat`."""

    __slots__ = ("_name", "_series")

    __iter__ = None

    def __init__(self, series: Partitioned, name: str) -> None:
        getattr(series._meta, name)  # pandas raises where the dtype has no such accessor
        self._series = _with_categories(series) if name == "cat" else series
        self._name = name

    def __dir__(self) -> Any:
        return dir(getattr(self._series._meta, self._name))

    def __getitem__(self, key: Any) -> Any:
        """A character, a part of each text, or an item of each list: `s.str[0]`, `s.str[1:]`."""
        if self._name != "str":
            raise TypeError(f"the accessor {self._name!r} cannot be indexed")
        if isinstance(key, slice):
            return self._called("slice", key.start, key.stop, key.step)
        return self._called("get", key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if (self._name, name) == ("cat", "categories"):
            return self._categories()
        found = getattr(getattr(self._series._meta, self._name), name)
        if name in OF_DTYPE[self._name]:
            return found
        if callable(found):
            return lambda *args, **kwargs: self._called(name, *args, **kwargs)
        return self._attribute(name)

    def _attribute(self, name: str) -> Any:
        path = f"{self._name}.{name}"
        if name not in ROW_BY_ROW[self._name]:
            sources = (self._series.expr,)
            return wrap(relations.Computed(sources, rowwise.attribute, Params(name=path)))
        return self._series._map(rowwise.attribute, rows="same", index_free=True, name=path)

    def _called(self, name: str, *args: Any, **kwargs: Any) -> Any:
        way = getattr(self, f"_{self._name}_{name}", None)
        if way is not None:
            return way(*args, **kwargs)
        if name in ROW_BY_ROW[self._name] and not _looks_around(name, args, kwargs):
            return self._each(name, *args, **kwargs)
        return self._whole(name, args, kwargs)

    def _each(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if name in WIDE and _is_wide(name, args, kwargs):
            return self._wide(name, texts.widest, args, kwargs)
        made = self._series._method(f"{self._name}.{name}", *args, **kwargs)
        if self._series._meta.dtype == object and getattr(made._meta, "dtype", None) == "int64":
            return self._whole(name, args, kwargs)  # objects that are all missing stay objects
        return made

    def _whole(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = arguments.of_method(args, kwargs)
        sources = (self._series.expr, *(one.expr for one in given.rows), *given.values)
        params = Params(name=f"{self._name}.{name}", args=given.args, kwargs=given.kwargs)
        made = relations.Whole(sources, rowwise.method, params)
        if isinstance(made.meta, (pd.Series, pd.DataFrame, pd.Index)):
            return wrap(made)
        return wrap(relations.Computed(sources, rowwise.method, params))

    def _wide(
        self,
        name: str,
        find: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """A method that gives columns: a text that has all of them is looked for at the call."""
        params: dict[str, Any] = {"name": name, "args": args, "kwargs": kwargs}
        source = self._series.expr
        found = Params(**params, find=find, dtype=self._series._meta.dtype)
        every = relations.Reduce(source, find, texts.all_of, found)
        text = wrap(every).compute()
        return self._series._map(texts.spread, rows="same", text=text, **params)

    # --- what is special ----------------------------------------------------------------

    def _str_cat(
        self, others: Any = None, sep: Any = None, na_rep: Any = None, join: str = "left"
    ) -> Any:
        if others is None:
            return self._whole("cat", (), {"sep": sep, "na_rep": na_rep})
        many = others if isinstance(others, (list, tuple)) else [others]
        if join != "left" or not all(map(arguments.is_rows, many)):
            given = {"others": others, "sep": sep, "na_rep": na_rep, "join": join}
            return self._whole("cat", (), given)
        named = {"sep": sep, "na_rep": na_rep}
        return self._series._map(texts.joined, *many, rows="same", index_free=True, **named)

    def _str_get_dummies(self, sep: str = "|", dtype: Any = None) -> Any:
        return self._wide("get_dummies", texts.all_words, (), {"sep": sep, "dtype": dtype})

    def _str_extractall(self, pat: Any, flags: int = 0) -> Any:
        how: dict[str, Any] = {"rows": "made", "index_free": False}
        return self._series._method("str.extractall", pat, flags=flags, **how)

    def _categories(self) -> Any:
        known = self._series._meta.cat.categories
        if len(known):
            return known
        return wrap(relations.Computed((_kind_of(self._series),), categories.listed, Params()))


def _is_wide(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    by_default = name in ("partition", "rpartition")
    given = kwargs.get("expand", args[1] if by_default and len(args) > 1 else by_default)
    return bool(given)


def _looks_around(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether arguments make pandas look at more than one value, or pair some with rows."""
    if name == "to_period" and not (args or kwargs.get("freq")):
        return True  # the frequency is guessed from all values
    if name == "repeat":
        return arguments.is_many([*args, *kwargs.values()][0])
    ambiguous = [*args[1:2], kwargs.get("ambiguous")]
    inferring = name in ("tz_localize", "round", "floor", "ceil")
    return inferring and any(
        arguments.is_many(one) or (isinstance(one, str) and one == "infer") for one in ambiguous
    )


def _kind_of(series: Partitioned) -> relations.Value:
    """The categorical dtype of all partitions together."""
    return relations.Reduce(series.expr, categories.kind, categories.united, Params())


def _with_categories(series: Partitioned) -> Partitioned:
    """The series with the same categories in all partitions, where they are not known yet."""
    if len(series._meta.cat.categories) or not isinstance(series._meta.dtype, pd.CategoricalDtype):
        return series
    known = relations.Meta(series._meta)
    node = relations.Map(
        (series.expr,), categories.conformed, Params(), True, known, "same", (_kind_of(series),)
    )
    made: Partitioned = wrap(node)
    return made
