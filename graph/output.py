"""Where a kernel puts its result: memory that becomes the task's object without a copy.

In a worker `empty` gives an array in the worker's own arena of the shared store; returned from
the task, it is sealed as it lies. Elsewhere it is an ordinary array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Empty = Callable[..., Any]

_empty: Empty | None = None


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """An uninitialised, writable, C-ordered array for a result that the task will return.

    Examples
    --------
    >>> empty((2, 3), "f8").shape
    (2, 3)
    """
    if _empty is not None:
        return _empty(shape, dtype)
    import numpy as np

    return np.empty(shape, dtype)


def use(allocate: Empty | None) -> None:
    """Say where results of this process are born; called by the worker's loop only."""
    global _empty
    _empty = allocate
