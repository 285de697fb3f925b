"""Creation: arrays from data, from ranges and from constants."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.convert import from_array, lazy_node, values_of
from shframe.array.functions.numpy_probe import ask, dtype_of
from shframe.array.functions.slicing import part
from shframe.array.grid.defaults import choose_grid, shape_from
from shframe.errors import InvalidArgument, UnsupportedType


def check_device(device: Any) -> None:
    """Raises InvalidArgument for another device than "cpu"."""
    if device not in ("cpu", None):
        raise InvalidArgument(
            f'Device not understood. Only "cpu" is allowed, but received: {device}'
        )


def asarray(
    x: Any,
    dtype: Any = None,
    *,
    chunks: Any = "auto",
    copy: bool | None = None,
    device: Any = None,
) -> Node:
    """A lazy array as it is, anything else by from_array(); in `dtype` if given.

    copy: False raises InvalidArgument where values would be copied into the store, or cast.
    """
    check_device(device)
    lazy = lazy_node(x)
    wanted = None if dtype is None else dtype_of(dtype)
    if copy is False and (lazy is None or wanted not in (None, lazy.dtype)):
        raise InvalidArgument("Unable to avoid copy while creating an array as requested.")
    if lazy is None and wanted is not None and wanted.kind in "biufc":
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            x = np.asarray(x, wanted)  # integers beyond int64 have their dtype from the start
    node = from_array(x, chunks) if lazy is None else lazy
    return node if wanted is None else elementwise.astype(node, wanted)


def array(
    x: Any, dtype: Any = None, *, copy: bool | None = True, ndmin: int = 0, chunks: Any = "auto"
) -> Node:
    """An array of the values that `x` has now, with `ndmin` axes at least, new ones in front."""
    made = asarray(x, dtype, chunks=chunks, copy=False if copy is False else None)
    return part(made, (*[None] * (as_int(ndmin) - made.ndim), ...))


def full(
    shape: Any, fill_value: Any, dtype: Any = None, chunks: Any = "auto", *, device: Any = None
) -> Node:
    """The same value everywhere.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.full((2, 2), 7).compute().tolist()
    [[7, 7], [7, 7]]
    """
    check_device(device)
    if lazy_node(fill_value) is not None:
        fill_value = values_of(fill_value)
    value = ask(lambda: np.asarray(fill_value, dtype), "full")
    if value.ndim:
        raise InvalidArgument(
            f"fill_value must be a single value, got an array of shape {value.shape}"
        )
    only: Any = value[()]
    if value.dtype.hasobject and not isinstance(only, bool | int | float | complex | str):
        raise UnsupportedType(
            f"an array full of one object {fill_value!r} is not supported\n"
            "  numbers and strings are, asarray() takes any objects"
        )
    lengths = shape_from(shape)
    grid = choose_grid(chunks, lengths, value.dtype)
    return nodes.Full(only, grid, value.dtype)


def zeros(shape: Any, dtype: Any = None, chunks: Any = "auto", *, device: Any = None) -> Node:
    """Zeros."""
    return full(shape, np.zeros((), dtype), chunks=chunks, device=device)


def ones(shape: Any, dtype: Any = None, chunks: Any = "auto", *, device: Any = None) -> Node:
    """Ones."""
    return full(shape, np.ones((), dtype), chunks=chunks, device=device)


def empty(shape: Any, dtype: Any = None, chunks: Any = "auto", *, device: Any = None) -> Node:
    """Zeros: a lazy array has nothing that could be left uninitialised."""
    return zeros(shape, dtype, chunks, device=device)


def full_like(
    x: Node,
    /,
    fill_value: Any,
    dtype: Any = None,
    chunks: Any = None,
    *,
    shape: Any = None,
    device: Any = None,
) -> Node:
    """The same value everywhere, in the shape, dtype and grid of another array; or in `shape`."""
    grid = ("auto" if shape is not None else x.chunks) if chunks is None else chunks
    wanted = x.dtype if dtype is None else dtype
    return full(x.shape if shape is None else shape, fill_value, wanted, grid, device=device)


def _like(
    one: Callable[..., Any], x: Node, dtype: Any, chunks: Any, shape: Any, device: Any
) -> Node:
    """The value that NumPy's function makes, everywhere, in a dtype or that of another array."""
    value = one((), x.dtype if dtype is None else dtype)
    return full_like(x, value, value.dtype, chunks, shape=shape, device=device)


