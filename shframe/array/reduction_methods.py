"""Methods of arrays that reduce axes, or run along one: each is a line here.

Dask's split_every= and method= are accepted, without effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from shframe.array.dask_options import without_dasks
from shframe.array.expr.nodes import Node
from shframe.array.functions import reductions, running, statistics, variances
from shframe.array.grid.axes import Axes
from shframe.array.outputs import with_out


class ReductionMethods:
    """The methods; `expr` is the node that they work on."""

    if TYPE_CHECKING:
        expr: Node

        def __init__(self, expr: Node) -> None: ...

    else:
        __slots__ = ()

    @with_out
    def sum(self, axis: Axes = None, dtype: Any = None, keepdims: bool = False, **how: Any) -> Self:
        """The sum along axes; `how`: initial=, where=."""
        return type(self)(
            reductions.sum(
                self.expr, axis=axis, dtype=dtype, keepdims=keepdims, **without_dasks("sum", how)
            )
        )

    @with_out
    def prod(
        self, axis: Axes = None, dtype: Any = None, keepdims: bool = False, **how: Any
    ) -> Self:
        """The product along axes; `how`: initial=, where=."""
        return type(self)(
            reductions.prod(
                self.expr, axis=axis, dtype=dtype, keepdims=keepdims, **without_dasks("prod", how)
            )
        )

    @with_out
    def mean(
        self, axis: Axes = None, dtype: Any = None, keepdims: bool = False, **how: Any
    ) -> Self:
        """The mean along axes; `how`: where=."""
        given: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
        return type(self)(statistics.mean(self.expr, **given, **without_dasks("mean", how)))

    @with_out
    def var(
        self,
        axis: Axes = None,
        dtype: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        **how: Any,
    ) -> Self:
        """The variance along axes; `how`: where=, mean=, correction=."""
        given: dict[str, Any] = {"axis": axis, "dtype": dtype, "ddof": ddof, **how}
        return type(self)(
            variances.var(self.expr, keepdims=keepdims, **without_dasks("var", given))
        )

    @with_out
    def std(
        self,
        axis: Axes = None,
        dtype: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        **how: Any,
    ) -> Self:
        """The standard deviation along axes; `how`: where=, mean=, correction=."""
        given: dict[str, Any] = {"axis": axis, "dtype": dtype, "ddof": ddof, **how}
        return type(self)(
            variances.std(self.expr, keepdims=keepdims, **without_dasks("std", given))
        )

    @with_out
    def min(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Self:
        """The smallest element along axes; `how`: initial=, where=."""
        return type(self)(
            reductions.min(self.expr, axis=axis, keepdims=keepdims, **without_dasks("min", how))
        )

    @with_out
    def max(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Self:
        """The largest element along axes; `how`: initial=, where=."""
        return type(self)(
            reductions.max(self.expr, axis=axis, keepdims=keepdims, **without_dasks("max", how))
        )

    @with_out
    def any(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Self:
        """Whether an element along axes is true; `how`: where=."""
        return type(self)(
            reductions.any(self.expr, axis=axis, keepdims=keepdims, **without_dasks("any", how))
        )

    @with_out
    def all(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Self:
        """Whether all elements along axes are true; `how`: where=."""
        return type(self)(
            reductions.all(self.expr, axis=axis, keepdims=keepdims, **without_dasks("all", how))
        )

    @with_out
    def argmin(
        self, axis: int | None = None, keepdims: bool = False, *, split_every: Any = None
    ) -> Self:
        """The index of the first smallest element."""
        return type(self)(reductions.argmin(self.expr, axis=axis, keepdims=keepdims))

    @with_out
    def argmax(
        self, axis: int | None = None, keepdims: bool = False, *, split_every: Any = None
    ) -> Self:
        """The index of the first largest element."""
        return type(self)(reductions.argmax(self.expr, axis=axis, keepdims=keepdims))

    @with_out
    def cumsum(self, axis: int | None = None, dtype: Any = None, *, method: Any = None) -> Self:
        """The running sum."""
        return type(self)(running.cumsum(self.expr, axis=axis, dtype=dtype))

    @with_out
    def cumprod(self, axis: int | None = None, dtype: Any = None, *, method: Any = None) -> Self:
        """The running product."""
        return type(self)(running.cumprod(self.expr, axis=axis, dtype=dtype))
