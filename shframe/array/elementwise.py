"""NumPy's universal functions on lazy arrays, and functions on blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array import nodes
from shframe.array.array import Array, as_node, elementwise, in_grid
from shframe.array.chunks import broadcast_shape, unified
from shframe.graph.function import UserCode

UFUNCS = sorted(
    name
    for name, value in vars(np).items()
    if isinstance(value, np.ufunc) and value.nout == 1 and value.signature is None
)


def _lazy(name: str) -> Callable[..., Array]:
    ufunc: Any = getattr(np, name)

    def call(*operands: Any) -> Array:
        if len(operands) != ufunc.nin:
            raise TypeError(f"{name}() takes {ufunc.nin} arrays, {len(operands)} were given")
        if not any(isinstance(o, (Array, np.ndarray, list, tuple)) for o in operands):
            operands = (np.asarray(operands[0]), *operands[1:])
        return elementwise(ufunc.__name__, *operands)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"numpy.{name}, lazily: one operation of the block's program."
    return call


FUNCTIONS: dict[str, Callable[..., Array]] = {name: _lazy(name) for name in UFUNCS}


def where(condition: Any, x: Any, y: Any) -> Array:
    """x where the condition holds, y elsewhere."""
    return elementwise("where", condition, x, y)


def clip(x: Any, min: Any = None, max: Any = None) -> Array:
    """Values kept within limits."""
    made = x if min is None else elementwise("maximum", x, min)
    return made if max is None else elementwise("minimum", made, max)


def round(x: Any, decimals: int = 0) -> Array:
    """Values rounded to so many decimals."""
    if decimals == 0:
        return x if x.dtype.kind in "iub" else elementwise("rint", x)
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return elementwise("rint", x * scale) / scale
    return elementwise("rint", x / scale) * scale


def astype(x: Any, dtype: Any) -> Array:
    """Values in another dtype."""
    return x.astype(dtype)


def map_blocks(
    function: Callable[..., Any], *arrays: Any, dtype: Any = None, **kwargs: Any
) -> Array:
    """`function` called on corresponding blocks; it must keep their shape.

    dtype: of the result; None: learned from a block of one element.
    Raises: NotPicklable when the function cannot travel.
    """
    lazy = [a for a in arrays if isinstance(a, Array)]
    plain = tuple(a for a in arrays if not isinstance(a, Array))
    code = UserCode(function)
    sources = [as_node(a) for a in lazy]
    shape = broadcast_shape(*(s.shape for s in sources))
    grid = unified([s.chunks for s in sources], shape)
    sources = [in_grid(s, grid) for s in sources]
    if dtype is None:
        samples = [np.ones((1,) * len(s.chunks), s.numpy_dtype) for s in sources]
        dtype = np.asarray(function(*samples, *plain, **kwargs)).dtype
    return Array(
        nodes.MapBlocks(
            grid, np.dtype(dtype).str, tuple(sources), code, plain, tuple(kwargs.items())
        )
    )
