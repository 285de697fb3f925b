"""Random numbers, block by block: block n draws from its own stream of the seed, so the numbers
depend on seed, shape and grid, not on which worker makes them or when.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.program import Refuse
from shframe.array.functions import elementwise
from shframe.array.functions.convert import lazy_node
from shframe.array.functions.numpy_probe import ask, dtype_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.defaults import shape_from
from shframe.array.ndarray import Array
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

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
                f"seed={seed!r}: must be an integer >= 0, a sequence of them or None"
            ) from error
        items = entropy if isinstance(entropy, list | tuple | np.ndarray) else [entropy]
        self._seed = tuple(int(item) for item in items)
        self._streams = itertools.count()

    def _draw(
        self,
        method: str,
        size: Any,
        chunks: Any,
        dtype: Any,
        parameters: tuple[Any, ...] = (),
        options: tuple[tuple[str, Any], ...] = (),
    ) -> Array:
        kind = np.dtype(dtype)
        shape = () if size is None else shape_from(size)
        grid = grids.normalize_chunks(BLOCK if chunks == "auto" else chunks, shape, kind.itemsize)
        stream = (next(self._streams),)
        return Array(nodes.Random(method, parameters, options, self._seed, stream, grid, kind))

    def random(self, size: Any = None, dtype: Any = float, chunks: Any = "auto") -> Array:
        """Floats from 0 to, but without, 1."""
        return self._draw("random", size, chunks, _float(dtype))

    def uniform(
        self, low: Any = 0.0, high: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats from low to, but without, high."""
        if _are_single(low, high):
            _ask("uniform", low, high)
        # by NumPy when neither is lazy
        scale = _checked("uniform", np.subtract(_float_of(high), _float_of(low)))
        return self._scale("random", low, scale, size, chunks)

    def standard_normal(self, size: Any = None, dtype: Any = float, chunks: Any = "auto") -> Array:
        """Floats of the standard normal distribution."""
        return self._draw("standard_normal", size, chunks, _float(dtype))

    def normal(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Floats of a normal distribution with this mean and standard deviation."""
        if _are_single(loc, scale):
            _ask("normal", loc, scale)
        return self._scale("standard_normal", loc, _checked("normal", scale), size, chunks)

    def exponential(self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats of an exponential distribution with this mean."""
        checked = _checked("exponential", scale)
        return self._scale("standard_exponential", 0.0, checked, size, chunks)

    def _scale(self, method: str, shift: Any, scale: Any, size: Any, chunks: Any) -> Array:
        """Numbers of the standard distribution, stretched and moved."""
        shape = grids.broadcast_shape([np.shape(each) for each in (shift, scale)], method)
        wanted = shape if size is None and shape else size
        drawn = self._draw(method, wanted, chunks, float)
        if grids.broadcast_shape([drawn.shape, shape], method) != drawn.shape:
            raise ChunkMismatch(
                f"Output size {drawn.shape} is not compatible with broadcast dimensions of inputs "
                f"{shape}."
            )
        if shape or scale != 1 or shift != 0:
            drawn = drawn * _float_of(scale) + _float_of(shift)
        return drawn

    def integers(
        self,
        low: int,
        high: int | None = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
        chunks: Any = "auto",
    ) -> Array:
        """Integers from low (or 0) to, but without, high; with it if `endpoint`."""
        kind = dtype_of(dtype)
        given = (
            (_single("low", low),) if high is None else (_single("low", low), _single("high", high))
        )
        _ask("integers", *given, dtype=kind, endpoint=endpoint)
        first, last = (0, *given) if high is None else given
        options = (("dtype", kind.name), ("endpoint", bool(endpoint)))
        return self._draw("integers", size, chunks, kind, (int(first), int(last)), options)

    def poisson(self, lam: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Integers of a Poisson distribution."""
        mean = float(_single("lam", lam))
        _ask("poisson", mean)
        return self._draw("poisson", size, chunks, np.int64, (mean,))

    def binomial(self, n: int, p: float, size: Any = None, chunks: Any = "auto") -> Array:
        """How many of n trials of probability p succeed."""
        given = _single("n", n), float(_single("p", p))
        _ask("binomial", *given)
        return self._draw("binomial", size, chunks, np.int64, (int(given[0]), given[1]))


_asked = np.random.default_rng(0)  # draws nothing that is returned


def _ask(method: str, *parameters: Any, size: Any = 1, **how: Any) -> None:
    """Raises what NumPy raises for a distribution that does not exist."""
    draw = getattr(_asked, method)
    ask(lambda *given: draw(*given, size=size, **how), method, *parameters)


def _is_lazy(*parameters: Any) -> bool:
    return any(lazy_node(each) is not None for each in parameters)


def _are_single(*parameters: Any) -> bool:
    return not any(np.ndim(each) or _is_lazy(each) for each in parameters)


def _single(name: str, value: Any) -> Any:
    """A number without axes; raises UnsupportedType."""
    number = value.compute() if _is_lazy(value) else value
    if np.ndim(number):
        raise UnsupportedType(
            f"{name}={value!r}: must be a single number\n"
            "  uniform(), normal() and exponential() take arrays"
        )
    return number


def _float_of(value: Any) -> Any:
    """A parameter in float64, as NumPy takes it."""
    if _is_lazy(value):
        return value.astype(float)
    return np.asarray(value, float) if np.ndim(value) else float(value)


def _checked(method: str, scale: Any) -> Any:
    """What numbers are multiplied by; that of a lazy array is looked at when it is computed."""
    zero = () if method == "exponential" else (0.0,)
    if not _is_lazy(scale):
        _ask(method, *zero, scale, size=None)
        return scale
    node = scale.expr
    if method == "uniform":
        infinite = elementwise.call(np.logical_not, elementwise.call(np.isfinite, node))
        refuse = Refuse(OverflowError, "high - low range exceeds valid bounds")
        node = elementwise.apply(refuse, (node, infinite), method, node.dtype)
    found = "high - low < 0" if method == "uniform" else "scale < 0"
    refuse = Refuse(InvalidArgument, f"{method}: {found}")
    number = elementwise.call(np.logical_not, elementwise.call(np.isnan, node))
    wrong = elementwise.call(np.logical_and, elementwise.call(np.signbit, node), number)
    return Array(elementwise.apply(refuse, (node, wrong), method, node.dtype))


def _float(dtype: Any) -> np.dtype[Any]:
    kind = dtype_of(dtype)
    if kind not in (np.float64, np.float32):
        raise UnsupportedType(f"random floats are float64 or float32, not {kind}")
    return kind


def default_rng(seed: Any = None) -> Generator:
    """A Generator; without a seed its numbers differ from run to run."""
    return Generator(seed)


def random(size: Any = None, *, seed: Any = None, chunks: Any = "auto") -> Array:
    """Floats from 0 to, but without, 1."""
    return Generator(seed).random(size, chunks=chunks)


def uniform(
    low: Any = 0.0, high: Any = 1.0, size: Any = None, *, seed: Any = None, chunks: Any = "auto"
) -> Array:
    """Floats from low to, but without, high."""
    return Generator(seed).uniform(low, high, size, chunks)


def standard_normal(size: Any = None, *, seed: Any = None, chunks: Any = "auto") -> Array:
    """Floats of the standard normal distribution."""
    return Generator(seed).standard_normal(size, chunks=chunks)


def normal(
    loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, seed: Any = None, chunks: Any = "auto"
) -> Array:
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
) -> Array:
    """Integers from low (or 0) to, but without, high."""
    return Generator(seed).integers(low, high, size, dtype, chunks=chunks)
