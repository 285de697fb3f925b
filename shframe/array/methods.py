"""Methods of arrays that are functions of a chapter: each is a line here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from shframe.array.dask_options import without_dasks
from shframe.array.expr.nodes import Node
from shframe.array.functions import (
    assignment,
    building,
    elementwise,
    indexing,
    manipulation,
    products,
    running,
    searching,
    sorting,
    variances,
)
from shframe.array.functions.convert import node_of
from shframe.array.functions.map_blocks import map_blocks
from shframe.array.functions.overlap import map_overlap
from shframe.array.functions.slicing import part
from shframe.array.grid.axes import Axes
from shframe.array.outputs import with_out
from shframe.errors import UnsupportedType


class Methods:
    """The methods; `expr` is the node that they work on."""

    if TYPE_CHECKING:
        expr: Node

        def __init__(self, expr: Node) -> None: ...

    else:
        __slots__ = ()

    def __setitem__(self, index: Any, value: Any) -> None:
        self.expr = assignment.assigned(self.expr, index, value)

    def rechunk(self, chunks: Any = "auto", **how: Any) -> Self:
        """The same array on another grid; `how`: balance=, block_size_limit=, and without effect
        Dask's threshold= and method=."""
        return type(self)(manipulation.rechunk(self.expr, chunks, **without_dasks("rechunk", how)))

    def reshape(
        self, *shape: Any, order: str = "C", merge_chunks: bool = True, limit: Any = None
    ) -> Self:
        """The elements in C order in another shape; one length may be -1.

        order: "F" reads and puts them with the first axis changing fastest.
        merge_chunks, limit: are Dask's, and without effect.
        """
        wanted = shape[0] if len(shape) == 1 else shape
        return type(self)(manipulation.reshape(self.expr, wanted, order=order))

    def ravel(self, order: str = "C") -> Self:
        """All elements along one axis; order: as reshape() has it."""
        return type(self)(manipulation.ravel(self.expr, order=order))

    def flatten(self, order: str = "C") -> Self:
        """All elements along one axis; order: as reshape() has it."""
        return type(self)(manipulation.ravel(self.expr, order=order))

    def transpose(self, *axes: Any) -> Self:
        """The axes in another order, reversed when none is given."""
        given = axes[0] if len(axes) == 1 else axes
        return type(self)(manipulation.transpose(self.expr, given if axes else None))

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """Two axes exchanged."""
        return type(self)(manipulation.swapaxes(self.expr, axis1, axis2))

    def squeeze(self, axis: Axes = None) -> Self:
        """Without axes of length 1."""
        return type(self)(manipulation.squeeze(self.expr, axis))

    def astype(self, dtype: Any, copy: bool = True, *, casting: Any = "unsafe") -> Self:
        """The values in another dtype, if the rule allows it."""
        elementwise.check_casting(self.expr, dtype, casting)
        return type(self)(elementwise.astype(self.expr, dtype, copy=copy))

    def copy(self) -> Self:
        """An array with the same values."""
        return type(self)(self.expr)

    @with_out
    def round(self, decimals: int = 0) -> Self:
        """Rounded to a number of decimals."""
        return type(self)(elementwise.round(self.expr, decimals))

    @with_out
    def clip(self, min: Any = None, max: Any = None) -> Self:
        """The values, not below `min` nor above `max`."""
        return type(self)(elementwise.clip(self.expr, min=min, max=max))

    def conj(self) -> Self:
        """Complex conjugates; real numbers as they are."""
        return (
            self
            if self.expr.dtype.kind in "biuf"
            else type(self)(elementwise.call(np.conjugate, self.expr))
        )

    conjugate = conj

    @with_out
    def take(self, indices: Any, axis: int | None = None, mode: str = "raise") -> Self:
        """The elements of an axis at an array of integers."""
        return type(self)(indexing.take(self.expr, indices, axis=axis, mode=mode))

    @with_out
    def compress(self, condition: Any, axis: int | None = None) -> Self:
        """The elements of an axis where a vector is true."""
        return type(self)(indexing.compress(condition, self.expr, axis))

    @with_out
    def dot(self, other: Any) -> Self:
        """The product as numpy.dot has it."""
        return type(self)(products.dot(self.expr, node_of(other)))

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None) -> None:
        """Sort along an axis, in place: the array becomes another lazy one."""
        self.expr = sorting.sort(self.expr, axis, kind, order)

    def argsort(self, axis: int | None = -1, kind: Any = None, order: Any = None) -> Self:
        """The indices that sort an axis."""
        return type(self)(sorting.argsort(self.expr, axis, kind, order))

    def partition(self, kth: Any, axis: int = -1, kind: Any = None, order: Any = None) -> None:
        """Partition an axis, in place: it is sorted, the array becomes another lazy one."""
        self.expr = sorting.partition(self.expr, kth, axis, kind, order)

    def argpartition(self, kth: Any, axis: int | None = -1) -> Self:
        """The indices that partition an axis."""
        return type(self)(sorting.argpartition(self.expr, kth, axis=axis))

    def topk(self, k: int, axis: int = -1) -> Self:
        """The k largest elements of an axis."""
        return type(self)(sorting.topk(self.expr, k, axis=axis))

    def argtopk(self, k: int, axis: int = -1) -> Self:
        """The indices of the k largest elements of an axis."""
        return type(self)(sorting.argtopk(self.expr, k, axis=axis))

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Self:
        """The indices at which values belong in the array."""
        return type(self)(searching.searchsorted(self.expr, v, side, sorter))

    def nonzero(self) -> tuple[Self, ...]:
        """The indices of elements that are not zero; computed at the call."""
        return tuple(map(type(self), indexing.nonzero(self.expr)))

    @with_out
    def choose(self, choices: Any, mode: str = "raise") -> Self:
        """Of each element the one of the choices that it is the number of."""
        return type(self)(building.choose(self.expr, choices, mode))

    @with_out
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Self:
        """The sum of the diagonal."""
        return type(self)(products.trace(self.expr, offset, axis1, axis2, dtype))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """The diagonal."""
        return type(self)(products.diagonal(self.expr, offset, axis1, axis2))

    def repeat(self, repeats: Any, axis: int | None = None) -> Self:
        """Each element, or each index of an axis, repeated."""
        return type(self)(manipulation.repeat(self.expr, repeats, axis))

    def fill(self, value: Any) -> None:
        """Set all elements to a value: the array becomes another lazy one."""
        self.expr = assignment.assigned(self.expr, Ellipsis, value)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Set elements of the raveled array; the array becomes another lazy one.

        mode: what an index beyond the ends does: "raise", "wrap" around, or "clip" to the end.
        """
        line = manipulation.ravel(self.expr)
        wanted = indexing.bounded(np.ravel(np.asarray(indices)), mode, line.shape[0])
        given = np.asarray(values)
        if wanted.size and given.size:  # as NumPy, nothing is put where no value is given
            line = assignment.assigned(line, wanted, np.resize(given, wanted.shape))
            self.expr = manipulation.reshape(line, self.expr.shape)

    def view(self, dtype: Any = None) -> Self:
        """The bytes of the elements as those of another dtype, whose size divides that of the
        last axis."""
        if dtype is None or np.dtype(dtype) == self.expr.dtype:
            return type(self)(self.expr)
        return type(self)(manipulation.view(self.expr, dtype))

    def map_blocks(self, function: Any, *others: Any, **how: Any) -> Self:
        """A function of each block."""
        return type(self)(map_blocks(function, self, *others, **how))

    def map_overlap(
        self, function: Any, depth: Any = 0, boundary: Any = "none", **how: Any
    ) -> Self:
        """A function of blocks that see elements of their neighbours."""
        return type(self)(map_overlap(function, self, depth=depth, boundary=boundary, **how))

    def compute_chunk_sizes(self) -> Self:
        """The array itself: the sizes of blocks are always known."""
        return self

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The values, as an array also if there are no axes; computes."""
        return np.asarray(self)

    def visualize(self, *args: Any, **kwargs: Any) -> str:
        """The plan as text, as explain() has it; arguments of Dask's are accepted and not used."""
        text: str = self.explain()  # type: ignore[attr-defined]
        return text

    @with_out
    def cumulative_sum(self, axis: int | None = None, **how: Any) -> Self:
        """The running sum along an axis; `how`: dtype=, include_initial=."""
        return type(self)(running.cumulative_sum(self.expr, axis=axis, **how))

    def moment(
        self,
        order: int,
        axis: Axes = None,
        dtype: Any = None,
        keepdims: bool = False,
        ddof: float = 0,
    ) -> Self:
        """The central moment of an order along axes."""
        return type(self)(variances.moment(self.expr, order, axis, dtype, keepdims, ddof))

    @property
    def vindex(self) -> PointIndexer:
        """Elements by arrays of indices that are taken point by point: x.vindex[[0, 1], [2, 3]]."""
        return PointIndexer(self)

    @property
    def blocks(self) -> BlockIndexer:
        """The array by its blocks: x.blocks[0, -1] is the last block of the first row of them."""
        return BlockIndexer(self)

    partitions = blocks


