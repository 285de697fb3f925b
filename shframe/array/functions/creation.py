"""Creation: arrays from data, from ranges and from constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from operator import index as as_int
from typing import Any

import numpy as np

from shframe import session
from shframe.array import ndarray
from shframe.array.expr import nodes
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.numpy_probe import ask, dtype_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Chunks, Shape
from shframe.errors import InvalidArgument, UnsupportedType


def parts() -> int:
    """Blocks that a large array gets at least: two for each worker, so that none waits long."""
    return 2 * session.current().options.worker_count


def largest() -> int:
    """Bytes of an automatic block at most, so that tasks fit into the session's memory."""
    return session.current().options.partition_bytes


def gridded(chunks: Any, shape: Shape, dtype: np.dtype[Any]) -> Chunks:
    """The grid that `chunks=` means for a new array."""
    return grids.normalized(chunks, shape, max(dtype.itemsize, 1), parts=parts(), largest=largest())


def from_array(x: Any, chunks: Any = "auto") -> ndarray.Array:
    """An array of the values that `x` has now, put once into shared memory.

    Blocks are views of that one object: any grid costs nothing. Changing `x` afterwards
    changes nothing here.

    x: an array, or what numpy.asarray takes.
    Raises: UnsupportedType for Python objects, InvalidArgument and ChunkMismatch for `chunks`.
    Cost: one copy of the bytes.

    Examples
    --------
    >>> x = from_array(np.ones((4, 2)), chunks=(2, 2))
    >>> x.numblocks
    (2, 1)
    """
    if isinstance(x, ndarray.Array):
        return manipulation.rechunk(x, chunks)
    values = np.asarray(x)
    if values.dtype.hasobject or values.dtype.itemsize == 0:
        raise UnsupportedType(
            f"an array of dtype {values.dtype} cannot be shared between processes\n"
            "  give it a numeric, boolean, datetime or fixed-width text dtype"
        )
    grid = gridded(chunks, values.shape, values.dtype)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return ndarray.Array(_stored(values, grid))


def objects(values: np.ndarray[Any, Any]) -> nodes.Node:
    """An operand of Python objects, pickled once; each task that reads it loads all of it."""
    return _stored(values, tuple((length,) for length in values.shape))


def _stored(values: np.ndarray[Any, Any], grid: Chunks) -> nodes.Node:
    ref = session.current().put(values)
    strides = ((0, 1),) * values.ndim
    in_order = values.flags.c_contiguous
    return nodes.FromArray(ref, values.shape, strides, in_order, grid, values.dtype)


def asarray(
    x: Any, dtype: Any = None, *, chunks: Any = "auto", copy: bool | None = None
) -> ndarray.Array:
    """An Array as it is, anything else by from_array(); in `dtype` if given."""
    array = x if isinstance(x, ndarray.Array) else from_array(x, chunks)
    return array if dtype is None else elementwise.astype(array, dtype)


def array(x: Any, dtype: Any = None, *, chunks: Any = "auto") -> ndarray.Array:
    """An array of the values that `x` has now."""
    return asarray(x, dtype, chunks=chunks)


asanyarray = asarray


def shape_from(shape: Any) -> Shape:
    """Lengths of axes as users give them; raises UnsupportedType, InvalidArgument."""
    found = whole_numbers(shape, "shape")
    if any(length < 0 for length in found):
        raise InvalidArgument(f"negative dimensions are not allowed: shape={found}")
    return found


def whole_numbers(given: Any, name: str) -> tuple[int, ...]:
    """One integer or several, of any type that is one; raises UnsupportedType."""
    one = grids.whole_number(given)
    if one is not None:
        return (one,)
    try:
        return tuple(map(as_int, given if isinstance(given, Iterable) else [given]))
    except TypeError as error:
        raise UnsupportedType(f"{name}={given!r}: {error}") from None


def full(shape: Any, fill_value: Any, dtype: Any = None, chunks: Any = "auto") -> ndarray.Array:
    """The same value everywhere.

    Examples
    --------
    >>> full((2, 2), 7).compute().tolist()
    [[7, 7], [7, 7]]
    """
    value = ask(lambda: np.asarray(fill_value, dtype), "full")
    if value.ndim:
        raise InvalidArgument(f"one value is needed, found an array of shape {value.shape}")
    if value.dtype.hasobject:
        raise UnsupportedType(f"{fill_value!r} is a Python object, which arrays cannot hold")
    lengths = shape_from(shape)
    grid = gridded(chunks, lengths, value.dtype)
    return ndarray.Array(nodes.Full(value[()], grid, value.dtype))


def zeros(shape: Any, dtype: Any = float, chunks: Any = "auto") -> ndarray.Array:
    """Zeros."""
    return full(shape, np.zeros((), dtype), chunks=chunks)


def ones(shape: Any, dtype: Any = float, chunks: Any = "auto") -> ndarray.Array:
    """Ones."""
    return full(shape, np.ones((), dtype), chunks=chunks)


def empty(shape: Any, dtype: Any = float, chunks: Any = "auto") -> ndarray.Array:
    """Zeros: a lazy array has nothing that could be left uninitialised."""
    return zeros(shape, dtype, chunks)


def full_like(x: Any, fill_value: Any, dtype: Any = None, chunks: Any = None) -> ndarray.Array:
    """The same value everywhere, in the shape, dtype and grid of another array."""
    like = asarray(x)
    wanted = like.dtype if dtype is None else dtype
    return full(like.shape, fill_value, wanted, like.chunks if chunks is None else chunks)


