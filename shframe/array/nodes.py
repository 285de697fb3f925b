"""The nodes of an array's plan; each knows its chunks and dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.array.chunks import Chunks, shape_of
from shframe.array.kernels import Op
from shframe.graph.expr import Expr
from shframe.graph.objectref import ObjectRef


@dataclass(frozen=True, eq=False)
class Node(Expr):
    """An array in blocks: `chunks` are the block lengths along each axis."""

    chunks: Chunks
    dtype: str

    @functools.cached_property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.chunks)

    @property
    def numpy_dtype(self) -> Any:
        return np.dtype(self.dtype)


@dataclass(frozen=True, eq=False)
class FromObject(Node):
    """Blocks that are views of one stored array."""

    ref: ObjectRef


@dataclass(frozen=True, eq=False)
class FromBlocks(Node):
    """Blocks that are stored each by itself, in C order."""

    refs: tuple[ObjectRef, ...]


@dataclass(frozen=True, eq=False)
class Made(Node):
    """Blocks made from nothing: `make` gives (kernel, its parameters) for a block number."""

    kind: str
    values: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Elementwise(Node):
    """A program of operations on corresponding blocks, broadcast against each other."""

    program: tuple[Op, ...]
    sources: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Reduce(Node):
    """A reduction over some axes; `kwargs` go to NumPy's function on each block."""

    source: Node
    name_: str
    axes: tuple[int, ...]
    keepdims: bool
    ddof: float
    kwargs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, eq=False)
class Slice(Node):
    """Basic indexing, made of slices, whole numbers and None (already normalised)."""

    source: Node
    index: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Transpose(Node):
    """Axes in another order."""

    source: Node
    axes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Rechunk(Node):
    """The same array in other blocks."""

    source: Node


@dataclass(frozen=True, eq=False)
class Reshape(Node):
    """Each block in a shape of its own; the source's blocks are runs of the flat array."""

    source: Node


@dataclass(frozen=True, eq=False)
class Broadcast(Node):
    """Blocks repeated along new or unit axes."""

    source: Node


@dataclass(frozen=True, eq=False)
class Concat(Node):
    """Arrays one after another along an axis."""

    sources: tuple[Node, ...]
    axis: int


@dataclass(frozen=True, eq=False)
class MatMul(Node):
    """A matrix product of blocks."""

    left: Node
    right: Node


@dataclass(frozen=True, eq=False)
class Along(Node):
    """A NumPy function along one axis, which lies in one block."""

    source: Node
    name_: str
    axis: int
    kwargs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, eq=False)
class MapBlocks(Node):
    """A function on corresponding blocks."""

    sources: tuple[Node, ...]
    function: Any
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, eq=False)
class Whole(Node):
    """A NumPy function on whole arrays, in one task."""

    sources: tuple[Node, ...]
    function: str
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


Make = Callable[..., Any]
