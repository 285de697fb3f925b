"""Manipulation: other grids, shapes and orders of the same elements. Most of it is a view and
makes no task (lower/layout.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import elementwise
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import node_of
from shframe.array.functions.numpy_probe import ask, dtype_of
from shframe.array.functions.slicing import part, with_new_axes
from shframe.array.functions.taking import take_along
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import Axes, list_axes, normalize_axes, normalize_axis
from shframe.array.grid.chunks import Chunks, Shape
from shframe.array.grid.defaults import choose_grid, integers_from, shape_from
from shframe.array.kernels import calculus
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType


def rechunk(
    x: Node, chunks: Any = "auto", balance: bool = False, block_size_limit: float | None = None
) -> Node:
    """The same array on another grid; axes that a dict does not name keep theirs.

    balance: whether blocks of an axis get nearly the same length, as many of them.
    block_size_limit: bytes of an automatic block at most.
    """
    if chunks == "auto" and block_size_limit is not None:
        chunks = f"{int(block_size_limit)}B"
    grid = choose_grid(chunks, x.shape, x.dtype, x.chunks)
    if balance:
        grid = tuple(grids.even(sum(lengths), len(lengths)) for lengths in grid)
    return on_grid(x, grid)


# -- shapes


def reshape(x: Node, /, shape: Any, *, order: str = "C", copy: bool | None = None) -> Node:
    """The elements in C order in another shape; one length may be -1.

    order: "F" reads and puts them with the first axis changing fastest.
    copy: changes nothing: what is written into one lazy array is not seen in another.

    Raises: ChunkMismatch when the numbers of elements differ, UnsupportedType for another order.
    Cost: none where blocks keep their elements or the values came from from_array(); else one
        copy.
    """
    wanted = _target_shape(x.shape, shape)
    if _columns_first(order):
        return transpose(reshape(transpose(x), wanted[::-1]))
    if wanted == x.shape:
        return x
    if math.prod(wanted) == 0:
        grid = choose_grid("auto", wanted, x.dtype)
        return nodes.Full(np.zeros((), x.dtype)[()], grid, x.dtype)
    if [n for n in wanted if n != 1] == [n for n in x.shape if n != 1]:
        return _with_ones(x, wanted)
    if isinstance(x, nodes.FromArray) and _is_whole(x):
        grid = choose_grid("auto", wanted, x.dtype)
        fields = (x.ref, wanted, ((0, 1),) * len(wanted), True, grid, x.dtype)
        return nodes.FromArray(*fields)
    if not grids.contiguous(x.chunks):
        x = on_grid(x, choose_grid("auto", x.shape, x.dtype))
    grid = _grid_after(x, wanted)
    return nodes.Reshape(x, grid, x.dtype)


def _columns_first(order: Any) -> bool:
    """Whether elements are read with the first axis changing fastest; raises UnsupportedType."""
    if order not in ("C", "F"):
        raise UnsupportedType(
            f"order must be 'C' or 'F', got {order!r}\n  a lazy array has no order in memory"
        )
    return bool(order == "F")


def _target_shape(old: Shape, shape: Any) -> Shape:
    lengths = list(integers_from(shape, "shape"))
    size = math.prod(old)
    if lengths.count(-1) > 1:
        raise InvalidArgument(f"can only specify one unknown dimension\n  shape={tuple(lengths)}")
    if -1 in lengths:
        rest = math.prod(length for length in lengths if length != -1)
        if rest and size % rest == 0:
            lengths[lengths.index(-1)] = size // rest
    if any(length < 0 for length in lengths) or math.prod(lengths) != size:
        raise ChunkMismatch(
            f"cannot reshape array of size {size} into shape {tuple(lengths)}\n"
            f"  the array has the shape {old}"
        )
    return tuple(lengths)


def _is_whole(node: nodes.FromArray) -> bool:
    """Whether the node reads its object as it is stored."""
    plain = all(stride == (0, 1) for stride in node.strides)
    return plain and node.in_order and node.shape == node.stored_shape


def _with_ones(array: Node, wanted: Shape) -> Node:
    slim = squeeze(array)
    axes = tuple(n for n, length in enumerate(wanted) if length == 1)
    return expand_dims(slim, axis=axes) if axes else slim


def _grid_after(source: Node, wanted: Shape) -> Chunks:
    """A grid of contiguous blocks; the source's own if it cuts between rows."""
    row = math.prod(wanted[1:])
    sizes = [math.prod(shape) for shape in grids.block_shapes(source.chunks)]
    if wanted and all(size % row == 0 for size in sizes):
        return (tuple(size // row for size in sizes), *((n,) for n in wanted[1:]))
    return choose_grid("auto", wanted, source.dtype)


def ravel(x: Node, /, *, order: str = "C") -> Node:
    """All elements along one axis; order: as reshape() has it."""
    return reshape(x, (math.prod(x.shape),), order=order)


def expand_dims(x: Node, /, axis: Axes = 0) -> Node:
    """New axes of length 1 at these positions of the result."""
    return with_new_axes(x, positions_of_new_axes(axis, x.ndim))


def positions_of_new_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Where new axes are in an array that has `ndim` without them, in ascending order."""
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return normalize_axes(tuple(given), ndim + len(given))


def squeeze(x: Node, /, axis: Axes = None) -> Node:
    """Without axes of length 1, all of them or those named.

    Raises: InvalidArgument when an axis named is longer.
    """
    if axis is None:
        axes = tuple(n for n, length in enumerate(x.shape) if length == 1)
    else:
        axes = normalize_axes(axis, x.ndim or 1)[: x.ndim]
    for n in axes:
        if x.shape[n] != 1:
            raise InvalidArgument(
                "cannot select an axis to squeeze out which has size not equal to one\n"
                f"  axis {n} of shape {x.shape}"
            )
    return part(x, tuple(0 if n in axes else slice(None) for n in range(x.ndim)))


def broadcast_to(x: Node, /, shape: Any, chunks: Any = "auto") -> Node:
    """The array repeated along axes of length 1 and new leading axes.

    Raises: ChunkMismatch when the shape does not fit.
    """
    wanted = shape_from(shape)
    lead = len(wanted) - x.ndim
    fits = lead >= 0 and all(
        n in (1, want) for n, want in zip(x.shape, wanted[max(lead, 0) :], strict=False)
    )
    if not fits:
        raise ChunkMismatch(
            "operands could not be broadcast together with remapped shapes [original->remapped]: "
            f"{x.shape} and requested shape {wanted}"
        )
    if wanted == x.shape:
        return x
    automatic = choose_grid(chunks, wanted, x.dtype)
    grid = tuple(
        automatic[n] if n < lead or x.shape[n - lead] != want else x.chunks[n - lead]
        for n, want in enumerate(wanted)
    )
    return nodes.BroadcastTo(x, grid, x.dtype)


def broadcast_arrays(*arrays: Node) -> tuple[Node, ...]:
    """The arrays, all broadcast to their common shape."""
    shape = grids.broadcast_shape([each.shape for each in arrays], "broadcast_arrays")
    return tuple(broadcast_to(each, shape) for each in arrays)


def broadcast_shapes(*shapes: Any) -> Shape:
    """The common shape of arrays with these shapes; raises ChunkMismatch."""
    given = [shape_from(shape) for shape in shapes]
    return grids.broadcast_shape(given, "broadcast_shapes")


def atleast_1d(x: Node, /) -> Node:
    """With one axis at least."""
    return x if x.ndim else expand_dims(x)


def atleast_2d(x: Node, /) -> Node:
    """With two axes at least, new ones in front."""
    x = atleast_1d(x)
    return x if x.ndim > 1 else expand_dims(x)


# -- orders


def permute_dims(x: Node, /, axes: Any) -> Node:
    """The axes in another order.

    Raises: InvalidArgument when not each axis is named once.
    """
    given = integers_from(axes, "axes")
    if len(given) != x.ndim:
        raise InvalidArgument(f"axes don't match array: axes={given}, shape={x.shape}")
    if len({axis % x.ndim for axis in given}) < x.ndim and all(
        -x.ndim <= a < x.ndim for a in given
    ):
        raise InvalidArgument(f"repeated axis in transpose\n  axes={given}")
    order = list_axes(given, x.ndim)
    if order == tuple(range(x.ndim)):
        return x
    grid = tuple(x.chunks[axis] for axis in order)
    return nodes.Transpose(x, order, grid, x.dtype)


def transpose(x: Node, /, axes: Any = None) -> Node:
    """The axes in another order, reversed when none is given."""
    return permute_dims(x, tuple(reversed(range(x.ndim))) if axes is None else axes)


def swapaxes(x: Node, /, axis1: int, axis2: int) -> Node:
    """Two axes exchanged."""
    one, other = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    order = list(range(x.ndim))
    order[one], order[other] = other, one
    return permute_dims(x, order)


def moveaxis(x: Node, source: Axes, destination: Axes, /) -> Node:
    """Axes moved to other positions; the others stay in order."""
    old, new = list_axes(source, x.ndim), list_axes(destination, x.ndim)
    if len(old) != len(new):
        raise InvalidArgument(
            "`source` and `destination` arguments must have the same number of elements\n"
            f"  source={source!r}, destination={destination!r}"
        )
    order = [axis for axis in range(x.ndim) if axis not in old]
    for at, axis in sorted(zip(new, old, strict=True)):
        order.insert(at, axis)
    return permute_dims(x, order)


def flip(x: Node, /, axis: Axes = None) -> Node:
    """The elements in reverse along axes, all when None."""
    axes = normalize_axes(axis, x.ndim)
    return part(x, tuple(slice(None, None, -1 if n in axes else 1) for n in range(x.ndim)))


def roll(x: Node, /, shift: Any, axis: Axes = None) -> Node:
    """The elements moved along axes, those beyond the end put in front."""
    if axis is None:
        return reshape(roll(ravel(x), shift, axis=0), x.shape)
    shifts = integers_from(shift, "shift")
    axes = tuple(normalize_axis(n, x.ndim) for n in integers_from(axis, "axis"))
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ChunkMismatch(
            f"shift and axis differ in length: {len(shifts)} shifts, {len(axes)} axes"
        )
    count = max(len(shifts), len(axes)) if shifts and axes else 0
    for n in range(count):
        x = _roll(x, shifts[n % len(shifts)], axes[n % len(axes)])
    return x


def _roll(x: Node, shift: int, axis: int) -> Node:
    length = x.shape[axis]
    cut = -shift % length if length else 0
    if not cut:
        return x
    ahead = (slice(None),) * axis
    parts = [part(x, (*ahead, slice(cut, None))), part(x, (*ahead, slice(None, cut)))]
    return concat(parts, axis=axis)


# -- joining


def concat(
    arrays: Sequence[Node],
    /,
    axis: int | None = 0,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Node:
    """Arrays one behind the other along an axis, or raveled when None.

    Raises: ChunkMismatch when their other axes differ, InvalidArgument for no arrays.
    """
    given = list(arrays)
    if not given:
        raise InvalidArgument("need at least one array to concatenate")
    if axis is None:
        given, axis = [ravel(each) for each in given], 0
    if not all(each.ndim for each in given):
        raise InvalidArgument("zero-dimensional arrays cannot be concatenated")
    at = normalize_axis(axis, given[0].ndim)
    shapes = [each.shape for each in given]
    for n, shape in enumerate(shapes):
        if len(shape) != len(shapes[0]):
            raise ChunkMismatch(
                "all the input arrays must have same number of dimensions, but the array at index "
                f"0 has {len(shapes[0])} dimension(s) and the array at index {n} has {len(shape)} "
                "dimension(s)"
            )
    kept = {(*shape[:at], *shape[at + 1 :]) for shape in shapes}
    if len(kept) > 1:
        shown = ", ".join(map(str, shapes))
        raise ChunkMismatch(
            "all the input array dimensions except for the concatenation axis must match exactly\n"
            f"  axis {at} of shapes {shown}"
        )
    same = _in_one_dtype(given, dtype, casting)
    return _join([each for each in same if each.shape[at]] or same[:1], at)


def _in_one_dtype(given: list[Node], dtype: Any, casting: Any) -> list[Node]:
    how = {"dtype": dtype, "casting": casting}
    samples = [np.empty(0, each.dtype) for each in given]
    kind = ask(lambda *parts: np.concatenate(parts, **how), "concat", *samples).dtype
    found = [elementwise.astype(each, kind) for each in given]
    # strings may hold times of several units
    kind = np.result_type(*(each.dtype for each in found))
    return [elementwise.astype(each, kind) for each in found]


def _join(given: list[Node], axis: int) -> Node:
    """Arrays of one dtype, on one grid but for the axis along which they follow each other."""
    first = given[0]
    if len(given) == 1:
        return first
    grid = [
        lengths
        if n == axis
        else grids.unify([(each.chunks[n],) for each in given], (first.shape[n],))[0]
        for n, lengths in enumerate(first.chunks)
    ]
    sources = tuple(
        on_grid(node, (*grid[:axis], node.chunks[axis], *grid[axis + 1 :])) for node in given
    )
    grid[axis] = tuple(length for node in sources for length in node.chunks[axis])
    return nodes.Concat(sources, axis, tuple(grid), first.dtype)


def concatenate(
    arrays: Sequence[Node], axis: int | None = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> Node:
    """Arrays one behind the other along an axis."""
    return concat(arrays, axis=axis, dtype=dtype, casting=casting)


def stack(
    arrays: Sequence[Node], /, axis: int = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> Node:
    """Arrays of one shape side by side along a new axis."""
    given = list(arrays)
    if not given:
        raise InvalidArgument("stack() needs at least one array to stack")
    if len({each.shape for each in given}) > 1:
        shown = ", ".join(str(each.shape) for each in given)
        raise ChunkMismatch(f"all input arrays must have the same shape, found {shown}")
    at = normalize_axis(axis, given[0].ndim + 1)
    wide = [expand_dims(each, axis=at) for each in given]
    return concat(wide, axis=at, dtype=dtype, casting=casting)


def vstack(arrays: Sequence[Node], *, dtype: Any = None, casting: Any = "same_kind") -> Node:
    """Arrays below one another."""
    given = [atleast_2d(each) for each in arrays]
    return concat(given, axis=0, dtype=dtype, casting=casting)


def hstack(arrays: Sequence[Node], *, dtype: Any = None, casting: Any = "same_kind") -> Node:
    """Arrays beside one another."""
    given = [atleast_1d(each) for each in arrays]
    axis = 0 if given and given[0].ndim == 1 else 1
    return concat(given, axis=axis, dtype=dtype, casting=casting)


def unstack(x: Node, /, axis: int = 0) -> tuple[Node, ...]:
    """The arrays along an axis."""
    if not x.ndim:
        raise InvalidArgument("Input array must be at least 1-d.")
    at = normalize_axis(axis, x.ndim)
    ahead = (slice(None),) * at
    return tuple(part(x, (*ahead, n)) for n in range(x.shape[at]))


def tile(x: Node, repetitions: Any, /) -> Node:
    """The array repeated as a whole along each axis."""
    times = integers_from(repetitions, "repetitions")
    if any(count < 0 for count in times):
        raise InvalidArgument(f"negative dimensions are not allowed: repetitions={times}")
    times = (1,) * (x.ndim - len(times)) + times
    x = part(x, (None,) * (len(times) - x.ndim) + (...,))
    for at, count in enumerate(times):
        if count == 0:
            x = part(x, (slice(None),) * at + (slice(0, 0),))
        elif count > 1:
            x = concat([x] * count, axis=at)
    return x


def repeat(x: Node, repeats: Any, /, axis: int | None = None) -> Node:
    """Each element, or each index of an axis, repeated."""
    if axis is None or not x.ndim:
        x, axis = ravel(x), axis or 0
    at = normalize_axis(axis, x.ndim)
    counts = np.asarray(repeats)
    index = np.arange(x.shape[at])
    wanted = ask(lambda each: np.repeat(index, each), "repeat", counts)
    return take_along(x, wanted, at)


def diff(x: Node, /, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Node:
    """The differences of neighbours along an axis, `n` times.

    prepend, append: what is put before and behind the array first.
    """
    times = as_int(n)
    if times == 0:
        return x
    if times < 0:
        raise InvalidArgument(f"order must be non-negative but got {times}")
    if not x.ndim:
        raise InvalidArgument("diff requires input that is at least one dimensional")
    at = normalize_axis(axis, x.ndim)
    if prepend is not None or append is not None:
        sides = [_beside(x, each, at) for each in (prepend, append)]
        x = concat([*sides[0], x, *sides[1]], axis=at)
    ahead = (slice(None),) * at
    for _ in range(times):
        high, low = part(x, (*ahead, slice(1, None))), part(x, (*ahead, slice(None, -1)))
        x = elementwise.call(np.not_equal if x.dtype.kind == "b" else np.subtract, high, low)
    return x


def _beside(x: Node, value: Any, axis: int) -> list[Node]:
    """What is put beside an array, in a list; a number for each line."""
    if value is None:
        return []
    node = node_of(value)
    if node.ndim:
        return [node]
    return [broadcast_to(node, tuple(1 if n == axis else k for n, k in enumerate(x.shape)))]


def view(x: Node, dtype: Any) -> Node:
    """The bytes of the elements as those of another dtype.

    Raises: InvalidArgument when they do not fill elements of it along the last axis.
    """
    kind = dtype_of(dtype)
    sizes = (x.dtype.itemsize, kind.itemsize)
    if sizes[0] == sizes[1]:
        return call_kernel(calculus.view, [x], x.chunks, kind, weight=1, kind=kind)
    if not x.ndim:
        raise InvalidArgument(
            "Changing the dtype of a 0d array is only supported if the itemsize is unchanged"
        )
    if x.shape[-1] * sizes[0] % sizes[1]:
        raise InvalidArgument(
            "When changing to a larger dtype, its size must be a divisor of the total size in "
            "bytes of the last axis of the array."
        )
    if any(length * sizes[0] % sizes[1] for length in x.chunks[-1]):
        x = on_grid(x, (*x.chunks[:-1], (x.shape[-1],)))
    last = tuple(length * sizes[0] // sizes[1] for length in x.chunks[-1])
    grid = (*x.chunks[:-1], last)
    return call_kernel(calculus.view, [x], grid, kind, over=x.chunks, weight=1, kind=kind)
