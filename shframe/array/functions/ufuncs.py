"""UFunc: NumPy's ufuncs on lazy arrays, with their methods. The functions are listed in
namespace.py, which says what a result is wrapped in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, reductions, running, slicing
from shframe.array.functions.convert import node_of
from shframe.array.functions.numpy_probe import NO_VALUE

T = TypeVar("T")


class _Face(Generic[T]):
    """What ufuncs of one result and of two have in common."""

    def __init__(self, ufunc: np.ufunc, wrap: Callable[[Node], T]) -> None:
        self.ufunc = ufunc
        self._wrap = wrap
        self.__name__ = ufunc.__name__
        self.__doc__ = f"numpy.{ufunc.__name__}, lazily, on blocks."

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"

    @property
    def nin(self) -> int:
        """How many operands."""
        return self.ufunc.nin

    @property
    def nout(self) -> int:
        """How many results."""
        return self.ufunc.nout

    @property
    def nargs(self) -> int:
        """How many operands and results."""
        return self.ufunc.nargs

    @property
    def identity(self) -> Any:
        """What changes nothing; None if there is no such value."""
        return self.ufunc.identity

    def _by_numpy(self, operands: Any, how: Any, method: str = "__call__") -> Any:
        """What NumPy makes of arguments: it sorts them out, and hands them to lazy arrays."""
        first, *others = operands
        given = [self._wrap(node_of(each)) if np.ndim(each) else each for each in others]
        return getattr(self.ufunc, method)(self._wrap(node_of(first)), *given, **how)


class UFunc(_Face[T]):
    """A NumPy ufunc on lazy arrays, with its methods reduce, accumulate, reduceat, outer and at.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.add(xp.arange(3, chunks=2), 1).compute().tolist()
    [1, 2, 3]
    """

    def __call__(self, *operands: Any, **how: Any) -> T:
        if not how and len(operands) == self.ufunc.nin:
            return self._wrap(elementwise.call(self.ufunc, *operands))
        made: T = self._by_numpy(operands, how)
        return made

    def reduce(
        self,
        x: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> T:
        """The ufunc between all elements along axes."""
        how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
        how |= {"initial": initial, "where": where}
        if out is not None:
            made: T = self._by_numpy([x], {**how, "out": out}, "reduce")
            return made
        return self._wrap(reductions.reduce(self.ufunc, node_of(x), **how))

    def accumulate(self, x: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> T:
        """The running result along an axis."""
        how: dict[str, Any] = {"axis": axis, "dtype": dtype}
        if out is not None:
            made: T = self._by_numpy([x], {**how, "out": out}, "accumulate")
            return made
        return self._wrap(running.accumulate(self.ufunc, node_of(x), **how))

    def reduceat(
        self, x: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None
    ) -> T:
        """The ufunc between the elements of each run of an axis."""
        how: dict[str, Any] = {"axis": axis, "dtype": dtype}
        if out is not None:
            made: T = self._by_numpy([x, indices], {**how, "out": out}, "reduceat")
            return made
        return self._wrap(reductions.reduceat(self.ufunc, node_of(x), indices, **how))

    def outer(self, one: Any, other: Any, /, **how: Any) -> T:
        """The ufunc of all pairs of elements."""
        made: T = self._by_numpy([one, other], how, "outer")
        return made

    def at(self, a: Any, indices: Any, *values: Any) -> None:
        """Change the elements of `a` at indices: by the ufunc of each and of a value, if it takes
        two. An element that the indices name several times is changed as often.

        Cost: indices are computed at the call; a copy of the blocks that are written into.
        """
        self.ufunc.at(a, indices, *values)


def outer(ufunc: np.ufunc, one: Any, other: Any, /, **how: Any) -> Node:
    """The ufunc of all pairs of elements."""
    first, second = node_of(one), node_of(other)
    first = slicing.part(first, (..., *[None] * second.ndim))
    return elementwise.call(ufunc, first, second, **how)


class TwoResults(_Face[T]):
    """A NumPy ufunc of two results on lazy arrays."""

    def __call__(self, *operands: Any, **how: Any) -> tuple[T, T]:
        made: tuple[T, T] = self._by_numpy(operands, how)
        return made
