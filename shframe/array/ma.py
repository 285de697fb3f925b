"""Masked arrays under NumPy's and Dask's name for them: xp.ma. What they are is in masked.py.

A function takes lazy arrays, lazy masked ones, and NumPy's of both kinds; what it returns is lazy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array import namespace as xp
from shframe.array.grid.axes import Axes, PositionNotFound, list_axes
from shframe.array.masked import (
    MaskedArray,
    as_masked,
    is_masked,
    mask_of,
    values_of,
)
from shframe.array.ndarray import Array
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

__all__ = [
    "MaskedArray",
    "average",
    "count",
    "empty_like",
    "filled",
    "fix_invalid",
    "getdata",
    "getmaskarray",
    "masked",
    "masked_array",
    "masked_equal",
    "masked_greater",
    "masked_greater_equal",
    "masked_inside",
    "masked_invalid",
    "masked_less",
    "masked_less_equal",
    "masked_not_equal",
    "masked_outside",
    "masked_values",
    "masked_where",
    "nomask",
    "nonzero",
    "ones_like",
    "set_fill_value",
    "where",
    "zeros_like",
]

masked = np.ma.masked
nomask = np.ma.nomask

# -- masks


def masked_array(
    data: Any,
    mask: Any = nomask,
    dtype: Any = None,
    copy: bool = False,
    *,
    fill_value: Any = None,
    keep_mask: bool = True,
    **others: Any,
) -> MaskedArray:
    """A masked array of values and a mask, which may also be one boolean.

    keep_mask: whether the mask that `data` has stays, beside `mask`. copy: has no effect: what is
        written into the one is never seen in the other.
    Raises: ChunkMismatch for a mask of another size, InvalidArgument for hard_mask and others of
        NumPy's arguments.
    """
    if others:
        raise InvalidArgument(
            f"masked_array({next(iter(others))}=...) is not supported\n"
            "  it takes mask, dtype, copy, fill_value and keep_mask"
        )
    given = as_masked(data)
    values = given.data if dtype is None else given.data.astype(dtype)
    wanted = xp.asarray(values_of(mask)).astype(np.bool_)
    if wanted.shape != values.shape and wanted.ndim:
        if wanted.size not in (1, values.size):
            raise ChunkMismatch(
                f"Mask and data not compatible: data size is {values.size}, mask size is "
                f"{wanted.size}."
            )
        wanted = wanted.reshape(values.shape if wanted.size == values.size else ())
    kept = given.mask | wanted if keep_mask or mask is nomask else wanted
    fill = given.fill_value if fill_value is None and is_masked(data) else fill_value
    return MaskedArray(values, kept, fill)


def masked_where(condition: Any, a: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where the condition is true, beside what is masked already."""
    given = as_masked(a)
    where = xp.asarray(values_of(condition)).astype(np.bool_)
    if where.ndim and where.shape != given.shape:
        raise PositionNotFound(
            "Inconsistent shape between the condition and the input"
            f" (got {where.shape} and {given.shape})"
        )
    return given._like(given.data, given.mask | where)


