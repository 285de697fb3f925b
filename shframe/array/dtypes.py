"""Dtypes: NumPy's, under the standard's names, and what may be asked of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    bool_ as bool,
)
from numpy import (
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    isdtype,
    issubdtype,
    uint8,
    uint16,
    uint32,
    uint64,
)

from shframe.array.functions.convert import lazy_node
from shframe.errors import UnsupportedType

__all__ = [
    "bool",
    "can_cast",
    "complex64",
    "complex128",
    "finfo",
    "float16",
    "float32",
    "float64",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "issubdtype",
    "promote_types",
    "result_type",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]


def _kind(value: Any) -> Any:
    node = lazy_node(value)
    return value if node is None else node.dtype


def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype that arrays, dtypes and numbers have together."""
    return np.result_type(*map(_kind, arrays_and_dtypes))


def promote_types(one: Any, other: Any) -> np.dtype[Any]:
    """The smallest dtype that holds the values of both."""
    return np.promote_types(one, other)


def can_cast(from_: Any, to: Any, /, casting: Any = "safe") -> Any:
    """Whether values of an array or dtype may become those of another dtype."""
    return np.can_cast(_kind(from_), to, casting)


class finfo:
    """The limits of a floating dtype, or of an array's: Python's own floats, and what else
    numpy.finfo knows."""

    def __init__(self, type: Any, /) -> None:
        try:
            self._numpys = np.finfo(_kind(type))
        except ValueError as error:
            raise UnsupportedType(str(error)) from None
        self.bits = int(self._numpys.bits)
        self.eps = float(self._numpys.eps)
        self.max = float(self._numpys.max)
        self.min = float(self._numpys.min)
        self.smallest_normal = float(self._numpys.smallest_normal)
        self.dtype = self._numpys.dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(self._numpys, name)

    def __repr__(self) -> str:
        return repr(self._numpys)


class iinfo:
    """The limits of an integer dtype, or of an array's."""

    def __init__(self, type: Any, /) -> None:
        try:
            self._numpys = np.iinfo(_kind(type))
        except ValueError as error:
            raise UnsupportedType(str(error)) from None
        self.bits = int(self._numpys.bits)
        self.max = int(self._numpys.max)
        self.min = int(self._numpys.min)
        self.dtype = self._numpys.dtype

    def __repr__(self) -> str:
        return repr(self._numpys)
