"""What follows from each string of a column alone, asked once for each different one.

A column of few different strings is read as a dictionary. Comparing its words and looking the
answers up by their places takes a hundredth of the time of comparing every row's string.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa

from shframe.dataframe import partition
from shframe.dataframe.kernels.key_codes import one_array
from shframe.dataframe.kernels.rowwise import select_column

ROWS_TO_A_WORD = 2  # with fewer rows each is asked itself

Step = tuple[Callable[..., Any], dict[str, Any]]


def ask_words(part: Any, *, label: Any, asked: tuple[Step, ...]) -> Any:
    """A column of strings after some kernels, each of which looks at every string alone."""
    found = _find_words(part, label) if partition.is_table(part) else None
    if found is None:
        return _take_steps(select_column(part, label=label), asked)
    words, places, dtype = found
    column = pd.Series(partition.series_values(words, dtype), name=label, copy=False)
    made = _take_steps(column, asked)
    values = (
        made.array.take(places)
        if isinstance(made.dtype, pd.api.extensions.ExtensionDtype)
        else made.to_numpy()[places]
    )
    index = partition.index_of(part, partition.layout_of(part))
    return pd.Series(values, index=index, name=made.name, copy=False)


def _take_steps(column: Any, steps: tuple[Step, ...]) -> Any:
    for kernel, params in steps:
        column = kernel(column, **params)
    return column


def _find_words(part: Any, label: Any) -> tuple[Any, Any, Any] | None:
    """(the words of a column, the last of them missing if any row is; each row's place among them,
    the dtype); None where the column is no dictionary, or hardly repeats."""
    layout = partition.layout_of(part)
    place = layout.labels.get_loc(label) if layout.labels.is_unique else None
    if not isinstance(place, int) or not pa.types.is_dictionary(part.column(place).type):
        return None
    dtype, array = layout.dtypes[place], one_array(part.column(place))
    words, places = array.dictionary, array.indices
    repeats = len(words) * ROWS_TO_A_WORD < len(array)
    if not (repeats and isinstance(dtype, pd.StringDtype)) or words.null_count:
        return None
    if array.null_count:
        words = pa.concat_arrays([words, pa.nulls(1, words.type)])
        places = places.fill_null(len(words) - 1)
    return words, places.to_numpy(), dtype
