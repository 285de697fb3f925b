"""Lazy chunked arrays: a namespace with NumPy's names.

import shframe.array as xp
xp.mean(xp.sin(x) ** 2, axis=0).compute()
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from shframe.array.array import Array
from shframe.array.creation import (
    arange,
    asarray,
    empty,
    from_array,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    random,
    zeros,
    zeros_like,
)
from shframe.array.elementwise import FUNCTIONS as _ELEMENTWISE
from shframe.array.elementwise import astype, clip, map_blocks, round, where
from shframe.array.linalg import dot, matmul, tensordot
from shframe.array.manipulation import (
    broadcast_to,
    concat,
    expand_dims,
    flip,
    matrix_transpose,
    permute_dims,
    ravel,
    reshape,
    roll,
    squeeze,
    stack,
    transpose,
)
from shframe.array.reductions import FUNCTIONS as _REDUCTIONS
from shframe.array.reductions import cumprod, cumsum

concatenate = concat
e, inf, nan, newaxis, pi = 2.718281828459045, float("inf"), float("nan"), None, 3.141592653589793

if TYPE_CHECKING:
    # the universal functions and reductions below are made from tables that checkers cannot read
    def __getattr__(name: str) -> Callable[..., Array]: ...


globals().update(_ELEMENTWISE)
globals().update(_REDUCTIONS)

__all__ = [
    "Array",
    "arange",
    "asarray",
    "astype",
    "broadcast_to",
    "clip",
    "concat",
    "concatenate",
    "cumprod",
    "cumsum",
    "dot",
    "e",
    "empty",
    "expand_dims",
    "flip",
    "from_array",
    "full",
    "full_like",
    "inf",
    "linspace",
    "map_blocks",
    "matmul",
    "matrix_transpose",
    "nan",
    "newaxis",
    "ones",
    "ones_like",
    "permute_dims",
    "pi",
    "random",
    "ravel",
    "reshape",
    "roll",
    "round",
    "squeeze",
    "stack",
    "tensordot",
    "transpose",
    "where",
    "zeros",
    "zeros_like",
    *_ELEMENTWISE,
    *_REDUCTIONS,
]
