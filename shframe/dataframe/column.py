"""What Series and Index share: one column, with a name and a dtype."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.base import Partitioned
from shframe.dataframe.methods import reductions, summarising
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.wrap import wrap


class ColumnMethods(Partitioned):
    """One lazy column."""

    __slots__ = ()

    def _summary(self) -> str:
        return f"{self.name}: {self.dtype}"

    @property
    def dtype(self) -> Any:
        """pandas' dtype."""
        return self._meta.dtype

    @property
    def name(self) -> Any:
        """The label."""
        return self._meta.name

    @property
    def shape(self) -> tuple[int]:
        """(rows,). Cost: computes the row counts."""
        return (len(self),)

    @property
    def size(self) -> int:
        """Rows. Cost: computes the row counts."""
        return len(self)

    @property
    def ndim(self) -> int:
        return 1

    @property
    def is_monotonic_increasing(self) -> Scalar:
        """Whether none is less than the one before it. Cost: of levels, one task has all."""
        return Scalar(reductions.find_order(self.expr, rising=True))

    @property
    def is_monotonic_decreasing(self) -> Scalar:
        """Whether none is greater than the one before it. Cost: of levels, one task has all."""
        return Scalar(reductions.find_order(self.expr, rising=False))

    @property
    def hasnans(self) -> Scalar:
        """Whether any is missing."""
        return Scalar(reductions.find_missing(self.expr))

    def nunique(self, dropna: bool = True) -> Scalar:  # type: ignore[override]  # as in pandas
        """How many different values. Cost: brings the different values into one task."""
        made: Scalar = wrap(summarising.count_different(self.expr, 0, dropna))
        return made
