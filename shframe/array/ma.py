"""Masked arrays under NumPy's and Dask's name for them: xp.ma. What they are is in masked.py.

A function takes lazy arrays, lazy masked ones, and NumPy's of both kinds; what it returns is lazy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array import masked_creation, masked_functions, masked_statistics
from shframe.array import namespace as xp
from shframe.array.grid.axes import Axes, PositionNotFound, list_axes
from shframe.array.masked import (
    MaskedArray,
    as_masked,
    mask_of,
    values_of,
)
from shframe.array.masked import is_masked as _is_masked
from shframe.array.masked_functions import method, ufunc
from shframe.array.ndarray import Array
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

__all__ = [
    *("abs", "absolute", "add", "all", "amax", "amin", "anom", "anomalies", "any", "arange"),
    *("arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin"),
    *("argsort", "around", "array", "asanyarray", "asarray", "average", "bitwise_and"),
    *("bitwise_or", "bitwise_xor", "ceil", "clip", "column_stack", "compressed", "concatenate"),
    *("conjugate", "copy", "corrcoef", "cos", "cosh", "count", "count_masked", "cov", "cumprod"),
    *("cumsum", "diagonal", "divide", "dot", "dstack", "empty", "empty_like", "equal", "exp"),
    *("expand_dims", "fabs", "filled", "fix_invalid", "floor", "floor_divide", "fmod", "getdata"),
    *("getmaskarray", "greater", "greater_equal", "hstack", "hypot", "identity", "is_masked"),
    *("isMaskedArray", "less", "less_equal", "log", "log10", "log2", "logical_and", "logical_not"),
    *("logical_or", "logical_xor", "masked", "masked_all", "masked_all_like", "masked_array"),
    *("masked_equal", "masked_greater", "masked_greater_equal", "masked_inside", "masked_invalid"),
    *("masked_less", "masked_less_equal", "masked_not_equal", "masked_outside", "masked_values"),
    *("masked_where", "MaskedArray", "max", "maximum", "mean", "median", "min", "minimum", "mod"),
    *("multiply", "negative", "nomask", "nonzero", "not_equal", "ones", "ones_like", "power"),
    *("prod", "ptp", "ravel", "remainder", "repeat", "reshape", "round", "set_fill_value", "sin"),
    *("sinh", "sort", "sqrt", "squeeze", "stack", "std", "subtract", "sum", "swapaxes", "take"),
    *("tan", "tanh", "trace", "transpose", "true_divide", "var", "vstack", "where", "zeros"),
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
    fill = given.fill_value if fill_value is None and _is_masked(data) else fill_value
    return MaskedArray(values, kept, fill)


def array(
    data: Any,
    dtype: Any = None,
    copy: bool = False,
    order: Any = None,
    mask: Any = nomask,
    **how: Any,
) -> MaskedArray:
    """masked_array(), its arguments in the order of numpy.ma.array; `order` has no effect."""
    return masked_array(data, mask, dtype, copy, **how)


def asarray(a: Any, dtype: Any = None, order: Any = None) -> MaskedArray:
    """A masked array itself, if it has the dtype; of anything else nothing is masked."""
    given = as_masked(a)
    return given if dtype is None or given.dtype == dtype else given.astype(dtype)


asanyarray = asarray


def isMaskedArray(x: Any) -> bool:
    """Whether something is a masked array, lazy or NumPy's."""
    return _is_masked(x)


def is_masked(x: Any) -> bool:
    """Whether something has a masked element; computes."""
    return _is_masked(x) and bool(xp.any(as_masked(x).mask))


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
    return as_masked(a).filled(fill_value) if _is_masked(a) else xp.asarray(a)


def set_fill_value(a: Any, fill_value: Any) -> Any:
    """Give a lazy masked array another fill value; an array without a mask stays as it is.

    Returns: the array itself.
    """
    if _is_masked(a) and not isinstance(a, MaskedArray):
        raise UnsupportedType("set_fill_value() is for lazy arrays, this one is NumPy's")
    if _is_masked(a):
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
arange = masked_creation.arange
empty = masked_creation.empty
identity = masked_creation.identity
masked_all = masked_creation.masked_all
masked_all_like = masked_creation.masked_all_like
ones = masked_creation.ones
zeros = masked_creation.zeros

