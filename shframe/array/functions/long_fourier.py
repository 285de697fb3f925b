"""Fourier transforms of lines that are too long for one block: as transforms of shorter ones.

A line of n1 * n2 elements is a matrix, of which first the columns and then the rows are
transformed; one of a prime length is a convolution of a length that has factors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import creation, elementwise, manipulation
from shframe.array.functions.padding import pad
from shframe.array.functions.slicing import part

Transform = Callable[[Node, int], Node]  # of complex values along an axis, without a scale


def transform_long(x: Node, name: str, count: int, norm: Any, fft: Transform) -> Node:
    """A transform of numpy.fft, by its name, along the last axis.

    count: the length, as numpy.fft takes it as n. fft: for the shorter lines.
    """
    kind = name.removeprefix("i")
    inverse = name[0] == "i"
    scale = {"forward": not inverse, "backward": inverse}.get(norm or "backward")
    if kind == "fft":
        found = _signed(_cut(x, count), inverse, fft)
    elif name in ("rfft", "ihfft"):
        found = part(_signed(_cut(x, count), False, fft), (..., slice(0, count // 2 + 1)))
        found = elementwise.call(np.conjugate, found) if name == "ihfft" else found
    else:
        half = elementwise.call(np.conjugate, x) if name == "hfft" else x
        found = elementwise.real(_signed(_hermitian(half, count), True, fft))
    if scale is False:
        return found
    return elementwise.call(np.multiply, found, 1 / count if scale else count**-0.5)


def _cut(x: Node, count: int) -> Node:
    """The last axis cut, or filled with zeros, to a length."""
    length = x.shape[-1]
    if count <= length:
        return part(x, (..., slice(0, count)))
    return pad(x, [(0, 0)] * (x.ndim - 1) + [(0, count - length)])


def _hermitian(x: Node, count: int) -> Node:
    """All values of a spectrum of which half is given; the ends of that half are real."""
    half = _cut(x, count // 2 + 1)
    inner = part(half, (..., slice(1, (count + 1) // 2)))
    ends = [elementwise.astype(elementwise.real(part(half, (..., slice(0, 1)))), np.complex128)]
    ends.append(elementwise.astype(inner, np.complex128))
    if count % 2 == 0:
        middle = elementwise.real(part(half, (..., slice(count // 2, None))))
        ends.append(elementwise.astype(middle, np.complex128))
    ends.append(elementwise.call(np.conjugate, manipulation.flip(ends[1], axis=-1)))
    return manipulation.concat(ends, axis=-1)


def _signed(x: Node, inverse: bool, fft: Transform) -> Node:
    """The transform, or its inverse without the scale: the transform between two conjugations."""
    x = elementwise.astype(x, np.complex128)
    if not inverse:
        return _transform(x, fft)
    turned = _transform(elementwise.call(np.conjugate, x), fft)
    return elementwise.call(np.conjugate, turned)


def _transform(x: Node, fft: Transform) -> Node:
    rows = _factor(x.shape[-1])
    return _as_convolution(x, fft) if rows == 1 else _as_matrix(x, rows, fft)


def _factor(length: int) -> int:
    """The largest factor that is not larger than the square root."""
    candidates = np.arange(1, int(length**0.5) + 1)
    return int(candidates[length % candidates == 0][-1])


def _as_matrix(x: Node, rows: int, fft: Transform) -> Node:
    """Source: D. Bailey, "FFTs in external or hierarchical memory" (1990), its four steps."""
    length = x.shape[-1]
    lead, columns = x.shape[:-1], length // rows
    matrix = fft(manipulation.reshape(x, (*lead, rows, columns)), -2)
    steps = elementwise.call(
        np.multiply, part(creation.arange(rows), (slice(None), None)), creation.arange(columns)
    )
    turns = elementwise.call(np.multiply, steps, -2j * np.pi / length)
    matrix = elementwise.call(np.multiply, matrix, elementwise.call(np.exp, turns))
    turned = manipulation.swapaxes(fft(matrix, -1), -1, -2)
    return manipulation.reshape(turned, x.shape)


def _as_convolution(x: Node, fft: Transform) -> Node:
    """Source: L. Bluestein, "A linear filtering approach to the computation of discrete Fourier
    transform" (1970)."""
    length = x.shape[-1]
    whole = 1 << (2 * length - 1).bit_length()
    places = creation.arange(length)
    squares = elementwise.call(np.remainder, elementwise.call(np.square, places), 2 * length)
    chirp = elementwise.call(np.exp, elementwise.call(np.multiply, squares, -1j * np.pi / length))
    back = elementwise.call(np.conjugate, chirp)
    behind = manipulation.flip(part(back, (slice(1, None),)), axis=0)
    gap = creation.zeros(whole - 2 * length + 1, np.complex128)
    filter_ = _transform(manipulation.concat([back, gap, behind], axis=0), fft)
    values = _transform(_cut(elementwise.call(np.multiply, x, chirp), whole), fft)
    product = elementwise.call(np.multiply, values, filter_)
    found = part(_signed(product, True, fft), (..., slice(0, length)))
    scaled = elementwise.call(np.multiply, chirp, 1 / whole)
    return elementwise.call(np.multiply, found, scaled)
