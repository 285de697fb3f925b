"""A trial of comparisons on one made-up row: pandas lets an empty frame compare anything.

So `column_of_text > 1` raises when it is written, as in pandas, not when it is computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Literal, Relation, RowWise, Value
from shframe.dataframe.expr.columns import Compare, Operand
from shframe.dataframe.expr.samples import sample_of


def compare(node: RowWise) -> None:
    """Raises: TypeError: what pandas raises for dtypes that cannot be compared."""
    if isinstance(node, Compare) and _is_number(node.left) and _is_number(node.right):
        return  # as most are
    examples = [
        child.sample if isinstance(child, Value) else _one_row(child.meta)  # type: ignore[attr-defined]
        for child in node.children()
    ]
    if any(example is None for example in examples):
        return
    kernel, params = node.call
    try:
        kernel(*examples, **params)
    except TypeError:
        raise
    except Exception:  # it is about the made-up values, which say nothing
        return


def _is_number(operand: Operand) -> bool:
    """Whether it is a plain number, or a column of NumPy's."""
    if isinstance(operand, Literal):
        return type(operand.value) in (int, float)
    dtype = getattr(operand.meta, "dtype", None) if isinstance(operand, Relation) else None
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def _one_row(meta: Any) -> Any:
    """One row of a meta's columns; None where a dtype does not tell what its values are."""
    if isinstance(meta, pd.Series):
        value = _one_value(meta.dtype)
        return None if value is None else pd.Series(value, name=meta.name)
    if not isinstance(meta, pd.DataFrame):
        return None
    values = [_one_value(dtype) for dtype in meta.dtypes]
    found = [value for value in values if value is not None]
    if not found or len(found) < len(values):
        return None
    row = pd.concat(found, axis=1)
    row.columns = meta.columns
    return row


def _one_value(dtype: Any) -> pd.Series[Any] | None:
    tests = pd.api.types
    known = (
        isinstance(dtype, pd.StringDtype)
        or tests.is_numeric_dtype(dtype)
        or tests.is_bool_dtype(dtype)
        or tests.is_datetime64_any_dtype(dtype)
        or tests.is_timedelta64_dtype(dtype)
    )
    return sample_of(pd.Series([], dtype=dtype)) if known else None
