"""What DataFrame, Series and Index share: operators, row-wise methods, reductions, results.

A method is a line: what is checked, and which node is made, is in methods/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe import partition
from shframe.dataframe.expr.base import Meta
from shframe.dataframe.expr.columns import IsNull, SteadyElementwise
from shframe.dataframe.expr.relations import FromParts
from shframe.dataframe.expr.values import RowCount
from shframe.dataframe.in_place import may_be_in_place
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.lower.layer import Layer, keys_of, per_partition
from shframe.dataframe.methods import operators
from shframe.dataframe.methods import rowwise as by_value
from shframe.dataframe.methods.arranging import first_rows
from shframe.dataframe.methods.casting import cast
from shframe.dataframe.methods.delegating import call_in_one_task, call_now
from shframe.dataframe.methods.sampling import take_partition
from shframe.dataframe.methods.selection import filter_rows
from shframe.dataframe.methods.user_functions import map_partitions
from shframe.dataframe.partitioning import Partitioning
from shframe.dataframe.reducing import Reductions
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.wrap import wrap
from shframe.errors import InvalidArgument
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.function import Function


class Partitioned(Partitioning, Reductions):
    """A lazy pandas-shaped object in partitions."""

    __slots__ = ()

    @property
    def npartitions(self) -> int:
        """How many partitions the computed object has. Cost: plans, computes nothing."""
        _, layer = self.planner.graph(self.planner.optimized(self.expr))
        return len(layer.keys)

    @property
    def known_divisions(self) -> bool:
        """Whether labels at which partitions begin are known: never, they are not needed."""
        return False

    @property
    def divisions(self) -> tuple[None, ...]:
        """Dask's bounds of partitions: all None, as they are not known."""
        count: int = self.npartitions
        return (None,) * (count + 1)

    def get_partition(self, n: int) -> Self:
        """One partition, as it is computed."""
        return self._wrap(take_partition(self.expr, n, self.npartitions))

    @property
    def partitions(self) -> list[Self]:
        """Each partition as a lazy object. Cost: plans."""
        return [self.get_partition(n) for n in range(self.npartitions)]

    def __repr__(self) -> str:
        return f"<shframe {type(self).__name__}: {self._summary()}>"

    def _summary(self) -> str:
        return type(self.expr).__name__

    # --- results ------------------------------------------------------------------------

    def _settled(self, layer: Layer) -> Layer:
        """Strings that were read as dictionaries become strings in the workers, side by side."""
        if not isinstance(self._meta, pd.DataFrame):
            return layer
        name = f"settled-{self.expr.token[:16]}"
        tasks = per_partition(name, Function(rowwise.decode_strings), layer.keys)
        return Layer(keys_of(tasks), tasks, about=layer.about)

    def _result(self, parts: Iterable[Any], layer: Layer) -> Any:
        return partition.concatenate(list(parts), self._meta, fresh=layer.about.fresh)

    def _persisted(self, refs: list[ObjectRef], layer: Layer) -> Self:
        node = FromParts(
            tuple(refs),
            Meta(self._meta),
            fresh=layer.about.fresh,
            increasing=self.expr.lineage.increasing,
            same_dtypes=self.expr.settled,
        )
        return type(self)(node)

    def __len__(self) -> int:
        """Rows. Cost: computes the counts of all partitions."""
        return int(Scalar(RowCount(self.expr)).compute())

    # --- operators ----------------------------------------------------------------------

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Self:
        return self._wrap(operators.operate(self.expr, name, other, reflected))

    def _unary(self, name: str) -> Self:
        return self._wrap(operators.apply_unary(self.expr, name))

    def __bool__(self) -> bool:
        kind = type(self).__name__
        raise ValueError(
            f"The truth value of a {kind} is ambiguous, and this one is not computed\n"
            "  combine conditions with & | ~, or compute() first"
        )

    def _filter(self, mask: Partitioned) -> Self:
        return self._wrap(filter_rows(self.expr, mask.expr))

    # --- row by row ---------------------------------------------------------------------

    def isna(self) -> Self:
        """Where values are missing, as booleans."""
        return self._wrap(by_value.call_method(self.expr, "isna", kind=IsNull))

    isnull = isna

    def notna(self) -> Self:
        """Where values are not missing, as booleans."""
        return self._wrap(by_value.call_method(self.expr, "notna", kind=IsNull))

    notnull = notna

    @may_be_in_place
    def fillna(self, value: Any, *, axis: Any = None, limit: int | None = None) -> Self:
        """Missing values replaced by a value (a dict of values by column for a frame), or by the
        values that a lazy series or frame has under the same labels.

        Cost: with limit=, and axis=1, brings all rows into one task.
        """
        if limit is not None or axis in (1, "columns"):
            named = {"axis": axis, "limit": limit}
            return self._wrap(call_in_one_task(self.expr, "fillna", (value,), named))  # type: ignore[arg-type]
        return self._wrap(by_value.fill_missing(self.expr, value))

    def astype(self, dtype: Any, copy: Any = no_default, errors: str = "raise") -> Self:
        """Values in another dtype; raises what pandas raises, for bad values while computing.

        errors: "ignore" leaves columns as they are whose values cannot be cast. copy: accepted,
        without effect.

        Raises: ColumnNotFound for a name in a dictionary of dtypes. Cost: with errors="ignore",
        computed at the call, in one task.
        """
        if errors == "raise":
            return self._wrap(cast(self.expr, dtype))
        if errors != "ignore":
            raise InvalidArgument(
                "Expected value of kwarg 'errors' to be one of ['raise', 'ignore']. "
                f"Supplied value is '{errors}'"
            )
        return self._wrap(call_now(self.expr, "astype", (dtype,), {"errors": errors}))

    def isin(self, values: Any) -> Self:
        """Where values are among some; of a lazy series, among all of its values."""
        return self._wrap(by_value.is_in(self.expr, values))

    def round(self, decimals: int = 0) -> Self:
        """Values rounded to so many decimals."""
        return self._wrap(
            by_value.call_method(self.expr, "round", [decimals], kind=SteadyElementwise)
        )

    def __round__(self, decimals: int = 0) -> Self:
        return self.round(decimals)

    def abs(self) -> Self:
        """Absolute values."""
        return self._wrap(by_value.call_method(self.expr, "abs", kind=SteadyElementwise))

    @may_be_in_place
    def clip(self, lower: Any = None, upper: Any = None, *, axis: Any = None) -> Self:
        """Values kept within limits; axis: whose labels those of limits are, of a frame."""
        return self._wrap(by_value.clip(self.expr, lower, upper, axis))

    @may_be_in_place
    def where(self, cond: Any, other: Any = np.nan, *, axis: Any = None, level: Any = None) -> Self:
        """Values where the condition holds, `other` elsewhere.

        axis: whose labels those of a plain or computed series are. Cost: with level=, one task.
        """
        cond, other = (by_value.call_if_callable(one, self) for one in (cond, other))
        return self._wrap(by_value.choose(self.expr, "where", cond, other, axis, level))

    @may_be_in_place
    def mask(self, cond: Any, other: Any = np.nan, *, axis: Any = None, level: Any = None) -> Self:
        """Values where the condition does not hold, `other` elsewhere; axis and level: as where()
        has them."""
        cond, other = (by_value.call_if_callable(one, self) for one in (cond, other))
        return self._wrap(by_value.choose(self.expr, "mask", cond, other, axis, level))

    @may_be_in_place
    def replace(self, to_replace: Any = None, value: Any = no_default, regex: Any = False) -> Self:
        """Values replaced by others; regex: whether they are patterns, or what the patterns are."""
        given = () if value is no_default else (value,)
        return self._wrap(by_value.replace(self.expr, to_replace, *given, regex=regex))

    def map_partitions(
        self,
        function: Callable[..., Any],
        *args: Any,
        meta: Any = None,
        writable: bool = True,
        **kwargs: Any,
    ) -> Any:
        """`function` called on each partition, a pandas object.

        writable: whether the function may change its partition. That costs a copy of the pages
        that it writes, of numbers and times that are in shared memory; other columns, and those
        still in the making, are copied. Without it values in shared memory are read-only.

        The function is captured by value at this call. What it returns is learned by running it on
        the first partition that has rows, unless `meta` says it: an empty pandas object, (name,
        dtype) of a series, or the dtypes of columns by name. A plain value is a row of a series.
        What is lazy among its further arguments comes whole, as compute() returns it.

        Raises: NotPicklable when the function cannot be sent to a worker.
        """
        how = {"meta": meta, "writable": writable}
        return wrap(map_partitions(self.expr, function, args, kwargs, **how))

    # --- which rows ---------------------------------------------------------------------

    def head(self, n: int = 5) -> Self:
        """The first `n` rows, negative: all but the last.

        From Parquet only the row groups that hold them are read.
        """
        return self._wrap(first_rows(self.expr, n, last=False))

    def tail(self, n: int = 5) -> Self:
        """The last `n` rows, negative: all but the first."""
        return self._wrap(first_rows(self.expr, n, last=True))
