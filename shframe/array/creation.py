"""Arrays from values, from nothing, and from random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe import session
from shframe.array import nodes
from shframe.array.array import Array
from shframe.array.chunks import grid, normalized
from shframe.errors import InvalidArgument, UnsupportedType


def from_array(x: Any, chunks: Any = "auto") -> Array:
    """A lazy array of the values of `x`, taken at the call and stored once.

    Cost: one copy into shared memory; blocks are views of it.

    Examples
    --------
    >>> import numpy as np, shframe.array as xp
    >>> xp.from_array(np.arange(4), chunks=2).numblocks
    (2,)
    """
    if isinstance(x, Array):
        return x if chunks == "auto" else x.rechunk(chunks)
    values = np.asarray(x)
    if values.dtype.hasobject:
        raise UnsupportedType("an array of Python objects cannot be chunked; give it a dtype")
    if not values.flags.c_contiguous:
        values = np.ascontiguousarray(values).reshape(values.shape)
    asked = normalized(chunks, values.shape, values.dtype.itemsize)
    ref = session.current().put(values)
    return Array(nodes.FromObject(asked, values.dtype.str, ref))


def asarray(x: Any, dtype: Any = None, chunks: Any = "auto") -> Array:
    """A lazy array of `x`; one that is lazy already is given as it is."""
    made = from_array(x, chunks)
    return made if dtype is None or made.dtype == np.dtype(dtype) else made.astype(dtype)


def _made(kind: str, shape: Any, dtype: Any, chunks: Any, values: tuple[Any, ...]) -> Array:
    lengths = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(int(n) < 0 for n in lengths):
        raise InvalidArgument(f"the shape {lengths} has a negative length")
    lengths = tuple(int(n) for n in lengths)
    dtype = np.dtype(dtype)
    return Array(nodes.Made(normalized(chunks, lengths, dtype.itemsize), dtype.str, kind, values))


def full(shape: Any, fill_value: Any, dtype: Any = None, chunks: Any = "auto") -> Array:
    """An array of one value."""
    kind = np.asarray(fill_value).dtype if dtype is None else np.dtype(dtype)
    return _made("full", shape, kind, chunks, (fill_value,))


def zeros(shape: Any, dtype: Any = "f8", chunks: Any = "auto") -> Array:
    """An array of zeros."""
    return full(shape, 0, dtype, chunks)


def ones(shape: Any, dtype: Any = "f8", chunks: Any = "auto") -> Array:
    """An array of ones."""
    return full(shape, 1, dtype, chunks)


def empty(shape: Any, dtype: Any = "f8", chunks: Any = "auto") -> Array:
    """An array of no particular values: zeros, in fact."""
    return zeros(shape, dtype, chunks)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Array:
    """An array of one value in the shape and blocks of another."""
    other = from_array(x)
    return _made("full", other.shape, dtype or other.dtype, other.chunks, (fill_value,))


def zeros_like(x: Any, dtype: Any = None) -> Array:
    """Zeros in the shape and blocks of another array."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Array:
    """Ones in the shape and blocks of another array."""
    return full_like(x, 1, dtype)


def arange(
    start: Any, stop: Any = None, step: Any = 1, *, dtype: Any = None, chunks: Any = "auto"
) -> Array:
    """start, start + step, ... up to, not including, stop."""
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise InvalidArgument("arange() with a step of 0")
    count = max(int(np.ceil((stop - start) / step)), 0)
    kind = np.arange(start, start + step, step).dtype if dtype is None else np.dtype(dtype)
    return _made("arange", count, kind, chunks, (start, step))


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    chunks: Any = "auto",
) -> Array:
    """`num` values at equal distances from start to stop."""
    if num < 0:
        raise InvalidArgument(f"linspace() with num={num}")
    return _made("linspace", num, dtype or "f8", chunks, (float(start), float(stop), num, endpoint))


class Random:
    """Random arrays: the same seed and chunks give the same numbers, whatever runs where."""

    def normal(
        self,
        loc: float = 0.0,
        scale: float = 1.0,
        size: Any = (),
        *,
        seed: Any = None,
        chunks: Any = "auto",
    ) -> Array:
        """Normally distributed numbers."""
        return self._drawn("normal", (loc, scale), size, "f8", seed, chunks)

    def uniform(
        self,
        low: float = 0.0,
        high: float = 1.0,
        size: Any = (),
        *,
        seed: Any = None,
        chunks: Any = "auto",
    ) -> Array:
        """Uniformly distributed numbers from low, not including high."""
        return self._drawn("uniform", (low, high), size, "f8", seed, chunks)

    def integers(
        self, low: int, high: int, size: Any = (), *, seed: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Uniformly distributed whole numbers from low, not including high."""
        return self._drawn("integers", (low, high), size, "i8", seed, chunks)

    @staticmethod
    def _drawn(
        name: str, args: tuple[Any, ...], size: Any, dtype: str, seed: Any, chunks: Any
    ) -> Array:
        made = _made("random", size, dtype, chunks, ())
        blocks = len(list(grid(made.chunks)))
        root = np.random.SeedSequence(seed)
        seeds = tuple(
            tuple(int(w) for w in child.generate_state(4)) for child in root.spawn(blocks)
        )
        return _made("random", size, dtype, made.chunks, (name, args, seeds))


random = Random()
