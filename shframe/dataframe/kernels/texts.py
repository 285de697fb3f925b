"""String methods whose columns follow from all strings: one that has them all goes before each
partition's, and its row is dropped again."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe import partition


def find_widest(part: Any, *, name: str, args: Any, kwargs: Any, find: Any, dtype: Any) -> Any:
    """The text that gives the most columns: a missing one where all are, None where none is."""
    whole = partition.as_pandas(part)
    series = whole.dropna()
    if not len(series):
        return whole.iloc[0] if len(whole) else None
    made = getattr(series.reset_index(drop=True).str, name)(*args, **kwargs)
    filled = made.notna().sum(axis=1)
    return series.iloc[int(filled.to_numpy().argmax())]


def find_words(part: Any, *, name: str, args: Any, kwargs: Any, find: Any, dtype: Any) -> Any:
    """All words of a partition as one text; None where all are missing."""
    series = partition.as_pandas(part).dropna()
    if not len(series):
        return None
    return kwargs["sep"].join(series.str.get_dummies(kwargs["sep"]).columns)


def find_in_all(*found: Any, name: str, args: Any, kwargs: Any, find: Any, dtype: Any) -> Any:
    """What `find` finds in the strings of all partitions."""
    texts = pd.Series([one for one in found if one is not None], dtype=dtype)
    return find(texts, name=name, args=args, kwargs=kwargs, find=find, dtype=dtype)


def spread_columns(part: Any, *, name: str, args: Any, kwargs: Any, text: Any) -> Any:
    """The columns that a method gives for a partition, those of `text` among them."""
    series = partition.as_pandas(part)
    if text is None:
        return getattr(series.str, name)(*args, **kwargs)
    first = pd.Series([text], dtype=series.dtype)
    whole = pd.concat([first, series.reset_index(drop=True)], ignore_index=True)
    made = getattr(whole.str, name)(*args, **kwargs).iloc[1:]
    made.index = series.index
    return made


def concatenate(part: Any, *others: Any, sep: Any, na_rep: Any) -> Any:
    """Each text with those of other columns behind it."""
    columns = [partition.as_pandas(one) for one in others]
    return partition.as_pandas(part).str.cat(columns, sep=sep, na_rep=na_rep)