corrcoef = masked_statistics.corrcoef
cov = masked_statistics.cov

# -- NumPy's names for what joins and orders, for methods and ufuncs

column_stack = masked_functions.column_stack
concatenate = masked_functions.concatenate
count_masked = masked_functions.count_masked
dot = masked_functions.dot
dstack = masked_functions.dstack
expand_dims = masked_functions.expand_dims
hstack = masked_functions.hstack
median = masked_functions.median
sort = masked_functions.sort
stack = masked_functions.stack
vstack = masked_functions.vstack

all = method(MaskedArray.all)
anom = method(MaskedArray.anom)
any = method(MaskedArray.any)
argmax = method(MaskedArray.argmax)
argmin = method(MaskedArray.argmin)
argsort = method(MaskedArray.argsort)
clip = method(MaskedArray.clip)
compressed = method(MaskedArray.compressed)
copy = method(MaskedArray.copy)
cumprod = method(MaskedArray.cumprod)
cumsum = method(MaskedArray.cumsum)
diagonal = method(MaskedArray.diagonal)
max = method(MaskedArray.max)
mean = method(MaskedArray.mean)
min = method(MaskedArray.min)
prod = method(MaskedArray.prod)
ptp = method(MaskedArray.ptp)
ravel = method(MaskedArray.ravel)
repeat = method(MaskedArray.repeat)
reshape = method(MaskedArray.reshape)
round = method(MaskedArray.round)
squeeze = method(MaskedArray.squeeze)
std = method(MaskedArray.std)
sum = method(MaskedArray.sum)
swapaxes = method(MaskedArray.swapaxes)
take = method(MaskedArray.take)
trace = method(MaskedArray.trace)
transpose = method(MaskedArray.transpose)
var = method(MaskedArray.var)
amax, amin, around, anomalies = max, min, round, anom

abs = ufunc(np.ma.abs)
absolute = ufunc(np.ma.absolute)
add = ufunc(np.ma.add)
arccos = ufunc(np.ma.arccos)
arccosh = ufunc(np.ma.arccosh)
arcsin = ufunc(np.ma.arcsin)
arcsinh = ufunc(np.ma.arcsinh)
arctan = ufunc(np.ma.arctan)
arctan2 = ufunc(np.ma.arctan2)
arctanh = ufunc(np.ma.arctanh)
bitwise_and = ufunc(np.ma.bitwise_and)
bitwise_or = ufunc(np.ma.bitwise_or)
bitwise_xor = ufunc(np.ma.bitwise_xor)
ceil = ufunc(np.ma.ceil)
conjugate = ufunc(np.ma.conjugate)
cos = ufunc(np.ma.cos)
cosh = ufunc(np.ma.cosh)
divide = ufunc(np.ma.divide)
equal = ufunc(np.ma.equal)
exp = ufunc(np.ma.exp)
fabs = ufunc(np.ma.fabs)
floor = ufunc(np.ma.floor)
floor_divide = ufunc(np.ma.floor_divide)
fmod = ufunc(np.ma.fmod)
greater = ufunc(np.ma.greater)
greater_equal = ufunc(np.ma.greater_equal)
hypot = ufunc(np.ma.hypot)
less = ufunc(np.ma.less)
less_equal = ufunc(np.ma.less_equal)
log = ufunc(np.ma.log)
log10 = ufunc(np.ma.log10)
log2 = ufunc(np.ma.log2)
logical_and = ufunc(np.ma.logical_and)
logical_not = ufunc(np.ma.logical_not)
logical_or = ufunc(np.ma.logical_or)
logical_xor = ufunc(np.ma.logical_xor)
maximum = ufunc(np.ma.maximum)
minimum = ufunc(np.ma.minimum)
mod = ufunc(np.ma.mod)
multiply = ufunc(np.ma.multiply)
negative = ufunc(np.ma.negative)
not_equal = ufunc(np.ma.not_equal)
power = ufunc(np.ma.power)
remainder = ufunc(np.ma.remainder)
sin = ufunc(np.ma.sin)
sinh = ufunc(np.ma.sinh)
sqrt = ufunc(np.ma.sqrt)
subtract = ufunc(np.ma.subtract)
tan = ufunc(np.ma.tan)
tanh = ufunc(np.ma.tanh)
true_divide = ufunc(np.ma.true_divide)