def zeros_like(x: Any, dtype: Any = None, chunks: Any = None) -> ndarray.Array:
    """Zeros in the shape, dtype and grid of another array."""
    return _like(x, np.zeros, dtype, chunks)


def _like(x: Any, make: Callable[..., Any], dtype: Any, chunks: Any) -> ndarray.Array:
    like = asarray(x)
    value = make((), like.dtype if dtype is None else dtype)
    return full(like.shape, value, None, like.chunks if chunks is None else chunks)


def ones_like(x: Any, dtype: Any = None, chunks: Any = None) -> ndarray.Array:
    """Ones in the shape, dtype and grid of another array."""
    return _like(x, np.ones, dtype, chunks)


def empty_like(x: Any, dtype: Any = None, chunks: Any = None) -> ndarray.Array:
    """Zeros in the shape, dtype and grid of another array."""
    return zeros_like(x, dtype, chunks)


def arange(
    start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, chunks: Any = "auto"
) -> ndarray.Array:
    """start, start + step, ... up to, but without, stop.

    Raises: what numpy.arange raises.
    Cost: none for integers and floats; other kinds are made here, as NumPy makes them.

    Examples
    --------
    >>> arange(5, chunks=2).sum().compute().item()
    10
    """
    first, last = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    kind = None if dtype is None else dtype_of(dtype)
    if not _are_real(first, last, step) or (kind is not None and kind.kind not in "iuf"):
        return from_array(ask(np.arange, "arange", start, stop, step, dtype), chunks)
    length = _steps(first, last, step)
    # between the ends in the other order lies nothing: NumPy makes an empty array of the dtype
    ends = (last, first) if length else (first, last)
    kind = ask(np.arange, "arange", *ends, step, dtype).dtype
    two = np.zeros(2, kind)
    for n in range(min(length, 2)):
        two[n] = first + step * n if n else first
    wide = two.astype(np.float32) if kind == np.float16 else two
    with np.errstate(all="ignore"):
        delta = (wide[1:] - wide[:1]).item()
    grid = gridded(chunks, (length,), kind)
    fixed = ((1, two[1].item()),) if length > 1 else ()
    return ndarray.Array(nodes.Ramp(two[0].item(), delta, fixed, grid, kind))


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
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    chunks: Any = "auto",
) -> ndarray.Array:
    """`num` numbers from start to stop at equal distances.

    Raises: InvalidArgument for a negative number, UnsupportedType for arrays of ends.
    """
    count = as_int(num)
    start, stop = (
        np.asarray(end)[()] if isinstance(end, ndarray.Array) else end for end in (start, stop)
    )
    result = ask(lambda: np.linspace(start, stop, min(count, 0), endpoint, dtype=dtype), "linspace")
    if result.ndim > 1:
        raise UnsupportedType("linspace() of arrays is not supported; stack() those of numbers")
    kind = ask(lambda: np.linspace(start, stop, 0), "linspace").dtype
    first, last = kind.type(start), kind.type(stop)
    gaps = count - 1 if endpoint else count
    with np.errstate(all="ignore"):
        step = (last - first) / gaps if gaps > 0 else last - first
    fixed = ((count - 1, last.item()),) if endpoint and count > 1 else ()
    grid = gridded(chunks, (count,), kind)
    made = ndarray.Array(nodes.Ramp(first.item(), step.item(), fixed, grid, kind))
    whole = result.dtype.kind in "iu"
    return elementwise.astype(elementwise.floor(made) if whole else made, result.dtype)


def eye(
    n_rows: int, n_cols: int | None = None, /, k: int = 0, dtype: Any = float, chunks: Any = "auto"
) -> ndarray.Array:
    """Ones on the k-th diagonal, zeros elsewhere."""
    shape = shape_from((n_rows, n_rows if n_cols is None else n_cols))
    kind = ask(lambda: np.eye(0, dtype=dtype), "eye").dtype
    return ndarray.Array(nodes.Eye(as_int(k), gridded(chunks, shape, kind), kind))


def identity(n: int, dtype: Any = float, chunks: Any = "auto") -> ndarray.Array:
    """Ones on the diagonal, zeros elsewhere."""
    return eye(n, dtype=dtype, chunks=chunks)


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[ndarray.Array]:
    """Arrays of coordinates: each vector along its axis, repeated along the others."""
    if indexing not in ("xy", "ij"):
        raise InvalidArgument(f"indexing={indexing!r}; there are 'xy' and 'ij'")
    vectors = [manipulation.ravel(each) for each in arrays]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = [1, 0]
    shaped = [
        v[tuple(slice(None) if at == place else None for at in range(len(vectors)))]
        for v, place in zip(vectors, places, strict=True)
    ]
    return manipulation.broadcast_arrays(*shaped)


def _beyond(x: Any, k: Any, lower: bool) -> ndarray.Array:
    matrix = asarray(x)
    if matrix.ndim < 2:
        raise InvalidArgument(f"a matrix is needed, found an array of shape {matrix.shape}")
    rows = arange(matrix.shape[-2], chunks=(matrix.chunks[-2],))[:, None]
    columns = arange(matrix.shape[-1], chunks=(matrix.chunks[-1],))
    border = rows + as_int(k)
    keep = columns <= border if lower else columns >= border
    return elementwise.where(keep, matrix, np.zeros((), matrix.dtype)[()])


def tril(x: Any, /, k: int = 0) -> ndarray.Array:
    """The matrix with zeros above the k-th diagonal."""
    return _beyond(x, k, lower=True)


def triu(x: Any, /, k: int = 0) -> ndarray.Array:
    """The matrix with zeros below the k-th diagonal."""
    return _beyond(x, k, lower=False)