def zeros_like(
    x: Node,
    /,
    dtype: Any = None,
    chunks: Any = None,
    *,
    shape: Any = None,
    device: Any = None,
) -> Node:
    """Zeros in the shape, dtype and grid of another array; or in `shape`."""
    return _like(np.zeros, x, dtype, chunks, shape, device)


def ones_like(
    x: Node,
    /,
    dtype: Any = None,
    chunks: Any = None,
    *,
    shape: Any = None,
    device: Any = None,
) -> Node:
    """Ones in the shape, dtype and grid of another array; or in `shape`."""
    return _like(np.ones, x, dtype, chunks, shape, device)


empty_like = zeros_like


def arange(
    start: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    dtype: Any = None,
    chunks: Any = "auto",
    *,
    device: Any = None,
) -> Node:
    """start, start + step, ... up to, but without, stop.

    Raises: what numpy.arange raises.
    Cost: none for integers and floats; other kinds are made here, as NumPy makes them.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.arange(5, chunks=2).sum().compute().item()
    10
    """
    check_device(device)
    first, last = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    kind = None if dtype is None else dtype_of(dtype)
    if not _are_real(first, last, step) or (kind is not None and kind.kind not in "iuf"):
        return from_array(ask(np.arange, "arange", start, stop, step, dtype), chunks)
    length = _steps(first, last, step)
    # nothing is between the ends in the other order: NumPy makes an empty array of the dtype
    ends = (last, first) if length else (first, last)
    kind = ask(np.arange, "arange", *ends, step, dtype).dtype
    two = np.zeros(2, kind)
    for n in range(min(length, 2)):
        two[n] = first + step * n if n else first
    wide = two.astype(np.float32) if kind == np.float16 else two
    with np.errstate(all="ignore"):
        delta = (wide[1:] - wide[:1]).item()
    grid = choose_grid(chunks, (length,), kind)
    fixed = ((1, two[1].item()),) if length > 1 else ()
    return nodes.Arange(two[0].item(), delta, fixed, grid, kind)


def _are_real(*numbers: Any) -> bool:
    real = bool | int | float | np.bool | np.integer | np.floating
    # NumPy calls a span of time an integer
    return all(isinstance(n, real) and not isinstance(n, np.timedelta64) for n in numbers)


def _steps(first: Any, last: Any, step: Any) -> int:
    """How many steps lead from one number to another, as numpy.arange counts them."""
    with np.errstate(all="ignore"):
        apart = last - first
        count = float(apart / step)
    if math.isnan(count):
        raise InvalidArgument("arange: cannot compute length")
    if math.isinf(count):
        raise InvalidArgument("arange: Maximum allowed size exceeded")
    if count == 0 and apart != 0:
        return int(math.copysign(1, count) > 0)
    return max(0, math.ceil(count))


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    chunks: Any = "auto",
    *,
    retstep: bool = False,
    axis: int = 0,
    device: Any = None,
) -> Any:
    """`num` numbers from start to stop at equal distances.

    start, stop: arrays of ends make a line of numbers for each; lazy ones are computed.
    retstep: whether to return (the numbers, the distance). axis: along which the numbers are.

    Raises: InvalidArgument for a negative number, AxisNotFound.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.linspace([0, 10], [1, 20], 3, axis=1).compute().tolist()
    [[0.0, 0.5, 1.0], [10.0, 15.0, 20.0]]
    """
    check_device(device)
    count = as_int(num)
    start, stop = (end if lazy_node(end) is None else values_of(end)[()] for end in (start, stop))
    how: dict[str, Any] = {"dtype": dtype, "axis": axis}
    result = ask(lambda: np.linspace(start, stop, min(count, 0), endpoint, **how), "linspace")
    if result.ndim > 1:
        made, step = _lines_between(np.asarray(start), np.asarray(stop), count, endpoint)
        made = manipulation.moveaxis(made, 0, axis)
        if result.dtype.kind in "iu":
            made = elementwise.call(np.floor, made)
        made = elementwise.astype(made, result.dtype)
        made = made if chunks == "auto" else manipulation.rechunk(made, chunks)
        return (made, from_array(step)) if retstep else made
    kind = ask(lambda: np.linspace(start, stop, 0), "linspace").dtype
    first, last = kind.type(start), kind.type(stop)
    gaps = count - 1 if endpoint else count
    with np.errstate(all="ignore"):
        step = (last - first) / gaps if gaps > 0 else last - first
    fixed = ((count - 1, last.item()),) if endpoint and count > 1 else ()
    grid = choose_grid(chunks, (count,), kind)
    made = nodes.Arange(first.item(), step.item(), fixed, grid, kind)
    whole = result.dtype.kind in "iu"
    found = elementwise.astype(elementwise.call(np.floor, made) if whole else made, result.dtype)
    return (found, step if gaps > 0 else kind.type(np.nan)) if retstep else found


