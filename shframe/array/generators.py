"""Generators of random arrays. They are drawn in tiles, whose shape depends on the array's shape
alone; each tile has its own stream of the seed. So the numbers depend on seed and shape, not on the
grid, nor on which worker makes them or when.
"""

from __future__ import annotations

import builtins
import itertools
from typing import Any

import numpy as np

from shframe.array.distributions import Distributions
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.expr.program import Refuse
from shframe.array.functions import elementwise, indexing, manipulation, searching, sorting
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import lazy_node, node_of, values_of
from shframe.array.functions.numpy_probe import ask, dtype_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import normalize_axis
from shframe.array.grid.defaults import shape_from
from shframe.array.kernels import drawing
from shframe.array.ndarray import Array
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

TILE = "16MiB"  # not by the number of workers: a seed gives the same numbers on any machine


class Generator(Distributions):
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
        tiles = grids.normalize_chunks(TILE, shape, kind.itemsize)
        stream = (next(self._streams),)
        drawn = nodes.Random(method, parameters, options, self._seed, stream, tiles, kind)
        return Array(_cut(drawn, chunks))

    def _draw_by(
        self,
        method: str,
        parameters: tuple[Any, ...],
        size: Any,
        chunks: Any,
        *,
        integers: bool = False,
    ) -> Array:
        """Numbers of a distribution whose parameters are numbers, or arrays that broadcast."""
        kind = np.dtype(np.int64 if integers else np.float64)
        if _are_single(*parameters):
            _ask(method, *parameters)
            given = tuple(np.asarray(each).item() for each in parameters)
            return self._draw(method, size, chunks, kind, given)
        found = [node_of(each) for each in parameters]
        common = grids.broadcast_shape([each.shape for each in found], method)
        shape = common if size is None else shape_from(size)
        fits = zip(reversed(common), reversed(shape), strict=False)
        if len(common) > len(shape) or any(n not in (1, want) for n, want in fits):
            raise ChunkMismatch(
                f"Output size {shape} is not compatible with broadcast dimensions of inputs "
                f"{common}."
            )
        tiles = grids.normalize_chunks(TILE, shape, kind.itemsize)
        sources = [nodes.on_grid(each, grids.fit(tiles, each.shape)) for each in found]
        how = self._stream(method)
        drawn = call_kernel(
            drawing.draw_by, sources, tiles, kind, with_origin=True, tiles=tiles, **how
        )
        return Array(_cut(drawn, chunks))

    def _draw_vectors(
        self,
        method: str,
        parameters: tuple[Any, ...],
        size: Any,
        chunks: Any,
        *,
        integers: bool = False,
    ) -> Array:
        """Vectors of a distribution, as the last axis of the result."""
        given = tuple(np.asarray(each) for each in parameters)
        sample = _ask(method, *given, size=1)
        inner = sample.shape[-1]
        shape = () if size is None else shape_from(size)
        kind = np.dtype(np.int64 if integers else np.float64)
        over = grids.normalize_chunks(TILE, shape, kind.itemsize * max(inner, 1))
        how = self._stream(method)
        drawn = call_kernel(
            drawing.draw_vectors,
            [],
            (*over, (inner,)),
            kind,
            over=(*over, (1,)),
            with_origin=True,
            tiles=over,
            parameters=given,
            **how,
        )
        return Array(_cut(drawn, chunks))

    def _stream(self, method: str) -> dict[str, Any]:
        return {"method": method, "seed": self._seed, "stream": (next(self._streams),)}

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

    def standard_exponential(
        self, size: Any = None, dtype: Any = float, chunks: Any = "auto"
    ) -> Array:
        """Floats of the standard exponential distribution."""
        return self._draw("standard_exponential", size, chunks, _float(dtype))

    def permutation(self, x: Any, axis: int = 0, chunks: Any = "auto") -> Array:
        """The integers below x, or the elements of an axis of an array, in random order.

        Cost: as many random numbers are sorted.
        """
        if np.ndim(x) == 0 and not _is_lazy(x):
            return Array(_cut(sorting.argsort(self.random(int(x)).expr), chunks))
        node = node_of(x)
        at = normalize_axis(axis, node.ndim)
        order = sorting.argsort(self.random(node.shape[at]).expr)
        if node.ndim == 1:
            return Array(searching.take_along_axis(node, order, axis=0))
        return Array(indexing.take(node, order, axis=at))

    def permuted(self, x: Any, axis: int | None = None) -> Array:
        """Each line of an axis, or the raveled array, in a random order of its own."""
        node = node_of(x)
        keys = self.random(node.shape).expr
        if axis is None:
            line = manipulation.ravel(node)
            order = sorting.argsort(manipulation.ravel(keys))
            made = searching.take_along_axis(line, order, axis=0)
            return Array(manipulation.reshape(made, node.shape))
        order = sorting.argsort(keys, axis=axis)
        return Array(searching.take_along_axis(node, order, axis=axis))

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Put the elements of an axis in random order: the lazy array becomes another one."""
        if not isinstance(x, Array):
            raise UnsupportedType(
                "shuffle() works in place, on a lazy array\n  permutation() returns a new one"
            )
        x.expr = self.permutation(x, axis).expr

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
        chunks: Any = "auto",
    ) -> Array:
        """Elements of an axis of an array, or integers below `a`, drawn with or without
        putting back.

        p: their probabilities, for drawing with putting back.
        """
        whole = np.ndim(a) == 0 and not _is_lazy(a)
        node = None if whole else node_of(a)
        count = int(a) if node is None else node.shape[axis]
        shape = () if size is None else shape_from(size)
        if count < 1 and 0 not in shape:
            raise InvalidArgument("a cannot be empty unless no samples are taken")
        if p is not None:
            shares = np.asarray(values_of(p), float)
            draw = _asked.choice
            ask(lambda: draw(count, 1, p=shares), "choice")
        if not replace:
            wanted = int(np.prod(shape))
            if p is not None:
                raise UnsupportedType("choice(replace=False) does not support probabilities p")
            if wanted > count:
                raise InvalidArgument(
                    "Cannot take a larger sample than population when replace is False"
                )
            order = self.permutation(count)[:wanted].reshape(shape)
            places = order.expr
        elif p is None:
            places = self.integers(0, max(count, 1), shape).expr
        else:
            ends = np.cumsum(shares)
            places = searching.searchsorted(
                node_of(ends / ends[-1]), self.random(shape).expr, side="right"
            )
        places = _cut(places, chunks) if shape else places
        if node is None:
            return Array(places)
        if node.ndim == 1:
            flat = manipulation.ravel(places)
            made = searching.take_along_axis(node, flat, axis=0)
            return Array(manipulation.reshape(made, shape))
        return Array(indexing.take(node, places, axis=axis))

    def bytes(self, length: int) -> builtins.bytes:
        """So many random bytes; computed at the call."""
        made: builtins.bytes = self.integers(0, 256, length, np.uint8).compute().tobytes()
        return made

    def spawn(self, n_children: int) -> list[Generator]:
        """New generators, each with streams of its own."""
        made = []
        for _ in range(n_children):
            child = Generator(0)
            child._seed = (*self._seed, next(self._streams), 1)
            made.append(child)
        return made


class RandomState(Generator):
    """A Generator with the names of numpy.random.RandomState; its numbers are the Generator's."""

    def rand(self, *shape: int, chunks: Any = "auto") -> Array:
        """Floats from 0 to, but without, 1."""
        return self.random(shape or None, chunks=chunks)

    def randn(self, *shape: int, chunks: Any = "auto") -> Array:
        """Floats of the standard normal distribution."""
        return self.standard_normal(shape or None, chunks=chunks)

    def random_sample(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Floats from 0 to, but without, 1."""
        return self.random(size, chunks=chunks)

    def randint(
        self,
        low: int,
        high: int | None = None,
        size: Any = None,
        dtype: Any = np.int64,
        chunks: Any = "auto",
    ) -> Array:
        """Integers from low (or 0) to, but without, high."""
        return self.integers(low, high, size, dtype, chunks=chunks)

    def random_integers(
        self, low: int, high: int | None = None, size: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Integers from low (or 1) to high."""
        first, last = (1, low) if high is None else (low, high)
        return self.integers(first, last, size, endpoint=True, chunks=chunks)

    def seed(self, seed: Any = None) -> None:
        """Begin again with a seed."""
        self.__init__(seed)  # type: ignore[misc]


def _cut(node: Node, chunks: Any) -> Node:
    """The array on the grid that a user asks for; on its tiles when it is automatic."""
    if isinstance(chunks, str) and chunks == "auto":
        return node
    grid = grids.normalize_chunks(chunks, node.shape, node.dtype.itemsize)
    return nodes.on_grid(node, grid)


_asked = np.random.default_rng(0)  # draws nothing that is returned


def _ask(method: str, *parameters: Any, size: Any = 1, **how: Any) -> Any:
    """What NumPy draws; raises what it raises for a distribution that does not exist."""
    draw = getattr(_asked, method)
    return ask(lambda *given: draw(*given, size=size, **how), method, *parameters)


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
