"""Moments: variances in one pass through an array, tile by tile; and several reducers together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.array.expr.program import Named
from shframe.array.expr.reducers import AxisNumbers, NpArray, Reducer

# Elements of a sum of products at once: of more than 10,000 OpenBLAS makes several threads, which
# take longer than the sum in the cache does.
PRODUCTS = 8192


@dataclass(slots=True)
class Distances:
    """What is known of some tiles: how many elements, a center near them, and the sums of their
    distances from it, and of the squares of these."""

    count: NpArray
    center: NpArray
    sums: NpArray
    squares: NpArray


@dataclass(frozen=True, slots=True)
class Moments(Named):
    """Count, mean and sum of squared distances from it, for variances in one pass.

    In a block distances go from a center, which is about the mean of its first tile. Nothing is
    lost to cancellation, unlike with squares of the values: if that tile is a share p of the block,
    the variance of the block is at least p (1 - p) d^2, where d is from the center to the mean of
    the others. A mean is a center and what it is off, which are not added, so that numbers far from
    zero lose nothing when two results are joined as T. Chan, G. Golub and R. LeVeque (1979) show.
    """

    dtype: np.dtype[Any]
    result: np.dtype[Any]
    correction: float
    root: bool
    skip_nan: bool

    @property
    def tiled(self) -> bool:
        return True

    @property
    def passes(self) -> int:
        return 3

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> NpArray:
        """Counts, centers, how far the means are from these, and squared distances from the means,
        stacked along a new first axis."""
        return self.end(self.begin(values, axes))

    def begin(self, values: NpArray, axes: AxisNumbers) -> Distances:
        """The distances of a block's first tile from about its mean."""
        values = values.astype(self.dtype, copy=False)
        there = ~np.isnan(values) if self.skip_nan else None
        if there is None:
            count = np.asarray(_count(values, axes), self.dtype)
        else:
            count = there.sum(axis=axes, keepdims=True).astype(self.dtype)
            values = np.where(there, values, 0)
        center = values.sum(axis=axes, keepdims=True) / np.maximum(count, 1)
        apart = values - center
        if there is not None:
            apart[~there] = 0
        sums = np.add.reduce(apart, axis=axes, keepdims=True)
        return Distances(count, center, sums, _add_squares(apart, axes))

    def add(self, state: Any, values: NpArray, axes: AxisNumbers) -> Any:
        """The state with the distances of another tile."""
        if self.skip_nan:  # the first tile may have no number
            made = self.merge(self.end(state), self.partial(values, axes, (), ()))
            count, center, shift, spread = made
            squares = spread + _square(shift) * count
            return Distances(count, center, shift * count, squares)
        apart = np.subtract(values, state.center, dtype=self.dtype)
        state.sums += np.add.reduce(apart, axis=axes, keepdims=True)
        state.squares += _add_squares(apart, axes)
        state.count += _count(values, axes)
        return state

    def end(self, state: Distances) -> NpArray:
        """The partial result of all tiles."""
        shift = state.sums / np.maximum(state.count, 1)
        made = np.empty((4, *shift.shape), shift.dtype)
        made[0], made[1], made[2] = state.count, state.center, shift
        # of equal values it may be rounded to less than nothing
        made[3] = np.maximum((state.squares - _square(shift) * state.count).real, 0)
        return made

    def merge(self, one: NpArray, other: NpArray) -> NpArray:
        """Both together."""
        count = one[0] + other[0]
        share = other[0] / np.where(count == 0, 1, count)
        apart = (other[1] - one[1]) + (other[2] - one[2])
        weight = one[0] * share
        # the square of a large mean may be infinite, which no values must not make NaN
        between = np.where(weight == 0, 0, _square(apart) * weight)
        none = one[0] == 0
        center = np.where(none, other[1], one[1])
        shift = np.where(none, other[2], one[2] + apart * share)
        return np.stack([count, center, shift, one[3] + other[3] + between])

    def finish(self, partial: NpArray) -> NpArray:
        """The variance or its root. Of too few values it is NaN when some may be missing, else
        what dividing by zero returns, as in NumPy."""
        count, spread = partial[0].real, partial[3].real
        rest = count - self.correction
        few = np.nan if self.skip_nan else 0
        variance = spread / np.where(rest > 0, rest, few)
        return np.asarray(np.sqrt(variance) if self.root else variance).astype(self.result)


def _count(values: NpArray, axes: AxisNumbers) -> int:
    return math.prod(values.shape[axis] for axis in axes)


def _square(values: NpArray) -> NpArray:
    """The squares of numbers, of complex ones the squares of their sizes."""
    if values.dtype.kind == "c":
        return np.asarray(values.real**2 + values.imag**2)
    return values * values


def _add_squares(values: NpArray, axes: AxisNumbers) -> NpArray:
    """The sums of squares along axes, which are kept; the values may be overwritten."""
    if values.dtype.kind == "c":
        return np.asarray(_add_squares(values.real, axes) + _add_squares(values.imag, axes))
    if axes == (values.ndim - 1,):
        line = values.reshape(-1) if values.ndim == 1 else values
        if line.shape[-1] <= PRODUCTS:
            return np.asarray(np.vecdot(line, line))[..., None]
        whole = line.shape[-1] // PRODUCTS * PRODUCTS
        rows = line[..., :whole].reshape(*line.shape[:-1], -1, PRODUCTS)
        rest = line[..., whole:]
        added = np.vecdot(rows, rows).sum(axis=-1) + np.vecdot(rest, rest)
        return np.asarray(added)[..., None]
    np.multiply(values, values, out=values)
    return np.asarray(np.add.reduce(values, axis=axes, keepdims=True))


@dataclass(frozen=True, slots=True)
class Together(Named):
    """Several reducers of the same values: the tuple of what each makes."""

    reducers: tuple[Reducer, ...]

    @property
    def tiled(self) -> bool:
        return all(each.tiled for each in self.reducers)

    @property
    def passes(self) -> int:
        return sum(each.passes for each in self.reducers)

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> tuple[Any, ...]:
        """What each makes of a tile."""
        return tuple([each.partial(values, axes, origin, shape) for each in self.reducers])

    def begin(self, values: NpArray, axes: AxisNumbers) -> tuple[Any, ...]:
        """The states after the first tile."""
        return tuple([each.begin(values, axes) for each in self.reducers])

    def add(self, state: tuple[Any, ...], values: NpArray, axes: AxisNumbers) -> tuple[Any, ...]:
        """The states after another tile."""
        pairs = zip(self.reducers, state, strict=True)
        return tuple([reducer.add(each, values, axes) for reducer, each in pairs])

    def end(self, state: tuple[Any, ...]) -> tuple[Any, ...]:
        """The partial results."""
        return tuple(
            [reducer.end(each) for reducer, each in zip(self.reducers, state, strict=True)]
        )

    def merge(self, one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
        """Each one's two results together."""
        pairs = zip(self.reducers, one, other, strict=True)
        return tuple([reducer.merge(a, b) for reducer, a, b in pairs])

    def finish(self, partial: tuple[Any, ...]) -> tuple[NpArray, ...]:
        """The results."""
        pairs = zip(self.reducers, partial, strict=True)
        return tuple([reducer.finish(each) for reducer, each in pairs])
