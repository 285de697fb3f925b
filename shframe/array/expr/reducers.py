"""Reducers: what a reduction computes of a tile, how two such partial results become one, and what
the last of them means. Partial results keep the reduced axes, of length 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from shframe.array.expr.program import Named

NpArray = np.ndarray[Any, Any]
AxisNumbers = tuple[int, ...]


class Reducer(Protocol):
    """A reduction in three steps; `tiled` says whether tiles may be reduced one by one.

    passes: how often the values are gone through: with more than one they are to be in the cache.
    begin, add, end: of the tiles of a block, one after the other, a state, and at last the partial
        result that it is.
    The origin is where the tile's block begins in the whole array, and `shape` is that array's;
    a reducer that is tiled looks at neither.
    """

    @property
    def tiled(self) -> bool: ...

    @property
    def passes(self) -> int: ...

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> Any: ...

    def merge(self, one: Any, other: Any) -> Any: ...

    def begin(self, values: NpArray, axes: AxisNumbers) -> Any: ...

    def add(self, state: Any, values: NpArray, axes: AxisNumbers) -> Any: ...

    def end(self, state: Any) -> Any: ...

    def finish(self, partial: Any) -> Any: ...


class Plain(Named):
    """A reducer whose state is its partial result."""

    __slots__ = ()

    def begin(self: Any, values: NpArray, axes: AxisNumbers) -> Any:
        """The partial result of a block's first tile."""
        return self.partial(values, axes, (), ())

    def add(self: Any, state: Any, values: NpArray, axes: AxisNumbers) -> Any:
        """The state with that of another tile."""
        return self.merge(state, self.partial(values, axes, (), ()))

    def end(self, state: Any) -> Any:
        """The partial result of all tiles."""
        return state


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
class Ufunc(Plain):
    """An associative ufunc's own reduction in `dtype`, or in its default when None;
    the result is cast to `result`.
    """

    ufunc: np.ufunc
    dtype: np.dtype[Any] | None
    result: np.dtype[Any]

    @property
    def tiled(self) -> bool:
        return True

    @property
    def passes(self) -> int:
        return 1

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
class Extreme(Plain):
    """The index of the first smallest or largest element, NaN before all.

    `axis` is None for indices in the flattened array.
    """

    largest: bool
    axis: int | None

    @property
    def tiled(self) -> bool:
        return False

    @property
    def passes(self) -> int:
        return 1

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


@dataclass(frozen=True, slots=True)
class Largest(Plain):
    """The first `count` elements along an axis in descending order, or in ascending order; or
    their indices. Of equal elements those that come first are taken; NaN is the largest.
    """

    count: int
    axis: int
    smallest: bool
    indices: bool

    @property
    def tiled(self) -> bool:
        return False

    @property
    def passes(self) -> int:
        return 1

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> tuple[NpArray, NpArray]:
        """The best of a block and their indices in the whole array."""
        places = np.arange(values.shape[self.axis]) + origin[self.axis]
        along = [-1 if n == self.axis else 1 for n in range(values.ndim)]
        return self._best(values, np.broadcast_to(places.reshape(along), values.shape))

    def _best(self, values: NpArray, places: NpArray) -> tuple[NpArray, NpArray]:
        if self.smallest:
            order = np.argsort(values, axis=self.axis, kind="stable")
        else:  # backwards on both sides, so that the first of equal elements comes first
            back = np.flip(values, self.axis)
            order = np.flip(np.argsort(back, axis=self.axis, kind="stable"), self.axis)
            order = values.shape[self.axis] - 1 - order
        best = np.take(order, np.arange(min(self.count, order.shape[self.axis])), self.axis)
        return (
            np.take_along_axis(values, best, self.axis),
            np.take_along_axis(places, best, self.axis),
        )

    def merge(
        self, one: tuple[NpArray, NpArray], other: tuple[NpArray, NpArray]
    ) -> tuple[NpArray, NpArray]:
        """The best of both."""
        values, places = (
            np.concatenate(pair, axis=self.axis) for pair in zip(one, other, strict=True)
        )
        return self._best(values, places)

    def finish(self, partial: tuple[NpArray, NpArray]) -> NpArray:
        """The elements or their indices."""
        return partial[1] if self.indices else partial[0]


Part = tuple[NpArray, ...]


@dataclass(frozen=True, slots=True)
class Distinct(Plain):
    """The distinct elements of a vector in order; if asked for, with the index of the first of each
    and how many there are. Each NaN is one of its own unless `equal_nan`.
    """

    equal_nan: bool
    indices: bool
    counts: bool

    @property
    def tiled(self) -> bool:
        return False

    @property
    def passes(self) -> int:
        return 1

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> Part:
        """Those of a block."""
        how: dict[str, Any] = {"return_index": self.indices, "return_counts": self.counts}
        made: Any = np.unique(values, equal_nan=self.equal_nan, **how)
        found, *rest = made if isinstance(made, tuple) else (made,)
        none = np.zeros(len(found), np.intp)
        first = rest[0] + origin[0] if self.indices else none
        return found, first, rest[-1] if self.counts else none

    def merge(self, one: Part, other: Part) -> Part:
        """Those of both."""
        values, first, counts = (np.concatenate(pair) for pair in zip(one, other, strict=True))
        # a stable sort: of equal values that of `one` is the first
        if not self.indices and not self.counts:
            found = np.unique(values, equal_nan=self.equal_nan)
            none = np.zeros(len(found), np.intp)
            return found, none, none
        found, at, inverse = np.unique(values, True, True, equal_nan=self.equal_nan)
        total = np.zeros(len(found), np.intp)
        np.add.at(total, inverse, counts)
        return found, first[at], total

    def finish(self, partial: Part) -> NpArray:
        """A record of each element."""
        values, first, counts = partial
        fields = [("value", values.dtype), ("first", np.intp), ("count", np.intp)]
        made = np.empty(len(values), fields)
        made["value"], made["first"], made["count"] = values, first, counts
        return made


@dataclass(frozen=True, slots=True)
class UserReduction(Plain):
    """A user's functions of a block, of partial results put together along the reduced axes, and
    of the last of these."""

    chunk: Any
    aggregate: Any
    axes: AxisNumbers
    combine: Any

    @property
    def tiled(self) -> bool:
        return False

    @property
    def passes(self) -> int:
        return 1

    def partial(
        self, values: NpArray, axes: AxisNumbers, origin: AxisNumbers, shape: AxisNumbers
    ) -> Any:
        """The function of a block, in a list: partial results are combined when all are there."""
        return [self.chunk(values, axis=axes, keepdims=True)]

    def merge(self, one: Any, other: Any) -> Any:
        """Both lists; their items are combined when there are eight."""
        parts = [*one, *other]
        if self.combine is None or len(parts) < 8:
            return parts
        return [self.combine(self._joined(parts), axis=self.axes, keepdims=True)]

    def _joined(self, parts: list[Any]) -> Any:
        return np.concatenate(parts, axis=self.axes[0]) if len(parts) > 1 else parts[0]

    def finish(self, partial: Any) -> NpArray:
        """The last function of what is left."""
        made = self.aggregate(self._joined(partial), axis=self.axes, keepdims=True)
        return np.asarray(made)
