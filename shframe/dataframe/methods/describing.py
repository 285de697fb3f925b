"""describe(): its rows are reductions of which none has all values in one place."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.dataframe.expr.base import Params, Relation, Value, dtypes_of
from shframe.dataframe.expr.relations import Whole
from shframe.dataframe.expr.samples import sample_of
from shframe.dataframe.kernels import reduce
from shframe.dataframe.methods import ordering, reductions
from shframe.dataframe.methods.delegating import call_now
from shframe.dataframe.methods.selection import select_columns


def describe(source: Relation, percentiles: Any, include: Any, exclude: Any) -> Relation:
    """Counts, means, deviations, extremes and quantiles; of other columns than numbers, now."""
    chosen = source
    if source.meta.ndim == 2:
        numbers = source.meta.select_dtypes(include=["number", "datetime"]).columns
        chosen = select_columns(source, list(numbers)) if len(numbers) else source
    if include is not None or exclude is not None or not _is_plain(chosen):
        named = {"percentiles": percentiles, "include": include, "exclude": exclude}
        given = {name: value for name, value in named.items() if value is not None}
        return call_now(source, "describe", (), given)
    labels = list(sample_of(chosen.meta).describe(percentiles=percentiles).index)
    asked = [0.25, 0.5, 0.75] if percentiles is None else sorted(map(float, percentiles))
    cells: list[Value] = [
        reductions.reduce_rows(chosen, "count"),
        reductions.reduce_rows(chosen, "mean", skipna=True),
        reductions.reduce_rows(chosen, "std", ddof=1, skipna=True),
        reductions.reduce_rows(chosen, "min", skipna=True),
    ]
    if asked:
        found = ordering.find_quantiles(chosen, asked, 0, False, "linear", "single")
        assert isinstance(found, Value), "quantiles of columns are a value"
        cells.append(found)
    cells.append(reductions.reduce_rows(chosen, "max", skipna=True))
    series = chosen.meta.ndim == 1
    shown = chosen.meta.name if series else chosen.meta.columns
    return Whole(tuple(cells), reduce.rows_of, Params(labels=labels, columns=shown, series=series))


def _is_plain(source: Relation) -> bool:
    """Whether all columns are of NumPy's numbers, each with a label of its own."""
    kinds = dtypes_of(source.meta)
    unique = source.meta.ndim == 1 or source.meta.columns.is_unique
    numbers = all(isinstance(one, np.dtype) and one.kind in "iuf" for one in kinds)
    small = any(one.kind == "f" and one.itemsize < 8 for one in kinds)
    return bool(kinds) and unique and numbers and not small
