"""Categories of a whole: no partition can say them alone."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pandas.api.types import union_categoricals

from shframe.dataframe import partition


def find_dtype(part: Any) -> Any:
    """The categorical dtype of a partition."""
    return partition.as_pandas(part).dtype


def unite_dtypes(*kinds: Any) -> Any:
    """The dtype of partitions together: their categories in the order of the partitions."""
    known = [one for one in kinds if len(one.categories)] or list(kinds[:1])
    if all(one == known[0] for one in known):
        return known[0]
    return union_categoricals([pd.Categorical([], dtype=one) for one in known]).dtype


def set_categories(part: Any, dtype: Any) -> Any:
    """The partition with these categories."""
    series = partition.as_pandas(part)
    return series if series.dtype == dtype else series.cat.set_categories(dtype.categories)


def list_categories(dtype: Any) -> Any:
    """The categories of a dtype."""
    return dtype.categories


def find_values(part: Any, *, ordered: bool) -> Any:
    """The different values of a partition."""
    return partition.as_pandas(part).dropna().drop_duplicates().reset_index(drop=True)


def infer_dtype(*parts: Any, ordered: bool) -> Any:
    """The dtype that pandas gives for all values as categories."""
    filled = [one for one in parts if len(one)] or list(parts[:1])
    known = pd.concat(filled, ignore_index=True).astype("category").dtype
    return pd.CategoricalDtype(known.categories, ordered=ordered)
