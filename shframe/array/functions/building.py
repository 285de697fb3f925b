"""Building: arrays put together from others, and with elements put in or left out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import creation, elementwise, manipulation, products
from shframe.array.functions.convert import from_array, node_of, values_of
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.slicing import part
from shframe.array.functions.taking import take_along
from shframe.array.grid.axes import normalize_axis
from shframe.array.grid.chunks import broadcast_shape
from shframe.array.grid.defaults import integers_from, shape_from
from shframe.errors import ChunkMismatch, InvalidArgument


def block(arrays: Any, allow_unknown_chunksizes: bool = False) -> Node:
    """An array put together from nested lists of arrays: the innermost along the last axis.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.block([[xp.ones((1, 1)), xp.zeros((1, 1))]]).compute().tolist()
    [[1.0, 0.0]]
    """
    depth = _depth(arrays)
    ndim = max(depth, *(node.ndim for node in _leaves(arrays)))
    return _joined(arrays, depth, ndim)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise InvalidArgument("List depths are mismatched: an empty list at depth 1")
    depths = {_depth(each) for each in arrays}
    if len(depths) > 1:
        raise InvalidArgument(
            f"List depths are mismatched: {sorted(depths)} below lists of one depth"
        )
    return depths.pop() + 1


def _leaves(arrays: Any) -> list[Node]:
    if not isinstance(arrays, list):
        return [node_of(arrays)]
    return [leaf for each in arrays for leaf in _leaves(each)]


def _joined(arrays: Any, depth: int, ndim: int) -> Node:
    if not isinstance(arrays, list):
        node = node_of(arrays)
        return part(node, (*[None] * (ndim - node.ndim), ...))
    return manipulation.concat([_joined(each, depth - 1, ndim) for each in arrays], axis=-depth)


def dstack(arrays: Sequence[Node], /) -> Node:
    """Arrays behind one another, along the third axis."""
    return manipulation.concat([atleast_3d(each) for each in arrays], axis=2)


def column_stack(arrays: Sequence[Node], /) -> Node:
    """Vectors and matrices as columns beside one another."""
    columns = [
        part(each, (slice(None), None)) if each.ndim == 1 else manipulation.atleast_2d(each)
        for each in arrays
    ]
    return manipulation.concat(columns, axis=1)


def atleast_3d(x: Node, /) -> Node:
    """With three axes at least, as numpy.atleast_3d puts them."""
    if x.ndim == 0:
        return manipulation.reshape(x, (1, 1, 1))
    if x.ndim == 1:
        return part(x, (None, slice(None), None))
    return part(x, (..., None)) if x.ndim == 2 else x


def append(x: Node, values: Any, /, axis: int | None = None) -> Node:
    """The array with others behind it; both raveled when the axis is None."""
    return manipulation.concat([x, node_of(values)], axis=axis)


def delete(x: Node, obj: Any, /, axis: int | None = None) -> Node:
    """The array without the elements of an axis at an index, a slice, a mask or indices."""
    x, at = _line(x, axis)
    wanted = obj if isinstance(obj, slice) or np.ndim(obj) == 0 else values_of(obj)
    places = np.arange(x.shape[at])
    kept = ask(lambda: np.delete(places, wanted), "delete")
    return take_along(x, kept, at) if len(kept) < x.shape[at] else x


def _line(x: Node, axis: int | None) -> tuple[Node, int]:
    if axis is None:
        return manipulation.ravel(x), 0
    return x, normalize_axis(axis, x.ndim)


def insert(x: Node, obj: Any, values: Any, /, axis: int | None = None) -> Node:
    """The array with values put before the elements of an axis at an index, or several.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.insert(xp.arange(3, chunks=2), 1, 9).compute().tolist()
    [0, 9, 1, 2]
    """
    x, at = _line(x, axis)
    wanted = obj if isinstance(obj, slice) or np.ndim(obj) == 0 else values_of(obj)
    count = x.shape[at]
    given = elementwise.astype(node_of(values), x.dtype)
    single = not isinstance(wanted, slice) and np.ndim(wanted) == 0
    if single:
        # NumPy inserts a whole array at one index, its axis moved to the front
        wide = part(given, (*[None] * (x.ndim - given.ndim), ...))
        wide = manipulation.moveaxis(wide, 0, at)
        extra = wide.shape[at]
    else:
        wide = part(given, (*[None] * (x.ndim - given.ndim), ...))
        extra = len(np.arange(count)[wanted]) if isinstance(wanted, slice) else _count(wanted)
    marks = np.full(extra, -1)
    places = ask(lambda: np.insert(np.arange(count), wanted, marks), "insert")
    shape = tuple(extra if n == at else length for n, length in enumerate(x.shape))
    try:
        wide = manipulation.broadcast_to(wide, shape)
    except ChunkMismatch:
        raise ChunkMismatch(
            f"shape mismatch: value array of shape {node_of(values).shape} could not be broadcast "
            f"to indexing result of shape {shape}"
        ) from None
    new = places < 0
    order = np.empty(len(places), np.intp)
    order[~new] = places[~new]
    order[new] = count + _order_of_new(wanted, count, extra, single)
    return take_along(manipulation.concat([x, wide], axis=at), order, at)


def _count(wanted: Any) -> int:
    array = np.asarray(wanted)
    return int(array.sum()) if array.dtype == np.bool_ else len(array)


def _order_of_new(wanted: Any, count: int, extra: int, single: bool) -> Any:
    """Which of the values is put in at each of the new places, in their order."""
    if single:
        return np.arange(extra)
    made = np.insert(np.zeros(count, np.intp), wanted, np.arange(1, extra + 1))
    return made[made > 0] - 1


def diag(x: Node, /, k: int = 0) -> Node:
    """The k-th diagonal of a matrix, or a matrix with a vector as its k-th diagonal."""
    k = as_int(k)
    if x.ndim == 2:
        return products.diagonal(x, offset=k)
    if x.ndim != 1:
        raise InvalidArgument("Input must be 1- or 2-d.")
    size = x.shape[0] + abs(k)
    rows = creation.eye(x.shape[0], size, k=max(k, 0), dtype=np.bool_, chunks=(x.chunks[0], -1))
    zero = np.zeros((), x.dtype)[()]
    made = elementwise.where(rows, part(x, (slice(None), None)), zero)
    if k >= 0:
        below = creation.zeros((k, size), x.dtype)
        return manipulation.concat([made, below], axis=0) if k else made
    above = creation.zeros((-k, size), x.dtype)
    return manipulation.concat([above, made], axis=0)


def diagflat(x: Node, /, k: int = 0) -> Node:
    """A matrix with the raveled array as its k-th diagonal."""
    return diag(manipulation.ravel(x), k)


def tri(
    n_rows: int,
    n_cols: int | None = None,
    k: int = 0,
    dtype: Any = float,
    chunks: Any = "auto",
) -> Node:
    """Ones at and below the k-th diagonal, zeros above."""
    shape = shape_from((n_rows, n_rows if n_cols is None else n_cols))
    return creation.tril(creation.ones(shape, dtype, chunks), k)


def kron(one: Node, other: Node, /) -> Node:
    """The Kronecker product: blocks of the second array, each times an element of the first."""
    ndim = max(one.ndim, other.ndim)
    a = part(one, (*[None] * (ndim - one.ndim), ...))
    b = part(other, (*[None] * (ndim - other.ndim), ...))
    for axis in range(ndim):
        a = manipulation.expand_dims(a, axis=2 * axis + 1)
        b = manipulation.expand_dims(b, axis=2 * axis)
    made = elementwise.call(np.multiply, a, b)
    pairs = zip(made.shape[::2], made.shape[1::2], strict=True)
    return manipulation.reshape(made, tuple(n * m for n, m in pairs))


def rot90(x: Node, /, k: int = 1, axes: Any = (0, 1)) -> Node:
    """The array turned by k times 90 degrees in the plane of two axes."""
    pair = integers_from(axes, "axes")
    if len(pair) != 2:
        raise InvalidArgument("len(axes) must be 2.")
    one, other = (normalize_axis(n, x.ndim) for n in pair)
    if one == other:
        raise InvalidArgument("Axes must be different.")
    turns = as_int(k) % 4
    if turns == 0:
        return x
    if turns == 2:
        return manipulation.flip(x, axis=(one, other))
    order = list(range(x.ndim))
    order[one], order[other] = other, one
    if turns == 1:
        return manipulation.permute_dims(manipulation.flip(x, axis=other), order)
    return manipulation.flip(manipulation.permute_dims(x, order), axis=other)


def fliplr(x: Node, /) -> Node:
    """The elements in reverse along the second axis."""
    if x.ndim < 2:
        raise InvalidArgument("Input must be >= 2-d.")
    return manipulation.flip(x, axis=1)


def flipud(x: Node, /) -> Node:
    """The elements in reverse along the first axis."""
    if x.ndim < 1:
        raise InvalidArgument("Input must be >= 1-d.")
    return manipulation.flip(x, axis=0)


def rollaxis(x: Node, axis: int, /, start: int = 0) -> Node:
    """An axis moved before the position of another."""
    at = normalize_axis(axis, x.ndim)
    to = start + x.ndim if start < 0 else start
    if not 0 <= to <= x.ndim:
        raise InvalidArgument(f"'start' arg requires {-x.ndim} <= start < {x.ndim + 1}")
    return manipulation.moveaxis(x, at, to - 1 if at < to else to)


def array_split(x: Node, indices_or_sections: Any, /, axis: int = 0) -> list[Node]:
    """Parts of an axis: so many, as equal as can be, or between these indices."""
    at = normalize_axis(axis, x.ndim)
    length = x.shape[at]
    if np.ndim(indices_or_sections) == 0:
        count = as_int(indices_or_sections)
        if count <= 0:
            raise InvalidArgument("number sections must be larger than 0.")
        each, more = divmod(length, count)
        sizes = [each + 1] * more + [each] * (count - more)
        cuts = np.cumsum([0, *sizes]).tolist()
    else:
        cuts = [0, *map(as_int, indices_or_sections), None]
    ahead = (slice(None),) * at
    pairs = itertools.pairwise(cuts)
    return [part(x, (*ahead, slice(low, high))) for low, high in pairs]


def split(x: Node, indices_or_sections: Any, /, axis: int = 0) -> list[Node]:
    """Parts of an axis, all of one length, or between these indices."""
    at = normalize_axis(axis, x.ndim)
    if np.ndim(indices_or_sections) == 0:
        count = as_int(indices_or_sections)
        if count > 0 and x.shape[at] % count:
            raise InvalidArgument("array split does not result in an equal division")
    return array_split(x, indices_or_sections, axis=at)


def hsplit(x: Node, indices_or_sections: Any, /) -> list[Node]:
    """Parts beside one another."""
    if not x.ndim:
        raise InvalidArgument("hsplit only works on arrays of 1 or more dimensions")
    return split(x, indices_or_sections, axis=1 if x.ndim > 1 else 0)


def vsplit(x: Node, indices_or_sections: Any, /) -> list[Node]:
    """Parts below one another."""
    if x.ndim < 2:
        raise InvalidArgument("vsplit only works on arrays of 2 or more dimensions")
    return split(x, indices_or_sections, axis=0)


def dsplit(x: Node, indices_or_sections: Any, /) -> list[Node]:
    """Parts behind one another, along the third axis."""
    if x.ndim < 3:
        raise InvalidArgument("dsplit only works on arrays of 3 or more dimensions")
    return split(x, indices_or_sections, axis=2)


def select(conditions: Any, choices: Any, default: Any = 0) -> Node:
    """Of each element the choice whose condition is the first that is true."""
    given, values = list(conditions), list(choices)
    if len(given) != len(values):
        raise InvalidArgument("list of cases must be same length as list of conditions")
    if not given:
        raise InvalidArgument("select with an empty condition list is not possible")
    masks = [node_of(each) for each in given]
    for n, mask in enumerate(masks):
        if mask.dtype != np.bool_:
            raise InvalidArgument(f"invalid entry {n} in condlist: should be boolean ndarray")
    kinds = [
        node_of(each).dtype if np.ndim(each) or hasattr(each, "expr") else each
        for each in (*values, default)
    ]
    kind = np.result_type(*kinds)
    made: Any = np.asarray(values_of(default), kind)[()] if np.ndim(default) == 0 else default
    for mask, value in zip(reversed(masks), reversed(values), strict=True):
        made = elementwise.where(mask, value, made)
    shape = broadcast_shape([m.shape for m in masks], "select")
    result = elementwise.astype(made, kind)
    whole = broadcast_shape([shape, result.shape], "select")
    return manipulation.broadcast_to(result, whole)


def choose(x: Node, choices: Any, /, mode: str = "raise") -> Node:
    """Of each element the one of the choices that it is the number of.

    Raises: InvalidArgument, at the call, for numbers beyond the choices.
    """
    values = list(choices)
    if x.dtype.kind not in "biu":
        raise InvalidArgument(f"Cannot cast array data from {x.dtype!r} to dtype('int64')")
    count = len(values)
    number = elementwise.astype(x, np.intp)
    if mode == "wrap":
        number = elementwise.call(np.remainder, number, count)
    elif mode == "clip":
        number = elementwise.clip(number, 0, count - 1)
    else:
        found = values_of(number)
        if found.size and (found.min() < 0 or found.max() >= count):
            raise InvalidArgument("invalid entry in choice array")
    made: Any = values[-1]
    for n in reversed(range(count - 1)):
        made = elementwise.where(elementwise.call(np.equal, number, n), values[n], made)
    if count == 1:
        made = elementwise.where(np.True_, node_of(made), node_of(made))
    shape = broadcast_shape([x.shape, made.shape], "choose")
    return manipulation.broadcast_to(made, shape)


def extract(condition: Any, x: Any, /) -> Node:
    """The elements of the raveled array where a condition is true; computed at the call."""
    mask = np.flatnonzero(values_of(condition).reshape(-1))
    return take_along(manipulation.ravel(node_of(x)), mask, 0)


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10.0,
    dtype: Any = None,
) -> Node:
    """Numbers at equal distances of their logarithms."""
    made = elementwise.call(np.power, base, creation.linspace(start, stop, num, endpoint))
    return made if dtype is None else elementwise.astype(made, dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None
) -> Node:
    """Numbers from start to stop whose ratios are equal."""
    made = ask(lambda: np.geomspace(start, stop, num, endpoint, dtype), "geomspace")
    return from_array(made)


def vander(x: Node, N: int | None = None, increasing: bool = False) -> Node:
    """The powers of a vector's elements, a row each; descending unless `increasing`."""
    if x.ndim != 1:
        raise InvalidArgument("x must be a one-dimensional array or sequence.")
    powers = np.arange(x.shape[0] if N is None else as_int(N))
    powers = powers if increasing else powers[::-1]
    kind = np.promote_types(x.dtype, int)
    rows = part(elementwise.astype(x, kind), (slice(None), None))
    return elementwise.astype(elementwise.call(np.power, rows, powers), kind)


def resize(x: Node, new_shape: Any, /) -> Node:
    """The elements in another shape, repeated as often as it needs."""
    shape = shape_from(new_shape)
    size, count = math.prod(shape), math.prod(x.shape)
    if not size or not count:
        return creation.zeros(shape, x.dtype)
    line = manipulation.tile(manipulation.ravel(x), -(-size // count))
    return manipulation.reshape(part(line, (slice(0, size),)), shape)
