"""Manipulation: other grids, shapes and orders of the same elements. Most of it is a view and
makes no task (layout.py).
"""

from __future__ import annotations

import math
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array import ndarray
from shframe.array.expr import nodes
from shframe.array.functions import creation, elementwise, indexing
from shframe.array.functions.numpy_probe import ask
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import Axes, listed_axes, normalized_axes, normalized_axis
from shframe.array.grid.chunks import Chunks, Shape
from shframe.errors import ChunkMismatch, InvalidArgument


def rechunk(x: Any, chunks: Any = "auto") -> ndarray.Array:
    """The same array on another grid; axes that a dict does not name keep theirs."""
    node = creation.asarray(x).expr
    size = max(node.dtype.itemsize, 1)
    grid = grids.normalized(
        chunks,
        node.shape,
        size,
        parts=creation.parts(),
        missing=node.chunks,
        largest=creation.largest(),
    )
    return ndarray.Array(on_grid(node, grid))


def on_grid(node: nodes.Node, grid: Chunks) -> nodes.Node:
    """The node itself if it has the grid, else its Rechunk."""
    return node if node.chunks == grid else nodes.Rechunk(node, grid, node.dtype)


# -- shapes


def reshape(x: Any, /, shape: Any) -> ndarray.Array:
    """The elements in C order in another shape; one length may be -1.

    Raises: ChunkMismatch when the numbers of elements differ.
    Cost: none where blocks keep their elements or the values came from from_array(); else one
        copy.
    """
    node = creation.asarray(x).expr
    wanted = _target_shape(node.shape, shape)
    if wanted == node.shape:
        return ndarray.Array(node)
    if math.prod(wanted) == 0:
        grid = creation.gridded("auto", wanted, node.dtype)
        return ndarray.Array(nodes.Full(np.zeros((), node.dtype)[()], grid, node.dtype))
    if [n for n in wanted if n != 1] == [n for n in node.shape if n != 1]:
        return _with_ones(ndarray.Array(node), wanted)
    if isinstance(node, nodes.FromArray) and _is_whole(node):
        grid = creation.gridded("auto", wanted, node.dtype)
        fields = (node.ref, wanted, ((0, 1),) * len(wanted), True, grid, node.dtype)
        return ndarray.Array(nodes.FromArray(*fields))
    if not grids.contiguous(node.chunks):
        node = on_grid(node, creation.gridded("auto", node.shape, node.dtype))
    grid = _grid_after(node, wanted)
    return ndarray.Array(nodes.Reshape(node, grid, node.dtype))


def _target_shape(old: Shape, shape: Any) -> Shape:
    lengths = list(creation.whole_numbers(shape, "shape"))
    size = math.prod(old)
    if lengths.count(-1) == 1:
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
    """Whether the node reads its object as it lies."""
    plain = all(stride == (0, 1) for stride in node.strides)
    return plain and node.in_order and node.shape == node.stored_shape


def _with_ones(array: ndarray.Array, wanted: Shape) -> ndarray.Array:
    slim = squeeze(array)
    axes = tuple(n for n, length in enumerate(wanted) if length == 1)
    return expand_dims(slim, axis=axes) if axes else slim


