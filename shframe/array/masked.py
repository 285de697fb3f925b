"""MaskedArray: a lazy array and a lazy mask of it, with the rules of numpy.ma. The functions that
make and take them are in ma.py.

Values and mask are two arrays on one grid. What is elementwise is computed by numpy.ma itself, tile
by tile (expr/program.py: Masked); reductions put values that change nothing in the place of masked
ones.
What is below a mask may differ from what NumPy has there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array import namespace as xp
from shframe.array.expr.program import Masked, Pack
from shframe.array.functions import elementwise
from shframe.array.functions.convert import lazy_node
from shframe.array.functions.numpy_probe import ask
from shframe.array.grid.axes import Axes
from shframe.array.grid.chunks import Chunks, Shape
from shframe.array.masked_operators import MaskedOperators
from shframe.array.ndarray import Array
from shframe.array.plan.evaluate import evaluate
from shframe.array.protocols import FACTS
from shframe.errors import ChunkMismatch, UnsupportedType
from shframe.lazy.collection import Lazy

NUMPYS = np.ma.MaskedArray
# Operators that mask what their ufuncs do not: results that are not finite.
SIGNS: dict[np.ufunc, Callable[..., Any]] = {
    np.true_divide: operator.truediv,
    np.floor_divide: operator.floordiv,
    np.remainder: operator.mod,
    np.power: operator.pow,
}


class MaskedArray(MaskedOperators, Lazy):
    """A lazy array some of whose elements are masked: reductions leave them out.

    data, mask: lazy arrays of one shape; the mask is always there, also where nothing is masked.
    fill_value: what filled() puts in the place of masked elements; None: NumPy's for the dtype.

    Examples
    --------
    >>> import shframe.array as xp
    >>> x = xp.ma.masked_greater(xp.arange(5, chunks=2), 2)
    >>> x.sum().compute().item()
    3
    >>> (x * 10).compute().tolist()
    [0, 10, 20, None, None]
    """

    __slots__ = ("_fill_value", "_mask", "data")
    __array_priority__ = 25.0  # above Array's: an operator between the two is ours
    __hash__ = None  # type: ignore[assignment]  # == is elementwise

    def __init__(self, data: Any, mask: Any = False, fill_value: Any = None) -> None:
        self.data: Array = xp.asarray(data).copy()  # what is assigned here is not seen elsewhere
        self.mask = mask
        self._fill_value = _checked_fill(fill_value, self.data.dtype)

    # -- what is known without computing

    @property
    def shape(self) -> Shape:
        """Lengths of the axes."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """How many axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """How many elements, masked ones too."""
        return self.data.size

    @property
    def nbytes(self) -> int:
        """Bytes of the values, without the mask."""
        return self.data.nbytes

    @property
    def chunks(self) -> Chunks:
        """Lengths of the blocks along each axis."""
        return self.data.chunks

    @property
    def mask(self) -> Array:
        """Where the array is masked; assigned, it broadcasts to the shape."""
        return self._mask

    @mask.setter
    def mask(self, mask: Any) -> None:
        masks = xp.asarray(mask).astype(np.bool_)
        self._mask: Array = xp.broadcast_to(masks, self.data.shape).copy()

    @property
    def fill_value(self) -> Any:
        """What stands for masked elements where they are filled."""
        return self._sample.fill_value

    @fill_value.setter
    def fill_value(self, value: Any) -> None:
        self._fill_value = _checked_fill(value, self.dtype)

    @property
    def _sample(self) -> Any:
        """An array without elements of NumPy's kind."""
        return NUMPYS(np.empty((0,), self.dtype), fill_value=self._fill_value)

    def __repr__(self) -> str:
        return f"<shframe MaskedArray: shape {self.shape}, {self.dtype}>"

    def __len__(self) -> int:
        return len(self.data)

    # -- values

    def compute(self, *, progress: bool | None = None, executor: Any = None) -> Any:
        """The numpy.ma.MaskedArray; of an array without axes a scalar, or numpy.ma.masked.

        Cost: values and mask are computed in one go, as records, and parted here: one copy.
        """
        record = np.dtype([("data", self.dtype), ("mask", np.bool_)])
        pack = elementwise.apply(Pack(), [self.data, self.mask], "compute", record)
        made = np.asarray(evaluate(pack, progress, executor))
        data, mask = made["data"].copy(), made["mask"].copy()
        if not self.ndim:
            return np.ma.masked if mask else data[()]
        return NUMPYS(data, mask=mask, fill_value=self.fill_value)

    def persist(self, *, progress: bool | None = None, executor: Any = None) -> MaskedArray:
        """The same, with the blocks of values and mask computed and kept."""
        how: dict[str, Any] = {"progress": progress, "executor": executor}
        return self._like(self.data.persist(**how), self.mask.persist(**how))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise UnsupportedType(
            "a masked array has no plain values\n"
            "  filled() puts fill_value in the place of masked ones, .data has what is below"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **how: Any) -> Any:
        if method != "__call__" or how or ufunc.nout != 1:
            raise UnsupportedType(
                f"{ufunc.__name__}.{method} of masked arrays supports operands only, "
                f"found {', '.join(how) or 'another method'}"
            )
        # of a masked array NumPy's operators come here only from the side of a plain one
        return call(ufunc if is_masked(inputs[0]) else SIGNS.get(ufunc, ufunc), *inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, how: Any) -> Any:
        if func in FACTS:
            return FACTS[func](*args, **how)
        method = getattr(MaskedArray, func.__name__, None)
        if getattr(np, func.__name__, None) is not func or not callable(method):
            raise UnsupportedType(f"{func.__name__} is not supported for masked arrays")
        return method(*args, **how)

    def _like(self, data: Any, mask: Any) -> MaskedArray:
        """Other values and mask with this fill value, moved to their dtype."""
        made = MaskedArray(data, mask)
        if self._fill_value is not None:
            with np.errstate(all="ignore"):
                made._fill_value = self._sample.astype(made.dtype).fill_value
        return made

    def _both(self, change: Callable[[Array], Array]) -> MaskedArray:
        """The same change of values and mask."""
        return self._like(change(self.data), change(self.mask))

    def _operate(self, sign: Callable[..., Any], *operands: Any) -> MaskedArray:
        return call(sign, *operands)

    def _replace(self, sign: Callable[..., Any], other: Any) -> MaskedArray:
        return assign(sign, self, other)

    # -- parts and layout

    def __getitem__(self, index: Any) -> MaskedArray:
        items = index if isinstance(index, tuple) else (index,)
        if any(isinstance(item, MaskedArray | NUMPYS) for item in items):
            raise UnsupportedType(
                "a masked array is no index: what is masked is neither true nor false\n"
                "  use its filled(False)"
            )
        return self._both(lambda x: x[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        if value is not np.ma.masked:
            self.data[index] = values_of(value)
        self.mask[index] = mask_of(value)

    def rechunk(self, chunks: Any = "auto") -> MaskedArray:
        """The same on another grid."""
        return self._both(lambda x: x.rechunk(chunks))

    def reshape(self, *shape: Any) -> MaskedArray:
        """The elements in C order in another shape."""
        return self._both(lambda x: x.reshape(*shape))

    def ravel(self) -> MaskedArray:
        """All elements in C order along one axis."""
        return self._both(Array.ravel)

    flatten = ravel

    def transpose(self, *axes: Any) -> MaskedArray:
        """The axes in another order, reversed when none is given."""
        return self._both(lambda x: x.transpose(*axes))

    @property
    def T(self) -> MaskedArray:
        """The array with its axes reversed."""
        return self.transpose()

    def swapaxes(self, axis1: int, axis2: int) -> MaskedArray:
        """Two axes exchanged."""
        return self._both(lambda x: x.swapaxes(axis1, axis2))

    def squeeze(self, axis: Axes = None) -> MaskedArray:
        """Without axes of length 1."""
        return self._both(lambda x: x.squeeze(axis))

    def repeat(self, repeats: Any, axis: int | None = None) -> MaskedArray:
        """Each element, or each index of an axis, repeated."""
        return self._both(lambda x: x.repeat(repeats, axis))

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise") -> MaskedArray:
        """The elements of an axis at an array of integers."""
        return self._both(lambda x: x.take(indices, axis, mode))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> MaskedArray:
        """The diagonal."""
        return self._both(lambda x: x.diagonal(offset, axis1, axis2))

    def copy(self) -> MaskedArray:
        """A masked array with the same values and mask."""
        return self._both(Array.copy)

    def astype(self, dtype: Any) -> MaskedArray:
        """The values in another dtype."""
        return self._like(self.data.astype(dtype), self.mask)

    def round(self, decimals: int = 0) -> MaskedArray:
        """Rounded to a number of decimals."""
        return self._like(self.data.round(decimals), self.mask)

    def clip(self, min: Any = None, max: Any = None) -> MaskedArray:
        """The values, not below `min` nor above `max`."""
        return self._like(self.data.clip(min, max), self.mask)

    # -- without the mask

    def filled(self, fill_value: Any = None) -> Array:
        """The values, with the fill value where they are masked."""
        chosen = self.fill_value if fill_value is None else fill_value
        return xp.where(self.mask, np.asarray(chosen).astype(self.dtype)[()], self.data)

    def compressed(self) -> Array:
        """What is not masked, along one axis; the mask is computed here."""
        return self.data.ravel()[~self.mask.ravel()]

    def nonzero(self) -> tuple[Array, ...]:
        """The indices of elements that are neither zero nor masked; computed at the call."""
        return xp.nonzero(self.filled(0))

    def argsort(
        self, axis: int | None = -1, *, endwith: bool = True, fill_value: Any = None
    ) -> Array:
        """The indices that sort an axis, masked elements last, or first if not `endwith`.

        fill_value: what masked elements are counted as, where it is given.
        """
        if fill_value is not None:
            return self.filled(fill_value).argsort(axis)
        if not endwith:
            return self._highest().argsort(axis)
        return (self.filled(np.nan) if self.dtype.kind in "fc" else self._lowest()).argsort(axis)

    def tolist(self) -> Any:
        """The values as nested lists, None for what is masked; computes."""
        return np.ma.asarray(self.compute()).tolist()

    def count(self, axis: Axes = None, keepdims: bool = False) -> Array:
        """How many elements along axes are not masked."""
        return xp.sum(~self.mask, axis=axis, dtype=np.intp, keepdims=keepdims)

    # -- reductions: masked where all elements are

    def _reduced(self, made: Array, axis: Axes, keepdims: bool) -> MaskedArray:
        return MaskedArray(made, xp.all(self.mask, axis=axis, keepdims=keepdims))

    def sum(self, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> MaskedArray:
        """The sum along axes of what is not masked."""
        return self._reduced(self.filled(0).sum(axis, dtype, keepdims), axis, keepdims)

    def prod(self, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> MaskedArray:
        """The product along axes of what is not masked."""
        return self._reduced(self.filled(1).prod(axis, dtype, keepdims), axis, keepdims)

    def min(self, axis: Axes = None, keepdims: bool = False) -> MaskedArray:
        """The smallest element along axes that is not masked."""
        return self._reduced(self._lowest().min(axis, keepdims), axis, keepdims)

    def max(self, axis: Axes = None, keepdims: bool = False) -> MaskedArray:
        """The largest element along axes that is not masked."""
        return self._reduced(self._highest().max(axis, keepdims), axis, keepdims)

    def ptp(self, axis: Axes = None, keepdims: bool = False) -> MaskedArray:
        """The largest minus the smallest element along axes."""
        high = self.max(axis, keepdims)
        return MaskedArray(high.data - self.min(axis, keepdims).data, high.mask)

    def any(self, axis: Axes = None, keepdims: bool = False) -> MaskedArray:
        """Whether an element along axes is true and not masked."""
        return self._reduced(self.filled(False).any(axis, keepdims), axis, keepdims)

    def all(self, axis: Axes = None, keepdims: bool = False) -> MaskedArray:
        """Whether all elements along axes that are not masked are true."""
        return self._reduced(self.filled(True).all(axis, keepdims), axis, keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Array:
        """The index of the first smallest element, masked ones counted as the largest value."""
        return self._lowest().argmin(axis, keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Array:
        """The index of the first largest element, masked ones counted as the smallest value."""
        return self._highest().argmax(axis, keepdims)

    def _lowest(self) -> Array:
        return self.filled(np.ma.minimum_fill_value(np.empty(0, self.dtype)))

    def _highest(self) -> Array:
        return self.filled(np.ma.maximum_fill_value(np.empty(0, self.dtype)))

    def mean(self, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> MaskedArray:
        """The mean along axes of what is not masked."""
        wide = dtype
        if dtype is None and self.dtype.kind in "biu":
            wide = np.float64
        elif dtype is None and self.dtype == np.float16:
            wide = np.float32
        total = self.sum(axis, wide, keepdims) * 1.0
        made: MaskedArray = total / self.count(axis, keepdims)
        return made.astype(np.float16) if self.dtype == np.float16 and dtype is None else made

    def var(
        self, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
    ) -> MaskedArray:
        """The variance along axes of what is not masked; masked where no more than `ddof` are."""
        count = self.count(axis, keepdims) - ddof
        apart = self - self.mean(axis, dtype, keepdims=True)
        squares = abs(apart) ** 2 if self.dtype.kind == "c" else apart * apart
        made: MaskedArray = squares.sum(axis, None, keepdims) / count
        return made._like(made.data, made.mask | (count <= 0))

    def std(
        self, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
    ) -> MaskedArray:
        """The standard deviation along axes of what is not masked."""
        return call(np.sqrt, self.var(axis, dtype, ddof, keepdims))

    def anom(self, axis: Axes = None, dtype: Any = None) -> MaskedArray:
        """The distances from the mean along axes."""
        mean = self.mean(axis, dtype, keepdims=True)
        made: MaskedArray = self - mean
        return made

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Array:
        """The sum of the diagonal, masked elements counted as 0; float64 if no dtype is named."""
        line = self.diagonal(offset, axis1, axis2).astype(np.float64 if dtype is None else dtype)
        return line.filled(0).sum(-1)

    def cumsum(self, axis: int | None = None, dtype: Any = None) -> MaskedArray:
        """The running sum, masked elements counted as 0 and masked in the result."""
        return self._running(self.filled(0).cumsum(axis, dtype))

    def cumprod(self, axis: int | None = None, dtype: Any = None) -> MaskedArray:
        """The running product, masked elements counted as 1 and masked in the result."""
        return self._running(self.filled(1).cumprod(axis, dtype))

    def _running(self, made: Array) -> MaskedArray:
        return MaskedArray(made, self.mask.reshape(made.shape))


# -- operands


def is_masked(x: Any) -> bool:
    """Whether an operand has a mask, lazy or NumPy's."""
    return isinstance(x, MaskedArray | NUMPYS)


def as_masked(x: Any) -> MaskedArray:
    """A masked array itself; NumPy's lazily, and of anything else nothing is masked."""
    if isinstance(x, MaskedArray):
        return x
    fill = x.fill_value if isinstance(x, NUMPYS) else None
    return MaskedArray(values_of(x), mask_of(x), fill)


def values_of(x: Any) -> Any:
    """What is below the mask; the operand itself if it has none."""
    if isinstance(x, MaskedArray):
        return x.data
    return np.ma.getdata(x) if isinstance(x, NUMPYS) else x


def mask_of(x: Any) -> Any:
    """The mask; false for what has none."""
    if isinstance(x, MaskedArray):
        return x.mask
    return np.ma.getmaskarray(x) if isinstance(x, NUMPYS) else False


def call(operation: Callable[..., Any], *operands: Any) -> MaskedArray:
    """What numpy.ma makes of operands, element by element.

    operation: an operator, or a ufunc.
    """
    flat: list[Any] = []
    for each in operands:
        flat += [values_of(each), mask_of(each)] if is_masked(each) else [each]
    marked = tuple(map(is_masked, operands))
    name = getattr(operation, "__name__", str(operation))
    given = [elementwise.operand_of(getattr(each, "expr", each)) for each in flat]
    sample = _sample_of(operation, operands, name)
    data = elementwise.apply(Masked(operation, marked, False), given, name, sample.dtype)
    mask = elementwise.apply(Masked(operation, marked, True), given, name, np.bool_)
    made = MaskedArray(Array(data), Array(mask))
    if any(is_masked(each) and each._fill_value is not None for each in operands):
        made._fill_value = sample.fill_value
    return made


def assign(operation: Callable[..., Any], target: MaskedArray, other: Any) -> MaskedArray:
    """An operator that changes its first operand: the masked array gets other values and mask."""
    made = call(operation, target, other)
    if made.shape != target.shape:
        raise ChunkMismatch(
            f"non-broadcastable output operand with shape {target.shape} doesn't match the "
            f"broadcast shape {made.shape}\n  {operation.__name__} of a masked array"
        )
    target.data, target.mask = made.data, made.mask
    return target


def _sample_of(operation: Callable[..., Any], operands: tuple[Any, ...], name: str) -> Any:
    """What numpy.ma returns for operands without elements; raises UnsupportedType."""
    samples = []
    for each in operands:
        node = lazy_node(values_of(each))
        if node is None:
            samples.append(each[:0] if np.ndim(each) else each)
        elif is_masked(each):
            samples.append(each._sample)
        else:
            samples.append(np.empty((0,), node.dtype))
    found: list[Any] = []

    def note(*given: Any) -> Any:
        found.append(operation(*given))
        return found[0]

    ask(note, name, *samples)
    return NUMPYS(found[0])


def _checked_fill(value: Any, dtype: np.dtype[Any]) -> Any:
    """A fill value in the dtype, or None for NumPy's own; raises what numpy.ma says of it."""
    if value is None:
        return None
    return ask(lambda x: NUMPYS(x, fill_value=value).fill_value, "fill_value", np.empty(0, dtype))
