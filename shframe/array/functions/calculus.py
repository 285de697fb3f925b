"""Differences, sums of areas, correlations and other work on neighbours, by slices and products."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import elementwise, manipulation, products, reductions, statistics
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import node_of, values_of
from shframe.array.functions.creation import zeros
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.padding import pad
from shframe.array.functions.running import cumsum
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import Axes, normalize_axes, normalize_axis
from shframe.array.kernels import calculus as kernels
from shframe.errors import ChunkMismatch, InvalidArgument


def ediff1d(x: Node, /, to_end: Any = None, to_begin: Any = None) -> Node:
    """The differences of neighbours in the raveled array, between other elements."""
    line = manipulation.ravel(x)
    made = elementwise.call(
        np.subtract, part(line, (slice(1, None),)), part(line, (slice(None, -1),))
    )
    parts = [made]
    for name, given, at in (("to_end", to_end, 1), ("to_begin", to_begin, 0)):
        if given is not None:
            side = manipulation.ravel(node_of(given))
            if not np.can_cast(side.dtype, x.dtype, "same_kind"):
                raise InvalidArgument(
                    f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` "
                    "rule."
                )
            parts.insert(at * len(parts), elementwise.astype(side, x.dtype))
    return manipulation.concat(parts)


def gradient(x: Node, /, *varargs: Any, axis: Axes = None, edge_order: int = 1) -> Any:
    """The slope along axes: central differences inside, one-sided ones at the ends.

    varargs: a distance for all axes, or a distance or a vector of coordinates for each.
    Returns an array, or a list of one for each axis.
    """
    axes = (
        normalize_axes(axis, x.ndim)
        if axis is None
        else tuple(normalize_axis(n, x.ndim) for n in np.atleast_1d(axis).tolist())
    )
    if edge_order not in (1, 2):
        raise InvalidArgument("'edge_order' greater than 2 not supported")
    if len(varargs) not in (0, 1, len(axes)):
        raise InvalidArgument("invalid number of arguments")
    spaces = [*varargs] if varargs else [1.0]
    spaces = spaces * len(axes) if len(spaces) == 1 else spaces
    if any(x.shape[n] < edge_order + 1 for n in axes):
        raise InvalidArgument(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) "
            "elements are required."
        )
    sample = ask(lambda v: np.gradient(v), "gradient", np.ones(3, x.dtype))
    found = [
        _slope(x, at, space, edge_order, sample.dtype)
        for at, space in zip(axes, spaces, strict=True)
    ]
    return found[0] if len(found) == 1 else found


def _slope(x: Node, axis: int, space: Any, edge_order: int, dtype: Any) -> Node:
    values = values_of(space)
    if values.ndim > 1 or (values.ndim and len(values) != x.shape[axis]):
        raise ChunkMismatch(
            "distances must be either scalars or 1d"
            if values.ndim > 1
            else "when 1d, distances must match the length of the corresponding dimension"
        )
    lengths = x.chunks[axis]
    end = x.shape[axis]
    ranges = [list(itertools.pairwise(grids.offsets(n))) for n in x.chunks]
    # an end needs as many neighbours as a formula of its order reads
    reach = max(edge_order, 1)
    spans = []
    for low, high in ranges[axis]:
        first, last = max(low - 1, 0), min(high + 1, end)
        if first == 0:
            last = max(last, min(reach + 1, end))
        if last == end:
            first = min(first, max(end - reach - 1, 0))
        spans.append((first, last))
    ranges[axis] = spans
    wide = nodes.Overlap(
        elementwise.astype(x, dtype),
        tuple(map(tuple, ranges)),
        tuple(tuple(b - a for a, b in each) for each in ranges),
        dtype,
    )
    cuts = tuple(itertools.pairwise(grids.offsets(lengths)))
    return call_kernel(
        kernels.slope,
        [wide],
        x.chunks,
        dtype,
        with_origin=True,
        axis=axis,
        spans=tuple(zip(cuts, spans, strict=True)),
        space=values,
        edge_order=edge_order,
    )


def trapezoid(y: Node, x: Any = None, dx: float = 1.0, axis: int = -1) -> Node:
    """The integral along an axis by the trapezoidal rule."""
    at = normalize_axis(axis, y.ndim)
    ahead = (slice(None),) * at
    high, low = part(y, (*ahead, slice(1, None))), part(y, (*ahead, slice(None, -1)))
    if x is None:
        width: Any = dx
    else:
        place = node_of(x)
        if place.ndim == 1:
            shape = [-1 if n == at else 1 for n in range(y.ndim)]
            width = manipulation.reshape(manipulation.diff(place), shape)
        else:
            width = manipulation.diff(place, axis=axis)
    both = elementwise.call(np.add, high, low)
    areas = elementwise.call(np.divide, elementwise.call(np.multiply, both, width), 2.0)
    return reductions.sum(areas, axis=at)


def cov(
    m: Node,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Node:
    """The covariance matrix of variables, a row each (a column if not `rowvar`)."""
    if ddof is not None and ddof != int(ddof):
        raise InvalidArgument("ddof must be integer")
    if m.ndim > 2:
        raise InvalidArgument("m has more than 2 dimensions")
    kinds = [m.dtype, np.dtype(np.float64)]
    parts = [manipulation.atleast_2d(m)]
    if not rowvar and m.ndim != 1:
        parts = [manipulation.transpose(parts[0])]
    if y is not None:
        other = node_of(y)
        if other.ndim > 2:
            raise InvalidArgument("y has more than 2 dimensions")
        kinds.append(other.dtype)
        second = manipulation.atleast_2d(other)
        if not rowvar and second.shape[0] != 1:
            second = manipulation.transpose(second)
        parts.append(second)
    kind = np.result_type(*kinds) if dtype is None else np.dtype(dtype)
    x = elementwise.astype(manipulation.concat(parts, axis=0), kind)
    weights = _weights(fweights, aweights, x.shape[1])
    less = (0 if bias else 1) if ddof is None else int(ddof)
    if weights is None:
        count: Any = x.shape[1]
        mean = statistics.mean(x, axis=1, keepdims=True)
        share = max(count - less, 0) or 0
        factor: Any = np.float64(count - less) if share or count == less else np.float64(0)
        weighted = apart = elementwise.call(np.subtract, x, mean)
    else:
        total = weights.sum()
        if total == 0:
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        mean = _weighted_mean(x, weights, total)
        apart = elementwise.call(np.subtract, x, mean)
        weighted = elementwise.call(np.multiply, apart, weights)
        if less == 0:
            factor = total
        elif aweights is None:
            factor = total - less
        else:
            factor = total - less * (weights * values_of(aweights)).sum() / total
        factor = np.float64(max(factor, 0.0))
    turned = manipulation.transpose(weighted)
    if kind.kind == "c":
        turned = elementwise.call(np.conjugate, turned)
    product = products.matmul(apart, turned)
    made = elementwise.call(np.multiply, product, np.true_divide(1, factor) if factor else np.inf)
    return manipulation.squeeze(made)


def _weighted_mean(x: Node, weights: Any, total: Any) -> Node:
    scaled = elementwise.call(np.multiply, x, weights)
    return elementwise.call(np.divide, reductions.sum(scaled, axis=1, keepdims=True), total)


def _weights(fweights: Any, aweights: Any, count: int) -> Any:
    found = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        values = values_of(given).astype(float)
        if values.ndim > 1:
            raise InvalidArgument(f"cannot handle multidimensional {name}")
        if len(values) != count:
            raise ChunkMismatch(f"incompatible numbers of samples and {name}")
        if (values < 0).any():
            raise InvalidArgument(f"{name} cannot be negative")
        if name == "fweights" and (values != np.around(values)).any():
            raise InvalidArgument("fweights must be integer")
        found = values if found is None else found * values
    return found


def corrcoef(x: Node, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Node:
    """The correlation coefficients of variables, a row each (a column if not `rowvar`)."""
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return elementwise.call(np.divide, c, c)
    spread = elementwise.call(np.sqrt, elementwise.real(products.diagonal(c)))
    c = elementwise.call(np.divide, c, part(spread, (slice(None), None)))
    c = elementwise.call(np.divide, c, part(spread, (None, slice(None))))
    if c.dtype.kind != "c":
        return elementwise.clip(c, -1, 1)
    return c


def correlate(a: Any, v: Any, /, mode: str = "valid") -> Node:
    """The cross-correlation of two vectors; the shorter one is read whole by each task."""
    one, other = node_of(a), node_of(v)
    _check_vectors(one, other)
    if other.shape[0] > one.shape[0]:
        made = correlate(other, one, mode)
        turned = manipulation.flip(made)
        return elementwise.call(np.conjugate, turned) if turned.dtype.kind == "c" else turned
    return _correlated(one, other, mode)


def _check_vectors(one: Node, other: Node) -> None:
    if one.ndim > 1 or other.ndim > 1:
        raise InvalidArgument("object too deep for desired array")
    for name, each in (("a", one), ("v", other)):
        if not all(each.shape):
            raise InvalidArgument(f"{name} cannot be empty")


def convolve(a: Any, v: Any, /, mode: str = "full") -> Node:
    """The convolution of two vectors; the shorter one is read whole by each task."""
    one, other = (manipulation.atleast_1d(node_of(each)) for each in (a, v))
    _check_vectors(one, other)
    if other.shape[0] > one.shape[0]:
        one, other = other, one
    turned = manipulation.flip(other)
    if turned.dtype.kind == "c":
        turned = elementwise.call(np.conjugate, turned)
    return _correlated(one, turned, mode)


def _correlated(one: Node, other: Node, mode: str) -> Node:
    one, other = manipulation.atleast_1d(one), manipulation.atleast_1d(other)
    if mode not in ("full", "same", "valid"):
        raise InvalidArgument(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    size = other.shape[0]
    samples = (np.ones(1, one.dtype), np.ones(1, other.dtype))
    kind = ask(np.correlate, "correlate", *samples).dtype
    around = {"full": (size - 1, size - 1), "same": (size // 2, (size - 1) // 2), "valid": (0, 0)}
    wide = pad(elementwise.astype(one, kind), around[mode])
    count = wide.shape[0] - size + 1
    lengths = one.chunks[0]
    grid = grids.even(count, min(len(lengths), count))
    spans = tuple((a, b + size - 1) for a, b in itertools.pairwise(grids.offsets(grid)))
    seen = nodes.Overlap(wide, (spans,), (tuple(b - a for a, b in spans),), kind)
    whole = on_grid(elementwise.astype(other, kind), ((size,),))
    return call_kernel(
        kernels.correlate, [seen, whole], (grid,), kind, labels=[(0,), (None,)], weight=size
    )


def polyval(p: Any, x: Any, /) -> Node:
    """The value of a polynomial, whose coefficients begin with that of the highest power."""
    factors = manipulation.atleast_1d(node_of(p))
    places = node_of(x)
    made = zeros(places.shape, places.dtype, places.chunks)
    for n in range(factors.shape[0]):
        made = elementwise.call(np.multiply, made, places)
        made = elementwise.call(np.add, made, part(factors, (n,)))
    return made


def unwrap(x: Node, discont: Any = None, axis: int = -1, *, period: float = 2 * np.pi) -> Node:
    """Angles without jumps of more than half a period along an axis."""
    at = normalize_axis(axis, x.ndim)
    steps = manipulation.diff(x, axis=at)
    limit = period / 2 if discont is None else discont
    kind = np.result_type(steps.dtype, type(period))
    if np.issubdtype(kind, np.integer):
        high, rest = divmod(period, 2)
        unclear = rest == 0
    else:
        high, unclear = period / 2, True
    low = -high
    moved = elementwise.call(np.subtract, steps, low)
    turned = elementwise.call(np.add, elementwise.call(np.remainder, moved, period), low)
    if unclear:
        ends = elementwise.call(np.equal, turned, low)
        rises = elementwise.call(np.greater, steps, 0)
        both = elementwise.call(np.logical_and, ends, rises)
        turned = elementwise.where(both, high, turned)
    correct = elementwise.call(np.subtract, turned, steps)
    small = elementwise.call(np.less, elementwise.call(np.absolute, steps), limit)
    correct = elementwise.where(small, 0, correct)
    ahead = (slice(None),) * at
    first = elementwise.astype(part(x, (*ahead, slice(0, 1))), kind)
    rest_ = elementwise.call(np.add, part(x, (*ahead, slice(1, None))), cumsum(correct, axis=at))
    return manipulation.concat([first, elementwise.astype(rest_, kind)], axis=at)
