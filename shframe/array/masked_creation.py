"""Masked arrays that are made from a shape or a range: xp.ma has them under numpy.ma's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.array import namespace as xp
from shframe.array.masked import MaskedArray, as_masked
from shframe.array.ndarray import Array

__all__ = ["arange", "empty", "identity", "masked_all", "masked_all_like", "ones", "zeros"]


def _unmasked(make: Callable[..., Array]) -> Callable[..., MaskedArray]:
    """A function that makes arrays, for masked ones of which nothing is masked."""

    def create(*args: Any, fill_value: Any = None, **how: Any) -> MaskedArray:
        return MaskedArray(make(*args, **how), False, fill_value)

    create.__name__ = create.__qualname__ = make.__name__
    create.__doc__ = f"{make.__doc__} Nothing is masked. fill_value: for filled()."
    return create


arange = _unmasked(xp.arange)
empty = _unmasked(xp.empty)
identity = _unmasked(xp.identity)
ones = _unmasked(xp.ones)
zeros = _unmasked(xp.zeros)


def masked_all(shape: Any, dtype: Any = float) -> MaskedArray:
    """An array of a shape in which all elements are masked."""
    return MaskedArray(xp.empty(shape, dtype=dtype), True)


def masked_all_like(arr: Any) -> MaskedArray:
    """An array of the shape and dtype of another in which all elements are masked."""
    return MaskedArray(xp.empty_like(as_masked(arr).data), True)
