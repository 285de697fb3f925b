"""A condition on the columns of one partition, found at once.

Comparisons of numbers and times without gaps, and what joins them, are NumPy's on the columns as
they are stored; pandas would make an object for each column and each step, and look for NaT in
both sides. Everything else is asked of the kernel that it has anyway.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.rowwise import OPERATORS, select_column

COMPARISONS = frozenset(("eq", "ne", "lt", "le", "gt", "ge"))
JOINING = frozenset(("and_", "or_", "xor", "invert"))
NUMBERS = (int, float, np.integer, np.floating)
TIMES = (dt.datetime, np.datetime64)


class OfColumn(NamedTuple):
    """The column with this label."""

    label: Any


class OfLiteral(NamedTuple):
    """A plain value."""

    value: Any


class OfWhole(NamedTuple):
    """The partition itself."""


class OfGiven(NamedTuple):
    """One of the values that each partition gets whole."""

    place: int


class OfOperator(NamedTuple):
    """An operator of one or two operands; the kernel that it has knows the literals."""

    name: str
    operands: tuple[Any, ...]
    kernel: Callable[..., Any]
    params: dict[str, Any]


class OfKernel(NamedTuple):
    """Any other kernel on its operands."""

    kernel: Callable[..., Any]
    params: dict[str, Any]
    operands: tuple[Any, ...]


Term = OfColumn | OfLiteral | OfWhole | OfGiven | OfOperator | OfKernel


def find_rows(part: Any, *given: Any, term: Term) -> Any:
    """Whether a condition holds for each row, as a Series under their labels."""
    return _Rows(part, given).as_series(term)


class _Rows:
    """What terms are for the rows of one partition: a NumPy array, or a pandas object."""

    def __init__(self, part: Any, given: tuple[Any, ...]) -> None:
        self._part = part
        self._given = given
        self._made: dict[Term, Any] = {}
        self._index: Any = None

    def as_series(self, term: Term) -> Any:
        """A term as its kernel gives it."""
        return self._labelled(self._of(term))

    def _labelled(self, made: Any) -> Any:
        """A mask under the labels of the rows."""
        return pd.Series(made, self._labels(), copy=False) if _is_mask(made) else made

    def _of(self, term: Term) -> Any:
        """A term; a mask without gaps as an array."""
        if isinstance(term, OfOperator):
            made = self._operate(term)
        elif isinstance(term, OfKernel):
            made = term.kernel(*map(self.as_series, term.operands), **term.params)
        elif isinstance(term, OfColumn):
            return self._column(term)
        elif isinstance(term, OfGiven):
            return self._given[term.place]
        else:
            return self._part if isinstance(term, OfWhole) else term.value
        return made.to_numpy() if isinstance(made, pd.Series) and made.dtype == bool else made

    def _operate(self, term: OfOperator) -> Any:
        if term.name in COMPARISONS:
            plain = self._plain_pair(*term.operands)
            if plain is not None:
                return OPERATORS[term.name](*plain)
        found = [self._of(one) for one in term.operands if not isinstance(one, OfLiteral)]
        masks = len(found) == len(term.operands) and all(map(_is_mask, found))
        if masks and term.name in JOINING:
            return OPERATORS[term.name](*found)
        return term.kernel(*map(self._labelled, found), **term.params)

    def _column(self, term: OfColumn) -> Any:
        if term not in self._made:
            self._made[term] = select_column(self._part, label=term.label)
        return self._made[term]

    def _labels(self) -> Any:
        if self._index is None:
            part = self._part
            table = partition.is_table(part)
            self._index = (
                partition.index_of(part, partition.layout_of(part)) if table else part.index
            )
        return self._index

    # --- numbers --------------------------------------------------------------------------

    def _plain_pair(self, left: Term, right: Term) -> tuple[Any, Any] | None:
        """Both sides of a comparison as NumPy compares them; None where pandas has to."""
        if isinstance(left, OfLiteral):
            pair = self._plain_pair(right, left)
            return None if pair is None else (pair[1], pair[0])
        values = self._plain_column(left)
        if values is None:
            return None
        if isinstance(right, OfLiteral):
            other = _as_plain(right.value, values.dtype)
        else:
            other = self._plain_column(right)
        if other is None:
            return None
        if values.dtype.kind not in "mM":
            return (values, other) if np.result_type(other).kind in "iuf" else None
        return (
            (values.view(np.int64), other.view(np.int64)) if other.dtype == values.dtype else None
        )

    def _plain_column(self, term: Term) -> Any:
        """The values of a column of numbers, or of times of which none is missing."""
        if not isinstance(term, OfColumn) or not partition.is_table(self._part):
            return None
        layout = partition.layout_of(self._part)
        place = layout.labels.get_loc(term.label) if layout.labels.is_unique else None
        if not isinstance(place, int):
            return None
        dtype, column = layout.dtypes[place], self._part.column(place)
        if not isinstance(dtype, np.dtype) or dtype.kind not in "iufmM":
            return None
        if column.null_count and dtype.kind in "mM":
            return None
        values = partition.series_values(column, dtype)
        return values if values.dtype.kind in "iufmM" else None


def _is_mask(made: Any) -> bool:
    return isinstance(made, np.ndarray) and made.dtype == bool


def _as_plain(value: Any, dtype: Any) -> Any:
    """A literal that NumPy compares with values of a dtype as pandas does; None for any other."""
    if dtype.kind in "iuf":
        return value if isinstance(value, NUMBERS) and value == value else None
    if dtype.kind == "M" and isinstance(value, TIMES):
        moment: Any = pd.Timestamp(value)
        if moment is pd.NaT or moment.tzinfo is not None:
            return None
        try:
            return moment.as_unit(np.datetime_data(dtype)[0], round_ok=False).to_datetime64()
        except (ValueError, pd.errors.OutOfBoundsDatetime):
            return None
    return None
