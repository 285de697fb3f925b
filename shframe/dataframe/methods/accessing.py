"""What `.str`, `.dt` and `.cat` offer: which of pandas' methods look at each value alone.

Those of the lists below go partition by partition. All others are done by pandas on the whole, in
one task, but for those whose columns follow from all values: these are found first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe import session
from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Meta, Params, Relation, Value
from shframe.dataframe.expr.columns import (
    Attribute,
    CategoryOp,
    DatetimeOp,
    Method,
    Relabel,
    StringOp,
)
from shframe.dataframe.expr.relations import Map, Whole, align
from shframe.dataframe.expr.values import Computed, Find, Given, Held
from shframe.dataframe.kernels import categories, rowwise, texts
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.storing import place_values
from shframe.dataframe.plan.inferred_schema import compute_value
from shframe.dataframe.wrap import wrap
from shframe.graph.plan.expr import Expr

_STRINGS = """
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
    "str": frozenset(_STRINGS.split()),
    "dt": frozenset(_TIMES.split()),
    "cat": frozenset(_CATEGORIES.split()),
}
OF_DTYPE = {"dt": ("tz", "unit"), "cat": ("ordered",), "str": ()}
WIDE = ("split", "rsplit", "partition", "rpartition")  # string methods that may return columns
_KINDS: dict[str, type[Method]] = {"str": StringOp, "dt": DatetimeOp, "cat": CategoryOp}


def access_attribute(source: Relation, accessor: str, name: str) -> Relation | Value:
    """An attribute of each value; what is none of single values is found on the whole."""
    if name in ROW_BY_ROW[accessor]:
        return Attribute(source, accessor, name)
    return Computed((source,), rowwise.get_attribute, Params(name=f"{accessor}.{name}"))


