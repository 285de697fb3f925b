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
    finfo,
    float16,
    float32,
    float64,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    isdtype,
    uint8,
    uint16,
    uint32,
    uint64,
)

from shframe.array.functions.convert import lazy_node

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
