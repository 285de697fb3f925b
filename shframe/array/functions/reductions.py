"""Reductions along axes: sums, products, extremes and where they are. Each makes a Reduce node with
a Reducer (expr/reducers.py). What may be asked is asked of NumPy (numpy_probe.py).
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import DType, Node
from shframe.array.expr.reducers import Extreme, Reducer, Ufunc, is_associative, own_dtype
from shframe.array.functions import elementwise, manipulation, running
from shframe.array.functions.calling import call_kernel, whole_along
from shframe.array.functions.convert import node_of, values_of
from shframe.array.functions.creation import full
from shframe.array.functions.numpy_probe import NO_VALUE, ask, ask_dtype, sample_of
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import Axes, PositionNotFound, normalize_axes, normalize_axis
from shframe.array.kernels import applying
from shframe.errors import ChunkMismatch, UnsupportedType


def reduce_by(
    x: Node, reducer: Reducer, axes: tuple[int, ...], keepdims: bool, dtype: DType
) -> Node:
    """What a reducer makes of axes, in a dtype."""
    over = x.chunks
    chunks = tuple(
        (1,) * (n in axes) or lengths for n, lengths in enumerate(over) if keepdims or n not in axes
    )
    return nodes.Reduce(reducer, axes, keepdims, (), (x,), over, chunks, dtype)


def reduced_axes(axis: Axes, ndim: int) -> tuple[int, ...]:
    """The axes of a reduction that NumPy accepts: of no axes it also takes the first, or last."""
    return normalize_axes(axis, ndim) if ndim else ()


def reduce(
    ufunc: np.ufunc,
    x: Node,
    *,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
    name: str = "",
) -> Node:
    """The ufunc between all elements along axes; in their order if the ufunc is not associative.

    name: of the NumPy function that is asked what is possible.
    Raises: InvalidArgument for an axis of length 0 where the ufunc has no identity.
    """
    axis = tuple(axis) if isinstance(axis, list) else axis
    call = getattr(np, name) if name else ufunc.reduce
    how: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
    if where is not True:
        mask = node_of(where)
        how["where"] = sample_of(mask.shape, mask.dtype)
    name = name or f"{ufunc.__name__}.reduce"
    result = ask_dtype(call, x, name, axis=axis, keepdims=keepdims, initial=initial, **how)
    associative = is_associative(ufunc, _inside(ufunc, result))
    if where is not True and not associative and ufunc.identity is None:
        raise UnsupportedType(f"{name}(where=...) is not supported\n  index with the mask first")
    if where is not True:
        x = _mask_out(x, mask, initial if ufunc.identity is None else ufunc.identity)
    axes = reduced_axes(axis, x.ndim)
    if not associative:
        return _in_order(ufunc, x, axes, bool(keepdims), result, initial)
    if ufunc.identity is None and _has_no_elements(x, axes):
        return full(_shape_without(x, axes, keepdims), initial, result)
    made = reduce_by(x, Ufunc(ufunc, _inside(ufunc, result), result), axes, keepdims, result)
    return made if initial is NO_VALUE else _combine_initial(ufunc, made, initial)


def _mask_out(array: Node, mask: Node, neutral: Any) -> Node:
    """The array with what changes no result where the mask is false."""
    if grids.broadcast_shape([array.shape, mask.shape], "where") != array.shape:
        raise ChunkMismatch(
            f"where: shape {mask.shape} does not broadcast to that of the array, {array.shape}"
        )
    return elementwise.where(mask, array, np.asarray(neutral).astype(array.dtype)[()])


def _combine_initial(ufunc: np.ufunc, made: Node, initial: Any) -> Node:
    first = np.asarray(initial).astype(made.dtype)[()]
    return elementwise.astype(elementwise.call(ufunc, first, made), made.dtype)


def _inside(ufunc: np.ufunc, result: DType) -> DType | None:
    """The dtype of partial results: sums of halves lose their digits after some thousand terms."""
    half = result == np.float16 and ufunc in (np.add, np.multiply)
    return np.dtype(np.float32) if half else own_dtype(ufunc, result)


def _has_no_elements(array: Node, axes: tuple[int, ...]) -> bool:
    return builtins.any(array.shape[n] == 0 for n in axes)


def _shape_without(array: Node, axes: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    lengths = enumerate(array.shape)
    return tuple(1 if n in axes else k for n, k in lengths if keepdims or n not in axes)


def _in_order(
    ufunc: np.ufunc,
    array: Node,
    axes: tuple[int, ...],
    keepdims: bool,
    result: DType,
    initial: Any,
) -> Node:
    """The last running result along an axis; along several, one after the other."""
    dtype = own_dtype(ufunc, result)
    if len(axes) == 1 and not _accumulates(ufunc, array, result):
        return _of_lines(ufunc, array, axes[0], keepdims, result, initial)
    last = slice(-1, None) if keepdims else -1
    for axis in reversed(axes):
        if initial is not NO_VALUE and axis == axes[0]:
            array = _prepend(array, axis, initial, result)
        array = running.accumulate(ufunc, array, axis=axis, dtype=dtype)
        array = part(array, (slice(None),) * axis + (last,))
    return elementwise.astype(array, result)


def _accumulates(ufunc: np.ufunc, array: Node, result: DType) -> bool:
    """Whether NumPy has running results of the ufunc: not of ldexp, whose operands differ."""
    try:
        ufunc.accumulate(np.ones(1, array.dtype), dtype=own_dtype(ufunc, result))
    except TypeError:
        return False
    return True


def _of_lines(
    ufunc: np.ufunc, array: Node, axis: int, keepdims: bool, result: DType, initial: Any
) -> Node:
    """The ufunc between the elements of each line, which is gathered into one block."""
    array = whole_along(array, (axis,))
    grid = tuple((1,) if n == axis else lengths for n, lengths in enumerate(array.chunks))
    how: dict[str, Any] = {"dtype": own_dtype(ufunc, result)}
    if initial is not NO_VALUE:
        how["initial"] = initial
    options = tuple(how.items())
    made = call_kernel(
        applying.reduce_lines, [array], grid, result, ufunc=ufunc, axis=axis, how=options
    )
    return made if keepdims else part(made, (slice(None),) * axis + (0,))


def reduceat(ufunc: np.ufunc, x: Node, indices: Any, axis: int = 0, dtype: Any = None) -> Node:
    """The ufunc between the elements of each run of an axis: a run begins at each index and ends
    before the next one; where the next one is not larger it is one element.

    Raises: PositionNotFound for an index beyond the ends.
    Cost: each line is gathered into one block.
    """
    name = f"{ufunc.__name__}.reduceat"
    at = normalize_axis(axis, x.ndim)
    wanted = values_of(indices)
    length = x.shape[at]
    if wanted.size and not 0 <= wanted.min() <= wanted.max() < length:
        wrong = wanted[(wanted < 0) | (wanted >= length)].reshape(-1)[0]
        raise PositionNotFound(f"index {wrong} out-of-bounds in {name} [0, {length})")
    sample = np.ones([1] * x.ndim, x.dtype)
    first = [0] * builtins.min(wanted.size, 1)
    result = ask(lambda: ufunc.reduceat(sample, first, at, dtype), name).dtype
    x = whole_along(x, (at,))
    cut = [(1,) if n == at else lengths for n, lengths in enumerate(x.chunks)]
    grid = tuple((wanted.size,) if n == at else lengths for n, lengths in enumerate(x.chunks))
    places = tuple(wanted.tolist())
    how: dict[str, Any] = {"ufunc": ufunc, "axis": at, "places": places, "inside": dtype}
    labels = [tuple(range(x.ndim))]
    over = tuple(cut)
    return call_kernel(applying.reduce_runs, [x], grid, result, over=over, labels=labels, **how)


def _prepend(array: Node, axis: int, initial: Any, dtype: DType) -> Node:
    """The array with a first value along an axis."""
    shape = tuple(1 if n == axis else length for n, length in enumerate(array.shape))
    first = full(shape, initial, dtype)
    return manipulation.concat([first, elementwise.astype(array, dtype)], axis=axis)


def sum(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The sum along axes, in NumPy's dtype for it.

    The sum of floats is the same in each run on the same grid; it may differ from NumPy's in the
    last digits.

    initial: is added to each sum. where: a mask of the elements that count.
    """
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return reduce(np.add, x, initial=initial, where=where, name="sum", **how)


