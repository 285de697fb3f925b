"""Public functions that are written with arrays: with those in namespace.py, or a user's own."""

from __future__ import annotations

import builtins
import functools
from typing import Any

import numpy as np

from shframe.array.functions import applying, convert
from shframe.array.namespace import (
    all,
    asarray,
    astype,
    broadcast_to,
    cumprod,
    cumsum,
    indices,
    isnan,
    isnat,
    ones,
    ravel,
    reshape,
    resize,
    zeros,
)
from shframe.array.namespace import where as where_of
from shframe.array.ndarray import Array
from shframe.errors import InvalidArgument, UnsupportedType


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


def fromfunction(
    function: Any, shape: Any, *, dtype: Any = float, chunks: Any = "auto", **keywords: Any
) -> Any:
    """A function of the indices along each axis, which are lazy arrays."""
    return function(*(each.rechunk(chunks) for each in indices(shape, dtype)), **keywords)


def copy(x: Any) -> Array:
    """An array with the same values."""
    return asarray(x).copy()


def copyto(dst: Array, src: Any, where: Any = True) -> None:
    """Set the elements of a lazy array to those of another that broadcasts to it, where a mask is
    true: it becomes another lazy one.

    Raises: UnsupportedType where the values cannot be cast within their kind.
    """
    values = asarray(src)
    small = np.ndim(src) == 0 and not isinstance(src, Array | np.generic)
    if not small and not np.can_cast(values.dtype, dst.dtype, "same_kind"):
        raise UnsupportedType(
            f"Cannot cast array data from {values.dtype!r} to {dst.dtype!r} according to the rule "
            "'same_kind'"
        )
    new = broadcast_to(astype(values, dst.dtype), dst.shape)
    kept = new if where is True else where_of(asarray(where), new, dst)
    dst.expr = kept.expr


def put(a: Array, ind: Any, v: Any, mode: str = "raise") -> None:
    """Set elements of the raveled lazy array: it becomes another lazy one.

    mode: what an index beyond the ends does: "raise", "wrap" around, or "clip" to the end.
    """
    a.put(ind, v, mode)


def putmask(a: Array, mask: Any, values: Any) -> None:
    """Set the elements of a lazy array where a mask is true to those of the values with the same
    number in C order; if there are fewer these are repeated."""
    new = astype(reshape(resize(asarray(values), a.shape), a.shape), a.dtype)
    a.expr = where_of(asarray(mask), new, a).expr


def place(arr: Array, mask: Any, vals: Any) -> None:
    """Set the elements of a lazy array where a mask is true to the values, one after the other; if
    there are fewer these are repeated. The mask is computed."""
    there = np.flatnonzero(np.asarray(mask))
    values = np.ravel(np.asarray(vals))
    if len(there) and not len(values):
        raise InvalidArgument("Cannot insert from an empty array!")
    line = ravel(arr)
    if len(there):
        line[there] = np.resize(values, len(there))
    arr.expr = reshape(line, arr.shape).expr


def fill_diagonal(a: Array, val: Any, wrap: bool = False) -> None:
    """Set the elements of a lazy array whose indices are all the same.

    wrap: whether the diagonal of a tall matrix begins again below its end.
    """
    if a.ndim < 2:
        raise InvalidArgument("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise InvalidArgument("All dimensions of input must be of equal length")
    step = builtins.sum(int(np.prod(a.shape[n + 1 :])) for n in range(a.ndim))
    end = a.shape[1] ** 2 if a.ndim == 2 and not wrap else a.size
    line = ravel(a)
    length = len(range(a.size)[:end:step])
    line[:end:step] = np.resize(np.asarray(val), length) if np.ndim(val) else val
    a.expr = reshape(line, a.shape).expr


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Array:
    """Functions of an array, or values, each where its condition is true; of several conditions the
    last one counts. One more function is for where none is.

    The functions are called with the whole array: they are to be elementwise.
    """
    values = asarray(x)
    several = isinstance(condlist, list | tuple) and (not condlist or np.ndim(condlist[0]) > 0)
    found = [asarray(each) for each in (condlist if several else [condlist])]
    if found and found[0].ndim > values.ndim:
        found = [row for each in found for row in each]
    conditions = [astype(each, np.bool_) for each in found]
    functions = list(funclist)
    if len(functions) not in (len(conditions), len(conditions) + 1):
        raise InvalidArgument(
            f"with {len(conditions)} condition(s), either {len(conditions)} or "
            f"{len(conditions) + 1} functions are expected"
        )
    made = zeros(values.shape, values.dtype)
    if len(functions) > len(conditions):
        conditions = [ones(values.shape, np.bool_), *conditions]
        functions = [functions[-1], *functions[:-1]]
    for condition, function in zip(conditions, functions, strict=True):
        part = function(values, *args, **kw) if callable(function) else function
        made = where_of(condition, astype(asarray(part), values.dtype), made)
    return made


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
    return where_of(isnan(found), found.dtype.type(value), found)


def unify_chunks(*args: Any) -> tuple[Any, list[Array]]:
    """The blocks by label, and the arrays on one grid: arguments are an array, its labels, ..."""
    grid, found = applying.unify_chunks(*args)
    return grid, [Array(each) for each in found]
