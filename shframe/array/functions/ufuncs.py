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


class UFunc(Generic[T]):
    """A NumPy ufunc on lazy arrays, with its methods reduce, accumulate and outer.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.add(xp.arange(3, chunks=2), 1).compute().tolist()
    [1, 2, 3]
    """

    def __init__(self, ufunc: np.ufunc, wrap: Callable[[Node], T]) -> None:
        self.ufunc = ufunc
        self._wrap = wrap
        self.__name__ = ufunc.__name__
        self.__doc__ = f"numpy.{ufunc.__name__}, lazily, on blocks."

    def __call__(self, *operands: Any, dtype: Any = None, out: Any = None, where: Any = True) -> T:
        if out is None and where is True:
            return self._wrap(elementwise.call(self.ufunc, *operands, dtype=dtype))
        # NumPy hands it to what the result is put into, or says what is wrong
        given = [self._wrap(node_of(each)) if np.ndim(each) else each for each in operands]
        made: T = self.ufunc(*given, dtype=dtype, out=out, where=where)
        return made

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

    def reduce(
        self,
        x: Any,
        axis: Any = 0,
        dtype: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> T:
        """The ufunc between all elements along axes."""
        how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
        return self._wrap(
            reductions.reduce(self.ufunc, node_of(x), initial=initial, where=where, **how)
        )

    def accumulate(self, x: Any, axis: int = 0, dtype: Any = None) -> T:
        """The running result along an axis."""
        return self._wrap(running.accumulate(self.ufunc, node_of(x), axis=axis, dtype=dtype))

    def reduceat(self, x: Any, indices: Any, axis: int = 0, dtype: Any = None) -> T:
        """The ufunc between the elements of each run of an axis."""
        return self._wrap(reductions.reduceat(self.ufunc, node_of(x), indices, axis, dtype))

    def outer(self, one: Any, other: Any, /, dtype: Any = None) -> T:
        """The ufunc of all pairs of elements."""
        return self._wrap(outer(self.ufunc, one, other, dtype=dtype))


def outer(ufunc: np.ufunc, one: Any, other: Any, /, dtype: Any = None) -> Node:
    """The ufunc of all pairs of elements."""
    first, second = node_of(one), node_of(other)
    first = slicing.part(first, (..., *[None] * second.ndim))
    return elementwise.call(ufunc, first, second, dtype=dtype)


class TwoResults(Generic[T]):
    """A NumPy ufunc of two results on lazy arrays."""

    def __init__(self, ufunc: np.ufunc, wrap: Callable[[Node], T]) -> None:
        self.ufunc = ufunc
        self._wrap = wrap
        self.__name__ = ufunc.__name__
        self.__doc__ = f"numpy.{ufunc.__name__}, lazily, on blocks."

    def __call__(self, *operands: Any, dtype: Any = None) -> tuple[T, T]:
        one, other = elementwise.call_ufunc(self.ufunc, *operands, dtype=dtype)
        return self._wrap(one), self._wrap(other)

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"
