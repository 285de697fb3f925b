"""Functions of masked arrays that numpy.ma has under the names of NumPy's: ufuncs, methods as
functions, what joins arrays, and what orders them. xp.ma has their names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from shframe.array import namespace as xp
from shframe.array.grid.axes import Axes
from shframe.array.masked import MaskedArray, as_masked, call, is_masked
from shframe.array.ndarray import Array

P = ParamSpec("P")
T = TypeVar("T")


def ufunc(operation: Callable[..., Any]) -> Callable[..., MaskedArray]:
    """A ufunc of numpy.ma on arrays, of which none need be masked: results that are not defined,
    or not finite, are."""

    def apply(*operands: Any) -> MaskedArray:
        given = [as_masked(each) if np.ndim(each) else each for each in operands]
        if not any(map(is_masked, given)):
            given[0] = as_masked(given[0])
        return call(operation, *given)

    apply.__name__ = apply.__qualname__ = operation.__name__
    apply.__doc__ = f"numpy.ma.{operation.__name__}, lazily, on blocks."
    return apply


def method(own: Callable[Concatenate[MaskedArray, P], T]) -> Callable[Concatenate[Any, P], T]:
    """A method of masked arrays as a function of any array."""

    @functools.wraps(own)
    def apply(a: Any, /, *args: P.args, **how: P.kwargs) -> T:
        return own(as_masked(a), *args, **how)

    return apply


def _joining(name: str) -> Callable[..., MaskedArray]:
    """A function that joins arrays, of values and of masks."""
    join = getattr(xp, name)

    def apply(arrays: Sequence[Any], *args: Any, **how: Any) -> MaskedArray:
        given = [as_masked(each) for each in arrays]
        kept = {key: value for key, value in how.items() if key == "axis"}
        data = join([each.data for each in given], *args, **how)
        return MaskedArray(data, join([each.mask for each in given], *args, **kept))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{join.__doc__} Masked where they are."
    return apply


concatenate = _joining("concatenate")
stack = _joining("stack")
vstack = _joining("vstack")
hstack = _joining("hstack")
dstack = _joining("dstack")
column_stack = _joining("column_stack")


def expand_dims(a: Any, axis: Any) -> MaskedArray:
    """The array with new axes of length 1."""
    given = as_masked(a)
    return given._both(lambda x: xp.expand_dims(x, axis=axis))


def count_masked(arr: Any, axis: Axes = None) -> Array:
    """How many elements along axes are masked."""
    return xp.sum(as_masked(arr).mask, axis=axis, dtype=np.intp)


def sort(
    a: Any, axis: int | None = -1, *, endwith: bool = True, fill_value: Any = None
) -> MaskedArray:
    """The elements in ascending order along an axis, masked ones last.

    endwith: False puts masked ones first. fill_value: what they are counted as, where it is given.
    """
    given = as_masked(a)
    line, along = (given.ravel(), 0) if axis is None else (given, axis)
    order = line.argsort(along, endwith=endwith, fill_value=fill_value)
    return line._both(lambda x: xp.take_along_axis(x, order, axis=along))


def median(a: Any, axis: int | None = None, keepdims: bool = False) -> MaskedArray:
    """The median along an axis of what is not masked; NaN where a NaN is not masked."""
    given = as_masked(a)
    values = given.data if given.dtype.kind == "f" else given.data.astype(np.float64)
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    found = xp.nanmedian(xp.where(given.mask, values.dtype.type(np.nan), values), **how)
    unknown = xp.any(xp.isnan(values) & ~given.mask, **how)
    return MaskedArray(xp.where(unknown, values.dtype.type(np.nan), found), given.mask.all(**how))


def dot(a: Any, b: Any) -> MaskedArray:
    """The product of two arrays, masked elements counted as 0; masked where no product is known."""
    one, other = as_masked(a), as_masked(b)
    known = xp.dot((~one.mask).astype(np.intp), (~other.mask).astype(np.intp))
    return MaskedArray(xp.dot(one.filled(0), other.filled(0)), known == 0)
