"""Reductions over axes, with NumPy's dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array import nodes
from shframe.array.array import Array, normal_axes
from shframe.array.creation import asarray

NAMES = [
    "sum",
    "prod",
    "min",
    "max",
    "any",
    "all",
    "mean",
    "var",
    "std",
    "argmin",
    "argmax",
    "nansum",
    "nanprod",
    "nanmin",
    "nanmax",
    "nanmean",
    "nanvar",
    "nanstd",
]


def _reduced(
    name: str, x: Any, axis: Any, keepdims: bool, ddof: float, kwargs: dict[str, Any]
) -> Array:
    x = asarray(x)
    axes = tuple(range(x.ndim)) if axis is None else tuple(sorted(normal_axes(axis, x.ndim)))
    reduces_nothing = any(x.shape[a] == 0 for a in axes)
    if name in ("argmin", "argmax", "min", "max", "nanmin", "nanmax") and reduces_nothing:
        raise ValueError(f"{name}() of an axis without elements; the shape is {x.shape}")
    if name in ("argmin", "argmax") and len(axes) > 1 and axis is not None:
        raise TypeError(f"{name}() takes one axis or none, found {axis!r}")
    sample: Any = np.ones((1,) * max(x.ndim, 1), x.dtype)
    options = dict(kwargs)
    if name in ("var", "std", "nanvar", "nanstd", "mean", "nanmean"):
        options.pop("dtype", None)
    dtype = np.dtype(getattr(np, name)(sample, **options).dtype)
    kept = tuple(
        (1,) if n in axes else c for n, c in enumerate(x.chunks) if keepdims or n not in axes
    )
    given = tuple(options.items())
    return Array(nodes.Reduce(kept, dtype.str, x.expr, name, axes, keepdims, ddof, given))


def _lazy(name: str) -> Callable[..., Array]:
    def call(
        x: Any,
        axis: Any = None,
        *,
        dtype: Any = None,
        keepdims: bool = False,
        ddof: float = 0,
        correction: float | None = None,
    ) -> Array:
        kwargs = {} if dtype is None else {"dtype": np.dtype(dtype).str}
        free = ddof if correction is None else correction
        return _reduced(name, x, axis, keepdims, free, kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"numpy.{name} over one axis, several, or all (None)."
    return call


FUNCTIONS: dict[str, Callable[..., Array]] = {name: _lazy(name) for name in NAMES}


def cumsum(x: Any, axis: Any = None) -> Array:
    """Sums of all elements up to each one."""
    return _along("cumsum", x, axis)


def cumprod(x: Any, axis: Any = None) -> Array:
    """Products of all elements up to each one."""
    return _along("cumprod", x, axis)


def _along(name: str, x: Any, axis: Any) -> Array:
    """Brings the axis into one block."""
    x = asarray(x)
    if axis is None:
        x, axis = x.ravel(), 0
    (place,) = normal_axes(axis, x.ndim)
    whole = x.rechunk(tuple(-1 if n == place else c for n, c in enumerate(x.chunks)))
    dtype = getattr(np, name)(np.ones(1, x.dtype)).dtype
    return Array(nodes.Along(whole.chunks, dtype.str, whole.expr, name, place, ()))