def prod(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The product along axes; `initial` is a further factor, `where` a mask of what counts."""
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return reduce(np.multiply, x, initial=initial, where=where, name="prod", **how)


def min(
    x: Node,
    /,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The smallest element along axes, NaN where there is one.

    initial: the largest that a result can be. where: a mask of the elements that count.
    """
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "initial": initial}
    return reduce(np.minimum, x, where=where, name="min", **how)


def max(
    x: Node,
    /,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The largest element along axes, NaN where there is one.

    initial: the smallest that a result can be. where: a mask of the elements that count.
    """
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "initial": initial}
    return reduce(np.maximum, x, where=where, name="max", **how)


def any(x: Node, /, axis: Axes = None, keepdims: bool = False, *, where: Any = True) -> Node:
    """Whether an element along axes, where the mask is true, is true."""
    return reduce(np.logical_or, x, axis=axis, keepdims=keepdims, where=where, name="any")


def all(x: Node, /, axis: Axes = None, keepdims: bool = False, *, where: Any = True) -> Node:
    """Whether all elements along axes, where the mask is true, are true."""
    return reduce(np.logical_and, x, axis=axis, keepdims=keepdims, where=where, name="all")


amin, amax = min, max


def extreme_index(x: Node, name: str, axis: Any, keepdims: bool, *, largest: bool) -> Node:
    """The index of the first largest or smallest element; `name` is NumPy's function for it."""
    call = getattr(np, name)
    result = ask_dtype(call, x, name, axis=axis, keepdims=keepdims)
    axes = reduced_axes(axis, x.ndim)
    reducer = Extreme(largest, None if axis is None or not axes else axes[0])
    return reduce_by(x, reducer, axes, bool(keepdims), result)


def argmin(x: Node, /, axis: int | None = None, keepdims: bool = False) -> Node:
    """The index of the first smallest element, or of the first NaN."""
    return extreme_index(x, "argmin", axis, keepdims, largest=False)


def argmax(x: Node, /, axis: int | None = None, keepdims: bool = False) -> Node:
    """The index of the first largest element, or of the first NaN."""
    return extreme_index(x, "argmax", axis, keepdims, largest=True)
