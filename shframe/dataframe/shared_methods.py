"""Methods of frames and series that are pandas' own: row by row, or in one task.

A name and how it is done; arguments and results are those of pandas.
"""

from __future__ import annotations

from typing import Any, Self

from shframe.dataframe import arguments
from shframe.dataframe.filtering import Filtering
from shframe.dataframe.labels import Labels
from shframe.dataframe.methods import (
    delegating,
    describing,
    indexing,
    ordering,
    reductions,
    sampling,
)
from shframe.dataframe.pandas_method import (
    InMemory,
    PandasMethod,
    at_once,
    chosen,
    each_label,
    in_one_task,
    on_labels,
    operator,
    pair,
    updated,
    value_in_one_task,
)
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.wrap import wrap


class SharedMethods(Filtering, Labels):
    """Methods that DataFrame and Series have."""

    __slots__ = ()

    # --- operators as methods: other, axis, level, fill_value -----------------------------
    add = operator("self + other.")
    radd = operator("other + self.")
    sub = subtract = operator("self - other.")
    rsub = operator("other - self.")
    mul = multiply = operator("self * other.")
    rmul = operator("other * self.")
    div = divide = truediv = operator("self / other.")
    rdiv = rtruediv = operator("other / self.")
    floordiv = operator("self // other.")
    rfloordiv = operator("other // self.")
    mod = operator("self % other.")
    rmod = operator("other % self.")
    pow = operator("self ** other.")
    rpow = operator("other ** self.")
    eq = operator("self == other.")
    ne = operator("self != other.")
    lt = operator("self < other.")
    le = operator("self <= other.")
    gt = operator("self > other.")
    ge = operator("self >= other.")

    # --- labels ---------------------------------------------------------------------------
    add_prefix = on_labels("Labels with a prefix: of columns, of a series those of rows.")
    add_suffix = on_labels("Labels with a suffix: of columns, of a series those of rows.")
    rename_axis = on_labels("Other names of the levels of the index, or of the columns.")
    droplevel = on_labels("Labels without a level.")
    swaplevel = on_labels("Labels with two levels exchanged.")
    reorder_levels = on_labels("Labels with their levels in another order.")
    tz_localize = each_label(
        "The labels, which are times, in a time zone.", 'ambiguous= is "infer" or an array'
    )
    tz_convert = each_label("The labels, which are times, in another time zone.")
    to_period = each_label("The labels as periods.", "freq= is not given")
    to_timestamp = each_label("The labels, which are periods, as times.")
    at_time = chosen("The rows at a time of day.")
    between_time = chosen("The rows between two times of day.")
    truncate = in_one_task("The rows with labels between two.")
    xs = at_once("The rows under a label of a level.")
    reindex_like = in_one_task("Rows and columns under the labels of another object.")
    asfreq = in_one_task("Rows at a regular frequency.")

    # --- values ---------------------------------------------------------------------------
    convert_dtypes = at_once("Values in the best dtypes that have missing values.")
    infer_objects = at_once("Columns of objects in better dtypes.")
    combine = in_one_task("What a function makes of two objects, column by column.")
    combine_first = PandasMethod(
        delegating.call_beside,
        "Values, and where they are missing those of another object.",
        "of an object with other rows, brings both into one task; of the same rows it goes row"
        " by row, also under labels that are there twice, where pandas may raise",
    )
    compare = at_once("Where two objects differ.")
    equals = value_in_one_task("Whether another object has the same values and labels.")
    transform = at_once("What a function makes of each column.")
    unstack = at_once("A level of the index as columns.")
    align = pair("This object and another under the labels of both, as a pair.")
    update = updated("Values replaced in place by those of another object that are not missing.")
    reindex = PandasMethod(
        delegating.put_under_labels,
        "Rows, or columns, under some labels; what is new is missing.",
        "of rows, brings all into one task",
    )

    # --- the computed object --------------------------------------------------------------
    __arrow_c_stream__ = InMemory("The values for libraries that read Arrow's streams.")
    to_numpy = InMemory("The values as a NumPy array.")
    values = InMemory("The values as a NumPy array. Cost: computes the whole object.")
    to_dict = InMemory("The values in a dictionary.")
    to_string = InMemory("The values as they are printed.")
    to_pickle = InMemory("Written to a file by pickle.")
    to_excel = InMemory("Written to a sheet.")
    to_clipboard = InMemory("Copied to the clipboard.")
    to_latex = InMemory("The values as a table of LaTeX.")
    to_markdown = InMemory("The values as a table of Markdown.")
    to_xarray = InMemory("The values as an object of xarray.")
    to_hdf = InMemory("Written to a file by PyTables.")
    to_sql = InMemory("Written to a table of a database.")
    to_json = InMemory("The values as JSON, written to a path or returned.")
    plot = InMemory("pandas' plots. Cost: computes the whole object.")
    hist = InMemory("A histogram, drawn by pandas.")

    def rank(
        self,
        axis: Any = 0,
        method: str = "average",
        numeric_only: bool = False,
        na_option: str = "keep",
        ascending: bool = True,
        pct: bool = False,
    ) -> Self:
        """The rank of each value in its column, or with axis=1 in its row.

        Values go to ranges of their order and their ranks come back. Cost: of Python objects,
        categories and nullable dtypes one task has all rows.
        """
        how = (axis, method, numeric_only, na_option, ascending, pct)
        return self._wrap(ordering.rank_rows(self.expr, *how))

    def describe(self, percentiles: Any = None, include: Any = None, exclude: Any = None) -> Any:
        """Counts, means, deviations, extremes and quantiles.

        Cost: with include= or exclude=, and of other columns than NumPy's numbers, computed at the
        call, in one task.
        """
        return wrap(describing.describe(self.expr, percentiles, include, exclude))

    def first_valid_index(self) -> Scalar:
        """The label of the first value that is not missing; None without one."""
        return Scalar(reductions.find_valid(self.expr, last=False))

    def last_valid_index(self) -> Scalar:
        """The label of the last value that is not missing; None without one."""
        return Scalar(reductions.find_valid(self.expr, last=True))

    def dot(self, other: Any) -> Any:
        """The matrix product with another object; rows of a frame stay in their partitions.

        Cost: with a lazy object, and of a series, computed at the call, in one task.
        """
        return wrap(delegating.multiply_matrix(self.expr, other))

    def __matmul__(self, other: Any) -> Any:
        return self.dot(other)

    def copy(self, deep: bool = True) -> Self:
        """The same; what is done to one does not reach the other."""
        return self._wrap(self.expr)

    def pipe(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """What the function returns for this object: `func(self, *args, **kwargs)`."""
        if isinstance(func, tuple):
            function, name = func
            return function(*args, **{name: self}, **kwargs)
        return func(self, *args, **kwargs)

    def sample(
        self,
        n: int | None = None,
        frac: float | None = None,
        replace: bool = False,
        weights: Any = None,
        random_state: Any = None,
        axis: Any = None,
        ignore_index: bool = False,
    ) -> Self:
        """Rows by chance, those that pandas chooses with the same random_state.

        Only the chosen rows are brought together. Cost: with weights, or a Generator, all rows.
        """
        how = (n, frac, replace, weights, random_state, axis, ignore_index)
        return self._wrap(sampling.sample_rows(self.expr, *how))

    def take(self, indices: Any, axis: Any = 0) -> Self:
        """Rows by their numbers, or columns with axis=1."""
        if axis in (1, "columns"):
            return self._wrap(indexing.choose_numbered_columns(self.expr, list(indices)))
        return self._wrap(indexing.rows_by_number(self.expr, list(indices)))  # type: ignore[arg-type]

    def asof(self, where: Any, subset: Any = None) -> Any:
        """The last row without missing values before a label, lazily, or before several.

        subset: the columns that must have a value. Cost: brings all rows into one task.
        """
        return wrap(indexing.rows_before(self.expr, where, subset))

    def squeeze(self, axis: Any = None) -> Any:
        """A column alone as a Series, a row alone as a value. Cost: counts the rows."""
        arguments.check_axis(self.expr, axis)
        return sampling.squeezed(self, axis)

    @property
    def axes(self) -> list[Any]:
        """The labels of the rows, lazily, and those of the columns of a frame."""
        columns = [self.columns] if self._meta.ndim == 2 else []  # type: ignore[attr-defined]
        return [self._labels(), *columns]

    def clear_divisions(self) -> Self:
        """The same: Dask's bounds of partitions are not known, and not needed."""
        return self.copy()

    @property
    def empty(self) -> bool:
        """Whether there is no value. Cost: counts the rows."""
        return 0 in self.shape  # type: ignore[attr-defined]

    def optimize(self) -> Self:
        """The same with its plan optimised, as compute() does it anyway."""
        return self._wrap(self.planner.optimized(self.expr))  # type: ignore[arg-type]

    @property
    def nbytes(self) -> Scalar:
        """Bytes of the values, as NumPy counts them. Cost: brings all rows into one task."""
        usage = sampling.find_in_one_task(self.expr, "memory_usage", (), {"index": False})
        made = Scalar(usage)
        return made.sum() if self._meta.ndim == 2 else made

    def visualize(self, *args: Any, **kwargs: Any) -> str:
        """The plan as text, as explain() has it; arguments of Dask's are accepted and not used."""
        return self.explain()

    def memory_usage(self, *args: Any, **kwargs: Any) -> Scalar:
        """Bytes of the columns, as pandas counts them. Cost: brings all rows into one task."""
        return Scalar(sampling.find_in_one_task(self.expr, "memory_usage", args, kwargs))
