"""Functions of pandas on lazy frames and series: concat, merge, melt, to_datetime ..."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe import arguments
from shframe.dataframe.frame import DataFrame
from shframe.dataframe.methods import converting, reshaping, tabulating
from shframe.dataframe.methods.arrays import rows_of
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.methods.user_functions import map_items
from shframe.dataframe.wrap import wrap, wrap_as
from shframe.errors import InvalidArgument
from shframe.lazy.compute import compute


def concat(
    objs: Any,
    *,
    axis: Any = 0,
    join: str = "outer",
    ignore_index: bool = False,
    keys: Any = None,
    levels: Any = None,
    names: Any = None,
    verify_integrity: bool = False,
    sort: bool = False,
    union_categories: bool = False,
) -> Any:
    """Frames and series one after another (axis=0), or side by side by their labels (axis=1).

    objs: a list, or a dictionary by keys; objects of pandas among them are stored at the call.
    union_categories: categorical columns get the categories of all.

    Cost: side by side, objects with the same rows stay in their partitions; others are brought into
    one task. So are frames beside series, levels=, verify_integrity=, sort= and union_categories=.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> a = sf.from_pandas(pd.DataFrame({"x": [1, 2]}))
    >>> sf.concat([a, a], ignore_index=True).x.sum().compute()
    6
    """
    more = {"union_categories": True} if union_categories else {}
    how = (join, ignore_index, keys, levels, names, verify_integrity, sort)
    return wrap(reshaping.concat(objs, axis, *how, more))


def merge(left: Any, right: Any, *args: Any, **options: Any) -> DataFrame:
    """`left.merge(right, how, ...)`; objects of pandas are stored at the call."""
    frame = _lazy(left)
    frame = frame.to_frame() if frame.ndim == 1 else frame
    return frame.merge(right, *args, **options)  # type: ignore[no-any-return]


def melt(frame: Any, *args: Any, **kwargs: Any) -> DataFrame:
    """`frame.melt(...)`: a row for each cell of some columns."""
    return _lazy(frame).melt(*args, **kwargs)  # type: ignore[no-any-return]


def pivot_table(data: Any, *args: Any, **kwargs: Any) -> DataFrame:
    """`data.pivot_table(...)`: results of groups as a table. Cost: computed at the call."""
    return _lazy(data).pivot_table(*args, **kwargs)  # type: ignore[no-any-return]


def pivot(data: Any, **kwargs: Any) -> DataFrame:
    """`data.pivot(...)`: columns out of values. Cost: computed at the call, in one task."""
    return _lazy(data).pivot(**kwargs)  # type: ignore[no-any-return]


def crosstab(
    index: Any,
    columns: Any,
    values: Any = None,
    rownames: Any = None,
    colnames: Any = None,
    aggfunc: Any = None,
    margins: bool = False,
    margins_name: str = "All",
    dropna: bool = True,
    normalize: Any = False,
) -> DataFrame:
    """How often pairs of values of lazy columns are there.

    Cost: computed at the call, since the result's columns are values. Counts of columns of one
    frame are those of groups; with values=, and of categories, one task has the columns.
    """
    named = {"rownames": rownames, "colnames": colnames, "aggfunc": aggfunc, "margins": margins}
    more = {"margins_name": margins_name, "dropna": dropna, "normalize": normalize}
    every = {"values": values, **named, **more}
    return wrap_as(DataFrame, tabulating.cross_tabulate(index, columns, every))


def get_dummies(
    data: Any,
    prefix: Any = None,
    prefix_sep: Any = "_",
    dummy_na: bool = False,
    columns: Any = None,
    sparse: bool = False,
    drop_first: bool = False,
    dtype: Any = None,
) -> DataFrame:
    """A column for each value of some columns, true where a row has it.

    Cost: finds the values at the call, unless they are categories: they are the result's columns.
    """
    named = {"prefix": prefix, "prefix_sep": prefix_sep, "dummy_na": dummy_na}
    more = {"sparse": sparse, "drop_first": drop_first, "dtype": dtype}
    return wrap_as(DataFrame, tabulating.get_dummies(_lazy(data).expr, columns, {**named, **more}))


def cut(
    x: Any,
    bins: Any,
    right: bool = True,
    labels: Any = None,
    retbins: bool = False,
    precision: int = 3,
    include_lowest: bool = False,
    duplicates: str = "raise",
    ordered: bool = True,
) -> Any:
    """The class of each value: between which of `bins` it is.

    Cost: of a number of bins, finds the extremes at the call.
    """
    named = {"right": right, "labels": labels, "precision": precision, "ordered": ordered}
    more = {"include_lowest": include_lowest, "duplicates": duplicates}
    node, edges = tabulating.cut(_lazy(x).expr, bins, {**named, **more})
    return (wrap(node), edges) if retbins else wrap(node)


def qcut(
    x: Any,
    q: Any,
    labels: Any = None,
    retbins: bool = False,
    precision: int = 3,
    duplicates: str = "raise",
) -> Any:
    """The class of each value by quantiles. Cost: finds the quantiles at the call, in one task."""
    named = {"labels": labels, "precision": precision, "duplicates": duplicates}
    node, edges = tabulating.cut_by_quantiles(_lazy(x).expr, q, named)
    return (wrap(node), edges) if retbins else wrap(node)


def to_datetime(
    arg: Any,
    errors: str = "raise",
    dayfirst: bool = False,
    yearfirst: bool = False,
    utc: bool = False,
    format: str | None = None,
    exact: bool = True,
    unit: str | None = None,
    origin: Any = "unix",
    cache: bool = True,
) -> Any:
    """Times of a lazy column, or of columns year, month, day; of other values what pandas gives."""
    named = {"errors": errors, "dayfirst": dayfirst, "yearfirst": yearfirst, "utc": utc}
    more: dict[str, Any] = {"format": format, "exact": exact, "unit": unit, "origin": origin}
    every = {**named, **more, "cache": cache}
    if not arguments.is_rows(arg):
        return pd.to_datetime(arg, **every)
    return wrap(converting.to_datetime(arg.expr, every))


def to_timedelta(arg: Any, unit: str | None = None, errors: str = "raise") -> Any:
    """Durations of a lazy column; of other values what pandas gives."""
    named: dict[str, Any] = {"unit": unit, "errors": errors}
    if not arguments.is_rows(arg):
        return pd.to_timedelta(arg, **named)
    return wrap(converting.to_timedelta(arg.expr, named))


def to_numeric(
    arg: Any, errors: str = "raise", downcast: str | None = None, dtype_backend: Any = no_default
) -> Any:
    """Numbers of a lazy column; of other values what pandas gives.

    dtype_backend: "numpy_nullable" or "pyarrow", whose dtypes have missing values.

    Cost: with downcast, brings the column into one task.
    """
    named: dict[str, Any] = {"errors": errors, "downcast": downcast}
    if dtype_backend is not no_default:
        named["dtype_backend"] = dtype_backend
    if not arguments.is_rows(arg):
        return pd.to_numeric(arg, **named)
    return wrap(converting.to_numeric(arg.expr, named))


def isna(obj: Any) -> Any:
    """Where values are missing: of lazy objects lazily, of others what pandas gives."""
    return obj.isna() if arguments.is_rows(obj) else pd.isna(obj)


def notna(obj: Any) -> Any:
    """Where values are not missing: of lazy objects lazily, of others what pandas gives."""
    return obj.notna() if arguments.is_rows(obj) else pd.notna(obj)


isnull = isna
notnull = notna


def unique(values: Any) -> Any:
    """The different values of a lazy column, in the order in which they appear."""
    return values.unique() if arguments.is_rows(values) else pd.unique(values)


def from_dict(
    data: dict[Any, Any],
    npartitions: int | None = None,
    orient: str = "columns",
    dtype: Any = None,
    columns: Any = None,
) -> DataFrame:
    """A frame of a dictionary, as pandas makes it, in partitions."""
    how: dict[str, Any] = {"orient": orient, "dtype": dtype, "columns": columns}
    return wrap_as(DataFrame, store_pandas(pd.DataFrame.from_dict(data, **how), npartitions))


def _lazy(obj: Any) -> Any:
    """The object, which is stored if it is one of pandas."""
    if isinstance(obj, (pd.DataFrame, pd.Series)):
        return wrap(store_pandas(obj))
    if not arguments.is_rows(obj):
        raise TypeError(f"a DataFrame or Series is needed, got {type(obj).__name__}")
    return obj


def merge_asof(left: Any, right: Any, **options: Any) -> DataFrame:
    """Rows of the left side beside the last row of the right side whose key is not greater.

    Arguments are those of pandas. Cost: brings all rows of both into one task.
    """
    sources = _lazy(left).expr, _lazy(right).expr
    return wrap_as(DataFrame, reshaping.call_on_all("merge_asof", sources, options))


def merge_ordered(left: Any, right: Any, **options: Any) -> DataFrame:
    """Rows of both sides in the order of their keys, with pandas' arguments.

    Cost: brings all rows of both into one task.
    """
    sources = _lazy(left).expr, _lazy(right).expr
    return wrap_as(DataFrame, reshaping.call_on_all("merge_ordered", sources, options))


def wide_to_long(df: Any, stubnames: Any, i: Any, j: Any, **options: Any) -> DataFrame:
    """Columns with a common beginning as rows. Cost: brings all rows into one task."""
    named = {"stubnames": stubnames, "i": i, "j": j, **options}
    return wrap_as(DataFrame, reshaping.call_on_all("wide_to_long", (_lazy(df).expr,), named))


def map_partitions(function: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.map_partitions(function, *args, **kwargs)`."""
    return _lazy(obj).map_partitions(function, *args, **kwargs)


