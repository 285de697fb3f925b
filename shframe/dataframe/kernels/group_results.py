"""The result of groups: its outputs from primitives, of the dtypes and under the labels that pandas
gives for the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.kernels.aggregation import Aggregation, Output, key_columns, slots_of


def assemble(columns: list[Any], plan: Aggregation, index: Any) -> Any:
    """The result's columns under their labels, with the keys as index or columns."""
    index = index.set_names(list(plan.names))
    if plan.labels is None:
        series = columns[0].set_axis(index)
        series.name = plan.series_name
        if plan.as_index:
            return series
        return series.rename("size" if plan.series_name is None else plan.series_name).reset_index()
    made = {n: column.set_axis(index) for n, column in enumerate(columns)}
    frame = pd.DataFrame(made, index=index)
    frame.columns = plan.labels
    if plan.as_index:
        return frame
    return (
        frame.reset_index()
        if plan.labels.nlevels == 1
        else frame.reset_index(names=list(plan.names))
    )


def finish_groups(frame: Any, plan: Aggregation, expected: Any) -> Any:
    """The outputs from combined groups, whose keys are the index, or columns k0, k1 ..."""
    slots = slots_of(plan)

    def slot(label: Any, primitive: str) -> Any:
        return frame[f"p{slots.index((None if primitive == 'size' else label, primitive))}"]

    columns = []
    for n, output in enumerate(plan.outputs):
        made = _final_column(output, slot)
        columns.append(_typed(made, _expected_dtype(expected, n, plan)))
    keys = [frame[name] for name in key_columns(plan) if name in frame]
    return _join_keys(keys, columns, plan) if keys else assemble(columns, plan, frame.index)


def _join_keys(keys: list[Any], columns: list[Any], plan: Aggregation) -> Any:
    """The same as assemble() of an index of these keys; no such index is made, but of no rows."""
    first = [key.iloc[:0] for key in keys]
    index = pd.MultiIndex.from_arrays(first) if len(keys) > 1 else pd.Index(first[0])
    labels = assemble([column.iloc[:0] for column in columns], plan, index).columns
    frame = pd.DataFrame(dict(enumerate([*keys, *columns])), copy=False)
    frame.columns = labels
    return frame


def _final_column(output: Output, slot: Any) -> Any:
    how, label = output.how, output.column
    if how == "mean":
        return slot(label, "total") / slot(label, "count").replace(0, np.nan)
    if how in ("var", "std"):
        free = slot(label, "count") - dict(output.kwargs).get("ddof", 1)
        variance = slot(label, "m2") / free.where(free > 0, np.nan)
        return variance if how == "var" else np.sqrt(variance)
    return slot(label, how)


def _expected_dtype(expected: Any, place: int, plan: Aggregation) -> Any:
    if isinstance(expected, pd.Series):
        return expected.dtype
    skip = 0 if plan.as_index else len(plan.names)
    return expected.dtypes.iloc[place + skip]


def _typed(column: Any, dtype: Any) -> Any:
    """The dtype that pandas gives for the whole, where the values allow it."""
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and column.dtype.kind == "i":
        return column.astype(dtype)  # counts of masked columns
    if column.dtype == dtype or not isinstance(dtype, np.dtype) or dtype.kind not in "iufb":
        return column
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iufb":
        return column
    if dtype.kind != "f" and column.dtype.kind == "f":
        return column  # something is missing in the whole, here or elsewhere
    if dtype.kind in "iu" and column.dtype.kind in "iu" and not _fits(column, dtype):
        return column  # a sum of small integers is of their type only while it fits
    return column.astype(dtype)


def _fits(column: Any, dtype: Any) -> bool:
    limits = np.iinfo(dtype)
    return bool(column.empty or (column.min() >= limits.min and column.max() <= limits.max))


def order_groups(*parts: Any, plan: Aggregation) -> Any:
    """Results of partitions that hold whole groups, in the order of their keys."""
    filled = [p for p in parts if len(p)] or list(parts[:1])
    whole = pd.concat(filled) if len(filled) > 1 else filled[0]
    return whole.sort_index() if plan.sort else whole