def call_accessor(
    source: Relation, accessor: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation | Value:
    """A method of an accessor."""
    if (accessor, name) == ("str", "cat"):
        return _concatenate(source, *args, **kwargs)
    if (accessor, name) == ("str", "extractall"):
        return call_method(source, "str.extractall", args, kwargs, kind=Relabel, index_asked=True)
    if name not in ROW_BY_ROW[accessor] or _looks_around(name, args, kwargs):
        return call_whole(source, accessor, name, args, kwargs)
    if (accessor, name) == ("str", "repeat") and _is_listed(args, kwargs):
        args, kwargs = (wrap(place_values(source, [*args, *kwargs.values()][0])),), {}
    if accessor == "str" and source.meta.dtype == object:
        # pandas looks at all values whether they are strings
        return call_whole(source, accessor, name, args, kwargs)
    node = call_method(source, name, args, kwargs, kind=_KINDS[accessor])
    if isinstance(source.meta, pd.Index) and isinstance(node.meta, pd.DataFrame):
        return call_whole(source, accessor, name, args, kwargs)  # whose rows are numbered
    return node


def _is_listed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the first argument is plain and has a value for each row."""
    given = [*args, *kwargs.values()]
    return bool(given) and arguments.is_many(given[0]) and not arguments.is_rows(given[0])


def access_labels(source: Relation, name: str) -> Relation | Value:
    """An attribute of an index of times: of each label, or of the whole."""
    if name in ROW_BY_ROW["dt"] and _is_of_times(source):
        return Attribute(source, "", name)
    return Computed((source,), rowwise.get_attribute, Params(name=name))


def call_labels(
    source: Relation, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation | Value:
    """A method of an index of times, row by row where it looks at each label alone."""
    alone = name in ROW_BY_ROW["dt"] and not _looks_around(name, args, kwargs)
    if alone and _is_of_times(source) and name != "isocalendar":
        return call_method(source, name, args, kwargs)
    return call_in_one_task(source, name, args, kwargs)


def _is_of_times(source: Relation) -> bool:
    return isinstance(source.meta, (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex))


def is_of_objects(node: Relation) -> bool:
    """Whether it is what pandas gives as an array of Python objects, of an index of times."""
    return isinstance(node, Attribute) and node.attribute in ("date", "time", "timetz")


def call_whole(
    source: Relation, accessor: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation | Value:
    """A method of an accessor on all values in one task."""
    split = arguments.split_method(args, kwargs)
    sources: tuple[Expr, ...] = (source, *split.rows, *split.values)
    given = split.arguments
    params = Params(name=f"{accessor}.{name}", args=given.args, kwargs=dict(given.kwargs))
    whole = Whole(sources, rowwise.call_method, params)
    if isinstance(whole.meta, (pd.Series, pd.DataFrame, pd.Index)):
        return whole
    return Computed(sources, rowwise.call_method, params)


def _concatenate(
    source: Relation,
    others: Any = None,
    sep: Any = None,
    na_rep: Any = None,
    join: str = "left",
) -> Relation | Value:
    """str.cat: row by row with lazy columns, else on the whole."""
    if others is None:
        return call_whole(source, "str", "cat", (), {"sep": sep, "na_rep": na_rep})
    if _is_listed((others,), {}) and not isinstance(others, pd.DataFrame):
        listed = isinstance(others, (list, tuple)) and not all(map(pd.api.types.is_scalar, others))
        if not listed:
            others = wrap(place_values(source, others))
    many = others if isinstance(others, (list, tuple)) else [others]
    if join != "left" or not all(map(arguments.is_rows, many)):
        named = {"others": others, "sep": sep, "na_rep": na_rep, "join": join}
        return call_whole(source, "str", "cat", (), named)
    aligned = align(source, *(one.expr for one in many))
    params = Params(sep=sep, na_rep=na_rep)
    return Map(aligned, texts.concatenate, params, "same", ignores_index=True)


def is_wide(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a string method returns columns, as many as some string has."""
    by_default = name in ("partition", "rpartition")
    given = kwargs.get("expand", args[1] if by_default and len(args) > 1 else by_default)
    return name == "get_dummies" or (name in WIDE and bool(given))


def find_columns(
    source: Relation, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """A string for which the method returns all columns of the whole."""
    find: Callable[..., Any] = texts.find_words if name == "get_dummies" else texts.find_widest
    how: dict[str, Any] = {"name": name, "args": args, "kwargs": kwargs}
    params = Params(**how, find=find, dtype=source.meta.dtype)
    return Find(source, find, texts.find_in_all, params)


def spread_columns(
    source: Relation, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], text: Any
) -> Relation:
    """The columns of each partition, those of `text` among them."""
    params = Params(name=name, args=args, kwargs=kwargs, text=text)
    return Map((source,), texts.spread_columns, params, "same")


def _looks_around(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether arguments make pandas look at more than one value, or pair some with rows."""
    if name == "to_period" and not (args or kwargs.get("freq")):
        return True  # the frequency is guessed from all values
    ambiguous = [*args[1:2], kwargs.get("ambiguous")]
    inferring = name in ("tz_localize", "round", "floor", "ceil")
    return inferring and any(
        arguments.is_many(one) or (isinstance(one, str) and one == "infer") for one in ambiguous
    )


def list_categories(source: Relation) -> Value:
    """The categories of all partitions together."""
    return Computed((_dtype_of(source),), categories.list_categories, Params())


def learn_categories(source: Relation) -> Relation:
    """The series with the categories of all partitions, found now where they are not known."""
    if len(source.meta.cat.categories):
        return source
    dtype = compute_value(_dtype_of(source))
    known = Meta(source.meta.astype(dtype))
    given = Given(Held(session.current().put(dtype)))
    return Map((source,), categories.set_categories, Params(), "same", True, (given,), known)


def unify_categories(source: Relation) -> Relation:
    """The series with the same categories in all partitions, where they are not known yet."""
    dtype = source.meta.dtype
    if not isinstance(dtype, pd.CategoricalDtype) or len(dtype.categories):
        return source
    how: dict[str, Any] = {"given": (_dtype_of(source),), "known": Meta(source.meta)}
    return Map((source,), categories.set_categories, Params(), "same", True, **how)


def _dtype_of(source: Relation) -> Value:
    """The categorical dtype of all partitions together."""
    return Find(source, categories.find_dtype, categories.unite_dtypes)
