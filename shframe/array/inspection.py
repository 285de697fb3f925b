"""Inspection: what the array API standard lets programs ask of a namespace."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.errors import InvalidArgument

__all__ = ["__array_namespace_info__"]

DEVICES = ("cpu", None)
NAMES: tuple[str, ...] = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)
NAMES += ("float32", "float64", "complex64", "complex128")


def _check(device: Any) -> None:
    if device not in DEVICES:
        raise InvalidArgument(
            f'Device not understood. Only "cpu" is allowed, but received: {device}'
        )


class Info:
    """What the namespace can do; every array is on the one device, "cpu"."""

    def capabilities(self) -> dict[str, Any]:
        """Masks as indices and shapes that depend on values are there; NumPy has 64 axes."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The device of new arrays."""
        return "cpu"

    def devices(self) -> tuple[str, ...]:
        """All devices."""
        return ("cpu",)

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes of new arrays."""
        _check(device)
        return {
            "real floating": np.dtype(np.float64),
            "complex floating": np.dtype(np.complex128),
            "integral": np.dtype(np.intp),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes, all or those of a kind as isdtype() takes it."""
        _check(device)
        found = {name: np.dtype(name) for name in NAMES}
        if kind is None:
            return found
        return {name: dtype for name, dtype in found.items() if np.isdtype(dtype, kind)}


def __array_namespace_info__() -> Info:
    """What the namespace can do, by the standard's names."""
    return Info()
