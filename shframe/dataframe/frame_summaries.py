"""What the columns of a frame come to: aggregates, extreme rows, correlations."""

from __future__ import annotations

from typing import Any, Self

from shframe.dataframe import arguments
from shframe.dataframe.dask_options import refuse_engine
from shframe.dataframe.kernels.lazy_results import with_computed_results
from shframe.dataframe.methods import moments, ordering, sorting, summarising, tabulating
from shframe.dataframe.methods.user_functions import map_partitions
from shframe.dataframe.reducing import Reductions
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.wrap import wrap


class FrameSummaries(Reductions):
    """Methods that give few rows, or one value for each column or row."""

    __slots__ = ()

    def agg(self, func: Any = None, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
        """Reductions: a name or function, a list of them, a dict by column, or label=("a", "sum").

        Cost: functions, and names of what has no partial results, bring the columns into one task;
        where only they know what they return, they run at the call.
        """
        return wrap(summarising.aggregate(self.expr, func, axis, args, kwargs))

    aggregate = agg

    def idxmin(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """The labels of the smallest values."""
        return self._reduce("idxmin", axis, numeric_only, skipna=skipna)

    def idxmax(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Scalar:
        """The labels of the largest values."""
        return self._reduce("idxmax", axis, numeric_only, skipna=skipna)

    def apply(
        self,
        func: Any,
        axis: Any = 0,
        raw: bool = False,
        result_type: str | None = None,
        args: tuple[Any, ...] = (),
        by_row: Any = "compat",
        engine: Any = None,
        engine_kwargs: Any = None,
        **kwargs: Any,
    ) -> Any:
        """`func` called on each row (axis=1) on all cores, or on each column.

        meta: accepted as Dask has it, and not needed.

        Raises: UnsupportedType for an engine: the function itself runs. Cost: of columns, brings
        all rows into one task, at the call.
        """
        kwargs.pop("meta", None)
        refuse_engine("apply", None if engine == "python" else engine, engine_kwargs)
        if by_row != "compat":
            kwargs["by_row"] = by_row
        if axis in (1, "columns"):
            how = {"raw": raw, "result_type": result_type, **kwargs}
            made = map_partitions(self.expr, _apply_rows, (func, args, how), {}, rows="same")
            return wrap(made)
        named = {"raw": raw, "result_type": result_type, "args": args, **kwargs}
        return wrap(summarising.apply_to_columns(self.expr, func, named))

    def nlargest(self, n: int, columns: Any, keep: str = "first") -> Self:
        """The `n` rows with the largest values."""
        by = sorting.labels_of(self.expr, columns)
        return self._wrap(sorting.top_rows(self.expr, n, by, True, keep))

    def nsmallest(self, n: int, columns: Any, keep: str = "first") -> Self:
        """The `n` rows with the smallest values."""
        by = sorting.labels_of(self.expr, columns)
        return self._wrap(sorting.top_rows(self.expr, n, by, False, keep))

    def mode(self, axis: Any = 0, numeric_only: bool = False, dropna: bool = True) -> Self:
        """The most frequent values of each column, in order.

        Cost: of Python objects, categories, nullable dtypes and of rows one task has all.
        """
        arguments.check_axis(self.expr, axis)
        return self._wrap(ordering.find_modes(self.expr, axis, numeric_only, dropna))

    def value_counts(
        self,
        subset: Any = None,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        dropna: bool = True,
    ) -> Any:
        """How often each row is there, or each combination of some columns, as a series.

        Cost: one task has the different rows; of categories, all rows.
        """
        how = {"normalize": normalize, "sort": sort, "ascending": ascending}
        return wrap(tabulating.count_rows(self.expr, subset, dropna, how))

    def corr(
        self, method: Any = "pearson", min_periods: int = 1, numeric_only: bool = False
    ) -> Self:
        """Correlations of all pairs of columns, each of the rows that have both values.

        Cost: of other methods than "pearson" one task has all rows.
        """
        how = (method, min_periods, numeric_only)
        return self._wrap(moments.correlate_columns(self.expr, *how))

    def cov(
        self, min_periods: int | None = None, ddof: int = 1, numeric_only: bool = False
    ) -> Self:
        """Covariances of all pairs of columns, each of the rows that have both values."""
        return self._wrap(moments.covary_columns(self.expr, min_periods, ddof, numeric_only))

    def corrwith(
        self,
        other: Any,
        axis: Any = 0,
        drop: bool = False,
        method: Any = "pearson",
        numeric_only: bool = False,
        min_periods: int | None = None,
    ) -> Any:
        """Correlations of the columns with a series, or with those of a frame.

        Of no rows each is NaN, where pandas gives a frame. Cost: of a frame, and as Series.corr()
        has it, one task has all rows.
        """
        more = {"drop": drop, "numeric_only": numeric_only}
        made = moments.correlate_with(self.expr, other, axis, method, min_periods, more)
        return wrap(made)


def _apply_rows(part: Any, function: Any, args: tuple[Any, ...], how: dict[str, Any]) -> Any:
    return part.apply(with_computed_results(function), axis=1, args=args, **how)
