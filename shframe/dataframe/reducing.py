"""Reductions of a frame, series or index to values."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.dask_options import accept_all
from shframe.dataframe.expr.values import RowCount
from shframe.dataframe.methods import duplicates, ordering, reductions, summarising
from shframe.dataframe.rows import Rows
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.wrap import wrap


class Reductions(Rows):
    """Reductions: of a series one value, of a frame one for each column.

    axis: 0; 1 for a value of each row, a lazy Series in partitions; None for one of all values.
    numeric_only: whether columns of other kinds are left out.
    """

    __slots__ = ()

    def _reduce(self, how: str, axis: Any = 0, numeric_only: bool = False, **more: Any) -> Scalar:
        node = summarising.reduce_along(self.expr, how, axis, numeric_only, **more)
        made: Scalar = wrap(node)
        return made

    def _reduce_whole(self, how: str, *args: Any, **kwargs: Any) -> Scalar:
        return Scalar(reductions.reduce_whole(self.expr, how, *args, **kwargs))

    def sum(
        self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False, min_count: int = 0
    ) -> Scalar:
        """Sums; min_count: with fewer values that are not missing the result is missing."""
        return self._reduce("sum", axis, numeric_only, skipna=skipna, min_count=min_count)

    def prod(
        self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False, min_count: int = 0
    ) -> Scalar:
        """Products; min_count: as sum() has it."""
        return self._reduce("prod", axis, numeric_only, skipna=skipna, min_count=min_count)

    product = prod

    def min(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """Smallest values."""
        return self._reduce("min", axis, numeric_only, skipna=skipna)

    def max(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """Largest values."""
        return self._reduce("max", axis, numeric_only, skipna=skipna)

    def mean(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """Means of the values that are not missing."""
        return self._reduce("mean", axis, numeric_only, skipna=skipna)

    def var(
        self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False
    ) -> Scalar:
        """Variances, with `ddof` degrees of freedom taken off."""
        return self._reduce("var", axis, numeric_only, ddof=ddof, skipna=skipna)

    def std(
        self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False
    ) -> Scalar:
        """Standard deviations, with `ddof` degrees of freedom taken off."""
        return self._reduce("std", axis, numeric_only, ddof=ddof, skipna=skipna)

    def sem(
        self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False
    ) -> Scalar:
        """Standard errors of the means.

        Cost: of other dtypes than NumPy's numbers, brings the columns into one task.
        """
        return self._reduce("sem", axis, numeric_only, ddof=ddof, skipna=skipna)

    def skew(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """Skewness.

        Cost: of other dtypes than integers and float64, brings the columns into one task.
        """
        return self._reduce("skew", axis, numeric_only, skipna=skipna)

    def kurt(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """Kurtosis.

        Cost: of other dtypes than integers and float64, brings the columns into one task.
        """
        return self._reduce("kurt", axis, numeric_only, skipna=skipna)

    kurtosis = kurt

    def any(self, *, axis: Any = 0, bool_only: bool = False, skipna: bool = True) -> Scalar:
        """Whether any value is true; bool_only: of columns of booleans."""
        return self._reduce_flags("any", axis, bool_only, skipna)

    def all(self, *, axis: Any = 0, bool_only: bool = False, skipna: bool = True) -> Scalar:
        """Whether all values are true; bool_only: of columns of booleans."""
        return self._reduce_flags("all", axis, bool_only, skipna)

    def _reduce_flags(self, how: str, axis: Any, bool_only: bool, skipna: bool) -> Scalar:
        source = summarising.boolean_columns(self.expr) if bool_only else self.expr
        made: Scalar = wrap(summarising.reduce_along(source, how, axis, False, skipna=skipna))
        return made

    def count(self, axis: Any = 0, numeric_only: bool = False) -> Scalar:
        """Values that are not missing."""
        return self._reduce("count", axis, numeric_only)

    def median(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """Exact medians.

        Cost: of other dtypes than NumPy's numbers and times, brings the columns into one task.
        """
        return self._reduce("median", axis, numeric_only, skipna=skipna)

    def median_approximate(self, axis: Any = 0, method: Any = "default") -> Scalar:
        """Medians, under Dask's name: exact ones. method: accepted, without effect."""
        return self.median(axis)

    def nunique_approx(self, split_every: Any = None) -> Scalar:
        """How many different values the rows have, under Dask's name: the exact number.

        split_every: accepted, without effect. Cost: brings the different rows into one task.
        """
        made: Scalar = wrap(RowCount(duplicates.distinct_rows(self.expr, None, "first")))
        return made

    def nunique(self, axis: Any = 0, dropna: bool = True) -> Scalar:
        """How many different values. Cost: brings the different values into one task."""
        made: Scalar = wrap(summarising.count_different(self.expr, axis, dropna))
        return made

    def quantile(
        self,
        q: Any = 0.5,
        axis: Any = 0,
        numeric_only: bool = False,
        interpolation: str = "linear",
        method: str = "single",
    ) -> Scalar:
        """Exact quantiles; of several `q` a row for each.

        Partitions are sorted, and only values within bounds of what is looked for are moved. Cost:
        of other dtypes than NumPy's numbers and times, and of rows, one task has all.
        """
        how = (q, axis, numeric_only, interpolation, method)
        made: Scalar = wrap(ordering.find_quantiles(self.expr, *how))
        return made


_EVERY = "sum prod min max mean var std sem skew kurt any all count nunique median quantile"
accept_all(Reductions, _EVERY, "split_every")
