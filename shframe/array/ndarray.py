"""Array: a lazy NumPy-shaped array. It is the face of a node: the chapters in functions/ hold what
its methods and operators do, and know nothing of it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from textwrap import indent
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from shframe.array import protocols
from shframe.array.expr.nodes import Node
from shframe.array.functions import (
    elementwise,
    indexing,
    manipulation,
    products,
)
from shframe.array.grid.chunks import Chunks, Shape
from shframe.array.methods import Methods
from shframe.array.operators import Operators
from shframe.array.outputs import put_into, spread, update_at
from shframe.array.plan.evaluate import evaluate, persist
from shframe.array.plan.memory import memory_text
from shframe.array.plan.plan_text import line_of
from shframe.array.plan.planner import PLANNER
from shframe.array.reduction_methods import ReductionMethods
from shframe.errors import InvalidArgument, ShframeError, UnsupportedType
from shframe.executor_choice import executor_of
from shframe.graph.plan.planner import Planner
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.lazy.collection import Collection

if TYPE_CHECKING:
    from types import ModuleType


# NumPy's own sentences
NOT_ONE = "only length-1 arrays can be converted to Python scalars"
NO_ITEM = "can only convert an array of size 1 to a Python scalar"
AMBIGUOUS = (
    "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
)


class Array(Methods, ReductionMethods, Operators, Collection):
    """A lazy array: shape and dtype are known, values come with compute().

    NumPy's operators, functions and ufuncs work on it and return an Array; what needs values
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
    expr: Node

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
        """The device of the values: always "cpu"."""
        return "cpu"

    @property
    def T(self) -> Array:
        """The array with its axes reversed."""
        return Array(manipulation.transpose(self.expr))

    @property
    def mT(self) -> Array:
        """The array with its last two axes exchanged."""
        return Array(products.matrix_transpose(self.expr))

    @property
    def real(self) -> Array:
        """Real parts."""
        return Array(elementwise.real(self.expr))

    @property
    def imag(self) -> Array:
        """Imaginary parts."""
        return Array(elementwise.imag(self.expr))

    @property
    def name(self) -> str:
        """Kind and token of the expression: equal names, equal values."""
        return self.expr.name

    def store(self, target: Any, regions: Any = None, lock: Any = None) -> None:
        """Write the array, block by block, into an object that takes values at slices."""
        _public().store(self, target, regions, lock)

    def to_zarr(self, *args: Any, **kwargs: Any) -> Any:
        """Write the array into a zarr array: xp.to_zarr() has the arguments."""
        return _public().to_zarr(self, *args, **kwargs)

    def to_hdf5(self, filename: Any, datapath: str, **kwargs: Any) -> None:
        """Write the array into an HDF5 file: xp.to_hdf5() has the arguments."""
        _public().to_hdf5(filename, datapath, self, **kwargs)

    def to_delayed(self, optimize_graph: bool = True) -> np.ndarray[Any, Any]:
        """The blocks as delayed values, in an object array of the shape of the grid."""
        made: np.ndarray[Any, Any] = _public().to_delayed(self)
        return made

    def __repr__(self) -> str:
        return f"<shframe Array: shape {self.shape}, {self.dtype}, blocks {self.numblocks}>"

    def __len__(self) -> int:
        if not self.shape:
            raise UnsupportedType("len() of unsized object\n  the array has no axes")
        return self.shape[0]

    # -- values

    def compute(
        self, *, progress: bool | None = None, executor: Any = None, scheduler: Any = None
    ) -> Any:
        """The values as an ordinary, writable, C-ordered numpy.ndarray; of an array without
        axes a scalar, as NumPy's reductions return.

        progress, executor, scheduler: as Collection.compute() has them.
        Cost: large results are written by the workers where they stay; none is copied after.
            From a cluster the blocks come over the wire, and are put together here.
        """
        return evaluate(self.expr, progress, executor_of(executor, scheduler))

    def persist(self, *, progress: bool | None = None, executor: Any = None) -> Array:
        """The same array with its blocks computed and kept where they were made.

        progress, executor: as Collection.persist() has them.
        """
        return Array(persist(self.expr, progress, executor))

    def explain(
        self, stage: str | None = None, *, tasks: bool = False, analyze: bool = False
    ) -> str:
        """The plan as Collection.explain() has it, and what it is going to hold in memory: the
        blocks of the result, the largest set of values alive at once, and the largest task.

        A task that has no room in the session's memory is named, with blocks that would fit.
        """
        text = super().explain(stage, tasks=tasks, analyze=analyze)
        if stage is not None:
            return text
        held = memory_text(self.planner.optimized(self.expr))
        return f"{text}\nMemory:\n{indent(held, '  ')}"

    _line = staticmethod(line_of)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise InvalidArgument("copy=False is not possible: a lazy array must be computed")
        return np.asarray(self.compute(), dtype=dtype)

    def item(self, *index: Any) -> Any:
        """The one value as a Python scalar, or the one at an index; computes.

        index: an integer counts in the raveled array, several are one for each axis.
        """
        if not index:
            return self._scalar(NO_ITEM, InvalidArgument).item()
        at = index[0] if len(index) == 1 else index
        return (self[at] if isinstance(at, tuple) else self.ravel()[at]).item()

    def __format__(self, spec: str) -> str:
        """A value without axes as NumPy formats it; computes where there is a format."""
        return format(self.compute(), spec) if spec and not self.ndim else super().__format__(spec)

    def tolist(self) -> Any:
        """The values as nested lists; computes."""
        return np.asarray(self).tolist()

    def __bool__(self) -> bool:
        return bool(self._scalar(AMBIGUOUS, InvalidArgument))

    def __int__(self) -> int:
        return int(self._scalar())

    def __float__(self) -> float:
        return float(self._scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def __index__(self) -> int:
        if self.ndim or self.dtype.kind not in "iu":
            raise UnsupportedType(
                "only integer scalar arrays can be converted to a scalar index\n"
                f"  the array has the shape {self.shape} and dtype {self.dtype}"
            )
        return int(self._scalar())

    def _tasks(self) -> TaskGraph | None:
        """One block is read by a graph of delayed calls as it is; several are put together."""
        if self.npartitions != 1:
            return None
        return PLANNER.graph(PLANNER.optimized(self.expr), fuse=False)[0]

    def _scalar(
        self, message: str = NOT_ONE, error: type[ShframeError] = UnsupportedType
    ) -> np.ndarray[Any, Any]:
        """The one value as an array without axes; raises `error` with `message`."""
        if self.size != 1:
            raise error(f"{message}\n  the array of shape {self.shape} has {self.size} elements")
        return np.asarray(self.compute()).reshape(())

    # -- protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(map(_is_above, inputs)):
            return NotImplemented
        if method == "at":
            return update_at(ufunc, *inputs)
        outs = kwargs.pop("out", None)
        masked = method == "__call__" and outs
        mask = kwargs.pop("where", True) if masked else True
        casting = kwargs.get("casting", "same_kind")
        found = protocols.call_ufunc(ufunc, method, inputs, kwargs)
        if found is NotImplemented:
            return found
        results = found if isinstance(found, tuple) else (found,)
        outs = outs or (None,) * len(results)
        made = tuple(
            Array(node)
            if out is None
            else put_into(out, spread(node, out), ufunc.__name__, mask, casting)
            for out, node in zip(outs, results, strict=True)
        )
        return made if isinstance(found, tuple) else made[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return protocols.call_function(_public(), func, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType:
        protocols.check_version(api_version)
        return _public()

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """The array itself: there is one device, "cpu"."""
        if device != "cpu":
            raise InvalidArgument(
                f'Device not understood. Only "cpu" is allowed, but received: {device}'
            )
        return self

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        values = np.asarray(self)
        return values.__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    # unlike the ufuncs, these are defined for values of any two kinds: they are not equal
    def __eq__(self, other: Any) -> Array:  # type: ignore[override]
        if _is_above(other):
            return NotImplemented
        return Array(elementwise.compare(np.equal, self.expr, other))

    def __ne__(self, other: Any) -> Array:  # type: ignore[override]
        if _is_above(other):
            return NotImplemented
        return Array(elementwise.compare(np.not_equal, self.expr, other))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(np.asarray(self == value)))

    # NumPy's operators take shortcuts for these exponents, with other results than power()
    def __pow__(self, other: Any) -> Array:
        kinds = "fciu" if isinstance(other, int) else "fc"
        if isinstance(other, int | float) and other == 2 and self.dtype.kind in kinds:
            return Array(elementwise.call(np.square, self.expr))
        return super().__pow__(other)

    # -- parts

    def __getitem__(self, index: Any) -> Array:
        return Array(indexing.item_of(self.expr, index))

    def __iter__(self) -> Iterator[Array]:
        if not self.ndim:
            raise UnsupportedType("iteration over a 0-d array")
        return (self[n] for n in range(len(self)))


def _is_above(other: Any) -> bool:
    """Whether an operand is of a kind that does itself what is between it and an array."""
    priority: float = getattr(other, "__array_priority__", 0.0)
    return priority > Array.__array_priority__


def _public() -> ModuleType:
    """The namespace of arrays, which is there before any of its modules."""
    return sys.modules["shframe.array"]
