"""Factorisations of large matrices by panels: some columns each, in all rows.

A step is a task that takes one panel and a factored one before it, so that no task holds more than
these two, and panels are worked on side by side. What small matrices need is in decompositions.py.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import creation, elementwise, manipulation
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.grid.defaults import largest
from shframe.array.kernels import panels as kernels

WHOLE = 16 << 20  # bytes of a matrix that LAPACK is given as a whole
NARROWEST = 64  # columns: panels that are narrower cost more than they save
MANY = 16  # panels, where the matrix allows for them: some for each worker, after the first ones


def is_large(*matrices: Node) -> bool:
    """Whether one of these, in several blocks, is to be worked on by panels."""
    found = [each for each in matrices if each.ndim == 2 and each.nbytes > WHOLE]
    return any(max(each.numblocks) > 1 for each in found)


def _widths(x: Node, columns: int) -> grids.Axis:
    """How many columns each panel has."""
    room = largest() // max(x.shape[0] * x.dtype.itemsize, 1)
    width = max(min(columns // MANY, room), min(NARROWEST, columns), 1)
    return tuple(min(width, columns - n) for n in range(0, columns, width))


def cut_panels(x: Node, columns: int | None = None) -> list[Node]:
    """The panels of a matrix; `columns`: those of the first ones, all others behind them."""
    first = x.shape[1] if columns is None else columns
    widths = (*_widths(x, first), *_widths(x, x.shape[1] - first))
    on = on_grid(x, ((x.shape[0],), widths))
    return [
        part(on, (slice(None), slice(start, start + width)))
        for start, width in zip(grids.offsets(widths), widths, strict=False)
    ]


def join_panels(panels: Sequence[Node]) -> Node:
    """The matrix of panels beside one another."""
    return manipulation.concat(list(panels), axis=1)


def _step(call: Callable[..., Any], *sources: Node, like: Node, **options: Any) -> Node:
    """A panel, or a factored one, that a kernel makes; `like` has its shape and dtype."""
    return call_kernel(
        call,
        sources,
        tuple((length,) for length in like.shape),
        like.dtype,
        over=((1,), (1,)),
        labels=[(0, 1)] * len(sources),
        weight=float(2 * max(like.shape[1], 8)),
        **options,
    )


def _item(factored: Node, number: int) -> Node:
    assert isinstance(factored, nodes.Computed)
    return nodes.Computed(factored.source, number, factored.chunks, factored.dtype)


@dataclass
class Factored:
    """Factored panels, and the rows at which they begin; what came of panels behind them."""

    panels: list[Node]
    starts: list[int]
    others: list[Node]


def _factor(
    panels: list[Node], rows: int, factor: Callable[..., Any], update: Callable[..., Any]
) -> Factored:
    """Factor panel after panel up to so many rows, each time with those behind it updated."""
    made = Factored([], [], [])
    left = list(panels)
    start = 0
    while left and start < rows:
        first, *left = left
        done = _step(factor, first, like=first, start=start)
        left = [_step(update, each, done, like=each, start=start) for each in left]
        made.panels.append(done)
        made.starts.append(start)
        start += first.shape[1]
    made.others = left
    return made


# -- LU


def lu_panels(x: Node) -> Factored:
    """The factored panels of a square matrix."""
    return _factor(cut_panels(x), x.shape[0], kernels.lu_factor, kernels.lu_update)


def lu(x: Node) -> tuple[Node, Node, Node]:
    """P, L and U."""
    made = lu_panels(x)
    pairs = list(zip(made.panels, made.starts, strict=True))
    upper = [_step(kernels.upper_of, each, like=each, start=start) for each, start in pairs]
    lower = [
        _step(kernels.lower_of, *made.panels[n:], like=each, start=start)
        for n, (each, start) in enumerate(pairs)
    ]
    orders = [
        _step(
            kernels.permutation_of,
            *made.panels,
            like=each,
            start=start,
            stop=start + each.shape[1],
            kind=x.dtype,
        )
        for each, start in pairs
    ]
    return join_panels(orders), join_panels(lower), join_panels(upper)


def solve(x: Node, right: Node) -> Node:
    """The solution of x @ result = right, a matrix of the same dtype."""
    made = lu_panels(x)
    pairs = list(zip(made.panels, made.starts, strict=True))
    done = []
    for panel in cut_panels(right):
        for each, start in pairs:
            panel = _step(kernels.lu_update, panel, each, like=panel, start=start)
        for each, start in reversed(pairs):
            how = {"start": start, "lower": False}
            panel = _step(kernels.substitute, panel, each, like=panel, **how)
        done.append(panel)
    return join_panels(done)


def slogdet(x: Node) -> tuple[Node, Node]:
    """The sign of the determinant, and the logarithm of its size."""
    made = lu_panels(x)
    shares = [
        call_kernel(
            kernels.sign_and_log,
            [each],
            ((2,),),
            x.dtype,
            over=((1,),),
            labels=[(0, 0)],
            start=start,
        )
        for each, start in zip(made.panels, made.starts, strict=True)
    ]
    signs = [part(each, (0,)) for each in shares]
    logs = [elementwise.real(part(each, (1,))) for each in shares]
    sign = functools.reduce(lambda a, b: elementwise.call(np.multiply, a, b), signs)
    return sign, functools.reduce(lambda a, b: elementwise.call(np.add, a, b), logs)


def solve_triangular(x: Node, right: Node, lower: bool) -> Node:
    """The solution of x @ result = right, matrices of one dtype, with one half of x read."""
    panels = cut_panels(x)
    starts = [0, *itertools.accumulate(each.shape[1] for each in panels)]
    pairs = list(zip(panels, starts, strict=False))
    done = []
    for panel in cut_panels(right):
        for each, start in pairs if lower else reversed(pairs):
            how = {"start": start, "lower": lower}
            panel = _step(kernels.substitute, panel, each, like=panel, **how)
        done.append(panel)
    return join_panels(done)


# -- Cholesky


def cholesky(x: Node) -> Node:
    """The lower factor; the upper half of the matrix is not read."""
    factor, update = kernels.cholesky_factor, kernels.cholesky_update
    left = cut_panels(x)
    done: list[Node] = []
    start = 0
    while left:
        first, *left = left
        made = _step(factor, first, like=first, start=start)
        done.append(made)
        start = behind = start + first.shape[1]
        for n, each in enumerate(left):
            left[n] = _step(update, each, made, like=each, start=behind)
            behind += each.shape[1]
    return join_panels(done)


# -- QR


def qr(x: Node, mode: str) -> tuple[Node | None, Node]:
    """Q, if the mode has one, and R, of a matrix of any shape."""
    rows, columns = x.shape
    k = min(rows, columns)
    made = _factor(cut_panels(x, k), k, kernels.qr_factor, kernels.qr_update)
    uppers = [_item(each, 0) for each in made.panels]
    r = join_panels([*uppers, *made.others])
    if mode != "complete":
        r = part(r, (slice(0, k),))
    if mode == "r":
        return None, r
    width = rows if mode == "complete" else k
    done = []
    start = 0
    for panel in cut_panels(creation.eye(rows, width, dtype=x.dtype), k):
        start += panel.shape[1]
        for each, first in reversed(list(zip(made.panels, made.starts, strict=True))):
            if first < start:  # the others change rows that are zero
                panel = _step(kernels.reflect_back, panel, each, like=panel, start=first)
        done.append(panel)
    return join_panels(done), r