class PointIndexer:
    """Indexing point by point: the points' axis is the first of the result."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __getitem__(self, index: Any) -> Any:
        given = index if isinstance(index, tuple) else (index,)
        if any(each is None for each in given):
            raise UnsupportedType("vindex does not support indexing with None (np.newaxis)")
        x = self._array
        items = [*given, *[slice(None)] * (x.ndim - len(given))]
        points = [n for n, each in enumerate(items) if not isinstance(each, slice)]
        if not points:
            return x[tuple(items)]
        arrays = [np.asarray(items[n]) for n in points]
        whole = tuple(each if isinstance(each, slice) else slice(None) for each in items)
        others = [n for n in range(x.ndim) if n not in points]
        node = manipulation.permute_dims(x[whole].expr, (*points, *others))
        return type(x)(indexing.item_of(node, tuple(arrays)))


class BlockIndexer:
    """Indexing by blocks."""

    def __init__(self, array: Any) -> None:
        self._array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """How many blocks there are along each axis."""
        return self._array.numblocks  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """How many blocks there are."""
        return math.prod(self.shape)

    def ravel(self) -> list[Any]:
        """The blocks as arrays, in C order."""
        return [self[place] for place in np.ndindex(*self.shape)]

    def __getitem__(self, index: Any) -> Any:
        x = self._array
        given = index if isinstance(index, tuple) else (index,)
        node = x.expr
        for axis, want in enumerate(_complete(given, x.ndim)):
            lengths = x.chunks[axis]
            places = np.arange(len(lengths))[want if not isinstance(want, int) else [want]]
            starts = np.cumsum([0, *lengths])
            parts = [
                part(node, (slice(None),) * axis + (slice(starts[n], starts[n + 1]),))
                for n in map(int, places)
            ]
            if len(parts) != len(lengths) or list(places) != list(range(len(lengths))):
                empty = part(node, (slice(None),) * axis + (slice(0, 0),))
                node = manipulation.concat(parts or [empty], axis=axis)
        return type(x)(node)


def _complete(given: tuple[Any, ...], ndim: int) -> list[Any]:
    """An index of blocks with an item for each axis."""
    if any(each is None for each in given):
        raise UnsupportedType("blocks do not support indexing with None (np.newaxis)")
    dots = [n for n, each in enumerate(given) if each is Ellipsis]
    if dots:
        rest = [slice(None)] * (ndim - len(given) + 1)
        return [*given[: dots[0]], *rest, *given[dots[0] + 1 :]]
    return [*given, *[slice(None)] * (ndim - len(given))]
