"""Fourier transforms: NumPy's on lines that are gathered into one block, axis after axis; the
other axes are cut for it. A line that is longer than a block may be is transformed in parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import creation, elementwise, manipulation
from shframe.array.functions.calling import call_kernel, whole_along
from shframe.array.functions.long_fourier import transform_long
from shframe.array.functions.numpy_probe import ask
from shframe.array.grid.axes import Axes, list_axes, normalize_axes, normalize_axis
from shframe.array.grid.defaults import integers_from, largest
from shframe.array.kernels import matrices as kernels
from shframe.errors import InvalidArgument


def _along(x: Node, name: str, n: int | None, axis: int, norm: Any) -> Node:
    if not x.ndim:
        raise InvalidArgument(f"{name}() needs an array of at least one axis")
    at = normalize_axis(axis, x.ndim)
    length = x.shape[at]
    call = getattr(np.fft, name)
    count = None if n is None else integers_from(n, "n")[0]
    sample = ask(lambda line: call(line, count, norm=norm), name, np.zeros(length, x.dtype))
    most = max(largest() // 16, 4)
    if max(len(sample), length if count is None else count) > most and len(x.chunks[at]) > 1:
        size = len(sample) if name in ("irfft", "hfft") else count or length
        line = manipulation.moveaxis(x, at, -1)
        found = transform_long(line, name, size, norm, _complex_along)
        return manipulation.moveaxis(elementwise.astype(found, sample.dtype), -1, at)
    x = whole_along(x, (at,))
    grid = tuple((len(sample),) if axis == at else lengths for axis, lengths in enumerate(x.chunks))
    over = tuple((1,) if axis == at else lengths for axis, lengths in enumerate(x.chunks))
    how = (("axis", at), ("n", count), ("norm", norm))
    return call_kernel(
        kernels.call_fft, [x], grid, sample.dtype, over=over, weight=40, name=name, how=how
    )


def _complex_along(x: Node, axis: int) -> Node:
    return _along(x, "fft", None, axis, None)


def fft(x: Node, /, n: int | None = None, axis: int = -1, norm: Any = None) -> Node:
    """The discrete Fourier transform along an axis.

    n: length of the axis before, which is cut or filled with zeros.
    norm: "backward", "ortho" or "forward".
    Cost: a rechunk, if the axis is in several blocks; three, and some more work, if a line of it
        is larger than a block may be.
    """
    return _along(x, "fft", n, axis, norm)


def ifft(x: Node, /, n: int | None = None, axis: int = -1, norm: Any = None) -> Node:
    """The inverse of fft()."""
    return _along(x, "ifft", n, axis, norm)


def rfft(x: Node, /, n: int | None = None, axis: int = -1, norm: Any = None) -> Node:
    """The transform of real values: the frequencies that are not negative."""
    return _along(x, "rfft", n, axis, norm)


def irfft(x: Node, /, n: int | None = None, axis: int = -1, norm: Any = None) -> Node:
    """The inverse of rfft(); n is the length of the result, 2 * (m - 1) if it is not given."""
    return _along(x, "irfft", n, axis, norm)


def hfft(x: Node, /, n: int | None = None, axis: int = -1, norm: Any = None) -> Node:
    """The transform of values with Hermitian symmetry, which is real."""
    return _along(x, "hfft", n, axis, norm)


def ihfft(x: Node, /, n: int | None = None, axis: int = -1, norm: Any = None) -> Node:
    """The inverse of hfft()."""
    return _along(x, "ihfft", n, axis, norm)


def _lengths(x: Node, s: Any, axes: Any) -> list[tuple[int, int | None]]:
    """The axes of a transform, each with the length that it is to have."""
    lengths = None if s is None else [None if n is None else int(n) for n in s]
    if axes is None:
        found = list(range(x.ndim)) if lengths is None else list(range(-len(lengths), 0))
    else:
        found = list(integers_from(axes, "axes"))
    places = [normalize_axis(axis, x.ndim) for axis in found]
    if lengths is None:
        return [(axis, None) for axis in places]
    if len(lengths) != len(places):
        raise InvalidArgument("Shape and axes have different lengths.")
    return [(axis, None if n in (-1, None) else n) for axis, n in zip(places, lengths, strict=True)]


def _several(x: Node, name: str, s: Any, axes: Any, norm: Any) -> Node:
    for axis, n in reversed(_lengths(x, s, axes)):
        x = _along(x, name, n, axis, norm)
    return x


def fftn(x: Node, /, s: Any = None, axes: Any = None, norm: Any = None) -> Node:
    """The transform along several axes, one after the other.

    s: lengths of these axes before.
    """
    return _several(_as_complex(x), "fft", s, axes, norm)


def ifftn(x: Node, /, s: Any = None, axes: Any = None, norm: Any = None) -> Node:
    """The inverse of fftn()."""
    return _several(_as_complex(x), "ifft", s, axes, norm)


def _as_complex(x: Node) -> Node:
    """Of no axes nothing is transformed, but the result is complex all the same."""
    if x.ndim:
        return x
    return elementwise.astype(x, np.result_type(x.dtype, np.complex64))


def rfftn(x: Node, /, s: Any = None, axes: Any = None, norm: Any = None) -> Node:
    """The transform of real values along several axes: half of the last one."""
    *others, (last, n) = _lengths(x, s, axes)
    x = _along(x, "rfft", n, last, norm)
    for axis, length in reversed(others):
        x = _along(x, "fft", length, axis, norm)
    return x


def irfftn(x: Node, /, s: Any = None, axes: Any = None, norm: Any = None) -> Node:
    """The inverse of rfftn()."""
    *others, (last, n) = _lengths(x, s, axes)
    for axis, length in others:
        x = _along(x, "ifft", length, axis, norm)
    return _along(x, "irfft", n, last, norm)


def fft2(x: Node, /, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Node:
    """The transform along two axes."""
    return fftn(x, s, axes, norm)


def ifft2(x: Node, /, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Node:
    """The inverse of fft2()."""
    return ifftn(x, s, axes, norm)


def rfft2(x: Node, /, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Node:
    """The transform of real values along two axes."""
    return rfftn(x, s, axes, norm)


def irfft2(x: Node, /, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Node:
    """The inverse of rfft2()."""
    return irfftn(x, s, axes, norm)


def fftfreq(
    n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None, chunks: Any = "auto"
) -> Node:
    """The frequencies of fft(), in cycles per unit of the spacing d; the negative ones last."""
    count = integers_from(n, "n")[0]
    if count < 1:
        raise InvalidArgument(f"n must be at least 1, got {n}")
    creation.check_device(device)
    half = (count - 1) // 2 + 1
    places = creation.arange(count, chunks=chunks)
    shifted = elementwise.call(np.subtract, places, count)
    order = elementwise.where(elementwise.call(np.less, places, half), places, shifted)
    return _scaled(order, count * d, dtype)


def rfftfreq(
    n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None, chunks: Any = "auto"
) -> Node:
    """The frequencies of rfft()."""
    count = integers_from(n, "n")[0]
    if count < 1:
        raise InvalidArgument(f"n must be at least 1, got {n}")
    creation.check_device(device)
    return _scaled(creation.arange(count // 2 + 1, chunks=chunks), count * d, dtype)


def _scaled(order: Node, span: float, dtype: Any) -> Node:
    made = elementwise.call(np.multiply, order, 1.0 / span)
    return made if dtype is None else elementwise.astype(made, dtype)


def fftshift(x: Node, /, axes: Axes = None) -> Node:
    """The frequency 0 moved to the middle of axes."""
    found = _shifted_axes(x, axes)
    return manipulation.roll(x, [x.shape[axis] // 2 for axis in found], axis=found)


def ifftshift(x: Node, /, axes: Axes = None) -> Node:
    """The inverse of fftshift()."""
    found = _shifted_axes(x, axes)
    return manipulation.roll(x, [-(x.shape[axis] // 2) for axis in found], axis=found)


def _shifted_axes(x: Node, axes: Any) -> tuple[int, ...]:
    return normalize_axes(None, x.ndim) if axes is None else list_axes(axes, x.ndim)
