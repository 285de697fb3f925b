"""Padding: elements added around an array. Blocks of the array itself are read as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, manipulation, quantiles, reductions, statistics
from shframe.array.functions.calling import call_kernel, whole_along
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.slicing import part
from shframe.array.functions.taking import take_along
from shframe.array.kernels import calculus as kernels
from shframe.errors import InvalidArgument
from shframe.graph.tasks.function import UserCode

BY_INDEX = ("edge", "reflect", "symmetric", "wrap")
BY_STATISTIC = {
    "maximum": reductions.max,
    "minimum": reductions.min,
    "mean": statistics.mean,
    "median": quantiles.median,
}
Pair = tuple[Any, Any]


def pad(x: Node, /, pad_width: Any, mode: Any = "constant", **how: Any) -> Node:
    """Elements added before and behind each axis, as numpy.pad has them.

    mode: "constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "mean",
        "median", "minimum", "empty" (zeros here), or a function as numpy.pad takes it, for which
        the array is gathered.
    how: constant_values=, end_values=, stat_length=, reflect_type=, or the function's keywords.
    Raises: InvalidArgument as numpy.pad does.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.pad(xp.arange(3, chunks=2), (1, 2), mode="edge").compute().tolist()
    [0, 0, 1, 2, 2, 2]
    """
    widths = _pairs(pad_width, x.ndim, "pad_width")
    if not x.ndim:
        return x
    small = np.empty(tuple(min(n, 2) for n in x.shape), x.dtype)
    if callable(mode):
        return _by_function(x, widths, mode, how)
    # NumPy says what is wrong with the arguments
    ask(lambda: np.pad(small, [(min(a, 1), min(b, 1)) for a, b in widths], mode, **how), "pad")
    for axis, (before, behind) in enumerate(widths):
        if before or behind:
            x = _pad_axis(x, axis, before, behind, mode, how)
    return x


def _pairs(value: Any, ndim: int, name: str, *, integers: bool = True) -> list[Pair]:
    """What is before and behind each axis."""
    if isinstance(value, dict):
        found: list[Any] = [(0, 0)] * ndim
        for axis, width in value.items():
            found[axis] = width if np.ndim(width) else (width, width)
        value = found
    array = np.asarray(value)
    if integers and array.dtype.kind not in "iu" and array.size:
        raise InvalidArgument("`pad_width` must be of integral type.")
    if integers and (array < 0).any():
        raise InvalidArgument("index can't contain negative values")
    if array.shape == (1,):
        array = array.reshape(())
    try:
        made = np.broadcast_to(array, (ndim, 2))
    except ValueError as error:
        raise InvalidArgument(f"{name}={value!r}: {error}") from None
    return [tuple(row) for row in made.tolist()]


def _line(x: Node, axis: int, length: int) -> tuple[int, ...]:
    return tuple(length if n == axis else size for n, size in enumerate(x.shape))


def _pad_axis(x: Node, axis: int, before: int, behind: int, mode: str, how: Any) -> Node:
    parts = [x]
    if mode in BY_INDEX:
        parts = _by_index(x, axis, before, behind, mode, how)
    elif mode in ("constant", "empty"):
        values = _pairs(how.get("constant_values", 0), x.ndim, mode, integers=False)[axis]
        sides = [
            nodes.Full(np.asarray(v).astype(x.dtype)[()], _grid_beside(x, axis, n), x.dtype)
            for v, n in zip(values, (before, behind), strict=True)
        ]
        parts = [sides[0], x, sides[1]]
    elif mode == "linear_ramp":
        ends = _pairs(how.get("end_values", 0), x.ndim, mode, integers=False)[axis]
        parts = [
            _ramp(x, axis, before, ends[0], first=True),
            x,
            _ramp(x, axis, behind, ends[1], first=False),
        ]
    else:
        lengths = _stat_lengths(how.get("stat_length"), x)[axis]
        parts = [
            _statistic(x, axis, before, mode, lengths[0], first=True),
            x,
            _statistic(x, axis, behind, mode, lengths[1], first=False),
        ]
    return manipulation.concat([each for each in parts if each.shape[axis]], axis=axis)


def _grid_beside(x: Node, axis: int, length: int) -> Any:
    return tuple((length,) if n == axis else lengths for n, lengths in enumerate(x.chunks))


def _by_index(x: Node, axis: int, before: int, behind: int, mode: Any, how: Any) -> list[Node]:
    count = x.shape[axis]
    if not count:
        raise InvalidArgument(
            f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
        )
    if how.get("reflect_type", "even") == "odd":
        line = whole_along(x, (axis,))
        grid = tuple(
            (before + count + behind,) if n == axis else lengths
            for n, lengths in enumerate(line.chunks)
        )
        over = line.chunks
        width = (before, behind)
        how = {"axis": axis, "width": width, "mode": mode}
        return [call_kernel(kernels.pad_odd, [line], grid, x.dtype, over=over, **how)]
    places = np.pad(np.arange(count), (before, behind), mode)
    low = take_along(x, places[:before], axis)
    return [low, x, take_along(x, places[before + count :], axis)]


def _ramp(x: Node, axis: int, count: int, end: Any, *, first: bool) -> Node:
    ahead = (slice(None),) * axis
    edge = part(x, (*ahead, slice(0, 1) if first else slice(-1, None)))
    grid = tuple((count,) if n == axis else lengths for n, lengths in enumerate(x.chunks))
    if not count:
        return part(edge, (*ahead, slice(0, 0)))
    return call_kernel(
        kernels.ramp,
        [edge],
        grid,
        x.dtype,
        over=edge.chunks,
        axis=axis,
        count=count,
        end=end,
        first=first,
    )


def _stat_lengths(value: Any, x: Node) -> list[Pair]:
    if value is None:
        return [(n, n) for n in x.shape]
    pairs = _pairs(value, x.ndim, "stat_length")
    return [(min(a, n), min(b, n)) for (a, b), n in zip(pairs, x.shape, strict=True)]


def _statistic(x: Node, axis: int, count: int, mode: str, length: int, *, first: bool) -> Node:
    ahead = (slice(None),) * axis
    size = x.shape[axis]
    if not length and mode in ("maximum", "minimum"):
        raise InvalidArgument("stat_length of 0 yields no value for padding")
    chosen = part(x, (*ahead, slice(0, length) if first else slice(size - length, None)))
    made = BY_STATISTIC[mode](chosen, axis=axis, keepdims=True)  # type: ignore[operator]
    if x.dtype.kind in "iu" and made.dtype.kind not in "iu":
        made = elementwise.call(np.rint, made)
    made = elementwise.astype(made, x.dtype)
    return manipulation.broadcast_to(made, _line(x, axis, count))


def _by_function(x: Node, widths: list[Pair], mode: Any, how: Any) -> Node:
    whole = tuple((n,) for n in x.shape)
    shape = tuple((n + a + b,) for n, (a, b) in zip(x.shape, widths, strict=True))
    return call_kernel(
        kernels.pad_whole,
        [nodes.on_grid(x, whole)],
        shape,
        x.dtype,
        over=whole,
        function=UserCode(mode),
        widths=tuple(widths),
        how=tuple(sorted(how.items())),
    )