def _grid_after(source: nodes.Node, wanted: Shape) -> Chunks:
    """A grid of contiguous blocks; the source's own cuts where whole rows lie between them."""
    row = math.prod(wanted[1:])
    sizes = [math.prod(shape) for shape in grids.block_shapes(source.chunks)]
    if wanted and all(size % row == 0 for size in sizes):
        return (tuple(size // row for size in sizes), *((n,) for n in wanted[1:]))
    return creation.gridded("auto", wanted, source.dtype)


def ravel(x: Any, /) -> ndarray.Array:
    """All elements in C order along one axis."""
    return reshape(x, (-1,)) if creation.asarray(x).size else reshape(x, (0,))


def expand_dims(x: Any, /, axis: Axes = 0) -> ndarray.Array:
    """New axes of length 1 at these places of the result."""
    node = creation.asarray(x).expr
    axes = new_axes(axis, node.ndim)
    old = iter(node.chunks)
    grid = tuple((1,) if n in axes else next(old) for n in range(node.ndim + len(axes)))
    return ndarray.Array(nodes.ExpandDims(node, axes, grid, node.dtype))


def new_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Where new axes are in an array that has `ndim` without them, in ascending order."""
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return normalized_axes(tuple(given), ndim + len(given))


def squeeze(x: Any, /, axis: Axes = None) -> ndarray.Array:
    """Without axes of length 1, all of them or those named.

    Raises: InvalidArgument when an axis named is longer.
    """
    array = creation.asarray(x)
    if axis is None:
        axes = tuple(n for n, length in enumerate(array.shape) if length == 1)
    else:
        axes = normalized_axes(axis, array.ndim or 1)[: array.ndim]
    for n in axes:
        if array.shape[n] != 1:
            raise InvalidArgument(
                "cannot select an axis to squeeze out which has size not equal to one\n"
                f"  axis {n} of shape {array.shape}"
            )
    return array[tuple(0 if n in axes else slice(None) for n in range(array.ndim))]


def broadcast_to(x: Any, /, shape: Any, chunks: Any = "auto") -> ndarray.Array:
    """The array repeated along axes of length 1 and new leading axes.

    Raises: ChunkMismatch when the shape does not fit.
    """
    node = creation.asarray(x).expr
    wanted = creation.shape_from(shape)
    lead = len(wanted) - node.ndim
    fits = lead >= 0 and all(
        n in (1, want) for n, want in zip(node.shape, wanted[max(lead, 0) :], strict=False)
    )
    if not fits:
        raise ChunkMismatch(f"an array of shape {node.shape} cannot be broadcast to {wanted}")
    if wanted == node.shape:
        return ndarray.Array(node)
    automatic = creation.gridded(chunks, wanted, node.dtype)
    grid = tuple(
        automatic[n] if n < lead or node.shape[n - lead] != want else node.chunks[n - lead]
        for n, want in enumerate(wanted)
    )
    return ndarray.Array(nodes.BroadcastTo(node, grid, node.dtype))


def broadcast_arrays(*arrays: Any) -> list[ndarray.Array]:
    """The arrays, all broadcast to their common shape."""
    given = [creation.asarray(each) for each in arrays]
    shape = grids.broadcast_shape([each.shape for each in given], "broadcast_arrays")
    return [broadcast_to(each, shape) for each in given]


def broadcast_shapes(*shapes: Any) -> Shape:
    """The common shape of arrays with these shapes; raises ChunkMismatch."""
    given = [creation.shape_from(shape) for shape in shapes]
    return grids.broadcast_shape(given, "broadcast_shapes")


def atleast_1d(x: Any, /) -> ndarray.Array:
    """With one axis at least."""
    array = creation.asarray(x)
    return array if array.ndim else expand_dims(array)


def atleast_2d(x: Any, /) -> ndarray.Array:
    """With two axes at least, new ones in front."""
    array = atleast_1d(x)
    return array if array.ndim > 1 else expand_dims(array)


# -- orders


def permute_dims(x: Any, /, axes: Any) -> ndarray.Array:
    """The axes in another order.

    Raises: InvalidArgument when not each axis is named once.
    """
    node = creation.asarray(x).expr
    given = creation.whole_numbers(axes, "axes")
    if len(given) != node.ndim:
        raise InvalidArgument(f"axes don't match array: axes={given}, shape={node.shape}")
    order = listed_axes(given, node.ndim)
    if order == tuple(range(node.ndim)):
        return ndarray.Array(node)
    grid = tuple(node.chunks[axis] for axis in order)
    return ndarray.Array(nodes.Transpose(node, order, grid, node.dtype))


def transpose(x: Any, /, axes: Any = None) -> ndarray.Array:
    """The axes in another order, reversed when none is given."""
    array = creation.asarray(x)
    return permute_dims(array, tuple(reversed(range(array.ndim))) if axes is None else axes)


def swapaxes(x: Any, /, axis1: int, axis2: int) -> ndarray.Array:
    """Two axes exchanged."""
    array = creation.asarray(x)
    one, other = normalized_axis(axis1, array.ndim), normalized_axis(axis2, array.ndim)
    order = list(range(array.ndim))
    order[one], order[other] = other, one
    return permute_dims(array, order)


def moveaxis(x: Any, source: Axes, destination: Axes, /) -> ndarray.Array:
    """Axes moved to other places; the others stay in order."""
    array = creation.asarray(x)
    old, new = listed_axes(source, array.ndim), listed_axes(destination, array.ndim)
    if len(old) != len(new):
        raise InvalidArgument(
            "`source` and `destination` arguments must have the same number of elements\n"
            f"  source={source!r}, destination={destination!r}"
        )
    order = [axis for axis in range(array.ndim) if axis not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return permute_dims(array, order)


def flip(x: Any, /, axis: Axes = None) -> ndarray.Array:
    """The elements in reverse along axes, all when None."""
    array = creation.asarray(x)
    axes = normalized_axes(axis, array.ndim)
    return array[tuple(slice(None, None, -1 if n in axes else 1) for n in range(array.ndim))]


def roll(x: Any, /, shift: Any, axis: Axes = None) -> ndarray.Array:
    """The elements moved along axes, those beyond the end put in front."""
    array = creation.asarray(x)
    if axis is None:
        return reshape(roll(ravel(array), shift, axis=0), array.shape)
    shifts = creation.whole_numbers(shift, "shift")
    axes = tuple(normalized_axis(n, array.ndim) for n in creation.whole_numbers(axis, "axis"))
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ChunkMismatch(f"{len(shifts)} shifts for {len(axes)} axes")
    count = max(len(shifts), len(axes)) if shifts and axes else 0
    for n in range(count):
        array = _rolled(array, shifts[n % len(shifts)], axes[n % len(axes)])
    return array


def _rolled(array: ndarray.Array, shift: int, axis: int) -> ndarray.Array:
    length = array.shape[axis]
    cut = -shift % length if length else 0
    if not cut:
        return array
    ahead = (slice(None),) * axis
    parts = [array[(*ahead, slice(cut, None))], array[(*ahead, slice(None, cut))]]
    return concat(parts, axis=axis)


# -- joining


def concat(
    arrays: Any, /, axis: int | None = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> ndarray.Array:
    """Arrays one behind the other along an axis, or raveled when None.

    Raises: ChunkMismatch when their other axes differ, InvalidArgument for no arrays.
    """
    given = [creation.asarray(each) for each in arrays]
    if not given:
        raise InvalidArgument("concat() needs at least one array to concatenate")
    if axis is None:
        given, axis = [ravel(each) for each in given], 0
    if not all(each.ndim for each in given):
        raise InvalidArgument("zero-dimensional arrays cannot be concatenated")
    place = normalized_axis(axis, given[0].ndim)
    shapes = [each.shape for each in given]
    kept = {(*shape[:place], *shape[place + 1 :]) for shape in shapes}
    if len(kept) > 1 or len({len(shape) for shape in shapes}) > 1:
        shown = ", ".join(map(str, shapes))
        raise ChunkMismatch(f"shapes {shown} differ in more than axis {place}")
    same = _in_one_dtype(given, dtype, casting)
    return _behind(([each for each in same if each.shape[place]] or same[:1]), place)


def _in_one_dtype(given: list[ndarray.Array], dtype: Any, casting: Any) -> list[ndarray.Array]:
    how = {"dtype": dtype, "casting": casting}
    samples = [np.empty(0, each.dtype) for each in given]
    kind = ask(lambda *parts: np.concatenate(parts, **how), "concat", *samples).dtype
    found = [elementwise.astype(each, kind) for each in given]
    # text may hold times of several units
    kind = np.result_type(*(each.dtype for each in found))
    return [elementwise.astype(each, kind) for each in found]


def _behind(given: list[ndarray.Array], place: int) -> ndarray.Array:
    """Arrays of one dtype, on one grid but for the axis along which they follow each other."""
    found = [each.expr for each in given]
    if len(found) == 1:
        return given[0]
    grid = [
        node
        if n == place
        else grids.unified([(each.chunks[n],) for each in found], (found[0].shape[n],))[0]
        for n, node in enumerate(found[0].chunks)
    ]
    sources = tuple(
        on_grid(node, (*grid[:place], node.chunks[place], *grid[place + 1 :])) for node in found
    )
    grid[place] = tuple(length for node in sources for length in node.chunks[place])
    return ndarray.Array(nodes.Concat(sources, place, tuple(grid), found[0].dtype))


def concatenate(
    arrays: Any, axis: int | None = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> ndarray.Array:
    """Arrays one behind the other along an axis."""
    return concat(arrays, axis=axis, dtype=dtype, casting=casting)


def stack(
    arrays: Any, /, axis: int = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> ndarray.Array:
    """Arrays of one shape side by side along a new axis."""
    given = [creation.asarray(each) for each in arrays]
    if not given:
        raise InvalidArgument("stack() needs at least one array to stack")
    if len({each.shape for each in given}) > 1:
        shown = ", ".join(str(each.shape) for each in given)
        raise ChunkMismatch(f"all input arrays must have the same shape, found {shown}")
    place = normalized_axis(axis, given[0].ndim + 1)
    wide = [expand_dims(each, axis=place) for each in given]
    return concat(wide, axis=place, dtype=dtype, casting=casting)


def vstack(arrays: Any, *, dtype: Any = None, casting: Any = "same_kind") -> ndarray.Array:
    """Arrays below one another."""
    given = [atleast_2d(each) for each in arrays]
    return concat(given, axis=0, dtype=dtype, casting=casting)


def hstack(arrays: Any, *, dtype: Any = None, casting: Any = "same_kind") -> ndarray.Array:
    """Arrays beside one another."""
    given = [atleast_1d(each) for each in arrays]
    axis = 0 if given and given[0].ndim == 1 else 1
    return concat(given, axis=axis, dtype=dtype, casting=casting)


def unstack(x: Any, /, axis: int = 0) -> tuple[ndarray.Array, ...]:
    """The arrays along an axis."""
    array = creation.asarray(x)
    if not array.ndim:
        raise InvalidArgument("Input array must be at least 1-d.")
    place = normalized_axis(axis, array.ndim)
    ahead = (slice(None),) * place
    return tuple(array[(*ahead, n)] for n in range(array.shape[place]))


def tile(x: Any, repetitions: Any, /) -> ndarray.Array:
    """The array repeated as a whole along each axis."""
    array = creation.asarray(x)
    times = creation.whole_numbers(repetitions, "repetitions")
    if any(count < 0 for count in times):
        raise InvalidArgument(f"negative dimensions are not allowed: repetitions={times}")
    times = (1,) * (array.ndim - len(times)) + times
    array = array[(None,) * (len(times) - array.ndim) + (...,)]
    for place, count in enumerate(times):
        if count == 0:
            array = array[(slice(None),) * place + (slice(0, 0),)]
        elif count > 1:
            array = concat([array] * count, axis=place)
    return array


def repeat(x: Any, repeats: Any, /, axis: int | None = None) -> ndarray.Array:
    """Each element, or each index of an axis, repeated."""
    array = creation.asarray(x)
    if axis is None or not array.ndim:
        array, axis = ravel(array), axis or 0
    place = normalized_axis(axis, array.ndim)
    counts = np.asarray(repeats)
    index = np.arange(array.shape[place])
    wanted = ask(lambda each: np.repeat(index, each), "repeat", counts)
    return indexing.take(array, wanted, axis=place)


def diff(x: Any, /, n: int = 1, axis: int = -1) -> ndarray.Array:
    """The differences of neighbours along an axis, `n` times."""
    array = creation.asarray(x)
    times = as_int(n)
    if times == 0:
        return array
    if times < 0:
        raise InvalidArgument(f"order must be non-negative but got {times}")
    if not array.ndim:
        raise InvalidArgument("diff requires input that is at least one dimensional")
    place = normalized_axis(axis, array.ndim)
    ahead = (slice(None),) * place
    for _ in range(times):
        high, low = array[(*ahead, slice(1, None))], array[(*ahead, slice(None, -1))]
        array = high != low if array.dtype.kind == "b" else high - low
    return array