def _lines_between(
    start: np.ndarray[Any, Any], stop: np.ndarray[Any, Any], count: int, endpoint: bool
) -> tuple[Node, Any]:
    """Numbers between arrays of ends, along a new first axis, and their distances."""
    kind = ask(lambda: np.linspace(start, stop, 0), "linspace").dtype
    gaps = count - 1 if endpoint else count
    index = arange(count, dtype=kind)
    ahead = part(index, (slice(None), *[None] * max(start.ndim, stop.ndim)))
    with np.errstate(all="ignore"):
        delta = np.subtract(stop, start, dtype=kind)
        step = delta / gaps if gaps > 0 else np.full(delta.shape, np.nan, kind)
    if gaps > 0 and (step == 0).any():  # a distance too small to be one of the dtype
        made = elementwise.call(np.multiply, elementwise.call(np.divide, ahead, gaps), delta)
    else:
        made = elementwise.call(np.multiply, ahead, step if gaps > 0 else delta)
    made = elementwise.call(np.add, made, start)
    if endpoint and count > 1:
        last = elementwise.call(np.equal, ahead, count - 1)
        made = elementwise.where(last, np.broadcast_to(stop, delta.shape), made)
    return made, step


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    k: int = 0,
    dtype: Any = None,
    chunks: Any = "auto",
    *,
    device: Any = None,
) -> Node:
    """Ones on the k-th diagonal, zeros elsewhere."""
    check_device(device)
    shape = shape_from((n_rows, n_rows if n_cols is None else n_cols))
    kind = ask(lambda: np.eye(0, dtype=float if dtype is None else dtype), "eye").dtype
    return nodes.Eye(as_int(k), choose_grid(chunks, shape, kind), kind)


def identity(n: int, dtype: Any = float, chunks: Any = "auto") -> Node:
    """Ones on the diagonal, zeros elsewhere."""
    return eye(n, dtype=dtype, chunks=chunks)


def meshgrid(
    *arrays: Node, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Node, ...]:
    """Arrays of coordinates: each vector along its axis, repeated along the others.

    sparse: not repeated, the other axes have the length 1. copy: has no effect.
    """
    if indexing not in ("xy", "ij"):
        raise InvalidArgument(f"Valid values for `indexing` are 'xy' and 'ij', got {indexing!r}")
    vectors = [manipulation.ravel(each) for each in arrays]
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        axes[:2] = [1, 0]
    shaped = [
        part(vector, tuple(slice(None) if n == axis else None for n in range(len(vectors))))
        for vector, axis in zip(vectors, axes, strict=True)
    ]
    return tuple(shaped) if sparse else manipulation.broadcast_arrays(*shaped)


def _triangle(x: Node, k: Any, lower: bool) -> Node:
    if x.ndim == 0:
        raise UnsupportedType("Input array must be at least 1-dimensional, but it is 0")
    if x.ndim == 1:  # as NumPy has it: each row is the vector
        x = manipulation.broadcast_to(x, (x.shape[0], x.shape[0]))
    rows = part(arange(x.shape[-2], chunks=(x.chunks[-2],)), (slice(None), None))
    columns = arange(x.shape[-1], chunks=(x.chunks[-1],))
    border = elementwise.call(np.add, rows, as_int(k))
    keep = elementwise.call(np.less_equal if lower else np.greater_equal, columns, border)
    return elementwise.where(keep, x, np.zeros((), x.dtype)[()])


def tril(x: Node, /, k: int = 0) -> Node:
    """The matrix with zeros above the k-th diagonal."""
    return _triangle(x, k, lower=True)


def triu(x: Node, /, k: int = 0) -> Node:
    """The matrix with zeros below the k-th diagonal."""
    return _triangle(x, k, lower=False)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Node:
    """The values of an array of any library that exports them by DLPack; a lazy array as it is.

    Cost: one copy into shared memory, so copy=False raises InvalidArgument.
    """
    check_device(device)
    node = lazy_node(x)
    if node is not None:
        return node
    if copy is False:
        raise InvalidArgument("copy=False is not possible: values are copied into shared memory")
    return from_array(np.from_dlpack(x))
