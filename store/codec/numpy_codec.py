"""NumPy arrays as one buffer: with the axes in the order of memory, broadcasts undone.

The recipe says dtype, shape and the order of the axes, so a Fortran array stays one, and a
strided array is copied once, directly into the store.
"""

import pickle
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from shframe.store.codec.encoded import Encoded, Piece


def fits(value: object) -> bool:
    """Whether this codec stores the value: a plain array (or memmap) without Python objects."""
    if type(value) is not np.ndarray and type(value) is not np.memmap:
        return False
    return not value.dtype.hasobject and value.dtype.itemsize > 0


def encode(array: Any) -> Encoded:
    """Describe an array that fits."""
    array = np.asarray(array)
    core = _without_broadcast(array)
    axes = _memory_order(core)
    laid = core if axes is None else core.transpose(axes)
    full = array.shape if core.shape != array.shape else None

    def fill(target: Any) -> None:
        target.view(laid.dtype).reshape(laid.shape)[...] = laid

    recipe = _recipe(array.dtype, laid.shape, axes, full)
    return Encoded("array", recipe, (Piece(laid.nbytes, fill),))


def is_scalar(value: object) -> bool:
    """Whether the value is one of NumPy's scalars."""
    return isinstance(value, np.generic)


def is_array(value: object) -> bool:
    """Whether the value is an array, of a subclass too."""
    return isinstance(value, np.ndarray)


def reduce(array: Any) -> Any:
    """How to pickle an array that does not fit, in parts that do; None: by its own reduction."""
    kind: Any = type(array)
    if kind is np.ma.MaskedArray:
        mask = None if array.mask is np.ma.nomask else np.asarray(array.mask)
        return _masked_array, (np.asarray(array.data), mask, array._fill_value, array.hardmask)
    if kind is np.ndarray or array.dtype.hasobject:
        return None
    own: Any = np.ndarray
    plain = ("__reduce__", "__reduce_ex__", "__setstate__")
    if all(getattr(kind, name) is getattr(own, name) for name in plain):
        return _view, (np.asarray(array), kind)
    return None


def array_header(dtype: Any, shape: tuple[int, ...], order: Literal["C", "F"]) -> bytes:
    """The recipe of an array that was written in place, in C or Fortran order."""
    if order == "C":
        return _recipe(np.dtype(dtype), shape, None, None)
    axes = tuple(reversed(range(len(shape))))
    return _recipe(np.dtype(dtype), shape[::-1], axes, None)


def decode(recipe: bytes, buffers: Sequence[Any]) -> Any:
    """The array over the one buffer; a copy only to make a broadcast array writable."""
    dtype, shape, axes, full = pickle.loads(recipe)
    array = buffers[0].view(dtype).reshape(shape)
    if axes is not None:
        array = array.transpose(np.argsort(axes))
    if full is not None:
        writable = array.flags.writeable
        array = np.broadcast_to(array, full)
        return array.copy() if writable else array
    return array


def _recipe(dtype: Any, shape: tuple[int, ...], axes: tuple[int, ...] | None, full: Any) -> bytes:
    return pickle.dumps((_short_name(dtype) or dtype, shape, axes, full), protocol=5)


def _masked_array(data: Any, mask: Any, fill_value: Any, hard: bool) -> Any:
    array: Any = np.ma.MaskedArray(data, np.ma.nomask if mask is None else mask, copy=False)
    array._fill_value = fill_value
    if hard:
        array.harden_mask()
    return array


def _view(array: Any, kind: Any) -> Any:
    return array.view(kind)


@lru_cache(maxsize=256)
def _short_name(dtype: Any) -> str | None:
    """The dtype as a string, if that is complete (not for records, nor foreign types)."""
    if dtype.names is not None or dtype.subdtype is not None or dtype.metadata:
        return None
    text = str(dtype.str)
    return text if np.dtype(text) == dtype else None


def _without_broadcast(array: Any) -> Any:
    """One item along each axis that repeats itself."""
    if array.size == 0 or 0 not in array.strides:
        return array
    return array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]


def _memory_order(array: Any) -> tuple[int, ...] | None:
    """The axes from the largest stride to the smallest; None when that is their order."""
    if array.flags.c_contiguous or array.ndim < 2:
        return None
    axes = tuple(sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])))
    return None if axes == tuple(range(array.ndim)) else axes
