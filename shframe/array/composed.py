"""Public functions that are written with arrays: with those in namespace.py, or a user's own."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from shframe.array.functions import applying, convert
from shframe.array.namespace import (
    all,
    asarray,
    cumprod,
    cumsum,
    indices,
    isnan,
    isnat,
    where,
    zeros,
)
from shframe.array.ndarray import Array


@functools.wraps(applying.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, x: Any, *args: Any, **how: Any) -> Array:
    return Array(applying.apply_along_axis(func1d, axis, convert.node_of(x), *args, **how))


def apply_over_axes(func: Any, x: Any, axes: Any) -> Array:
    """A function of the array and an axis, for one axis after the other; axes stay, of length 1."""
    made: Array = applying.apply_over_axes(func, asarray(x), axes)
    return made


@functools.wraps(applying.coarsen)
def coarsen(reduction: Any, x: Any, axes: Any, trim_excess: bool = False, **how: Any) -> Array:
    return Array(applying.coarsen(reduction, convert.node_of(x), axes, trim_excess, **how))


def fromfunction(function: Any, shape: Any, *, dtype: Any = float, **keywords: Any) -> Any:
    """A function of the indices along each axis, which are lazy arrays."""
    return function(*indices(shape, dtype), **keywords)


def array_equal(one: Any, other: Any, equal_nan: bool = False) -> Array:
    """Whether two arrays have one shape and the same elements."""
    first, second = asarray(one), asarray(other)
    if first.shape != second.shape:
        return zeros((), np.bool_)
    same: Array = first == second
    if equal_nan and first.dtype.kind in "fcmM" and second.dtype.kind in "fcmM":
        unknown = isnat if first.dtype.kind in "mM" else isnan
        same = same | (unknown(first) & unknown(second))
    return all(same)


# what is known without computing
def shape(x: Any) -> tuple[int, ...]:
    """Lengths of the axes."""
    return asarray(x).shape


def ndim(x: Any) -> int:
    """How many axes."""
    return asarray(x).ndim


def size(x: Any, axis: int | None = None) -> int:
    """How many elements, or how many along an axis."""
    found = asarray(x)
    return found.size if axis is None else found.shape[axis]


def iscomplex(x: Any) -> Array:
    """Where the imaginary part is not zero."""
    return asarray(x).imag != 0


def isreal(x: Any) -> Array:
    """Where the imaginary part is zero."""
    return asarray(x).imag == 0


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """The running sum, NaN counted as 0."""
    return cumsum(_numbers(x, 0), axis=axis, dtype=dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """The running product, NaN counted as 1."""
    return cumprod(_numbers(x, 1), axis=axis, dtype=dtype)


def _numbers(x: Any, value: int) -> Array:
    found = asarray(x)
    if found.dtype.kind not in "fc":
        return found
    return where(isnan(found), found.dtype.type(value), found)


def unify_chunks(*args: Any) -> tuple[Any, list[Array]]:
    """The blocks by label, and the arrays on one grid: arguments are an array, its labels, ..."""
    grid, found = applying.unify_chunks(*args)
    return grid, [Array(each) for each in found]
