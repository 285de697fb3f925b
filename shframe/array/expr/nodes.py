"""Nodes of array expressions: what is to be computed, with its grid and dtype. They compute
nothing: rules/ rewrites them and lower/ makes tasks of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.array.expr.moments import Together
from shframe.array.expr.program import Program
from shframe.array.expr.reducers import Reducer
from shframe.array.grid.chunks import Chunks, Shape, numblocks, shape_of
from shframe.graph.cached import cached_property
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.graph.tasks.function import Function, UserCode
from shframe.lazy.delayed_graph import DelayedCall
from shframe.lazy.embedded import Embedded

DType = np.dtype[Any]


class Node(Expr):
    """An array to be: its blocks' grid and its dtype are known, its values are not."""

    chunks: Chunks
    dtype: DType

    @cached_property
    def shape(self) -> Shape:
        """Lengths of the axes."""
        return shape_of(self.chunks)

    @property
    def ndim(self) -> int:
        """How many axes."""
        return len(self.chunks)

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def numblocks(self) -> Shape:
        """How many blocks along each axis."""
        return numblocks(self.chunks)


@dataclass(frozen=True, eq=False)
class FromArray(Node):
    """Blocks of one object in the store; axis `n` of it is read from start, by step.

    strides: (start, step) of each axis of the object in `stored_shape`.
    in_order: whether the object is in C order, so that any shape of it is a view.
    """

    ref: ObjectRef
    stored_shape: Shape
    strides: tuple[tuple[int, int], ...]
    in_order: bool
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class FromBlocks(Node):
    """Blocks that were computed before, an object each, in C order."""

    refs: tuple[ObjectRef, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class FromDelayed(Node):
    """The one block that a delayed call returns."""

    call: DelayedCall
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class FromParts(Node):
    """Blocks along the first axis that the parts of another plan hold: partitions of a frame.

    show: called with a part, returns its values as an array, a view of them where it can.
    """

    parts: Embedded
    show: Function
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Full(Node):
    """The same value everywhere."""

    value: Any
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Arange(Node):
    """start + step * n for each index n, but at the indices in `fixed` the values there."""

    start: Any
    step: Any
    fixed: tuple[tuple[int, Any], ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Eye(Node):
    """Ones on the k-th diagonal, zeros elsewhere."""

    k: int
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Random(Node):
    """Random numbers: block n draws from a generator seeded by (seed, stream, n).

    method: of numpy.random.Generator, called with the parameters and the block's shape.
    """

    method: str
    parameters: tuple[Any, ...]
    options: tuple[tuple[str, Any], ...]
    seed: tuple[int, ...]
    stream: tuple[int, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Elementwise(Node):
    """A program of elementwise steps on sources that broadcast to the grid, block by block."""

    program: Program
    sources: tuple[Expr, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Reduce(Node):
    """A reducer over axes of a program's result.

    over: the grid on which the program runs.
    """

    reducer: Reducer
    axes: tuple[int, ...]
    keepdims: bool
    program: Program
    sources: tuple[Expr, ...]
    over: Chunks
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Reductions(Expr):
    """Several reducers over the same axes of one program's values, which are read once: a tuple of
    their results for each block.

    dtype: the widest of the results'.
    """

    reducers: tuple[Reducer, ...]
    axes: tuple[int, ...]
    keepdims: bool
    program: Program
    sources: tuple[Expr, ...]
    over: Chunks
    dtype: DType

    @property
    def reducer(self) -> Reducer:
        """All of them."""
        return Together(self.reducers)


@dataclass(frozen=True, eq=False)
class Scan(Node):
    """Running result of a ufunc along an axis."""

    source: Node
    ufunc: np.ufunc
    axis: int
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Slice(Node):
    """Part of each axis: a slice with its bounds inside, or one place, which drops the axis."""

    source: Node
    index: tuple[slice | int, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Take(Node):
    """The elements of an axis at an array of indices; none is negative."""

    source: Node
    indices: ObjectRef
    blocks: tuple[tuple[int, ...], ...]
    axis: int
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Transpose(Node):
    """The axes in another order."""

    source: Node
    axes: tuple[int, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class ExpandDims(Node):
    """New axes of length 1; `axes` are their positions in the result."""

    source: Node
    axes: tuple[int, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class BroadcastTo(Node):
    """Axes of length 1, or missing in front, repeated to the grid's lengths."""

    source: Node
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Rechunk(Node):
    """The same array on another grid."""

    source: Node
    chunks: Chunks
    dtype: DType


def on_grid(node: Node, grid: Chunks) -> Node:
    """The node itself if it has the grid, else its Rechunk."""
    return node if node.chunks == grid else Rechunk(node, grid, node.dtype)


@dataclass(frozen=True, eq=False)
class Reshape(Node):
    """The elements in C order in another shape; both grids cut contiguous runs."""

    source: Node
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Concat(Node):
    """Arrays one behind the other along an axis; their other axes have one grid."""

    sources: tuple[Expr, ...]
    axis: int
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class MatMul(Node):
    """The matrix product over the last two axes; leading axes broadcast."""

    one: Node
    other: Node
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Stored(Expr):
    """A value in the store, of any kind: what a user's function is given by keyword."""

    ref: ObjectRef


@dataclass(frozen=True, eq=False)
class MapBlocks(Node):
    """A user's function of the sources' blocks at each position of the grid `over`.

    words: names of keywords that are computed; their values are the last of the sources, whole.
    """

    function: UserCode
    sources: tuple[Expr, ...]
    keywords: tuple[tuple[str, Any], ...]
    words: tuple[str, ...]
    with_place: bool
    writable: bool
    over: Chunks
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Kernel(Expr):
    """What a kernel of ours returns for the sources' blocks at each position of the grid `over`.

    labels: for each axis of each source the axis of the grid that it follows, or None where the
        kernel gets all blocks along it, as a list in C order.
    with_origin: whether the kernel takes a keyword `origin`, where its position begins.
    weight: sums of its elements that take as long as the kernel.
    """

    call: Callable[..., Any]
    options: tuple[tuple[str, Any], ...]
    sources: tuple[Expr, ...]
    labels: tuple[tuple[int | None, ...], ...]
    over: Chunks
    with_origin: bool
    weight: float


@dataclass(frozen=True, eq=False)
class Computed(Node):
    """The blocks that a kernel returns, or one item of each tuple that it or reductions return."""

    source: Kernel | Reductions
    number: int | None
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Overlap(Node):
    """Blocks that share elements with their neighbours: (low, high) of each block on each axis."""

    source: Node
    ranges: tuple[tuple[tuple[int, int], ...], ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Assign(Node):
    """An array with a part replaced, which is at slices with positive steps.

    value: on the grid into which the source's blocks cut the part.
    """

    source: Node
    value: Node
    index: tuple[slice, ...]
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Put(Node):
    """An array with the elements of an axis at ascending indices replaced.

    value: cut along the axis where the source's blocks cut the indices; `cuts` are these places.
    ufunc: what replaces them is its results; an index that is there several times counts as often.
    """

    source: Node
    value: Node
    indices: ObjectRef
    cuts: tuple[int, ...]
    axis: int
    ufunc: np.ufunc | None
    chunks: Chunks
    dtype: DType


@dataclass(frozen=True, eq=False)
class Result(Node):
    """The plan's result: each block a task's own array, in C order.

    final: the lent segment that the blocks fill instead, as parts of one array; or None.
    """

    source: Node
    final: int | None
    chunks: Chunks
    dtype: DType
