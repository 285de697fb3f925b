"""Calling kernels of ours on blocks: how a chapter makes nodes of a function in kernels/."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.grid.chunks import Chunks
from shframe.array.grid.defaults import choose_grid

Labels = tuple[int | None, ...]
Made = tuple[Chunks, np.dtype[Any]]  # grid and dtype of a result


def whole_along(x: Node, axes: Sequence[int]) -> Node:
    """The array with each of these axes in one block; the others are cut into smaller ones."""
    if all(len(x.chunks[axis]) == 1 for axis in axes):
        return x
    wanted = [-1 if n in axes else "auto" for n in range(x.ndim)]
    return on_grid(x, choose_grid(wanted, x.shape, x.dtype))


def call_kernel(
    call: Callable[..., Any],
    sources: Sequence[Node],
    chunks: Chunks,
    dtype: Any,
    *,
    over: Chunks | None = None,
    labels: Sequence[Labels] | None = None,
    with_origin: bool = False,
    weight: float = 8,
    **options: Any,
) -> Node:
    """The array whose blocks a kernel returns.

    over: the grid of positions; the result's own when None.
    labels: as nodes.Kernel has them; when None all sources have the axes of `over`.
    """
    grid = chunks if over is None else over
    source = _kernel(call, sources, grid, labels, with_origin, weight, options)
    return nodes.Computed(source, None, chunks, np.dtype(dtype))


def call_for_several(
    call: Callable[..., Any],
    sources: Sequence[Node],
    results: Sequence[Made],
    *,
    over: Chunks,
    labels: Sequence[Labels] | None = None,
    with_origin: bool = False,
    weight: float = 8,
    **options: Any,
) -> tuple[Node, ...]:
    """The arrays whose blocks are the items of the tuples that a kernel returns."""
    source = _kernel(call, sources, over, labels, with_origin, weight, options)
    return tuple(nodes.Computed(source, n, *made) for n, made in enumerate(results))


def _kernel(
    call: Callable[..., Any],
    sources: Sequence[Node],
    over: Chunks,
    labels: Sequence[Labels] | None,
    with_origin: bool,
    weight: float,
    options: dict[str, Any],
) -> nodes.Kernel:
    if labels is None:
        labels = [tuple(range(len(over) - each.ndim, len(over))) for each in sources]
    how = tuple(sorted(options.items()))
    return nodes.Kernel(call, how, tuple(sources), tuple(labels), over, with_origin, weight)
