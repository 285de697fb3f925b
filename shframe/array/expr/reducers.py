"""Reducers: what a reduction computes of a tile, how two such partial results become one, and what
the last of them means. Partial results keep the reduced axes, of length 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from shframe.array.expr.program import Named

NpArray = np.ndarray[Any, Any]
AxisNumbers = tuple[int, ...]


class Reducer(Protocol):
    """A reduction in three steps; `tiled` says whether tiles may be reduced one by one.

    The origin is where the tile's block begins in the whole array, and `shape` is that array's;
    a reducer that is tiled looks at neither.
    """

    @property
    def tiled(self) -> bool: ...

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> Any: ...

    def merge(self, one: Any, other: Any) -> Any: ...

    def finish(self, partial: Any) -> NpArray: ...


# Ufuncs whose results may be combined in any grouping: what is not here is done in order. lcm is
# not, as it wraps; nor divide, as a product of divisors may overflow where no quotient does.
EXACT = frozenset(
    {
        np.minimum,
        np.maximum,
        np.fmin,
        np.fmax,
        np.logical_and,
        np.logical_or,
        np.logical_xor,
        np.bitwise_and,
        np.bitwise_or,
        np.bitwise_xor,
        np.gcd,
    }
)
ROUNDED = frozenset({np.add, np.multiply, np.hypot, np.logaddexp, np.logaddexp2})


def is_associative(ufunc: np.ufunc, dtype: np.dtype[Any] | None) -> bool:
    """Whether results in this dtype may be combined in any grouping, but for the last digits.

    Halves have so few digits that the order decides: a running sum of ones stays at 2048.
    """
    return ufunc in EXACT or (ufunc in ROUNDED and dtype != np.float16)


def own_dtype(ufunc: np.ufunc, result: np.dtype[Any]) -> np.dtype[Any] | None:
    """The `dtype` for which a method of the ufunc returns this; None: that is its default.

    That is so for units of time, which are a detail of the values, and for truth values.
    """
    true = ufunc in (np.logical_and, np.logical_or, np.logical_xor)
    return None if true or result.kind in "mM" else result


@dataclass(frozen=True, slots=True)
class Ufunc(Named):
    """An associative ufunc's own reduction in `dtype`, or in its default when None;
    the result is cast to `result`.
    """

    ufunc: np.ufunc
    dtype: np.dtype[Any] | None
    result: np.dtype[Any]

    @property
    def tiled(self) -> bool:
        return True

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> NpArray:
        """The reduction of one tile."""
        return np.asarray(self.ufunc.reduce(values, axis=axes, dtype=self.dtype, keepdims=True))

    def merge(self, one: NpArray, other: NpArray) -> NpArray:
        """The reduction of two results."""
        return np.asarray(self.ufunc(one, other))

    def finish(self, partial: NpArray) -> NpArray:
        """The result in its dtype."""
        return partial.astype(self.result, copy=False)


@dataclass(frozen=True, slots=True)
class Moments(Named):
    """Count, mean and sum of squared deviations, for variances in one pass.

    Two partial results are joined as T. Chan, G. Golub and R. LeVeque (1979) show: nothing is
    lost to cancellation, unlike with sums of squares.
    """

    dtype: np.dtype[Any]
    result: np.dtype[Any]
    correction: float
    root: bool
    skip_nan: bool

    @property
    def tiled(self) -> bool:
        return True

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> NpArray:
        """Counts, means and squared deviations, stacked along a new first axis."""
        values = values.astype(self.dtype, copy=False)
        if self.skip_nan:
            there = ~np.isnan(values)
            count = there.sum(axis=axes, keepdims=True)
            values = np.where(there, values, 0)
        else:
            there = None
            count = np.asarray(math.prod(values.shape[axis] for axis in axes))
        mean = values.sum(axis=axes, keepdims=True) / np.maximum(count, 1)
        apart = np.asarray(values - mean)
        if there is not None:
            apart[~there] = 0
        squares = (apart.real**2 + apart.imag**2) if apart.dtype.kind == "c" else apart * apart
        spread = squares.sum(axis=axes, keepdims=True)
        return np.stack([np.broadcast_to(count, mean.shape), mean, spread])

    def merge(self, one: NpArray, other: NpArray) -> NpArray:
        """Both together."""
        count = one[0] + other[0]
        share = other[0] / np.where(count == 0, 1, count)
        apart = other[1] - one[1]
        squares = apart.real**2 + apart.imag**2 if apart.dtype.kind == "c" else apart * apart
        weight = one[0] * share
        # the square of a large mean may be infinite, which no values must not make NaN
        between = np.where(weight == 0, 0, squares * weight)
        mean = np.where(one[0] == 0, other[1], one[1] + apart * share)
        return np.stack([count, mean, one[2] + other[2] + between])

    def finish(self, partial: NpArray) -> NpArray:
        """The variance or its root. Of too few values it is NaN when some may be missing, else
        what dividing by zero returns, as in NumPy."""
        count, spread = partial[0].real, partial[2].real
        rest = count - self.correction
        few = np.nan if self.skip_nan else 0
        variance = spread / np.where(rest > 0, rest, few)
        return np.asarray(np.sqrt(variance) if self.root else variance).astype(self.result)


@dataclass(frozen=True, slots=True)
class Extreme(Named):
    """The index of the first smallest or largest element, NaN before all.

    `axis` is None for indices in the flattened array.
    """

    largest: bool
    axis: int | None

    @property
    def tiled(self) -> bool:
        return False

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> tuple[NpArray, NpArray]:
        """The extreme of a block and its index in the whole array, which has this shape."""
        find = np.argmax if self.largest else np.argmin
        if self.axis is not None:
            local = find(values, axis=self.axis, keepdims=True)
            best = np.take_along_axis(values, local, self.axis)
            return best, local + origin[self.axis]
        flat = int(find(values))
        inside = np.unravel_index(flat, values.shape)
        there = tuple(int(a) + b for a, b in zip(inside, origin, strict=True))
        place = int(np.ravel_multi_index(there, shape)) if there else 0
        ones = (1,) * values.ndim
        best = np.asarray(values.reshape(-1)[flat]).reshape(ones)
        return best, np.asarray(place, dtype=np.intp).reshape(ones)

    def merge(
        self, one: tuple[NpArray, NpArray], other: tuple[NpArray, NpArray]
    ) -> tuple[NpArray, NpArray]:
        """The better of two; of equals the one that comes first."""
        (value, place), (value2, place2) = one, other
        better = value2 > value if self.largest else value2 < value
        same = value == value2
        if value.dtype.kind in "fcmM":
            nan, nan2 = np.isnan(value), np.isnan(value2)
            better = np.where(nan | nan2, nan2 & ~nan, better)
            same = same | (nan & nan2)
        better = better | (same & (place2 < place))
        return np.where(better, value2, value), np.where(better, place2, place)

    def finish(self, partial: tuple[NpArray, NpArray]) -> NpArray:
        """The indices."""
        return partial[1]