def masked_equal(x: Any, value: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is equal to a value, which becomes the fill value."""
    made = _compared(np.equal, x, value)
    made.fill_value = value
    return made


def masked_not_equal(x: Any, value: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is not equal to a value."""
    return _compared(np.not_equal, x, value)


def masked_greater(x: Any, value: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is greater than a value."""
    return _compared(np.greater, x, value)


def masked_greater_equal(x: Any, value: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is greater than a value or equal."""
    return _compared(np.greater_equal, x, value)


def masked_less(x: Any, value: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is less than a value."""
    return _compared(np.less, x, value)


def masked_less_equal(x: Any, value: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is less than a value or equal."""
    return _compared(np.less_equal, x, value)


def _compared(ufunc: np.ufunc, x: Any, value: Any) -> MaskedArray:
    return masked_where(ufunc(as_masked(x).data, value), x)


def masked_inside(x: Any, v1: Any, v2: Any, copy: bool = True) -> MaskedArray:
    """The array, masked between two values, which may come in any order."""
    low, high = (v2, v1) if v2 < v1 else (v1, v2)
    values = filled(x)
    return masked_where((values >= low) & (values <= high), x)


def masked_outside(x: Any, v1: Any, v2: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is not between two values, which may come in any order."""
    low, high = (v2, v1) if v2 < v1 else (v1, v2)
    values = filled(x)
    return masked_where((values < low) | (values > high), x)


def masked_invalid(a: Any, copy: bool = True) -> MaskedArray:
    """The array, masked where it is NaN or infinite."""
    return masked_where(~xp.isfinite(as_masked(a).data), a)


def masked_values(
    x: Any,
    value: Any,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    copy: bool = True,
    shrink: bool = True,
) -> MaskedArray:
    """The array, masked where it is near a value, which becomes the fill value.

    rtol, atol: as isclose() has them, for floats; integers are to be equal. shrink: has no effect.
    """
    values = filled(x, value)
    floats = values.dtype.kind == "f"
    near = xp.isclose(values, value, rtol, atol) if floats else values == value
    return MaskedArray(values, near, value)


def fix_invalid(
    a: Any, mask: Any = nomask, copy: bool = True, fill_value: Any = None
) -> MaskedArray:
    """The array, masked where it is NaN or infinite, with the fill value there below the mask."""
    given = masked_array(a, mask)
    finite = xp.isfinite(given.data)
    fill = given.fill_value if fill_value is None else fill_value
    fixed = MaskedArray(given.data, ~finite, fill).filled()
    return given._like(fixed, given.mask | ~finite)


def getmaskarray(arr: Any) -> Array:
    """Where an array is masked; false everywhere if it is not."""
    return as_masked(arr).mask


def getdata(a: Any, subok: bool = True) -> Array:
    """The values, also those below the mask."""
    return as_masked(a).data


def filled(a: Any, fill_value: Any = None) -> Array:
    """The values, with the fill value, or the array's own, where they are masked."""
    return as_masked(a).filled(fill_value) if is_masked(a) else xp.asarray(a)


def set_fill_value(a: Any, fill_value: Any) -> Any:
    """Give a lazy masked array another fill value; an array without a mask stays as it is.

    Returns: the array itself.
    """
    if is_masked(a) and not isinstance(a, MaskedArray):
        raise UnsupportedType("set_fill_value() is for lazy arrays, this one is NumPy's")
    if is_masked(a):
        a.fill_value = fill_value
    return a


# -- values


def where(condition: Any, x: Any = None, y: Any = None) -> MaskedArray:
    """Elements of `x` where the condition is true, else of `y`; masked where the condition is.

    Raises: UnsupportedType without `x` and `y`: nonzero() finds the indices.
    """
    if x is None or y is None:
        raise UnsupportedType('ma.where() needs "x" and "y"\n  nonzero() returns the indices')
    given = as_masked(condition)
    chosen = given.data.astype(np.bool_) & ~given.mask
    one, other = (_chosen(each) for each in (x, y))
    # numpy.ma.masked has a dtype, which is that of the other
    one, other = (one if x is not masked else other), (other if y is not masked else one)
    data = xp.where(chosen, one, other)
    below = xp.where(chosen, mask_of(x), mask_of(y))
    return MaskedArray(data, below | given.mask)


def _chosen(x: Any) -> Any:
    values = values_of(x)
    return values if isinstance(values, Array) else np.asarray(values)


def nonzero(a: Any) -> tuple[Array, ...]:
    """The indices of elements that are neither zero nor masked; computed at the call."""
    return xp.nonzero(filled(a, 0))


def count(arr: Any, axis: Axes = None, keepdims: bool = False) -> Array:
    """How many elements along axes are not masked."""
    return as_masked(arr).count(axis, keepdims)


def average(
    a: Any,
    axis: Axes = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """The mean along axes of what is not masked, weighted if weights are given.

    weights: in the array's shape, or in the shape of the axes that are named; may be masked.
    Returns: the averages, or (averages, sums of weights) if `returned`.
    """
    given = as_masked(a)
    axes = None if axis is None else list_axes(axis, given.ndim)
    if weights is None:
        averages = given.mean(axes, keepdims=keepdims)
        scale: Any = given.count(axes, keepdims).astype(averages.dtype)
    else:
        scale, averages = _weighted(given, axes, as_masked(weights), keepdims)
    return (averages, scale) if returned else averages


def _weighted(
    given: MaskedArray, axes: tuple[int, ...] | None, weights: MaskedArray, keepdims: bool
) -> tuple[MaskedArray, MaskedArray]:
    """The sums of weights, and the averages by them."""
    if weights.shape != given.shape:
        if axes is None:
            raise UnsupportedType("Axis must be specified when shapes of a and weights differ.")
        if weights.shape != tuple(given.shape[n] for n in axes):
            raise ChunkMismatch(
                "Shape of weights must be consistent with shape of a along specified axis."
            )
        lengths = [length if n in axes else 1 for n, length in enumerate(given.shape)]
        weights = weights.transpose(*np.argsort(axes).tolist()).reshape(*lengths)
    dtype = np.result_type(given.dtype, weights.dtype)
    dtype = np.result_type(dtype, np.float64) if given.dtype.kind in "biu" else dtype
    weights = weights * ~given.mask
    weights = MaskedArray(weights.data, weights.mask | given.mask)
    scale = weights.sum(axes, dtype, keepdims)
    products = given.astype(dtype) * weights.astype(dtype)
    return scale, products.sum(axes, None, keepdims) / scale


def ones_like(a: Any, dtype: Any = None) -> MaskedArray:
    """Ones in the array's shape, masked as it is."""
    given = as_masked(a)
    return given._like(xp.ones_like(given.data, dtype=dtype), given.mask)


def zeros_like(a: Any, dtype: Any = None) -> MaskedArray:
    """Zeros in the array's shape, masked as it is."""
    given = as_masked(a)
    return given._like(xp.zeros_like(given.data, dtype=dtype), given.mask)


empty_like = zeros_like
