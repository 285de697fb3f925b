"""Folds: what a reduction computes of a tile, how two such partial results become one, and what
the last of them means. Partial results keep the reduced axes, of length 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from shframe.array.program import named
from shframe.errors import InvalidArgument
from shframe.graph.tokens import tokenize

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]


class Fold(Protocol):
    """A reduction in three steps; `tiled` says whether tiles may be folded one by one.

    The origin is where the tile's block begins in the whole array, and `shape` is that array's;
    a fold that is tiled looks at neither.
    """

    @property
    def tiled(self) -> bool: ...

    def partial(self, values: Array, axes: Axes, origin: Axes, shape: Axes) -> Any: ...

    def merge(self, one: Any, other: Any) -> Any: ...

    def finish(self, partial: Any) -> Array: ...


@dataclass(frozen=True, slots=True)
class Ufunc:
    """A ufunc's own reduction in `dtype`; the result is cast to `result`."""

    ufunc: np.ufunc
    dtype: np.dtype[Any]
    result: np.dtype[Any]

    def __shframe_token__(self) -> str:
        return tokenize(named(self.ufunc), self.dtype.str, self.result.str)

    @property
    def tiled(self) -> bool:
        return True

    def partial(self, values: Array, axes: Axes, origin: Axes, shape: Axes) -> Array:
        """The reduction of one tile."""
        # a unit of time is a detail that ufuncs take from the values alone
        dtype = None if self.dtype.kind in "mM" else self.dtype
        given = self.ufunc.reduce(values, axis=axes, dtype=dtype, keepdims=True)
        return np.asarray(given)

    def merge(self, one: Array, other: Array) -> Array:
        """The reduction of two results."""
        return np.asarray(self.ufunc(one, other))

    def finish(self, partial: Array) -> Array:
        """The result in its dtype."""
        return partial.astype(self.result, copy=False)


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and sum of squared deviations, for variances in one pass.

    Two partial results are joined as T. Chan, G. Golub and R. LeVeque (1979) show: nothing is
    lost to cancellation, unlike with sums of squares.
    """

    dtype: np.dtype[Any]
    result: np.dtype[Any]
    correction: float
    root: bool
    skip_nan: bool

    def __shframe_token__(self) -> str:
        how = (self.correction, self.root, self.skip_nan)
        return tokenize(self.dtype.str, self.result.str, *how)

    @property
    def tiled(self) -> bool:
        return True

    def partial(self, values: Array, axes: Axes, origin: Axes, shape: Axes) -> Array:
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
        apart = values - mean
        if there is not None:
            apart[~there] = 0
        squares = (apart.real**2 + apart.imag**2) if apart.dtype.kind == "c" else apart * apart
        spread = squares.sum(axis=axes, keepdims=True)
        return np.stack([np.broadcast_to(count, mean.shape), mean, spread])

    def merge(self, one: Array, other: Array) -> Array:
        """Both together."""
        count = one[0] + other[0]
        share = other[0] / np.where(count == 0, 1, count)
        apart = other[1] - one[1]
        squares = apart.real**2 + apart.imag**2 if apart.dtype.kind == "c" else apart * apart
        spread = one[2] + other[2] + squares * one[0] * share
        return np.stack([count, one[1] + apart * share, spread])

    def finish(self, partial: Array) -> Array:
        """The variance or its root; NaN where there are too few values."""
        count, spread = partial[0].real, partial[2].real
        rest = count - self.correction
        variance = spread / np.where(count == 0, np.nan, np.maximum(rest, 0))
        return np.asarray(np.sqrt(variance) if self.root else variance).astype(self.result)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of the first smallest or largest element, NaN before all (or never).

    `axis` is None for places in the flattened array.
    """

    largest: bool
    axis: int | None
    skip_nan: bool

    @property
    def tiled(self) -> bool:
        return False

    def partial(self, values: Array, axes: Axes, origin: Axes, shape: Axes) -> tuple[Array, Array]:
        """The extreme of a block and its place in the whole array, which has this shape."""
        find = np.argmax if self.largest else np.argmin
        filled = values
        if self.skip_nan and values.dtype.kind in "fc":
            filled = np.where(np.isnan(values), -np.inf if self.largest else np.inf, values)
        if self.axis is not None:
            local = find(filled, axis=self.axis, keepdims=True)
            best = np.take_along_axis(values, local, self.axis)
            return best, local + origin[self.axis]
        flat = int(find(filled))
        inside = np.unravel_index(flat, values.shape)
        there = tuple(int(a) + b for a, b in zip(inside, origin, strict=True))
        place = int(np.ravel_multi_index(there, shape)) if there else 0
        ones = (1,) * values.ndim
        best = np.asarray(values.reshape(-1)[flat]).reshape(ones)
        return best, np.asarray(place, dtype=np.intp).reshape(ones)

    def merge(self, one: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
        """The better of two; of equals the one that comes first."""
        (value, place), (value2, place2) = one, other
        better = value2 > value if self.largest else value2 < value
        same = value == value2
        if value.dtype.kind in "fcmM":
            nan, nan2 = np.isnan(value), np.isnan(value2)
            wins, loses = (nan, nan2) if self.skip_nan else (nan2, nan)
            better = np.where(nan | nan2, wins & ~loses, better)
            same = same | (nan & nan2)
        better = better | (same & (place2 < place))
        return np.where(better, value2, value), np.where(better, place2, place)

    def finish(self, partial: tuple[Array, Array]) -> Array:
        """The places; raises InvalidArgument where nothing but NaN was found."""
        best, place = partial
        if self.skip_nan and best.dtype.kind in "fc" and np.isnan(best).any():
            raise InvalidArgument("nothing but NaN along the axis: no smallest or largest")
        return place