def map_overlap(function: Any, obj: Any, before: Any, after: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.map_overlap(function, before, after, *args, **kwargs)`."""
    return _lazy(obj).map_overlap(function, before, after, *args, **kwargs)


def repartition(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.repartition(...)`; an object of pandas is stored at the call."""
    return _lazy(obj).repartition(*args, **kwargs)


def from_map(function: Any, *iterables: Any, args: Any = (), **kwargs: Any) -> Any:
    """A frame whose partitions are what the function returns for each item, a partition each.

    The function is captured by value. Its first result tells the labels and dtypes.

    Raises: NotPicklable when the function cannot be sent to a worker.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> df = sf.from_map(lambda n: pd.DataFrame({"a": [n, n + 1]}), [1, 5])
    >>> df.a.sum().compute()
    14
    """
    rows = list(zip(*iterables, strict=True))
    if not rows:
        raise InvalidArgument("from_map() needs at least one item: the iterables are empty")
    kwargs.pop("meta", None)
    items = store_pandas(pd.Series(range(len(rows))), len(rows))
    made = map_items(items, function, rows, tuple(args), kwargs)
    return wrap(made)


def from_delayed(values: Any, meta: Any = None) -> Any:
    """A frame whose partitions are delayed objects of pandas, or handles of such.

    meta: accepted as Dask has it, and not needed. Cost: computes the delayed objects at the call.
    """
    many = list(values) if isinstance(values, (list, tuple)) else [values]
    if not many:
        raise InvalidArgument("Must supply at least one delayed object")
    computed = compute(*many)
    return concat([wrap(store_pandas(one, 1)) for one in computed])


def from_polars(frame: Any, npartitions: int | None = None) -> DataFrame:
    """A polars DataFrame, in partitions, with the dtypes that its `to_pandas()` has."""
    return wrap_as(DataFrame, store_pandas(frame.to_pandas(), npartitions))


def from_array(
    x: Any, columns: Any = None, npartitions: int | None = None, index: Any = None
) -> Any:
    """A NumPy array as a Series, or with columns as a frame.

    A lazy array stays lazy: its blocks along the first axis are the partitions, whose rows are
    numbered, and with `npartitions` as many of them where there are as many rows.

    Cost: none for a lazy array; with an index, and of Python objects, it is computed at the call.
    """
    if arguments.is_array(x) and index is None and not x.dtype.hasobject:
        if npartitions is not None and x.ndim:
            edges = [x.shape[0] * n // npartitions for n in range(npartitions + 1)]
            x = x.rechunk({0: tuple(b - a for a, b in itertools.pairwise(edges))})
        return wrap(rows_of(x, columns))
    values = x.compute() if hasattr(x, "compute") else np.asarray(x)
    if values.ndim == 1 and not isinstance(columns, (list, pd.Index)):
        return wrap(store_pandas(pd.Series(values, index=index, name=columns), npartitions))
    return wrap(store_pandas(pd.DataFrame(values, columns=columns, index=index), npartitions))


from_numpy = from_array


def from_dask_array(x: Any, columns: Any = None, index: Any = None, meta: Any = None) -> Any:
    """from_array() under Dask's name; index: labels of the rows, which may be lazy.

    meta: accepted as Dask has it, and not needed. Cost: the array is computed at the call.
    """
    labels = index.compute() if arguments.is_rows(index) else index
    return from_array(x, columns, index=labels)


def factorize(values: Any, **options: Any) -> Any:
    """The values as numbers, and what the numbers mean. Cost: brings all into one task."""
    return (
        values.factorize(**options)
        if arguments.is_rows(values)
        else pd.factorize(values, **options)
    )


def to_csv(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.to_csv(...)`."""
    return obj.to_csv(*args, **kwargs)


def to_parquet(obj: Any, *args: Any, **kwargs: Any) -> None:
    """`obj.to_parquet(...)`."""
    obj.to_parquet(*args, **kwargs)


def to_json(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.to_json(...)`."""
    return obj.to_json(*args, **kwargs)


def to_orc(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.to_orc(...)`."""
    return obj.to_orc(*args, **kwargs)


def to_hdf(obj: Any, *args: Any, **kwargs: Any) -> None:
    """`obj.to_hdf(...)`."""
    obj.to_hdf(*args, **kwargs)


def to_sql(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """`obj.to_sql(...)`."""
    return obj.to_sql(*args, **kwargs)
