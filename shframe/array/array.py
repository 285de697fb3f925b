"""Array: a lazy n-dimensional array in blocks, with NumPy's operators, indexing and methods."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from shframe import session
from shframe.array import chunks as grids
from shframe.array import kernels, nodes
from shframe.array.plan import PLANNER
from shframe.collection import Collection
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.final import Final
from shframe.graph.function import Function
from shframe.graph.objectref import ObjectRef
from shframe.graph.planner import Layer, Planner
from shframe.graph.task import Key, Task
from shframe.store.codec_numpy import array_header

LEAST_FINAL = 1 << 20  # bytes; a smaller result is put together in the driver


class Array(Collection):
    """A lazy array; NumPy's functions and operators make further ones.

    Examples
    --------
    >>> import numpy as np, shframe.array as xp
    >>> x = xp.from_array(np.arange(6.0).reshape(2, 3))
    >>> ((x + 1).sum(axis=0)).compute()
    array([5., 7., 9.])
    """

    __slots__ = ()
    planner: ClassVar[Planner] = PLANNER
    expr: nodes.Node
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]  # == is lazy and elementwise, as in NumPy

    # --- what it looks like -------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths along the axes."""
        return self.expr.shape

    @property
    def dtype(self) -> Any:
        """NumPy's dtype."""
        return self.expr.numpy_dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> grids.Chunks:
        """Block lengths along each axis."""
        return self.expr.chunks

    @property
    def numblocks(self) -> tuple[int, ...]:
        """Blocks along each axis."""
        return tuple(len(sizes) for sizes in self.chunks)

    @property
    def T(self) -> Array:
        """The axes in reverse order."""
        return self.transpose()

    @property
    def mT(self) -> Array:
        """The last two axes exchanged."""
        if self.ndim < 2:
            raise InvalidArgument(f"mT needs two axes, the shape is {self.shape}")
        return self.transpose(*range(self.ndim - 2), self.ndim - 1, self.ndim - 2)

    def __repr__(self) -> str:
        return f"<shframe Array: shape {self.shape}, {self.dtype}, blocks {self.numblocks}>"

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import shframe.array as namespace

        return namespace

    # --- results ------------------------------------------------------------------------

    def compute(self, *, progress: bool | None = None) -> Any:
        """The array as an ordinary, writable, C-ordered numpy.ndarray.

        Cost: large results are written by the workers where they stay; none is copied after.
        """
        if self.nbytes < LEAST_FINAL or self.dtype.hasobject:
            return super().compute(progress=progress)
        current = session.current()
        with Final(current.executor, self.nbytes) as final:
            graph, _ = self.planner.graph(
                self.planner.optimized(self.expr), lambda layer: self._filling(layer, final.segment)
            )
            self._run_graph(graph, progress)
            ref = final.seal(array_header(self.dtype, self.shape, "C"))
        return ref.value(writable=True)

    def _filling(self, layer: Layer, segment: int) -> Layer:
        """Tasks that put each block where it belongs in the final array."""
        shared = {"shape": self.shape, "dtype": self.expr.dtype}
        tasks = [
            Task(
                Key("fill", block),
                Function(kernels.written, place=grids.place(self.chunks, block), **shared),
                (key,),
                target=segment,
            )
            for block, key in zip(grids.grid(self.chunks), layer.keys, strict=True)
        ]
        return Layer([task.key for task in tasks], tasks)

    def _result(self, refs: list[ObjectRef], layer: Layer) -> Any:
        result = np.empty(self.shape, self.dtype)
        for block, ref in zip(grids.grid(self.chunks), refs, strict=True):
            result[grids.place(self.chunks, block)] = ref.value()
        return result

    def _persisted(self, refs: list[ObjectRef], layer: Layer) -> Self:
        return type(self)(nodes.FromBlocks(self.chunks, self.expr.dtype, tuple(refs)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        made = self.compute()
        return made if dtype is None else made.astype(dtype, copy=False)

    def __bool__(self) -> bool:
        return builtins.bool(self.compute())

    def __int__(self) -> int:
        return int(self.compute())

    def __float__(self) -> float:
        return float(self.compute())

    def __complex__(self) -> complex:
        return complex(self.compute())

    def __index__(self) -> int:
        return int(self.compute().__index__())

    # --- NumPy's protocols --------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and ufunc.nout == 1:
            return elementwise(ufunc.__name__, *inputs)
        if method == "reduce" and ufunc.__name__ in ("add", "multiply", "minimum", "maximum"):
            name = {"add": "sum", "multiply": "prod", "minimum": "min", "maximum": "max"}
            return getattr(self, name[ufunc.__name__])(axis=kwargs.get("axis", 0))
        return NotImplemented

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        import shframe.array as namespace

        found = getattr(namespace, func.__name__, None)
        if found is None:
            raise UnsupportedType(
                f"numpy.{func.__name__} has no lazy form; compute() the array first"
            )
        return found(*args, **kwargs)

    # --- indexing -----------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Array:
        index = normal_index(key, self.shape)
        if all(entry == slice(None) for entry in index):
            return self
        axes = _lower().axis_slices(self.chunks, index)
        sizes: list[tuple[int, ...]] = []
        axis = 0
        for entry, parts in zip(index, axes, strict=True):
            if entry is None:
                sizes.append((1,))
                continue
            if isinstance(entry, slice):
                source = self.chunks[axis]
                sizes.append(tuple(len(range(*part.indices(source[n]))) for n, part in parts))
            axis += 1
        return Array(nodes.Slice(tuple(sizes), self.expr.dtype, self.expr, index))

    # --- operators ----------------------------------------------------------------------

    def __add__(self, other: Any) -> Array:
        return elementwise("add", self, other)

    def __radd__(self, other: Any) -> Array:
        return elementwise("add", other, self)

    def __sub__(self, other: Any) -> Array:
        return elementwise("subtract", self, other)

    def __rsub__(self, other: Any) -> Array:
        return elementwise("subtract", other, self)

    def __mul__(self, other: Any) -> Array:
        return elementwise("multiply", self, other)

    def __rmul__(self, other: Any) -> Array:
        return elementwise("multiply", other, self)

    def __truediv__(self, other: Any) -> Array:
        return elementwise("true_divide", self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return elementwise("true_divide", other, self)

    def __floordiv__(self, other: Any) -> Array:
        return elementwise("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Array:
        return elementwise("floor_divide", other, self)

    def __mod__(self, other: Any) -> Array:
        return elementwise("remainder", self, other)

    def __rmod__(self, other: Any) -> Array:
        return elementwise("remainder", other, self)

    def __pow__(self, other: Any) -> Array:
        return elementwise("power", self, other)

    def __rpow__(self, other: Any) -> Array:
        return elementwise("power", other, self)

    def __and__(self, other: Any) -> Array:
        return elementwise("bitwise_and", self, other)

    def __rand__(self, other: Any) -> Array:
        return elementwise("bitwise_and", other, self)

    def __or__(self, other: Any) -> Array:
        return elementwise("bitwise_or", self, other)

    def __ror__(self, other: Any) -> Array:
        return elementwise("bitwise_or", other, self)

    def __xor__(self, other: Any) -> Array:
        return elementwise("bitwise_xor", self, other)

    def __rxor__(self, other: Any) -> Array:
        return elementwise("bitwise_xor", other, self)

    def __lshift__(self, other: Any) -> Array:
        return elementwise("left_shift", self, other)

    def __rshift__(self, other: Any) -> Array:
        return elementwise("right_shift", self, other)

    def __eq__(self, other: object) -> Any:
        return elementwise("equal", self, other)

    def __ne__(self, other: object) -> Any:
        return elementwise("not_equal", self, other)

    def __lt__(self, other: Any) -> Array:
        return elementwise("less", self, other)

    def __le__(self, other: Any) -> Array:
        return elementwise("less_equal", self, other)

    def __gt__(self, other: Any) -> Array:
        return elementwise("greater", self, other)

    def __ge__(self, other: Any) -> Array:
        return elementwise("greater_equal", self, other)

    def __neg__(self) -> Array:
        return elementwise("negative", self)

    def __pos__(self) -> Array:
        return elementwise("positive", self)

    def __abs__(self) -> Array:
        return elementwise("absolute", self)

    def __invert__(self) -> Array:
        return elementwise("invert", self)

    def __matmul__(self, other: Any) -> Array:
        from shframe.array.linalg import matmul

        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        from shframe.array.linalg import matmul

        return matmul(other, self)

    # --- methods ------------------------------------------------------------------------

    def astype(self, dtype: Any) -> Array:
        """Values in another dtype."""
        return elementwise(f"astype:{np.dtype(dtype).str}", self)

    def rechunk(self, chunks: Any = "auto") -> Array:
        """The same array in other blocks."""
        asked = grids.normalized(chunks, self.shape, self.dtype.itemsize)
        return (
            self
            if asked == self.chunks
            else Array(nodes.Rechunk(asked, self.expr.dtype, self.expr))
        )

    def transpose(self, *axes: Any) -> Array:
        """Axes in another order; reversed when none is named."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        order = tuple(order) if order else tuple(reversed(range(self.ndim)))
        places = tuple(normal_axes(order, self.ndim))
        if len(places) != self.ndim:
            raise InvalidArgument(f"axes {order} do not name each axis of the shape {self.shape}")
        turned = tuple(self.chunks[axis] for axis in places)
        return Array(nodes.Transpose(turned, self.expr.dtype, self.expr, places))

    def reshape(self, *shape: Any) -> Array:
        """The elements, in C order, in another shape; one length may be -1."""
        from shframe.array.manipulation import reshape

        asked = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return reshape(self, tuple(asked))

    def ravel(self) -> Array:
        """The elements along one axis, in C order."""
        return self.reshape(-1)

    flatten = ravel

    def map_blocks(
        self, function: Callable[..., Any], *args: Any, dtype: Any = None, **kwargs: Any
    ) -> Array:
        """`function` called on each block; it must keep the block's shape."""
        from shframe.array.elementwise import map_blocks

        return map_blocks(function, self, *args, dtype=dtype, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Reductions and rounding as methods, from the functions of the same name."""
        if name in METHODS:
            import shframe.array as namespace

            function = getattr(namespace, name)
            return lambda *args, **kwargs: function(self, *args, **kwargs)
        raise AttributeError(f"Array has no attribute {name!r}")


METHODS = frozenset(
    [
        "sum",
        "prod",
        "mean",
        "var",
        "std",
        "min",
        "max",
        "argmin",
        "argmax",
        "any",
        "all",
        "cumsum",
        "cumprod",
        "round",
        "clip",
        "squeeze",
        "dot",
    ]
)


def _lower() -> Any:
    from shframe.array import lower

    return lower


def as_node(value: Any) -> nodes.Node:
    """The node of an array, lazy or not."""
    if isinstance(value, Array):
        return value.expr
    from shframe.array.creation import from_array

    return from_array(value).expr


def elementwise(name: str, *operands: Any) -> Array:
    """One operation on arrays and plain values, broadcast against each other.

    Raises: ChunkMismatch for shapes that do not broadcast, TypeError for dtypes that NumPy's
    function does not take.
    """
    for operand in operands:
        if operand is None or isinstance(operand, (str, bytes)):
            raise UnsupportedType(f"{name} does not take {operand!r}")
    arrays = [o for o in operands if isinstance(o, (Array, np.ndarray, list, tuple))]
    sources = [as_node(o) for o in arrays]
    shape = grids.broadcast_shape(*(s.shape for s in sources))
    grid = grids.unified([s.chunks for s in sources], shape)
    sources = [in_grid(s, grid) for s in sources]
    slots: list[tuple[str, Any]] = []
    samples: list[Any] = []
    rest = iter(range(len(sources)))
    for operand in operands:
        if isinstance(operand, (Array, np.ndarray, list, tuple)):
            n = next(rest)
            slots.append(("s", n))
            samples.append(np.ones((1,), sources[n].numpy_dtype))
        else:
            slots.append(("c", operand))
            samples.append(operand)
    with np.errstate(all="ignore"):
        result = kernels.applied(name, samples)
    if isinstance(result, tuple):
        raise UnsupportedType(f"{name} gives {len(result)} arrays; use its parts one by one")
    dtype = result.dtype.str
    op = kernels.Op(name, tuple(slots), dtype)
    return Array(nodes.Elementwise(grid, dtype, (op,), tuple(sources)))


def in_grid(source: nodes.Node, grid: grids.Chunks) -> nodes.Node:
    """The source in blocks that correspond to the grid's, under broadcasting."""
    offset = len(grid) - len(source.chunks)
    wanted = tuple(
        (1,) if source.shape[n] == 1 and sum(grid[offset + n]) != 1 else grid[offset + n]
        for n in range(len(source.chunks))
    )
    return source if wanted == source.chunks else nodes.Rechunk(wanted, source.dtype, source)


def normal_axes(axes: Any, ndim: int) -> list[int]:
    """Axes counted from the front, each once; raises NumPy's AxisError."""
    given = [axes] if isinstance(axes, (int, np.integer)) else list(axes)
    found = []
    for axis in given:
        place = int(axis) + ndim if axis < 0 else int(axis)
        if not 0 <= place < ndim:
            raise np.exceptions.AxisError(int(axis), ndim)
        if place in found:
            raise InvalidArgument(f"axis {axis} is named twice")
        found.append(place)
    return found


def normal_index(key: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Slices, whole numbers from 0 and None, one entry for each axis; raises IndexError."""
    entries = list(key) if isinstance(key, tuple) else [key]
    named = sum(entry is not None and entry is not Ellipsis for entry in entries)
    if named > len(shape):
        raise IndexError(f"{named} indices for an array of {len(shape)} axes")
    if not any(entry is Ellipsis for entry in entries):
        entries.append(Ellipsis)
    if sum(entry is Ellipsis for entry in entries) > 1:
        raise IndexError("an index can have one ellipsis only")
    place = next(n for n, entry in enumerate(entries) if entry is Ellipsis)
    entries[place : place + 1] = [slice(None)] * (len(shape) - named)
    found: list[Any] = []
    axis = 0
    for entry in entries:
        if entry is None:
            found.append(None)
            continue
        found.append(_normal_entry(entry, shape[axis], axis))
        axis += 1
    return tuple(found)


def _normal_entry(entry: Any, length: int, axis: int) -> Any:
    if isinstance(entry, slice):
        return entry
    if isinstance(entry, (bool, np.bool_)) or not isinstance(entry, (int, np.integer)):
        raise UnsupportedType(
            f"an index of type {type(entry).__name__}: slices, whole numbers, None and ... are "
            "there\n  compute() first to choose by a mask or by an array of places"
        )
    place = int(entry) + length if entry < 0 else int(entry)
    if not 0 <= place < length:
        raise IndexError(f"index {entry} is out of bounds for axis {axis} of length {length}")
    return place
