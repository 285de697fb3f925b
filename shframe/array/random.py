"""Random numbers, block by block: block n draws from its own stream of the seed, so the numbers
depend on seed, shape and grid, not on which worker makes them or when.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from shframe.array import chunks as grids
from shframe.array import creation, elementwise, ndarray, nodes
from shframe.errors import InvalidArgument, UnsupportedType

__all__ = [
    "Generator",
    "default_rng",
    "integers",
    "normal",
    "random",
    "standard_normal",
    "uniform",
]

BLOCK = "16MiB"  # not by the number of workers: a seed gives the same numbers on any machine


class Generator:
    """Makes random arrays; each call draws from a new stream of the seed.

    Examples
    --------
    >>> a = default_rng(7).normal(size=10, chunks=3).compute()
    >>> b = default_rng(7).normal(size=10, chunks=3).compute()
    >>> bool((a == b).all())
    True
    """

    def __init__(self, seed: Any = None) -> None:
        try:
            entropy: Any = np.random.SeedSequence(seed).entropy
        except (TypeError, ValueError) as error:
            raise InvalidArgument(
                f"seed={seed!r}: a whole number of 0 or more, a sequence of them or None"
            ) from error
        items = entropy if isinstance(entropy, list | tuple | np.ndarray) else [entropy]
        self._seed = tuple(int(item) for item in items)
        self._streams = itertools.count()

    def _drawn(
        self,
        method: str,
        size: Any,
        chunks: Any,
        dtype: Any,
        parameters: tuple[Any, ...] = (),
        options: tuple[tuple[str, Any], ...] = (),
    ) -> ndarray.Array:
        kind = np.dtype(dtype)
        shape = () if size is None else creation.shape_from(size)
        grid = grids.normalized(BLOCK if chunks == "auto" else chunks, shape, kind.itemsize)
        stream = (next(self._streams),)
        return ndarray.Array(
            nodes.Random(method, parameters, options, self._seed, stream, grid, kind)
        )

    def random(self, size: Any = None, dtype: Any = float, chunks: Any = "auto") -> ndarray.Array:
        """Floats from 0 to, but without, 1."""
        return self._drawn("random", size, chunks, _float(dtype))

    def uniform(
        self, low: Any = 0.0, high: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> ndarray.Array:
        """Floats from low to, but without, high."""
        drawn = self._drawn("random", _size(size, low, high), chunks, float)
        return _scaled(
            drawn, low, elementwise.subtract(high, low) if _wide(low, high) else high - low
        )

    def standard_normal(
        self, size: Any = None, dtype: Any = float, chunks: Any = "auto"
    ) -> ndarray.Array:
        """Floats of the standard normal distribution."""
        return self._drawn("standard_normal", size, chunks, _float(dtype))

    def normal(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> ndarray.Array:
        """Floats of a normal distribution with this mean and standard deviation."""
        if not _wide(scale) and scale < 0:
            raise InvalidArgument(f"scale={scale} is negative; a deviation is 0 or more")
        drawn = self._drawn("standard_normal", _size(size, loc, scale), chunks, float)
        return _scaled(drawn, loc, scale)

    def exponential(
        self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> ndarray.Array:
        """Floats of an exponential distribution with this mean."""
        drawn = self._drawn("standard_exponential", _size(size, scale), chunks, float)
        return _scaled(drawn, 0, scale)

    def integers(
        self,
        low: int,
        high: int | None = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
        chunks: Any = "auto",
    ) -> ndarray.Array:
        """Whole numbers from low (or 0) to, but without, high; with it if `endpoint`."""
        first, last = (0, low) if high is None else (low, high)
        if first > last - (not endpoint):
            raise InvalidArgument(f"there is no whole number from {first} up to {last}")
        kind = np.dtype(dtype)
        if kind.kind not in "iub":
            raise UnsupportedType(f"integers() makes whole numbers, not {kind}")
        parameters = (int(first), int(last))
        options = (("dtype", kind.name), ("endpoint", bool(endpoint)))
        return self._drawn("integers", size, chunks, kind, parameters, options)

    def poisson(self, lam: float = 1.0, size: Any = None, chunks: Any = "auto") -> ndarray.Array:
        """Whole numbers of a Poisson distribution."""
        return self._drawn("poisson", size, chunks, np.int64, (float(lam),))

    def binomial(self, n: int, p: float, size: Any = None, chunks: Any = "auto") -> ndarray.Array:
        """How many of n trials of probability p succeed."""
        return self._drawn("binomial", size, chunks, np.int64, (int(n), float(p)))


def _float(dtype: Any) -> np.dtype[Any]:
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in (np.float64, np.float32):
        raise UnsupportedType(f"random floats are float64 or float32, not {kind}")
    return kind


def _wide(*parameters: Any) -> bool:
    """Whether a parameter has axes or is lazy."""
    return any(not isinstance(each, elementwise.SCALARS) for each in parameters)


def _size(size: Any, *parameters: Any) -> Any:
    if size is not None or not _wide(*parameters):
        return size
    shapes = [creation.asarray(each).shape for each in parameters]
    return grids.broadcast_shape(shapes, "random parameters")


def _scaled(drawn: ndarray.Array, shift: Any, scale: Any) -> ndarray.Array:
    if not _wide(scale) and scale == 1 and not _wide(shift) and shift == 0:
        return drawn
    result: ndarray.Array = drawn * scale + shift
    return result


def default_rng(seed: Any = None) -> Generator:
    """A Generator; without a seed its numbers differ from run to run."""
    return Generator(seed)


def random(size: Any = None, *, seed: Any = None, chunks: Any = "auto") -> ndarray.Array:
    """Floats from 0 to, but without, 1."""
    return Generator(seed).random(size, chunks=chunks)


def uniform(
    low: Any = 0.0, high: Any = 1.0, size: Any = None, *, seed: Any = None, chunks: Any = "auto"
) -> ndarray.Array:
    """Floats from low to, but without, high."""
    return Generator(seed).uniform(low, high, size, chunks)


def standard_normal(size: Any = None, *, seed: Any = None, chunks: Any = "auto") -> ndarray.Array:
    """Floats of the standard normal distribution."""
    return Generator(seed).standard_normal(size, chunks=chunks)


def normal(
    loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, seed: Any = None, chunks: Any = "auto"
) -> ndarray.Array:
    """Floats of a normal distribution with this mean and standard deviation."""
    return Generator(seed).normal(loc, scale, size, chunks)


def integers(
    low: int,
    high: int | None = None,
    size: Any = None,
    *,
    seed: Any = None,
    dtype: Any = np.int64,
    chunks: Any = "auto",
) -> ndarray.Array:
    """Whole numbers from low (or 0) to, but without, high."""
    return Generator(seed).integers(low, high, size, dtype, chunks=chunks)
