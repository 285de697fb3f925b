"""Array: a lazy NumPy-shaped array. Its methods and operators check their arguments, make a node
and return; the chapters (elementwise.py, reductions.py, ...) hold what they do.

Chapters and this room import each other as modules: each is complete before anything is called.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from shframe import session
from shframe.array import linalg, protocols
from shframe.array.expr import nodes
from shframe.array.functions import blocks, elementwise, indexing, manipulation, reductions
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Chunks, Shape
from shframe.array.plan.planner import PLANNER
from shframe.array.rules.rules import into_final
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.executors.cluster import values
from shframe.graph.objects.shared_output import Final
from shframe.graph.plan.planner import Planner
from shframe.lazy.collection import Collection
from shframe.store.codec.numpy_codec import array_header

if TYPE_CHECKING:
    from shframe.array.lower.block_refs import Layer
    from shframe.graph.objects.object_ref import ObjectRef

LEAST_FINAL = 1 << 20  # bytes; a smaller result is put together in the driver

Axes = int | Sequence[int] | None


class Array(NDArrayOperatorsMixin, Collection):
    """A lazy array: shape and dtype are known, values come with compute().

    NumPy's operators, functions and ufuncs work on it and give an Array; what needs values
    (bool, int, float, len of data, np.asarray) computes.

    Examples
    --------
    >>> import shframe.array as xp
    >>> x = xp.arange(6, chunks=2).reshape(2, 3)
    >>> (x * 2).sum(axis=0).compute().tolist()
    [6, 10, 14]
    """

    __slots__ = ()
    __array_priority__ = 20.0
    __hash__ = None  # type: ignore[assignment]  # == is elementwise

    planner: ClassVar[Planner[Any]] = PLANNER
    expr: nodes.Node

    # -- what is known without computing

    @property
    def shape(self) -> Shape:
        """Lengths of the axes."""
        return self.expr.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.expr.dtype

    @property
    def ndim(self) -> int:
        """How many axes."""
        return self.expr.ndim

    @property
    def size(self) -> int:
        """How many elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.expr.nbytes

    @property
    def chunks(self) -> Chunks:
        """Lengths of the blocks along each axis."""
        return self.expr.chunks

    @property
    def chunksize(self) -> Shape:
        """The shape of the largest block."""
        return tuple(map(max, self.chunks))

    @property
    def numblocks(self) -> Shape:
        """How many blocks along each axis."""
        return self.expr.numblocks

    @property
    def npartitions(self) -> int:
        """How many blocks."""
        return math.prod(self.numblocks)

    @property
    def device(self) -> str:
        """Where the array lives: always "cpu"."""
        return "cpu"

    @property
    def T(self) -> Array:
        """The array with its axes reversed."""
        return manipulation.transpose(self)

    @property
    def mT(self) -> Array:
        """The array with its last two axes exchanged."""
        return linalg.matrix_transpose(self)

    @property
    def real(self) -> Array:
        """Real parts."""
        return elementwise.real(self)

    @property
    def imag(self) -> Array:
        """Imaginary parts."""
        return elementwise.imag(self)

    def __repr__(self) -> str:
        return f"<shframe Array: shape {self.shape}, {self.dtype}, blocks {self.numblocks}>"

    def __len__(self) -> int:
        if not self.shape:
            raise UnsupportedType("an array without axes has no len()")
        return self.shape[0]

    # -- values

    def compute(self, *, progress: bool | None = None, executor: Any = None) -> Any:
        """The values as an ordinary, writable, C-ordered numpy.ndarray; of an array without
        axes a scalar, as NumPy's reductions give.

        progress, executor: as Collection.compute() has them.
        Cost: large results are written by the workers where they stay; none is copied after.
            From a cluster the blocks come over the wire, and are put together here.
        """
        current = session.current()
        where = current.where(executor)
        if self.nbytes < LEAST_FINAL or not where.lends:
            return super().compute(progress=progress, executor=executor)
        plan = self.planner.optimized(self.expr)
        with Final(current.executor, self.nbytes) as final:
            graph, _ = self.planner.graph(into_final(plan, final.segment))
            self._run_graph(graph, progress, executor)
            ref = final.seal(array_header(self.dtype, self.shape, "C"))
        return ref.value(writable=True)

    def _result(self, refs: list[ObjectRef], layer: Layer) -> Any:
        if not self.shape:
            return refs[0].value()[()]
        result = np.empty(self.shape, self.dtype)
        for place, block in zip(grids.bounds(self.chunks), values(refs), strict=True):
            result[place] = block
        return result

    def _persisted(self, refs: list[ObjectRef], layer: Layer) -> Array:
        return Array(nodes.FromBlocks(tuple(refs), self.chunks, self.dtype))

    @staticmethod
    def _line(node: Any) -> str:
        shown = f"{node.name} {node.shape} {node.dtype}"
        program = getattr(node, "program", ())
        names = [getattr(s.operation, "__name__", type(s.operation).__name__) for s in program]
        return f"{shown} [{', '.join(names).lower()}]" if names else shown

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise InvalidArgument("values of a lazy array are computed: copy=False cannot be")
        return np.asarray(self.compute(), dtype=dtype)

    def item(self) -> Any:
        """The one value as a Python scalar; computes."""
        return self._scalar("item()").item()

    def tolist(self) -> Any:
        """The values as nested lists; computes."""
        return np.asarray(self).tolist()

    def __bool__(self) -> bool:
        return bool(self._scalar("bool()"))

    def __int__(self) -> int:
        return int(self._scalar("int()"))

    def __float__(self) -> float:
        return float(self._scalar("float()"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex()"))

    def __index__(self) -> int:
        if self.ndim or self.dtype.kind not in "iu":
            raise UnsupportedType(
                f"an array of shape {self.shape} and dtype {self.dtype} is no index\n"
                "  only an integer without axes is"
            )
        return int(self._scalar("index()"))

    def _scalar(self, what: str) -> np.ndarray[Any, Any]:
        """The one value as an array without axes, which refuses what NumPy refuses."""
        if self.size != 1:
            raise InvalidArgument(
                f"{what} needs one element, the array of shape {self.shape} has {self.size}\n"
                "  use any() or all() for truth, compute() for values"
            )
        return np.asarray(self.compute()).reshape(())

    # -- protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return protocols.ufunc_called(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return protocols.function_called(func, types, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return protocols.namespace(api_version)

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """The array itself: there is one device, "cpu"."""
        if device != "cpu":
            raise InvalidArgument(f"no device {device!r}; there is 'cpu'")
        return self

    def __dlpack__(self, **how: Any) -> Any:
        return np.asarray(self).__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    # unlike the ufuncs, these are defined for values of any two kinds: they are not equal
    def __eq__(self, other: Any) -> Any:
        return elementwise.compared(np.equal, self, other)

    def __ne__(self, other: Any) -> Any:
        return elementwise.compared(np.not_equal, self, other)

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(np.asarray(self == value)))

    # NumPy's operators take shortcuts for these exponents, with other results than power()
    def __pow__(self, other: Any) -> Any:
        kinds = "fciu" if isinstance(other, int) else "fc"
        if isinstance(other, int | float) and other == 2 and self.dtype.kind in kinds:
            return elementwise.square(self)
        return super().__pow__(other)

    # -- parts

    def __getitem__(self, index: Any) -> Array:
        return indexing.item_of(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise UnsupportedType(
            "lazy arrays cannot be written into\n"
            "  take xp.where(condition, new, old), or write into the result of compute()"
        )

    def __iter__(self) -> Any:
        return (self[n] for n in range(len(self)))

    # -- layout

    def rechunk(self, chunks: Any = "auto") -> Array:
        """The same array on another grid."""
        return manipulation.rechunk(self, chunks)

    def reshape(self, *shape: Any) -> Array:
        """The elements in C order in another shape; one length may be -1."""
        return manipulation.reshape(self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Array:
        """All elements in C order along one axis."""
        return manipulation.ravel(self)

    def flatten(self) -> Array:
        """All elements in C order along one axis."""
        return manipulation.ravel(self)

    def transpose(self, *axes: Any) -> Array:
        """The axes in another order, reversed when none is given."""
        given = axes[0] if len(axes) == 1 else axes
        return manipulation.transpose(self, given if axes else None)

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        """Two axes exchanged."""
        return manipulation.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Axes = None) -> Array:
        """Without axes of length 1."""
        return manipulation.squeeze(self, axis)

    def astype(self, dtype: Any, copy: bool = True) -> Array:
        """The values in another dtype."""
        return elementwise.astype(self, dtype, copy=copy)

    def copy(self) -> Array:
        """An array with the same values."""
        return Array(self.expr)

    def round(self, decimals: int = 0) -> Array:
        """Rounded to a number of decimals."""
        return elementwise.round(self, decimals)

    def clip(self, min: Any = None, max: Any = None) -> Array:
        """The values, not below `min` nor above `max`."""
        return elementwise.clip(self, min=min, max=max)

    def conj(self) -> Array:
        """Complex conjugates; real numbers as they are."""
        return self if self.dtype.kind in "biuf" else elementwise.conj(self)

    def take(self, indices: Any, axis: int | None = None) -> Array:
        """The places of an axis that an array of integers names."""
        return indexing.take(self, indices, axis=axis)

    def dot(self, other: Any) -> Array:
        """The product as numpy.dot has it."""
        return linalg.dot(self, other)

    def map_blocks(self, function: Any, *others: Any, **how: Any) -> Array:
        """A function of each block."""
        return blocks.map_blocks(function, self, *others, **how)

    # -- reductions

    def sum(
        self, axis: Axes = None, dtype: Any = None, keepdims: bool = False, **how: Any
    ) -> Array:
        """The sum along axes; `how`: initial=, where=."""
        return reductions.sum(self, axis=axis, dtype=dtype, keepdims=keepdims, **how)

    def prod(
        self, axis: Axes = None, dtype: Any = None, keepdims: bool = False, **how: Any
    ) -> Array:
        """The product along axes; `how`: initial=, where=."""
        return reductions.prod(self, axis=axis, dtype=dtype, keepdims=keepdims, **how)

    def mean(self, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Array:
        """The mean along axes."""
        return reductions.mean(self, axis=axis, dtype=dtype, keepdims=keepdims)

    def var(
        self, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
    ) -> Array:
        """The variance along axes."""
        return reductions.var(self, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    def std(
        self, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
    ) -> Array:
        """The standard deviation along axes."""
        return reductions.std(self, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)

    def min(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Array:
        """The smallest element along axes; `how`: initial=, where=."""
        return reductions.min(self, axis=axis, keepdims=keepdims, **how)

    def max(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Array:
        """The largest element along axes; `how`: initial=, where=."""
        return reductions.max(self, axis=axis, keepdims=keepdims, **how)

    def any(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Array:
        """Whether an element along axes is true; `how`: where=."""
        return reductions.any(self, axis=axis, keepdims=keepdims, **how)

    def all(self, axis: Axes = None, keepdims: bool = False, **how: Any) -> Array:
        """Whether all elements along axes are true; `how`: where=."""
        return reductions.all(self, axis=axis, keepdims=keepdims, **how)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Array:
        """The place of the first smallest element."""
        return reductions.argmin(self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Array:
        """The place of the first largest element."""
        return reductions.argmax(self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: int | None = None, dtype: Any = None) -> Array:
        """The running sum."""
        return reductions.cumsum(self, axis=axis, dtype=dtype)

    def cumprod(self, axis: int | None = None, dtype: Any = None) -> Array:
        """The running product."""
        return reductions.cumprod(self, axis=axis, dtype=dtype)
